//! What requests came, for tests and for the curious: `GET /sandbox/requests`. No token is in it.
//!
//! The last [`MAX_REQUESTS`] are remembered. What a body holds is not: the resources tell what became of it.

use std::collections::{BTreeMap, VecDeque};

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::{auth::bearer, model::now};

const MAX_REQUESTS: usize = 2_000;
/// Characters of a header or a query that are remembered.
const MAX_TEXT: usize = 500;

/// One request's story.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    #[serde(skip)]
    key: u64,
    at: Timestamp,
    method: String,
    path: String,
    /// As it came; null for the identity provider's endpoints.
    query: Option<String>,
    /// The header `Tenant-Name`.
    tenant: Option<String>,
    /// Tells tokens apart without being one; null where there was none, or one that was not issued here.
    token_id: Option<Uuid>,
    /// All but those with credentials, the names in lower case.
    headers: BTreeMap<String, String>,
    /// Null while there is no answer; for ever where the client gave up, or the connection was cut.
    status: Option<u16>,
    /// What went wrong because it was asked for, in the words of the request.
    faults: Vec<&'static str>,
}

#[derive(Default)]
pub(crate) struct Requests {
    entries: VecDeque<Entry>,
    next: u64,
}

/// A handle to one request's entry.
#[derive(Clone, Copy)]
pub(crate) struct Key(u64);

impl Requests {
    pub(crate) fn add(&mut self, request: &Request, token_id: Option<Uuid>, faults: Vec<&'static str>) -> Key {
        if self.entries.len() == MAX_REQUESTS {
            self.entries.pop_front();
        }
        let key = self.next;
        self.next += 1;
        let path = request.uri().path();
        let tenant = request.headers().get("tenant-name").and_then(|value| value.to_str().ok());
        self.entries.push_back(Entry {
            key,
            at: now(),
            method: request.method().to_string(),
            path: short(path),
            query: request.uri().query().filter(|_| path.starts_with("/v2/")).map(short),
            tenant: tenant.map(short),
            token_id,
            headers: harmless(request.headers()),
            status: None,
            faults,
        });
        Key(key)
    }

    pub(crate) fn answered(&mut self, key: Key, status: StatusCode) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.key == key.0) {
            entry.status = Some(status.as_u16());
        }
    }

    /// Those whose path begins so, the oldest first.
    pub(crate) fn of(&self, prefix: &str) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.path.starts_with(prefix))
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

fn short(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

/// The headers without those that hold credentials, by their name or by their value.
fn harmless(headers: &HeaderMap) -> BTreeMap<String, String> {
    let secret = [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE];
    let text = headers.iter().filter(|(name, _)| !secret.contains(name));
    let text = text.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let text = text.filter(|(_, value)| bearer(value).is_none());
    text.map(|(name, value)| (name.to_owned(), short(value))).collect()
}
