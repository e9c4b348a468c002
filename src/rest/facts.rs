//! Facts: what is known of the patient, from before the visit, from the conversation, or from the clinician.

use serde_json::Value;

use super::shape::{Shape, check, optional, required};
use super::{Method, Request, id, interactions};
use crate::error::Error;

const SOURCE: Shape = Shape::OneOf(&["core", "system", "user"]);

const CREATE: Shape = Shape::Object(&[required(
    "facts",
    Shape::List(&Shape::Object(&[
        required("text", Shape::Text),
        required("group", Shape::Text),
        optional("source", SOURCE),
    ])),
)]);

const UPDATE: Shape = Shape::Object(&[
    optional("text", Shape::Text),
    optional("group", Shape::Text),
    optional("source", SOURCE),
    optional("isDiscarded", Shape::Bool),
]);

const EXTRACT: Shape = Shape::Object(&[
    required(
        "context",
        Shape::List(&Shape::Object(&[required("type", Shape::OneOf(&["text"])), required("text", Shape::Text)])),
    ),
    required("outputLanguage", Shape::Text),
]);

const BATCH: Shape = Shape::Object(&[required(
    "facts",
    Shape::List(&Shape::Object(&[
        required("factId", Shape::Uuid),
        optional("text", Shape::Text),
        optional("group", Shape::Text),
        optional("isDiscarded", Shape::Bool),
    ])),
)]);

/// `GET /factgroups/`.
#[must_use]
pub fn groups() -> Request {
    Request::new(Method::Get, "/factgroups/")
}

/// `GET /interactions/{id}/facts/`.
///
/// # Errors
/// As [`interactions::create`], and so all below.
pub fn list(interaction: &str) -> Result<Request, Error> {
    Ok(Request::new(Method::Get, path(interaction)?))
}

/// `POST /interactions/{id}/facts/`.
///
/// # Errors
/// As [`list`].
pub fn create(interaction: &str, body: Value) -> Result<Request, Error> {
    check(&CREATE, &body, "")?;
    Ok(Request::new(Method::Post, path(interaction)?).with_body(body))
}

/// `PATCH /interactions/{id}/facts/{factId}`.
///
/// # Errors
/// As [`list`].
pub fn update(interaction: &str, fact: &str, body: Value) -> Result<Request, Error> {
    check(&UPDATE, &body, "")?;
    let path = format!("{}{}", path(interaction)?, id("the fact's id", fact)?);
    Ok(Request::new(Method::Patch, path).with_body(body))
}

/// `PATCH /interactions/{id}/facts/`.
///
/// # Errors
/// As [`list`].
pub fn batch_update(interaction: &str, body: Value) -> Result<Request, Error> {
    check(&BATCH, &body, "")?;
    Ok(Request::new(Method::Patch, path(interaction)?).with_body(body))
}

/// `POST /tools/extract-facts`: facts of a text, which belongs to no interaction.
///
/// # Errors
/// As [`list`].
pub fn extract(body: Value) -> Result<Request, Error> {
    check(&EXTRACT, &body, "")?;
    Ok(Request::new(Method::Post, "/tools/extract-facts").with_body(body))
}

fn path(interaction: &str) -> Result<String, Error> {
    Ok(format!("{}/facts/", interactions::path(interaction)?))
}
