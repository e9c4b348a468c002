//! The resampler's magnitude response, measured by tones, against `golden/resampler.json`, which `golden/resampler.py`
//! computed without any of its code.

use std::f64::consts::TAU;

use ossicle::audio::resample::Resampler;
use serde::Deserialize;

use crate::sound::tone;

/// The response of one pair of rates, in Hz.
#[derive(Deserialize)]
struct Golden {
    from: u32,
    to: u32,
    /// Frequencies in Hz, and dB.
    response: Vec<(f64, f64)>,
}

/// Where the pass band ends and the stop band begins, as parts of the lower rate's Nyquist frequency.
const PASS_EDGE: f64 = 7.0 / 8.0;
const STOP_EDGE: f64 = 9.0 / 8.0;

fn golden() -> Vec<Golden> {
    serde_json::from_str(include_str!("golden/resampler.json")).unwrap()
}

/// What the resampler keeps of a tone, in dB. A frequency that the lower rate cannot carry is folded, by the sampling of
/// the tone or of what it is compared with, so the same formula finds what is left of an alias, and of an image.
fn measured(from: u32, to: u32, frequency: f64) -> f64 {
    let mut resampler = Resampler::new(from, to);
    let mut output = Vec::new();
    resampler.process(&tone(frequency, from, from as usize / 2), &mut output);
    // The ends, where the tone begins and ends at once, are left out.
    let middle = output.len() / 8..output.len() * 7 / 8;
    let (mut real, mut imaginary, mut weights) = (0.0, 0.0, 0.0);
    for index in middle.clone() {
        // Hann's window: the tone itself is not to be heard where its alias is.
        let weight = 1.0 - (TAU * (index - middle.start) as f64 / middle.len() as f64).cos();
        let (sin, cos) = (TAU * frequency * index as f64 / f64::from(to)).sin_cos();
        real += weight * cos * f64::from(output[index]);
        imaginary += weight * sin * f64::from(output[index]);
        weights += weight;
    }
    20.0 * (2.0 * f64::hypot(real, imaginary) / weights).log10()
}

#[test]
fn the_response_is_what_was_computed_independently_to_a_hundredth_of_a_decibel() {
    for Golden { from, to, response } in golden() {
        let nyquist = f64::from(from.min(to)) / 2.0;
        for (frequency, expected) in response.into_iter().filter(|(frequency, _)| *frequency < nyquist * STOP_EDGE) {
            let level = measured(from, to, frequency);
            assert!((level - expected).abs() < 0.01, "{from} to {to}: {level:.4} of {expected} dB at {frequency} Hz");
            let is_flat = frequency > nyquist * PASS_EDGE || level.abs() < 0.1;
            assert!(is_flat, "{from} to {to}: {level:.4} dB at {frequency} Hz");
        }
    }
}

#[test]
fn aliases_and_images_are_eighty_decibels_down_as_computed() {
    let mut count = 0;
    for Golden { from, to, response } in golden() {
        let stop = f64::from(from.min(to)) / 2.0 * STOP_EDGE;
        for (frequency, expected) in response.into_iter().filter(|(frequency, _)| *frequency > stop) {
            let level = measured(from, to, frequency);
            assert!(level < -80.0 && expected < -80.0, "{from} to {to}: {level:.1}, {expected} dB at {frequency} Hz");
            count += 1;
        }
    }
    assert!(count > 60, "only {count} frequencies");
}
