//! Documents of the classic form, which the service calls deprecated: generated from context and a template, stored with the
//! interaction.

use serde_json::Value;

use super::Method;
use super::calls::{Call, Takes};
use super::facts::SOURCE;
use super::shape::{Shape, optional, required};

const ALL: &str = "/interactions/{interaction}/documents/";
const ID: &str = "/interactions/{interaction}/documents/{document}";

pub(super) const CALLS: &[Call] = &[
    Call::new("documents.classic.create", Method::Post, ALL, Takes::Body(CREATE)),
    Call::new("documents.classic.list", Method::Get, ALL, Takes::Nothing),
    Call::new("documents.classic.get", Method::Get, ID, Takes::Nothing),
    Call::new("documents.classic.update", Method::Patch, ID, Takes::Changes(UPDATE)),
    Call::new("documents.classic.delete", Method::Delete, ID, Takes::Nothing),
];

const CREATE: Shape = Shape::All(&[
    Shape::Object(&[
        required("context", Shape::All(&[Shape::List(&CONTEXT), Shape::Rule(is_alone_or_transcripts, SEVERAL)])),
        required("outputLanguage", Shape::Text),
        optional("templateKey", Shape::Text),
        optional("template", TEMPLATE),
        optional("name", Shape::AnyText),
        optional("documentationMode", Shape::OneOf(&["global_sequential", "routed_parallel"])),
        optional("disableGuardrails", Shape::Bool),
    ]),
    // Both may be there: then the key wins (grade: live).
    Shape::AnyKeyOf(&["templateKey", "template"]),
]);

const CONTEXT: Shape = Shape::Tagged(&[
    ("facts", &[required("data", Shape::List(&FACT))]),
    ("transcript", &[required("data", SEGMENT)]),
    ("string", &[required("data", Shape::Text)]),
]);

const FACT: Shape =
    Shape::Object(&[required("text", Shape::Text), optional("group", Shape::Text), optional("source", SOURCE)]);

const SEGMENT: Shape = Shape::Object(&[
    required("text", Shape::Text),
    optional("channel", Shape::Number),
    optional("participant", Shape::Number),
    optional("speakerId", Shape::Number),
    optional("start", Shape::Number),
    optional("end", Shape::Number),
]);

const TEMPLATE: Shape = Shape::All(&[
    Shape::Object(&[
        optional("sectionKeys", Shape::List(&Shape::Text)),
        optional("sections", Shape::List(&Shape::Object(&[required("key", Shape::Text)]))),
    ]),
    Shape::OneKeyOf(&["sectionKeys", "sections"]),
]);

const UPDATE: Shape = Shape::Object(&[
    optional("name", Shape::AnyText),
    optional(
        "sections",
        Shape::Items(&Shape::Object(&[
            required("key", Shape::Text),
            optional("name", Shape::AnyText),
            optional("text", Shape::AnyText),
            optional("sort", Shape::Number),
        ])),
    ),
]);

const SEVERAL: &str = "a single object, or several that are all of type transcript";

fn is_alone_or_transcripts(contexts: &Value) -> bool {
    let contexts = contexts.as_array().map_or(&[][..], Vec::as_slice);
    contexts.len() < 2 || contexts.iter().all(|context| context["type"] == "transcript")
}
