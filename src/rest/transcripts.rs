//! Transcripts of recordings: asked for, made in the background, fetched when they are done.

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

const CREATE: Shape = Shape::Object(&[
    required("recordingId", Shape::Uuid),
    required("primaryLanguage", Shape::Text),
    optional("isDictation", Shape::Bool),
    optional("isMultichannel", Shape::Bool),
    optional("diarize", Shape::Bool),
    optional("participants", Shape::Items(&PARTICIPANT)),
]);

const PARTICIPANT: Shape = Shape::Object(&[
    required("channel", Shape::Count(0)),
    required("role", Shape::OneOf(&["doctor", "patient", "multiple"])),
]);

const QUERY: Shape = Shape::Object(&[optional("full", Shape::Bool)]);
