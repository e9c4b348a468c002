//! What passes between the two halves of a stream: orders to whoever hosts its engine, and news from there.
//!
//! Both are plain values with one serialisation, so that the halves may be in one thread or in two. What is not text goes
//! beside an order: the samples of frames, the bytes of audio, the port of a source.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Command, Stats, Summary};
use crate::audio::intake::CaptureId;
use crate::error::Error;
use crate::redact::Secret;
use crate::session::{Event, RequestId, SocketId, State, Warning};

/// Where a socket is to be opened. The URL holds the token, and a proxy's subprotocols may: neither is printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
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
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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

impl View {
    /// The engine is lost: what it held is given up. Answers the span of that, in seconds of the visit.
    pub fn lose(&mut self, state: State) -> (f64, f64) {
        let stats = &mut self.stats;
        let held = stats.in_flight_seconds + stats.buffered_seconds;
        stats.dropped_seconds += held;
        (stats.in_flight_seconds, stats.buffered_seconds, stats.buffered_bytes) = (0.0, 0.0, 0);
        self.state = state;
        (stats.captured_seconds - held, stats.captured_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::session::WarningCode;

    /// One of each kind. A new kind does not compile here until there is one of it below.
    fn every_order() -> Vec<Order> {
        let named = |order: &Order| match order {
            Order::Command(_)
            | Order::Address(..)
            | Order::Diagnosed(..)
            | Order::Warn(_)
            | Order::Move(..)
            | Order::Attach(..)
            | Order::Detach(..)
            | Order::Frames(_)
            | Order::Bytes
            | Order::Want { .. } => true,
        };
        let commands = [
            Command::Flush(1),
            Command::End(2),
            Command::Pause,
            Command::Resume,
            Command::Mute(None),
            Command::Mute(Some(1)),
            Command::Unmute(Some(0)),
            Command::Unmute(None),
            Command::Begin,
            Command::Close,
        ];
        let address = Address { url: Secret("wss://x/?token=eyJ0".to_owned()), protocols: vec!["eyJ1".to_owned()] };
        let mut error = Error::new(Code::Network, "no network");
        (error.status, error.request_id) = (Some(503), Some("r-1".to_owned()));
        error.body = Some(serde_json::json!({ "title": "penicillin" }));
        let gap = Warning {
            channel: Some(1),
            start: Some(2.5),
            seconds: Some(0.1),
            filled: Some(true),
            ..Warning::new(WarningCode::Gap)
        };
        let others = [
            Order::Address(3, Ok(address)),
            Order::Address(3, Err(error.clone())),
            Order::Diagnosed(4, Ok(())),
            Order::Diagnosed(4, Err(error)),
            Order::Warn(Warning::new(WarningCode::DeviceLost)),
            Order::Warn(gap),
            Order::Move(5, 48_000),
            Order::Attach(6, None, 44_100),
            Order::Attach(6, Some(1), 16_000),
            Order::Detach(6, 7),
            Order::Frames(96_000),
            Order::Bytes,
            Order::Want { levels: true, messages: false },
        ];
        commands.into_iter().map(Order::Command).chain(others).filter(named).collect()
    }

    #[test]
    fn every_order_comes_out_of_its_text_as_it_went_in() -> Result<(), serde_json::Error> {
        for order in every_order() {
            assert_eq!(serde_json::from_str::<Order>(&serde_json::to_string(&order)?)?, order);
        }
        Ok(())
    }

    #[test]
    fn no_order_prints_a_credential_or_what_the_service_answered() {
        let printed = format!("{:?}", every_order());
        for secret in ["eyJ0", "eyJ1", "wss", "penicillin"] {
            assert!(!printed.contains(secret), "{secret} is in {printed}");
        }
    }

    #[test]
    fn an_order_of_another_version_is_an_error() {
        for text in [r#"{"brandNew":1}"#, r#"{"frames":-1}"#, r#"{"attach":[1]}"#, "\"detach\"", "", "null"] {
            assert!(serde_json::from_str::<Order>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_lost_engine_held_is_dropped_and_the_figures_still_add_up() {
        let stats = Stats {
            captured_seconds: 30.0,
            acknowledged_seconds: 20.0,
            in_flight_seconds: 6.0,
            buffered_seconds: 3.0,
            dropped_seconds: 1.0,
            ..Stats::default()
        };
        let mut view = View { state: State::Streaming, stats, position: 30.0, pushed: 0.0 };
        assert_eq!(view.lose(State::Failed), (21.0, 30.0));
        let Stats { captured_seconds, acknowledged_seconds, dropped_seconds, .. } = view.stats;
        assert_eq!((view.state, captured_seconds, acknowledged_seconds + dropped_seconds), (State::Failed, 30.0, 30.0));
    }
}
