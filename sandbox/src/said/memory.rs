//! Audio that comes again: where in the visit a socket's audio begins.
//!
//! A client that lost its socket sends on the next one again what it does not know to have arrived, and goes on with
//! what is new. The real service hears the same words in it, since they are in the audio; here the words are scripted,
//! so the audio is looked up by its marks. The search ends at the one place where the marks agree in a row.

use std::collections::VecDeque;

use crate::audio::Mark;

/// Marks that are remembered of a visit: more than half an hour of Opus packets, minutes of samples.
const MAX_MARKS: usize = 100_000;
/// Marks in a row that make a place certain…
const CERTAIN: usize = 8;

/// The marks of a visit, with the visit's times, in order.
#[derive(Default)]
pub(super) struct Memory {
    marks: VecDeque<Mark>,
}

/// Where a socket's audio begins.
pub(super) enum Place {
    Open(Search),
    /// The visit's time at the socket's first audio; and marks that were held back until it was known.
    Found {
        offset: f64,
        marks: Vec<Mark>,
    },
}

impl Default for Place {
    fn default() -> Self {
        Self::Open(Search::default())
    }
}

#[derive(Default)]
pub(super) struct Search {
    /// This socket's marks so far.
    seen: Vec<Mark>,
    /// Places in the memory where they may begin; `None` before the first mark.
    candidates: Option<Vec<usize>>,
}

impl Memory {
    /// Remembers marks of a socket that begins at `offset`; those of audio that is known are left out.
    pub(super) fn keep(&mut self, marks: &[Mark], offset: f64) {
        for mark in marks {
            let at = mark.at + offset;
            // Containers are off by their first samples: a mark within a hundredth of a second is the same one again.
            if self.marks.back().is_none_or(|last| at > last.at + if mark.print == last.print { 0.01 } else { 0.0 }) {
                if self.marks.len() == MAX_MARKS {
                    self.marks.pop_front();
                }
                self.marks.push_back(Mark { print: mark.print, at });
            }
        }
    }
}

impl Search {
    /// Goes on with more marks; `end` is the end of what the visit has heard.
    pub(super) fn step(&mut self, memory: &Memory, marks: &[Mark], end: f64) -> Place {
        if memory.marks.is_empty() {
            return Self::new_audio(std::mem::take(&mut self.seen), marks, end);
        }
        for (index, mark) in marks.iter().enumerate() {
            let place = self.seen.len();
            self.seen.push(*mark);
            let agrees = |known: &Mark| known.print == mark.print;
            let candidates = match self.candidates.take() {
                None => (0..memory.marks.len()).filter(|at| agrees(&memory.marks[*at])).collect(),
                Some(mut candidates) => {
                    // One that reaches the end of what is known agrees: what follows is new.
                    candidates.retain(|at| memory.marks.get(at + place).is_none_or(agrees));
                    candidates
                }
            };
            // How many marks of a place have been compared; past the end of what is known all agree.
            let compared = |at: usize| (memory.marks.len() - at).min(place + 1);
            let found = match candidates.as_slice() {
                [] => return Self::new_audio(std::mem::take(&mut self.seen), &marks[index + 1..], end),
                [only] => compared(*only) >= CERTAIN || only + place >= memory.marks.len(),
                [first, second, ..] => compared(*first) >= CERTAIN.max(compared(*second) + CERTAIN),
            };
            if found {
                let place = self.found(memory, candidates[0]);
                return Self::with(place, &marks[index + 1..]);
            }
            self.candidates = Some(candidates);
        }
        if self.seen.len() > MAX_MARKS {
            return self.give_up(memory, end);
        }
        Place::Open(std::mem::take(self))
    }

    /// Decides by what there is: sound that repeats itself agrees in several places, of which the first is taken.
    pub(super) fn give_up(&mut self, memory: &Memory, end: f64) -> Place {
        let first = self.candidates.as_ref().and_then(|candidates| candidates.first().copied());
        match first.filter(|_| self.seen.len() >= CERTAIN) {
            Some(place) => self.found(memory, place),
            None => Self::new_audio(std::mem::take(&mut self.seen), &[], end),
        }
    }

    /// The place by the last pair of marks: the first packets of a container may be cut.
    fn found(&mut self, memory: &Memory, place: usize) -> Place {
        let marks = std::mem::take(&mut self.seen);
        let mut pairs = marks.iter().zip(memory.marks.iter().skip(place));
        let offset = pairs.next_back().map_or(0.0, |(new, known)| known.at - new.at);
        Place::Found { offset, marks }
    }

    fn new_audio(seen: Vec<Mark>, more: &[Mark], end: f64) -> Place {
        Self::with(Place::Found { offset: end, marks: seen }, more)
    }

    fn with(place: Place, more: &[Mark]) -> Place {
        match place {
            Place::Found { offset, marks } => Place::Found { offset, marks: [marks.as_slice(), more].concat() },
            open => open,
        }
    }
}
