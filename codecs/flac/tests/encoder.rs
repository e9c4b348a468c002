//! The encoder from outside: its streams decode, with a decoder by other hands, to the very samples that went in.

#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use ossicle_flac::{Encoder, Refused};

/// Sums of tones with a little noise, another sum for each channel: `seconds` of it, interleaved.
fn tones(sample_rate: u32, channels: usize, seconds: u32) -> Vec<f32> {
    let mut noise = 1u32;
    let mut samples = Vec::new();
    for index in 0..sample_rate * seconds {
        let time = index as f32 / sample_rate as f32;
        for channel in 0..channels {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let rough = noise as f32 / (1u32 << 31) as f32 - 1.0;
            let tone = |hertz: f32| (std::f32::consts::TAU * hertz * time).sin();
            samples
                .push(0.4 * tone(140.0 + 35.0 * channel as f32) * tone(3.0).abs() + 0.2 * tone(710.0) + 0.01 * rough);
        }
    }
    samples
}

fn sixteen_bits(samples: &[f32]) -> Vec<i32> {
    samples.iter().map(|sample| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i32).collect()
}

/// The header and all frames from `first` on.
fn stream(encoder: &mut Encoder, samples: &[f32], first: usize) -> Vec<u8> {
    let blocks = samples.chunks_exact(encoder.block_len());
    let frames: Vec<_> = blocks.map(|block| encoder.encode(block).unwrap().to_vec()).collect();
    [encoder.header().to_vec(), frames[first..].concat()].concat()
}

fn decoded(stream: &[u8]) -> Vec<i32> {
    claxon::FlacReader::new(Cursor::new(stream)).unwrap().samples().map(Result::unwrap).collect()
}

#[test]
fn every_sample_comes_back_whatever_the_rate_and_the_channels() {
    for (rate, channels) in [(8_000, 1), (16_000, 1), (16_000, 2), (44_100, 2), (48_000, 8)] {
        let samples = tones(rate, channels, 2);
        let mut encoder = Encoder::new(rate, channels).unwrap();
        let bytes = stream(&mut encoder, &samples, 0);
        let info = claxon::FlacReader::new(Cursor::new(&bytes)).unwrap().streaminfo();
        assert_eq!((info.sample_rate, info.channels, info.bits_per_sample), (rate, channels as u32, 16));
        assert_eq!(u32::from(info.max_block_size), rate * 2 / 25, "80 ms");
        assert_eq!(decoded(&bytes), sixteen_bits(&samples), "{channels} channels at {rate} Hz");
        assert!(bytes.len() < samples.len() * 2 * 4 / 5, "{} bytes for {} samples", bytes.len(), samples.len());
    }
}

#[test]
fn a_stream_may_begin_with_any_frame() {
    let samples = tones(16_000, 1, 2);
    let mut encoder = Encoder::new(16_000, 1).unwrap();
    let bytes = stream(&mut encoder, &samples, 7);
    assert_eq!(decoded(&bytes), sixteen_bits(&samples[7 * 1_280..]));
}

#[test]
fn noise_at_full_scale_and_silence_come_back_too() {
    let mut samples: Vec<f32> = (0..1_280u32).map(|index| if index * index % 7 < 3 { 1.0 } else { -1.0 }).collect();
    samples.extend([0.0; 1_280]);
    let bytes = stream(&mut Encoder::new(16_000, 1).unwrap(), &samples, 0);
    assert_eq!(decoded(&bytes), sixteen_bits(&samples));
}

#[test]
fn what_is_no_number_is_silence_and_what_is_too_loud_is_clipped() {
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -7.0];
    let samples: Vec<f32> = odd.into_iter().cycle().take(1_280).collect();
    let bytes = stream(&mut Encoder::new(16_000, 1).unwrap(), &samples, 0);
    assert_eq!(decoded(&bytes)[..5], [0, 32_767, -32_768, 32_767, -32_768]);
}

#[test]
fn what_flac_or_this_encoder_has_not_is_refused_by_name() {
    for rate in [0, 7_999, 11_026, 48_025, u32::MAX] {
        assert_eq!(Encoder::new(rate, 1).err(), Some(Refused::SampleRate(rate)));
    }
    for channels in [0, 9, usize::MAX] {
        assert_eq!(Encoder::new(16_000, channels).err(), Some(Refused::Channels(channels)));
    }
    let mut encoder = Encoder::new(16_000, 2).unwrap();
    for given in [0, 1_280, 2_559, 2_561] {
        let refused = encoder.encode(&vec![0.5; given]).map(<[u8]>::len);
        assert_eq!(refused, Err(Refused::BlockLength { expected: 2_560, given }));
    }
}
