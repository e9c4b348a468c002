//! Transcripts of recordings: asked for, made in the background, fetched when they are done.

use serde_json::Value;

use super::shape::{Shape, check, optional, required};
use super::{Method, Request, id, interactions};
use crate::error::Error;

const PARTICIPANTS: Shape = Shape::Items(&Shape::Object(&[
    required("channel", Shape::Number),
    required("role", Shape::OneOf(&["doctor", "patient", "multiple"])),
]));

const CREATE: Shape = Shape::Object(&[
    required("recordingId", Shape::Uuid),
    required("primaryLanguage", Shape::Text),
    optional("isDictation", Shape::Bool),
    optional("isMultichannel", Shape::Bool),
    optional("diarize", Shape::Bool),
    optional("participants", PARTICIPANTS),
]);

/// `POST /interactions/{id}/transcripts/`.
///
/// # Errors
/// As [`interactions::create`], and so all below.
pub fn create(interaction: &str, body: Value) -> Result<Request, Error> {
    check(&CREATE, &body, "")?;
    Ok(Request::new(Method::Post, path(interaction)?).with_body(body))
}

/// `GET /interactions/{id}/transcripts/`.
///
/// # Errors
/// As [`create`].
pub fn list(interaction: &str, query: &Value) -> Result<Request, Error> {
    Ok(Request::new(Method::Get, path(interaction)?).with_query(query))
}

/// `GET /interactions/{id}/transcripts/{transcriptId}`.
///
/// # Errors
/// As [`create`].
pub fn get(interaction: &str, transcript: &str) -> Result<Request, Error> {
    Ok(Request::new(Method::Get, one(interaction, transcript)?))
}

/// `GET /interactions/{id}/transcripts/{transcriptId}/status`.
///
/// # Errors
/// As [`create`].
pub fn status(interaction: &str, transcript: &str) -> Result<Request, Error> {
    Ok(Request::new(Method::Get, format!("{}/status", one(interaction, transcript)?)))
}

/// `DELETE /interactions/{id}/transcripts/{transcriptId}`.
///
/// # Errors
/// As [`create`].
pub fn delete(interaction: &str, transcript: &str) -> Result<Request, Error> {
    Ok(Request::new(Method::Delete, one(interaction, transcript)?))
}

fn path(interaction: &str) -> Result<String, Error> {
    Ok(format!("{}/transcripts/", interactions::path(interaction)?))
}

fn one(interaction: &str, transcript: &str) -> Result<String, Error> {
    Ok(format!("{}{}", path(interaction)?, id("the transcript's id", transcript)?))
}
