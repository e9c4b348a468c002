//! Carries requests out: token, time limit, abort, retries.

use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function, Object, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, RequestInit};

use super::auth::TokenSource;
use super::convert::{from_error, get, is_ours, set, to_error, to_js, to_value};
use super::limit::{Cancel, Failure, sleep};
use super::logger::Logger;
use crate::error::{Code, Error};
use crate::redact::Secret;
use crate::rest::environment::{Environment, origin};
use crate::rest::response::{Response, cut, read_for};
use crate::rest::retry::{Attempt, wait};
use crate::rest::tokens::Need;
use crate::rest::{Method, Request, Transfer};

#[wasm_bindgen(module = "/src/web/js/exchange.js")]
extern "C" {
    /// A request and its answer: `{ status, authenticate?, …, body? }`.
    fn exchange(
        request: &web_sys::Request, fetch: Option<&Function>, as_file: bool, file: &JsValue,
        on_progress: Option<&Function>,
    ) -> Promise;
}

/// The way out: what requests to the service and to the token endpoint share.
pub(super) struct Network {
    pub(super) fetch: Option<Function>,
    pub(super) timeout: Duration,
    pub(super) logger: Logger,
}

/// Where the service is and how to speak to it: what all resources of a client share.
pub(super) struct Service {
    pub(super) environment: Environment,
    /// `None` where a proxy brings it.
    pub(super) tenant: Option<String>,
    /// `None` where a proxy brings the token.
    pub(super) auth: Option<Rc<TokenSource>>,
    pub(super) stream_auth: Option<Rc<TokenSource>>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) network: Rc<Network>,
    pub(super) max_retries: u32,
    /// Whether cookies go with requests to another origin.
    pub(super) with_credentials: bool,
}

/// What a single call sets for itself.
#[derive(Default)]
pub(super) struct CallOptions {
    abort: Option<AbortSignal>,
    timeout: Option<Duration>,
    max_retries: Option<u32>,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
    /// Told how much of an upload has gone out.
    progress: Option<Function>,
}

impl CallOptions {
    /// Reads the last argument of a method.
    pub(super) fn from_js(options: &JsValue) -> Result<Self, Error> {
        if options.is_undefined() || options.is_null() {
            return Ok(Self::default());
        }
        Ok(Self {
            abort: get(options, "abortSignal").dyn_into().ok(),
            timeout: timeout(options)?,
            max_retries: max_retries(options)?,
            headers: pairs("headers", &get(options, "headers"))?,
            query: pairs("queryParams", &get(options, "queryParams"))?,
            progress: get(options, "onUploadProgress").dyn_into().ok(),
        })
    }

    pub(super) fn within(timeout: Duration) -> Self {
        Self { timeout: Some(timeout), max_retries: Some(0), ..Self::default() }
    }
}

/// `timeoutInSeconds`, of a client or of a call.
pub(super) fn timeout(options: &JsValue) -> Result<Option<Duration>, Error> {
    let value = get(options, "timeoutInSeconds");
    let limit = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    if limit.is_some() || value.is_undefined() {
        return Ok(limit);
    }
    Err(Error::invalid("timeoutInSeconds must be a number of seconds"))
}

/// `maxRetries`, of a client or of a call.
pub(super) fn max_retries(options: &JsValue) -> Result<Option<u32>, Error> {
    let value = get(options, "maxRetries");
    let count = value.as_f64().filter(|count| *count >= 0.0).map(|count| count as u32);
    if count.is_some() || value.is_undefined() {
        return Ok(count);
    }
    Err(Error::invalid("maxRetries must be a number, 0 or more"))
}

/// An object of texts.
pub(super) fn pairs(name: &str, object: &JsValue) -> Result<Vec<(String, String)>, Error> {
    let value = to_value(name, object)?;
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(value.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect())
}

/// What an exchange of bytes is about, besides the request.
#[derive(Default)]
pub(super) struct Files<'a> {
    as_file: bool,
    upload: JsValue,
    on_progress: Option<&'a Function>,
}

impl Network {
    /// Asks `whom` and reads what comes back; a file comes beside the response.
    pub(super) async fn exchange(
        &self, whom: &str, request: &web_sys::Request, files: Files<'_>, cancel: &Cancel,
    ) -> Result<(Response, JsValue), Failure> {
        let answer = exchange(request, self.fetch.as_ref(), files.as_file, &files.upload, files.on_progress);
        let answer = match cancel.settle(whom, &answer).await? {
            Ok(answer) => answer,
            Err(exception) => return Err(unreachable(&request.url(), &exception)),
        };
        let text = |key| get(&answer, key).as_string();
        let Some(status) = get(&answer, "status").as_f64() else {
            return Err(Error::invalid("the client's fetch must answer a Response").into());
        };
        let body = get(&answer, "body");
        let response = Response {
            status: status as u16,
            authenticate: text("authenticate"),
            retry_after: text("retryAfter"),
            content_type: text("contentType"),
            content_length: text("contentLength").and_then(|length| length.parse().ok()),
            body: body.as_string().unwrap_or_default(),
        };
        let is_cut = get(&body, "size").as_f64().is_some_and(|size| response.is_cut(size as usize));
        if body.is_undefined() || is_cut {
            return Err(Failure::NotDelivered(to_error(&cut(response.status), Some(&get(&answer, "broken")))));
        }
        Ok((response, body))
    }
}

/// There was no answer. A browser does not tell a page why, so that it cannot explore the user's network.
fn unreachable(url: &str, exception: &JsValue) -> Failure {
    let (origin, global) = (origin(url), js_sys::global());
    let is_offline = get(&get(&global, "navigator"), "onLine") == JsValue::FALSE;
    let message = match is_offline {
        true => format!("the browser is offline: {origin} cannot be reached"),
        false => format!(
            "no answer came from {origin}, or none that the page may read. It may be down, its name unknown, or CORS or \
             the page's Content-Security-Policy may forbid it; the browser's console tells which"
        ),
    };
    Failure::NotDelivered(match is_ours(exception) {
        true => exception.clone(),
        false => to_error(&Error::new(Code::Network, message), Some(exception)),
    })
}

/// A request of the browser's. `None` if one of its headers, or the address, cannot be: the exception is left out, since
/// browsers quote what they refuse, which may be a token.
pub(super) fn browser_request(
    url: &str, method: Method, headers: &[(&str, &str)], body: &JsValue, signal: &AbortSignal, with_credentials: bool,
) -> Option<web_sys::Request> {
    let init = Object::new();
    let pair = |(name, value): &(&str, &str)| Array::of2(&(*name).into(), &(*value).into());
    set(&init, "method", &method.name().into());
    set(&init, "headers", &headers.iter().map(pair).collect::<Array>());
    set(&init, "signal", signal);
    if with_credentials {
        set(&init, "credentials", &"include".into());
    }
    if !body.is_undefined() {
        set(&init, "body", body);
    }
    web_sys::Request::new_with_str_and_init(url, init.unchecked_ref::<RequestInit>()).ok()
}

impl Service {
    /// Sends a request, again if that may help, and reads the answer. `file` is what an upload uploads.
    pub(super) async fn send(
        &self, mut request: Request, file: &JsValue, options: CallOptions,
    ) -> Result<JsValue, JsValue> {
        let max_retries = options.max_retries.unwrap_or(self.max_retries);
        request.query.extend(options.query.iter().cloned());
        let (mut attempt, mut need) = (0, Need::Good);
        loop {
            let outcome = self.attempt(&request, file, &need, &options).await;
            let (attempted, exception) = match &outcome {
                Ok(Done { file: Some(file), .. }) => return Ok(file.clone()),
                Ok(Done { response, token, .. }) => match read_for(&request, response) {
                    Ok(body) => return Ok(to_js(&body)),
                    // A token can be refused before its time, by a clock that differs or a revocation: one other is
                    // tried.
                    Err(error) => match token {
                        Some(token) if response.status == 401 && matches!(need, Need::Good) && self.can_refresh() => {
                            need = Need::OtherThan(token.clone());
                            continue;
                        }
                        _ => (Attempt::Answered(response), to_error(&error, None)),
                    },
                },
                Err(Failure::NotDelivered(exception)) => (Attempt::NotDelivered, exception.clone()),
                Err(Failure::NotSent(exception, response)) => (Attempt::NotSent(response.as_ref()), exception.clone()),
                Err(Failure::Final(exception)) => return Err(exception.clone()),
            };
            let clock = Duration::from_secs_f64(js_sys::Date::now() / 1e3);
            let pause = wait(&request, &attempted, attempt, max_retries, js_sys::Math::random(), clock);
            let Some(pause) = pause else { return Err(exception) };
            attempt += 1;
            let (what, why) = (request.label(), from_error(&exception).label());
            let pause_ms = pause.as_millis() as u64;
            let message = format!("{what}: {why}; tried again in {pause_ms} ms ({attempt} of {max_retries})");
            self.network.logger.tell("warn", &message);
            sleep(pause, options.abort.as_ref()).await?;
        }
    }

    /// One attempt, the token included, within one time limit.
    async fn attempt(
        &self, request: &Request, file: &JsValue, need: &Need, options: &CallOptions,
    ) -> Result<Done, Failure> {
        let cancel = Cancel::after(options.timeout.unwrap_or(self.network.timeout), options.abort.as_ref())?;
        let token = match &self.auth {
            Some(auth) => Some(auth.token(need, &cancel).await?),
            None => None,
        };
        let built = self.build(request, file, token.as_ref(), &cancel.signal(), options)?;
        let is_upload = request.transfer == Transfer::Upload;
        let files = Files {
            as_file: request.transfer == Transfer::Download,
            upload: if is_upload { file.clone() } else { JsValue::UNDEFINED },
            on_progress: options.progress.as_ref().filter(|_| is_upload),
        };
        let (mut response, body) = self.network.exchange("the service", &built, files, &cancel).await?;
        if let Some(token) = &token {
            response.redact(token);
        }
        Ok(Done { response, file: body.is_object().then_some(body), token })
    }

    fn can_refresh(&self) -> bool {
        self.auth.as_ref().is_some_and(|auth| auth.can_refresh())
    }

    fn build(
        &self, request: &Request, file: &JsValue, token: Option<&Secret<String>>, signal: &AbortSignal,
        options: &CallOptions,
    ) -> Result<web_sys::Request, Error> {
        let is_upload = request.transfer == Transfer::Upload;
        let (kind, body) = match &request.body {
            Some(body) => (Some("application/json"), body.to_string().into()),
            None if is_upload => (Some("application/octet-stream"), file.clone()),
            None => (None, JsValue::UNDEFINED),
        };
        let authorization = token.map(|token| format!("Bearer {}", token.0));
        let ours = [("Authorization", authorization.as_deref()), ("Tenant-Name", self.tenant.as_deref())];
        let ours = ours.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let kind = kind.map(|kind| ("Content-Type", kind));
        let theirs = self.headers.iter().chain(&options.headers).map(|(name, value)| (&**name, &**value));
        // The last one of a name counts.
        let mut headers: Vec<(&str, &str)> = Vec::new();
        for (name, value) in ours.chain(theirs).chain(kind) {
            headers.retain(|(before, _)| !before.eq_ignore_ascii_case(name));
            headers.push((name, value));
        }
        let url = format!("{}{}", self.environment.base, request.target());
        browser_request(&url, request.method, &headers, &body, signal, self.with_credentials).ok_or_else(|| {
            Error::invalid("the request cannot be built: check its headers, the token and the environment's base")
        })
    }
}

/// What an attempt brought.
struct Done {
    response: Response,
    /// What was downloaded.
    file: Option<JsValue>,
    /// What it was asked with.
    token: Option<Secret<String>>,
}
