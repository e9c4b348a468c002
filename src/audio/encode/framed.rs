//! Codecs that take frames of a fixed length: interleaving, padding the last one, and which span of the capture each
//! packet decodes to.
//!
//! Such a codec answers late by its *delay*: what packet `k` decodes to was captured from `k` frames less the delay on.
//! Packets bear that span, so a stream that starts at any packet is on the capture's time to the sample. The first one
//! is shorter by the delay (the container's pre-skip), and one more frame of silence may have to follow the last to get
//! the delayed audio out.

use super::{Encoder, Packet, time_of};
use crate::time::Duration;

/// A codec for one stream. Packets come in the order of the frames.
pub trait FrameCodec {
    /// Takes one frame, interleaved. Packets that are ready go to `sink`.
    fn encode(&mut self, frame: &[f32], sink: &mut dyn FnMut(&[u8]));

    /// No frame follows for now: whatever waits for more must come out, at once or soon.
    fn flush(&mut self);

    /// Hands out packets that have become ready since.
    fn poll(&mut self, sink: &mut dyn FnMut(&[u8]));

    /// See [`Encoder::has_failed`].
    fn has_failed(&self) -> bool {
        false
    }
}

/// Drives a [`FrameCodec`].
pub struct Framed<C> {
    codec: C,
    sample_rate: u32,
    channels: usize,
    /// Samples of a frame, all channels.
    frame: usize,
    /// Frames per channel by which the codec is late.
    delay: u64,
    pending: Vec<f32>,
    spans: Spans,
}

/// Which packet is next, and what it decodes to. Counted in frames per channel.
#[derive(Debug)]
struct Spans {
    sample_rate: u32,
    packet: u64,
    delay: u64,
    /// Frames captured; what a packet decodes to beyond them is padding.
    captured: u64,
    /// Frames given to the codec.
    given: u64,
    /// Frames whose packets came out.
    taken: u64,
}

impl Spans {
    /// The next packet, if it holds anything that was captured.
    fn next<'a>(&mut self, bytes: &'a [u8]) -> Option<Packet<'a>> {
        let start = self.taken.saturating_sub(self.delay);
        self.taken += self.packet;
        let end = self.taken.saturating_sub(self.delay).min(self.captured);
        let start = time_of(start, self.sample_rate);
        let duration = time_of(end, self.sample_rate).saturating_sub(start);
        (!duration.is_zero()).then_some(Packet { start, duration, bytes })
    }
}

impl<C: FrameCodec> Framed<C> {
    /// Frames of `frame` (a length) at `sample_rate` Hz with `channels` channels; the codec is late by `delay` frames
    /// per channel.
    pub fn new(codec: C, sample_rate: u32, channels: usize, frame: Duration, delay: u32) -> Self {
        let packet = (frame.as_millis() * u64::from(sample_rate) / 1_000).max(1);
        let channels = channels.max(1);
        let frame = packet as usize * channels;
        let delay = u64::from(delay);
        let spans = Spans { sample_rate, packet, delay, captured: 0, given: 0, taken: 0 };
        Self { codec, sample_rate, channels, frame, delay, pending: Vec::with_capacity(frame), spans }
    }

    /// The codec.
    pub const fn codec(&self) -> &C {
        &self.codec
    }

    /// Rate in Hz.
    pub const fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    fn give(&mut self, sink: &mut dyn FnMut(Packet<'_>)) {
        self.pending.resize(self.frame, 0.0);
        self.spans.given += self.spans.packet;
        let spans = &mut self.spans;
        self.codec.encode(&self.pending, &mut |bytes| {
            if let Some(packet) = spans.next(bytes) {
                sink(packet);
            }
        });
        self.pending.clear();
    }
}

impl<C: FrameCodec> Encoder for Framed<C> {
    fn push(&mut self, planes: &[Vec<f32>], sink: &mut dyn FnMut(Packet<'_>)) {
        let frames = planes.iter().map(Vec::len).min().unwrap_or(0);
        for index in 0..frames {
            for channel in 0..self.channels {
                self.pending.push(planes.get(channel).map_or(0.0, |plane| plane[index]));
            }
            self.spans.captured += 1;
            if self.pending.len() == self.frame {
                self.give(sink);
            }
        }
    }

    fn finish(&mut self, sink: &mut dyn FnMut(Packet<'_>)) {
        while self.spans.given.saturating_sub(self.delay) < self.spans.captured {
            self.give(sink);
        }
        self.codec.flush();
        self.poll(sink);
    }

    fn poll(&mut self, sink: &mut dyn FnMut(Packet<'_>)) {
        let spans = &mut self.spans;
        self.codec.poll(&mut |bytes| {
            if let Some(packet) = spans.next(bytes) {
                sink(packet);
            }
        });
    }

    fn given(&self) -> u64 {
        self.spans.given
    }

    fn taken(&self) -> u64 {
        self.spans.taken
    }

    fn spans(&self) -> (Duration, Duration) {
        let of = |frames| time_of(frames, self.sample_rate);
        (of(self.spans.packet), of(self.delay))
    }

    fn has_failed(&self) -> bool {
        self.codec.has_failed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers each frame after `late` further ones, with the frame's first sample as a byte.
    struct Echo {
        late: usize,
        held: Vec<u8>,
        flushed: bool,
    }

    impl FrameCodec for Echo {
        fn encode(&mut self, frame: &[f32], sink: &mut dyn FnMut(&[u8])) {
            self.held.push(frame[0] as u8);
            if self.held.len() > self.late {
                sink(&[self.held.remove(0)]);
            }
        }

        fn flush(&mut self) {
            self.flushed = true;
        }

        fn poll(&mut self, sink: &mut dyn FnMut(&[u8])) {
            if self.flushed {
                self.held.drain(..).for_each(|byte| sink(&[byte]));
            }
        }
    }

    /// Spans in microseconds of what comes out for so many frames at 16 kHz, in blocks of 100.
    fn spans(frames: usize, delay: u32, late: usize) -> Vec<(u64, u64)> {
        let echo = Echo { late, held: Vec::new(), flushed: false };
        let mut framed = Framed::new(echo, 16_000, 1, super::super::OPUS_FRAME, delay);
        let mut spans = Vec::new();
        let mut sink =
            |packet: Packet<'_>| spans.push((packet.start.as_micros(), (packet.start + packet.duration).as_micros()));
        let samples = vec![0.5; frames];
        for block in samples.chunks(100) {
            framed.push(&[block.to_vec()], &mut sink);
        }
        framed.finish(&mut sink);
        assert_eq!(framed.given(), framed.taken());
        spans
    }

    #[test]
    fn packets_bear_the_span_that_they_decode_to() {
        assert_eq!(spans(960, 104, 0), [(0, 13_500), (13_500, 33_500), (33_500, 53_500), (53_500, 60_000)]);
    }

    #[test]
    fn without_a_delay_whole_frames_need_no_further_one() {
        assert_eq!(spans(640, 0, 0), [(0, 20_000), (20_000, 40_000)]);
        assert_eq!(spans(650, 0, 0), [(0, 20_000), (20_000, 40_000), (40_000, 40_625)]);
    }

    #[test]
    fn a_codec_that_answers_late_gives_the_same_spans() {
        for frames in [1, 319, 320, 321, 5_000] {
            assert_eq!(spans(frames, 104, 3), spans(frames, 104, 0));
        }
    }

    #[test]
    fn the_spans_cover_what_was_captured_exactly() {
        for frames in (0..1_500).step_by(7) {
            let spans = spans(frames, 104, 1);
            assert!(spans.windows(2).all(|pair| pair[0].1 == pair[1].0));
            let end = spans.last().map_or(0, |span| span.1);
            assert_eq!(end, time_of(frames as u64, 16_000).as_micros());
        }
    }
}
