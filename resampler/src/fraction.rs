//! The value of a signal between two of its samples. Knows neither clocks nor queues.
//!
//! Short polynomials will not do: at 7 of 8 kHz a four-point one loses 11 dB halfway between two samples and
//! nothing at a sample, and as the place drifts the loss would come and go. So it is the filter of the [`Resampler`],
//! read off its response to an impulse on a grid of [`ROWS`] places a sample, and linear between the places.
//! Measured (and asserted below): flat within 0.01 dB up to 7/8 of the Nyquist frequency, and all that is wrong with a
//! tone, images and modulation included, at least 78 dB below it, whatever the place and while it drifts.

use std::sync::LazyLock;

use crate::Resampler;

/// Samples before and after the place that its value depends on.
pub const HALF: usize = 24;

/// Samples that a value depends on.
pub const TAPS: usize = 2 * HALF;

/// Places between two samples at which the filter is known. The line between two of them is wrong by
/// (ω / rows)² / 8 at most: −85 dB at 7 of 16 kHz.
const ROWS: usize = 128;

/// One row a place, and one more: the next sample itself.
static TABLE: LazyLock<Vec<[f32; TAPS]>> = LazyLock::new(|| {
    let mut impulse = [0.0; TAPS];
    impulse[HALF] = 1.0;
    let mut resampler = Resampler::new(1, ROWS as u32);
    let mut response = Vec::with_capacity(TAPS * ROWS);
    resampler.process(&impulse, &mut response);
    resampler.finish(&mut response);
    // `response[k]` is the filter `k / ROWS − HALF` samples after the impulse. It ends one value early, with a zero.
    let filter = |index: usize| response.get(index).copied().unwrap_or(0.0);
    (0..=ROWS).map(|row| std::array::from_fn(|tap| filter(row + (TAPS - 1 - tap) * ROWS))).collect()
});

/// The value `fraction` (0 to 1) of a sample after the middle of `window`, which is its sample `HALF − 1`.
#[must_use]
pub fn between(window: &[f32; TAPS], fraction: f64) -> f32 {
    let place = fraction.clamp(0.0, 1.0) * ROWS as f64;
    let row = (place as usize).min(ROWS - 1);
    let weight = (place - row as f64) as f32;
    let (low, high) = (&TABLE[row], &TABLE[row + 1]);
    // Eight running sums, which the compiler turns into vectors.
    let mut sums = [0.0_f32; 8];
    for ((window, low), high) in window.chunks_exact(8).zip(low.chunks_exact(8)).zip(high.chunks_exact(8)) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += window[lane] * (low[lane] + weight * (high[lane] - low[lane]));
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    /// `between` at `place` samples of a tone of `frequency` cycles a sample.
    fn value(frequency: f64, place: f64) -> f64 {
        let first = place as usize + 1 - HALF;
        let window = std::array::from_fn(|tap| (2.0 * PI * frequency * (first + tap) as f64).sin() as f32);
        f64::from(between(&window, place.fract()))
    }

    const SPEECH: [f64; 7] = [100.0, 1_000.0, 2_500.0, 4_000.0, 5_500.0, 6_500.0, 7_000.0];

    #[test]
    fn the_filter_is_as_long_as_that_of_the_resampler() {
        assert_eq!(Resampler::new(1, ROWS as u32).delay(), HALF);
    }

    #[test]
    fn at_a_sample_it_is_the_sample() {
        for sample in 100..110 {
            let (exact, found) = ((0.3 * f64::from(sample)).sin(), value(0.3 / (2.0 * PI), f64::from(sample)));
            assert!((exact - found).abs() < 2e-4, "{exact} {found}");
        }
    }

    #[test]
    fn every_place_has_the_same_gain() {
        for frequency in SPEECH {
            for twentieth in 0..=20 {
                let turn = 2.0 * PI * frequency / 16_000.0;
                let (mut along, mut across, count) = (0.0, 0.0, 4_000);
                for n in 0..count {
                    let place = 100.0 + f64::from(n) + f64::from(twentieth) / 20.0;
                    let (sin, cos) = (turn * place).sin_cos();
                    along += value(frequency / 16_000.0, place) * sin;
                    across += value(frequency / 16_000.0, place) * cos;
                }
                let gain = 20.0 * (2.0 * f64::hypot(along, across) / f64::from(count)).log10();
                assert!(gain.abs() < 0.01, "{gain:.4} dB at {frequency} Hz, {twentieth}/20");
            }
        }
    }

    #[test]
    fn while_the_place_drifts_nothing_but_the_tone_is_heard() {
        for frequency in SPEECH {
            for drift in [-350e-6, 350e-6] {
                let count = 16_000;
                let wrong: f64 = (0..count)
                    .map(|n| {
                        let place = 100.0 + f64::from(n) * (1.0 + drift);
                        let exact = (2.0 * PI * frequency / 16_000.0 * place).sin();
                        (value(frequency / 16_000.0, place) - exact).powi(2)
                    })
                    .sum();
                let level = 10.0 * (2.0 * wrong / f64::from(count)).log10();
                assert!(level < -78.0, "{level:.1} dB at {frequency} Hz, drifting by {drift}");
            }
        }
    }
}
