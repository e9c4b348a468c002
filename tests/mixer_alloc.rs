//! That the mixer allocates nothing once it has met its sources: counted, not believed.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, missing_docs)]

use ossicle::time::Duration;

use ossicle::audio::mixer::{Mixed, Mixer};

/// Allocations while sources of these rates, with clocks that drift apart, are mixed for ten seconds after five of
/// warming up; and the frames that came out.
fn allocations(rates: &[u32]) -> (u64, usize) {
    let mut mixer = Mixer::new(16_000, rates.len());
    let sources: Vec<_> =
        (0..rates.len()).map(|channel| mixer.attach(channel, Duration::ZERO).unwrap()).zip(rates).collect();
    let block = [0.1; 960];
    let mut frames = 0;
    let mut run = |mixer: &mut Mixer, messages: std::ops::Range<u32>| {
        for message in messages {
            for (channel, (source, rate)) in sources.iter().enumerate() {
                // Each clock is slower than the one before by 100 ppm, and each message late by up to 15 ms.
                let captured = f64::from(message + 1) * 0.02 * (1.0 + channel as f64 * 1e-4);
                let now = Duration::from_secs_f64(captured + f64::from((message * 7 + channel as u32) % 16) / 1_000.0);
                let samples = &block[..**rate as usize / 50];
                let mut sink = |mixed: Mixed<'_>| match mixed {
                    Mixed::Frames(planes) => frames += planes[0].len(),
                    told => unreachable!("{told:?}"),
                };
                mixer.push(*source, samples, **rate, now, now, &mut sink).unwrap();
            }
        }
    };
    run(&mut mixer, 0..250);
    let counted = allocation_counter::measure(|| run(&mut mixer, 250..750));
    (counted.count_total, frames)
}

#[test]
fn sources_with_clocks_of_their_own_are_mixed_without_allocating() {
    for rates in [&[48_000][..], &[48_000, 16_000], &[16_000, 48_000, 8_000]] {
        let (count, frames) = allocations(rates);
        assert_eq!(count, 0, "{rates:?}");
        assert!(frames > 14 * 16_000, "{rates:?}: {frames}");
    }
}
