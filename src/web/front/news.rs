//! What the engine's half of a stream tells: to the app's listeners and promises; and what becomes of the stream when that
//! half dies.

use std::rc::Rc;

use js_sys::{Array, JSON};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{Front, with};
use crate::engine::wire::Order;
use crate::error::{Code, Error};
use crate::session::{Event, RequestId};
use crate::web::convert::{get, to_error, to_js};
use crate::web::link::Link;
use crate::web::remote::revived;

impl Front {
    /// From the engine's half, as it was serialised there.
    pub(super) fn hear(self: &Rc<Self>, news: &JsValue) {
        let Link(remote) = &self.link;
        let Some(news) = remote.hear(news) else { return };
        let told = |name: &str| Some(get(&news, name)).filter(|value| !value.is_undefined());
        let result = |value: &JsValue| match get(value, "Err") {
            error if error.is_undefined() => Ok(get(value, "Ok")),
            error => Err(JsValue::from(revived(&error))),
        };
        let id = |value: &JsValue| value.as_f64().unwrap_or(0.0) as u32;
        if let Some(event) = told("event") {
            self.emit(&event);
        } else if let Some(error) = told("error") {
            self.listeners.emit("error", &revived(&error).into());
        } else if let Some(text) = told("message") {
            self.message(&text.as_string().unwrap_or_default());
        } else if let Some(connected) = told("connected") {
            self.connected(result(&connected).map(|_| JsValue::UNDEFINED));
        } else if let Some(answered) = told("answered") {
            let parts: &Array = answered.unchecked_ref();
            self.answered(id(&parts.get(0)), result(&parts.get(1)));
        } else if let Some(socket) = told("address") {
            self.address(id(&socket));
        } else if let Some(socket) = told("diagnose") {
            self.diagnose(id(&socket));
        } else if news.as_string().as_deref() == Some("over") {
            self.release();
        }
    }

    /// The worker is dead, and with it the engine: another goes on, if there can be one.
    pub(super) fn lose(self: &Rc<Self>) {
        let Link(remote) = &self.link;
        let Some(loss) = remote.lose() else { return self.fail() };
        if let Some(event) = &loss.event {
            self.emit(&to_js(event));
        }
        // At once: what is captured from here on waits in them.
        let captures = self.captures.borrow().clone();
        let frames = loss.sources.iter().filter_map(|(id, channel)| {
            let (_, capture) = captures.iter().find(|(other, _)| other == id)?;
            let (frames, rate) = capture.frames().ok()?;
            Some((Order::Attach(*id, *channel, rate), frames))
        });
        let frames: Vec<(Order, JsValue)> = frames.collect();
        let (front, remote) = (Rc::downgrade(self), remote.clone());
        spawn_local(async move {
            if !matches!(remote.revive(&loss, &frames).await, Ok(true)) {
                with(&front, Self::fail);
            }
        });
    }

    /// The engine is gone, and no other goes on.
    fn fail(self: &Rc<Self>) {
        let Link(remote) = &self.link;
        remote.leave();
        let events = remote.shadow().fail();
        let is_closed = remote.shadow().is_closed();
        let (code, message) = match is_closed {
            true => (Code::Aborted, "the stream was closed"),
            false => (Code::ConnectionLost, "the stream's worker died, and with it the audio that it held"),
        };
        let error = Error::new(code, message);
        for event in &events {
            if !is_closed && matches!(event, Event::State { .. }) {
                self.listeners.emit("error", &to_error(&error, None));
            }
            self.emit(&to_js(event));
        }
        if !events.is_empty() {
            self.reject(&error);
            self.release();
        }
    }

    /// Nothing that was asked is answered any more.
    pub(super) fn reject(&self, error: &Error) {
        let requests = self.requests.take();
        for settle in requests.into_values().chain(self.connected.take()) {
            settle.settle(Err(to_error(error, None)));
        }
    }

    pub(super) fn emit(&self, event: &JsValue) {
        let Some(name) = get(event, "type").as_string() else { return };
        if name == "state"
            && let Some(state) = get(event, "state").as_string()
        {
            self.service.network.logger.tell("info", &format!("a stream is {state}"));
        }
        self.listeners.emit(&name, event);
    }

    /// As it came; a text that is no JSON is reported by the session.
    fn message(&self, text: &str) {
        if let Ok(message) = JSON::parse(text) {
            self.listeners.emit("message", &message);
        }
    }

    pub(super) fn connected(&self, result: Result<JsValue, JsValue>) {
        let settle = self.connected.take();
        if let Some(settle) = settle {
            settle.settle(result);
        }
    }

    pub(super) fn answered(&self, id: RequestId, result: Result<JsValue, JsValue>) {
        let settle = self.requests.borrow_mut().remove(&id);
        if let Some(settle) = settle {
            settle.settle(result);
        }
    }
}
