//! Audio and session as one object: commands and frames go in, what to do and what happened come out.
//!
//! Everything that crosses its border is a plain value, so that it can live on the page or in a worker. It decides;
//! whoever drives it (see `web/stream`) only carries out.

pub mod devices;
mod given;
mod settings;
mod sound;

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

use crate::audio::Encoder;
use crate::audio::container::Format;
use crate::error::{Code, Error};
use crate::protocol::server::Segment;
use crate::session::{Event, Input, Output, RequestId, Session, Span, State, Warning};

pub use crate::audio::intake::CaptureId;
use given::Given;
pub use settings::{Declared, Encoding, Proxy, Settings};
use sound::Sound;

/// How long an encoder may take to hand out packets that something waits for: they hold a few frames, it needs
/// milliseconds.
const ENCODER_LIMIT: Duration = Duration::from_secs(2);

/// What an app asks of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Have the pending transcript and facts now.
    Flush(RequestId),
    /// Send what is held, then end.
    End(RequestId),
    /// Capture nothing from here on; the visit's time stands still.
    Pause,
    /// Capture again.
    Resume,
    /// Silence in place of a channel, or of all.
    Mute(Option<usize>),
    /// That no longer.
    Unmute(Option<usize>),
    /// Connect now: what the settings held the stream back for is there.
    Begin,
    /// Stop at once.
    Close,
}

/// Figures of a stream, in seconds of audio and bytes. At every instant
/// `captured = acknowledged + inFlight + buffered + dropped`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Audio that was captured.
    pub captured_seconds: f64,
    /// Audio handed to a socket, each second counted once.
    pub sent_seconds: f64,
    /// Audio that the service has heard for certain.
    pub acknowledged_seconds: f64,
    /// Audio handed to the present socket and not acknowledged.
    pub in_flight_seconds: f64,
    /// Audio handed to a socket again after a reconnect.
    pub replayed_seconds: f64,
    /// Audio given up at the bound.
    pub dropped_seconds: f64,
    /// Audio that waits to be sent.
    pub buffered_seconds: f64,
    /// Bytes held in memory for a replay.
    pub buffered_bytes: usize,
    /// Bytes of audio sent, replays included.
    pub bytes_sent: u64,
    /// Sockets opened after the first.
    pub reconnects: u32,
}

/// A time in which the app had paused the capture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pause {
    /// Where the visit's time stood still, in seconds.
    pub at: f64,
    /// How long, in seconds.
    pub seconds: f64,
}

/// A span of the visit whose audio was given up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Dropped {
    /// In seconds of the visit.
    pub start: f64,
    /// In seconds of the visit.
    pub end: f64,
}

/// What a stream came to, for whoever ended or flushed it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Credits of the whole stream, where the service said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<f64>,
    /// The figures.
    pub stats: Stats,
}

/// A stream without its browser.
pub struct Engine {
    sound: Sound,
    session: Session,
    audio_format: String,
    /// Takes bytes that the app encoded, if it declared what they are.
    given: Option<Given>,
    /// Whether bytes are what the stream's audio is; else it is frames.
    takes_bytes: bool,
    /// Whether there is an encoder for frames.
    can_encode: bool,
    /// No frame is taken after the end was asked for.
    ending: bool,
    /// Since when the app has paused the capture.
    paused_at: Option<Duration>,
    pauses: Vec<Pause>,
    /// What the app asked and the session is not told yet: the encoder owes packets of audio that came before it.
    waiting: VecDeque<Waiting>,
}

/// A request that waits for an encoder which answers later.
#[derive(Debug)]
struct Waiting {
    input: Request,
    /// Frames given to the encoder before it.
    mark: u64,
    /// It does not wait for longer than that.
    until: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Request {
    Flush(RequestId),
    End(RequestId),
}

impl Engine {
    /// An engine that starts to connect at `now`. The encoder was made for the settings' rate and channels, and its
    /// packets go into `format`.
    ///
    /// # Errors
    /// As [`AudioPath::new`].
    pub fn new(settings: &Settings, encoder: Box<dyn Encoder>, format: Format, now: Duration) -> Result<Self, Error> {
        let sound = Sound::new(settings.sample_rate, settings.channels, encoder)?;
        let mut options = settings.session.clone();
        let mime = format.mime(settings.sample_rate, settings.channels);
        let audio_format = options.configuration.audio_format.get_or_insert(mime).clone();
        options.format = format;
        let session = Session::new(options, now);
        Ok(Self {
            sound,
            session,
            audio_format,
            given: settings.declared.map(Given::new),
            takes_bytes: false,
            can_encode: settings.encoding != Encoding::Given,
            ending: false,
            paused_at: None,
            pauses: Vec::new(),
            waiting: VecDeque::new(),
        })
    }

    /// Takes bytes that the app encoded itself, in the format that it declared. The first of them must hold the
    /// container's headers.
    ///
    /// # Errors
    /// `invalid_request` if no format was declared; `conflict` if the stream's audio is frames.
    pub fn bytes(&mut self, bytes: &[u8], now: Duration) -> Result<(), Error> {
        if self.is_deaf() || self.is_paused() || bytes.is_empty() {
            return Ok(());
        }
        let Some(given) = &mut self.given else {
            return Err(Error::invalid("sendAudio needs configuration.audioFormat, which says what the bytes are"));
        };
        if !self.takes_bytes && self.sound.has_begun() {
            return Err(Error::new(
                Code::Conflict,
                "the stream's audio is captured frames: bytes cannot be added to it",
            ));
        }
        self.takes_bytes = true;
        given.take(bytes, &mut self.session, now);
        Ok(())
    }

    /// # Errors
    /// If the stream's audio is not frames.
    fn takes_frames(&self) -> Result<(), Error> {
        if self.takes_bytes {
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

    /// Where on the visit's time the next audio lies, in seconds.
    fn position(&self) -> f64 {
        let given = self.given.as_ref().filter(|_| self.takes_bytes);
        given.map_or_else(|| self.sound.path().position(), Given::position).as_secs_f64()
    }

    /// Takes captured frames of an app's own: planar, at `rate` Hz. Frames after the end are ignored: a capture thread
    /// that is being stopped may still hand out some.
    ///
    /// # Errors
    /// `conflict` while something is attached; `invalid_request` for planes or a rate that cannot be audio.
    pub fn frames(&mut self, planes: &[&[f32]], rate: u32, now: Duration) -> Result<(), Error> {
        if self.is_deaf() || self.is_paused() {
            return Ok(());
        }
        self.takes_frames()?;
        self.sound.frames(planes, rate, &mut self.session, now)?;
        self.tell(now, false);
        Ok(())
    }

    /// A source is attached: for one channel, or without one for all, plane after plane. `id` is a name that no other
    /// has or had.
    ///
    /// # Errors
    /// `conflict` if the stream is over or ending; `invalid_request` if there is no such channel.
    pub fn attach(&mut self, id: CaptureId, channel: Option<usize>, now: Duration) -> Result<(), Error> {
        self.takes_sources()?;
        self.sound.attach(id, channel, now)
    }

    /// # Errors
    /// As [`Self::attach`], for any channel.
    pub fn takes_sources(&self) -> Result<(), Error> {
        if self.is_deaf() {
            let message = "the stream is over or ending: nothing can be captured for it";
            return Err(Error::new(Code::Conflict, message));
        }
        self.takes_frames()
    }

    /// Takes captured frames of an attached source: planar, at `rate` Hz; the last of them was captured `age` ago.
    ///
    /// # Errors
    /// `invalid_request` for planes or a rate that cannot be audio.
    pub fn captured(
        &mut self, id: CaptureId, planes: &[&[f32]], rate: u32, age: Duration, now: Duration,
    ) -> Result<(), Error> {
        if self.is_deaf() || self.is_paused() {
            return Ok(());
        }
        self.sound.captured(id, planes, rate, age, &mut self.session, now)?;
        self.tell(now, false);
        Ok(())
    }

    /// What follows from a source may come from another device.
    pub fn interrupt(&mut self, id: CaptureId) {
        self.sound.interrupt(id);
    }

    /// A source is no longer attached. What came from it is still sent.
    pub fn detach(&mut self, id: CaptureId, now: Duration) {
        if !self.is_deaf() {
            self.sound.detach(id, &mut self.session, now);
            self.tell(now, false);
        }
    }

    /// Whether the app has paused the capture.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.paused_at.is_some()
    }

    /// The pauses so far that are over, in order.
    #[must_use]
    pub fn pauses(&self) -> &[Pause] {
        &self.pauses
    }

    /// Audio that was given up because the buffer was full, in order.
    #[must_use]
    pub fn dropped(&self) -> Vec<Dropped> {
        let seconds = |span: &Span| Dropped { start: span.start.as_secs_f64(), end: span.end.as_secs_f64() };
        self.session.dropped().iter().map(seconds).collect()
    }

    /// All audio that the service has not acknowledged, as a file in the stream's own container.
    #[must_use]
    pub fn unsent_audio(&self) -> Vec<u8> {
        self.session.unsent_audio()
    }

    /// Whether no audio is taken any longer.
    const fn is_deaf(&self) -> bool {
        self.ending || self.session.state().is_over()
    }

    /// Takes what the app asks.
    pub fn command(&mut self, command: Command, now: Duration) {
        match command {
            Command::Flush(id) => self.wait(Request::Flush(id), now),
            Command::End(id) => {
                if !self.is_deaf() {
                    self.sound.finish(&mut self.session, now);
                }
                self.ending = true;
                self.wait(Request::End(id), now);
            }
            Command::Pause if !self.is_deaf() && !self.is_paused() => {
                self.paused_at = Some(now);
                self.sound.pause();
                self.session.announce(Event::Pause { at: self.position() });
                self.session.handle(Input::Paused(true), now);
            }
            Command::Resume => {
                if let Some(since) = self.paused_at.take() {
                    self.sound.resume(now);
                    if let Some(given) = &mut self.given {
                        given.resume(now);
                    }
                    let at = self.position();
                    let pause = Pause { at, seconds: now.saturating_sub(since).as_secs_f64() };
                    self.pauses.push(pause);
                    self.session.announce(Event::Resume { at, seconds: pause.seconds });
                    self.session.handle(Input::Paused(false), now);
                }
            }
            Command::Mute(channel) => self.sound.mute(channel, true),
            Command::Unmute(channel) => self.sound.mute(channel, false),
            Command::Pause => {}
            Command::Begin => self.session.handle(Input::Begin, now),
            Command::Close => {
                self.tell(now, true);
                self.session.handle(Input::Close, now);
            }
        }
    }

    /// Takes packets that an encoder which answers later has ready.
    pub fn encoded(&mut self, now: Duration) {
        self.sound.encoded(&mut self.session, now);
        self.tell(now, false);
    }

    /// Passes on what a device did.
    pub fn warn(&mut self, warning: Warning) {
        self.session.announce(Event::Warning(warning));
    }

    /// Takes what happened outside: on the socket, on the network, on the clock.
    pub fn input(&mut self, input: Input<'_>, now: Duration) {
        if !self.is_deaf() && !self.is_paused() {
            self.sound.look(&mut self.session, now);
        }
        self.session.handle(input, now);
        self.tell(now, false);
    }

    fn wait(&mut self, input: Request, now: Duration) {
        self.waiting.push_back(Waiting { input, mark: self.sound.path().given(), until: now + ENCODER_LIMIT });
        self.tell(now, false);
    }

    /// Tells the session what was asked, in order, as far as it has the audio from before, or need not wait for it.
    fn tell(&mut self, now: Duration, at_once: bool) {
        let (taken, is_over) = (self.sound.path().taken(), self.session.state().is_over());
        let due = |waiting: &mut Waiting| at_once || is_over || taken >= waiting.mark || now >= waiting.until;
        while let Some(waiting) = self.waiting.pop_front_if(due) {
            let input = match waiting.input {
                Request::Flush(id) => Input::Flush(id),
                Request::End(id) => Input::End(id),
            };
            self.session.handle(input, now);
        }
    }

    /// The next thing to do, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.session.poll_output()
    }

    /// When [`Input::Tick`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let waiting = self.waiting.front().map(|waiting| waiting.until);
        let look = if self.is_deaf() { None } else { self.sound.look_at() };
        [waiting, look, self.session.poll_timeout()].into_iter().flatten().min()
    }

    /// Where the stream is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.session.state()
    }

    /// What `audioFormat` declares.
    #[must_use]
    pub fn audio_format(&self) -> &str {
        &self.audio_format
    }

    /// The transcript so far, in time order, interim items included.
    #[must_use]
    pub fn transcript(&self) -> &[Segment] {
        self.session.transcript()
    }

    /// What came of it so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary { usage: self.session.usage(), stats: self.stats() }
    }

    /// The figures now.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let ledger = self.session.ledger();
        Stats {
            captured_seconds: ledger.captured.as_secs_f64(),
            sent_seconds: ledger.sent.as_secs_f64(),
            acknowledged_seconds: ledger.acknowledged.as_secs_f64(),
            in_flight_seconds: ledger.in_flight.as_secs_f64(),
            replayed_seconds: ledger.replayed.as_secs_f64(),
            dropped_seconds: ledger.dropped.as_secs_f64(),
            buffered_seconds: ledger.buffered.as_secs_f64(),
            buffered_bytes: ledger.held_bytes,
            bytes_sent: self.session.bytes_sent(),
            reconnects: self.session.reconnects(),
        }
    }
}
