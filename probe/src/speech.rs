//! What is spoken: a short invented dialogue, its lines as samples, and where they lie on a stream's channels.
//!
//! The lines are spoken by whoever starts the program (`cargo xtask probe` has espeak-ng do it), one file for each line;
//! here they are only read and put together. Samples are 16 bit at [`RATE`].

use std::{fs, ops::Range, path::Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// Frames in a second.
pub const RATE: usize = 16_000;
/// The dialogue as it is kept.
const DIALOGUE: &str = include_str!("../script/dialogue.json");

/// A line of the dialogue.
#[derive(Clone, Debug, Deserialize)]
pub struct Line {
    /// 0 the doctor, 1 the patient.
    pub speaker: usize,
    /// Seconds between the end of the line before and this one; below zero they overlap.
    pub pause: f64,
    /// What is said.
    pub text: String,
}

/// The channels of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Both speakers on one channel.
    One,
    /// Each on a channel of its own.
    Two,
}

impl Layout {
    /// How many.
    pub fn channels(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// The dialogue, spoken.
#[derive(Clone, Debug)]
pub struct Speech {
    lines: Vec<(Line, Vec<i16>)>,
}

/// The lines of the dialogue.
///
/// # Errors
/// None, unless the file in this crate is broken.
pub fn dialogue() -> Result<Vec<Line>> {
    serde_json::from_str(DIALOGUE).context("the dialogue cannot be read")
}

impl Speech {
    /// Of a folder with a file for each line, `00.raw` and so on: samples of 16 bits, the low byte first, one channel at
    /// [`RATE`].
    ///
    /// # Errors
    /// Where a file is missing or is empty.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut lines = Vec::new();
        for (index, line) in dialogue()?.into_iter().enumerate() {
            let path = folder.join(format!("{index:02}.raw"));
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            ensure!(bytes.len() > 1, "{} has no samples", path.display());
            let samples = bytes.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
            lines.push((line, samples));
        }
        Ok(Self { lines })
    }

    /// A tone for each line, with so many seconds for a word: for tests that need no voice.
    ///
    /// # Errors
    /// None, unless the dialogue in this crate is broken.
    pub fn tones(word: f64) -> Result<Self> {
        let tone = |line: &Line| {
            let frames = (line.text.split(' ').count() as f64 * word * RATE as f64) as usize;
            (0..frames).map(|frame| ((frame as f64 * 0.17).sin() * 8000.0) as i16).collect()
        };
        Ok(Self { lines: dialogue()?.into_iter().map(|line| (line.clone(), tone(&line))).collect() })
    }

    /// How many lines there are.
    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    /// The samples of some lines, one after another as in the dialogue, interleaved by channel.
    pub fn samples(&self, lines: Range<usize>, layout: Layout) -> Vec<i16> {
        let channels = layout.channels();
        let mut mixed: Vec<i16> = Vec::new();
        let mut end = 0;
        for (line, samples) in self.lines.get(lines).unwrap_or_default() {
            let start = end + (line.pause * RATE as f64) as i64;
            let start = usize::try_from(start).unwrap_or(0);
            let channel = line.speaker.min(channels - 1);
            let frames = (start + samples.len()).max(mixed.len() / channels);
            mixed.resize(frames * channels, 0);
            for (frame, sample) in samples.iter().enumerate() {
                let place = &mut mixed[(start + frame) * channels + channel];
                *place = place.saturating_add(*sample);
            }
            end = i64::try_from(start + samples.len()).unwrap_or(0);
        }
        mixed
    }
}

/// Samples as they are sent: the low byte first.
pub fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn of(lines: &[(usize, f64, usize)]) -> Speech {
        let line = |&(speaker, pause, frames): &(usize, f64, usize)| {
            (Line { speaker, pause, text: String::new() }, vec![1 + speaker as i16; frames])
        };
        Speech { lines: lines.iter().map(line).collect() }
    }

    #[test]
    fn lines_follow_each_other_with_their_pauses_and_overlap_where_they_are_below_zero() {
        let second = RATE;
        let speech = of(&[(0, 0.5, second), (1, -0.5, second)]);
        let mono = speech.samples(0..2, Layout::One);
        assert_eq!(mono.len(), second * 2);
        assert_eq!([mono[0], mono[second / 2], mono[second], mono[second * 3 / 2]], [0, 1, 3, 2]);
    }

    #[test]
    fn on_two_channels_each_speaker_has_one() {
        let speech = of(&[(0, 0.0, 4), (1, 0.0, 4)]);
        assert_eq!(speech.samples(0..2, Layout::Two), [1, 0, 1, 0, 1, 0, 1, 0, 0, 2, 0, 2, 0, 2, 0, 2]);
        assert_eq!(speech.samples(1..2, Layout::Two).len(), 8);
        assert!(speech.samples(5..9, Layout::Two).is_empty());
    }

    #[test]
    fn the_dialogue_begins_with_the_doctor_and_speakers_take_turns() {
        for (index, line) in dialogue().unwrap().iter().enumerate() {
            assert_eq!(line.speaker, index % 2, "{}", line.text);
        }
    }
}
