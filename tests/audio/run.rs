//! Runs of the path: frames in, packets kept as the session keeps them, chunks of a socket out.

use ossicle::time::Duration;

use ossicle::audio::AudioPath;
use ossicle::audio::container::{Format, Place};
use ossicle::audio::encode::{Encoder, Packet};
use ossicle::audio::path::Encoded;

use proptest::test_runner::Config;

use crate::RATE;

/// A packet that was kept.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) start: Duration,
    pub(crate) duration: Duration,
    pub(crate) bytes: Vec<u8>,
}

/// Its length tells enough of the bytes, should a test print it.
impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}+{:?}: {} bytes", self.start, self.duration, self.bytes.len())
    }
}

impl Kept {
    pub(crate) fn end(&self) -> Duration {
        self.start + self.duration
    }

    /// The frame of the path's output that it begins with.
    pub(crate) fn first_frame(&self) -> usize {
        (self.start.as_secs_f64() * f64::from(RATE)).round() as usize
    }
}

/// What comes out for planes that were captured at `rate` Hz, given in blocks of so many frames.
pub(crate) fn packets(encoder: Box<dyn Encoder>, planes: &[Vec<f32>], rate: u32, block: usize) -> Vec<Kept> {
    let mut path = AudioPath::new(RATE, planes.len(), encoder).unwrap();
    let frames = planes[0].len();
    let mut packets = Vec::new();
    let mut sink = |encoded: Encoded<'_>| {
        if let Encoded::Packet(packet) = encoded {
            packets.push(Kept { start: packet.start, duration: packet.duration, bytes: packet.bytes.to_vec() });
        }
    };
    for start in (0..frames).step_by(block) {
        let end = frames.min(start + block);
        let block: Vec<&[f32]> = planes.iter().map(|plane| &plane[start..end]).collect();
        path.push(&block, rate, &mut sink).unwrap();
    }
    path.finish(&mut sink);
    assert_eq!(path.given(), path.taken());
    packets
}

/// The bytes of one socket that starts at the first of these packets, in chunks of so many packets.
pub(crate) fn socket(packets: &[Kept], format: &Format, chunk: usize) -> Vec<Vec<u8>> {
    let mut container = format.open(7);
    let chunks = packets.chunks(chunk);
    let last = chunks.len().saturating_sub(1);
    let write = |(index, kept): (usize, &[Kept])| {
        let mut bytes = Vec::new();
        for (within, packet) in kept.iter().enumerate() {
            let place = match (within + 1 == kept.len(), index == last) {
                (true, true) => Place::EndOfStream,
                (true, false) => Place::EndOfChunk,
                _ => Place::Within,
            };
            let packet = Packet { start: packet.start, duration: packet.duration, bytes: &packet.bytes };
            container.write(packet, place, &mut bytes);
        }
        bytes
    };
    chunks.enumerate().map(write).collect()
}

/// How properties are tested: with other packets at every run. What a failure needs is in its message, not in a file.
pub(crate) fn any_number_of_times() -> Config {
    Config { failure_persistence: None, ..Config::default() }
}
