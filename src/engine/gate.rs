//! What an app may give a stream, decided without its engine: the page refuses at once what an engine in a worker would.

use super::{CaptureId, Encoding, Settings};
use crate::audio::mixer::room_for;
use crate::audio::path::frames_in;
use crate::error::{Code, Error};

/// Who may pass. The engine has one, and whoever is not where the engine is another, told the same.
#[derive(Debug)]
pub struct Gate {
    channels: usize,
    /// Whether the app declared what its bytes are.
    is_declared: bool,
    /// Whether there is an encoder for frames.
    can_encode: bool,
    /// What the stream's audio is, as soon as there was any.
    kind: Option<Kind>,
    /// What is attached: its name, and for which channel, if it has one of its own.
    sources: Vec<(CaptureId, Option<usize>)>,
    is_paused: bool,
    /// Nothing is taken any longer.
    is_deaf: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Frames,
    Bytes,
}

impl Gate {
    /// For a stream that begins, or goes on.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let resume = settings.resume.as_ref();
        Self {
            channels: settings.channels,
            is_declared: settings.declared.is_some(),
            can_encode: settings.encoding != Encoding::Given,
            kind: resume.filter(|resume| resume.given_bytes > 0).map(|_| Kind::Bytes),
            sources: Vec::new(),
            is_paused: resume.is_some_and(|resume| resume.is_paused),
            is_deaf: false,
        }
    }

    /// Frames of the app's own come, so many a plane, at `rate` Hz. What passes is ignored unless [`Self::is_open`].
    ///
    /// # Errors
    /// `conflict` if the stream's audio is bytes, or while a source is attached: whose time would it be?
    /// `audio_unsupported` if nothing here encodes the format that was declared; `invalid_request` for planes or a rate
    /// that cannot be audio.
    pub fn frames(&mut self, planes: impl ExactSizeIterator<Item = usize>, rate: u32) -> Result<(), Error> {
        if !self.is_open() {
            return Ok(());
        }
        self.takes_frames()?;
        if !self.sources.is_empty() {
            let message = "frames cannot be pushed while a source is attached: detach() it first";
            return Err(Error::new(Code::Conflict, message));
        }
        if frames_in(planes, rate, self.channels)? > 0 {
            self.kind = Some(Kind::Frames);
        }
        Ok(())
    }

    /// So many bytes come that the app encoded itself. What passes is ignored unless [`Self::is_open`].
    ///
    /// # Errors
    /// `invalid_request` if no format was declared; `conflict` if the stream's audio is frames.
    pub fn bytes(&mut self, length: usize) -> Result<(), Error> {
        if !self.is_open() || length == 0 {
            return Ok(());
        }
        if !self.is_declared {
            return Err(Error::invalid("sendAudio needs configuration.audioFormat, which says what the bytes are"));
        }
        if self.kind == Some(Kind::Frames) {
            let message = "the stream's audio is captured frames: bytes cannot be added to it";
            return Err(Error::new(Code::Conflict, message));
        }
        self.kind = Some(Kind::Bytes);
        Ok(())
    }

    /// Whether a source could be attached now: for one channel, or without one for all.
    ///
    /// # Errors
    /// As [`Self::source`].
    pub fn takes_source(&self, channel: Option<usize>) -> Result<(), Error> {
        if self.is_deaf {
            let message = "the stream is over or ending: nothing can be captured for it";
            return Err(Error::new(Code::Conflict, message));
        }
        self.takes_frames()?;
        let lanes = |channel: Option<usize>| channel.map_or(self.channels, |_| 1);
        let attached: usize = self.sources.iter().map(|(_, channel)| lanes(*channel)).sum();
        // Where there is room for the last of its channels there is for all.
        room_for(channel.unwrap_or(0), self.channels, (attached + lanes(channel)).saturating_sub(1))
    }

    /// A source is attached, whose name no other has or had: from here on the stream's audio is frames.
    ///
    /// # Errors
    /// `conflict` if the stream is over or ending, or its audio is bytes; `audio_unsupported` if nothing here encodes the
    /// format that was declared; `invalid_request` if there is no such channel, or there are too many sources.
    pub fn source(&mut self, id: CaptureId, channel: Option<usize>) -> Result<(), Error> {
        self.takes_source(channel)?;
        self.sources.push((id, channel));
        self.kind = Some(Kind::Frames);
        Ok(())
    }

    /// A source is no longer attached, if it was.
    pub fn source_gone(&mut self, id: CaptureId) {
        self.sources.retain(|(other, _)| *other != id);
    }

    /// What is attached: its name, and its channel, if it has one of its own.
    #[must_use]
    pub fn sources(&self) -> &[(CaptureId, Option<usize>)] {
        &self.sources
    }

    /// The app paused the capture, or does so no longer.
    pub const fn paused(&mut self, paused: bool) {
        self.is_paused = paused;
    }

    /// Whether the app has paused the capture.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// The stream is over, or the app asked for its end.
    pub const fn over(&mut self) {
        self.is_deaf = true;
    }

    /// Whether what passes is taken; if not, it is ignored.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.is_deaf && !self.is_paused
    }

    /// Whether nothing is taken any longer.
    pub(super) const fn is_deaf(&self) -> bool {
        self.is_deaf
    }

    /// Whether bytes are what the stream's audio is.
    pub(super) fn takes_bytes(&self) -> bool {
        self.kind == Some(Kind::Bytes)
    }

    fn takes_frames(&self) -> Result<(), Error> {
        if self.takes_bytes() {
            let message = "the stream's audio is bytes of sendAudio: frames cannot be added to it";
            return Err(Error::new(Code::Conflict, message));
        }
        if !self.can_encode {
            let message = "configuration.audioFormat declares what this package does not encode: \
                leave it out, or give the bytes to sendAudio";
            return Err(Error::new(Code::AudioUnsupported, message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Resume;
    use serde_json::{Value, json};

    fn settings(format: Option<&str>, audio: Value) -> Result<Settings, Error> {
        let mut settings = json!({
            "id": "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10",
            "configuration": {
                "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
                "mode": { "type": "transcription" },
                "audioFormat": format,
            },
        });
        settings["audio"] = audio;
        Settings::read(&settings.to_string(), 0)
    }

    fn gate(format: Option<&str>, channels: usize) -> Result<Gate, Error> {
        Ok(Gate::new(&settings(format, json!({ "channels": channels }))?))
    }

    fn frames(gate: &mut Gate, lengths: &[usize], rate: u32) -> Option<Code> {
        gate.frames(lengths.iter().copied(), rate).err().map(|error| error.code)
    }

    fn code(result: Result<(), Error>) -> Option<Code> {
        result.err().map(|error| error.code)
    }

    const PCM: Option<&str> = Some("audio/pcm; rate=16000; channels=1; bits=16");

    #[test]
    fn planes_and_rates_that_cannot_be_audio_are_refused() -> Result<(), Error> {
        for (channels, lengths, rate, refused) in [
            (1, &[320][..], 16_000, false),
            (1, &[0], 8_000, false),
            (1, &[64; 9], 192_000, false),
            (2, &[64], 48_000, false),
            (2, &[64; 2], 48_000, false),
            (2, &[64; 3], 48_000, true),
            (1, &[], 48_000, true),
            (1, &[64, 63], 48_000, true),
            (1, &[64], 7_999, true),
            (1, &[64], 192_001, true),
        ] {
            let found = frames(&mut gate(None, channels)?, lengths, rate);
            assert_eq!(found, refused.then_some(Code::InvalidRequest), "{lengths:?} at {rate} Hz to {channels}");
        }
        Ok(())
    }

    #[test]
    fn frames_of_the_app_s_own_wait_until_nothing_is_attached() -> Result<(), Error> {
        let mut gate = gate(None, 2)?;
        gate.source(1, Some(0))?;
        gate.source(2, None)?;
        assert_eq!(frames(&mut gate, &[64], 16_000), Some(Code::Conflict));
        gate.source_gone(7);
        gate.source_gone(1);
        assert_eq!(frames(&mut gate, &[64], 16_000), Some(Code::Conflict));
        gate.source_gone(2);
        assert_eq!(frames(&mut gate, &[64], 16_000), None);
        Ok(())
    }

    #[test]
    fn what_came_first_decides_what_the_audio_is_and_what_is_refused_or_empty_decides_nothing() -> Result<(), Error> {
        let mut bytes = gate(PCM, 1)?;
        bytes.bytes(0)?;
        assert_eq!(frames(&mut bytes, &[0], 16_000), None);
        assert_eq!(frames(&mut bytes, &[64], 0), Some(Code::InvalidRequest));
        assert_eq!(code(bytes.source(1, Some(1))), Some(Code::InvalidRequest));
        bytes.bytes(1)?;
        assert_eq!(frames(&mut bytes, &[64], 16_000), Some(Code::Conflict));
        assert_eq!(code(bytes.source(1, None)), Some(Code::Conflict));
        assert!(bytes.takes_bytes());
        let mut pushed = gate(PCM, 1)?;
        assert_eq!(frames(&mut pushed, &[64], 16_000), None);
        assert_eq!(code(pushed.bytes(1)), Some(Code::Conflict));
        let mut attached = gate(PCM, 1)?;
        attached.source(1, None)?;
        attached.source_gone(1);
        assert_eq!(code(attached.bytes(1)), Some(Code::Conflict));
        Ok(())
    }

    #[test]
    fn bytes_need_a_declared_format_and_frames_an_encoder_for_it() -> Result<(), Error> {
        assert_eq!(code(gate(None, 1)?.bytes(1)), Some(Code::InvalidRequest));
        let mut webm = gate(Some("audio/webm"), 1)?;
        assert_eq!(frames(&mut webm, &[64], 16_000), Some(Code::AudioUnsupported));
        assert_eq!(code(webm.takes_source(None)), Some(Code::AudioUnsupported));
        assert_eq!(code(webm.bytes(1)), None);
        Ok(())
    }

    #[test]
    fn there_is_a_bound_to_the_sources_of_all_channels() -> Result<(), Error> {
        let mut gate = gate(None, 3)?;
        for id in 0..10 {
            gate.source(id, None)?;
        }
        assert_eq!(code(gate.source(10, None)), Some(Code::InvalidRequest));
        gate.source(10, Some(2))?;
        gate.source(11, Some(0))?;
        assert_eq!(code(gate.source(12, Some(0))), Some(Code::InvalidRequest));
        gate.source_gone(4);
        assert_eq!(code(gate.source(12, None)), None);
        Ok(())
    }

    #[test]
    fn what_comes_in_a_pause_or_after_the_end_is_ignored_and_no_source_is_taken_after_the_end() -> Result<(), Error> {
        let mut gate = gate(None, 1)?;
        gate.paused(true);
        assert_eq!((frames(&mut gate, &[], 0), code(gate.bytes(1)), gate.is_open()), (None, None, false));
        gate.source(1, None)?;
        gate.paused(false);
        assert_eq!((frames(&mut gate, &[], 0), gate.is_open()), (Some(Code::Conflict), true));
        gate.over();
        assert_eq!((frames(&mut gate, &[], 0), code(gate.bytes(1)), gate.is_open()), (None, None, false));
        assert_eq!(code(gate.source(2, None)), Some(Code::Conflict));
        Ok(())
    }

    #[test]
    fn a_stream_that_goes_on_stays_what_it_was() -> Result<(), Error> {
        let mut settings = settings(PCM, Value::Null)?;
        settings.resume = Some(Resume { is_paused: true, given_bytes: 7, ..Resume::default() });
        let mut gate = Gate::new(&settings);
        assert!(!gate.is_open());
        gate.paused(false);
        assert_eq!(frames(&mut gate, &[64], 16_000), Some(Code::Conflict));
        Ok(())
    }
}
