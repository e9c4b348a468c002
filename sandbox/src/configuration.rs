//! A stream's configuration: what it may say, and which status refuses it.
//!
//! A configuration that cannot be used is `CONFIG_DENIED` (live: a bad language, role or format), with a reason whose words
//! are invented.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{audio::Format, error::describe, said::Role};

/// Limits of the protocol page: replacements, keyterms, and characters of one keyterm.
const MAX_REPLACEMENTS: usize = 1_000;
const MAX_KEYTERMS: usize = 1_000;
const MAX_KEYTERM_CHARACTERS: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    transcription: Transcription,
    mode: Mode,
    audio_format: Option<String>,
    retention_policy: Option<Retention>,
    audio_events: Option<AudioEvents>,
    replacements: Option<Vec<Replacement>>,
    keyterms: Option<Keyterms>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transcription {
    primary_language: String,
    diarize: Option<bool>,
    /// The deprecated name of `diarize`.
    is_diarization: Option<bool>,
    is_multichannel: Option<bool>,
    participants: Vec<Participant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mode {
    r#type: ModeType,
    output_locale: Option<String>,
    fact_generation_interval: Option<Interval>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum ModeType {
    Facts,
    Transcription,
}

/// When facts come: about every 60 s of audio, with `fast_init` a first time sooner.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Interval {
    #[default]
    Fixed,
    FastInit,
}

#[derive(Deserialize)]
struct AudioEvents {
    enabled: Option<bool>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Retention {
    Retain,
    None,
}

#[derive(Deserialize)]
struct Replacement {
    #[serde(rename = "find")]
    _find: String,
    #[serde(rename = "replace")]
    _replace: String,
}

#[derive(Deserialize)]
struct Keyterms {
    terms: Vec<Term>,
}

#[derive(Deserialize)]
struct Term {
    term: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ParticipantRole {
    Doctor,
    Patient,
    Multiple,
}

/// Who speaks on which channel.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Participant {
    pub(crate) channel: u32,
    pub(crate) role: ParticipantRole,
}

/// What a stream needs to know of its accepted configuration.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) format: Format,
    pub(crate) diarize: bool,
    pub(crate) is_multichannel: bool,
    /// Never empty.
    participants: Vec<Participant>,
    /// `None` in the mode `transcription`.
    pub(crate) facts: Option<Interval>,
    /// Whether what is said is kept.
    pub(crate) retains: bool,
    pub(crate) audio_events: bool,
}

/// A status of the protocol and, where there is more to say, the reason.
#[derive(Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: &'static str,
    pub(crate) reason: Option<String>,
}

impl Refusal {
    pub(crate) fn new(status: &'static str, reason: impl Into<String>) -> Self {
        Self { status, reason: Some(reason.into()) }
    }

    /// Without a reason.
    pub(crate) fn bare(status: &'static str) -> Self {
        Self { status, reason: None }
    }
}

impl Configuration {
    /// Judges the `configuration` of a `config` message.
    pub(crate) fn read(value: Option<&Value>) -> Result<Self, Refusal> {
        let value = match value {
            None | Some(Value::Null) => return Err(Refusal::bare("CONFIG_NOT_PROVIDED")),
            Some(value) => value,
        };
        let denied = |reason: &str| Err(Refusal::new("CONFIG_DENIED", reason));
        let wire: Wire = serde_path_to_error::deserialize(value)
            .map_err(|error| Refusal::new("CONFIG_DENIED", format!("{}: {}", error.path(), describe(error.inner()))))?;
        let participants = wire.transcription.participants;
        if participants.is_empty() {
            return denied("transcription.participants: must not be empty");
        }
        if wire.replacements.is_some_and(|list| list.len() > MAX_REPLACEMENTS) {
            return denied("replacements: at most 1000");
        }
        if let Some(Keyterms { terms }) = wire.keyterms {
            if terms.len() > MAX_KEYTERMS {
                return denied("keyterms.terms: at most 1000");
            }
            if terms.iter().any(|term| term.term.chars().count() > MAX_KEYTERM_CHARACTERS) {
                return denied("keyterms.terms: at most 50 characters each");
            }
        }
        if !is_language(&wire.transcription.primary_language) {
            return denied("transcription.primaryLanguage: no such language");
        }
        let facts = wire.mode.r#type == ModeType::Facts;
        match &wire.mode.output_locale {
            None if facts => return denied("mode.outputLocale: required with mode facts"),
            Some(locale) if !is_language(locale) => return denied("mode.outputLocale: no such language"),
            _ => {}
        }
        let format =
            Format::parse(wire.audio_format.as_deref()).map_err(|reason| Refusal::new("CONFIG_DENIED", reason))?;
        if let Format::Pcm { channels, .. } = format
            && wire.transcription.is_multichannel == Some(true)
            && participants.iter().any(|participant| participant.channel >= u32::from(channels))
        {
            return denied("transcription.participants: a channel is not in the audio format");
        }
        Ok(Self {
            format,
            diarize: wire.transcription.diarize.or(wire.transcription.is_diarization).unwrap_or(false),
            is_multichannel: wire.transcription.is_multichannel.unwrap_or(false),
            participants,
            retains: wire.retention_policy != Some(Retention::None),
            audio_events: wire.audio_events.and_then(|events| events.enabled).unwrap_or(false),
            facts: facts.then(|| wire.mode.fact_generation_interval.unwrap_or_default()),
        })
    }

    /// Whose voice a line of the script is.
    pub(crate) fn participant(&self, role: Role) -> Participant {
        self.participants[speaker(&self.participants, role)]
    }
}

/// Whose voice a line of the script is, as a place in the list: the participant of that role, else one who is
/// `multiple`, else the first.
pub(crate) fn speaker(participants: &[Participant], role: Role) -> usize {
    let role = match role {
        Role::Doctor => ParticipantRole::Doctor,
        Role::Patient => ParticipantRole::Patient,
    };
    let of = |role| participants.iter().position(|participant| participant.role == role);
    of(role).or(of(ParticipantRole::Multiple)).unwrap_or(0)
}

/// Two or three letters and optional subtags, as in `en` or `en-GB`: the form of a BCP 47 tag, not a list of those
/// that the service knows. The script is English whatever is asked for.
pub(crate) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        json!({
            "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
            "mode": { "type": "facts", "outputLocale": "en" },
        })
    }

    fn refused(path: &str, value: Value) -> Refusal {
        let mut configuration = good();
        *configuration
            .pointer_mut(path.rsplit_once('/').unwrap().0)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .entry(path.rsplit_once('/').unwrap().1)
            .or_insert(Value::Null) = value;
        Configuration::read(Some(&configuration)).unwrap_err()
    }

    #[test]
    fn unknown_fields_are_no_fault() {
        let mut configuration = good();
        configuration["newField"] = json!(true);
        assert!(Configuration::read(Some(&configuration)).is_ok());
    }

    #[test]
    fn a_missing_configuration_is_not_provided() {
        assert_eq!(Configuration::read(None).unwrap_err().status, "CONFIG_NOT_PROVIDED");
        assert_eq!(Configuration::read(Some(&Value::Null)).unwrap_err().status, "CONFIG_NOT_PROVIDED");
    }

    #[test]
    fn what_is_not_of_the_protocols_form_is_denied_with_the_field_named() {
        let cases = [
            ("/transcription/participants", json!([]), "transcription.participants"),
            ("/transcription/primaryLanguage", json!(7), "transcription.primaryLanguage"),
            ("/mode/type", json!("poetry"), "mode.type"),
            ("/mode/outputLocale", Value::Null, "mode.outputLocale"),
            ("/replacements", json!(vec![json!({ "find": "a", "replace": "b" }); 1001]), "replacements"),
            ("/keyterms", json!({ "terms": [{ "term": "x".repeat(51) }] }), "keyterms.terms"),
        ];
        for (path, value, field) in cases {
            let refusal = refused(path, value);
            assert_eq!(refusal.status, "CONFIG_DENIED", "{path}");
            assert!(refusal.reason.unwrap().starts_with(field), "{path}");
        }
    }

    #[test]
    fn what_the_server_cannot_do_is_denied_with_a_reason() {
        assert_eq!(refused("/transcription/primaryLanguage", json!("english")).status, "CONFIG_DENIED");
        assert_eq!(refused("/audioFormat", json!("audio/pcm; rate=16000")).status, "CONFIG_DENIED");
        assert_eq!(refused("/audioFormat", json!("audio/midi")).reason.unwrap(), "audioFormat is not supported");
        let role = json!([{ "channel": 0, "role": "nurse" }]);
        assert_eq!(refused("/transcription/participants", role).status, "CONFIG_DENIED");
    }

    #[test]
    fn a_channel_that_the_audio_has_not_is_denied() {
        let mut configuration = good();
        configuration["transcription"]["isMultichannel"] = json!(true);
        configuration["transcription"]["participants"] = json!([{ "channel": 1, "role": "patient" }]);
        configuration["audioFormat"] = json!("audio/pcm; rate=16000; channels=1; bits=16");
        assert_eq!(Configuration::read(Some(&configuration)).unwrap_err().status, "CONFIG_DENIED");
        configuration["audioFormat"] = json!("audio/pcm; rate=16000; channels=2; bits=16");
        assert!(Configuration::read(Some(&configuration)).is_ok());
    }

    #[test]
    fn either_name_of_diarize_is_understood() {
        for name in ["diarize", "isDiarization"] {
            let mut configuration = good();
            configuration["transcription"][name] = json!(true);
            assert!(Configuration::read(Some(&configuration)).unwrap().diarize);
        }
    }
}
