//! The end of waiting: time limits and aborts, and how an attempt fails.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal};

use crate::error::{Code, Error};
use crate::rest::response::Response;

/// How an attempt failed before there was an answer to read.
#[derive(Clone)]
pub(super) enum Failure {
    /// The network did not carry it; trying again may help.
    NotDelivered(JsValue),
    /// There was no token for it: what the token endpoint answered, if it did. Trying again may help.
    NotSent(JsValue, Option<Response>),
    /// It was aborted, took too long or cannot be right: no more attempts.
    Final(JsValue),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error.into())
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotDelivered(exception) | Failure::NotSent(exception, _) | Failure::Final(exception) => exception,
        }
    }
}

/// Ends an attempt when its time is over or its caller says so, and knows which it was.
pub(super) struct Cancel {
    controller: AbortController,
    /// Resolves to nothing when it is cancelled, for what does not care for the signal.
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
    pub(super) fn after(limit: Duration, abort: Option<&AbortSignal>) -> Result<Self, Failure> {
        if abort.is_some_and(AbortSignal::aborted) {
            return Err(aborted().into());
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

    /// Aborted when this ends, and when it is dropped.
    pub(super) fn signal(&self) -> AbortSignal {
        self.controller.signal()
    }

    /// What a promise of `whom` comes to, unless this ends before: an app's own `fetch` may not care for the signal.
    pub(super) async fn settle(&self, whom: &str, promise: &Promise) -> Result<Result<JsValue, JsValue>, Failure> {
        let first = JsFuture::from(Promise::race(&Array::of2(promise, &self.promise))).await;
        let seconds = self.limit.as_secs_f64();
        match self.why.get() {
            Why::Running => Ok(first),
            Why::Aborted => Err(aborted().into()),
            Why::TimedOut => Err(Error::new(Code::Timeout, format!("{whom} did not answer within {seconds} s")).into()),
        }
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
pub(super) async fn sleep(pause: Duration, abort: Option<&AbortSignal>) -> Result<(), JsValue> {
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
