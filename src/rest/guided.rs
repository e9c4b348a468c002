//! Documents of the guided form: generated from an interaction or a context, by a template that is named, put together of
//! sections, or made for the purpose. The templates and sections themselves: `library`.

use super::Method;
use super::calls::{Call, Takes};
use super::shape::{Shape, optional, required};

const ALL: &str = "/documents/";
const ID: &str = "/documents/{document}";

pub(super) const CALLS: &[Call] = &[
    Call::new("documents.generate", Method::Post, ALL, Takes::Body(GENERATE)),
    Call::new("documents.list", Method::Get, ALL, Takes::Query(QUERY)),
    Call::new("documents.get", Method::Get, ID, Takes::Nothing),
    Call::new("documents.update", Method::Patch, ID, Takes::Changes(UPDATE)),
    Call::new("documents.delete", Method::Delete, ID, Takes::Nothing),
];

const ANY: Shape = Shape::Object(&[]);

/// What documents, templates and sections are found by.
pub(super) const LABELS: Shape =
    Shape::Items(&Shape::Object(&[required("key", Shape::Text), required("value", Shape::AnyText)]));

/// At least one of `interactionId` and `context`; whether both may be there is the service's to say: nobody
/// has seen it asked.
const GENERATE: Shape = Shape::All(&[
    ANY,
    Shape::OneKeyOf(&["templateRef", "assemblyTemplate", "dynamicTemplate"]),
    Shape::AnyKeyOf(&["interactionId", "context"]),
    Shape::Object(&[
        optional("interactionId", Shape::Uuid),
        optional("context", Shape::List(&CONTEXT)),
        optional("templateRef", TEMPLATE_REF),
        optional("assemblyTemplate", ASSEMBLY),
        optional("dynamicTemplate", DYNAMIC),
        required("outputLanguage", Shape::Text),
        optional("name", Shape::AnyText),
        optional("labels", LABELS),
    ]),
]);

const CONTEXT: Shape = Shape::Tagged(&[
    ("text", &[required("text", Shape::Text)]),
    ("facts", &[required("facts", Shape::List(&FACT))]),
    ("transcript", &[required("transcript", Shape::Object(&[required("transcripts", Shape::List(&PHRASE))]))]),
]);

const FACT: Shape = Shape::Object(&[required("text", Shape::Text), optional("group", Shape::Text)]);

/// Times are milliseconds.
const PHRASE: Shape = Shape::Object(&[
    required("text", Shape::Text),
    optional("channel", Shape::Number),
    optional("participant", Shape::Number),
    optional("speakerId", Shape::Number),
    optional("start", Shape::Number),
    optional("end", Shape::Number),
]);

const TEMPLATE_REF: Shape = Shape::Object(&[
    required("templateId", Shape::Uuid),
    optional("templateVersionId", Shape::Uuid),
    optional("overrides", ANY),
]);

const ASSEMBLY: Shape = Shape::Object(&[
    required("name", Shape::Text),
    optional("instructions", ANY),
    required("sectionRefs", Shape::List(&Shape::Object(&[required("sectionId", Shape::Uuid)]))),
]);

const DYNAMIC: Shape = Shape::Object(&[
    required("name", Shape::Text),
    required(
        "generation",
        Shape::Object(&[optional("instructions", ANY), required("sections", Shape::List(&SECTION))]),
    ),
]);

/// How a section is written.
pub(super) const SECTION: Shape = Shape::Object(&[
    required("heading", Shape::Text),
    required("instructions", Shape::Object(&[required("contentPrompt", Shape::Text)])),
    required("outputSchema", ANY),
]);

const UPDATE: Shape = Shape::Object(&[
    optional("name", Shape::AnyText),
    optional("stringDocument", ANY),
    optional("structuredDocument", ANY),
    optional("labels", LABELS),
]);

const QUERY: Shape = Shape::Object(&[
    optional("templateId", Shape::Uuid),
    optional("interactionId", Shape::Uuid),
    optional("label", Shape::OneOrMany(&Shape::Text)),
]);
