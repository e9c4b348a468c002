//! The encoder from outside: what it spends, what its packets decode to, what it refuses. The judge is the codec's own
//! decoder.

#![allow(clippy::unwrap_used)]

mod signal;

use opus_pure::OpusDecoder;
use ossicle_opus::{Encoder, Refused};
use signal::{interleaved, voice};

/// What the SDK takes unless told otherwise.
const RATE: u32 = 16_000;
const BITRATE: u32 = 24_000;
const COMPLEXITY: u32 = 5;

fn packets(encoder: &mut Encoder, samples: &[f32]) -> Vec<Vec<u8>> {
    let frames = samples.chunks_exact(encoder.frame_len());
    frames.map(|frame| encoder.encode(frame).unwrap().to_vec()).collect()
}

fn decoded(packets: &[Vec<u8>], sample_rate: u32, channels: usize) -> Vec<f32> {
    let mut decoder = OpusDecoder::new(sample_rate as i32, channels).unwrap();
    let frames = sample_rate as usize / 50;
    let mut block = vec![0.0; frames * channels];
    let mut samples = Vec::new();
    for packet in packets {
        assert_eq!(decoder.decode(packet, frames, &mut block).unwrap(), frames, "a packet is 20 ms");
        samples.extend_from_slice(&block);
    }
    samples
}

/// How alike two signals are: 1 for the same shape, 0 for none in common.
fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
    let length = a.len().min(b.len());
    let (a, b) = (&a[..length], &b[..length]);
    (product(a, b) / (product(a, a) * product(b, b)).sqrt()) as f32
}

/// The delay, of those up to twice `expected`, at which `output` is most like `input`, and how much it is.
fn best_delay(input: &[f32], output: &[f32], expected: usize) -> (usize, f32) {
    let alike = |delay: usize| (delay, correlation(input, &output[delay..]));
    (0..=2 * expected).map(alike).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
}

fn channel(samples: &[f32], index: usize, channels: usize) -> Vec<f32> {
    samples.iter().skip(index).step_by(channels).copied().collect()
}

#[test]
fn a_minute_of_noisy_speech_takes_the_bits_that_were_asked_for() {
    let speech = voice(RATE, 60, 1);
    for bitrate in [BITRATE, 64_000] {
        let mut encoder = Encoder::new(RATE, 1, bitrate, COMPLEXITY).unwrap();
        let bytes: usize = packets(&mut encoder, &speech).iter().map(Vec::len).sum();
        let spent = bytes as f32 * 8.0 / 60.0;
        let ratio = spent / bitrate as f32;
        assert!((0.9..=1.1).contains(&ratio), "{spent} bit/s where {bitrate} were asked for");
    }
}

#[test]
fn every_rate_decodes_to_what_went_in_at_the_delay_it_tells() {
    for rate in Encoder::SAMPLE_RATES {
        let speech = voice(rate, 4, 2);
        let mut encoder = Encoder::new(rate, 1, 32_000, COMPLEXITY).unwrap();
        assert_eq!(encoder.lookahead() as u32 * (48_000 / rate), 312, "the pre-skip of a voice stream");
        let heard = decoded(&packets(&mut encoder, &speech), rate, 1);
        assert_eq!(heard.len(), speech.len());
        let (delay, alike) = best_delay(&speech, &heard, encoder.lookahead());
        // In its mode for speech the codec is seen to be early by less than a tenth of a millisecond.
        let early = encoder.lookahead().checked_sub(delay);
        assert!(early.is_some_and(|early| early * 10_000 < rate as usize), "{delay} samples at {rate} Hz");
        assert!(alike > 0.9, "{alike} at {rate} Hz");
    }
}

#[test]
fn two_channels_stay_two() {
    let speakers = [voice(RATE, 4, 3), voice(RATE, 4, 40)];
    let mut encoder = Encoder::new(RATE, 2, 64_000, COMPLEXITY).unwrap();
    assert_eq!(encoder.frame_len(), 640);
    let heard = decoded(&packets(&mut encoder, &interleaved(&speakers)), RATE, 2);
    for (index, speaker) in speakers.iter().enumerate() {
        let (delay, alike) = best_delay(speaker, &channel(&heard, index, 2), encoder.lookahead());
        let other = correlation(&speakers[1 - index], &channel(&heard, index, 2)[delay..]);
        assert_eq!(delay, encoder.lookahead());
        assert!(alike > 0.9 && other.abs() < 0.2, "channel {index}: {alike} itself, {other} the other");
    }
}

#[test]
fn what_is_no_number_is_silence_and_what_is_too_loud_is_clipped() {
    let speech = voice(RATE, 2, 4);
    let (mut broken, mut mended) = (speech.clone(), speech);
    let odd = [(f32::NAN, 0.0), (f32::INFINITY, 0.0), (f32::NEG_INFINITY, 0.0), (1e30, 1.0), (-7.0, -1.0)];
    for (index, (bad, good)) in odd.into_iter().cycle().enumerate().take(4_000) {
        broken[8_000 + index] = bad;
        mended[8_000 + index] = good;
    }
    let encode = |samples: &[f32]| packets(&mut Encoder::new(RATE, 1, BITRATE, COMPLEXITY).unwrap(), samples);
    assert_eq!(encode(&broken), encode(&mended));
}

#[test]
fn the_stream_recovers_from_frames_without_a_single_number() {
    let mut speech = voice(RATE, 4, 5);
    speech[16_000..24_000].fill(f32::NAN);
    let mut encoder = Encoder::new(RATE, 1, BITRATE, COMPLEXITY).unwrap();
    let heard = decoded(&packets(&mut encoder, &speech), RATE, 1);
    assert!(heard.iter().all(|sample| sample.is_finite()));
    let after = &heard[26_000 + encoder.lookahead()..];
    let alike = correlation(&speech[26_000..], after);
    assert!(alike > 0.9, "{alike} after the gap");
}

#[test]
fn a_frame_of_another_length_is_refused_and_leaves_no_trace() {
    let speech = voice(RATE, 1, 6);
    let mut encoder = Encoder::new(RATE, 1, BITRATE, COMPLEXITY).unwrap();
    let mut other = Encoder::new(RATE, 1, BITRATE, COMPLEXITY).unwrap();
    for frame in speech.chunks_exact(320) {
        for given in [0, 319, 321, 640] {
            let refused = other.encode(&vec![0.5; given]).map(<[u8]>::len);
            assert_eq!(refused, Err(Refused::FrameLength { expected: 320, given }));
        }
        assert_eq!(encoder.encode(frame), other.encode(frame));
    }
}

#[test]
fn settings_outside_what_opus_has_are_refused_by_name() {
    let refused = |rate, channels, bitrate, complexity| Encoder::new(rate, channels, bitrate, complexity).err();
    for rate in [0, 7_999, 11_025, 44_100, 96_000, u32::MAX] {
        assert_eq!(refused(rate, 1, BITRATE, 5), Some(Refused::SampleRate(rate)));
    }
    for channels in [0, 3, usize::MAX] {
        assert_eq!(refused(RATE, channels, BITRATE, 5), Some(Refused::Channels(channels)));
    }
    for bitrate in [0, 5_999, 510_001, u32::MAX] {
        assert_eq!(refused(RATE, 1, bitrate, 5), Some(Refused::Bitrate(bitrate)));
    }
    for complexity in [11, u32::MAX] {
        assert_eq!(refused(RATE, 1, BITRATE, complexity), Some(Refused::Complexity(complexity)));
    }
    let said = Refused::SampleRate(44_100).to_string();
    assert!(said.contains("44100") && said.contains("48000"), "{said}");
}

#[test]
fn the_ends_of_every_range_encode() {
    for channels in [1, 2] {
        for bitrate in [*Encoder::BITRATES.start(), *Encoder::BITRATES.end()] {
            for complexity in [*Encoder::COMPLEXITIES.start(), *Encoder::COMPLEXITIES.end()] {
                let mut encoder = Encoder::new(RATE, channels, bitrate, complexity).unwrap();
                let speech = interleaved(&vec![voice(RATE, 1, 7); channels]);
                let packets = packets(&mut encoder, &speech);
                assert_eq!(decoded(&packets, RATE, channels).len(), speech.len());
            }
        }
    }
}
