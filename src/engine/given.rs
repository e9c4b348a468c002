//! Audio that the app encoded itself: bytes in, packets to the session, with what can be known of their time.
//!
//! Of raw PCM every byte has its time. Of anything else a piece is as long as the time since the piece before it, which
//! is right for a recorder that hands out what it has at regular times.

use super::Resume;
use super::settings::Declared;
use crate::audio::container::{Format, header_length};
use crate::protocol::MAX_AUDIO_MESSAGE_BYTES;
use crate::session::{Input, Session};
use crate::time::Duration;

/// The first piece of an unknown format, before which there is none: what recorders usually hand out.
const FIRST: Duration = Duration::from_millis(250);

/// No audio of an unknown format has more bytes a second: more of them last longer, so that the bound of what is held,
/// which is in seconds, is one in bytes as well. PCM of two channels at 16 kHz has as many.
const MOST_BYTES_A_SECOND: f64 = 64_000.0;

/// The most bytes of a packet, and of headers, which share the first message.
const MOST_HEADER_BYTES: usize = 4_000;
const MOST_BYTES: usize = MAX_AUDIO_MESSAGE_BYTES - MOST_HEADER_BYTES;

/// What an app gave.
pub(super) struct Given {
    /// Bytes a frame of PCM, and frames a second; of anything else there are none.
    frames: Option<(usize, f64)>,
    /// Bytes that are not a whole frame yet.
    rest: Vec<u8>,
    /// Bytes to leave out, of a frame whose beginning is lost.
    skip: usize,
    /// Where on the stream's time the next packet lies.
    position: Duration,
    /// When the last piece came.
    last: Option<Duration>,
}

impl Given {
    /// Of an engine before this one `resume` tells. What follows its audio is as long as the time from now on.
    pub(super) fn new(declared: Declared, resume: &Resume, session: &mut Session, now: Duration) -> Self {
        let frames = match declared {
            Declared::Pcm { rate, channels, bits } => {
                Some((channels.max(1) * (bits as usize / 8).max(1), f64::from(rate.max(1))))
            }
            _ => None,
        };
        let is_resumed = resume.given_bytes > 0;
        if is_resumed {
            session.expect(Format::Given { header: resume.given_headers.clone() });
        }
        // Its last frame may have been cut, and the rest of it is what comes now.
        let skip = frames.map_or(0, |(frame, _)| {
            let cut = usize::try_from(resume.given_bytes % frame as u64).unwrap_or(0);
            (frame - cut) % frame
        });
        let last = is_resumed.then_some(now);
        Self { frames, rest: Vec::new(), skip, position: resume.origin(), last }
    }

    /// How much audio was taken.
    pub(super) const fn position(&self) -> Duration {
        self.position
    }

    /// Time in which the app had paused is no time of the audio.
    pub(super) fn resume(&mut self, now: Duration) {
        self.last = self.last.map(|_| now);
    }

    pub(super) fn take(&mut self, bytes: &[u8], session: &mut Session, now: Duration) {
        let since = self.last.map_or(FIRST, |last| now.saturating_sub(last));
        let mut bytes = bytes;
        if self.last.replace(now).is_none() {
            let header = headers(bytes);
            session.expect(Format::Given { header: header.to_vec() });
            bytes = &bytes[header.len()..];
        }
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        bytes = &bytes[skipped..];
        let (frame, seconds) = match self.frames {
            Some((frame, rate)) => (frame, (self.rest.len() + bytes.len()) as f64 / (frame as f64 * rate)),
            None => (1, since.as_secs_f64().max(bytes.len() as f64 / MOST_BYTES_A_SECOND)),
        };
        self.rest.extend_from_slice(bytes);
        let whole = self.rest.len() - self.rest.len() % frame;
        let most = MOST_BYTES - MOST_BYTES % frame;
        let from = self.position;
        let at = |byte: usize| from + Duration::from_secs_f64(seconds * byte as f64 / self.rest.len().max(1) as f64);
        for start in (0..whole).step_by(most.max(1)) {
            let end = whole.min(start + most);
            let (starts, ends) = (at(start), at(end));
            session.handle(Input::Packet(starts, ends.saturating_sub(starts), &self.rest[start..end]), now);
            self.position = ends;
        }
        self.rest.drain(..whole);
    }
}

/// What the first bytes of a format that has headers begin with, and every socket must. Longer ones, with a picture among
/// them perhaps, are none: they go out once, as any other bytes do.
#[must_use]
pub fn headers(bytes: &[u8]) -> &[u8] {
    bytes.get(..header_length(bytes)).filter(|headers| headers.len() <= MOST_HEADER_BYTES).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Code, Error};
    use crate::session::Output;

    use crate::audio::encode::pcm::PcmEncoder;
    use crate::engine::{Command, Engine, Settings};
    use crate::session::Input;
    use serde_json::json;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// A stream of such a format, on its first socket.
    fn stream(format: Option<&str>) -> Result<Engine, Error> {
        let settings = json!({
            "id": "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10",
            "configuration": {
                "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
                "mode": { "type": "transcription" },
                "audioFormat": format,
            },
        });
        let settings = Settings::read(&settings.to_string(), 0)?;
        let encoder = Box::new(PcmEncoder::new(settings.sample_rate, settings.channels));
        let mut engine = Engine::new(&settings, encoder, Format::Raw, Duration::ZERO)?;
        connect(&mut engine, 1, Duration::ZERO);
        Ok(engine)
    }

    fn connect(engine: &mut Engine, socket: u32, now: Duration) {
        engine.input(Input::SocketOpened(socket), now);
        engine.input(Input::Text(socket, r#"{"type":"CONFIG_ACCEPTED"}"#), now);
    }

    /// The audio messages that are due.
    fn sent(engine: &mut Engine) -> Vec<Vec<u8>> {
        let outputs = std::iter::from_fn(|| engine.poll_output());
        let audio = |output| match output {
            Output::SendAudio(bytes) => Some(bytes),
            _ => None,
        };
        outputs.filter_map(audio).collect()
    }

    #[test]
    fn each_piece_is_a_message_and_every_socket_begins_with_the_headers() -> Result<(), Error> {
        let mut engine = stream(Some("audio/webm; codecs=opus"))?;
        let header = [0x1A, 0x45, 0xDF, 0xA3, 7];
        engine.bytes(&[&header[..], &[0x1F, 0x43, 0xB6, 0x75, 1]].concat(), ms(250))?;
        engine.bytes(&[2, 2], ms(500))?;
        engine.bytes(&[], ms(600))?;
        assert_eq!(sent(&mut engine), [[&header[..], &[0x1F, 0x43, 0xB6, 0x75, 1]].concat(), vec![2, 2]]);
        assert!((engine.stats().captured_seconds - 0.5).abs() < 1e-9);
        engine.input(Input::SocketClosed(1, 1006), ms(700));
        engine.bytes(&[3], ms(750))?;
        engine.input(Input::Tick { buffered_bytes: 0 }, ms(20_000));
        connect(&mut engine, 2, ms(20_000));
        let again = sent(&mut engine);
        assert_eq!(again.concat(), [&header[..], &[0x1F, 0x43, 0xB6, 0x75, 1, 2, 2, 3]].concat());
        assert_eq!(engine.unsent_audio(), again.concat());
        Ok(())
    }

    #[test]
    fn the_time_of_pcm_is_that_of_its_frames_wherever_it_is_cut() -> Result<(), Error> {
        let mut engine = stream(Some("audio/pcm; rate=16000; channels=2; bits=16"))?;
        for (at, bytes) in [(10, 6_401), (20, 6_399), (30, 1_000_001), (40, 3)] {
            engine.bytes(&vec![1; bytes], ms(at))?;
        }
        assert!((engine.stats().captured_seconds - 1_012_804.0 / 64_000.0).abs() < 1e-6);
        engine.input(Input::Tick { buffered_bytes: 0 }, ms(40));
        assert!(sent(&mut engine).iter().all(|message| message.len() <= 60_000 && message.len().is_multiple_of(4)));
        Ok(())
    }

    #[test]
    fn a_pause_is_no_time_of_the_audio() -> Result<(), Error> {
        let mut engine = stream(Some("audio/mpeg"))?;
        engine.bytes(&[1; 100], ms(1_000))?;
        engine.command(Command::Pause, ms(2_000));
        engine.bytes(&[2; 100], ms(2_500))?;
        engine.command(Command::Resume, ms(9_000));
        engine.bytes(&[3; 100], ms(9_250))?;
        assert!((engine.stats().captured_seconds - 0.5).abs() < 1e-9);
        assert_eq!(engine.pauses().iter().map(|pause| (pause.at, pause.seconds)).collect::<Vec<_>>(), [(0.25, 7.0)]);
        Ok(())
    }

    #[test]
    fn frames_and_bytes_are_not_mixed_and_bytes_have_a_declared_format() -> Result<(), Error> {
        let code = |result: Result<(), Error>| result.err().map(|error| error.code);
        assert_eq!(code(stream(None)?.bytes(&[1], ms(0))), Some(Code::InvalidRequest));
        let mut bytes = stream(Some("audio/pcm; rate=16000; channels=1; bits=16"))?;
        bytes.bytes(&[1, 2], ms(0))?;
        assert_eq!(code(bytes.frames(&[&[0.0]], 16_000, ms(1))), Some(Code::Conflict));
        assert_eq!(code(bytes.attach(1, None, ms(1))), Some(Code::Conflict));
        let mut frames = stream(Some("audio/pcm; rate=16000; channels=1; bits=16"))?;
        frames.frames(&[&[0.0]], 16_000, ms(1))?;
        assert_eq!(code(frames.bytes(&[1, 2], ms(1))), Some(Code::Conflict));
        let mut webm = stream(Some("audio/webm"))?;
        assert_eq!(code(webm.frames(&[&[0.0]], 16_000, ms(1))), Some(Code::AudioUnsupported));
        Ok(())
    }
}
