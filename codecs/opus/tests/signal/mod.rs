//! A signal that an encoder takes for a voice in a noisy room: what all tests here encode.

use std::f32::consts::TAU;

/// `seconds` of it for one channel: pulses of 90 to 150 Hz through two resonances that wander as vowels do, three
/// syllables a second, over noise some 30 dB below. The same for every call with the same arguments.
pub(crate) fn voice(sample_rate: u32, seconds: u32, seed: u32) -> Vec<f32> {
    let rate = sample_rate as f32;
    let mut noise = Noise(seed);
    let mut throat = [Resonance::default(), Resonance::default()];
    let mut phase = 0.0;
    let samples: Vec<f32> = (0..sample_rate * seconds)
        .map(|index| {
            let time = index as f32 / rate + seed as f32;
            phase += (120.0 + 30.0 * (TAU * 0.7 * time).sin()) / rate;
            let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
            phase = phase.fract();
            let first = throat[0].pass(pulse + 0.02 * noise.next(), 500.0 + 200.0 * (TAU * 1.3 * time).sin(), rate);
            let voiced = throat[1].pass(first, 1500.0 + 500.0 * (TAU * 0.9 * time).sin(), rate);
            (TAU * 3.1 * time).sin().max(0.0) * voiced + 0.1 * noise.next()
        })
        .collect();
    let peak = samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
    samples.into_iter().map(|sample| 0.7 * sample / peak).collect()
}

/// One channel after the other, sample by sample.
pub(crate) fn interleaved(channels: &[Vec<f32>]) -> Vec<f32> {
    let frames = channels.iter().map(Vec::len).min().unwrap_or(0);
    (0..frames).flat_map(|index| channels.iter().map(move |channel| channel[index])).collect()
}

/// A formant: two poles, 80 Hz wide.
#[derive(Default)]
struct Resonance([f32; 2]);

impl Resonance {
    fn pass(&mut self, input: f32, frequency: f32, rate: f32) -> f32 {
        let radius = (-TAU / 2.0 * 80.0 / rate).exp();
        let output = input + 2.0 * radius * (TAU * frequency / rate).cos() * self.0[0] - radius * radius * self.0[1];
        self.0 = [output, self.0[0]];
        output
    }
}

/// White noise within ±1, from the linear congruential generator of Numerical Recipes.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 as f32 / (1u32 << 31) as f32 - 1.0
    }
}
