//! In which ways the service may differ: one switch for each behaviour that nobody has seen, or that comes in more than
//! one form. The defaults are what was seen, or the likeliest guess; README.md says which.
//!
//! Switches are set by `POST /sandbox/behaviour`, for all that follows or for one interaction, and for a whole run by
//! [`crate::Options`] and the program's `--pace` and `--set`. A socket keeps those that it was opened with.

use std::collections::HashMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::error::ApiError;

/// Interactions with switches of their own; the oldest are not forgotten, more are refused.
const MAX_OWN: usize = 1_000;

/// How the service behaves.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Behaviour {
    /// The service's delays are multiplied by this: 1 is life, 0.05 twenty times as fast. Times in messages are never
    /// scaled, and neither is the limit for the configuration, which is the client's time.
    pub pace: Pace,
    /// Interims before the finals.
    pub interims: bool,
    /// The order of segments.
    pub order: Order,
    /// Whether `participant` has the role of the configuration.
    pub roles: bool,
    /// From where a reopened socket counts `time`.
    pub times_from: TimesFrom,
    /// Whether a reopened socket first says the last transcript again.
    pub last_batch_again: bool,
    /// Whether facts come before `flushed`.
    pub facts_before_flushed: bool,
    /// Whether facts that are made or changed over REST come on the socket.
    pub rest_facts_echoed: bool,
    /// Seconds in which the configuration must come.
    pub configuration_seconds: Pace,
    /// Whether a configuration that does not come is told of, and the socket closed.
    pub configuration_timeout: bool,
    /// What `CONFIG_ACCEPTED` holds.
    pub acceptance: Acceptance,
    /// What an `error` on the socket holds.
    pub error_fields: ErrorFields,
    /// The code of a close after the end; a refusal's is the same.
    pub close_code: CloseCode,
    /// Which message is the last.
    pub ended: Ended,
    /// Whether a socket is closed when its token expires.
    pub closes_at_token_expiry: bool,
    /// The fastest pace of audio, as a multiple of real time, with five seconds of slack; past it the stream is cut off.
    pub max_pace: Option<f64>,
    /// Whether an audio message of more than 64,000 bytes is taken.
    pub oversize_taken: bool,
    /// The type of an audio event.
    pub audio_event_name: AudioEventName,
    /// Messages and fields that nobody knows yet, now and then.
    pub unknown: bool,
    /// The body of an error over REST.
    pub error_body: ErrorBody,
    /// How the transcript of a recording comes.
    pub transcripts: Transcripts,
    /// How an empty section of a classic document looks.
    pub empty_section: EmptySection,
    /// Whether a guided document's empty section is `""` in `stringDocument`, and not missing.
    pub empty_guided_section: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            pace: Pace(1.0),
            interims: false,
            order: Order::Interleaved,
            roles: false,
            times_from: TimesFrom::Socket,
            last_batch_again: false,
            facts_before_flushed: false,
            rest_facts_echoed: false,
            configuration_seconds: Pace(10.0),
            configuration_timeout: true,
            acceptance: Acceptance::Resolved,
            error_fields: ErrorFields::Few,
            close_code: CloseCode(1000),
            ended: Ended::Upper,
            closes_at_token_expiry: false,
            max_pace: None,
            oversize_taken: false,
            audio_event_name: AudioEventName::AudioEvent,
            unknown: true,
            error_body: ErrorBody::General,
            transcripts: Transcripts::Completed,
            empty_section: EmptySection::Empty,
            empty_guided_section: false,
        }
    }
}

/// A factor, or seconds: 0.001 to 1,000.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Pace(f64);

impl Pace {
    /// The value, where it is 0.001 to 1,000.
    pub fn new(value: f64) -> Option<Self> {
        (0.001..=1_000.0).contains(&value).then_some(Self(value))
    }

    /// The value.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Pace {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        Self::new(value).ok_or("must be 0.001 to 1000")
    }
}

impl From<Pace> for f64 {
    fn from(pace: Pace) -> Self {
        pace.0
    }
}

/// A close code that a close frame can hold (RFC 6455, section 7.4).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct CloseCode(u16);

impl CloseCode {
    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for CloseCode {
    type Error = &'static str;

    fn try_from(code: u16) -> Result<Self, Self::Error> {
        match code {
            1004..=1006 | 1015 => Err("must not be 1004, 1005, 1006 or 1015: no close frame can hold it"),
            1000..=4999 => Ok(Self(code)),
            _ => Err("must be 1000 to 4999"),
        }
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
        pub enum $name {
            $($(#[$item_doc])* #[serde(rename = $word)] $item),+
        }
    };
}

choice! {
    /// The order of segments with diarization.
    Order {
        /// Speaker by speaker, each finalized for himself.
        Interleaved = "interleaved",
        /// By time.
        Time = "time",
    }
}
choice! {
    /// From where a reopened socket counts `time`.
    TimesFrom {
        /// From its own first audio.
        Socket = "socket",
        /// From the first audio of the first socket: what is sent again counts again.
        Interaction = "interaction",
    }
}
choice! {
    /// What `CONFIG_ACCEPTED` holds.
    Acceptance {
        /// The configuration with what was left out.
        Resolved = "resolved",
        /// Nothing.
        Bare = "bare",
        /// A session's id and no configuration.
        Session = "session",
    }
}
choice! {
    /// What an `error` on the socket holds.
    ErrorFields {
        /// `requestid` and `details`.
        Few = "few",
        /// All six.
        All = "all",
    }
}
choice! {
    /// The last message of a stream.
    Ended {
        /// `ENDED`.
        Upper = "ENDED",
        /// `ended`, without `usage`, as it was once documented.
        Lower = "ended",
        /// None: the socket closes after `usage`.
        None = "none",
    }
}
choice! {
    /// The type of an audio event.
    AudioEventName {
        /// As in the types.
        AudioEvent = "audioEvent",
        /// As in a document of the official client.
        WithLine = "audio_event",
    }
}
choice! {
    /// The body of an error over REST.
    ErrorBody {
        /// `{requestid, status, type, detail, validationErrors?}`.
        General = "general",
        /// `{error: {code, message, …}}`.
        Agentic = "agentic",
        /// Nothing.
        None = "none",
        /// A proxy's page.
        Html = "html",
    }
}
choice! {
    /// How the transcript of a recording comes.
    Transcripts {
        /// In the answer.
        Completed = "completed",
        /// Later: the answer is `processing`, with a `Location`.
        Processing = "processing",
        /// Not at all: it is `failed`.
        Failed = "failed",
    }
}
choice! {
    /// How an empty section of a classic document looks.
    EmptySection {
        /// `""`.
        Empty = "empty",
        /// Its heading.
        Heading = "heading",
    }
}

/// The switches of a run, and what differs from them in single interactions.
#[derive(Default)]
pub(crate) struct Switches {
    started: Behaviour,
    all: Behaviour,
    own: HashMap<Uuid, Map<String, Value>>,
}

/// `base` with the keys of `change`; an error names the key.
fn changed<T: DeserializeOwned + Serialize>(base: &T, change: &Map<String, Value>) -> Result<T, ApiError> {
    let mut value = json!(base);
    if let Value::Object(fields) = &mut value {
        fields.extend(change.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    serde_path_to_error::deserialize(value)
        .map_err(|error| ApiError::invalid(error.path().to_string(), error.inner().to_string()))
}

impl Behaviour {
    /// Sets one switch by its name in JSON; a value that is no JSON is a text.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
        let change = Map::from_iter([(key.to_owned(), value)]);
        *self = changed(self, &change).map_err(|error| error.to_string())?;
        Ok(())
    }
}

impl Switches {
    pub(crate) fn new(started: Behaviour) -> Self {
        Self { all: started.clone(), started, own: HashMap::new() }
    }

    /// What holds for all, or for an interaction.
    pub(crate) fn of(&self, interaction: Option<Uuid>) -> Behaviour {
        let own = interaction.and_then(|id| self.own.get(&id));
        own.and_then(|own| changed(&self.all, own).ok()).unwrap_or_else(|| self.all.clone())
    }

    /// Takes a request's body: switches, and optionally the `interactionId` that they are for.
    pub(crate) fn change(&mut self, mut body: Map<String, Value>) -> Result<(), ApiError> {
        let id = body.remove("interactionId");
        let id: Option<Uuid> = id
            .map(|id| serde_json::from_value(id).map_err(|_| ApiError::invalid("interactionId", "is not a UUID")))
            .transpose()?;
        let result = changed(&self.of(id), &body)?;
        match id {
            None => self.all = result,
            Some(id) => {
                if self.own.len() == MAX_OWN && !self.own.contains_key(&id) {
                    return Err(ApiError::invalid("interactionId", format!("at most {MAX_OWN} may have switches")));
                }
                self.own.entry(id).or_default().extend(body);
            }
        }
        Ok(())
    }

    /// Back to how the run was started.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.started.clone());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_switch_is_set_for_all_or_for_one_interaction_and_nothing_else_changes() {
        let mut switches = Switches::new(Behaviour::default());
        let id = Uuid::new_v4();
        let body = |value: Value| value.as_object().unwrap().clone();
        switches.change(body(json!({ "interactionId": id, "pace": 0.1 }))).unwrap();
        switches.change(body(json!({ "interims": true }))).unwrap();
        assert_eq!((switches.of(None).pace.get(), switches.of(None).interims), (1.0, true));
        assert_eq!((switches.of(Some(id)).pace.get(), switches.of(Some(id)).interims), (0.1, true));
        for wrong in
            [json!({ "pace": 0 }), json!({ "pase": 1 }), json!({ "order": "any" }), json!({ "closeCode": 1006 })]
        {
            assert!(switches.change(body(wrong.clone())).is_err(), "{wrong}");
        }
        switches.clear();
        assert_eq!(switches.of(Some(id)), Behaviour::default());
    }

    #[test]
    fn a_switch_is_set_by_its_name_and_a_text() {
        let mut behaviour = Behaviour::default();
        for (key, value) in [("timesFrom", "interaction"), ("interims", "true"), ("maxPace", "1.5"), ("ended", "none")]
        {
            behaviour.set(key, value).unwrap();
        }
        assert_eq!((behaviour.times_from, behaviour.interims), (TimesFrom::Interaction, true));
        assert_eq!((behaviour.max_pace, behaviour.ended), (Some(1.5), Ended::None));
        assert!(behaviour.set("tempo", "1").unwrap_err().contains("tempo"));
    }
}
