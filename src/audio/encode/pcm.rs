//! Raw PCM: little-endian signed 16-bit, channels interleaved.
//!
//! The simplest form the service takes, and the fallback that needs no codec: 32 kB a second and channel at 16 kHz.

use super::{Encoder, Packet, time_of};

/// Length of a PCM packet. Ten milliseconds divide every chunk length that is offered, so chunks come out exact.
const PACKETS_PER_SECOND: u32 = 100;

/// Interleaves and quantises.
#[derive(Debug)]
pub struct PcmEncoder {
    sample_rate: u32,
    channels: usize,
    packet_bytes: usize,
    /// Bytes of the packet that is being filled.
    pending: Vec<u8>,
    /// Frames handed out in packets so far.
    frames_out: u64,
}

impl PcmEncoder {
    /// An encoder for frames of `channels` channels at `sample_rate` Hz; both must be at least 1.
    #[must_use]
    pub fn new(sample_rate: u32, channels: usize) -> Self {
        let channels = channels.max(1);
        let sample_rate = sample_rate.max(PACKETS_PER_SECOND);
        let packet_bytes = (sample_rate / PACKETS_PER_SECOND) as usize * channels * 2;
        Self { sample_rate, channels, packet_bytes, pending: Vec::with_capacity(packet_bytes), frames_out: 0 }
    }

    fn emit(&mut self, sink: &mut dyn FnMut(Packet<'_>)) {
        let frames = (self.pending.len() / (2 * self.channels)) as u64;
        let start = time_of(self.frames_out, self.sample_rate);
        self.frames_out += frames;
        // The difference of two instants, not the length of the frames: durations then add up to the last instant.
        let duration = time_of(self.frames_out, self.sample_rate) - start;
        sink(Packet { start, duration, bytes: &self.pending });
        self.pending.clear();
    }
}

impl Encoder for PcmEncoder {
    fn push(&mut self, planes: &[Vec<f32>], sink: &mut dyn FnMut(Packet<'_>)) {
        let frames = planes.iter().map(Vec::len).min().unwrap_or(0);
        for frame in 0..frames {
            for channel in 0..self.channels {
                let sample = planes.get(channel).map_or(0.0, |plane| plane[frame]);
                self.pending.extend_from_slice(&quantise(sample).to_le_bytes());
            }
            if self.pending.len() == self.packet_bytes {
                self.emit(sink);
            }
        }
    }

    fn finish(&mut self, sink: &mut dyn FnMut(Packet<'_>)) {
        if !self.pending.is_empty() {
            self.emit(sink);
        }
    }

    fn poll(&mut self, _: &mut dyn FnMut(Packet<'_>)) {}

    fn given(&self) -> u64 {
        0
    }

    fn taken(&self) -> u64 {
        0
    }
}

/// Full scale ±1.0 to 16 bits; what lies beyond is clipped, NaN is silence (a cast of NaN is 0).
#[allow(clippy::cast_possible_truncation)] // a float-to-int cast saturates, which is what clipping means
fn quantise(sample: f32) -> i16 {
    (sample * 32_768.0).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;

    fn encode(blocks: &[&[f32]]) -> Vec<(Duration, Duration, Vec<u8>)> {
        let mut encoder = PcmEncoder::new(16_000, 1);
        let mut packets = Vec::new();
        let mut sink = |packet: Packet<'_>| packets.push((packet.start, packet.duration, packet.bytes.to_vec()));
        for block in blocks {
            encoder.push(&[block.to_vec()], &mut sink);
        }
        encoder.finish(&mut sink);
        packets
    }

    #[test]
    fn full_scale_maps_to_the_ends_of_sixteen_bits_and_beyond_is_clipped() {
        let values = [0.0, 1.0, -1.0, 2.0, -2.0, f32::NAN, f32::INFINITY, 0.5];
        let expected = [0, 32_767, -32_768, 32_767, -32_768, 0, 32_767, 16_384];
        assert_eq!(values.map(quantise), expected);
    }

    #[test]
    fn packets_of_ten_milliseconds_follow_each_other_without_a_gap() {
        let packets = encode(&[&[0.1; 100], &[0.2; 500], &[0.3; 40]]);
        let lengths: Vec<usize> = packets.iter().map(|(_, _, bytes)| bytes.len()).collect();
        assert_eq!(lengths, [320, 320, 320, 320]);
        for pair in packets.windows(2) {
            assert_eq!(pair[0].0 + pair[0].1, pair[1].0);
        }
    }

    #[test]
    fn the_last_packet_holds_what_remains() {
        let packets = encode(&[&[0.0; 200]]);
        assert_eq!(packets[1].1, Duration::from_micros(2_500));
        assert_eq!(packets[1].2.len(), 80);
    }

    #[test]
    fn channels_are_interleaved_and_a_missing_one_is_silent() {
        let mut encoder = PcmEncoder::new(16_000, 2);
        let mut bytes = Vec::new();
        encoder.push(&[vec![0.5, -0.5]], &mut |_| {});
        encoder.finish(&mut |packet| bytes = packet.bytes.to_vec());
        assert_eq!(bytes, [0, 0x40, 0, 0, 0, 0xC0, 0, 0]);
    }
}
