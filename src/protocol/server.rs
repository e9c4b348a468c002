//! What the service sends: one reader for all of it, which never fails on what it does not know.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Extra;
use crate::redact::Phi;

/// A message of the service, as far as the session must understand it.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    /// Audio may flow.
    ConfigAccepted,
    /// A second configuration came; the first stands. Harmless.
    ConfigAlreadyReceived,
    /// This configuration will never be accepted: do not send it again.
    ConfigRefused {
        /// `CONFIG_DENIED`, `CONFIG_REJECTED`, `CONFIG_MISSING`, `CONFIG_NOT_PROVIDED` or `CONFIG_TIMEOUT`.
        status: String,
        /// The service's explanation, such as «language unavailable».
        reason: Option<String>,
    },
    /// Pieces of the transcript, interim or final.
    Transcript(Vec<Segment>),
    /// Facts, new or known by their id with a new text.
    Facts(Vec<Fact>),
    /// Everything before the flush has been answered.
    Flushed,
    /// Credits used: so far (`delta_usage`) or in total (`usage`).
    Usage {
        /// Credits.
        credits: f64,
        /// Whether this is the sum of the whole stream.
        total: bool,
    },
    /// A remark on the audio's quality, as it came.
    AudioEvent(Value),
    /// The service reports a failure. Some are followed by `usage` and `ENDED`.
    Error(ServiceError),
    /// The stream is over.
    Ended,
    /// A type that this version does not know.
    Unknown,
}

/// One piece of the transcript.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Segment {
    /// Stable between an interim item and the later ones that replace it, where the service keeps it so.
    pub id: String,
    /// What was said.
    pub transcript: Phi<String>,
    /// `false` for an interim item, which a later one may replace.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// The speaker within the channel, −1 without diarization.
    #[serde(default = "no_speaker")]
    pub speaker_id: i64,
    /// Whose channel it was.
    #[serde(default)]
    pub participant: SegmentParticipant,
    /// Seconds. On the wire counted from the socket's first audio; in events on the visit's one timeline.
    pub time: TimeSpan,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

const fn no_speaker() -> i64 {
    -1
}

/// Whose channel a segment came from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SegmentParticipant {
    /// Index of the channel, from 0.
    #[serde(default)]
    pub channel: u32,
    /// `doctor`, `patient` or `multiple`, where the service repeats it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A span in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeSpan {
    /// Seconds.
    pub start: f64,
    /// Seconds, not before `start`.
    pub end: f64,
}

/// A clinical fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    /// The same id may come again with a new text.
    pub id: String,
    /// The fact in words.
    pub text: Phi<String>,
    /// Key of the fact group, such as `allergies`.
    #[serde(default)]
    pub group: String,
    /// Whether it was discarded.
    #[serde(default)]
    pub is_discarded: bool,
    /// `groupId`, `source`, `createdAt`, `updatedAt`, `evidence` and whatever comes next.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A failure that the service reports on the socket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceError {
    /// For the service's support.
    pub request_id: Option<String>,
    /// A short name.
    pub title: Option<String>,
    /// As in HTTP.
    pub status: Option<u16>,
    /// What happened.
    pub details: Option<String>,
}

impl ServiceError {
    fn read(value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        Self {
            request_id: text("requestid").or_else(|| text("requestId")).or_else(|| text("id")),
            title: text("title"),
            status: value["status"].as_u64().and_then(|status| u16::try_from(status).ok()),
            details: text("details"),
        }
    }
}

/// What one text frame held.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// What it means to the session.
    pub message: ServerMessage,
    /// How many items of a known list (segments, facts) could not be read and were left out of `message`.
    pub unreadable_items: usize,
}

impl ServerMessage {
    /// Reads one text frame.
    ///
    /// # Errors
    /// Only if the text is not a JSON object with a string `type`. Nothing of the text is in the error.
    pub fn parse(text: &str) -> Result<Parsed, NotAMessage> {
        let mut value: Value = serde_json::from_str(text).map_err(|_| NotAMessage)?;
        let Some(kind) = value["type"].as_str().map(str::to_owned) else { return Err(NotAMessage) };
        let mut unreadable_items = 0;
        let message = match kind.as_str() {
            "CONFIG_ACCEPTED" => Self::ConfigAccepted,
            "CONFIG_ALREADY_RECEIVED" => Self::ConfigAlreadyReceived,
            "CONFIG_DENIED" | "CONFIG_REJECTED" | "CONFIG_MISSING" | "CONFIG_NOT_PROVIDED" | "CONFIG_TIMEOUT" => {
                Self::ConfigRefused { status: kind, reason: value["reason"].as_str().map(str::to_owned) }
            }
            "transcript" => Self::Transcript(items(value["data"].take(), &mut unreadable_items)),
            "facts" => {
                // The service's older text calls the list `data`.
                let list = if value["fact"].is_null() { value["data"].take() } else { value["fact"].take() };
                Self::Facts(items(list, &mut unreadable_items))
            }
            "flushed" => Self::Flushed,
            "usage" | "delta_usage" => {
                Self::Usage { credits: value["credits"].as_f64().unwrap_or(0.0), total: kind == "usage" }
            }
            "audioEvent" => Self::AudioEvent(value["data"].take()),
            "error" => Self::Error(ServiceError::read(&value["error"])),
            "ENDED" | "ended" => Self::Ended,
            _ => Self::Unknown,
        };
        Ok(Parsed { message, unreadable_items })
    }
}

/// A text frame that is not a JSON object with a `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAMessage;

/// The readable items of a list; one that is not readable does not take the others with it.
fn items<T: for<'de> Deserialize<'de>>(list: Value, unreadable: &mut usize) -> Vec<T> {
    let Value::Array(list) = list else {
        *unreadable += usize::from(!list.is_null());
        return Vec::new();
    };
    let length = list.len();
    let read: Vec<T> = list.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect();
    *unreadable += length - read.len();
    read
}
