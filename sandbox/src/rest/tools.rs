//! What belongs to no interaction: `/tools/extract-facts`, and `/languages`.

use axum::{Json, extract::RawQuery};
use serde::Deserialize;
use serde_json::{Value, json};

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

/// Some of the service's languages: code, English name, and whether they are for audio as well as for documents.
const LANGUAGES: [(&str, &str, bool); 12] = [
    ("da", "Danish", true),
    ("de", "German", true),
    ("en", "English", true),
    ("en-GB", "English (United Kingdom)", true),
    ("es", "Spanish", true),
    ("fr", "French", true),
    ("it", "Italian", false),
    ("nl", "Dutch", true),
    ("no", "Norwegian", true),
    ("pl", "Polish", false),
    ("pt", "Portuguese", false),
    ("sv", "Swedish", true),
];
/// The endpoints that languages are listed for: those that hear, then those that write.
const ENDPOINTS: [(&str, bool); 5] =
    [("stream", true), ("transcribe", true), ("transcripts", true), ("facts", false), ("documents", false)];

/// `GET /languages/?endpoint=stream`. The protocol names the request and not its answer: this shape is a guess.
pub(super) async fn languages(RawQuery(query): RawQuery) -> Result<Json<Value>, ApiError> {
    let query = Params::parse(query.as_deref());
    let endpoint = query.one("endpoint");
    if endpoint.is_some_and(|name| !ENDPOINTS.iter().any(|(known, _)| *known == name)) {
        let names = ENDPOINTS.map(|(name, _)| name).join(", ");
        return Err(ApiError::invalid("endpoint", format!("must be one of {names}")));
    }
    let endpoints = |hears: bool| {
        let for_language = ENDPOINTS.iter().filter(move |(_, needs_hearing)| hears || !needs_hearing);
        for_language.map(|(name, _)| *name).collect::<Vec<_>>()
    };
    let languages: Vec<Value> = LANGUAGES
        .iter()
        .map(|(code, name, hears)| (code, name, endpoints(*hears)))
        .filter(|(_, _, endpoints)| endpoint.is_none_or(|name| endpoints.contains(&name)))
        .map(|(code, name, endpoints)| json!({ "code": code, "name": name, "endpoints": endpoints }))
        .collect();
    Ok(Json(json!({ "languages": languages })))
}
