//! Classic templates: the forms that classic documents take.

use super::Method;
use super::calls::{Call, Takes};
use super::shape::{Shape, optional};

pub(super) const CALLS: &[Call] = &[
    Call::new("templates.list", Method::Get, "/templates/", Takes::Query(QUERY)),
    Call::new("templates.get", Method::Get, "/templates/{key}", Takes::Nothing),
    Call::new("templates.sectionList", Method::Get, "/templateSections/", Takes::Query(QUERY)),
];

const WORDS: Shape = Shape::OneOrMany(&Shape::Text);

/// Sections have no status; a key too many does no harm.
const QUERY: Shape = Shape::Object(&[optional("org", WORDS), optional("lang", WORDS), optional("status", WORDS)]);
