//! The messages of the stream, as JSON.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    behaviour::{Acceptance, ErrorFields},
    configuration::{Configuration, Interval, Refusal},
};

/// A refusal of the configuration.
pub(super) fn refusal(refusal: Refusal) -> Value {
    let mut message = json!({ "type": refusal.status });
    if let Some(reason) = refusal.reason {
        message["reason"] = reason.into();
    }
    message
}

/// `CONFIG_ACCEPTED`: types have the configuration in it as it was resolved, with both names of `diarize`.
pub(super) fn accepted(sent: &Value, configuration: &Configuration, acceptance: Acceptance) -> Value {
    match acceptance {
        Acceptance::Bare => json!({ "type": "CONFIG_ACCEPTED" }),
        Acceptance::Session => json!({ "type": "CONFIG_ACCEPTED", "sessionId": Uuid::new_v4() }),
        Acceptance::Resolved => {
            let mut resolved = sent.clone();
            let transcription = &mut resolved["transcription"];
            transcription["diarize"] = configuration.diarize.into();
            transcription["isDiarization"] = configuration.diarize.into();
            transcription["isMultichannel"] = configuration.is_multichannel.into();
            if let Some(interval) = configuration.facts {
                let name = if interval == Interval::FastInit { "fast_init" } else { "fixed" };
                resolved["mode"]["factGenerationInterval"] = name.into();
            }
            resolved["retentionPolicy"] = if configuration.retains { "retain" } else { "none" }.into();
            json!({ "type": "CONFIG_ACCEPTED", "configuration": resolved })
        }
    }
}

/// An `error` message.
pub(crate) fn error(status: u16, title: &str, details: &str, fields: ErrorFields) -> Value {
    let id = Uuid::new_v4();
    let error = match fields {
        ErrorFields::Few => json!({ "requestid": id, "details": details }),
        ErrorFields::All => json!({
            "requestid": id,
            "id": title.to_lowercase().replace(' ', "-"),
            "title": title,
            "status": status,
            "details": details,
            "doc": "https://docs.corti.ai",
        }),
    };
    json!({ "type": "error", "error": error })
}

/// A text message's `type`, and the whole of it.
pub(super) fn parse(text: &str) -> Option<(String, Value)> {
    let message: Value = serde_json::from_str(text).ok()?;
    Some((message.get("type")?.as_str()?.to_owned(), message))
}

/// A text message's `type`, where it has one.
pub(crate) fn kind(text: &str) -> Option<String> {
    parse(text).map(|(kind, _)| kind)
}

/// Seconds to the millisecond.
pub(super) fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
