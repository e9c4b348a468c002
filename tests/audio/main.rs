//! The audio path from frames to the bytes of a socket, judged by other people's decoders: `opusinfo`, `opusdec` and
//! `ffmpeg`, which the set-up installs.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod decoders;
mod opus;

use std::time::Duration;

use ossicle::audio::AudioPath;
use ossicle::audio::container::{Format, Place};
use ossicle::audio::encode::pcm::PcmEncoder;
use ossicle::audio::encode::{Encoder, Framed, OPUS_FRAME, Packet};
use ossicle::audio::path::Encoded;

/// Rate of what is encoded, in Hz.
const RATE: u32 = 16_000;

/// A packet that was kept, as the session keeps them.
#[derive(Clone)]
struct Kept {
    start: Duration,
    duration: Duration,
    bytes: Vec<u8>,
}

/// One run of the path.
struct Run {
    rate: u32,
    block: usize,
    channels: usize,
}

impl Run {
    /// What comes out for `signal` (a function of seconds, one for each channel).
    fn packets(&self, encoder: Box<dyn Encoder>, seconds: f64, signal: impl Fn(usize, f64) -> f32) -> Vec<Kept> {
        let mut path = AudioPath::new(RATE, self.channels, encoder).unwrap();
        let frames = (seconds * f64::from(self.rate)) as usize;
        let planes: Vec<Vec<f32>> = (0..self.channels)
            .map(|channel| (0..frames).map(|n| signal(channel, n as f64 / f64::from(self.rate))).collect())
            .collect();
        let mut packets = Vec::new();
        let mut sink = |encoded: Encoded<'_>| {
            if let Encoded::Packet(packet) = encoded {
                packets.push(Kept { start: packet.start, duration: packet.duration, bytes: packet.bytes.to_vec() });
            }
        };
        for start in (0..frames).step_by(self.block) {
            let end = frames.min(start + self.block);
            let block: Vec<&[f32]> = planes.iter().map(|plane| &plane[start..end]).collect();
            path.push(&block, self.rate, &mut sink).unwrap();
        }
        path.finish(&mut sink);
        assert_eq!(path.given(), path.taken());
        packets
    }
}

/// The bytes of one socket that starts at a packet, in chunks of so many packets.
fn socket(packets: &[Kept], format: &Format, chunk: usize) -> Vec<Vec<u8>> {
    let mut container = format.open(7);
    let last = packets.len().saturating_sub(1);
    let mut chunks = vec![Vec::new()];
    for (index, packet) in packets.iter().enumerate() {
        let ends_chunk = (index + 1) % chunk == 0;
        let place = match (index == last, ends_chunk) {
            (true, _) => Place::EndOfStream,
            (_, true) => Place::EndOfChunk,
            _ => Place::Within,
        };
        let packet = Packet { start: packet.start, duration: packet.duration, bytes: &packet.bytes };
        container.write(packet, place, chunks.last_mut().unwrap());
        if ends_chunk && index != last {
            chunks.push(Vec::new());
        }
    }
    chunks
}

/// A voice-like sound: harmonics of a gliding pitch, with the rise and fall of syllables. Seconds in, a sample out.
fn voice(channel: usize, seconds: f64) -> f32 {
    let pitch = std::f64::consts::TAU * (110.0 + 40.0 * channel as f64) * (seconds + 0.03 * (3.0 * seconds).sin());
    let syllable = 0.55 + 0.45 * (std::f64::consts::TAU * 4.0 * seconds).sin();
    let sum: f64 = (1..20).map(|harmonic| (pitch * f64::from(harmonic)).sin() / f64::from(harmonic)).sum();
    (0.2 * syllable * sum) as f32
}

/// How alike two signals are, −1 to 1, when the second is shifted by `lag` frames.
fn likeness(a: &[f32], b: &[f32], lag: i64) -> f64 {
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (index, a) in a.iter().enumerate() {
        let Some(b) = usize::try_from(index as i64 + lag).ok().and_then(|index| b.get(index)) else { continue };
        let (a, b) = (f64::from(*a), f64::from(*b));
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    ab / (aa * bb).sqrt().max(1e-12)
}

#[test]
fn pcm_is_the_input_resampled_and_nothing_else() {
    for rate in [8_000, 44_100, 48_000] {
        let run = Run { rate, block: 441, channels: 1 };
        let packets = run.packets(Box::new(PcmEncoder::new(RATE, 1)), 1.0, voice);
        let bytes = socket(&packets, &Format::Raw, 25).concat();
        assert_eq!(bytes.len(), 32_000);
        let decoded: Vec<f32> =
            bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect();
        let expected: Vec<f32> = (0..16_000).map(|n| voice(0, f64::from(n) / 16_000.0)).collect();
        let alike = likeness(&expected, &decoded, 0);
        assert!(alike > 0.98, "{alike} at {rate} Hz");
    }
}

/// An Opus encoder as the wasm module has it, for the tests.
fn opus_encoder(channels: usize, bitrate: i32) -> Box<dyn Encoder> {
    let codec = opus::Codec::new(RATE as i32, channels, bitrate);
    let delay = codec.lookahead() as u32;
    // What the browser's edge assumes for every rate: 6.5 ms.
    assert_eq!(delay, RATE * 13 / 2_000);
    Box::new(Framed::new(codec, RATE, channels, OPUS_FRAME, delay))
}

fn ogg(channels: u8) -> Format {
    Format::OggOpus { channels, sample_rate: RATE }
}

#[test]
fn ogg_opus_is_accepted_without_a_warning_and_comes_back_aligned_from_any_packet() {
    for (rate, block, channels, bitrate, start) in [
        (48_000, 1_024, 1, 24_000, 0),
        (48_000, 128, 1, 12_000, 1),
        (44_100, 999, 1, 24_000, 57),
        (16_000, 320, 1, 64_000, 0),
        (8_000, 160, 1, 16_000, 13),
        (192_000, 4_096, 1, 24_000, 0),
        (48_000, 1_024, 2, 32_000, 0),
        (44_100, 441, 2, 48_000, 40),
    ] {
        let what = format!("{rate} Hz, blocks of {block}, {channels} channels, {bitrate} bit/s, from packet {start}");
        let seconds = 2.345;
        let packets = Run { rate, block, channels }.packets(opus_encoder(channels, bitrate), seconds, voice);
        let bytes = socket(&packets[start..], &ogg(channels as u8), 12).concat();
        decoders::opusinfo_has_no_complaint(&bytes, &what);

        let from = packets[start].start.as_secs_f64();
        for (decoder, planes) in decoders::decode(&bytes, channels) {
            let decoded = planes[0].len() as f64 / 48_000.0;
            let expected = seconds - from;
            assert!((decoded - expected).abs() < 0.001, "{decoder}: {decoded} s of {expected} s: {what}");
            for (channel, plane) in planes.iter().enumerate() {
                let original: Vec<f32> = (0..plane.len()).map(|n| voice(channel, from + n as f64 / 48_000.0)).collect();
                let best = (-300..=300)
                    .max_by(|a, b| likeness(&original, plane, *a).total_cmp(&likeness(&original, plane, *b)));
                let alike = likeness(&original, plane, best.unwrap());
                assert!(best.unwrap().abs() <= 12, "{decoder}: shifted by {best:?} at 48 kHz: {what}");
                assert!(alike > 0.6, "{decoder}: {alike} alike: {what}");
            }
        }
    }
}

#[test]
fn a_chunk_is_whole_pages_and_the_first_holds_the_headers() {
    let packets = Run { rate: 48_000, block: 960, channels: 1 }.packets(opus_encoder(1, 24_000), 3.0, voice);
    let chunks = socket(&packets, &ogg(1), 12);
    assert!(chunks[0].windows(8).any(|window| window == b"OpusHead"));
    for chunk in &chunks {
        assert!(chunk.starts_with(b"OggS"));
        assert!(chunk.len() <= 64_000);
    }
    let without_first: Vec<&Vec<u8>> = chunks.iter().skip(1).collect();
    assert!(without_first.iter().all(|chunk| !chunk.windows(8).any(|window| window == b"OpusHead")));
}

#[test]
fn a_higher_bitrate_is_spent_and_none_is_exceeded() {
    let mut spent = 0.0;
    for bitrate in [12_000, 24_000, 64_000] {
        let packets = Run { rate: 16_000, block: 320, channels: 1 }.packets(opus_encoder(1, bitrate), 10.0, voice);
        let bits = 8.0 * packets.iter().map(|packet| packet.bytes.len()).sum::<usize>() as f64 / 10.0;
        assert!(bits > spent * 1.3 && bits < f64::from(bitrate) * 1.1, "{bits} bit/s of {bitrate}");
        spent = bits;
    }
}
