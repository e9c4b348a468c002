//! Whole visits: what a page sees of devices whose clocks differ, and what comes out.
#![allow(clippy::unwrap_used)]

use super::*;

mod world;

use world::{Device, World, visit};

#[test]
fn an_hour_of_two_clocks_stays_within_a_packet() {
    // At 4 kHz: what is tried here is the clocks, which do not know the rate.
    let mut world = World::new(4_000, 2, 60.0);
    let (mut microphone, mut remote) = (Device::new(4_000, 200.0, 0.03), Device::new(4_000, -150.0, 0.03));
    world.attach(&mut microphone, 0, 0.0);
    world.attach(&mut remote, 1, 0.0);
    world.run(&mut [&mut microphone, &mut remote], 3_600.0);
    assert!(world.heard.told.is_empty(), "{:?}", world.heard.told);
    let (left, right) = (&world.heard.pulses[0], &world.heard.pulses[1]);
    // The first comes at once, with the frames of the first 10 ms.
    assert_eq!((left.len(), right.len()), (60, 60));
    let apart = left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f64::max);
    assert!(apart < 0.003, "{:.1} ms apart", apart * 1_000.0);
    // The lead's own count is the time.
    let lead = (3_600.0 * 4_000.0 * (1.0 + 200e-6)) as u64;
    world.finish();
    assert!(world.heard.frames.abs_diff(lead) < 4_000 / 20, "{} of {lead} frames", world.heard.frames);
}

#[test]
fn a_source_whose_messages_are_held_up_is_silent_for_as_long_and_aligned_again() {
    let (mut world, mut microphone, mut remote) = visit();
    remote.held = 10.1..13.1;
    world.run(&mut [&mut microphone, &mut remote], 30.0);
    world.assert_aligned(1..10);
    assert_eq!([11.0, 12.0, 13.0].map(|second| world.pulse(1, second)), [None; 3]);
    assert!((11..14).all(|second| world.pulse(0, f64::from(second)).is_some()));
    world.assert_aligned(14..29);
    assert_eq!(world.heard.told, ["1 late", "1 back after 3.0 s"]);
    world.finish();
    assert!(world.heard.frames.abs_diff(240_000) < 8_000 / 20, "{}", world.heard.frames);
}

#[test]
fn a_source_that_captured_nothing_for_a_while_is_aligned_again() {
    let (mut world, mut microphone, mut remote) = visit();
    remote.lost = 10.1..13.1;
    world.run(&mut [&mut microphone, &mut remote], 30.0);
    world.assert_aligned(1..10);
    world.assert_aligned(14..29);
    assert_eq!(world.heard.told, ["1 late", "1 back after 3.0 s"]);
}

#[test]
fn when_the_lead_stalls_the_next_source_is_the_time() {
    for held in [false, true] {
        let (mut world, mut microphone, mut remote) = visit();
        *(if held { &mut microphone.held } else { &mut microphone.lost }) = 10.1..13.1;
        world.run(&mut [&mut microphone, &mut remote], 60.0);
        world.assert_aligned(1..10);
        assert!((10..14).all(|second| world.pulse(1, f64::from(second)).is_some()));
        world.assert_aligned(14..59);
        assert_eq!(world.heard.told, ["0 late", "0 back after 3.0 s"]);
    }
}

#[test]
fn when_the_lead_ends_the_next_source_is_the_time_and_another_may_come() {
    let (mut world, mut microphone, mut remote) = visit();
    world.run(&mut [&mut microphone, &mut remote], 20.0);
    world.detach(&microphone, 20.03);
    world.run(&mut [&mut remote], 25.5);
    let mut headset = Device::new(16_000, 150.0, 0.03);
    world.attach(&mut headset, 0, 25.5);
    world.run(&mut [&mut headset, &mut remote], 60.0);
    world.assert_aligned(1..20);
    assert!((21..26).all(|second| world.pulse(1, f64::from(second)).is_some()));
    world.assert_aligned(26..59);
    assert!(world.heard.told.is_empty(), "{:?}", world.heard.told);
}

#[test]
fn what_a_source_loses_without_a_stall_is_silence_of_its_length() {
    for lead in [false, true] {
        let (mut world, mut microphone, mut remote) = visit();
        *(if lead { &mut microphone.lost } else { &mut remote.lost }) = 10.1..10.4;
        world.run(&mut [&mut microphone, &mut remote], 40.0);
        world.assert_aligned(1..10);
        // Two windows later it is noticed, and nothing that the other captured is left out.
        world.assert_aligned(15..39);
        assert_eq!(world.heard.pulses.iter().map(Vec::len).collect::<Vec<_>>(), [40, 40]);
        assert!(world.heard.told.is_empty(), "{:?}", world.heard.told);
    }
}

#[test]
fn when_the_page_stands_still_nobody_is_late_and_nothing_is_lost() {
    let (mut world, mut microphone, mut remote) = visit();
    (microphone.held, remote.held) = (10.1..14.1, 10.1..14.1);
    world.run(&mut [&mut microphone, &mut remote], 30.0);
    world.assert_aligned(1..29);
    assert!(world.heard.told.is_empty(), "{:?}", world.heard.told);
}

#[test]
fn sources_at_usual_rates_are_aligned_at_sixteen_kilohertz() {
    let mut world = World::new(16_000, 2, 1.0);
    let (mut microphone, mut remote) = (Device::new(44_100, -90.0, 0.03), Device::new(48_000, 120.0, 0.0));
    world.attach(&mut microphone, 0, 0.0);
    world.attach(&mut remote, 1, 0.0);
    world.run(&mut [&mut microphone, &mut remote], 6.0);
    // A headset that goes from music to speech in the middle.
    (microphone.rate, remote.rate) = (16_000, 8_000);
    world.run(&mut [&mut microphone, &mut remote], 12.0);
    world.assert_aligned(1..12);
}

#[test]
fn a_single_source_passes_as_it_is_and_the_other_channels_are_silent() {
    for rate in [16_000, 44_100] {
        let samples: Vec<f32> = (0..rate).map(|n| (n as f32 * 0.1).sin()).collect();
        let mut expected = Vec::new();
        let mut resampler = crate::audio::resample::Resampler::new(rate, 16_000);
        resampler.process(&samples, &mut expected);
        resampler.finish(&mut expected);
        let (mut mixer, mut found) = (Mixer::new(16_000, 2), [Vec::new(), Vec::new()]);
        let mut sink = |mixed: Mixed<'_>| {
            if let Mixed::Frames(planes) = mixed {
                found[0].extend_from_slice(&planes[0]);
                found[1].extend_from_slice(&planes[1]);
            }
        };
        let source = mixer.attach(1, Duration::ZERO).unwrap();
        for (index, block) in samples.chunks(500).enumerate() {
            mixer
                .push(
                    source,
                    block,
                    rate,
                    Duration::from_millis(20 * index as u64),
                    Duration::from_millis(20 * index as u64),
                    &mut sink,
                )
                .unwrap();
        }
        mixer.detach(source, Duration::from_secs(2), &mut sink);
        assert!(found[1] == expected);
        assert!(found[0] == vec![0.0; expected.len()]);
    }
}

#[test]
fn a_source_that_never_comes_or_goes_silent_alone_is_told_once() {
    let mut world = World::new(8_000, 2, 1.0);
    let (mut silent, mut microphone) = (Device::new(8_000, 0.0, 0.0), Device::new(8_000, 0.0, 0.0));
    world.attach(&mut silent, 1, 0.0);
    world.attach(&mut microphone, 0, 0.0);
    world.run(&mut [&mut microphone], 3.0);
    assert_eq!(world.heard.told, ["0 late"]);
    assert!(world.heard.frames >= 23_800, "{}", world.heard.frames);
    (0..30).for_each(|tenth| world.poll(3.0 + f64::from(tenth) / 10.0));
    assert_eq!(world.heard.told, ["0 late", "1 late"]);
}

#[test]
fn sources_of_one_channel_are_added() {
    let (mut mixer, mut sum) = (Mixer::new(8_000, 1), 0.0);
    let sources = [0, 0].map(|channel| mixer.attach(channel, Duration::ZERO).unwrap());
    for block in 1..=100 {
        for source in sources {
            let now = Duration::from_millis(20 * block);
            let mut sink = |mixed: Mixed<'_>| {
                if let Mixed::Frames(planes) = mixed {
                    sum = planes[0][planes[0].len() - 1];
                }
            };
            mixer.push(source, &[0.25; 160], 8_000, now, now, &mut sink).unwrap();
        }
    }
    assert!((sum - 0.5).abs() < 1e-3, "{sum}");
}

#[test]
fn a_source_that_delivers_less_than_it_says_does_not_hold_up_the_others_for_long() {
    let mut mixer = Mixer::new(8_000, 2);
    let [whole, half] = [0, 1].map(|channel| mixer.attach(channel, Duration::ZERO).unwrap());
    let mut frames = 0;
    for block in 1..=3_000 {
        let now = Duration::from_millis(20 * block);
        let mut sink = |mixed: Mixed<'_>| {
            if let Mixed::Frames(planes) = mixed {
                frames += planes[0].len();
            }
        };
        mixer.push(whole, &[0.1; 160], 8_000, now, now, &mut sink).unwrap();
        mixer.push(half, &[0.1; 80], 8_000, now, now, &mut sink).unwrap();
        assert!(mixer.sources.iter().all(|source| source.held() < 8_000 * (HELD_SECONDS + 1)));
    }
    assert!(frames >= 160 * 3_000 - 8_000 * CROWDED_SECONDS, "{frames}");
}

#[test]
fn in_steady_state_no_buffer_grows() {
    let (mut world, mut microphone, mut remote) = visit();
    let capacities = |mixer: &Mixer| {
        let queues = mixer.sources.iter().map(Source::capacity);
        queues.chain(mixer.output.iter().map(Vec::capacity)).collect::<Vec<_>>()
    };
    world.run(&mut [&mut microphone, &mut remote], 10.0);
    let before = capacities(&world.mixer);
    world.run(&mut [&mut microphone, &mut remote], 120.0);
    assert_eq!(capacities(&world.mixer), before);
}

#[test]
fn the_output_is_as_long_as_what_the_lead_captured() {
    let (mut world, mut microphone, mut remote) = visit();
    world.run(&mut [&mut microphone, &mut remote], 20.0);
    world.detach(&remote, 20.03);
    world.run(&mut [&mut microphone], 25.0);
    world.finish();
    let captured = microphone.next * 8_000.0 * (1.0 + microphone.ppm * 1e-6);
    assert_eq!(world.heard.frames, captured.round() as u64);
    assert!(world.heard.told.is_empty(), "{:?}", world.heard.told);
}

#[test]
fn what_cannot_be_is_refused_with_a_sentence() {
    let mut mixer = Mixer::new(16_000, 2);
    assert!(mixer.attach(2, Duration::ZERO).is_err());
    let source = mixer.attach(1, Duration::ZERO).unwrap();
    let mut push = |source, rate| mixer.push(source, &[0.0; 160], rate, Duration::ZERO, Duration::ZERO, &mut |_| {});
    assert!(push(source, 16_000).is_ok());
    assert!(push(source, 0).is_err() && push(source, 192_001).is_err() && push(SourceId(7), 16_000).is_err());
    mixer.detach(source, Duration::ZERO, &mut |_| {});
    assert!(mixer.push(source, &[0.0], 16_000, Duration::ZERO, Duration::ZERO, &mut |_| {}).is_err());
    assert!((0..100).filter(|_| mixer.attach(0, Duration::ZERO).is_ok()).count() == MOST_SOURCES);
}

#[test]
fn odd_times_rates_and_samples_never_panic() {
    let mut random = 7_u64;
    let mut next = |bound: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % bound
    };
    let times = [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(3_600), Duration::MAX];
    for round in 0..30 {
        let mut mixer = Mixer::new([0, 8_000, 16_000][round % 3], 3);
        let mut sources = Vec::new();
        for call in 0..200_u64 {
            let now = if next(8) == 0 { times[next(4)] } else { Duration::from_millis(call * 20) };
            match next(10) {
                0 => sources.extend(mixer.attach(next(4), now)),
                1 if !sources.is_empty() => mixer.detach(sources.swap_remove(next(sources.len())), now, &mut |_| {}),
                2 => mixer.poll(now, &mut |_| {}),
                _ if !sources.is_empty() => {
                    let samples = vec![[0.1, f32::NAN, f32::INFINITY, 0.0][next(4)]; next(400)];
                    let rate = [0, 8_000, 16_000, 24_000, u32::MAX][next(5)];
                    let _ = mixer.push(sources[next(sources.len())], &samples, rate, now, now, &mut |_| {});
                }
                _ => {}
            }
        }
        mixer.finish(&mut |_| {});
    }
}
