//! What the path is tested with: each encoder as the package ships it, driven directly, and the container that goes
//! around its packets.

use ossicle::time::Duration;

use opus_pure::{Application, MAX_PACKET_BYTES, OpusEncoder, Signal};
use ossicle::audio::container::Format;
use ossicle::audio::encode::pcm::PcmEncoder;
use ossicle::audio::encode::{Encoder, FLAC_BLOCK, FrameCodec, Framed, OPUS_FRAME};

use crate::RATE;

/// A way to encode a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Coding {
    Pcm,
    Flac,
    /// At so many bits a second.
    Opus(i32),
}

impl Coding {
    /// An encoder at [`RATE`], and the format of the stream of its packets.
    pub(crate) fn start(self, channels: usize) -> (Box<dyn Encoder>, Format) {
        match self {
            Self::Pcm => (Box::new(PcmEncoder::new(RATE, channels)), Format::Raw),
            Self::Flac => {
                let codec = Flac(ossicle_flac::Encoder::new(RATE, channels).unwrap());
                let format = Format::Flac { header: codec.0.header().to_vec() };
                (Box::new(Framed::new(codec, RATE, channels, FLAC_BLOCK, 0)), format)
            }
            Self::Opus(bitrate) => {
                let codec = Opus::new(channels, bitrate);
                let delay = codec.encoder.lookahead() as u32;
                // What the browser's edge assumes for every rate: 6.5 ms.
                assert_eq!(delay, RATE * 13 / 2_000);
                let format = Format::OggOpus { channels: channels as u8, sample_rate: RATE };
                (Box::new(Framed::new(codec, RATE, channels, OPUS_FRAME, delay)), format)
            }
        }
    }

    /// Length of a packet.
    pub(crate) const fn packet(self) -> Duration {
        match self {
            Self::Pcm => Duration::from_millis(10),
            Self::Flac => FLAC_BLOCK,
            Self::Opus(_) => OPUS_FRAME,
        }
    }

    pub(crate) const fn loses_nothing(self) -> bool {
        !matches!(self, Self::Opus(_))
    }

    /// Whether it can carry so many channels.
    pub(crate) const fn takes(self, channels: usize) -> bool {
        self.loses_nothing() || channels <= 2
    }
}

struct Opus {
    encoder: OpusEncoder,
    packet: Vec<u8>,
}

impl Opus {
    fn new(channels: usize, bitrate: i32) -> Self {
        let mut encoder = OpusEncoder::new(RATE as i32, channels, Application::Voip).unwrap();
        encoder.bitrate_bps = bitrate;
        encoder.complexity = 5;
        encoder.signal_type = Some(Signal::Voice);
        Self { encoder, packet: vec![0; MAX_PACKET_BYTES] }
    }
}

impl FrameCodec for Opus {
    fn encode(&mut self, frame: &[f32], sink: &mut dyn FnMut(&[u8])) {
        let length = self.encoder.encode(frame, RATE as usize / 50, &mut self.packet).unwrap();
        sink(&self.packet[..length]);
    }

    fn flush(&mut self) {}

    fn poll(&mut self, _: &mut dyn FnMut(&[u8])) {}
}

struct Flac(ossicle_flac::Encoder);

impl FrameCodec for Flac {
    fn encode(&mut self, frame: &[f32], sink: &mut dyn FnMut(&[u8])) {
        sink(self.0.encode(frame).unwrap());
    }

    fn flush(&mut self) {}

    fn poll(&mut self, _: &mut dyn FnMut(&[u8])) {}
}
