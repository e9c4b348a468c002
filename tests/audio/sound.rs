//! The sound that goes through the path, as a function of time, and how alike two sounds are.

use std::f64::consts::TAU;

/// Harmonics of the voice's pitch: from 440 Hz, below which a speech codec filters rumble, to the voice's [`HIGHEST`].
const HARMONICS: [f64; 8] = [4.0, 5.0, 7.0, 9.0, 12.0, 15.0, 18.0, 21.0];

/// No frequency of the voice is higher, in Hz: 7/8 of what a capture at 8 kHz carries, where every resampler is flat.
pub(crate) const HIGHEST: f64 = 3_500.0;

/// A voice-like sound: harmonics of a gliding pitch, with the rise and fall of syllables. Each of eight channels has its
/// own pitch, so that none is taken for another. Seconds in, a sample out.
pub(crate) fn voice(channel: usize, seconds: f64) -> f32 {
    let pitch = 110.0 + 5.0 * channel as f64;
    let turns = pitch * (seconds + 0.02 * (3.0 * seconds).sin());
    let syllable = 0.6 + 0.4 * (TAU * 4.0 * seconds + channel as f64).sin();
    let sum: f64 = HARMONICS.iter().map(|harmonic| (TAU * turns * harmonic).sin() / harmonic.sqrt()).sum();
    (0.15 * syllable * sum) as f32
}

/// The voice of a channel: so many samples at `rate` Hz from `start` seconds on.
pub(crate) fn voiced(channel: usize, rate: u32, start: f64, count: usize) -> Vec<f32> {
    (0..count).map(|n| voice(channel, start + n as f64 / f64::from(rate))).collect()
}

/// How alike two signals are, −1 to 1, when the second is shifted by `lag` frames.
pub(crate) fn likeness(a: &[f32], b: &[f32], lag: i64) -> f64 {
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    let (a, b) = (&a[(-lag).clamp(0, a.len() as i64) as usize..], &b[lag.clamp(0, b.len() as i64) as usize..]);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f64::from(*a), f64::from(*b));
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    ab / (aa * bb).sqrt().max(1e-12)
}

/// By how many frames, `most` at most, the second signal is later than the first, and how alike they are then.
pub(crate) fn alignment(a: &[f32], b: &[f32], most: i64) -> (i64, f64) {
    let alike = (-most..=most).map(|lag| (lag, likeness(a, b, lag)));
    alike.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
}

/// A sine of so many Hz at `rate` Hz, full scale.
pub(crate) fn tone(frequency: f64, rate: u32, count: usize) -> Vec<f32> {
    (0..count).map(|n| (TAU * frequency * n as f64 / f64::from(rate)).sin() as f32).collect()
}

#[test]
fn the_voice_is_within_what_the_lowest_capture_rate_carries() {
    // The glide raises every frequency by 6 % at most.
    let highest = HARMONICS.iter().copied().fold(0.0, f64::max) * (110.0 + 5.0 * 7.0) * 1.06;
    assert!(highest < HIGHEST, "{highest} Hz");
}

#[test]
fn likeness_tells_a_shift_and_another_channel() {
    let (a, b) = (voiced(0, 16_000, 0.0, 8_000), voiced(1, 16_000, 0.0, 8_000));
    let later = voiced(0, 16_000, -5.0 / 16_000.0, 8_000);
    assert_eq!(alignment(&a, &later, 16).0, 5);
    assert!(likeness(&a, &later, 0) < 0.9 && alignment(&a, &b, 160).1 < 0.5);
}
