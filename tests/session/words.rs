//! What became of the words of a conversation: none is lost, none is twice without a mark, and each is where it belongs.

use std::collections::BTreeMap;

use ossicle::protocol::server::{NOBODY, Segment};

use crate::speech::{Voice, WORD};
use crate::world::World;

/// Where the first word of a segment may lie from where it was said, in seconds: what straddles is cut by the guessed times
/// of words.
const NEAR: f64 = 0.5;

/// The words of a segment.
pub(crate) fn words(segment: &Segment) -> Vec<(Voice, u32)> {
    segment.words().split_whitespace().map(Voice::of).collect()
}

impl World {
    /// The words that were said while audio was captured.
    pub(crate) fn said(&self) -> impl Iterator<Item = (Voice, u32)> {
        let captured = self.captured();
        let words = |one: &crate::speech::Utterance| {
            let voice = one.voice;
            (one.from..one.to).step_by(WORD as usize).map(move |slot| (voice, slot))
        };
        self.speech.utterances.iter().flat_map(words).filter(move |(_, slot)| *slot < captured)
    }

    /// How many times each word is on the screen: without a mark, and with one.
    pub(crate) fn shown(&self) -> BTreeMap<(Voice, u32), (u32, u32)> {
        let mut shown: BTreeMap<(Voice, u32), (u32, u32)> = BTreeMap::new();
        for segment in self.screen.segments().iter().filter(|segment| segment.is_final) {
            for word in words(segment) {
                let (plain, marked) = shown.entry(word).or_default();
                *if segment.overlaps { marked } else { plain } += 1;
            }
        }
        shown
    }

    /// All that was said is there, but for slots that are `named` as lost.
    pub(crate) fn no_word_is_lost(&self, named: impl Fn(u32) -> bool) {
        let shown = self.shown();
        let missing: Vec<String> = self
            .said()
            .filter(|(_, slot)| !named(*slot))
            .filter(|word| !shown.contains_key(word))
            .map(|(voice, slot)| voice.word(slot))
            .collect();
        assert!(missing.is_empty(), "{} words are missing, the first is {}", missing.len(), missing[0]);
    }

    /// What is there twice is marked, and what is not is in the order and at the time of its speaker's words.
    pub(crate) fn every_word_is_in_its_place(&self) {
        let twice = self.shown().into_iter().find(|(_, (plain, _))| *plain > 1);
        if let Some((word, _)) = twice {
            self.print_around(word.1);
            panic!("{} is there twice and not marked", word.0.word(word.1));
        }
        // Where times are vague, words are in order among those of a socket.
        let mut last: BTreeMap<(Voice, String), u32> = BTreeMap::new();
        let mut speakers: BTreeMap<i64, Voice> = BTreeMap::new();
        let mut start = 0.0;
        for segment in self.screen.segments() {
            assert!(segment.start >= start, "segments are not in time order");
            start = segment.start;
            let words = words(segment);
            let (voice, slot) = words[0];
            assert!(words.iter().all(|(one, _)| *one == voice), "words of two people in one segment");
            if !self.is_diarized {
                assert_eq!((segment.speaker_id, segment.speaker), (NOBODY, NOBODY));
            } else {
                let other = speakers.insert(segment.speaker, voice).filter(|other| *other != voice);
                assert!(other.is_none(), "two people are {}: {voice:?} and {other:?}", segment.speaker);
            }
            if segment.overlaps || !segment.is_final {
                continue;
            }
            let said = f64::from(slot) / 100.0;
            assert!(self.times_are_vague() || (start - said).abs() < NEAR, "{} is at {start}", voice.word(slot));
            let socket =
                if self.times_are_vague() { segment.key.split('.').nth(1).unwrap_or("") } else { "" }.to_owned();
            for (voice, slot) in words {
                let before = last.insert((voice, socket.clone()), slot).filter(|before| *before >= slot);
                if before.is_some() {
                    self.print_around(slot);
                }
                assert!(before.is_none(), "{} comes after {before:?}", voice.word(slot));
            }
        }
    }

    fn print_around(&self, slot: u32) {
        let near = |segment: &&Segment| (segment.start - f64::from(slot) / 100.0).abs() < 15.0;
        for segment in self.screen.segments().iter().filter(near) {
            let words = words(segment);
            let (first, last) = (words[0].0.word(words[0].1), words[words.len() - 1].1);
            println!("{} {} to {}: {first} to {last} {}", segment.key, segment.start, segment.end, segment.overlaps);
        }
    }

    /// A service that counts on has not counted what was lost on its way, and nobody knows how much that was.
    pub(crate) fn times_are_vague(&self) -> bool {
        self.counts_on && self.session.reconnects() > 0
    }

    /// How many words are shown twice, with their mark.
    pub(crate) fn marked(&self) -> usize {
        self.shown().values().filter(|(_, marked)| *marked > 0).count()
    }
}
