//! What an app may listen to.

use super::State;
use crate::error::Error;
use crate::json::{Json, Raw, ToJson, amended, object};
use crate::protocol::server::{Fact, Segment};

/// What an app may listen to. As JSON, `type` is the name of the event.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The state changed.
    State {
        /// The new one.
        state: State,
        /// The one before.
        previous: State,
        /// Why, where that is not plain.
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
        data: Raw,
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
    Error(Error),
    /// The service confirmed the end.
    Ended {
        /// Credits of the whole stream, where the service said so.
        usage: Option<f64>,
    },
}

impl ToJson for Event {
    fn write(&self, json: &mut String) {
        match self {
            Self::State { state, previous, reason } => {
                object(json, &[("type", &"state"), ("state", state), ("previous", previous), ("reason", reason)]);
            }
            Self::Transcript { segments, replaced } => {
                object(json, &[("type", &"transcript"), ("segments", segments), ("replaced", replaced)]);
            }
            Self::Facts { facts } => object(json, &[("type", &"facts"), ("facts", facts)]),
            Self::Flushed => object(json, &[("type", &"flushed")]),
            Self::Usage { credits, total } => {
                object(json, &[("type", &"usage"), ("credits", credits), ("total", total)])
            }
            Self::AudioEvent { data } => object(json, &[("type", &"audioEvent"), ("data", data)]),
            Self::Level { channel, rms, peak, clipped } => {
                object(
                    json,
                    &[("type", &"level"), ("channel", channel), ("rms", rms), ("peak", peak), ("clipped", clipped)],
                );
            }
            Self::Warning(warning) => amended(json, Raw::of(warning).json(), &[("type", &"warning")]),
            Self::Pause { at } => object(json, &[("type", &"pause"), ("at", at)]),
            Self::Resume { at, seconds } => object(json, &[("type", &"resume"), ("at", at), ("seconds", seconds)]),
            Self::AudioDropped { start, end, reason } => {
                object(json, &[("type", &"audioDropped"), ("start", start), ("end", end), ("reason", reason)]);
            }
            Self::Error(error) => object(json, &[("type", &"error"), ("error", error)]),
            Self::Ended { usage } => object(json, &[("type", &"ended"), ("usage", usage)]),
        }
    }
}

/// Something is not as it should be; the stream goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// What.
    pub code: WarningCode,
    /// The channel that it concerns, if it concerns one.
    pub channel: Option<usize>,
    /// Of a gap: where on the visit's timeline, in seconds.
    pub start: Option<f64>,
    /// Of a gap: how long, in seconds.
    pub seconds: Option<f64>,
    /// Of a gap: whether silence of its length is in its place; else the timeline stood still meanwhile.
    pub filled: Option<bool>,
}

impl Warning {
    /// A warning of which there is no more to say.
    #[must_use]
    pub const fn new(code: WarningCode) -> Self {
        Self { code, channel: None, start: None, seconds: None, filled: None }
    }

    /// Reads one. `None` if it has no code that is known.
    #[must_use]
    pub fn read(json: Json<'_>) -> Option<Self> {
        Some(Self {
            code: WarningCode::ALL.into_iter().find(|code| json.get("code").is(code.as_str()))?,
            channel: json.get("channel").whole(),
            start: json.get("start").number(),
            seconds: json.get("seconds").number(),
            filled: json.get("filled").bool(),
        })
    }
}

impl ToJson for Warning {
    fn write(&self, json: &mut String) {
        object(
            json,
            &[
                ("code", &self.code.as_str()),
                ("channel", &self.channel),
                ("start", &self.start),
                ("seconds", &self.seconds),
                ("filled", &self.filled),
            ],
        );
    }
}

/// What a [`Warning`] is about. The names are part of the public surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl WarningCode {
    /// Every code.
    pub const ALL: [Self; 9] = [
        Self::SilentInput,
        Self::Clipping,
        Self::Muted,
        Self::DeviceLost,
        Self::DeviceChanged,
        Self::Suspended,
        Self::Stalled,
        Self::Gap,
        Self::BufferHigh,
    ];

    /// The name under which apps match on it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SilentInput => "silent-input",
            Self::Clipping => "clipping",
            Self::Muted => "muted",
            Self::DeviceLost => "device-lost",
            Self::DeviceChanged => "device-changed",
            Self::Suspended => "suspended",
            Self::Stalled => "stalled",
            Self::Gap => "gap",
            Self::BufferHigh => "buffer-high",
        }
    }
}
