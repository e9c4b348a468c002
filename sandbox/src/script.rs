//! The scripted consultation: who says what, in which order, and how long it takes to say.
//!
//! This is what stands in for speech recognition: the words do not come from the audio, only their times do.

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

/// The next word to be spoken. Past the last line the script begins again, so that a long visit goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Position {
    line: usize,
    word: usize,
}

impl Script {
    /// The consultation of `script/consultation.json`, which is built in.
    pub(crate) fn load() -> Result<Self, serde_json::Error> {
        let lines: Vec<Line> = serde_json::from_str(include_str!("../script/consultation.json"))?;
        Self::new(lines).ok_or_else(|| serde::de::Error::custom("the script has a line without words, or no line"))
    }

    pub(crate) fn new(lines: Vec<Line>) -> Option<Self> {
        let spoken = |line: &Line| line.text.split_whitespace().next().is_some();
        (!lines.is_empty() && lines.iter().all(spoken)).then_some(Self { lines })
    }

    /// The speaker and the words of the present line that have not been spoken.
    pub(crate) fn rest(&self, at: Position) -> (Role, Vec<&str>) {
        let line = &self.lines[at.line % self.lines.len()];
        (line.role, line.text.split_whitespace().skip(at.word).collect())
    }

    /// The position after `words` more words of the present line.
    pub(crate) fn after(&self, at: Position, words: usize) -> Position {
        let (_, rest) = self.rest(at);
        if words < rest.len() {
            Position { word: at.word + words, ..at }
        } else {
            Position { line: (at.line + 1) % self.lines.len(), word: 0 }
        }
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
    fn every_word_is_spoken_once_whatever_the_pieces() {
        let script = Script::load().unwrap();
        let all: Vec<&str> = script.lines.iter().flat_map(|line| line.text.split_whitespace()).collect();
        let (mut at, mut spoken) = (Position::default(), Vec::new());
        while spoken.len() < all.len() {
            let (_, rest) = script.rest(at);
            let piece = rest.len().min(3);
            spoken.extend_from_slice(&rest[..piece]);
            at = script.after(at, piece);
        }
        assert_eq!(spoken, all);
        assert_eq!(at, Position::default(), "and then it begins again");
    }

    #[test]
    fn a_script_without_words_is_refused() {
        assert!(Script::new(vec![]).is_none());
        assert!(Script::new(vec![Line { role: Role::Doctor, text: "  ".into() }]).is_none());
    }
}
