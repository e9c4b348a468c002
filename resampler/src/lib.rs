//! Resampling by a polyphase windowed sinc: any rate to any rate, streaming, one [`Resampler`] a channel; and [`fraction`],
//! the same filter read between two samples.
//!
//! The output is aligned with the input: output frame `k` is the input's value at time `k / to`, so resampling shifts
//! nothing on the timeline. It is only *late* by [`Resampler::delay`], since a frame needs the input around it, and
//! [`Resampler::finish`] hands out that tail. Every output frame is the same sum in the same order whatever the
//! lengths of the blocks that went in, so the output does not depend on them.
//!
//! A crate of its own because these two loops are where PCM's time goes: the workspace compiles them for speed and all else
//! for size. So nothing here is marked `inline`, which would compile it with the caller's settings.

pub mod fraction;

use std::f64::consts::PI;

/// Of the lower rate's Nyquist frequency: flat up to here (7 kHz of 8 for speech at 16 kHz).
const PASS_EDGE: f64 = 7.0 / 8.0;

/// Of the lower rate's Nyquist frequency: nothing from here. What lies between the edges folds back above the pass
/// edge only.
const STOP_EDGE: f64 = 9.0 / 8.0;

/// Attenuation from the stop edge on, in dB.
const STOP_ATTENUATION: f64 = 80.0;

/// Kaiser's window parameter for that attenuation: 0.1102 (A − 8.7).
const KAISER_BETA: f64 = 0.1102 * (STOP_ATTENUATION - 8.7);

/// Above this many phases (no pair of usual rates needs more than 640, for 11.025 kHz) neighbouring phases are
/// interpolated, which bounds the table for odd rates.
const MAX_PHASES: u64 = 1_024;

/// A streaming resampler for one channel.
#[derive(Debug)]
pub struct Resampler {
    /// Output frames for every `step` input frames, in lowest terms.
    phases: u64,
    step: u64,
    /// Rows of the table, less the one past the end that interpolation needs.
    rows: u64,
    /// Filter length in input samples; even.
    taps: usize,
    /// `(rows + 1) × taps` coefficients; a row a phase.
    table: Vec<f32>,
    /// Input that is still needed.
    history: Vec<f32>,
    /// Index in `history` of the first sample under the filter for the next output frame. May lie past its end.
    next: usize,
    /// Where between two input samples the next output frame lies, in `1 / phases`.
    phase: u64,
    frames_in: u64,
    frames_out: u64,
}

impl Resampler {
    /// A resampler from `from` to `to` Hz, both at least 1. Equal rates pass the samples through untouched.
    #[must_use]
    pub fn new(from: u32, to: u32) -> Self {
        let (from, to) = (u64::from(from.max(1)), u64::from(to.max(1)));
        let divisor = gcd(from, to);
        let (phases, step) = (to / divisor, from / divisor);
        if phases == step {
            let (table, history) = (Vec::new(), Vec::new());
            return Self {
                phases,
                step,
                rows: 0,
                taps: 0,
                table,
                history,
                next: 0,
                phase: 0,
                frames_in: 0,
                frames_out: 0,
            };
        }
        let nyquist = from.min(to) as f64 / 2.0;
        let transition = (STOP_EDGE - PASS_EDGE) * nyquist;
        // Kaiser's estimate of the length, (A − 8) / (2.285 Δω), rounded up to whole vectors of eight.
        let estimate = (STOP_ATTENUATION - 8.0) / (2.285 * 2.0 * PI * transition / from as f64);
        let taps = (estimate / 8.0).ceil() as usize * 8;
        let rows = phases.min(MAX_PHASES);
        let cutoff = nyquist / from as f64; // in cycles an input sample
        let mut table = Vec::with_capacity((rows as usize + 1) * taps);
        for row in 0..=rows {
            let fraction = row as f64 / rows as f64;
            let start = table.len();
            table.extend((0..taps).map(|tap| {
                let distance = fraction + (taps / 2 - 1) as f64 - tap as f64;
                (2.0 * cutoff * sinc(2.0 * cutoff * distance) * kaiser(distance / (taps / 2) as f64)) as f32
            }));
            // Every phase passes a constant unchanged; without this the phases' gains differ by the window's ripple.
            let gain: f32 = table[start..].iter().sum();
            table[start..].iter_mut().for_each(|coefficient| *coefficient /= gain);
        }
        // Before the first sample there is silence: the filter's left half.
        let history = vec![0.0; taps / 2 - 1];
        Self { phases, step, rows, taps, table, history, next: 0, phase: 0, frames_in: 0, frames_out: 0 }
    }

    /// How late the output is, in input samples.
    #[must_use]
    pub const fn delay(&self) -> usize {
        self.taps / 2
    }

    /// Takes a block of samples and appends what can be computed from them to `output`.
    pub fn process(&mut self, input: &[f32], output: &mut Vec<f32>) {
        self.frames_in += input.len() as u64;
        if self.taps == 0 {
            self.frames_out += input.len() as u64;
            output.extend_from_slice(input);
            return;
        }
        self.history.extend_from_slice(input);
        self.run(output, u64::MAX);
    }

    /// Appends the tail, so that `ceil(input × to / from)` frames came out in all, and starts anew.
    pub fn finish(&mut self, output: &mut Vec<f32>) {
        if self.taps > 0 {
            let expected = (self.frames_in * self.phases).div_ceil(self.step);
            self.history.resize(self.history.len() + self.taps, 0.0);
            self.run(output, expected);
            self.history.clear();
            self.history.resize(self.taps / 2 - 1, 0.0);
        }
        (self.next, self.phase, self.frames_in, self.frames_out) = (0, 0, 0, 0);
    }

    fn run(&mut self, output: &mut Vec<f32>, most: u64) {
        while self.next + self.taps <= self.history.len() && self.frames_out < most {
            let window = &self.history[self.next..self.next + self.taps];
            output.push(self.value(window));
            self.frames_out += 1;
            self.phase += self.step;
            self.next += (self.phase / self.phases) as usize;
            self.phase %= self.phases;
        }
        let done = self.next.min(self.history.len());
        self.history.drain(..done);
        self.next -= done;
    }

    fn value(&self, window: &[f32]) -> f32 {
        let row = |index: usize| &self.table[index * self.taps..(index + 1) * self.taps];
        if self.rows == self.phases {
            return dot(row(self.phase as usize), window);
        }
        let position = self.phase as f64 * self.rows as f64 / self.phases as f64;
        let (index, weight) = (position as usize, position.fract() as f32);
        dot(row(index), window) * (1.0 - weight) + dot(row(index + 1), window) * weight
    }
}

/// Eight running sums: the order of the additions is fixed, and it is one the compiler can turn into vectors.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

const fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { sin_pi(x) / (PI * x) }
}

/// sin πx, to some 1e-15, by its power series in −π/2..π/2. The standard library's is made for angles of any size, which in
/// wasm is 2 kB of brotli more than this; nothing here is far from 0, and half turns are exact.
fn sin_pi(x: f64) -> f64 {
    let half_turns = x.round();
    let angle = PI * (x - half_turns);
    let (mut term, mut sum) = (angle, angle);
    for k in 1..12 {
        term *= -angle * angle / f64::from(2 * k * (2 * k + 1));
        sum += term;
    }
    if half_turns % 2.0 == 0.0 { sum } else { -sum }
}

/// Kaiser's window at `x` of −1..1.
fn kaiser(x: f64) -> f64 {
    if x.abs() > 1.0 { 0.0 } else { bessel_i0(KAISER_BETA * (1.0 - x * x).sqrt()) / bessel_i0(KAISER_BETA) }
}

/// The modified Bessel function of the first kind, order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..40 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sine_is_the_standard_library_s() {
        for n in -80_000..80_000 {
            let x = f64::from(n) / 1_000.0;
            assert!((sin_pi(x) - (PI * x).sin()).abs() < 1e-13, "{x}");
        }
        assert_eq!([-2.0, -1.0, 0.0, 1.0, 77.0].map(sin_pi), [0.0; 5]);
    }

    fn tone(frequency: f64, rate: u32, seconds: f64) -> Vec<f32> {
        let count = (seconds * f64::from(rate)) as usize;
        (0..count).map(|n| (2.0 * PI * frequency * n as f64 / f64::from(rate)).sin() as f32).collect()
    }

    fn resample(input: &[f32], from: u32, to: u32, block: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(from, to);
        let mut output = Vec::new();
        for block in input.chunks(block) {
            resampler.process(block, &mut output);
        }
        resampler.finish(&mut output);
        output
    }

    /// Level of the middle of a signal relative to a full-scale sine, in dB.
    fn level(signal: &[f32]) -> f64 {
        let middle = &signal[signal.len() / 4..signal.len() * 3 / 4];
        let power: f64 = middle.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / middle.len() as f64;
        10.0 * (2.0 * power).log10()
    }

    const RATES: [u32; 12] =
        [8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 47_999, 48_000, 88_200, 96_000, 192_000];

    #[test]
    fn speech_frequencies_pass_within_a_tenth_of_a_decibel() {
        for from in RATES {
            let highest = 7_000.0_f64.min(f64::from(from) / 2.0 * PASS_EDGE);
            for step in 1..=8 {
                let frequency = highest * f64::from(step) / 8.0;
                let gain = level(&resample(&tone(frequency, from, 0.5), from, 16_000, 480));
                assert!(gain.abs() < 0.1, "{gain:.3} dB at {frequency} Hz from {from} Hz");
            }
        }
    }

    #[test]
    fn what_would_fold_into_speech_is_eighty_decibels_down() {
        for from in RATES.into_iter().filter(|rate| *rate > 18_000) {
            for frequency in (9_000..(from / 2)).step_by(997) {
                let alias = level(&resample(&tone(f64::from(frequency), from, 0.25), from, 16_000, 480));
                assert!(alias < -80.0, "{alias:.1} dB at {frequency} Hz from {from} Hz");
            }
        }
    }

    #[test]
    fn the_lengths_of_the_blocks_do_not_matter() {
        for from in RATES {
            let input = tone(440.0, from, 0.1);
            let whole = resample(&input, from, 16_000, input.len());
            for block in [1, 7, 128, 480, 999] {
                assert!(resample(&input, from, 16_000, block) == whole, "block {block} from {from} Hz");
            }
        }
    }

    #[test]
    fn output_is_aligned_with_the_input_and_has_its_length() {
        for from in RATES {
            let output = resample(&tone(440.0, from, 0.5), from, 16_000, 480);
            assert_eq!(output.len(), (u64::from(from / 2) * 16_000).div_ceil(u64::from(from)) as usize);
            let expected = tone(440.0, 16_000, 0.5);
            for n in 1_000..7_000 {
                assert!((output[n] - expected[n]).abs() < 0.002, "frame {n} from {from} Hz");
            }
        }
    }

    #[test]
    fn equal_rates_pass_through_untouched() {
        let input = tone(440.0, 16_000, 0.1);
        assert!(resample(&input, 16_000, 16_000, 100) == input);
        assert_eq!(Resampler::new(16_000, 16_000).delay(), 0);
    }

    #[test]
    fn it_starts_anew_after_its_tail() {
        let input = tone(440.0, 48_000, 0.1);
        let mut resampler = Resampler::new(48_000, 16_000);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        resampler.process(&input, &mut first);
        resampler.finish(&mut first);
        resampler.process(&input, &mut second);
        resampler.finish(&mut second);
        assert!(first == second);
    }
}
