//! The page's half of a stream: its listeners and promises, its sources, its tokens. What the stream is, and does, its
//! engine decides, at the other end of a [`link`](super::link); what it says, [`news`] takes.

mod news;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::time::Duration;

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::{Object, Promise};
use serde_json::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortSignal;

use super::capture::Capture;
use super::convert::{from_error, set};
use super::events::Listeners;
use super::fetch::{CallOptions, Service};
use super::link::Link;
use super::remote::{self, Remote, Told};
use super::settle::Settle;
use crate::audio::intake::CaptureId;
use crate::engine::wire::{Address, Order};
use crate::engine::{Command, Settings};
use crate::error::{Code, Error};
use crate::redact::Secret;
use crate::rest::environment::with_query;
use crate::rest::interactions;
use crate::rest::shape::is_uuid;
use crate::session::{RequestId, SocketId, Warning, WarningCode};

/// How long the REST API may take to say why a socket was refused.
const DIAGNOSIS_LIMIT: Duration = Duration::from_secs(5);

/// Everything of a stream that the page has.
pub(super) struct Front {
    pub(super) link: Link,
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
        let remote = Remote::open(options, &settings, wants_worker).await?;
        let is_missed = Cell::new(wants_worker && remote.is_here() && remote::is_missed());
        let link = Link(remote);
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
        Ok(front)
    }

    /// Begins, with the signal that the app gave; answers a promise of the first connection.
    pub(super) fn begin(self: &Rc<Self>, abort: Option<AbortSignal>) -> Promise {
        let weak = Rc::downgrade(self);
        *self.abort.borrow_mut() =
            abort.map(|signal| EventListener::once(&signal, "abort", move |_| with(&weak, |front| front.close())));
        let (connected, settle) = Settle::promise();
        *self.connected.borrow_mut() = Some(settle);
        let (front, lost) = (Rc::downgrade(self), Rc::downgrade(self));
        let hear = Closure::new(move |news| with(&front, |front| front.hear(&news)));
        self.link.0.listen(Told { hear, lost: Closure::new(move || with(&lost, Self::lose)) });
        connected
    }

    /// Keeps the object that the app is given for as long as the stream lives.
    pub(super) fn keep(&self, wrapper: &JsValue) {
        *self.wrapper.borrow_mut() = wrapper.clone();
    }

    /// Tells, once somebody can listen, that there is no worker where one was asked for.
    pub(super) fn tell_missing(self: &Rc<Self>) {
        if self.is_missed.take() {
            let weak = Rc::downgrade(self);
            let warning = Object::new();
            set(&warning, "type", &"warning".into());
            set(&warning, "code", &"no-worker".into());
            Timeout::new(0, move || with(&weak, |front| front.emit(&warning))).forget();
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
        self.link.order(order, payload)
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
        if let Err(error) = self.order(order(id), &JsValue::UNDEFINED) {
            self.answered(id, Err(error.into()));
        }
        promise
    }

    /// Says what anybody listens to, after that has changed.
    pub(super) fn want(&self) {
        let (levels, messages) = (self.listeners.has("level"), self.listeners.has("message"));
        let _ = self.order(Order::Want { levels, messages }, &JsValue::UNDEFINED);
    }

    // Sources

    pub(super) async fn attach(self: &Rc<Self>, source: &JsValue, channel: Option<usize>) -> Result<(), JsValue> {
        self.link.takes_source(channel)?;
        let id = self.next_capture.get();
        self.next_capture.set(id + 1);
        let weak = Rc::downgrade(self);
        let moved = Rc::new(move |frames: JsValue, rate: u32| {
            with(&weak, |front| drop(front.order(Order::Move(id, rate), &frames)));
        });
        let weak = Rc::downgrade(self);
        let warn = Rc::new(move |code: WarningCode| {
            let warning = Warning { channel, ..Warning::new(code) };
            with(&weak, |front| drop(front.order(Order::Warn(warning), &JsValue::UNDEFINED)));
        });
        let capture = Capture::start(source, self.link.is_in_worker(), moved, warn).await?;
        let (frames, rate) = capture.frames()?;
        // It may have ended while the worklet was loading. Then the capture is dropped, and nothing stays open.
        self.order(Order::Attach(id, channel, rate), &frames)?;
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

    // What the engine's half asks

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
        self.link.0.leave();
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
