//! The package's codecs, driven as the SDK drives them but in one and the same module: what the border between two wasm
//! modules costs is in the figures of the shipped package alone.

use ossicle::audio::encode::{Encoder, FLAC_BLOCK, FrameCodec, Framed, OPUS_FRAME};

use crate::Failure;
use crate::stages::RATE;

/// Bits a second of Opus: the SDK's default.
const BITRATE: u32 = 24_000;

/// How hard the Opus encoder tries: what the SDK asks of it.
const COMPLEXITY: u32 = 5;

/// The Opus encoder at the SDK's default settings.
pub(crate) fn opus() -> Result<Box<dyn Encoder>, Failure> {
    let encoder = ossicle_opus::Encoder::new(RATE, 1, BITRATE, COMPLEXITY)?;
    let delay = u32::try_from(encoder.lookahead())?;
    Ok(Box::new(Framed::new(Opus(encoder), RATE, 1, OPUS_FRAME, delay)))
}

/// The FLAC encoder and what a stream of it begins with.
pub(crate) fn flac() -> Result<(Box<dyn Encoder>, Vec<u8>), Failure> {
    let encoder = ossicle_flac::Encoder::new(RATE, 1)?;
    let header = encoder.header().to_vec();
    Ok((Box::new(Framed::new(Flac(encoder), RATE, 1, FLAC_BLOCK, 0)), header))
}

struct Opus(ossicle_opus::Encoder);

struct Flac(ossicle_flac::Encoder);

impl FrameCodec for Opus {
    fn encode(&mut self, frame: &[f32], sink: &mut dyn FnMut(&[u8])) {
        // A frame that is refused is missing from what comes out, which the stage counts.
        if let Ok(packet) = self.0.encode(frame) {
            sink(packet);
        }
    }

    fn flush(&mut self) {}

    fn poll(&mut self, _: &mut dyn FnMut(&[u8])) {}
}

impl FrameCodec for Flac {
    fn encode(&mut self, frame: &[f32], sink: &mut dyn FnMut(&[u8])) {
        if let Ok(packet) = self.0.encode(frame) {
            sink(packet);
        }
    }

    fn flush(&mut self) {}

    fn poll(&mut self, _: &mut dyn FnMut(&[u8])) {}
}
