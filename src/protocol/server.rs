//! What the service sends: one reader for all of it, which never fails on what it does not know.

use crate::json::{Json, Raw, ToJson, amended};

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
    AudioEvent(Raw),
    /// The service reports a failure. Some are followed by `usage` and `ENDED`.
    Error(ServiceError),
    /// The stream is over.
    Ended,
    /// A type that this version does not know.
    Unknown,
}

/// One piece of the transcript: what the session must know of it, and all that came.
///
/// `id` is no name of it: the service gives all segments of an interaction the same [live]. What tells one from another
/// is the channel, the speaker and the start: see [`crate::session::Transcript`].
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Ours: unique in the visit, and the same while the segment is corrected. Empty as it comes from the wire.
    pub key: String,
    /// `false` for an interim item, which a later one may replace.
    pub is_final: bool,
    /// Index of its channel, from 0.
    pub channel: u32,
    /// The wire's number of who speaks: −1 is nobody in particular. It is counted in each channel, and anew on another socket.
    pub speaker_id: i64,
    /// Ours: the visit's number of who speaks; −1 where the wire says so.
    pub speaker: i64,
    /// Where it starts, in seconds. On the wire counted from the socket's first audio; in events on the visit's one timeline.
    pub start: f64,
    /// Where it ends, in seconds; not before `start`.
    pub end: f64,
    /// Ours: its words may repeat those of others.
    pub overlaps: bool,
    /// All of it but its times and what is ours: what was said among it, and fields that this version does not know.
    pub raw: Raw,
}

/// Nobody in particular.
pub const NOBODY: i64 = -1;

impl Segment {
    /// Reads one, off the wire or out of an event: it has a `transcript` and its `time`. What else is missing or odd takes no
    /// word with it: without a speaker it has −1, which is nobody; without a channel the first; it is final unless it says
    /// that it is not.
    #[must_use]
    pub fn read(json: Json<'_>) -> Option<Self> {
        let (time, participant) = (json.get("time"), json.get("participant"));
        let speaker_id = json.get("speakerId");
        let channel = participant.get("channel").whole().unwrap_or(0);
        let participant = Raw::amended(participant, &[("channel", &channel)]);
        let is_final = json.get("final").bool().unwrap_or(true);
        let absent = None::<()>;
        let members: [(&str, &dyn ToJson); 7] = [
            ("final", &is_final),
            ("time", &absent),
            ("key", &absent),
            ("speaker", &absent),
            ("overlaps", &absent),
            ("speakerId", &speaker_id.or("-1")),
            ("participant", &participant),
        ];
        let start = time.get("start").number().filter(|_| json.get("transcript").is_text())?;
        Some(Self {
            key: json.get("key").text().unwrap_or_default(),
            is_final,
            channel,
            speaker_id: number(speaker_id),
            speaker: number(json.get("speaker")),
            start,
            end: time.get("end").number()?.max(start),
            overlaps: json.get("overlaps").bool().unwrap_or(false),
            raw: Raw::amended(json, &members),
        })
    }

    /// What was said.
    #[must_use]
    pub fn words(&self) -> String {
        self.raw.json().get("transcript").text().unwrap_or_default()
    }
}

/// A speaker's number: what is none is nobody.
fn number(json: Json<'_>) -> i64 {
    json.whole::<u32>().map_or(NOBODY, i64::from)
}

/// As an app gets it; as it came as long as it has no key.
impl ToJson for Segment {
    fn write(&self, json: &mut String) {
        let time = Raw::amended(Json::NULL, &[("start", &self.start), ("end", &self.end)]);
        let key = Some(&self.key).filter(|key| !key.is_empty());
        let (speaker, overlaps) = (key.map(|_| self.speaker as f64), self.overlaps.then_some(true));
        let members: [(&str, &dyn ToJson); 4] =
            [("key", &key), ("speaker", &speaker), ("time", &time), ("overlaps", &overlaps)];
        amended(json, self.raw.json(), &members);
    }
}

/// A clinical fact, as it came: the same id may come again with a new text.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact(Raw);

impl Fact {
    /// Reads one: with an `id` and a `text`. Without a group it has none by name; it is not discarded unless that is said.
    #[must_use]
    pub fn read(json: Json<'_>) -> Option<Self> {
        let (group, is_discarded) = (json.get("group").or("\"\""), json.get("isDiscarded").or("false"));
        let is_readable =
            json.get("id").is_text() && json.get("text").is_text() && group.is_text() && is_discarded.bool().is_some();
        let fact = || Self(Raw::amended(json, &[("group", &group), ("isDiscarded", &is_discarded)]));
        is_readable.then(fact)
    }
}

impl ToJson for Fact {
    fn write(&self, json: &mut String) {
        self.0.write(json);
    }
}

/// A failure that the service reports on the socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    fn read(json: Json<'_>) -> Self {
        let text = |key: &str| json.get(key).text();
        Self {
            request_id: text("requestid").or_else(|| text("requestId")).or_else(|| text("id")),
            title: text("title"),
            status: json.get("status").whole(),
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
        let json = Json::read(text).ok_or(NotAMessage)?;
        let kind = json.get("type").text().ok_or(NotAMessage)?;
        let mut unreadable_items = 0;
        let message = match kind.as_str() {
            "CONFIG_ACCEPTED" => Self::ConfigAccepted,
            "CONFIG_ALREADY_RECEIVED" => Self::ConfigAlreadyReceived,
            "CONFIG_DENIED" | "CONFIG_REJECTED" | "CONFIG_MISSING" | "CONFIG_NOT_PROVIDED" | "CONFIG_TIMEOUT" => {
                Self::ConfigRefused { status: kind, reason: json.get("reason").text() }
            }
            "transcript" => Self::Transcript(items(json.get("data"), Segment::read, &mut unreadable_items)),
            "facts" => {
                // The service's older text calls the list `data`.
                let list = Some(json.get("fact")).filter(|list| !list.is_null()).unwrap_or_else(|| json.get("data"));
                Self::Facts(items(list, Fact::read, &mut unreadable_items))
            }
            "flushed" => Self::Flushed,
            "usage" | "delta_usage" => {
                Self::Usage { credits: json.get("credits").number().unwrap_or(0.0), total: kind == "usage" }
            }
            "audioEvent" | "audio_event" => Self::AudioEvent(json.get("data").to_raw()),
            "error" => Self::Error(ServiceError::read(json.get("error"))),
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
fn items<T>(list: Json<'_>, read: fn(Json<'_>) -> Option<T>, unreadable: &mut usize) -> Vec<T> {
    *unreadable += usize::from(!list.is_list() && !list.is_null());
    let mut items = Vec::new();
    for item in list.items() {
        match read(item) {
            Some(item) => items.push(item),
            None => *unreadable += 1,
        }
    }
    items
}
