//! The audio path allocates nothing per block once it is warm.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ossicle::audio::encode::pcm::PcmEncoder;
use ossicle::audio::encode::{Encoder, FrameCodec, Framed, OPUS_FRAME};
use ossicle::audio::path::Encoded;
use ossicle::audio::{AudioPath, Packet};

/// A codec of no cost: what is counted is the path's own.
struct Mute;

impl FrameCodec for Mute {
    fn encode(&mut self, _: &[f32], sink: &mut dyn FnMut(&[u8])) {
        sink(&[0x48]);
    }

    fn flush(&mut self) {}

    fn poll(&mut self, _: &mut dyn FnMut(&[u8])) {}
}

#[test]
fn a_warm_path_allocates_nothing_whatever_the_rate_and_the_channels() {
    for rate in [16_000, 44_100, 48_000] {
        for channels in [1, 2] {
            let encoders: [Box<dyn Encoder>; 2] = [
                Box::new(PcmEncoder::new(16_000, channels)),
                Box::new(Framed::new(Mute, 16_000, channels, OPUS_FRAME, 104)),
            ];
            for encoder in encoders {
                let mut path = AudioPath::new(16_000, channels, encoder).unwrap();
                let block = vec![0.1; 1_024];
                let planes: Vec<&[f32]> = vec![&block; channels];
                let mut packets = 0;
                let mut push = |path: &mut AudioPath| {
                    let mut sink = |encoded: Encoded<'_>| {
                        packets += usize::from(matches!(encoded, Encoded::Packet(Packet { .. })))
                    };
                    path.push(&planes, rate, &mut sink).unwrap();
                };
                (0..50).for_each(|_| push(&mut path));
                let counted = allocation_counter::measure(|| (0..500).for_each(|_| push(&mut path)));
                assert_eq!(counted.count_total, 0, "{rate} Hz, {channels} channels");
                assert!(packets > 400);
            }
        }
    }
}
