//! What the client sends as text: the configuration, `flush` and `end`. Audio goes as binary messages beside them.

use super::{MAX_KEYTERM_CHARACTERS, MAX_TERMS};
use crate::error::Error;
use crate::json::{Json, Raw, ToJson, amended, object};

/// A text message to the service.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The message as it goes over the wire.
impl ToJson for ClientMessage<'_> {
    fn write(&self, json: &mut String) {
        let (kind, configuration) = match self {
            Self::Config { configuration } => ("config", Some(configuration)),
            Self::Flush => ("flush", None),
            Self::End => ("end", None),
        };
        object(json, &[("type", &kind), ("configuration", &configuration)]);
    }
}

/// The configuration of a stream: the app's own, completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The MIME type of the audio that follows. Filled in by the engine from its encoder if absent.
    pub audio_format: Option<String>,
    /// The app's, unknown keys included, but for the format.
    raw: Raw,
}

impl Configuration {
    /// Reads and checks what an app passed, and completes it: both names of `diarize` are set if either is, and what is null
    /// is left out.
    ///
    /// # Errors
    /// `invalid_request`, naming the path of the first key that is missing or wrong. Only what the protocol states is
    /// checked; unknown keys and unknown values of open lists pass.
    pub fn read(json: Json<'_>) -> Result<Self, Error> {
        check(json)?;
        let (transcription, mode) = (json.get("transcription"), json.get("mode"));
        let flag = |key: &str| match transcription.get(key) {
            flag if flag.is_null() || flag.bool().is_some() => Ok(flag.bool()),
            _ => refuse(&format!("transcription.{key}"), "must be true or false"),
        };
        let text = |of: Json<'_>, path: &str, key: &str| match of.get(key) {
            text if text.is_null() || text.is_text() => Ok(text.text()),
            _ => refuse(&format!("{path}{key}"), "must be a text"),
        };
        // The service accepts the deprecated name beside the other.
        let diarize = flag("diarize")?.or(flag("isDiarization")?);
        let completed: [(&str, &dyn ToJson); 3] =
            [("diarize", &diarize), ("isDiarization", &diarize), ("isMultichannel", &flag("isMultichannel")?)];
        let transcription = Raw::amended(transcription, &completed);
        let mode = Raw::amended(mode, &[("outputLocale", &text(mode, "mode.", "outputLocale")?)]);
        let audio_format = text(json, "", "audioFormat")?;
        let members: [(&str, &dyn ToJson); 3] =
            [("transcription", &transcription), ("mode", &mode), ("audioFormat", &None::<()>)];
        Ok(Self { audio_format, raw: Raw::amended(json, &members) })
    }
}

impl ToJson for Configuration {
    fn write(&self, json: &mut String) {
        amended(json, self.raw.json(), &[("audioFormat", &self.audio_format)]);
    }
}

fn refuse<T>(path: &str, what: &str) -> Result<T, Error> {
    Err(Error::invalid(format!("configuration.{path} {what}")))
}

/// What an app must know of it: the path of what is missing.
fn check(json: Json<'_>) -> Result<(), Error> {
    if !json.is_object() {
        return Err(Error::invalid("configuration is missing: pass { transcription, mode }"));
    }
    let (transcription, mode) = (json.get("transcription"), json.get("mode"));
    for (path, part) in [("transcription", transcription), ("mode", mode)] {
        if !part.is_object() {
            return refuse(path, "is missing");
        }
    }
    if !names_something(transcription.get("primaryLanguage")) {
        return refuse("transcription.primaryLanguage", "is missing: name the language spoken, such as \"en\"");
    }
    check_participants(transcription.get("participants"))?;
    let kind = mode.get("type");
    if !kind.is("facts") && !kind.is("transcription") {
        return refuse("mode.type", "must be \"facts\" or \"transcription\"");
    }
    if kind.is("facts") && !names_something(mode.get("outputLocale")) {
        return refuse("mode.outputLocale", "is missing: mode \"facts\" needs the language of the facts");
    }
    let terms = json.get("keyterms").get("terms");
    for (path, list) in [("keyterms.terms", terms), ("replacements", json.get("replacements"))] {
        let length = list.items().count();
        if length > MAX_TERMS {
            return refuse(path, &format!("has {length} entries, {MAX_TERMS} are allowed"));
        }
    }
    for (index, term) in terms.items().enumerate() {
        let term = term.get("term").text().unwrap_or_default();
        // Of a character the first byte, which no other is like.
        let characters = term.bytes().filter(|byte| byte & 0xC0 != 0x80).count();
        if characters == 0 || characters > MAX_KEYTERM_CHARACTERS {
            let path = format!("keyterms.terms[{index}].term");
            return refuse(&path, &format!("must have 1 to {MAX_KEYTERM_CHARACTERS} characters"));
        }
    }
    Ok(())
}

fn check_participants(participants: Json<'_>) -> Result<(), Error> {
    for (index, participant) in participants.items().enumerate() {
        if participant.get("channel").whole::<u32>().is_none() {
            return refuse(&format!("transcription.participants[{index}].channel"), "must be a whole number from 0");
        }
        // Which roles there are is the service's to say: types name three, and a later specification takes any text.
        if !names_something(participant.get("role")) {
            let path = format!("transcription.participants[{index}].role");
            return refuse(&path, "must be a text that is not empty, such as \"doctor\", \"patient\" or \"multiple\"");
        }
    }
    if participants.items().next().is_none() {
        return refuse("transcription.participants", "must list at least one { channel, role }");
    }
    Ok(())
}

fn names_something(text: Json<'_>) -> bool {
    text.is_text() && !text.is("")
}
