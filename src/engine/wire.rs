//! What passes between the two halves of a stream: orders to whoever hosts its engine, and news from there.
//!
//! Both are plain values with one form in JSON, so that the halves may be in one thread or in two. What is not text goes
//! beside an order: the samples of frames, the bytes of audio, the port of a source.

use std::fmt;

use super::{Command, Stats, Summary};
use crate::audio::intake::CaptureId;
use crate::error::Error;
use crate::json::{Json, Raw, ToJson, object, or_null};
use crate::redact::Secret;
use crate::session::{Event, RequestId, SocketId, State, Warning};

/// Where a socket is to be opened. The URL holds the token, and a proxy's subprotocols may: neither is printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// With its query.
    pub url: Secret<String>,
    /// Subprotocols.
    pub protocols: Vec<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").finish_non_exhaustive()
    }
}

/// What the page's half tells the engine's.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// The app asks for something.
    Command(Command),
    /// The answer to [`News::Address`].
    Address(SocketId, Result<Address, Error>),
    /// The answer to [`News::Diagnose`].
    Diagnosed(SocketId, Result<(), Error>),
    /// A device did something.
    Warn(Warning),
    /// What follows from a source comes from another device, at so many Hz. Its port goes beside.
    Move(CaptureId, u32),
    /// A source: its channel, if it has one of its own, and the rate of its frames in Hz. Its port goes beside.
    Attach(CaptureId, Option<usize>, u32),
    /// A source is no longer one, once it has handed out what it holds. Answered.
    Detach(CaptureId, RequestId),
    /// Frames of the app's own, at so many Hz. Their planes go beside.
    Frames(u32),
    /// Audio that the app encoded. Its bytes go beside.
    Bytes,
    /// Whether anybody listens to what is told only then.
    Want {
        /// The levels.
        levels: bool,
        /// The service's messages as they come.
        messages: bool,
    },
}

/// What the engine's half tells the page's.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// For the app's listeners; but for [`Event::Error`], which is [`News::Error`].
    Event(Event),
    /// For the app's listeners to `error`.
    Error(Error),
    /// A message of the service, as it came.
    Message(String),
    /// The first connection stands, or never will.
    Connected(Result<(), Error>),
    /// Something that was asked came to its end.
    Answered(RequestId, Result<Summary, Error>),
    /// A socket is to be opened: with which address?
    Address(SocketId),
    /// The service refused a socket without a word: what does the REST API say?
    Diagnose(SocketId),
    /// The stream is over: nothing follows.
    Over,
}

/// What an app may look at, as it stands: beside the news, and without any.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Where the stream is.
    pub state: State,
    /// Its figures.
    pub stats: Stats,
    /// Seconds of the visit at which the next audio lies.
    pub position: f64,
    /// Seconds of frames of the app's own that were taken.
    pub pushed: f64,
}

impl Address {
    fn read(json: Json<'_>) -> Option<Self> {
        let protocols = json.get("protocols").items().map(Json::text).collect::<Option<_>>()?;
        Some(Self { url: Secret(json.get("url").text()?), protocols })
    }
}

impl ToJson for Address {
    fn write(&self, json: &mut String) {
        object(json, &[("url", &self.url.0), ("protocols", &self.protocols)]);
    }
}

impl Command {
    fn read(json: Json<'_>) -> Option<Self> {
        let bare = [("pause", Self::Pause), ("resume", Self::Resume), ("begin", Self::Begin), ("close", Self::Close)];
        if let Some((_, command)) = bare.into_iter().find(|(name, _)| json.is(name)) {
            return Some(command);
        }
        let (kind, of) = json.entries().next()?;
        Some(match () {
            () if kind.is("flush") => Self::Flush(of.whole()?),
            () if kind.is("end") => Self::End(of.whole()?),
            () if kind.is("mute") => Self::Mute(optional(of)?),
            () if kind.is("unmute") => Self::Unmute(optional(of)?),
            () => return None,
        })
    }
}

impl ToJson for Command {
    fn write(&self, json: &mut String) {
        match self {
            Self::Pause => "pause".write(json),
            Self::Resume => "resume".write(json),
            Self::Begin => "begin".write(json),
            Self::Close => "close".write(json),
            Self::Flush(id) => object(json, &[("flush", id)]),
            Self::End(id) => object(json, &[("end", id)]),
            Self::Mute(channel) => object(json, &[("mute", or_null(channel))]),
            Self::Unmute(channel) => object(json, &[("unmute", or_null(channel))]),
        }
    }
}

impl Order {
    /// Reads one. `None` if it is none, as an order of another version may be.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let json = Json::read(text)?;
        if json.is("bytes") {
            return Some(Self::Bytes);
        }
        let (kind, of) = json.entries().next()?;
        let mut parts = of.items();
        let mut part = || parts.next();
        Some(match () {
            () if kind.is("command") => Self::Command(Command::read(of)?),
            () if kind.is("address") => Self::Address(part()?.whole()?, result(part()?, Address::read)?),
            () if kind.is("diagnosed") => Self::Diagnosed(part()?.whole()?, result(part()?, |_| Some(()))?),
            () if kind.is("warn") => Self::Warn(Warning::read(of)?),
            () if kind.is("move") => Self::Move(part()?.whole()?, part()?.whole()?),
            () if kind.is("attach") => Self::Attach(part()?.whole()?, optional(part()?)?, part()?.whole()?),
            () if kind.is("detach") => Self::Detach(part()?.whole()?, part()?.whole()?),
            () if kind.is("frames") => Self::Frames(of.whole()?),
            () if kind.is("want") => {
                Self::Want { levels: of.get("levels").bool()?, messages: of.get("messages").bool()? }
            }
            () => return None,
        })
    }
}

impl ToJson for Order {
    fn write(&self, json: &mut String) {
        match self {
            Self::Command(command) => object(json, &[("command", command)]),
            Self::Address(id, address) => object(json, &[("address", &list([id, address]))]),
            Self::Diagnosed(id, result) => object(json, &[("diagnosed", &list([id, result]))]),
            Self::Warn(warning) => object(json, &[("warn", warning)]),
            Self::Move(id, rate) => object(json, &[("move", &list([id, rate]))]),
            Self::Attach(id, channel, rate) => object(json, &[("attach", &list([id, channel, rate]))]),
            Self::Detach(id, request) => object(json, &[("detach", &list([id, request]))]),
            Self::Frames(rate) => object(json, &[("frames", rate)]),
            Self::Bytes => "bytes".write(json),
            Self::Want { levels, messages } => {
                let wants = Raw::amended(Json::NULL, &[("levels", levels), ("messages", messages)]);
                object(json, &[("want", &wants)]);
            }
        }
    }
}

impl ToJson for News {
    fn write(&self, json: &mut String) {
        match self {
            Self::Event(event) => object(json, &[("event", event)]),
            Self::Error(error) => object(json, &[("error", error)]),
            Self::Message(text) => object(json, &[("message", text)]),
            Self::Connected(result) => object(json, &[("connected", result)]),
            Self::Answered(id, result) => object(json, &[("answered", &list([id, result]))]),
            Self::Address(id) => object(json, &[("address", id)]),
            Self::Diagnose(id) => object(json, &[("diagnose", id)]),
            Self::Over => "over".write(json),
        }
    }
}

/// Of several kinds.
const fn list<const N: usize>(items: [&dyn ToJson; N]) -> [&dyn ToJson; N] {
    items
}

/// A whole number, or null.
fn optional<T: TryFrom<u64>>(json: Json<'_>) -> Option<Option<T>> {
    if json.is_null() { Some(None) } else { json.whole().map(Some) }
}

fn result<T>(json: Json<'_>, read: impl FnOnce(Json<'_>) -> Option<T>) -> Option<Result<T, Error>> {
    let (how, what) = json.entries().next()?;
    match how.is("Ok") {
        true => read(what).map(Ok),
        false => Error::read(what).map(Err),
    }
}

impl ToJson for View {
    fn write(&self, json: &mut String) {
        let Self { state, stats, position, pushed } = self;
        object(json, &[("state", state), ("stats", stats), ("position", position), ("pushed", pushed)]);
    }
}

impl View {
    /// Reads one. `None` if it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let json = Json::read(text)?;
        Some(Self {
            state: State::read(json.get("state"))?,
            stats: Stats::read(json.get("stats")),
            position: json.get("position").number()?,
            pushed: json.get("pushed").number()?,
        })
    }

    /// The engine is lost: what it held is given up. Answers the span of that, in seconds of the visit.
    pub fn lose(&mut self, state: State) -> (f64, f64) {
        let stats = &mut self.stats;
        let held = stats.in_flight_seconds + stats.buffered_seconds;
        stats.dropped_seconds += held;
        (stats.in_flight_seconds, stats.buffered_seconds, stats.buffered_bytes) = (0.0, 0.0, 0);
        stats.untranscribed_seconds = 0.0;
        self.state = state;
        (stats.captured_seconds - held, stats.captured_seconds)
    }
}

#[cfg(test)]
mod tests;
