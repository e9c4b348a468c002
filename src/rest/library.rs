//! What guided documents are written by: templates, the sections that they are put together of, and the versions of both,
//! one of which is published. A template is one language's variant, with an id of its own.
//!
//! Names and fields are those of the types of `@corti/sdk` 5 (grade: types).

use super::Method;
use super::calls::{Call, Takes};
use super::guided::{LABELS, SECTION};
use super::shape::{Shape, optional, required};

const TEMPLATES: &str = "/documents/templates/";
const TEMPLATE: &str = "/documents/templates/{template}";
const TEMPLATE_VERSIONS: &str = "/documents/templates/{template}/versions/";
const TEMPLATE_VERSION: &str = "/documents/templates/{template}/versions/{version}";
const TEMPLATE_PUBLISH: &str = "/documents/templates/{template}/versions/{version}/publish";
const SECTIONS: &str = "/documents/sections/";
const A_SECTION: &str = "/documents/sections/{section}";
const SECTION_VERSIONS: &str = "/documents/sections/{section}/versions/";
const SECTION_VERSION: &str = "/documents/sections/{section}/versions/{version}";
const SECTION_PUBLISH: &str = "/documents/sections/{section}/versions/{version}/publish";

pub(super) const CALLS: &[Call] = &[
    Call::new("documents.templates.list", Method::Get, TEMPLATES, Takes::Query(QUERY)),
    Call::new("documents.templates.create", Method::Post, TEMPLATES, Takes::Body(CREATE_TEMPLATE)),
    Call::new("documents.templates.get", Method::Get, TEMPLATE, Takes::Nothing),
    Call::new("documents.templates.update", Method::Patch, TEMPLATE, Takes::Changes(UPDATE)),
    Call::new("documents.templates.delete", Method::Delete, TEMPLATE, Takes::Nothing),
    Call::new("documents.templates.versions.list", Method::Get, TEMPLATE_VERSIONS, Takes::Nothing),
    Call::new("documents.templates.versions.create", Method::Post, TEMPLATE_VERSIONS, Takes::Body(TEMPLATE_VERSION_OF)),
    Call::new("documents.templates.versions.get", Method::Get, TEMPLATE_VERSION, Takes::Nothing),
    Call::new("documents.templates.versions.delete", Method::Delete, TEMPLATE_VERSION, Takes::Nothing),
    Call::new("documents.templates.versions.publish", Method::Post, TEMPLATE_PUBLISH, Takes::Nothing),
    Call::new("documents.sections.list", Method::Get, SECTIONS, Takes::Query(QUERY)),
    Call::new("documents.sections.create", Method::Post, SECTIONS, Takes::Body(CREATE_SECTION)),
    Call::new("documents.sections.get", Method::Get, A_SECTION, Takes::Nothing),
    Call::new("documents.sections.update", Method::Patch, A_SECTION, Takes::Changes(UPDATE)),
    Call::new("documents.sections.delete", Method::Delete, A_SECTION, Takes::Nothing),
    Call::new("documents.sections.versions.list", Method::Get, SECTION_VERSIONS, Takes::Nothing),
    Call::new("documents.sections.versions.create", Method::Post, SECTION_VERSIONS, Takes::Body(SECTION_VERSION_OF)),
    Call::new("documents.sections.versions.get", Method::Get, SECTION_VERSION, Takes::Nothing),
    Call::new("documents.sections.versions.delete", Method::Delete, SECTION_VERSION, Takes::Nothing),
    Call::new("documents.sections.versions.publish", Method::Post, SECTION_PUBLISH, Takes::Nothing),
];

const WORDS: Shape = Shape::OneOrMany(&Shape::Text);
const LIST: Shape = Shape::Items(&Shape::Text);

const QUERY: Shape = Shape::Object(&[
    optional("lang", WORDS),
    optional("region", WORDS),
    optional("specialty", WORDS),
    optional("label", WORDS),
    optional("published", Shape::Bool),
    optional("source", Shape::OneOf(&["user", "corti"])),
]);

const UPDATE: Shape = Shape::Object(&[
    optional("name", Shape::Text),
    optional("description", Shape::AnyText),
    optional("languages", LIST),
    optional("regions", LIST),
    optional("specialties", LIST),
    optional("labels", LABELS),
]);

/// Of its own, or inherited from another with what differs.
const CREATE_TEMPLATE: Shape = Shape::All(&[
    Shape::Object(&[
        required("name", Shape::Text),
        optional("inheritFromId", Shape::Uuid),
        optional("generation", TEMPLATE_GENERATION),
        optional("publish", Shape::Bool),
    ]),
    UPDATE,
    Shape::AnyKeyOf(&["generation", "inheritFromId"]),
]);

const TEMPLATE_VERSION_OF: Shape = Shape::Object(&[required("generation", TEMPLATE_GENERATION)]);

const TEMPLATE_GENERATION: Shape = Shape::Object(&[
    optional("instructions", Shape::Object(&[optional("prompt", Shape::AnyText)])),
    optional(
        "sections",
        Shape::Items(&Shape::Object(&[required("sectionId", Shape::Uuid), optional("orderIndex", Shape::Count(0))])),
    ),
]);

/// What is inherited need not be there, so that of one which inherits no more is checked than that it is an object.
const CREATE_SECTION: Shape = Shape::All(&[
    Shape::Object(&[
        required("name", Shape::Text),
        optional("inheritFromId", Shape::Uuid),
        optional("generation", Shape::Object(&[])),
        optional("publish", Shape::Bool),
    ]),
    UPDATE,
    Shape::AnyKeyOf(&["generation", "inheritFromId"]),
    Shape::Unless("inheritFromId", &SECTION_VERSION_OF),
]);

const SECTION_VERSION_OF: Shape = Shape::Object(&[required("generation", SECTION)]);
