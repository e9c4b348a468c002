//! The faults of one request, as `POST /sandbox/faults` takes them in `requests`: every key and its range.
//!
//! Shapes alone, like `plan`; `gate.rs` carries them out.

use axum::http::{HeaderValue, Method, StatusCode};
use serde::Deserialize;

use super::plan::{Seconds, Times};

/// What one request is to meet, and which.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Request")]
pub(crate) struct RequestPlan {
    /// The beginning of the path, with or without `/v2`; without it any path under `/v2`.
    path: Option<String>,
    method: Option<Method>,
    /// Before anything else happens.
    pub(crate) delay: Seconds,
    /// The error to answer with; else the answer is the resource's.
    pub(crate) status: Option<StatusCode>,
    pub(crate) retry_after: Option<HeaderValue>,
    /// What becomes of the answer's body.
    pub(crate) body: Option<Spoiled>,
    /// The answer does not say that pages of other origins may read it.
    pub(crate) without_cors: bool,
    /// There is no answer: the connection is cut.
    pub(crate) drop: bool,
    /// The request is carried out all the same, and its answer lost.
    pub(crate) processed: bool,
    pub(super) times: Times,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Spoiled {
    /// A page, as a proxy gives it.
    Html,
    /// The first half; then the connection is cut.
    Truncated,
    Empty,
    /// A sentence that claims to be JSON.
    NotJson,
}

impl RequestPlan {
    /// Whether it is for this request.
    pub(super) fn is_for(&self, method: &Method, path: &str) -> bool {
        let resource = path.strip_prefix("/v2");
        let is_there = match &self.path {
            None => resource.is_some(),
            Some(prefix) => path.starts_with(prefix) || resource.is_some_and(|path| path.starts_with(prefix)),
        };
        is_there && self.method.as_ref().is_none_or(|wanted| wanted == method)
    }

    /// The words of the request for what is to go wrong.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let named = [
            (self.delay != Seconds::default(), "delaySeconds"),
            (self.status.is_some(), "status"),
            (self.body.is_some(), "body"),
            (self.without_cors, "withoutCors"),
            (self.drop, "drop"),
        ];
        named.into_iter().filter_map(|(is_asked, name)| is_asked.then_some(name)).collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    path: Option<String>,
    method: Option<Verb>,
    #[serde(default)]
    delay_seconds: Seconds,
    status: Option<Status>,
    retry_after: Option<RetryAfter>,
    body: Option<Spoiled>,
    #[serde(default)]
    without_cors: bool,
    #[serde(default)]
    drop: bool,
    #[serde(default)]
    processed: bool,
    #[serde(default)]
    times: Times,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Verb {
    Get,
    Post,
    Patch,
    Delete,
}

#[derive(Deserialize)]
#[serde(try_from = "u16")]
struct Status(StatusCode);

impl TryFrom<u16> for Status {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        let status = StatusCode::from_u16(status).ok().filter(|status| status.as_u16() >= 400 && status.as_u16() < 600);
        status.map(Self).ok_or("must be 400 to 599")
    }
}

/// A number of seconds, or a date as HTTP has it; the latter is sent as it is.
#[derive(Deserialize)]
#[serde(untagged, expecting = "must be a whole number of seconds, or a text")]
enum RetryAfter {
    Seconds(u32),
    Text(String),
}

impl TryFrom<Request> for RequestPlan {
    type Error = &'static str;

    fn try_from(request: Request) -> Result<Self, Self::Error> {
        let retry_after = match request.retry_after {
            None => None,
            Some(RetryAfter::Seconds(seconds)) => Some(HeaderValue::from(seconds)),
            Some(RetryAfter::Text(text)) => {
                Some(HeaderValue::from_str(&text).map_err(|_| "has a retryAfter that no header can hold")?)
            }
        };
        if retry_after.is_some() && request.status.is_none() {
            return Err("has a retryAfter, which only a status takes");
        }
        if request.drop && (request.status.is_some() || request.body.is_some()) {
            return Err("has drop, which leaves no room for a status or a body");
        }
        if request.processed && request.status.is_none() && !request.drop {
            return Err("has processed, which only a status and drop take");
        }
        if request.path.as_ref().is_some_and(|path| !path.starts_with('/')) {
            return Err("has a path that does not begin with /");
        }
        let method = request.method.map(|method| match method {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        });
        let plan = Self {
            path: request.path,
            method,
            delay: request.delay_seconds,
            status: request.status.map(|Status(status)| status),
            retry_after,
            body: request.body,
            without_cors: request.without_cors,
            drop: request.drop,
            processed: request.processed,
            times: request.times,
        };
        if plan.names().is_empty() { Err("asks for no fault") } else { Ok(plan) }
    }
}
