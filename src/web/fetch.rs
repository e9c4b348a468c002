//! Carries requests out: token, time limit, abort, retries.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use gloo_events::EventListener;
use gloo_net::http::{Method as HttpMethod, RequestBuilder};
use gloo_timers::callback::Timeout;
use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal};

use super::auth::TokenSource;
use super::convert::{get, to_error, to_js, to_value, wrap};
use crate::error::{Code, Error};
use crate::rest::environment::{Environment, with_query};
use crate::rest::response::{Response, read};
use crate::rest::retry::{Attempt, wait};
use crate::rest::{Method, Request, Transfer};

#[wasm_bindgen(module = "/src/web/js/resources.js")]
extern "C" {
    /// As `fetch`, with news of how much of the body has gone out.
    fn send(request: &web_sys::Request, body: &JsValue, on_progress: &Function) -> Promise;
}

/// Where the service is and how to speak to it: what all resources of a client share.
pub(super) struct Service {
    pub(super) environment: Environment,
    pub(super) tenant: String,
    pub(super) auth: Rc<TokenSource>,
    pub(super) stream_auth: Rc<TokenSource>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) fetch: Option<Function>,
    pub(super) max_retries: u32,
    pub(super) timeout: Duration,
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

impl Service {
    /// Sends a request, again if that may help, and reads the answer. `file` is what an upload uploads.
    pub(super) async fn send(
        &self, mut request: Request, file: &JsValue, options: CallOptions,
    ) -> Result<JsValue, JsValue> {
        let max_retries = options.max_retries.unwrap_or(self.max_retries);
        request.query.extend(options.query.iter().cloned());
        let (mut attempt, mut fresh_token) = (0, false);
        loop {
            let outcome = self.attempt(&request, file, fresh_token, &options).await;
            let (attempted, result) = match &outcome {
                Ok((_, Some(file))) => return Ok(file.clone()),
                Ok((response, None)) => {
                    (Attempt::Answered(response), read(response).map_err(|error| to_error(&error, None)))
                }
                Err(Failure::NotDelivered(exception)) => (Attempt::NotDelivered, Err(exception.clone())),
                Err(Failure::Final(exception)) => return Err(exception.clone()),
            };
            if let Ok(body) = &result {
                return Ok(to_js(body));
            }
            // A token can be refused before its time, by a clock that differs or a revocation: one fresh one is tried.
            if matches!(&outcome, Ok((response, _)) if response.status == 401)
                && !fresh_token
                && self.auth.can_refresh()
            {
                fresh_token = true;
                continue;
            }
            let Some(pause) = wait(&request, &attempted, attempt, max_retries, js_sys::Math::random()) else {
                return result.map(|body| to_js(&body));
            };
            sleep(pause, options.abort.as_ref()).await?;
            attempt += 1;
        }
    }

    /// One attempt, the token included, within one time limit. What was downloaded comes beside the response.
    async fn attempt(
        &self, request: &Request, file: &JsValue, fresh: bool, options: &CallOptions,
    ) -> Result<(Response, Option<JsValue>), Failure> {
        let cancel = Cancel::after(options.timeout.unwrap_or(self.timeout), options.abort.as_ref())?;
        let token = self.auth.token(fresh, Some(&cancel.promise)).await;
        let token = token.map_err(|exception| cancel.ended().unwrap_or(Failure::Final(exception)))?;
        let authorization = format!("Bearer {}", token.0);
        let url = with_query(&format!("{}{}", self.environment.base, request.target()), &[]);
        let method = match request.method {
            Method::Get => HttpMethod::GET,
            Method::Post => HttpMethod::POST,
            Method::Patch => HttpMethod::PATCH,
            Method::Delete => HttpMethod::DELETE,
        };
        let mut builder = RequestBuilder::new(&url)
            .method(method)
            .abort_signal(Some(&cancel.controller.signal()))
            .header("Authorization", &authorization)
            .header("Tenant-Name", &self.tenant);
        for (name, value) in self.headers.iter().chain(&options.headers) {
            builder = builder.header(name, value);
        }
        let is_upload = request.transfer == Transfer::Upload;
        let built = match &request.body {
            Some(body) => builder.header("Content-Type", "application/json").body(body.to_string()),
            None if is_upload => builder.header("Content-Type", "application/octet-stream").body(file.clone()),
            None => builder.build(),
        };
        let built: web_sys::Request = match built {
            Ok(built) => built.into(),
            Err(_) => {
                let error = Error::invalid("the request cannot be built: check its headers and the environment's base");
                return Err(Failure::Final(error.into()));
            }
        };
        let answer = match &options.progress {
            Some(progress) if is_upload && self.fetch.is_none() => Ok(send(&built, file, progress)),
            _ => self.start(&built),
        };
        let answer = answer.map_err(|exception| cancel.explain(&exception))?;
        let answer: web_sys::Response = cancel.unless_ended(answer).await?.dyn_into().map_err(|_| {
            let error = Error::invalid("the client's fetch must answer a Response");
            Failure::Final(error.into())
        })?;
        if request.transfer == Transfer::Download && answer.ok() {
            let blob = answer.blob().map_err(|exception| cancel.explain(&exception))?;
            let response = Response { status: answer.status(), ..Response::default() };
            return Ok((response, Some(cancel.unless_ended(blob).await?)));
        }
        let body = answer.text().map_err(|exception| cancel.explain(&exception))?;
        let body = cancel.unless_ended(body).await?.as_string().unwrap_or_default();
        let answer = gloo_net::http::Response::from(answer);
        let headers = answer.headers();
        let response = Response {
            status: answer.status(),
            authenticate: headers.get("WWW-Authenticate"),
            retry_after: headers.get("Retry-After"),
            body,
        };
        Ok((response, None))
    }

    /// The app's `fetch` if it gave one, else the global one of the page or worker.
    fn start(&self, request: &web_sys::Request) -> Result<Promise, JsValue> {
        let global = js_sys::global();
        let function = match &self.fetch {
            Some(function) => function.clone(),
            None => Reflect::get(&global, &"fetch".into())?.dyn_into()?,
        };
        Ok(Promise::resolve(&function.call1(&global, request)?))
    }
}

/// How an attempt failed before there was an answer.
enum Failure {
    /// The network did not carry it; trying again may help.
    NotDelivered(JsValue),
    /// It was aborted or took too long: no more attempts.
    Final(JsValue),
}

/// Aborts a fetch when its time is over or its caller says so, and knows which it was.
struct Cancel {
    controller: AbortController,
    /// Resolves to nothing when it is cancelled, for what is no fetch.
    promise: Promise,
    why: Rc<Cell<Why>>,
    limit: Duration,
    _timer: Timeout,
    _listener: Option<EventListener>,
}

#[derive(Clone, Copy)]
enum Why {
    Running,
    Aborted,
    TimedOut,
}

impl Cancel {
    fn after(limit: Duration, abort: Option<&AbortSignal>) -> Result<Self, Failure> {
        if abort.is_some_and(AbortSignal::aborted) {
            return Err(Failure::Final(aborted().into()));
        }
        let controller = AbortController::new().map_err(Failure::Final)?;
        let why = Rc::new(Cell::new(Why::Running));
        let mut resolve = None;
        let promise = Promise::new(&mut |resolves, _| resolve = Some(resolves));
        let cancel = {
            let (controller, why) = (controller.clone(), why.clone());
            move |reason: Why| {
                why.set(reason);
                controller.abort();
                if let Some(resolve) = &resolve {
                    let _ = resolve.call0(&JsValue::UNDEFINED);
                }
            }
        };
        // setTimeout takes at most 2³¹ − 1 ms.
        let milliseconds = limit.as_millis().min(i32::MAX as u128) as u32;
        let timer = Timeout::new(milliseconds, {
            let cancel = cancel.clone();
            move || cancel(Why::TimedOut)
        });
        let listener = abort.map(|signal| EventListener::once(signal, "abort", move |_| cancel(Why::Aborted)));
        Ok(Self { controller, promise, why, limit, _timer: timer, _listener: listener })
    }

    /// What a promise comes to, unless this ends before: an app's own `fetch` may not care for the signal.
    async fn unless_ended(&self, promise: Promise) -> Result<JsValue, Failure> {
        let first = JsFuture::from(Promise::race(&Array::of2(&promise, &self.promise))).await;
        match self.ended() {
            Some(failure) => Err(failure),
            None => first.map_err(|exception| self.explain(&exception)),
        }
    }

    /// Why it was cancelled, if it was.
    fn ended(&self) -> Option<Failure> {
        let message = || format!("the service did not answer within {} s", self.limit.as_secs_f64());
        match self.why.get() {
            Why::Running => None,
            Why::Aborted => Some(Failure::Final(aborted().into())),
            Why::TimedOut => Some(Failure::Final(Error::new(Code::Timeout, message()).into())),
        }
    }

    fn explain(&self, exception: &JsValue) -> Failure {
        let message = "the request did not get through: the network, the address, or the page's CORS or CSP rules";
        self.ended().unwrap_or_else(|| Failure::NotDelivered(wrap(Code::Network, message, exception)))
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        self.controller.abort();
    }
}

fn aborted() -> Error {
    Error::new(Code::Aborted, "the call was aborted")
}

/// Waits, unless the caller aborts.
async fn sleep(pause: Duration, abort: Option<&AbortSignal>) -> Result<(), JsValue> {
    let mut timer = None;
    let mut listener = None;
    let promise = Promise::new(&mut |resolve, reject| {
        timer = Some(Timeout::new(pause.as_millis() as u32, move || {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }));
        listener = abort.map(|signal| {
            EventListener::once(signal, "abort", move |_| {
                let _ = reject.call1(&JsValue::UNDEFINED, &aborted().into());
            })
        });
    });
    JsFuture::from(promise).await?;
    Ok(())
}
