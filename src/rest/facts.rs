//! Facts: what is known of the patient, from before the visit, from the conversation, or from the clinician.

use serde_json::Value;

use super::Method;
use super::calls::{Call, Takes};
use super::shape::{Shape, optional, required};

const ALL: &str = "/interactions/{interaction}/facts/";

pub(super) const CALLS: &[Call] = &[
    Call::new("facts.factGroupsList", Method::Get, "/factgroups/", Takes::Nothing),
    Call::new("facts.list", Method::Get, ALL, Takes::Nothing),
    Call::new("facts.create", Method::Post, ALL, Takes::Body(CREATE)),
    Call::new("facts.update", Method::Patch, "/interactions/{interaction}/facts/{fact}", Takes::Changes(UPDATE)),
    Call::new("facts.batchUpdate", Method::Patch, ALL, Takes::Body(BATCH)),
    // Facts of a text, which belongs to no interaction.
    Call::new("facts.extract", Method::Post, "/tools/extract-facts", Takes::Body(EXTRACT)),
];

/// Where a fact comes from: the service, another system, a person.
pub(super) const SOURCE: Shape = Shape::OneOf(&["core", "system", "user"]);

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

const BATCH: Shape = Shape::Object(&[required(
    "facts",
    Shape::List(&Shape::Object(&[
        required("factId", Shape::Uuid),
        optional("text", Shape::Text),
        optional("group", Shape::Text),
        optional("isDiscarded", Shape::Bool),
    ])),
)]);

const EXTRACT: Shape = Shape::Object(&[
    required(
        "context",
        Shape::All(&[Shape::List(&TEXT), Shape::Rule(is_one, "a list of one: the service takes no more")]),
    ),
    required("outputLanguage", Shape::Text),
]);

const TEXT: Shape = Shape::Tagged(&[("text", &[required("text", Shape::Text)])]);

/// Grade: live.
fn is_one(contexts: &Value) -> bool {
    contexts.as_array().is_some_and(|list| list.len() == 1)
}
