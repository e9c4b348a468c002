//! Words that were heard twice: which of a segment's words certainly are those of segments that an earlier socket brought.
//!
//! A service that hears audio again need not cut it where it cut it first, and may write a word otherwise. So words are
//! compared as a reader would, without case and punctuation, and in their order; and each has its time, as if all words
//! of a segment took the same. A run of words counts as the same only if its times agree, and only if on both sides a
//! segment, the new one or a known one, begins or ends there: anything else may be the same words said again.

use std::ops::Range;

use crate::protocol::server::Segment;

/// Words that are the same lie at the same time, up to so many seconds: the times of words within a segment are guessed, and
/// the more words agree, the less a time has to say. Two words may be said twice within a second, six are not.
const NEAR: [(usize, f64); 3] = [(6, 4.0), (3, 2.0), (1, 0.7)];

/// Of so many words on both sides one in between, or the first of the segment, may differ: the same sound was written
/// otherwise, or the beginning of the audio that was sent again lies within a word.
const SURE: usize = 4;

/// From here on a character is a word of its own: scripts that put no spaces between words (CJK radicals, U+2E80).
const FIRST_IDEOGRAPH: char = '\u{2E80}';

/// A word: what it is without case and punctuation, where it is in its text, and when it was said.
#[derive(Clone, Debug)]
struct Word {
    is: u64,
    text: Range<usize>,
    start: f64,
    end: f64,
}

/// The words of a segment.
#[derive(Debug)]
pub(super) struct Words {
    text: String,
    words: Vec<Word>,
}

/// What of a segment is new.
#[derive(Debug, PartialEq)]
pub(super) struct News {
    /// The words that are not known, in order: text, start and end.
    pub(super) parts: Vec<(String, f64, f64)>,
    /// How many are known.
    pub(super) known: usize,
}

impl Words {
    pub(super) fn of(segment: &Segment) -> Self {
        let text = segment.words();
        let mut places: Vec<Range<usize>> = Vec::new();
        let mut open: Option<usize> = None;
        for (at, char) in text.char_indices() {
            let is_alone = char >= FIRST_IDEOGRAPH && char.is_alphanumeric();
            if is_alone || char.is_whitespace() {
                places.extend(open.take().map(|from| from..at));
            }
            if is_alone {
                places.push(at..at + char.len_utf8());
            } else if !char.is_whitespace() {
                open.get_or_insert(at);
            }
        }
        places.extend(open.map(|from| from..text.len()));
        let mut words: Vec<Word> = places
            .into_iter()
            .filter_map(|place| {
                Some(Word { is: written(text.get(place.clone())?)?, text: place, start: 0.0, end: 0.0 })
            })
            .collect();
        let each = (segment.end - segment.start) / words.len().max(1) as f64;
        for (index, word) in words.iter_mut().enumerate() {
            word.start = segment.start + each * index as f64;
            word.end = word.start + each;
        }
        Self { text, words }
    }

    pub(super) const fn len(&self) -> usize {
        self.words.len()
    }

    /// When the first was said.
    pub(super) fn start(&self) -> f64 {
        self.words.first().map_or(0.0, |word| word.start)
    }

    /// Which of these are none of `known`'s words: segments of one speaker, or of one channel, in time order.
    pub(super) fn news(&self, known: &[Words]) -> News {
        let (line, cuts) = in_line(known);
        let mut covers = vec![None::<usize>; self.words.len()];
        for run in self.runs(&line, &cuts, 0.0) {
            if covers[run.here.clone()].iter().all(Option::is_none) {
                for (place, there) in run.here.clone().zip(run.there()) {
                    covers[place] = Some(there);
                }
            }
        }
        let known = covers.iter().flatten().count();
        News { parts: self.parts(&covers, &line), known }
    }

    /// By how many seconds known words lie after the same ones here, of which there are enough: where all times here may be off,
    /// by up to `slack` seconds.
    pub(super) fn shift(&self, known: &[Words], slack: f64) -> Option<f64> {
        let (line, cuts) = in_line(known);
        let run = self.runs(&line, &cuts, slack).into_iter().find(|run| run.same >= SURE)?;
        Some(line[run.there().start].start - self.words[run.here.start].start)
    }

    /// The runs that certainly are the same words, the longest first.
    fn runs(&self, line: &[&Word], cuts: &[usize], slack: f64) -> Vec<Run> {
        let mut runs = Vec::new();
        let (here, there) = (self.words.len() as isize, line.len() as isize);
        for shift in -here + 1..there {
            // On a diagonal the word `place` here is the word `place + shift` there.
            let (mut place, last) = (0.max(-shift), here.min(there - shift));
            let mut found: Option<Run> = None;
            while place < last {
                let is_same = self.words[place as usize].is == line[(place + shift) as usize].is;
                match &mut found {
                    Some(run) if is_same && run.here.end + 1 >= place as usize => {
                        run.here.end = place as usize + 1;
                        run.same += 1;
                    }
                    _ if is_same => {
                        let from = place as usize;
                        runs.extend(found.replace(Run { here: from..from + 1, shift, same: 1 }));
                    }
                    _ => {}
                }
                place += 1;
            }
            runs.extend(found);
        }
        let mut runs: Vec<Run> = runs.into_iter().flat_map(|run| self.split(run, line)).collect();
        runs.iter_mut().for_each(|run| self.between_cuts(run, line, cuts));
        runs.retain(|run| !run.here.is_empty() && self.is_timely(run, line, slack));
        sorted(runs, |one, other| one.here.len() >= other.here.len())
    }

    /// A run with words in it that differ is one if there are enough that do not; else what lies between them is.
    fn split(&self, run: Run, line: &[&Word]) -> Vec<Run> {
        if run.same == run.here.len() || (run.same >= SURE && run.same * 5 >= run.here.len() * 4) {
            return vec![run];
        }
        let mut parts: Vec<Run> = Vec::new();
        for place in run.here.clone() {
            if self.words[place].is != line[(place as isize + run.shift) as usize].is {
                continue;
            }
            match parts.last_mut() {
                Some(part) if part.here.end == place => {
                    part.here.end += 1;
                    part.same += 1;
                }
                _ => parts.push(Run { here: place..place + 1, shift: run.shift, same: 1 }),
            }
        }
        parts
    }

    /// Makes a run as short as it has to be to begin and end where a segment does: empty, if there is no such place.
    fn between_cuts(&self, run: &mut Run, line: &[&Word], cuts: &[usize]) {
        if run.here.start == 1 && run.same >= SURE && run.there().start > 0 {
            run.here.start = 0;
        }
        let there = run.there();
        if run.here.start > 0 && !cuts.contains(&there.start) {
            let next = cuts.iter().copied().find(|cut| there.contains(cut)).unwrap_or(there.end);
            run.here.start += next - there.start;
        }
        if run.here.end < self.words.len() && there.end < line.len() && !cuts.contains(&there.end) {
            let last = cuts.iter().rev().copied().find(|cut| *cut > there.start && *cut <= there.end);
            run.here.end = last.map_or(run.here.start, |cut| run.here.end - (there.end - cut));
        }
        run.here.end = run.here.end.max(run.here.start);
    }

    fn is_timely(&self, run: &Run, line: &[&Word], slack: f64) -> bool {
        let (_, near) = NEAR.into_iter().find(|(least, _)| run.here.len() >= *least).unwrap_or((1, 0.0));
        let (near, there) = (near + slack, run.there());
        let (first, last) = (&self.words[run.here.start], &self.words[run.here.end - 1]);
        let apart = |one: &Word, other: &Word| (one.start - other.start).abs().min((one.end - other.end).abs());
        apart(first, line[there.start]) <= near && apart(last, line[there.end - 1]) <= near
    }

    /// What is not covered. It begins where the known words before it end, whatever its own times are guessed to be.
    fn parts(&self, covers: &[Option<usize>], line: &[&Word]) -> Vec<(String, f64, f64)> {
        let mut parts: Vec<Range<usize>> = Vec::new();
        for place in (0..covers.len()).filter(|place| covers[*place].is_none()) {
            match parts.last_mut() {
                Some(part) if part.end == place => part.end += 1,
                _ => parts.push(place..place + 1),
            }
        }
        let covered = |place: usize| covers.get(place).copied().flatten().map(|there| line[there]);
        let part = |part: Range<usize>| {
            let (first, last) = (&self.words[part.start], &self.words[part.end - 1]);
            let before = part.start.checked_sub(1).and_then(covered).map_or(first.start, |word| word.end);
            let after = covered(part.end).map_or(last.end, |word| word.start);
            // Punctuation before the first word and after the last is theirs.
            let from = if part.start == 0 { 0 } else { first.text.start };
            let to = self.words.get(part.end).map_or(self.text.len(), |next| next.text.start);
            (self.text.get(from..to).unwrap_or_default().trim().to_owned(), before, after.max(before))
        };
        parts.into_iter().map(part).collect()
    }
}

/// Known words, one after the other, and where on that line a segment begins or ends.
fn in_line(known: &[Words]) -> (Vec<&Word>, Vec<usize>) {
    let mut cuts = vec![0];
    for segment in known {
        cuts.push(cuts.last().copied().unwrap_or(0) + segment.words.len());
    }
    (known.iter().flat_map(|segment| &segment.words).collect(), cuts)
}

/// Words here that are words there, so many places further on; of them so many the same.
#[derive(Debug)]
struct Run {
    here: Range<usize>,
    shift: isize,
    same: usize,
}

impl Run {
    fn there(&self) -> Range<usize> {
        let at = |place: usize| (place as isize + self.shift) as usize;
        at(self.here.start)..at(self.here.end)
    }
}

/// A short list in order, equals as they came: `is_before` tells whether the first may stand before the second.
///
/// There are three such lists of some hundred entries; the standard library's sort would be some kilobytes for each of them.
pub(super) fn sorted<T>(list: Vec<T>, is_before: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut done: Vec<T> = Vec::with_capacity(list.len());
    for one in list {
        let at = done.partition_point(|held| is_before(held, &one));
        done.insert(at, one);
    }
    done
}

/// A word without case and punctuation as a number (FNV-1a). `None` if nothing of it is left.
fn written(word: &str) -> Option<u64> {
    let letters = || word.chars().filter(|char| char.is_alphanumeric());
    letters().next()?;
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for char in letters().flat_map(char::to_lowercase) {
        hash = (hash ^ u64::from(char)).wrapping_mul(0x0100_0000_01B3);
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;
    use serde_json::json;

    fn words(text: &str, start: f64, end: f64) -> Words {
        let segment = json!({ "transcript": text, "time": { "start": start, "end": end } }).to_string();
        Json::read(&segment)
            .and_then(Segment::read)
            .map_or(Words { text: String::new(), words: Vec::new() }, |segment| Words::of(&segment))
    }

    /// The texts that are new in what was heard from 10 s to 20 s.
    fn news(known: &[Words], text: &str) -> Vec<String> {
        words(text, 10.0, 20.0).news(known).parts.into_iter().map(|(text, ..)| text).collect()
    }

    #[test]
    fn what_is_known_word_for_word_is_not_new_wherever_it_was_cut() {
        let known = [words("My left knee. It swells up", 10.0, 15.0), words("after the stairs, you see.", 15.0, 20.0)];
        assert!(news(&known, "my left knee, it swells up after the stairs you see").is_empty());
        let known = [words("well it is my left knee it swells up after the stairs you see and", 8.0, 22.0)];
        assert!(news(&known, "My left knee. It swells up after the stairs, you see.").is_empty());
    }

    #[test]
    fn a_segment_that_straddles_keeps_its_new_words_as_they_are_written() {
        let known = [words("My left knee. It swells", 10.0, 15.0)];
        let found = words("My left knee. It swells up after the stairs, always.", 10.0, 20.0).news(&known);
        assert_eq!(found.known, 5);
        assert_eq!(found.parts, [("up after the stairs, always.".to_owned(), 15.0, 20.0)]);
        let known = [words("the stairs, always. Well", 17.0, 21.0)];
        assert_eq!(
            news(&known, "My left knee. It swells up after the stairs, always."),
            ["My left knee. It swells up after"]
        );
    }

    #[test]
    fn new_words_on_both_sides_of_known_ones_are_two_pieces() {
        let known = [words("it swells up after", 13.0, 17.0)];
        assert_eq!(
            news(&known, "My left knee, it swells up after the stairs now"),
            ["My left knee,", "the stairs now"]
        );
    }

    #[test]
    fn a_word_that_is_written_otherwise_or_cut_at_the_beginning_is_the_same_sound() {
        let known = [words("for some three weeks, nearly four now, I think", 9.0, 20.0)];
        assert!(news(&known, "for some 3 weeks nearly four now I think").is_empty());
        assert!(news(&known, "ome three weeks nearly four now I think").is_empty());
    }

    #[test]
    fn the_same_words_at_another_time_or_in_other_company_are_new() {
        let known = [words("yes", 12.0, 12.5)];
        assert_eq!(words("Yes.", 13.5, 14.0).news(&known).parts.len(), 1);
        assert_eq!(words("Yes.", 12.1, 12.6).news(&known).parts.len(), 0);
        let known = [words("the doctor said that the left one is worse", 10.0, 20.0)];
        assert_eq!(
            news(&known, "her mother said that the right one was better"),
            ["her mother said that the right one was better"]
        );
    }

    #[test]
    fn scripts_without_spaces_have_a_word_a_character() {
        let known = [words("左膝腫れます", 10.0, 16.0)];
        assert_eq!(news(&known, "左膝腫れます階段の"), ["階段の"]);
    }

    #[test]
    fn what_has_no_words_has_no_news() {
        assert_eq!(words("…", 1.0, 2.0).news(&[]), News { parts: Vec::new(), known: 0 });
        assert_eq!((words("", 1.0, 2.0).len(), words("a - b", 1.0, 2.0).len()), (0, 2));
    }
}
