//! How fast the audio path is, stage by stage: one function a stage, the same source natively and in wasm.
//!
//! A stage is prepared first, outside of what is timed, and then run as often as one likes; every run takes [`SECONDS`] of
//! sound in blocks of 20 ms. No clock lives here: `main.rs` times the stages natively, `run.mjs` in a browser by what
//! `web` exports. Targets and verdicts are not here either: figures go to `cargo xtask bench`, which writes them down.

mod codecs;
mod sound;
mod stages;
#[cfg(target_arch = "wasm32")]
mod web;

pub use stages::{STAGES, Stage};

/// Seconds of sound that one run of a stage takes.
pub const SECONDS: usize = 10;

/// What a stage failed of.
pub type Failure = Box<dyn std::error::Error>;

/// A stage that is prepared: each call runs it once. The answer is how much came out (frames or bytes, as the stage
/// says), so that a run that did nothing does not pass for a quick one.
pub type Run = Box<dyn FnMut() -> Result<usize, Failure>>;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// What must come out of a run of a stage, in its own unit.
    fn expected(name: &str) -> std::ops::Range<usize> {
        let frames = 16_000 * SECONDS;
        let opus = |bits_per_second: usize| bits_per_second / 8 * SECONDS;
        match name {
            name if name.starts_with("resample") => frames - 100..frames + 1,
            name if name.starts_with("mix") => 2 * frames - 1_000..2 * frames + 1_000,
            "level and watch" => 10 * SECONDS..10 * SECONDS + 1,
            "encode PCM" => 2 * frames..2 * frames + 1,
            // A chunk that one run leaves open the next one completes.
            "whole path, PCM" => 2 * frames - 8_000..2 * frames + 8_000,
            name if name.ends_with("Opus") || name.ends_with("Ogg") => opus(12_000)..opus(26_000),
            _ => frames / 4..frames * 2,
        }
    }

    #[test]
    fn every_stage_does_the_work_of_its_seconds_at_every_run() {
        for stage in &STAGES {
            let mut run = (stage.prepare)().unwrap();
            for _ in 0..2 {
                let amount = run().unwrap();
                assert!(expected(stage.name).contains(&amount), "{}: {amount}", stage.name);
            }
        }
    }
}
