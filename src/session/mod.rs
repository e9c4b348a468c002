//! The stream as a state machine, without IO, clock or randomness of its own.
//!
//! [`Session::handle`] takes an [`Input`] and the time; [`Session::poll_output`] then tells, one [`Output`] at a time,
//! what to do on the socket and what to tell the app; [`Session::poll_timeout`] tells when to come back with
//! [`Input::Tick`] at the latest, whatever else happens before. Time is a `Duration` since an instant of the driver's choice and never
//! runs backwards; capture time is a `Duration` since the first captured frame.
//!
//! - `machine`: states and what moves between them; `messages`: what the service says; `transmit`: audio to the socket.
//! - `backlog`: packets that are not yet acknowledged, and the ledger.
//! - `app`: what the app asks; `requests`: what it waits for; `time`: what passes meanwhile.
//! - `past`: what came before, when another session had the stream.
//! - `live`: a configured socket: what it was given and what has left it.
//! - `pace`: how fast audio may be handed to a socket.
//! - `backoff`: when to try again.
//! - `timeline`: from a socket's time to the visit's.
//! - `transcript`: interim items and what replaces them.

mod app;
mod backlog;
mod backoff;
mod live;
mod machine;
mod messages;
mod pace;
mod past;
mod requests;
mod time;
mod timeline;
mod transcript;
mod transmit;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::audio::container::Format;
use crate::error::Error;
use crate::protocol;
use crate::protocol::client::Configuration;
use crate::protocol::server::{Fact, Segment};

pub use backlog::{Ledger, Span};
pub use machine::Session;
pub use past::Past;
pub use timeline::Origin;
pub use transcript::Transcript;

/// What a session is told at its birth.
#[derive(Clone, Debug)]
pub struct Options {
    /// Sent first on every socket. Its `audio_format` must be set.
    pub configuration: Configuration,
    /// What lies around the packets on a socket.
    pub format: Format,
    /// Audio in one socket message.
    pub chunk: Duration,
    /// How long an attempt to connect may take until the configuration is accepted.
    pub connection_time_limit: Duration,
    /// Whether the app waits for the first connection: then all attempts at it together have the time of one. Else the
    /// first is sought as patiently as any later one, and audio is kept meanwhile.
    pub is_awaited: bool,
    /// Whether the first socket waits for [`Input::Begin`]; audio is kept meanwhile, and no time limit runs.
    pub is_held: bool,
    /// How long the service may take to answer `flush` and `end` once all audio before it could have been sent.
    pub answer_time_limit: Duration,
    /// Failed attempts in a row after which the session gives up…
    pub reconnect_attempts: u32,
    /// …but not before it was without a connection for so long: as long as there is room for the audio.
    pub reconnect_for: Duration,
    /// The most audio that is kept for a replay; the oldest beyond it is dropped, and said so.
    pub buffer: Duration,
    /// Audio counts as acknowledged this long after it left an open socket, if no transcript said so before and the service
    /// has said anything since; if it has not, it is asked.
    pub acknowledge_after: Duration,
    /// How much faster than real time held audio may be sent.
    pub catch_up_rate: f64,
    /// From where the service counts the times of a transcript on a reopened socket.
    pub times_from: Origin,
    /// Seeds the jitter of the reconnections.
    pub seed: u64,
    /// What came before, if another session had the stream until now.
    pub past: Option<Past>,
}

impl Options {
    /// The defaults of the public surface, for a configuration.
    #[must_use]
    pub fn new(configuration: Configuration) -> Self {
        Self {
            configuration,
            format: Format::Raw,
            chunk: protocol::RECOMMENDED_CHUNK,
            connection_time_limit: Duration::from_secs(15),
            is_awaited: true,
            is_held: false,
            answer_time_limit: Duration::from_secs(30),
            reconnect_attempts: 30,
            reconnect_for: Duration::from_secs(120),
            buffer: Duration::from_secs(120),
            acknowledge_after: Duration::from_secs(30),
            catch_up_rate: 1.5,
            times_from: Origin::Socket,
            seed: 0,
            past: None,
        }
    }
}

/// Where the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The first socket is being opened.
    Connecting,
    /// A socket is open; the configuration has been sent and not yet accepted.
    Configuring,
    /// Audio flows.
    Streaming,
    /// The connection was lost; audio is kept.
    Reconnecting,
    /// The app asked for the end; what is held is sent, and the service's last messages are awaited.
    Ending,
    /// The service confirmed the end, or the app closed the stream.
    Ended,
    /// The stream is over and something is missing.
    Failed,
}

impl State {
    /// Whether nothing will ever happen again.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Failed)
    }
}

/// Names a socket, so that late news of an old one is told from the present one's.
pub type SocketId = u32;

/// Names a promise that the driver holds.
pub type RequestId = u32;

/// What happens to a session.
#[derive(Debug)]
pub enum Input<'a> {
    /// The socket is open.
    SocketOpened(SocketId),
    /// A text frame came.
    Text(SocketId, &'a str),
    /// The socket closed, or could not be opened (1006).
    SocketClosed(SocketId, u16),
    /// Before there was a socket something else failed, such as the token provider.
    OpenFailed(SocketId, Error),
    /// The answer to [`Output::Diagnose`]: why the service refuses this token and interaction, if it says so.
    Diagnosed(SocketId, Result<(), Error>),
    /// An encoded packet: capture time, duration, bytes.
    Packet(Duration, Duration, &'a [u8]),
    /// The app asks to have the pending transcript and facts now.
    Flush(RequestId),
    /// The app ends the stream; no packet follows.
    End(RequestId),
    /// What the first socket waited for is there.
    Begin,
    /// The app closes the stream at once.
    Close,
    /// Whether no packet follows for now: then what waits to fill a chunk goes out as it is.
    Paused(bool),
    /// The network came back: try now.
    Online,
    /// Time passed.
    Tick {
        /// Bytes handed to the present socket that have not left it (`bufferedAmount`); 0 without a socket.
        buffered_bytes: usize,
    },
}

/// What the driver has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Get a fresh token and open a socket under this id. There is never a second one while one is open.
    Open(SocketId),
    /// Send a text frame.
    SendText(String),
    /// Send a binary frame.
    SendAudio(Vec<u8>),
    /// Close the socket.
    CloseSocket,
    /// The upgrade failed without a word, as browsers have it: ask the REST API whether this token may read this
    /// interaction, and answer with [`Input::Diagnosed`].
    Diagnose(SocketId),
    /// The first `CONFIG_ACCEPTED` came, or never will.
    Connected(Result<(), Error>),
    /// A flush or an end came to its end.
    Answered(RequestId, Result<(), Error>),
    /// Something for the app.
    Event(Event),
}

/// What an app may listen to. Serialised, `type` is the name of the event.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// The state changed.
    State {
        /// The new one.
        state: State,
        /// The one before.
        previous: State,
        /// Why, where that is not plain.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Pieces of the transcript, on the visit's timeline.
    Transcript {
        /// As on the wire.
        segments: Vec<Segment>,
        /// Ids of interim items that these replace.
        replaced: Vec<String>,
    },
    /// Facts, new or changed.
    Facts {
        /// As on the wire.
        facts: Vec<Fact>,
    },
    /// A flush was answered.
    Flushed,
    /// Credits used.
    Usage {
        /// Credits.
        credits: f64,
        /// Whether this is the sum of the whole stream.
        total: bool,
    },
    /// A remark of the service on the audio's quality.
    AudioEvent {
        /// As on the wire.
        data: Value,
    },
    /// The level of a channel over the last tenth of a second, in dBFS.
    Level {
        /// Index of the channel.
        channel: usize,
        /// Root mean square.
        rms: f64,
        /// Highest magnitude.
        peak: f64,
        /// Samples at full scale.
        clipped: u32,
    },
    /// Something is not as it should be; the stream goes on.
    Warning(Warning),
    /// The app paused the capture.
    Pause {
        /// Where on the visit's timeline, in seconds: it stands still from here.
        at: f64,
    },
    /// The app resumed the capture.
    Resume {
        /// Where on the visit's timeline, in seconds: where it stood still.
        at: f64,
        /// How long, in seconds.
        seconds: f64,
    },
    /// Audio that was never acknowledged had to be given up, or was lost with whoever held it.
    AudioDropped {
        /// Capture time in seconds.
        start: f64,
        /// Capture time in seconds.
        end: f64,
        /// Why.
        reason: &'static str,
    },
    /// Something failed. Whether the stream goes on, `state` says.
    #[serde(skip)]
    Error(Error),
    /// The service confirmed the end.
    Ended {
        /// Credits of the whole stream, where the service said so.
        #[serde(skip_serializing_if = "Option::is_none")]
        usage: Option<f64>,
    },
}

/// Something is not as it should be; the stream goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// What.
    pub code: WarningCode,
    /// The channel that it concerns, if it concerns one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<usize>,
    /// Of a gap: where on the visit's timeline, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<f64>,
    /// Of a gap: how long, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Of a gap: whether silence of its length is in its place; else the timeline stood still meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filled: Option<bool>,
}

impl Warning {
    /// A warning of which there is no more to say.
    #[must_use]
    pub const fn new(code: WarningCode) -> Self {
        Self { code, channel: None, start: None, seconds: None, filled: None }
    }
}

/// What a [`Warning`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarningCode {
    /// Nothing but digital silence for 5 s.
    SilentInput,
    /// More than 1 % of a second at full scale.
    Clipping,
    /// The system muted the device.
    Muted,
    /// The device is gone, and there is no other.
    DeviceLost,
    /// Another device is captured from here on.
    DeviceChanged,
    /// The browser suspended the capture; it goes on as soon as the browser lets it.
    Suspended,
    /// Nothing has come from a source for half a second.
    Stalled,
    /// For a while nothing was captured.
    Gap,
    /// What is held for a reconnect nears its bound.
    BufferHigh,
}
