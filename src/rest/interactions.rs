//! Interactions: the encounter that everything else hangs on.

use serde_json::Value;

use super::shape::{Shape, check, optional, required};
use super::{Method, Request, id};
use crate::error::Error;

const STATUS: Shape = Shape::OneOf(&["planned", "in-progress", "on-hold", "completed", "cancelled", "deleted"]);
const KIND: Shape = Shape::OneOf(&["first_consultation", "consultation", "emergency", "inpatient", "outpatient"]);
const GENDER: Shape = Shape::OneOf(&["male", "female", "unknown", "other"]);
const PERIOD: Shape = Shape::Object(&[required("startedAt", Shape::Text), optional("endedAt", Shape::Text)]);

const CREATE: Shape = Shape::Object(&[
    optional("assignedUserId", Shape::Uuid),
    required(
        "encounter",
        Shape::Object(&[
            required("identifier", Shape::Text),
            required("status", STATUS),
            required("type", KIND),
            optional("period", PERIOD),
            optional("title", Shape::AnyText),
        ]),
    ),
    optional("patient", Shape::Object(&[required("identifier", Shape::Text), optional("gender", GENDER)])),
]);

const UPDATE: Shape = Shape::Object(&[
    optional("assignedUserId", Shape::Uuid),
    optional(
        "encounter",
        Shape::Object(&[
            optional("identifier", Shape::Text),
            optional("status", STATUS),
            optional("type", KIND),
            optional("period", PERIOD),
            optional("title", Shape::AnyText),
        ]),
    ),
    optional("patient", Shape::Object(&[optional("identifier", Shape::Text), optional("gender", GENDER)])),
]);

/// `POST /interactions/`.
///
/// # Errors
/// `invalid_request`, as all builders of requests: an id that is no UUID, or a body that cannot be right.
pub fn create(body: Value) -> Result<Request, Error> {
    check(&CREATE, &body, "")?;
    Ok(Request::new(Method::Post, "/interactions/").with_body(body))
}

/// `GET /interactions/`.
#[must_use]
pub fn list(query: &Value) -> Request {
    Request::new(Method::Get, "/interactions/").with_query(query)
}

/// `GET /interactions/{id}`.
///
/// # Errors
/// As [`create`].
pub fn get(interaction: &str) -> Result<Request, Error> {
    Ok(Request::new(Method::Get, path(interaction)?))
}

/// `PATCH /interactions/{id}`.
///
/// # Errors
/// As [`create`].
pub fn update(interaction: &str, body: Value) -> Result<Request, Error> {
    check(&UPDATE, &body, "")?;
    Ok(Request::new(Method::Patch, path(interaction)?).with_body(body))
}

/// `DELETE /interactions/{id}`.
///
/// # Errors
/// As [`create`].
pub fn delete(interaction: &str) -> Result<Request, Error> {
    Ok(Request::new(Method::Delete, path(interaction)?))
}

/// The path of an interaction, to which its resources append theirs.
pub(super) fn path(interaction: &str) -> Result<String, Error> {
    Ok(format!("/interactions/{}", id("the interaction's id", interaction)?))
}
