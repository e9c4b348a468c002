//! The stream as a state machine, without IO, clock or randomness of its own.
//!
//! [`Session::handle`] takes an [`Input`] and the time; [`Session::poll_output`] then tells, one [`Output`] at a time,
//! what to do on the socket and what to tell the app; [`Session::poll_timeout`] tells when to come back with
//! [`Input::Tick`] at the latest, whatever else happens before. Time is a `Duration` since an instant of the driver's choice and never
//! runs backwards; capture time is a `Duration` since the first captured frame.
//!
//! - `machine`: states and what moves between them; `messages`: what the service says; `transmit`: audio to the socket.
//! - `backlog`: packets that are not yet acknowledged, and the ledger.
//! - `event`: what an app may listen to.
//! - `app`: what the app asks; `requests`: what it waits for; `time`: what passes meanwhile.
//! - `past`: what came before, when another session had the stream.
//! - `live`: a configured socket: what it was given and what has left it.
//! - `pace`: how fast audio may be handed to a socket.
//! - `backoff`: when to try again.
//! - `timeline`: from a socket's time to the visit's.
//! - `merge`: what becomes of a segment; `align`: words that were heard twice; `speakers`: who says them.
//! - `transcript`: the list that comes of it.

mod align;
mod app;
mod backlog;
mod backoff;
mod event;
mod live;
mod machine;
mod merge;
mod messages;
mod pace;
mod past;
mod requests;
mod speakers;
mod time;
mod timeline;
mod transcript;
mod transmit;

use crate::audio::container::Format;
use crate::error::Error;
use crate::json::{Json, ToJson};
use crate::protocol;
use crate::protocol::client::Configuration;
use crate::time::Duration;

pub use backlog::{Ledger, Span};
pub use event::{Event, Warning, WarningCode};
pub use machine::Session;
pub use past::Past;
pub use timeline::Origin;
pub use transcript::{MOST_SEGMENTS, Transcript};

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
    /// The most audio that is kept while it cannot be sent; of what waits the oldest beyond it is dropped, and said so. What is in
    /// flight is not dropped, nor does it count when its socket is lost: see [`Options::most_again`].
    pub buffer: Duration,
    /// What a `flushed` proves is acknowledged at once. Time alone acknowledges audio so long after it left an open socket, and
    /// when so much audio has arrived after it, of which the service has said anything; longer if words take longer, to twice
    /// that. See [`ACKNOWLEDGE_AFTER`].
    pub acknowledge_after: Duration,
    /// Whether the service is asked by a `flush` for what is pending where the conversation pauses: that it costs nothing there
    /// is a [guess].
    pub flush_at_pauses: bool,
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
    /// How much may be kept beside [`Self::buffer`] of what was held when a socket was lost: what is in flight, which is as long as
    /// the window at most, and what an earlier outage left.
    pub(super) fn most_again(&self) -> Duration {
        self.buffer + self.acknowledge_after + self.acknowledge_after
    }
}

/// Words come late, and not in the order in which they were said. The first batch comes after 21 s, others 13 to 18 s
/// later, and a speaker's earlier words may come with the next batch [live ECHO]; unbroken speech is cut after 13 s
/// [live WBY]. So words that are said right after a batch was cut come at the latest some 13 + 18 + 18 = 49 s later; the rest
/// is for the network and a service that is busy.
pub const ACKNOWLEDGE_AFTER: Duration = Duration::from_secs(60);

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
            acknowledge_after: ACKNOWLEDGE_AFTER,
            flush_at_pauses: true,
            catch_up_rate: 1.5,
            times_from: Origin::Auto,
            seed: 0,
            past: None,
        }
    }
}

/// Where the stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    const ALL: [Self; 7] = [
        Self::Connecting,
        Self::Configuring,
        Self::Streaming,
        Self::Reconnecting,
        Self::Ending,
        Self::Ended,
        Self::Failed,
    ];

    /// The name under which apps know it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Configuring => "configuring",
            Self::Streaming => "streaming",
            Self::Reconnecting => "reconnecting",
            Self::Ending => "ending",
            Self::Ended => "ended",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn read(json: Json<'_>) -> Option<Self> {
        Self::ALL.into_iter().find(|state| json.is(state.as_str()))
    }

    /// Whether nothing will ever happen again.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Failed)
    }
}

impl ToJson for State {
    fn write(&self, json: &mut String) {
        self.as_str().write(json);
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
    /// The conversation pauses: nobody has spoken for a while, as far as can be told.
    Lull,
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
