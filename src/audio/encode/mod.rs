//! Encoders behind one trait.
//!
//! [`pcm`] needs no codec. [`framed`] drives any codec that turns frames into packets, whether it answers at once
//! (a wasm module) or later (the browser's own encoder).

use crate::time::Duration;

pub mod framed;
pub mod pcm;

pub use framed::{FrameCodec, Framed};

/// Length of a frame of the package's own Opus encoder: the codec's usual one, and what the service's decoders see most.
pub const OPUS_FRAME: Duration = Duration::from_millis(20);

/// Length of a frame of the browser's Opus encoder: the codec's longest, as browsers record with. Every packet crosses
/// threads, which costs as much as a third of encoding it.
pub const NATIVE_OPUS_FRAME: Duration = Duration::from_millis(60);

/// Length of a FLAC block here: half of PCM's bytes for speech; shorter ones cost more, longer ones delay more.
pub const FLAC_BLOCK: Duration = Duration::from_millis(80);

/// One encoded packet. It borrows the encoder's buffer: whoever keeps it copies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Capture time of the first frame that it decodes to.
    pub start: Duration,
    /// How much captured audio it decodes to.
    pub duration: Duration,
    /// The encoder's bytes, without any container.
    pub bytes: &'a [u8],
}

impl Packet<'_> {
    /// The same packet in a stream of which so much lay behind when its encoder began.
    #[must_use]
    pub(super) fn after(self, origin: Duration) -> Self {
        Self { start: origin + self.start, ..self }
    }
}

/// Turns planar frames at the encoder's rate into packets, whose spans follow each other without a gap.
pub trait Encoder {
    /// Takes frames, one slice a channel, all of one length. Packets go to `sink`, now or at a later call.
    fn push(&mut self, planes: &[Vec<f32>], sink: &mut dyn FnMut(Packet<'_>));

    /// No frame follows: what remains becomes packets, now or later; the last one may be shorter.
    fn finish(&mut self, sink: &mut dyn FnMut(Packet<'_>));

    /// Hands out packets that have become ready since.
    fn poll(&mut self, sink: &mut dyn FnMut(Packet<'_>));

    /// Frames per channel that packets were made of, or will be, and those whose packets have been handed out. What
    /// waits to fill a packet is in neither; an encoder that answers at once has nothing to count.
    fn given(&self) -> u64;

    /// See [`Self::given`].
    fn taken(&self) -> u64;

    /// How long its packets are, zero if as long as what is pushed; and how much of what follows has to be pushed before a packet
    /// comes out.
    fn spans(&self) -> (Duration, Duration) {
        (Duration::ZERO, Duration::ZERO)
    }

    /// Whether it could not encode some frame, which is lost: packets without sound stand in for it.
    fn has_failed(&self) -> bool {
        false
    }
}

/// The instant at which `frames` frames have passed, to the nanosecond below.
fn time_of(frames: u64, sample_rate: u32) -> Duration {
    let rate = u64::from(sample_rate.max(1));
    Duration::from_secs(frames / rate) + Duration::from_nanos(frames % rate * 1_000_000_000 / rate)
}
