//! Encoders behind one trait.

pub mod pcm;

use std::time::Duration;

/// One encoded packet. It borrows the encoder's buffer: whoever keeps it copies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Capture time of its first frame.
    pub start: Duration,
    /// How much audio it holds.
    pub duration: Duration,
    /// The encoder's bytes, without any container.
    pub bytes: &'a [u8],
}

/// Turns planar frames at the encoder's rate into packets.
pub trait Encoder {
    /// What `audioFormat` must declare for a stream of these packets.
    fn audio_format(&self) -> String;

    /// Takes frames, one slice a channel, all of one length, and hands every packet they complete to `sink`.
    fn push(&mut self, planes: &[Vec<f32>], sink: &mut dyn FnMut(Packet<'_>));

    /// Hands out what remains as a last, shorter packet. The encoder can go on afterwards.
    fn finish(&mut self, sink: &mut dyn FnMut(Packet<'_>));
}
