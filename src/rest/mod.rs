//! The REST API as values: a method builds a [`Request`], [`response::read`] turns what came back into the body or an
//! [`Error`](crate::Error). Whoever holds a `fetch` carries them out; nothing here waits.
//!
//! - [`shape`]: what a request must hold, checked before it is sent.
//! - [`environment`]: where the service is.
//! - [`tokens`]: which token is used, and what is done for the next; [`token`]: how long one is good; [`grant`]: what is
//!   asked of the token endpoint.
//! - [`retry`]: whether and when to try again.
//! - [`calls`]: a method by its name, such as `facts.create`, and its arguments become a request.
//! - one file a resource, with a table of its methods and of what their requests hold: [`interactions`], `facts`,
//!   `documents` (classic) and `guided` ones, `templates` (classic) and the `library` of guided ones, `recordings`,
//!   `transcripts`.
//!
//! Bodies are JSON values rather than structs: unknown keys pass through in both directions by construction.

pub mod calls;
mod documents;
pub mod environment;
mod facts;
pub mod grant;
mod guided;
pub mod interactions;
mod library;
mod recordings;
pub mod response;
pub mod retry;
pub mod shape;
mod templates;
pub mod token;
pub mod tokens;
mod transcripts;

use serde_json::Value;

use crate::address::encode_component;

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    /// Its name in HTTP.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request, relative to the environment's REST base.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// How.
    pub method: Method,
    /// From the base on, with a leading slash, encoded.
    pub path: String,
    /// Keys and values, not yet encoded; a key may repeat.
    pub query: Vec<(String, String)>,
    /// The JSON body.
    pub body: Option<Value>,
    /// What goes over the wire besides JSON.
    pub transfer: Transfer,
}

/// Whether a request or its answer is bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transfer {
    /// JSON both ways.
    #[default]
    Json,
    /// The body is bytes, which whoever sends the request adds.
    Upload,
    /// The answer is bytes.
    Download,
}

impl Request {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), body: None, transfer: Transfer::Json }
    }

    /// Takes the keys of a query object: lists repeat their key, null is absent.
    fn with_query(mut self, query: &Value) -> Self {
        for (key, value) in query.as_object().into_iter().flatten() {
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            self.query.extend(values.iter().filter_map(|value| Some((key.clone(), plain(value)?))));
        }
        self
    }

    /// Whether sending it twice does no more than sending it once.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        !matches!(self.method, Method::Post)
    }

    /// What it is in a log: the method and the kind of resource, without ids and query.
    #[must_use]
    pub fn label(&self) -> String {
        let kind = self.path.split('/').find(|part| !part.is_empty()).unwrap_or_default();
        format!("{} {kind}", self.method.name())
    }

    /// The path with its query.
    #[must_use]
    pub fn target(&self) -> String {
        let mut target = self.path.clone();
        for (index, (key, value)) in self.query.iter().enumerate() {
            target.push(if index == 0 { '?' } else { '&' });
            target.push_str(&encode_component(key));
            target.push('=');
            target.push_str(&encode_component(value));
        }
        target
    }
}

/// A query value as text. Objects have no form in a query.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
