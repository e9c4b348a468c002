//! What the stages are fed with: sound that is like a voice, the same at every run. Noise would not do: codecs take
//! other paths for it.

use std::f64::consts::TAU;

use crate::SECONDS;

/// Blocks a second: what the package's worklet sends.
const BLOCKS: u32 = 50;

/// The sound at `rate` Hz, in blocks of 20 ms.
pub(crate) fn blocks(rate: u32) -> Vec<Vec<f32>> {
    let all: Vec<f32> = (0..rate as usize * SECONDS).map(|frame| voice(frame as f64 / f64::from(rate))).collect();
    all.chunks((rate / BLOCKS) as usize).map(<[f32]>::to_vec).collect()
}

/// Harmonics of a gliding pitch, with the rise and fall of syllables, and a pause every other second. Seconds in, a
/// sample out.
fn voice(seconds: f64) -> f32 {
    let pitch = TAU * 110.0 * (seconds + 0.03 * (3.0 * seconds).sin());
    let syllable = 0.55 + 0.45 * (TAU * 4.0 * seconds).sin();
    let pause = if seconds % 2.0 > 1.7 { 0.002 } else { 1.0 };
    let sum: f64 = (1..20).map(|harmonic| (pitch * f64::from(harmonic)).sin() / f64::from(harmonic)).sum();
    (0.2 * syllable * pause * sum) as f32
}
