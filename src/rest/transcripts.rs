//! Transcripts of recordings: asked for, answered at once where that takes less than 25 s, else made in the background and
//! fetched when they are done. Their times are whole milliseconds.

use serde_json::Value;

use super::Method;
use super::calls::{Call, Takes};
use super::shape::{Shape, optional, required};

const ALL: &str = "/interactions/{interaction}/transcripts/";
const ID: &str = "/interactions/{interaction}/transcripts/{transcript}";
const STATUS: &str = "/interactions/{interaction}/transcripts/{transcript}/status";

pub(super) const CALLS: &[Call] = &[
    Call::new("transcripts.create", Method::Post, ALL, Takes::Body(CREATE)),
    Call::new("transcripts.list", Method::Get, ALL, Takes::Query(QUERY)),
    Call::new("transcripts.get", Method::Get, ID, Takes::Nothing),
    Call::new("transcripts.getStatus", Method::Get, STATUS, Takes::Nothing),
    Call::new("transcripts.delete", Method::Delete, ID, Takes::Nothing),
];

const CREATE: Shape = Shape::All(&[FIELDS, Shape::Rule(has_no_participants_to_tell_apart, APART)]);

const FIELDS: Shape = Shape::Object(&[
    required("recordingId", Shape::Uuid),
    required("primaryLanguage", Shape::Text),
    optional("isDictation", Shape::Bool),
    optional("isMultichannel", Shape::Bool),
    optional("diarize", Shape::Bool),
    optional("participants", Shape::Items(&PARTICIPANT)),
    optional("spokenPunctuation", Shape::Bool),
    optional("automaticPunctuation", Shape::Bool),
    optional("async", Shape::Bool),
]);

const APART: &str =
    "without participants where diarize is true and isMultichannel is not: speakers who are told apart have no roles";

/// Else the service answers 400 (grade: live).
fn has_no_participants_to_tell_apart(body: &Value) -> bool {
    let has_participants = body["participants"].as_array().is_some_and(|list| !list.is_empty());
    !has_participants || body["diarize"] != true || body["isMultichannel"] == true
}

const PARTICIPANT: Shape = Shape::Object(&[
    required("channel", Shape::Count(0)),
    // Free text, up to the service's word.
    required("role", Shape::Text),
]);

const QUERY: Shape = Shape::Object(&[optional("full", Shape::Bool)]);
