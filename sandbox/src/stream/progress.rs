//! How far an interaction is, over all of its sockets: what has been said in it, and what of that has been told.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use crate::said::{Role, Said, Script, Word};

/// Lines that fact extraction looks back on.
const MAX_LINES: usize = 300;

pub(crate) struct Progress {
    pub(crate) said: Said,
    /// Which words have been told, by their places.
    told: Vec<bool>,
    /// How many sockets had their configuration accepted.
    sockets: usize,
    /// Seconds of audio on all of them, what came twice twice.
    received: f64,
    /// The last transcript, whole.
    last_batch: Option<Value>,
}

/// One line of what was said, as far as it has been told.
pub(crate) struct Told {
    /// Which line of the visit it is, from 0.
    pub(crate) line: usize,
    pub(crate) voice: Role,
    pub(crate) text: String,
}

impl Progress {
    pub(crate) fn new(script: Arc<Script>) -> Self {
        Self { said: Said::new(script), told: Vec::new(), sockets: 0, received: 0.0, last_batch: None }
    }

    /// One more socket: its number, from 0.
    pub(super) fn open(&mut self) -> usize {
        self.sockets += 1;
        self.sockets - 1
    }

    pub(super) fn received(&self) -> f64 {
        self.received
    }

    pub(super) fn receive(&mut self, seconds: f64) {
        self.received += seconds;
    }

    pub(super) fn last_batch(&self) -> Option<&Value> {
        self.last_batch.as_ref()
    }

    pub(super) fn tell(&mut self, words: &[usize], message: &Value) {
        for place in words {
            if self.told.len() <= *place {
                self.told.resize(place + 1, false);
            }
            self.told[*place] = true;
        }
        self.last_batch = Some(message.clone());
    }

    /// What has been told, line by line.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.lines(|place| self.told.get(place).copied().unwrap_or(false))
    }

    /// What has been said, told or not.
    pub(crate) fn spoken(&self) -> Vec<Told> {
        self.lines(|_| true)
    }

    fn lines(&self, wanted: impl Fn(usize) -> bool) -> Vec<Told> {
        let mut lines: BTreeMap<usize, Vec<&Word>> = BTreeMap::new();
        for (place, word) in self.said.visit.words_from(0) {
            if wanted(place) {
                lines.entry(word.line).or_default().push(word);
            }
        }
        let skipped = lines.len().saturating_sub(MAX_LINES);
        let told = |(line, words): (usize, Vec<&Word>)| {
            let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
            words.first().map(|first| Told { line, voice: first.voice, text: text.join(" ") })
        };
        lines.into_iter().skip(skipped).filter_map(told).collect()
    }
}
