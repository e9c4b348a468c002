//! Interactions: the encounter that everything else hangs on.

use serde_json::Value;

use super::calls::{Call, Takes, call};
use super::shape::{Shape, optional, required};
use super::{Method, Request};
use crate::error::Error;

const ID: &str = "/interactions/{interaction}";

pub(super) const CALLS: &[Call] = &[
    Call::new("interactions.create", Method::Post, "/interactions/", Takes::Body(CREATE)),
    Call::new("interactions.list", Method::Get, "/interactions/", Takes::Query(QUERY)),
    Call::new("interactions.get", Method::Get, ID, Takes::Nothing),
    Call::new("interactions.update", Method::Patch, ID, Takes::Changes(UPDATE)),
    Call::new("interactions.delete", Method::Delete, ID, Takes::Nothing),
];

const STATUS: Shape = Shape::OneOf(&["planned", "in-progress", "on-hold", "completed", "cancelled", "deleted"]);
const KIND: Shape = Shape::OneOf(&["first_consultation", "consultation", "emergency", "inpatient", "outpatient"]);
const GENDER: Shape = Shape::OneOf(&["male", "female", "unknown", "other"]);
const PERIOD: Shape = Shape::Object(&[required("startedAt", Shape::Time), optional("endedAt", Shape::Time)]);

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
    optional("patient", Shape::All(&[Shape::Object(&[required("identifier", Shape::Text)]), PATIENT])),
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
    optional("patient", PATIENT),
]);

const PATIENT: Shape = Shape::Object(&[
    optional("identifier", Shape::Text),
    optional("name", Shape::AnyText),
    optional("gender", GENDER),
    optional("birthDate", Shape::Time),
    optional("pronouns", Shape::AnyText),
]);

const QUERY: Shape = Shape::Object(&[
    optional("sort", Shape::OneOf(&["id", "assignedUserId", "patient", "createdAt", "endedAt", "updatedAt"])),
    optional("direction", Shape::OneOf(&["asc", "desc"])),
    optional("pageSize", Shape::Count(1)),
    optional("index", Shape::Count(1)),
    optional("encounterStatus", Shape::OneOrMany(&STATUS)),
    optional("patient", Shape::AnyText),
]);

/// `GET /interactions/{id}`, which tells whether there is such an interaction.
///
/// # Errors
/// `invalid_request` if the id is no UUID.
pub fn get(interaction: &str) -> Result<Request, Error> {
    call("interactions.get", &mut [Value::from(interaction)])
}
