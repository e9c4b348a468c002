//! Templates: the forms that documents take.

use serde_json::Value;

use super::environment::encode_component;
use super::{Method, Request};
use crate::error::Error;

/// `GET /templates/`.
#[must_use]
pub fn list(query: &Value) -> Request {
    Request::new(Method::Get, "/templates/").with_query(query)
}

/// `GET /templates/{key}`.
///
/// # Errors
/// `invalid_request` if the key is empty.
pub fn get(key: &str) -> Result<Request, Error> {
    if key.is_empty() {
        return Err(Error::invalid("the template's key is empty"));
    }
    Ok(Request::new(Method::Get, format!("/templates/{}", encode_component(key))))
}

/// `GET /templateSections/`.
#[must_use]
pub fn sections(query: &Value) -> Request {
    Request::new(Method::Get, "/templateSections/").with_query(query)
}
