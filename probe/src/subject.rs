//! Whom is asked: the service in a region, or a sandbox. Its addresses, and requests over REST.

use std::{io::ErrorKind, time::Duration};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Map, Value, json};

use crate::{
    redact::Secret,
    step::Who,
    tokens::{Credentials, Token, Tokens},
};

/// The tenant that is nobody's own, and tells nothing.
const COMMON: &str = "base";
/// No request takes longer.
const LIMIT: Duration = Duration::from_secs(60);
/// Bytes of an answer that are read at all.
const READ_LIMIT: u64 = 4 << 20;
/// Characters of an answer that is plain text.
const PLAIN: usize = 200;
/// Items of a list that are kept: catalogues are long, and their first entries show their form.
const ITEMS: usize = 25;
/// The headers that may be in the file.
const HEADERS: [&str; 6] = ["allow", "content-type", "location", "retry-after", "sunset", "www-authenticate"];

/// A server that is asked.
pub struct Subject {
    /// Such as `https://api.eu.corti.app/v2`.
    rest: String,
    /// Such as `wss://api.eu.corti.app/audio-bridge/v2`.
    stream: String,
    tenant: String,
    /// How it comes by its tokens.
    pub tokens: Tokens,
    agent: ureq::Agent,
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Its token, if it shows one.
    pub token: Option<&'a str>,
    /// Another tenant than ours; none at all where it is empty.
    pub tenant: Option<&'a str>,
    /// Whether the service is told to keep nothing.
    pub unretained: bool,
    /// Its method.
    pub method: &'a str,
    /// Its path below the version.
    pub path: &'a str,
    /// Its body, null for none.
    pub body: &'a Value,
}

impl<'a> Request<'a> {
    /// With our tenant, without a body.
    pub fn new(method: &'a str, path: &'a str, token: Option<&'a str>) -> Self {
        Self { token, tenant: None, unretained: false, method, path, body: &Value::Null }
    }
}

/// An answer: status, some headers, body.
pub type Answer = (u16, Map<String, Value>, Value);

impl Subject {
    /// The service in a region.
    ///
    /// # Errors
    /// Where the region or the tenant is no name.
    pub fn service(region: &str, tenant: &str, credentials: Credentials) -> Result<Self> {
        for name in [region, tenant] {
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            ensure!(!name.is_empty() && name.chars().all(is_name), "{name:?} is no name of a region or a tenant");
        }
        let api = format!("api.{region}.corti.app");
        let login = format!("https://auth.{region}.corti.app/realms");
        Ok(Self::new(format!("https://{api}/v2"), format!("wss://{api}/audio-bridge/v2"), &login, tenant, credentials))
    }

    /// A sandbox, at an address such as `http://127.0.0.1:8787`.
    ///
    /// # Errors
    /// Where that is no address of that form.
    pub fn sandbox(url: &str, tenant: &str, credentials: Credentials) -> Result<Self> {
        let url = url.trim_end_matches('/');
        let host = url.strip_prefix("http://").with_context(|| format!("{url} is not http://HOST:PORT"))?;
        let stream = format!("ws://{host}/audio-bridge/v2");
        Ok(Self::new(format!("{url}/v2"), stream, &format!("{url}/realms"), tenant, credentials))
    }

    fn new(rest: String, stream: String, login: &str, tenant: &str, credentials: Credentials) -> Self {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(LIMIT))
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .build()
            .into();
        let endpoint = format!("{login}/{tenant}/protocol/openid-connect/token");
        let tokens = Tokens::new(credentials, endpoint, agent.clone());
        Self { rest, stream, tenant: tenant.to_owned(), tokens, agent }
    }

    /// All words that must not be in the file.
    pub fn secrets(&self) -> Vec<Secret> {
        let mut secrets = self.tokens.secrets();
        if self.tenant != COMMON {
            secrets.push(Secret { word: self.tenant.clone(), name: "tenant" });
        }
        let host = self.rest.split('/').nth(2).unwrap_or_default();
        secrets.push(Secret { word: host.to_owned(), name: "address" });
        secrets
    }

    /// Whether it answers, and takes our token.
    ///
    /// # Errors
    /// A sentence that says what to look at.
    pub fn check(&self) -> Result<()> {
        let token = self.tokens.token()?;
        let (status, ..) = self.send(LIMIT, &Request::new("GET", "/factgroups/", Some(&token.text)))?;
        match status {
            401 | 403 => {
                bail!("the service refuses the token ({status}): look at the token, the tenant and the region")
            }
            200..300 => Ok(()),
            _ => bail!("the service answers with {status}: try later"),
        }
    }

    /// The token that a request shows; `held` is the one that the question began with.
    pub fn token(&self, who: Who, held: &Token) -> Result<Option<String>> {
        Ok(match who {
            Who::Us => Some(self.tokens.token()?.text),
            Who::Held => Some(held.text.clone()),
            Who::Nobody => None,
            Who::Stranger => Some("nobody-issued-this-token".to_owned()),
        })
    }

    /// Where an interaction's stream is opened.
    pub fn stream(&self, interaction: &str, token: Option<&str>) -> String {
        let token = token.map(|token| format!("&token=Bearer%20{token}")).unwrap_or_default();
        format!("{}/interactions/{interaction}/streams?tenant-name={}{token}", self.stream, self.tenant)
    }

    /// A request over REST.
    ///
    /// # Errors
    /// Where there was no whole answer within `limit`. The error names no address: it goes into the file.
    pub fn send(&self, limit: Duration, asked: &Request<'_>) -> Result<Answer> {
        let uri = format!("{}{}", self.rest, asked.path);
        let mut request = ureq::http::Request::builder().method(asked.method).uri(uri);
        if let Some(token) = asked.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let tenant = asked.tenant.unwrap_or(&self.tenant);
        if !tenant.is_empty() {
            request = request.header("tenant-name", tenant);
        }
        if asked.unretained {
            request = request.header("x-corti-retention-policy", "none");
        }
        let body = asked.body;
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        if !bytes.is_empty() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(bytes).context("the request has no right form")?;
        let request = self.agent.configure_request(request).timeout_global(Some(limit.min(LIMIT))).build();
        // What the error says may hold an address; only its kind is of interest.
        let mut answer = self.agent.run(request).map_err(|error| anyhow!("no answer: {}", kind(&error)))?;
        let headers = headers(answer.headers());
        let status = answer.status().as_u16();
        let bytes = answer.body_mut().with_config().limit(READ_LIMIT).read_to_vec();
        let bytes = bytes.map_err(|error| anyhow!("an answer with {status} that broke off: {}", kind(&error)))?;
        Ok((status, headers.clone(), body_of(&headers, &bytes)))
    }
}

fn kind(error: &ureq::Error) -> &'static str {
    match error {
        ureq::Error::Timeout(_) => "it took too long",
        ureq::Error::HostNotFound => "the host is unknown",
        ureq::Error::ConnectionFailed => "there is no connection",
        ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => "there is no connection",
        ureq::Error::Io(_) => "the connection failed",
        ureq::Error::Protocol(_) => "it is not HTTP",
        ureq::Error::BodyExceedsLimit(_) => "it is too long",
        _ => "it could not be sent",
    }
}

/// Those that may be in the file.
pub fn headers(all: &ureq::http::HeaderMap) -> Map<String, Value> {
    let is_kept = |name: &str| HEADERS.contains(&name) || name.contains("ratelimit");
    all.iter()
        .filter(|(name, _)| is_kept(name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().into()))
        .collect()
}

/// A body as it is kept: JSON as it is but for the ends of long lists, plain text in short, of anything else the length.
pub fn body_of(headers: &Map<String, Value>, bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    if let Ok(mut value) = serde_json::from_slice::<Value>(bytes) {
        shorten(&mut value);
        return value;
    }
    let is_plain =
        headers.get("content-type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("text/plain"));
    match std::str::from_utf8(bytes) {
        Ok(text) if is_plain => json!({ "plainText": text.chars().take(PLAIN).collect::<String>() }),
        _ => json!({ "notJson": bytes.len() }),
    }
}

fn shorten(value: &mut Value) {
    match value {
        Value::Array(items) => {
            if items.len() > ITEMS {
                let more = items.len() - ITEMS;
                items.truncate(ITEMS);
                items.push(json!(format!("… and {more} more")));
            }
            items.iter_mut().for_each(shorten);
        }
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_region_is_any_name_and_never_a_way_to_another_host() {
        let of = |region: &str, tenant: &str| Subject::service(region, tenant, Credentials::Token("t".to_owned()));
        let subject = of("beta-eu", "base").unwrap();
        assert_eq!(
            subject.stream("1", Some("t")),
            "wss://api.beta-eu.corti.app/audio-bridge/v2/interactions/1/streams?tenant-name=base&token=Bearer%20t"
        );
        for (region, tenant) in [("eu/x", "base"), ("", "base"), ("eu", "a&b"), ("e u", "base"), ("eu", "")] {
            assert!(of(region, tenant).is_err(), "{region} {tenant}");
        }
    }

    #[test]
    fn the_host_and_a_tenant_of_ones_own_are_secrets() {
        let of = |tenant: &str| {
            let subject = Subject::service("eu", tenant, Credentials::Token("t".to_owned())).unwrap();
            subject.secrets().into_iter().map(|secret| secret.word).collect::<Vec<_>>()
        };
        assert_eq!(of("north-clinic"), ["t", "north-clinic", "api.eu.corti.app"]);
        assert_eq!(of("base"), ["t", "api.eu.corti.app"]);
    }

    #[test]
    fn of_a_page_that_is_no_json_only_the_length_is_kept() {
        let of =
            |kind: &str, body: &str| body_of(json!({ "content-type": kind }).as_object().unwrap(), body.as_bytes());
        assert_eq!(of("text/html", "<html>North Clinic's proxy</html>"), json!({ "notJson": 33 }));
        assert_eq!(of("text/plain; charset=utf-8", "404 page not found"), json!({ "plainText": "404 page not found" }));
        assert_eq!(of("application/json", ""), Value::Null);
        assert_eq!(of("application/json", "[1]"), json!([1]));
    }

    #[test]
    fn long_lists_are_cut_and_say_so() {
        let mut value = json!({ "data": (0..30).collect::<Vec<_>>() });
        shorten(&mut value);
        assert_eq!(value["data"].as_array().unwrap().len(), ITEMS + 1);
        assert_eq!(value["data"][ITEMS], "… and 5 more");
    }
}
