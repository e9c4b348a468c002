//! Memory: an encoder takes what it keeps at the start. The codec takes a few small blocks for the length of a frame, which
//! is its own affair; this crate adds none to them, and none stays.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

mod signal;

use allocation_counter::measure;
use opus_pure::{Application, MAX_PACKET_BYTES, OpusEncoder, Signal};
use ossicle_opus::Encoder;
use signal::{interleaved, voice};

/// Most bytes that the codec may hold within a frame beyond those it keeps. At 16 kHz it is 2.6 kB: two copies of the
/// frame for its voice detection and its quantiser, and one packet.
const MOST_WITHIN_A_FRAME: u64 = 16_384;

#[test]
fn a_frame_takes_no_memory_but_what_the_codec_gives_back_within_it() {
    for (rate, channels, bitrate, complexity) in
        [(16_000, 1, 24_000, 5), (16_000, 1, 24_000, 10), (16_000, 2, 48_000, 5), (48_000, 1, 64_000, 5)]
    {
        let case = format!("{channels} channels at {rate} Hz, complexity {complexity}");
        let speech = interleaved(&vec![voice(rate, 2, 8); channels]);
        let mut encoder = Encoder::new(rate, channels, bitrate, complexity).unwrap();
        let mut codec = OpusEncoder::new(rate as i32, channels, Application::Voip).unwrap();
        codec.bitrate_bps = bitrate as i32;
        codec.complexity = complexity as i32;
        codec.signal_type = Some(Signal::Voice);
        let mut packet = vec![0; MAX_PACKET_BYTES];

        for (index, frame) in speech.chunks_exact(encoder.frame_len()).enumerate() {
            let mut length = 0;
            let bare = measure(|| length = codec.encode(frame, frame.len() / channels, &mut packet).unwrap());
            let whole = measure(|| assert_eq!(encoder.encode(frame).unwrap().len(), length));
            assert_eq!(whole.count_total, bare.count_total, "frame {index} of {case}: this crate took some");
            // The codec sizes its own buffers when it first meets a mode.
            if index >= 50 {
                assert_eq!(whole.bytes_current, 0, "frame {index} of {case}: some stayed");
                assert!(whole.bytes_max <= MOST_WITHIN_A_FRAME, "frame {index} of {case}: {} bytes", whole.bytes_max);
            }
        }
    }
}
