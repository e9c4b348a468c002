//! The page's half of a stream: its listeners and promises, its sources, its tokens. What the stream is, and does, its
//! engine decides, which a [`host`](super::host) has.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::time::Duration;

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::{Array, JSON, Promise, Uint8Array};
use serde_json::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortSignal, MessagePort};

use super::capture::Capture;
use super::convert::{from_error, get, to_error, to_js};
use super::events::Listeners;
use super::fetch::{CallOptions, Service};
use super::host::Host;
use super::remote::{self, Remote, revived};
use super::settle::Settle;
use crate::audio::intake::CaptureId;
use crate::engine::wire::{Address, News, Order};
use crate::engine::{Command, Settings};
use crate::error::{Code, Error};
use crate::redact::Secret;
use crate::rest::environment::with_query;
use crate::rest::interactions;
use crate::rest::shape::is_uuid;
use crate::session::{Event, RequestId, SocketId, State, Warning, WarningCode};

/// How long the REST API may take to say why a socket was refused.
const DIAGNOSIS_LIMIT: Duration = Duration::from_secs(5);

/// The way to a stream's engine.
enum Link {
    /// It is hosted on this page.
    Here(Rc<Host>),
    /// It is hosted in a worker.
    There(Rc<Remote>),
}

/// Everything of a stream that the page has.
pub(super) struct Front {
    link: Link,
    /// Whether the app is to be told that there can be no worker.
    is_missed: Cell<bool>,
    pub(super) settings: Settings,
    pub(super) listeners: Listeners,
    service: Rc<Service>,
    /// The interaction's id, once it is known.
    interaction: RefCell<String>,
    /// What is captured for it.
    captures: RefCell<Vec<(CaptureId, Rc<Capture>)>>,
    next_capture: Cell<CaptureId>,
    /// What to call when a request is answered.
    requests: RefCell<HashMap<RequestId, Settle>>,
    next_request: Cell<RequestId>,
    connected: RefCell<Option<Settle>>,
    /// The last `sendAudio` that was asked for.
    pub(super) giving: RefCell<Option<Promise>>,
    /// The object that the app holds. While the stream lives it must not be collected, even if the app lets go of it:
    /// its listeners and its microphone are still at work.
    wrapper: RefCell<JsValue>,
    abort: RefCell<Option<EventListener>>,
}

impl Front {
    /// A stream whose engine is in a worker, or hosted here where there can be none. `options` are those of
    /// `stream.connect`.
    pub(super) async fn start(
        service: Rc<Service>, settings: Settings, options: &Value, wants_worker: bool,
    ) -> Result<Rc<Self>, JsValue> {
        // Nothing is told before `begin`.
        let slot: Rc<RefCell<Weak<Self>>> = Rc::default();
        let told = slot.clone();
        let tell = move |news| {
            let front = told.borrow().clone();
            with(&front, |front| front.take(news));
        };
        let remote = if wants_worker { Remote::open(options, &settings).await? } else { None };
        let is_missed = Cell::new(wants_worker && remote.is_none() && remote::is_missed());
        let link = match remote {
            Some(remote) => Link::There(remote),
            None => Link::Here(Host::start(&settings, Box::new(tell)).await?),
        };
        let front = Rc::new(Self {
            link,
            is_missed,
            interaction: RefCell::new(settings.interaction_id.clone()),
            settings,
            listeners: Listeners::default(),
            service,
            captures: RefCell::default(),
            next_capture: Cell::new(0),
            requests: RefCell::default(),
            next_request: Cell::new(1),
            connected: RefCell::default(),
            giving: RefCell::default(),
            wrapper: RefCell::new(JsValue::UNDEFINED),
            abort: RefCell::default(),
        });
        *slot.borrow_mut() = Rc::downgrade(&front);
        Ok(front)
    }

    /// Begins, with the signal that the app gave; answers a promise of the first connection.
    pub(super) fn begin(self: &Rc<Self>, abort: Option<AbortSignal>) -> Promise {
        let weak = Rc::downgrade(self);
        *self.abort.borrow_mut() =
            abort.map(|signal| EventListener::once(&signal, "abort", move |_| with(&weak, |front| front.close())));
        let (connected, settle) = Settle::promise();
        *self.connected.borrow_mut() = Some(settle);
        match &self.link {
            Link::Here(host) => host.pump(),
            Link::There(remote) => {
                let weak = Rc::downgrade(self);
                let lost = weak.clone();
                remote.listen(move |news| with(&weak, |front| front.hear(news)), move || with(&lost, Self::lose));
            }
        }
        connected
    }

    /// Keeps the object that the app is given for as long as the stream lives.
    pub(super) fn keep(&self, wrapper: &JsValue) {
        *self.wrapper.borrow_mut() = wrapper.clone();
    }

    /// Tells, once somebody can listen, that there is no worker where one was asked for.
    pub(super) fn tell_missing(self: &Rc<Self>) {
        if self.is_missed.take() {
            let warning = Warning::new(WarningCode::NoWorker);
            let weak = Rc::downgrade(self);
            let tell = move || with(&weak, |front| drop(front.order(Order::Warn(warning), &JsValue::UNDEFINED)));
            Timeout::new(0, tell).forget();
        }
    }

    /// Lets a stream that was held connect, now that its interaction's id is there; or it never will be.
    pub(super) fn identify(&self, interaction: Result<JsValue, JsValue>) {
        let id = interaction.and_then(|id| {
            let id = id.as_string().filter(|id| is_uuid(id));
            id.ok_or_else(|| Error::invalid("id must resolve to the interaction's id, a UUID").into())
        });
        match id {
            Ok(id) => {
                self.interaction.replace(id);
                self.command(Command::Begin);
            }
            Err(exception) => {
                self.connected(Err(exception));
                self.close();
            }
        }
    }

    pub(super) fn order(&self, order: Order, payload: &JsValue) -> Result<(), Error> {
        match &self.link {
            Link::Here(host) => host.take(order, payload),
            Link::There(remote) => {
                if remote.admits(&order, payload)? {
                    remote.order(&order, payload);
                }
                Ok(())
            }
        }
    }

    // What can be looked at

    pub(super) fn state(&self) -> JsValue {
        match &self.link {
            Link::Here(host) => to_js(&host.engine.borrow().state()),
            Link::There(remote) => get(&remote.view(), "state"),
        }
    }

    pub(super) fn stats(&self) -> JsValue {
        match &self.link {
            Link::Here(host) => to_js(&host.engine.borrow().stats()),
            Link::There(remote) => get(&remote.view(), "stats"),
        }
    }

    pub(super) fn transcript(&self) -> JsValue {
        match &self.link {
            Link::Here(host) => to_js(&host.engine.borrow().transcript()),
            Link::There(remote) => to_js(&remote.seen.borrow().transcript.segments()),
        }
    }

    pub(super) fn is_paused(&self) -> bool {
        match &self.link {
            Link::Here(host) => host.engine.borrow().is_paused(),
            Link::There(remote) => remote.seen.borrow().gate.is_paused(),
        }
    }

    pub(super) fn pauses(&self) -> JsValue {
        match &self.link {
            Link::Here(host) => to_js(&host.engine.borrow().pauses()),
            Link::There(remote) => to_js(&remote.seen.borrow().pauses),
        }
    }

    pub(super) fn dropped(&self) -> JsValue {
        match &self.link {
            Link::Here(host) => to_js(&host.engine.borrow().dropped()),
            Link::There(remote) => to_js(&remote.seen.borrow().dropped),
        }
    }

    pub(super) fn audio_format(&self) -> String {
        match &self.link {
            Link::Here(host) => host.engine.borrow().audio_format().to_owned(),
            Link::There(remote) => remote.audio_format.clone(),
        }
    }

    /// What encodes the audio.
    pub(super) fn encoder(&self) -> String {
        match &self.link {
            Link::Here(host) => host.encoder.to_owned(),
            Link::There(remote) => remote.encoder.clone(),
        }
    }

    pub(super) const fn is_in_worker(&self) -> bool {
        matches!(self.link, Link::There(_))
    }

    /// All audio that the service has not acknowledged. Of a stream in a worker once it is over.
    pub(super) fn unsent(&self) -> Result<Uint8Array, Error> {
        match &self.link {
            Link::Here(host) => Ok(Uint8Array::from(host.engine.borrow().unsent_audio().as_slice())),
            Link::There(remote) => remote.seen.borrow().unsent.clone().ok_or_else(|| {
                Error::new(
                    Code::Conflict,
                    "the stream's worker still has the audio: it is handed out when the stream is over",
                )
            }),
        }
    }

    pub(super) fn command(&self, command: Command) {
        // Commands are refused by what they ask, not by themselves.
        let _ = self.order(Order::Command(command), &JsValue::UNDEFINED);
    }

    pub(super) fn close(&self) {
        self.command(Command::Close);
    }

    /// Orders something that is answered.
    pub(super) fn request(&self, order: impl FnOnce(RequestId) -> Order) -> Promise {
        let id = self.next_request.get();
        self.next_request.set(id + 1);
        let (promise, settle) = Settle::promise();
        self.requests.borrow_mut().insert(id, settle);
        let _ = self.order(order(id), &JsValue::UNDEFINED);
        promise
    }

    /// Says what anybody listens to, after that has changed.
    pub(super) fn want(&self) {
        let (levels, messages) = (self.listeners.has("level"), self.listeners.has("message"));
        let _ = self.order(Order::Want { levels, messages }, &JsValue::UNDEFINED);
    }

    // Sources

    pub(super) async fn attach(self: &Rc<Self>, source: &JsValue, channel: Option<usize>) -> Result<(), JsValue> {
        match &self.link {
            Link::Here(host) => host.engine.borrow().takes_sources()?,
            Link::There(remote) => remote.seen.borrow().gate.takes_source(channel)?,
        }
        let id = self.next_capture.get();
        self.next_capture.set(id + 1);
        let weak = Rc::downgrade(self);
        let moved = Rc::new(move |port: MessagePort, rate: u32| {
            with(&weak, |front| drop(front.order(Order::Move(id, rate), &port)));
        });
        let weak = Rc::downgrade(self);
        let warn = Rc::new(move |code: WarningCode| {
            let warning = Warning { channel, ..Warning::new(code) };
            with(&weak, |front| drop(front.order(Order::Warn(warning), &JsValue::UNDEFINED)));
        });
        let capture = Capture::start(source, moved, warn).await?;
        let (port, rate) = capture.port()?;
        // It may have ended while the worklet was loading. Then the capture is dropped, and nothing stays open.
        self.order(Order::Attach(id, channel, rate), &port)?;
        self.captures.borrow_mut().push((id, capture));
        Ok(())
    }

    /// Lets sources go, the last frames included: those of `source`, or all.
    pub(super) async fn detach(&self, source: Option<&JsValue>) {
        let is_meant = |capture: &Capture| source.is_none_or(|source| capture.is_of(source));
        let meant: Vec<_> = self.captures.borrow().iter().filter(|(_, capture)| is_meant(capture)).cloned().collect();
        for (id, _) in meant {
            let _ = JsFuture::from(self.request(|request| Order::Detach(id, request))).await;
            self.captures.borrow_mut().retain(|(other, _)| *other != id);
        }
    }

    /// Waits until what `sendAudio` was given has been taken.
    pub(super) async fn given(&self) {
        let giving = self.giving.take();
        if let Some(giving) = giving {
            let _ = JsFuture::from(giving).await;
        }
    }

    // What the engine's half tells

    /// From a host on this page.
    fn take(self: &Rc<Self>, news: News) {
        match news {
            News::Event(event) => self.emit(&to_js(&event)),
            News::Error(error) => self.listeners.emit("error", &to_error(&error, None)),
            News::Message(text) => self.message(&text),
            News::Connected(result) => {
                self.connected(result.map(|()| JsValue::UNDEFINED).map_err(JsValue::from));
            }
            News::Answered(id, result) => {
                self.answered(id, result.map(|summary| to_js(&summary)).map_err(JsValue::from));
            }
            News::Address(id) => self.address(id),
            News::Diagnose(id) => self.diagnose(id),
            News::Over => self.release(),
        }
    }

    /// The same from a worker, as it was serialised there.
    fn hear(self: &Rc<Self>, news: &JsValue) {
        let told = |name: &str| Some(get(news, name)).filter(|value| !value.is_undefined());
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

    /// The worker is dead, and with it the engine.
    fn lose(self: &Rc<Self>) {
        let Link::There(remote) = &self.link else { return };
        remote.leave();
        let Some((previous, (start, end))) = remote.lose() else { return };
        if previous.is_over() {
            return;
        }
        let error = Error::new(Code::ConnectionLost, "the stream's worker died, and with it the audio that it held");
        if end > start {
            self.emit(&to_js(&Event::AudioDropped { start, end, reason: "the worker was lost" }));
        }
        self.listeners.emit("error", &to_error(&error, None));
        let reason = Some(error.message.clone());
        self.emit(&to_js(&Event::State { state: State::Failed, previous, reason }));
        self.reject(&error);
        self.release();
    }

    /// Nothing that was asked is answered any more.
    fn reject(&self, error: &Error) {
        let requests = self.requests.take();
        for settle in requests.into_values().chain(self.connected.take()) {
            settle.settle(Err(to_error(error, None)));
        }
    }

    fn emit(&self, event: &JsValue) {
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

    fn connected(&self, result: Result<JsValue, JsValue>) {
        let settle = self.connected.take();
        if let Some(settle) = settle {
            settle.settle(result);
        }
    }

    fn answered(&self, id: RequestId, result: Result<JsValue, JsValue>) {
        let settle = self.requests.borrow_mut().remove(&id);
        if let Some(settle) = settle {
            settle.settle(result);
        }
    }

    /// Answers where a socket is to be opened, with a fresh token, or at the proxy.
    fn address(self: &Rc<Self>, id: SocketId) {
        let front = Rc::downgrade(self);
        let (service, settings) = (self.service.clone(), self.settings.clone());
        let interaction = self.interaction.borrow().clone();
        spawn_local(async move {
            let address = address(&service, &settings, &interaction).await.map_err(|exception| from_error(&exception));
            with(&front, |front| drop(front.order(Order::Address(id, address), &JsValue::UNDEFINED)));
        });
    }

    /// Asks the REST API why the socket did not open. Behind a proxy its answer would say nothing about the proxy.
    fn diagnose(self: &Rc<Self>, id: SocketId) {
        let front = Rc::downgrade(self);
        let service = self.service.clone();
        let question =
            self.settings.proxy.is_none().then(|| interactions::get(&self.interaction.borrow())).and_then(Result::ok);
        spawn_local(async move {
            let result = match question {
                Some(request) => {
                    service.send(request, &JsValue::UNDEFINED, CallOptions::within(DIAGNOSIS_LIMIT)).await.map(drop)
                }
                None => Ok(()),
            };
            let result = result.map_err(|exception| from_error(&exception));
            with(&front, |front| drop(front.order(Order::Diagnosed(id, result), &JsValue::UNDEFINED)));
        });
    }

    /// The stream is over: nothing of it stays behind.
    fn release(&self) {
        if let Link::There(remote) = &self.link {
            remote.leave();
        }
        self.abort.take();
        self.captures.take();
        // Last, since the app may have let go of the object: then this is what kept it.
        drop(self.wrapper.replace(JsValue::UNDEFINED));
    }
}

/// Freed in the middle of things: what was asked is not answered any more, and says so.
impl Drop for Front {
    fn drop(&mut self) {
        self.reject(&Error::new(Code::Aborted, "the stream was closed"));
    }
}

/// Does something with a front that may be gone.
pub(super) fn with(front: &Weak<Front>, act: impl FnOnce(&Rc<Front>)) {
    if let Some(front) = front.upgrade() {
        act(&front);
    }
}

async fn address(service: &Service, settings: &Settings, interaction: &str) -> Result<Address, JsValue> {
    if let Some(proxy) = &settings.proxy {
        let url = Secret(with_query(&proxy.url, &proxy.query));
        return Ok(Address { url, protocols: proxy.protocols.clone() });
    }
    let token = service.stream_auth.fresh().await?;
    let url = service.environment.stream_url(interaction, &service.tenant, &token);
    Ok(Address { url, protocols: Vec::new() })
}
