//! The encoders that a host has: which of them a stream may use, and how its audio gets to the one that was found.
//!
//! What encodes lives outside this module: the browser's own encoder, or a wasm file of its own.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Encoding, Settings};
use crate::audio::Encoder;
use crate::audio::container::Format;
use crate::audio::encode::pcm::PcmEncoder;
use crate::audio::encode::{FLAC_BLOCK, FrameCodec, Framed, NATIVE_OPUS_FRAME, OPUS_FRAME};

/// A packet that decodes to what a decoder makes of a lost one: SILK wideband, 20 ms, no data (RFC 6716, section 3.1).
/// It stands in for a frame on which the encoder failed, so that the time stays true.
const LOST_OPUS: &[u8] = &[9 << 3];

/// The same for 60 ms.
const LOST_NATIVE_OPUS: &[u8] = &[11 << 3];

/// Nothing stands in for a FLAC frame: decoders see from the numbers that one is missing.
const LOST_FLAC: &[u8] = &[];

/// What encodes a stream's audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// The browser's Opus encoder, whose packets come later.
    OpusNative,
    /// The package's.
    OpusWasm,
    /// The package's, too.
    Flac,
    /// Nothing: raw samples.
    Pcm,
    /// The app.
    Given,
}

impl Codec {
    const ALL: [Self; 5] = [Self::OpusNative, Self::OpusWasm, Self::Flac, Self::Pcm, Self::Given];

    /// What an app reads as `encoder`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpusNative => "opus-native",
            Self::OpusWasm => "opus-wasm",
            Self::Flac => "flac",
            Self::Pcm => "pcm",
            Self::Given => "given",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name() == name)
    }

    /// What may encode such a stream: the first that is to be had does. If none is, there can be no stream.
    #[must_use]
    pub const fn of(settings: &Settings) -> &'static [Self] {
        match settings.encoding {
            Encoding::Auto if settings.fits_opus() => &[Self::OpusNative, Self::OpusWasm, Self::Pcm],
            Encoding::Auto | Encoding::Pcm => &[Self::Pcm],
            Encoding::Opus => &[Self::OpusNative, Self::OpusWasm],
            Encoding::Flac => &[Self::Flac],
            Encoding::Given => &[Self::Given],
        }
    }

    /// An encoder for such a stream, and what its packets go into. `outside` does the work, unless nothing is to be
    /// encoded; `header` is what it begins a FLAC stream with.
    pub(super) fn encoder(
        self, settings: &Settings, header: Vec<u8>, outside: Box<dyn Outside>, inbox: Inbox,
    ) -> (Box<dyn Encoder>, Format) {
        let Settings { sample_rate, channels, .. } = *settings;
        let framed = |lost, frame, delay| {
            let late = Late { outside, packet: Vec::new(), inbox, lost, failed: false };
            Box::new(Framed::new(late, sample_rate, channels, frame, delay))
        };
        match self {
            Self::OpusNative | Self::OpusWasm => {
                let (lost, frame) = match self {
                    Self::OpusNative => (LOST_NATIVE_OPUS, NATIVE_OPUS_FRAME),
                    _ => (LOST_OPUS, OPUS_FRAME),
                };
                // The encoder's delay is 6.5 ms at every rate: 312 samples at 48 kHz, the usual pre-skip.
                let delay = sample_rate * 13 / 2_000;
                let format = Format::OggOpus { channels: channels as u8, sample_rate };
                (framed(lost, frame, delay), format)
            }
            Self::Flac => (framed(LOST_FLAC, FLAC_BLOCK, 0), Format::Flac { header }),
            // What takes the place of given bytes' encoder is never given any frames.
            Self::Pcm | Self::Given => (Box::new(PcmEncoder::new(sample_rate, channels)), Format::Raw),
        }
    }
}

/// What works outside this module.
pub trait Outside {
    /// Encodes an interleaved frame, the packet to `packet`, which is empty.
    fn encode(&mut self, frame: &[f32], packet: &mut Vec<u8>) -> Answer;

    /// No frame follows for now: packets that wait for more are wanted.
    fn flush(&mut self);
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its packet is there.
    Packet,
    /// Its packet comes later.
    Later,
    /// There will be none.
    Failed,
}

/// A packet that has come later, on its way to the path: empty but for that moment.
pub(super) type Inbox = Rc<RefCell<Vec<u8>>>;

/// An encoder outside, as the path drives one.
struct Late {
    outside: Box<dyn Outside>,
    packet: Vec<u8>,
    inbox: Inbox,
    /// What stands in for a frame on which it failed.
    lost: &'static [u8],
    failed: bool,
}

impl FrameCodec for Late {
    fn encode(&mut self, frame: &[f32], sink: &mut dyn FnMut(&[u8])) {
        self.packet.clear();
        match self.outside.encode(frame, &mut self.packet) {
            Answer::Packet => sink(&self.packet),
            Answer::Later => {}
            Answer::Failed => {
                self.failed = true;
                sink(self.lost);
            }
        }
    }

    fn flush(&mut self) {
        self.outside.flush();
    }

    fn poll(&mut self, sink: &mut dyn FnMut(&[u8])) {
        let mut packet = self.inbox.borrow_mut();
        if !packet.is_empty() {
            sink(&packet);
            packet.clear();
        }
    }

    fn has_failed(&self) -> bool {
        self.failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use serde_json::json;

    fn names(audio: serde_json::Value, format: Option<&str>) -> Result<Vec<&'static str>, Error> {
        let settings = json!({
            "id": "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10",
            "configuration": {
                "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
                "mode": { "type": "transcription" },
                "audioFormat": format,
            },
            "audio": audio,
        });
        Ok(Codec::of(&Settings::read(&settings.to_string(), 0)?).iter().map(|codec| codec.name()).collect())
    }

    #[test]
    fn who_asks_for_nothing_gets_the_best_that_is_to_be_had() -> Result<(), Error> {
        assert_eq!(names(json!({}), None)?, ["opus-native", "opus-wasm", "pcm"]);
        assert_eq!(names(json!({ "encoding": "auto", "sampleRate": 44_100 }), None)?, ["pcm"]);
        assert_eq!(names(json!({ "encoding": "auto", "channels": 3 }), None)?, ["pcm"]);
        Ok(())
    }

    #[test]
    fn who_asks_for_something_gets_that_or_nothing() -> Result<(), Error> {
        assert_eq!(names(json!({ "encoding": "opus" }), None)?, ["opus-native", "opus-wasm"]);
        assert_eq!(names(json!({ "encoding": "flac" }), None)?, ["flac"]);
        assert_eq!(names(json!({ "encoding": "pcm" }), None)?, ["pcm"]);
        assert_eq!(names(json!({}), Some("audio/webm"))?, ["given"]);
        Ok(())
    }

    #[test]
    fn a_codec_is_found_by_its_name() {
        for codec in Codec::ALL {
            assert_eq!(Codec::from_name(codec.name()), Some(codec));
        }
        assert_eq!(Codec::from_name("mp3"), None);
    }
}
