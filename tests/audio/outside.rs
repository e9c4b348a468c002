//! Some combinations, so chosen that every pair of choices is among them, decoded by the programs that others decode
//! with, without a warning. Raw PCM is left out: it has nothing to be misread.

use crate::RATE;
use crate::codecs::Coding;
use crate::decoders;
use crate::matrix::{BLOCKS, CHANNELS, LONG, RATES, captured, judge_samples, judge_sound, resampled, starts};
use crate::run::{packets, socket};

/// The rate at which Opus is decoded, in Hz.
const DECODED: u32 = 48_000;

const CODINGS: [Coding; 4] = [Coding::Flac, Coding::Opus(12_000), Coding::Opus(24_000), Coding::Opus(64_000)];

/// One combination, by the index of each choice: capture rate, block length, start, channels, encoding.
type Case = [usize; 5];

/// How many choices there are for each.
const CHOICES: Case = [RATES.len(), BLOCKS.len(), 4, CHANNELS.len(), CODINGS.len()];

fn is_possible(case: &Case) -> bool {
    CODINGS[case[4]].takes(CHANNELS[case[3]])
}

/// The pairs of choices in a combination.
fn pairs(case: &Case) -> impl Iterator<Item = [(usize, usize); 2]> + '_ {
    (0..case.len()).flat_map(move |a| (a + 1..case.len()).map(move |b| [(a, case[a]), (b, case[b])]))
}

/// Few combinations with every pair of choices that can be: the one with the most new pairs, again and again.
fn covering() -> Vec<Case> {
    let all = (0..CHOICES.iter().product()).map(|mut index| {
        CHOICES.map(|choices| {
            let choice = index % choices;
            index /= choices;
            choice
        })
    });
    let possible: Vec<Case> = all.filter(is_possible).collect();
    let mut open: std::collections::HashSet<_> = possible.iter().flat_map(pairs).collect();
    let mut chosen = Vec::new();
    while !open.is_empty() {
        let new = |case: &&Case| pairs(case).filter(|pair| open.contains(pair)).count();
        let case = *possible.iter().max_by_key(new).unwrap();
        pairs(&case).for_each(|pair| _ = open.remove(&pair));
        chosen.push(case);
    }
    chosen
}

/// Judges a part of the combinations, so that parts can run at the same time.
fn judge_part(part: usize) {
    for case in covering().iter().skip(part).step_by(2) {
        let [rate, block, start, channels, coding] = *case;
        judge(RATES[rate], BLOCKS[block], start, CHANNELS[channels], CODINGS[coding]);
    }
}

fn judge(rate: u32, block: usize, start: usize, channels: usize, coding: Coding) {
    let planes = captured(rate, channels, LONG);
    let (encoder, format) = coding.start(channels);
    let kept = packets(encoder, &planes, rate, block);
    let start = starts(kept.len())[start];
    let what = format!("{coding:?}, {channels} channels from {rate} Hz, blocks of {block}, from packet {start}");
    let bytes = socket(&kept[start..], &format, 12).concat();
    let first = kept[start].first_frame();
    let resampled = resampled(&planes, rate);
    let expected: Vec<&[f32]> = resampled.iter().map(|plane| &plane[first..]).collect();
    if coding == Coding::Flac {
        for decoded in [decoders::flac(&bytes, channels, &what), decoders::ffmpeg_flac(&bytes, channels, &what)] {
            judge_samples(coding, &decoded, &expected, &what);
        }
        return;
    }
    decoders::opusinfo(&bytes, &what);
    for decoded in [decoders::opusdec(&bytes, channels, &what), decoders::ffmpeg_opus(&bytes, channels, &what)] {
        let frames = expected[0].len() * (DECODED / RATE) as usize;
        assert!(decoded.iter().all(|plane| plane.len() == frames), "{what}: {} of {frames} frames", decoded[0].len());
        judge_sound(coding, &decoded, DECODED, first, expected[0].len(), &what);
    }
}

#[test]
fn decoders_of_others_take_every_pair_of_choices_without_a_warning_first_half() {
    judge_part(0);
}

#[test]
fn decoders_of_others_take_every_pair_of_choices_without_a_warning_second_half() {
    judge_part(1);
}
