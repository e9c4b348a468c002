//! The visit's timeline: which word is spoken when.
//!
//! Time is the visit's own, in seconds of its audio, each second once however often it is sent. The script goes on as
//! speech is heard and stands still in silence. Now and then a speaker begins before the other has ended, as people do.

use std::{collections::VecDeque, sync::Arc};

use super::script::{Role, Script, WORDS_PER_SECOND};
use crate::audio::Span;

/// Of so many lines each last one begins before the line before it has ended…
const OVERLAP_EVERY: usize = 3;
/// …by so many seconds of speech, or by half of either line where that is less: two words.
const OVERLAP: f64 = 0.8;
/// Words that are remembered; 50,000 are more than five hours of speech.
const MAX_WORDS: usize = 50_000;
/// Stretches of speech that are remembered, to tell when a word began: lines last seconds.
const MAX_PIECES: usize = 1_000;

/// One spoken word.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Word {
    /// Who speaks.
    pub(crate) voice: Role,
    /// The line that it belongs to, counted over the whole visit.
    pub(crate) line: usize,
    /// Its place among all words of the visit's lines, the same whoever asks.
    pub(crate) number: usize,
    pub(crate) text: String,
    /// In seconds of the visit's audio.
    pub(crate) start: f64,
    pub(crate) end: f64,
    /// Whether the line ends with it.
    pub(crate) is_last: bool,
}

/// A line that is being spoken.
struct Speaking {
    line: usize,
    voice: Role,
    words: Vec<String>,
    /// When it begins, in seconds of speech.
    start: f64,
    /// The next word.
    next: usize,
    /// The number of its first word.
    first: usize,
}

impl Speaking {
    fn at(&self, word: usize) -> f64 {
        self.start + word as f64 / WORDS_PER_SECOND
    }

    fn seconds(&self) -> f64 {
        self.words.len() as f64 / WORDS_PER_SECOND
    }
}

pub(crate) struct Visit {
    script: Arc<Script>,
    /// Seconds of speech so far.
    spoken: f64,
    /// Seconds of audio so far, and where the last speech in it ended: what comes a little later is whole windows behind.
    heard: f64,
    speech_end: f64,
    /// Where each stretch of speech begins: in seconds of speech, and of audio.
    pieces: VecDeque<(f64, f64)>,
    lines: VecDeque<Speaking>,
    /// The line that begins next, when, and the number of its first word.
    next: (usize, f64, usize),
    words: VecDeque<Word>,
    /// How many words have been forgotten.
    forgotten: usize,
}

impl Visit {
    pub(crate) fn new(script: Arc<Script>) -> Self {
        Self {
            script,
            spoken: 0.0,
            heard: 0.0,
            speech_end: 0.0,
            pieces: VecDeque::new(),
            lines: VecDeque::new(),
            next: (0, 0.0, 0),
            words: VecDeque::new(),
            forgotten: 0,
        }
    }

    /// Seconds of the visit's audio so far.
    pub(crate) fn heard(&self) -> f64 {
        self.heard
    }

    /// The words from the one with this place in the order of their ends, and their places.
    pub(crate) fn words_from(&self, from: usize) -> impl Iterator<Item = (usize, &Word)> {
        let skipped = from.saturating_sub(self.forgotten);
        (self.forgotten + skipped..).zip(self.words.iter().skip(skipped))
    }

    /// The audio goes to here, speech or not.
    pub(crate) fn until(&mut self, time: f64) {
        self.heard = self.heard.max(time);
    }

    /// Speech, in the visit's time. What was heard before is left out: its words are there.
    pub(crate) fn speech(&mut self, span: Span) {
        let start = span.start.max(self.speech_end);
        let seconds = span.end - start;
        if seconds <= 0.0 {
            return;
        }
        self.speech_end = span.end;
        self.until(span.end);
        let joins =
            self.pieces.back().is_some_and(|(spoken, audio)| (self.spoken - spoken - (start - audio)).abs() < 1e-6);
        if !joins {
            if self.pieces.len() == MAX_PIECES {
                self.pieces.pop_front();
            }
            self.pieces.push_back((self.spoken, start));
        }
        self.spoken += seconds;
        self.advance();
    }

    /// Says the words that end by now, in the order of their ends.
    fn advance(&mut self) {
        // Rounding must not keep a word back that ends with the speech.
        let now = self.spoken + 1e-6;
        loop {
            self.begin_lines(now);
            let ends = self.lines.iter().enumerate().map(|(index, line)| (index, line.at(line.next + 1)));
            let Some((index, end)) = ends.min_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, end)| *end <= now) else {
                return;
            };
            let (start, end) =
                (self.audio_at(self.lines[index].at(self.lines[index].next), false), self.audio_at(end, true));
            let line = &mut self.lines[index];
            let word = Word {
                voice: line.voice,
                line: line.line,
                number: line.first + line.next,
                text: std::mem::take(&mut line.words[line.next]),
                start,
                end,
                is_last: line.next + 1 == line.words.len(),
            };
            line.next += 1;
            if word.is_last {
                self.lines.remove(index);
            }
            if self.words.len() == MAX_WORDS {
                self.words.pop_front();
                self.forgotten += 1;
            }
            self.words.push_back(word);
        }
    }

    /// Begins the lines whose time has come.
    fn begin_lines(&mut self, now: f64) {
        while self.next.1 <= now {
            let (number, start, first) = self.next;
            let line = self.script.line(number);
            let words: Vec<String> = line.words().map(str::to_owned).collect();
            let speaking = Speaking { line: number, voice: line.role, words, start, next: 0, first };
            let following = self.script.line(number + 1);
            let length = following.words().count() as f64 / WORDS_PER_SECOND;
            // Nobody interrupts himself.
            let overlaps = number % OVERLAP_EVERY == OVERLAP_EVERY - 1 && following.role != line.role;
            let overlap = if overlaps { OVERLAP.min(speaking.seconds() / 2.0).min(length / 2.0) } else { 0.0 };
            self.next = (number + 1, start + speaking.seconds() - overlap, first + speaking.words.len());
            self.lines.push_back(speaking);
        }
    }

    /// The audio's time at a time of speech; at a pause, its end, or its start where something ends there.
    fn audio_at(&self, spoken: f64, is_end: bool) -> f64 {
        let begins = |piece: &&(f64, f64)| if is_end { piece.0 < spoken - 1e-9 } else { piece.0 <= spoken + 1e-9 };
        let piece = self.pieces.iter().rev().find(begins).or(self.pieces.front());
        piece.map_or(spoken, |(from, audio)| audio + spoken - from)
    }
}
