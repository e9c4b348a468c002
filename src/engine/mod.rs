//! Audio and session as one object: commands and frames go in, what to do and what happened come out.
//!
//! Everything that crosses its border is a plain value, so that it can live on the page or in a worker. It decides;
//! whoever drives it (see [`hosted`]) only carries out.

pub mod codec;
pub mod devices;
mod figures;
pub mod gate;
mod given;
pub mod hosted;
mod resume;
mod settings;
mod shadow;
mod sound;
pub mod wire;

use std::collections::VecDeque;

use crate::audio::Encoder;
use crate::audio::container::Format;
use crate::error::Error;
use crate::protocol::server::Segment;
use crate::session::{Event, Input, Output, RequestId, Session, Span, State, Warning};
use crate::time::{Duration, earliest};

pub use crate::audio::intake::CaptureId;
pub use figures::{Dropped, Pause, Stats, Summary};
pub use gate::Gate;
use given::Given;
pub use given::headers;
pub use resume::Resume;
pub use settings::{Declared, Encoding, Proxy, Settings};
pub use shadow::{Loss, Shadow};
use sound::Sound;
use wire::View;

/// How long an encoder may take to hand out packets that something waits for: they hold a few frames, it needs
/// milliseconds, unless the machine is busy. What it has not handed out by then is not sent.
const ENCODER_LIMIT: Duration = Duration::from_secs(10);

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

/// A stream without its browser.
pub struct Engine {
    sound: Sound,
    session: Session,
    audio_format: String,
    /// Takes bytes that the app encoded, if it declared what they are.
    given: Option<Given>,
    /// What the app may give.
    gate: Gate,
    /// Seconds of frames of its own that it gave.
    pushed: f64,
    /// Since when the app has paused the capture, and for how long it had then, if another engine had the stream.
    paused_at: Option<Duration>,
    paused_before: Duration,
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
    /// A stream that begins, or that goes on where [`Settings::resume`] says.
    ///
    /// # Errors
    /// As [`AudioPath::new`].
    ///
    /// [`AudioPath::new`]: crate::audio::AudioPath::new
    pub fn new(settings: &Settings, encoder: Box<dyn Encoder>, format: Format, now: Duration) -> Result<Self, Error> {
        let resume = settings.resume.clone().unwrap_or_default();
        let sound = Sound::new(settings.sample_rate, settings.channels, encoder, resume.origin())?;
        let mut options = settings.session.clone();
        let mime = format.mime(settings.sample_rate, settings.channels);
        let audio_format = options.configuration.audio_format.get_or_insert(mime).clone();
        options.format = format;
        options.past = settings.resume.as_ref().map(Resume::past);
        let mut session = Session::new(options, now);
        if resume.is_paused {
            session.handle(Input::Paused(true), now);
        }
        Ok(Self {
            sound,
            given: settings.declared.map(|declared| Given::new(declared, &resume, &mut session, now)),
            session,
            audio_format,
            gate: Gate::new(settings),
            pushed: 0.0,
            paused_at: resume.is_paused.then_some(now),
            paused_before: resume.paused_for(),
            pauses: Vec::new(),
            waiting: VecDeque::new(),
        })
    }

    /// Takes bytes that the app encoded itself, in the format that it declared. The first of them must hold the
    /// container's headers.
    ///
    /// # Errors
    /// As [`Gate::bytes`].
    pub fn bytes(&mut self, bytes: &[u8], now: Duration) -> Result<(), Error> {
        self.gate.bytes(bytes.len())?;
        if let Some(given) = self.given.as_mut().filter(|_| self.gate.is_open()) {
            given.take(bytes, &mut self.session, now);
            self.tell(now, false);
        }
        Ok(())
    }

    /// Where on the visit's time the next audio lies, in seconds.
    fn position(&self) -> f64 {
        let given = self.given.as_ref().filter(|_| self.gate.takes_bytes());
        given.map_or_else(|| self.sound.path().position(), Given::position).as_secs_f64()
    }

    /// Takes captured frames of an app's own: planar, at `rate` Hz. Frames after the end are ignored: a capture thread
    /// that is being stopped may still hand out some.
    ///
    /// # Errors
    /// As [`Gate::frames`].
    pub fn frames(&mut self, planes: &[&[f32]], rate: u32, now: Duration) -> Result<(), Error> {
        self.gate.frames(planes.iter().map(|plane| plane.len()), rate)?;
        if self.gate.is_open() {
            self.sound.frames(planes, rate, &mut self.session, now)?;
            self.pushed += planes.first().map_or(0, |plane| plane.len()) as f64 / f64::from(rate.max(1));
            self.tell(now, false);
        }
        Ok(())
    }

    /// A source is attached: for one channel, or without one for all, plane after plane. `id` is a name that no other
    /// has or had.
    ///
    /// # Errors
    /// As [`Gate::source`].
    pub fn attach(&mut self, id: CaptureId, channel: Option<usize>, now: Duration) -> Result<(), Error> {
        self.gate.source(id, channel)?;
        self.sound.attach(id, channel, now).inspect_err(|_| self.gate.source_gone(id))
    }

    /// Whether a source could be attached now, to any channel.
    ///
    /// # Errors
    /// As [`Gate::source`].
    pub fn takes_sources(&self) -> Result<(), Error> {
        self.gate.takes_source(None)
    }

    /// Takes captured frames of an attached source: planar, at `rate` Hz; the last of them was captured `age` ago.
    ///
    /// # Errors
    /// `invalid_request` for planes or a rate that cannot be audio.
    pub fn captured(
        &mut self, id: CaptureId, planes: &[&[f32]], rate: u32, age: Duration, now: Duration,
    ) -> Result<(), Error> {
        if self.gate.is_open() {
            self.sound.captured(id, planes, rate, age, &mut self.session, now)?;
            self.tell(now, false);
        }
        Ok(())
    }

    /// How much more has to be captured before another message to the service is full: while the app has paused the capture, none will be.
    #[must_use]
    pub fn missing(&self) -> Duration {
        if self.is_paused() {
            return Duration::MAX;
        }
        let (start, most) = self.session.next_chunk();
        self.sound.path().missing(start, most)
    }

    /// What follows from a source may come from another device.
    pub fn interrupt(&mut self, id: CaptureId) {
        self.sound.interrupt(id);
    }

    /// A source is no longer attached. What came from it is still sent.
    pub fn detach(&mut self, id: CaptureId, now: Duration) {
        self.gate.source_gone(id);
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

    /// The pauses that are over since the stream began, or went on here, in order.
    #[must_use]
    pub fn pauses(&self) -> &[Pause] {
        &self.pauses
    }

    /// Audio that was given up because the buffer was full, or lost with a worker, in order. What was given up before the
    /// stream went on here is not among it.
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
        self.gate.is_deaf()
    }

    /// Takes what the app asks.
    pub fn command(&mut self, command: Command, now: Duration) {
        match command {
            Command::Flush(id) => self.wait(Request::Flush(id), now),
            Command::End(id) => {
                if !self.is_deaf() {
                    self.sound.finish(&mut self.session, now);
                }
                self.gate.over();
                self.wait(Request::End(id), now);
            }
            Command::Pause if !self.is_deaf() && !self.is_paused() => {
                self.paused_at = Some(now);
                self.gate.paused(true);
                self.sound.pause();
                self.session.announce(Event::Pause { at: self.position() });
                self.session.handle(Input::Paused(true), now);
            }
            Command::Resume => {
                if let Some(since) = self.paused_at.take() {
                    self.gate.paused(false);
                    self.sound.resume(now);
                    if let Some(given) = &mut self.given {
                        given.resume(now);
                    }
                    let at = self.position();
                    let before = std::mem::take(&mut self.paused_before);
                    let pause = Pause { at, seconds: (before + now.saturating_sub(since)).as_secs_f64() };
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
        self.tell(now, false);
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
    }

    /// After whatever happened: tells the session what was asked, in order, as far as it has the audio from before, or need
    /// not wait for it; and the gate, if all is over.
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
        if self.session.state().is_over() {
            self.gate.over();
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
        earliest(&[waiting, look, self.session.poll_timeout()])
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

    /// How things stand.
    #[must_use]
    pub fn view(&self) -> View {
        View { state: self.state(), stats: self.stats(), position: self.position(), pushed: self.pushed }
    }

    /// The latest of the transcript, in time order, interim items included: what may still be corrected.
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
            untranscribed_seconds: self.session.untranscribed().as_secs_f64(),
            buffered_bytes: ledger.held_bytes,
            bytes_sent: self.session.bytes_sent(),
            reconnects: self.session.reconnects(),
        }
    }
}
