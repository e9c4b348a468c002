//! What the client sends as text: the configuration, `flush` and `end`. Audio goes as binary messages beside them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, MAX_KEYTERM_CHARACTERS, MAX_TERMS};
use crate::error::Error;

/// A text message to the service.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum ClientMessage<'a> {
    /// The first message on every socket.
    Config {
        /// How to transcribe and what to extract.
        configuration: &'a Configuration,
    },
    /// Asks for what is pending; answered by `flushed`. The stream goes on.
    Flush,
    /// After the last audio. Answered by what remains, `usage` and `ENDED`.
    End,
}

impl ClientMessage<'_> {
    /// The message as it goes over the wire.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Serialising these types cannot fail: every key is a string, and there is no custom serialiser.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The configuration of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    /// How to transcribe.
    pub transcription: Transcription,
    /// What to make of the transcript.
    pub mode: Mode,
    /// The MIME type of the audio that follows. Filled in by the session from its encoder if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_format: Option<String>,
    /// `retentionPolicy`, `audioEvents`, `replacements`, `keyterms` and whatever comes next.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How to transcribe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transcription {
    /// Language spoken, as a BCP 47 tag.
    pub primary_language: String,
    /// Whether to tell speakers apart within a channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diarize: Option<bool>,
    /// The deprecated name of `diarize`. Both are sent while the service accepts both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_diarization: Option<bool>,
    /// Whether each channel holds one participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_multichannel: Option<bool>,
    /// Who speaks on which channel.
    pub participants: Vec<Participant>,
    /// Whatever else the app sets.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Who speaks on a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Participant {
    /// Index of the channel in the audio, from 0.
    pub channel: u32,
    /// `doctor`, `patient` or `multiple`.
    pub role: String,
    /// Whatever else the app sets.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What to make of the transcript.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mode {
    /// `facts` or `transcription`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The language of the facts; required with `facts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_locale: Option<String>,
    /// `factGenerationInterval` and whatever comes next.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Configuration {
    /// Reads and checks what an app passed, and completes it: both names of `diarize` are set if either is.
    ///
    /// # Errors
    /// `invalid_request`, naming the path of the first key that is missing or wrong. Only what the protocol states is
    /// checked; unknown keys and unknown values of open lists pass.
    pub fn from_value(value: Value) -> Result<Self, Error> {
        check(&value)?;
        let mut configuration: Self =
            serde_json::from_value(value).map_err(|error| Error::invalid(format!("configuration: {error}")))?;
        let transcription = &mut configuration.transcription;
        let diarize = transcription.diarize.or(transcription.is_diarization);
        transcription.diarize = diarize;
        transcription.is_diarization = diarize;
        Ok(configuration)
    }
}

/// What serde's messages would not say as plainly: the path of what is missing.
fn check(value: &Value) -> Result<(), Error> {
    let refuse = |path: &str, what: &str| Err(Error::invalid(format!("configuration.{path} {what}")));
    if !value.is_object() {
        return Err(Error::invalid("configuration is missing: pass { transcription, mode }"));
    }
    for path in ["transcription", "mode"] {
        if !value[path].is_object() {
            return refuse(path, "is missing");
        }
    }
    if value["transcription"]["primaryLanguage"].as_str().is_none_or(str::is_empty) {
        return refuse("transcription.primaryLanguage", "is missing: name the language spoken, such as \"en\"");
    }
    let participants = value["transcription"]["participants"].as_array().map_or(&[][..], Vec::as_slice);
    if participants.is_empty() {
        return refuse("transcription.participants", "must list at least one { channel, role }");
    }
    for (index, participant) in participants.iter().enumerate() {
        if participant["channel"].as_u64().is_none_or(|channel| channel > u64::from(u32::MAX)) {
            return refuse(&format!("transcription.participants[{index}].channel"), "must be a whole number from 0");
        }
        if !matches!(participant["role"].as_str(), Some("doctor" | "patient" | "multiple")) {
            let path = format!("transcription.participants[{index}].role");
            return refuse(&path, "must be \"doctor\", \"patient\" or \"multiple\"");
        }
    }
    match value["mode"]["type"].as_str() {
        Some("facts") if value["mode"]["outputLocale"].as_str().is_none_or(str::is_empty) => {
            return refuse("mode.outputLocale", "is missing: mode \"facts\" needs the language of the facts");
        }
        Some("facts" | "transcription") => {}
        _ => return refuse("mode.type", "must be \"facts\" or \"transcription\""),
    }
    let terms = value["keyterms"]["terms"].as_array().map_or(&[][..], Vec::as_slice);
    let replacements = value["replacements"].as_array().map_or(&[][..], Vec::as_slice);
    for (path, length) in [("keyterms.terms", terms.len()), ("replacements", replacements.len())] {
        if length > MAX_TERMS {
            return refuse(path, &format!("has {length} entries, {MAX_TERMS} are allowed"));
        }
    }
    for (index, term) in terms.iter().enumerate() {
        let characters = term["term"].as_str().map_or(0, |text| text.chars().count());
        if characters == 0 || characters > MAX_KEYTERM_CHARACTERS {
            let path = format!("keyterms.terms[{index}].term");
            return refuse(&path, &format!("must have 1 to {MAX_KEYTERM_CHARACTERS} characters"));
        }
    }
    Ok(())
}
