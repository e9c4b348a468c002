//! Documents of the newer, guided form: generated from an interaction or a context, by a template that is named, put
//! together, or made for the purpose.

use serde_json::Value;

use super::shape::{Shape, check, optional};
use super::{Method, Request, id};
use crate::error::Error;

/// Of these a request has exactly one.
const TEMPLATES: [&str; 3] = ["templateRef", "assemblyTemplate", "dynamicTemplate"];

const GENERATE: Shape = Shape::Object(&[
    optional("interactionId", Shape::Uuid),
    optional("context", Shape::List(&Shape::Object(&[]))),
    optional("outputLanguage", Shape::Text),
    optional("name", Shape::Text),
]);

/// `POST /documents/`.
///
/// # Errors
/// As [`super::interactions::create`]; also if there is not exactly one template, or neither `interactionId` nor
/// `context`.
pub fn generate(body: Value) -> Result<Request, Error> {
    check(&GENERATE, &body, "")?;
    let given: Vec<&str> = TEMPLATES.into_iter().filter(|key| !body[*key].is_null()).collect();
    if given.len() != 1 {
        let found = if given.is_empty() { "none".to_owned() } else { given.join(" and ") };
        let message = format!("{} must be given, exactly one of them: there is {found}", TEMPLATES.join(", "));
        return Err(Error::invalid(message));
    }
    if body["interactionId"].is_null() && body["context"].is_null() {
        return Err(Error::invalid("interactionId is missing (or context, for what belongs to no interaction)"));
    }
    Ok(Request::new(Method::Post, "/documents/").with_body(body))
}

/// `GET /documents/`.
#[must_use]
pub fn list(query: &Value) -> Request {
    Request::new(Method::Get, "/documents/").with_query(query)
}

/// `GET /documents/{id}`.
///
/// # Errors
/// `invalid_request` if the id is no UUID.
pub fn get(document: &str) -> Result<Request, Error> {
    Ok(Request::new(Method::Get, path(document)?))
}

/// `PATCH /documents/{id}`.
///
/// # Errors
/// As [`get`]; also if the body is no object.
pub fn update(document: &str, body: Value) -> Result<Request, Error> {
    check(&Shape::Object(&[]), &body, "")?;
    Ok(Request::new(Method::Patch, path(document)?).with_body(body))
}

/// `DELETE /documents/{id}`.
///
/// # Errors
/// As [`get`].
pub fn delete(document: &str) -> Result<Request, Error> {
    Ok(Request::new(Method::Delete, path(document)?))
}

fn path(document: &str) -> Result<String, Error> {
    Ok(format!("/documents/{}", id("the document's id", document)?))
}
