//! The scripted consultation: who says what, in which order, and how long it takes to say.
//!
//! This is what stands in for speech recognition: the words do not come from the audio, only their times do. When each
//! word is said is `visit.rs`'s.

use serde::{Deserialize, Serialize};

/// The pace of the script, in words a second: calm conversational English (about 156 words a minute).
pub(crate) const WORDS_PER_SECOND: f64 = 2.6;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Doctor,
    Patient,
}

/// One turn of the consultation.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) role: Role,
    pub(crate) text: String,
}

/// The consultation, never empty.
pub(crate) struct Script {
    lines: Vec<Line>,
}

impl Script {
    /// The consultation of `script/consultation.json`, which is built in.
    pub(crate) fn load() -> Result<Self, serde_json::Error> {
        let lines: Vec<Line> = serde_json::from_str(include_str!("../../script/consultation.json"))?;
        Self::new(lines).ok_or_else(|| serde::de::Error::custom("the script has a line without words, or no line"))
    }

    pub(crate) fn new(lines: Vec<Line>) -> Option<Self> {
        let spoken = |line: &Line| line.text.split_whitespace().next().is_some();
        (!lines.is_empty() && lines.iter().all(spoken)).then_some(Self { lines })
    }

    /// A line by its number. Past the last one the script begins again, so that a long visit goes on.
    pub(crate) fn line(&self, number: usize) -> &Line {
        &self.lines[number % self.lines.len()]
    }
}

impl Line {
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split_whitespace()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_built_in_consultation_is_about_two_minutes_between_two_people() {
        let script = Script::load().unwrap();
        let words: usize = script.lines.iter().map(|line| line.text.split_whitespace().count()).sum();
        let seconds = words as f64 / WORDS_PER_SECOND;
        assert!((90.0..160.0).contains(&seconds), "{seconds} seconds");
        assert!((24..=30).contains(&script.lines.len()));
        assert!(script.lines.iter().any(|line| line.role == Role::Patient));
    }

    #[test]
    fn a_script_without_words_is_refused() {
        assert!(Script::new(vec![]).is_none());
        assert!(Script::new(vec![Line { role: Role::Doctor, text: "  ".into() }]).is_none());
    }
}
