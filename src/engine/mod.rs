//! Audio and session as one object: commands and frames go in, what to do and what happened come out.
//!
//! Everything that crosses its border is a plain value, so that it can live on the page or in a worker. It decides;
//! whoever drives it (see `web/stream`) only carries out.

mod settings;

use std::time::Duration;

use serde::Serialize;

use crate::audio::AudioPath;
use crate::audio::path::Encoded;
use crate::error::Error;
use crate::protocol::server::Segment;
use crate::session::{Event, Input, Output, RequestId, Session, State};

pub use settings::{Proxy, Settings};

/// What an app asks of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Have the pending transcript and facts now.
    Flush(RequestId),
    /// Send what is held, then end.
    End(RequestId),
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
    path: AudioPath,
    session: Session,
    /// No frame is taken after the end was asked for.
    ending: bool,
}

impl Engine {
    /// An engine that starts to connect at `now`.
    ///
    /// # Errors
    /// As [`AudioPath::new`].
    pub fn new(settings: &Settings, now: Duration) -> Result<Self, Error> {
        let path = AudioPath::new(settings.sample_rate, settings.channels)?;
        let mut options = settings.session.clone();
        options.configuration.audio_format.get_or_insert_with(|| path.audio_format());
        Ok(Self { path, session: Session::new(options, now), ending: false })
    }

    /// Takes captured frames: planar, at `rate` Hz. Frames after the end are ignored: a capture thread that is being
    /// stopped may still hand out some.
    ///
    /// # Errors
    /// As [`AudioPath::push`].
    pub fn frames(&mut self, planes: &[&[f32]], rate: u32, now: Duration) -> Result<(), Error> {
        if self.ending || self.session.state().is_over() {
            return Ok(());
        }
        let session = &mut self.session;
        self.path.push(planes, rate, &mut |encoded| take(session, &encoded, now))
    }

    /// Takes what the app asks.
    pub fn command(&mut self, command: Command, now: Duration) {
        match command {
            Command::Flush(id) => self.session.handle(Input::Flush(id), now),
            Command::End(id) => {
                if !std::mem::replace(&mut self.ending, true) {
                    let session = &mut self.session;
                    self.path.finish(&mut |encoded| take(session, &encoded, now));
                }
                self.session.handle(Input::End(id), now);
            }
            Command::Close => self.session.handle(Input::Close, now),
        }
    }

    /// Takes what happened outside: on the socket, on the network, on the clock.
    pub fn input(&mut self, input: Input<'_>, now: Duration) {
        self.session.handle(input, now);
    }

    /// The next thing to do, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.session.poll_output()
    }

    /// When [`Input::Tick`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.session.poll_timeout()
    }

    /// Where the stream is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.session.state()
    }

    /// What `audioFormat` declares.
    #[must_use]
    pub fn audio_format(&self) -> String {
        self.path.audio_format()
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

fn take(session: &mut Session, encoded: &Encoded<'_>, now: Duration) {
    match *encoded {
        Encoded::Packet(packet) => {
            session.handle(Input::Packet(packet.start, packet.duration, packet.bytes), now);
        }
        Encoded::Level(channel, level) => {
            let (rms, peak, clipped) = (level.rms, level.peak, level.clipped);
            session.announce(Event::Level { channel, rms, peak, clipped });
        }
    }
}
