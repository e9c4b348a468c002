//! Documents of the newer, guided form: generated from an interaction or a context, by a template that is named, put
//! together, or made for the purpose. The form is young: what is inside a template or a context is left to the service.

use super::Method;
use super::calls::{Call, Takes};
use super::shape::{Shape, optional};

const ID: &str = "/documents/{document}";

pub(super) const CALLS: &[Call] = &[
    Call::new("documents.generate", Method::Post, "/documents/", Takes::Body(GENERATE)),
    Call::new("documents.list", Method::Get, "/documents/", Takes::Query(QUERY)),
    Call::new("documents.get", Method::Get, ID, Takes::Nothing),
    Call::new("documents.update", Method::Patch, ID, Takes::Changes(Shape::Object(&[]))),
    Call::new("documents.delete", Method::Delete, ID, Takes::Nothing),
];

const ANY: Shape = Shape::Object(&[]);

const GENERATE: Shape = Shape::All(&[
    Shape::Object(&[
        optional("interactionId", Shape::Uuid),
        optional("context", Shape::List(&ANY)),
        optional("templateRef", ANY),
        optional("assemblyTemplate", ANY),
        optional("dynamicTemplate", ANY),
        optional("outputLanguage", Shape::Text),
        optional("name", Shape::AnyText),
    ]),
    Shape::OneKeyOf(&["templateRef", "assemblyTemplate", "dynamicTemplate"]),
    Shape::AnyKeyOf(&["interactionId", "context"]),
]);

const QUERY: Shape = Shape::Object(&[
    optional("interactionId", Shape::Uuid),
    optional("pageSize", Shape::Count(1)),
    optional("index", Shape::Count(1)),
]);
