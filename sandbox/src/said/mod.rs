//! What is said: the words of a visit and when each is spoken, whatever a service then makes of them. Pure.
//!
//! `script` has the words · `visit` puts them into the speech that is heard · `memory` knows audio again that comes a
//! second time, so that the same audio always says the same words. [`Hearing`] is one socket's place in all of that.
//! A recogniser in place of the script would give [`Word`]s too; `telling`, which makes messages of them, would not
//! notice.

mod memory;
mod script;
mod visit;

use memory::{Memory, Place};
#[cfg(test)]
pub(crate) use script::Line;
pub(crate) use script::{Role, Script};
pub(crate) use visit::{Visit, Word};

use crate::audio::{Mark, Span};

/// All that has been said in a visit, over all of its sockets.
pub(crate) struct Said {
    pub(crate) visit: Visit,
    memory: Memory,
}

impl Said {
    pub(crate) fn new(script: std::sync::Arc<Script>) -> Self {
        Self { visit: Visit::new(script), memory: Memory::default() }
    }
}

/// Seconds of a socket's audio, from its first speech, after which its place is decided by what there is.
const LONGEST: f64 = 4.0;

/// Where one socket's audio belongs in the visit.
#[derive(Default)]
pub(crate) struct Hearing {
    place: Place,
    /// What was heard while the place was open.
    waiting: Vec<Span>,
    /// Seconds of this socket's audio so far.
    seconds: f64,
}

impl Hearing {
    /// Audio has been heard: the speech and the marks in it, and the socket's seconds with it.
    pub(crate) fn hear(&mut self, said: &mut Said, speech: Vec<Span>, marks: &[Mark], seconds: f64) {
        self.seconds = seconds;
        self.waiting.extend(speech);
        let end = said.visit.heard();
        if let Place::Open(search) = &mut self.place {
            self.place = search.step(&said.memory, marks, end);
            if let Place::Found { marks: held, offset } = &self.place {
                said.memory.keep(held, *offset);
            }
        } else if let Place::Found { offset, .. } = &self.place {
            said.memory.keep(marks, *offset);
        }
        // Silence repeats itself, and says nothing; speech is not waited with for long.
        if self.waiting.first().is_some_and(|speech| seconds - speech.start > LONGEST) {
            self.settle(said);
        }
        self.speak(said);
    }

    /// No more audio is waited for: where the place is still open, the audio is taken for new.
    pub(crate) fn settle(&mut self, said: &mut Said) {
        if let Place::Open(search) = &mut self.place {
            self.place = search.give_up(&said.memory, said.visit.heard());
            if let Place::Found { marks, offset } = &self.place {
                said.memory.keep(marks, *offset);
            }
        }
        self.speak(said);
    }

    fn speak(&mut self, said: &mut Said) {
        let Place::Found { offset, .. } = &self.place else { return };
        for span in self.waiting.drain(..) {
            said.visit.speech(Span { start: span.start + offset, end: span.end + offset });
        }
        said.visit.until(self.seconds + offset);
    }

    /// The visit's time at this socket's first audio; `None` while that is open.
    pub(crate) fn offset(&self) -> Option<f64> {
        match &self.place {
            Place::Open(_) => None,
            Place::Found { offset, .. } => Some(*offset),
        }
    }

    /// Seconds of this socket's audio so far.
    pub(crate) fn seconds(&self) -> f64 {
        self.seconds
    }
}

#[cfg(test)]
mod tests;
