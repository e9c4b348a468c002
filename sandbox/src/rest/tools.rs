//! What belongs to no interaction: `/tools/extract-facts`, and `/languages`.

use axum::{Json, extract::RawQuery};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    configuration::is_language,
    error::{ApiError, Body, Params},
    facts,
};

/// What an extraction costs: an invented price.
const CREDITS: f64 = 0.02;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Extract {
    context: Vec<Text>,
    output_language: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Text {
    Text { text: String },
}

/// Finds facts in texts by the rules that a stream's facts follow.
pub(super) async fn extract(Body(body): Body<Extract>) -> Result<Json<Value>, ApiError> {
    if body.context.is_empty() {
        return Err(ApiError::invalid("context", "must not be empty"));
    }
    // Live: one only.
    if body.context.len() > 1 {
        return Err(ApiError::invalid("context", "must be one"));
    }
    if !is_language(&body.output_language) {
        return Err(ApiError::invalid("outputLanguage", "is no language code"));
    }
    let texts: Vec<&str> = body.context.iter().map(|Text::Text { text }| text.as_str()).collect();
    // `value` is the deprecated name of `text`.
    let fact = |found: facts::Finding| json!({ "group": found.group, "value": found.text, "text": found.text });
    Ok(Json(json!({
        "facts": facts::extract(&texts.join("\n")).into_iter().map(fact).collect::<Vec<_>>(),
        "outputLanguage": body.output_language,
        "usageInfo": { "creditsConsumed": CREDITS },
    })))
}

/// The service's languages (docs): code, and English name.
const LANGUAGES: [(&str, &str); 13] = [
    ("ar", "Arabic"),
    ("da", "Danish"),
    ("de", "German"),
    ("de-CH", "Swiss High German"),
    ("en", "English"),
    ("en-GB", "British English"),
    ("es", "Spanish"),
    ("fr", "French"),
    ("it", "Italian"),
    ("nl", "Dutch"),
    ("no", "Norwegian"),
    ("pt", "Portuguese"),
    ("sv", "Swedish"),
];

/// `GET /languages/?endpoint=streams`: an object (live). Its values are a guess each, and differ: names by code for the
/// sockets, objects by code for recordings, codes by endpoint for all.
pub(super) async fn languages(RawQuery(query): RawQuery) -> Result<Json<Value>, ApiError> {
    let query = Params::parse(query.as_deref());
    let languages: Map<String, Value> = match query.one("endpoint") {
        Some("streams" | "transcribe") => {
            LANGUAGES.iter().map(|(code, name)| ((*code).to_owned(), json!(name))).collect()
        }
        Some("transcripts") => {
            let language = |name: &str| json!({ "name": name, "tier": "premier" });
            LANGUAGES.iter().map(|(code, name)| ((*code).to_owned(), language(name))).collect()
        }
        Some(_) => {
            return Err(ApiError::invalid("endpoint", "must be one of streams, transcribe, transcripts"));
        }
        None => {
            let codes: Vec<&str> = LANGUAGES.iter().map(|(code, _)| *code).collect();
            ["streams", "transcribe", "transcripts"].map(|name| (name.to_owned(), json!(codes))).into_iter().collect()
        }
    };
    Ok(Json(json!({ "languages": languages })))
}
