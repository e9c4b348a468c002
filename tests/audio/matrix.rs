//! Every combination of block length, capture rate, channels, encoding and first packet, judged in this process.
//!
//! The packets must not depend on the lengths of the blocks; once that is shown, what they decode to is judged once for
//! all of them.

use ossicle::audio::resample::Resampler;

use crate::RATE;
use crate::codecs::Coding;
use crate::decode::{decode, sixteen_bits};
use crate::run::{Kept, packets, socket};
use crate::sound::{alignment, voiced};

pub(crate) const RATES: [u32; 8] = [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000];

/// In frames. Those of an app, of worklets and of script processors; 997 is a prime number.
pub(crate) const BLOCKS: [usize; 6] = [128, 441, 960, 997, 1_024, 4_096];

pub(crate) const CHANNELS: [usize; 3] = [1, 2, 8];

/// Seconds of a run: no encoding fills its last packet, and Opus needs one more for what its encoder is late by.
pub(crate) const LONG: f64 = 0.655;
/// Seconds of a run that is given frame by frame; here the last packet has room for what the encoder is late by.
const SHORT: f64 = 0.031;

/// How much of what a decoder makes of a stream that starts in the middle is not judged: RFC 7845, section 4.6, has
/// players throw away 80 ms.
const SETTLING: usize = RATE as usize * 80 / 1_000;

/// Which packets a socket starts at: the first, the second, one in the middle, the last.
pub(crate) fn starts(packets: usize) -> [usize; 4] {
    [0, 1.min(packets - 1), packets / 2, packets - 1]
}

/// The voice in all channels, captured at `rate` Hz for so long.
pub(crate) fn captured(rate: u32, channels: usize, seconds: f64) -> Vec<Vec<f32>> {
    (0..channels).map(|channel| voiced(channel, rate, 0.0, (seconds * f64::from(rate)) as usize)).collect()
}

/// How alike the voice must be to itself. Each bound is a hundredth below the least that was measured over all capture
/// rates; where decoding starts in the middle, some of what the encoder builds on stays unknown for longer than the
/// settling.
pub(crate) fn least_likeness(coding: Coding, channels: usize, from_the_middle: bool) -> f64 {
    let whole = match (coding, channels) {
        (Coding::Pcm | Coding::Flac, _) => return 0.999_9,
        (Coding::Opus(64_000..), _) | (Coding::Opus(24_000..), 1) => 0.98,
        (Coding::Opus(12_000..), 1) => 0.95,
        (Coding::Opus(24_000..), _) => 0.89,
        // Six kilobits a channel: not much is left.
        (Coding::Opus(_), _) => 0.66,
    };
    if from_the_middle { whole - 0.03 } else { whole }
}

#[test]
fn raw_pcm_is_the_input_resampled_whatever_the_blocks() {
    judge_all(Coding::Pcm);
}

#[test]
fn flac_decodes_to_the_input_resampled_from_any_packet_whatever_the_blocks() {
    judge_all(Coding::Flac);
}

#[test]
fn opus_at_12_kbit_is_aligned_from_any_packet_whatever_the_blocks() {
    judge_all(Coding::Opus(12_000));
}

#[test]
fn opus_at_24_kbit_is_aligned_from_any_packet_whatever_the_blocks() {
    judge_all(Coding::Opus(24_000));
}

#[test]
fn opus_at_64_kbit_is_aligned_from_any_packet_whatever_the_blocks() {
    judge_all(Coding::Opus(64_000));
}

fn judge_all(coding: Coding) {
    for rate in RATES {
        for channels in CHANNELS.into_iter().filter(|channels| coding.takes(*channels)) {
            let what = format!("{coding:?}, {channels} channels from {rate} Hz");
            judge(coding, &captured(rate, channels, SHORT), rate, &[1, 128], &what);
            judge(coding, &captured(rate, channels, LONG), rate, &BLOCKS, &what);
        }
    }
}

/// Sends planes through the path in each of these block lengths.
fn judge(coding: Coding, planes: &[Vec<f32>], rate: u32, blocks: &[usize], what: &str) {
    let run = |block: usize| packets(coding.start(planes.len()).0, planes, rate, block);
    let kept = run(blocks[0]);
    for block in &blocks[1..] {
        assert!(run(*block) == kept, "{what}: blocks of {block} make other packets than {}", blocks[0]);
    }
    let resampled = resampled(planes, rate);
    judge_spans(coding, &kept, resampled[0].len(), what);
    for start in starts(kept.len()) {
        let what = format!("{what}, from packet {start} of {}", kept.len());
        judge_socket(coding, &kept[start..], &resampled, &what);
    }
}

/// What the path should have encoded, by the resampler alone.
pub(crate) fn resampled(planes: &[Vec<f32>], rate: u32) -> Vec<Vec<f32>> {
    let resample = |plane: &Vec<f32>| {
        let (mut resampler, mut output) = (Resampler::new(rate, RATE), Vec::new());
        resampler.process(plane, &mut output);
        resampler.finish(&mut output);
        output
    };
    planes.iter().map(resample).collect()
}

/// Spans follow each other, and cover the capture to the sample.
fn judge_spans(coding: Coding, kept: &[Kept], frames: usize, what: &str) {
    assert!(kept[0].start.is_zero(), "{what}");
    assert!(kept.windows(2).all(|pair| pair[0].end() == pair[1].start), "{what}: a gap between packets");
    assert!(kept.iter().all(|packet| packet.duration <= coding.packet()), "{what}: a packet is too long");
    let encoded = kept.last().unwrap().end().as_secs_f64() * f64::from(RATE);
    assert!((encoded - frames as f64).abs() < 0.01, "{what}: {encoded} frames of {frames}");
}

/// What a socket carries decodes to the sound that was captured from its first packet on.
fn judge_socket(coding: Coding, kept: &[Kept], resampled: &[Vec<f32>], what: &str) {
    let (_, format) = coding.start(resampled.len());
    let bytes = socket(kept, &format, 12).concat();
    let first = kept[0].first_frame();
    let expected: Vec<&[f32]> = resampled.iter().map(|plane| &plane[first..]).collect();
    if coding.loses_nothing() {
        judge_samples(coding, &sixteen_bits(&bytes, coding, resampled.len()), &expected, what);
    }
    let planes = decode(&bytes, coding, resampled.len());
    for (plane, expected) in planes.iter().zip(&expected).filter(|_| !coding.loses_nothing()) {
        assert_eq!(plane.len(), expected.len(), "{what}");
    }
    judge_sound(coding, &planes, RATE, first, expected[0].len(), what);
}

/// Of an encoding that loses nothing: the samples are those that were resampled, and then silence to the packet's end.
pub(crate) fn judge_samples<T: AsRef<[f32]>>(coding: Coding, planes: &[Vec<i16>], expected: &[T], what: &str) {
    let packet = (coding.packet().as_secs_f64() * f64::from(RATE)) as usize;
    let most_padding = if coding == Coding::Flac { packet - 1 } else { 0 };
    for (plane, expected) in planes.iter().zip(expected) {
        let expected = expected.as_ref();
        assert!(plane.len() >= expected.len(), "{what}: {} frames of {}", plane.len(), expected.len());
        let (sound, padding) = plane.split_at(expected.len());
        assert!(sound.iter().zip(expected).all(|(decoded, sample)| *decoded == quantised(*sample)), "{what}: samples");
        assert!(padding.len() <= most_padding && padding.iter().all(|sample| *sample == 0), "{what}: padding");
    }
}

/// Planes at `rate` Hz hold `frames` frames at [`RATE`] of the voice, from frame `first` of it on, at the right time.
pub(crate) fn judge_sound(coding: Coding, planes: &[Vec<f32>], rate: u32, first: usize, frames: usize, what: &str) {
    let at_rate = |frames: usize| frames * rate as usize / RATE as usize;
    let settled = if first == 0 { 0 } else { at_rate(SETTLING) };
    // Of a socket that starts at the last packet there is nothing to compare but the length.
    if at_rate(frames) < settled + at_rate(SETTLING) {
        return;
    }
    let start = f64::from(u32::try_from(first).unwrap()) / f64::from(RATE);
    let most_lag = i64::from(rate) / 2_000; // half a millisecond
    for (channel, plane) in planes.iter().enumerate() {
        let original = voiced(channel, rate, start, at_rate(frames));
        let (lag, alike) = alignment(&original[settled..], &plane[settled..at_rate(frames)], 2 * most_lag);
        assert!(lag.abs() <= most_lag, "{what}: channel {channel} is late by {lag} frames at {rate} Hz");
        let least = least_likeness(coding, planes.len(), first > 0);
        assert!(alike > least, "{what}: channel {channel} is {alike} alike");
    }
}

/// A sample of ±1 in 16 bits.
fn quantised(sample: f32) -> i16 {
    (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
}
