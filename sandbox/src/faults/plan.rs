//! The faults of one socket, as `POST /sandbox/faults` takes them: every key, its default and its range.
//!
//! Shapes alone; `faults.rs` keeps them until their socket comes, `line.rs` carries them out. A value that is out of
//! range is refused while it is read, so that the error has the path of its key.

use std::time::Duration;

use axum::http::StatusCode;
use serde::Deserialize;

/// The refusals of a configuration that can be asked for.
const REFUSALS: [&str; 5] =
    ["CONFIG_DENIED", "CONFIG_REJECTED", "CONFIG_MISSING", "CONFIG_NOT_PROVIDED", "CONFIG_TIMEOUT"];
/// The longest time that can be asked for: a day.
const MAX_SECONDS: f64 = 86_400.0;

/// What one socket is to do wrong; nothing, unless told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Plan {
    /// Instead of opening the socket.
    #[serde(alias = "nextUpgrade")]
    pub(crate) upgrade: Option<Upgrade>,
    /// Not one upgrade, but each one for so long after the first.
    pub(crate) refuse_for_seconds: Option<Seconds>,
    /// How the configuration is answered.
    pub(crate) configuration: Option<Answer>,
    /// The configuration's answer, and all that follows it, waits so long.
    pub(crate) configuration_after_seconds: Seconds,
    /// Short for an event: drop the connection so long after `CONFIG_ACCEPTED`.
    pub(crate) drop_after_seconds: Option<Seconds>,
    pub(crate) events: Vec<Event>,
    /// Everything that the server says after `CONFIG_ACCEPTED` comes so late.
    pub(crate) delay_seconds: Seconds,
    /// Transcripts and facts come twice.
    pub(crate) duplicate: bool,
    /// Transcripts and facts come after the message that should follow them.
    pub(crate) out_of_order: bool,
    /// The end comes without `usage`.
    pub(crate) without_usage: bool,
    /// How many sockets it is for.
    pub(crate) times: Times,
}

/// A length of time in seconds, 0 to a day.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(try_from = "f64")]
pub(crate) struct Seconds(pub(crate) Duration);

impl TryFrom<f64> for Seconds {
    type Error = &'static str;

    fn try_from(seconds: f64) -> Result<Self, Self::Error> {
        let fits = (0.0..=MAX_SECONDS).contains(&seconds);
        let time = Duration::try_from_secs_f64(seconds).ok().filter(|_| fits);
        time.map(Self).ok_or("must be 0 to 86400 seconds")
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "usize")]
pub(crate) struct Times(pub(crate) usize);

impl Default for Times {
    fn default() -> Self {
        Self(1)
    }
}

impl TryFrom<usize> for Times {
    type Error = &'static str;

    fn try_from(times: usize) -> Result<Self, Self::Error> {
        if (1..=super::MAX_WAITING).contains(&times) { Ok(Self(times)) } else { Err("must be 1 to 100") }
    }
}

/// What becomes of a request to open the socket.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(try_from = "StatusOrWord")]
pub(crate) enum Upgrade {
    Refused(StatusCode),
    /// The request is taken, and never answered.
    Silent,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "must be a status of 400 to 599, or silent")]
enum StatusOrWord {
    Status(u16),
    Word(String),
}

impl TryFrom<StatusOrWord> for Upgrade {
    type Error = &'static str;

    fn try_from(value: StatusOrWord) -> Result<Self, Self::Error> {
        let status = match value {
            StatusOrWord::Word(word) if word == "silent" => return Ok(Self::Silent),
            StatusOrWord::Status(code @ 400..=599) => StatusCode::from_u16(code).ok(),
            _ => None,
        };
        status.map(Self::Refused).ok_or("must be a status of 400 to 599, or silent")
    }
}

/// How a configuration is answered.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(try_from = "String")]
pub(crate) enum Answer {
    /// With this type of message, and the close.
    Refused(String),
    /// Never, nor is anything else.
    Silent,
}

impl TryFrom<String> for Answer {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        if name == "silent" {
            return Ok(Self::Silent);
        }
        if REFUSALS.contains(&name.as_str()) {
            return Ok(Self::Refused(name));
        }
        Err(format!("must be silent or one of {}", REFUSALS.join(", ")))
    }
}

/// Something that goes wrong once, on the open socket.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "EventRequest")]
pub(crate) struct Event {
    pub(crate) when: When,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum When {
    /// So long after `CONFIG_ACCEPTED`.
    Time(Duration),
    /// After so many seconds of audio have been received.
    Audio(f64),
    Moment(Moment),
}

/// A moment that can be named: on receipt of a message, or just before one is sent.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Moment {
    /// The configuration has come.
    Configuration,
    /// `flush` has come.
    Flush,
    /// All that a flush forces out has been sent, but `flushed`.
    Flushed,
    /// `end` has come.
    End,
    /// All that remains has been sent, but `ENDED`.
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    /// Break the connection without a close frame.
    Drop,
    Close(u16),
    /// Read no more, and say no more; the connection stays open.
    Stall,
    /// Say no more, but go on reading.
    Silence,
    /// Finish as if the client had sent `end`.
    End,
    Garbage,
    Unknown,
    Huge,
    Binary,
    Error,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EventRequest {
    after_seconds: Option<Seconds>,
    after_audio_seconds: Option<Seconds>,
    during: Option<Moment>,
    r#do: Do,
    code: Option<Code>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Do {
    Drop,
    Close,
    Stall,
    Silence,
    End,
    Garbage,
    Unknown,
    Huge,
    Binary,
    Error,
}

/// A close code that may stand in a close frame (RFC 6455, section 7.4).
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u16")]
struct Code(u16);

impl TryFrom<u16> for Code {
    type Error = &'static str;

    fn try_from(code: u16) -> Result<Self, Self::Error> {
        match code {
            1004..=1006 | 1015 => Err("must not be 1004, 1005, 1006 or 1015: no close frame can hold it"),
            1000..=4999 => Ok(Self(code)),
            _ => Err("must be 1000 to 4999"),
        }
    }
}

impl TryFrom<EventRequest> for Event {
    type Error = &'static str;

    fn try_from(request: EventRequest) -> Result<Self, Self::Error> {
        let when = match (request.after_seconds, request.after_audio_seconds, request.during) {
            (Some(Seconds(time)), None, None) => When::Time(time),
            (None, Some(Seconds(audio)), None) => When::Audio(audio.as_secs_f64()),
            (None, None, Some(moment)) => When::Moment(moment),
            _ => return Err("needs one of afterSeconds, afterAudioSeconds and during"),
        };
        let what = match (request.r#do, request.code) {
            // 1011: the server met a condition that it did not expect.
            (Do::Close, code) => What::Close(code.map_or(1011, |Code(code)| code)),
            (_, Some(_)) => return Err("has a code, which only close takes"),
            (Do::Drop, None) => What::Drop,
            (Do::Stall, None) => What::Stall,
            (Do::Silence, None) => What::Silence,
            (Do::End, None) => What::End,
            (Do::Garbage, None) => What::Garbage,
            (Do::Unknown, None) => What::Unknown,
            (Do::Huge, None) => What::Huge,
            (Do::Binary, None) => What::Binary,
            (Do::Error, None) => What::Error,
        };
        Ok(Self { when, what })
    }
}

impl What {
    /// The word for it in a request, and in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Close(_) => "close",
            Self::Stall => "stall",
            Self::Silence => "silence",
            Self::End => "end",
            Self::Garbage => "garbage",
            Self::Unknown => "unknown",
            Self::Huge => "huge",
            Self::Binary => "binary",
            Self::Error => "error",
        }
    }
}
