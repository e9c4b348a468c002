//! Documents of the classic form: generated from context and a template, stored with the interaction.

use serde_json::Value;

use super::shape::{Shape, check, optional, required};
use super::{Method, Request, id, interactions};
use crate::error::Error;

const CREATE: Shape = Shape::Object(&[
    required(
        "context",
        Shape::List(&Shape::Object(&[required("type", Shape::OneOf(&["facts", "transcript", "string"]))])),
    ),
    required("outputLanguage", Shape::Text),
    optional("templateKey", Shape::Text),
    optional("name", Shape::Text),
    optional("documentationMode", Shape::OneOf(&["global_sequential", "routed_parallel"])),
    optional("disableGuardrails", Shape::Bool),
]);

const UPDATE: Shape = Shape::Object(&[
    optional("name", Shape::AnyText),
    optional(
        "sections",
        Shape::Items(&Shape::Object(&[required("key", Shape::Text), optional("text", Shape::AnyText)])),
    ),
]);

const FACTS_CONTEXT: Shape =
    Shape::List(&Shape::Object(&[required("text", Shape::Text), optional("group", Shape::Text)]));

const TRANSCRIPT_CONTEXT: Shape = Shape::Object(&[required("text", Shape::Text)]);

/// `POST /interactions/{id}/documents/`.
///
/// # Errors
/// As [`interactions::create`]; also if there is neither `templateKey` nor `template`, or more than one context object
/// and not all of them transcripts.
pub fn create(interaction: &str, body: Value) -> Result<Request, Error> {
    check(&CREATE, &body, "")?;
    let contexts = body["context"].as_array().map_or(&[][..], Vec::as_slice);
    for (index, context) in contexts.iter().enumerate() {
        let path = format!("context[{index}].data");
        match context["type"].as_str() {
            Some("facts") => check(&FACTS_CONTEXT, &context["data"], &path)?,
            Some("string") => check(&Shape::Text, &context["data"], &path)?,
            _ => check(&TRANSCRIPT_CONTEXT, &context["data"], &path)?,
        }
    }
    if contexts.len() > 1 && contexts.iter().any(|context| context["type"] != "transcript") {
        return Err(Error::invalid("context may hold several objects only if all are of type transcript"));
    }
    match (body["templateKey"].is_null(), body["template"].is_null()) {
        (true, true) => return Err(Error::invalid("templateKey is missing (or template, for one of your own)")),
        (false, false) => return Err(Error::invalid("pass templateKey or template, not both")),
        _ => {}
    }
    Ok(Request::new(Method::Post, path(interaction)?).with_body(body))
}

/// `GET /interactions/{id}/documents/`.
///
/// # Errors
/// As [`interactions::create`].
pub fn list(interaction: &str) -> Result<Request, Error> {
    Ok(Request::new(Method::Get, path(interaction)?))
}

/// `GET /interactions/{id}/documents/{documentId}`.
///
/// # Errors
/// As [`interactions::create`].
pub fn get(interaction: &str, document: &str) -> Result<Request, Error> {
    Ok(Request::new(Method::Get, one(interaction, document)?))
}

/// `PATCH /interactions/{id}/documents/{documentId}`.
///
/// # Errors
/// As [`interactions::create`].
pub fn update(interaction: &str, document: &str, body: Value) -> Result<Request, Error> {
    check(&UPDATE, &body, "")?;
    Ok(Request::new(Method::Patch, one(interaction, document)?).with_body(body))
}

/// `DELETE /interactions/{id}/documents/{documentId}`.
///
/// # Errors
/// As [`interactions::create`].
pub fn delete(interaction: &str, document: &str) -> Result<Request, Error> {
    Ok(Request::new(Method::Delete, one(interaction, document)?))
}

fn one(interaction: &str, document: &str) -> Result<String, Error> {
    Ok(format!("{}{}", path(interaction)?, id("the document's id", document)?))
}

fn path(interaction: &str) -> Result<String, Error> {
    Ok(format!("{}/documents/", interactions::path(interaction)?))
}
