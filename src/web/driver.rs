//! Carries out what a stream's engine decides: sockets, timers, promises, events.
//!
//! It holds no borrow while JavaScript is called, so that a listener may call anything; what a listener causes is done by
//! the loop that called it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::time::Duration;

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::{Function, JSON, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortSignal, EventTarget};

use super::capture::{Capture, Frames};
use super::convert::{from_error, get, to_error, to_js};
use super::events::Listeners;
use super::fetch::{CallOptions, Service};
use super::now;
use super::socket::{News, Socket};
use crate::audio::path::MAX_CHANNELS;
use crate::engine::{CaptureId, Command, Engine, Settings};
use crate::error::Error;
use crate::redact::Secret;
use crate::rest::environment::with_query;
use crate::rest::interactions;
use crate::rest::shape::is_uuid;
use crate::session::{Event, Input, Output, RequestId, SocketId, Warning};

/// How long the REST API may take to say why a socket was refused.
const DIAGNOSIS_LIMIT: Duration = Duration::from_secs(5);

/// A timer never sleeps longer: a suspended page's clock may jump, and an overdue timer is looked at then.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// A stream's engine and everything of the browser that it uses.
pub(super) struct Driver {
    pub(super) engine: RefCell<Engine>,
    pub(super) encoder: &'static str,
    pub(super) service: Rc<Service>,
    pub(super) settings: Settings,
    /// The interaction's id, once it is known.
    pub(super) interaction: RefCell<String>,
    pub(super) listeners: Listeners,
    pub(super) socket: RefCell<Option<Socket>>,
    pub(super) captures: RefCell<Vec<(CaptureId, Rc<Capture>)>>,
    pub(super) next_capture: Cell<CaptureId>,
    pub(super) timer: RefCell<Option<Timeout>>,
    /// What the timer is set for.
    pub(super) due: Cell<Option<Duration>>,
    /// What to call when a request is answered.
    pub(super) requests: RefCell<HashMap<RequestId, Settle>>,
    pub(super) connected: RefCell<Option<Settle>>,
    pub(super) next_request: Cell<RequestId>,
    /// The socket that is being opened, or was opened last.
    pub(super) opening: Cell<SocketId>,
    /// The object that the app holds. While the stream lives it must not be collected, even if the app lets go of it:
    /// its listeners and its microphone are still at work.
    pub(super) wrapper: RefCell<JsValue>,
    /// Whether outputs are being carried out; what a listener causes is then left to the loop that called it.
    pub(super) is_pumping: Cell<bool>,
    /// Frames of `pushFrame`, copied out of JavaScript.
    pub(super) planes: RefCell<Vec<Vec<f32>>>,
    /// The last `sendAudio` that was asked for.
    pub(super) giving: RefCell<Option<Promise>>,
    pub(super) network: RefCell<Option<EventListener>>,
    pub(super) abort: RefCell<Option<EventListener>>,
}

/// The two ends of a promise: what resolves and what rejects it.
pub(super) struct Settle(Option<(Function, Function)>);

impl Settle {
    /// A promise and its ends.
    pub(super) fn promise() -> (Promise, Self) {
        let mut ends = None;
        let promise = Promise::new(&mut |resolve, reject| ends = Some((resolve, reject)));
        // The executor runs before the constructor returns, so the ends are there.
        (promise, Self(ends))
    }

    pub(super) fn settle(&self, result: Result<JsValue, JsValue>) {
        let Some((resolve, reject)) = &self.0 else { return };
        let _ = match result {
            Ok(value) => resolve.call1(&JsValue::UNDEFINED, &value),
            Err(error) => reject.call1(&JsValue::UNDEFINED, &error),
        };
    }
}

impl Driver {
    /// A driver for an engine. It does nothing before it is pumped.
    pub(super) fn new(engine: Engine, encoder: &'static str, service: Rc<Service>, settings: Settings) -> Rc<Self> {
        Rc::new(Self {
            engine: RefCell::new(engine),
            encoder,
            service,
            interaction: RefCell::new(settings.interaction_id.clone()),
            settings,
            listeners: Listeners::default(),
            socket: RefCell::default(),
            captures: RefCell::default(),
            next_capture: Cell::new(0),
            timer: RefCell::default(),
            requests: RefCell::default(),
            connected: RefCell::default(),
            next_request: Cell::new(1),
            opening: Cell::new(0),
            due: Cell::new(None),
            wrapper: RefCell::new(JsValue::UNDEFINED),
            is_pumping: Cell::new(false),
            planes: RefCell::default(),
            giving: RefCell::default(),
            network: RefCell::default(),
            abort: RefCell::default(),
        })
    }

    /// Listens to the network and to the caller's signal.
    pub(super) fn listen(self: &Rc<Self>, abort: Option<AbortSignal>) {
        let global: EventTarget = js_sys::global().unchecked_into();
        let weak = Rc::downgrade(self);
        *self.network.borrow_mut() =
            Some(EventListener::new(&global, "online", move |_| with(&weak, |driver| driver.input(Input::Online))));
        let weak = Rc::downgrade(self);
        *self.abort.borrow_mut() =
            abort.map(|signal| EventListener::once(&signal, "abort", move |_| with(&weak, Self::close)));
    }

    /// Lets a stream that was held connect, now that its interaction's id is there; or it never will be.
    pub(super) fn begin(self: &Rc<Self>, interaction: Result<JsValue, JsValue>) {
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
                let settle = self.connected.take();
                if let Some(settle) = settle {
                    settle.settle(Err(exception));
                }
                self.close();
            }
        }
    }

    pub(super) fn input(self: &Rc<Self>, input: Input<'_>) {
        self.engine.borrow_mut().input(input, now());
        self.pump();
    }

    pub(super) fn warn(self: &Rc<Self>, warning: Warning) {
        self.engine.borrow_mut().warn(warning);
        self.pump();
    }

    /// An encoder that answers later has packets.
    pub(super) fn encoded(self: &Rc<Self>) {
        self.engine.borrow_mut().encoded(now());
        self.pump();
    }

    pub(super) fn close(self: &Rc<Self>) {
        self.command(Command::Close);
    }

    pub(super) fn command(self: &Rc<Self>, command: Command) {
        self.engine.borrow_mut().command(command, now());
        self.pump();
    }

    pub(super) fn request(self: &Rc<Self>, command: impl FnOnce(RequestId) -> Command) -> Promise {
        let id = self.next_request.get();
        self.next_request.set(id + 1);
        let (promise, settle) = Settle::promise();
        self.requests.borrow_mut().insert(id, settle);
        self.engine.borrow_mut().command(command(id), now());
        self.pump();
        promise
    }

    /// Waits until what `sendAudio` was given has been taken.
    pub(super) async fn given(&self) {
        let giving = self.giving.take();
        if let Some(giving) = giving {
            let _ = JsFuture::from(giving).await;
        }
    }

    /// Frames of something attached.
    pub(super) fn captured(self: &Rc<Self>, id: CaptureId, frames: &Frames<'_>) {
        let mut planes: [&[f32]; MAX_CHANNELS] = [&[]; MAX_CHANNELS];
        let mut count = 0;
        for (plane, channel) in planes.iter_mut().zip(frames.samples.chunks_exact(frames.stride.max(1))) {
            *plane = &channel[..frames.count.min(frames.stride)];
            count += 1;
        }
        let taken = self.engine.borrow_mut().captured(id, &planes[..count], frames.rate, frames.age, now());
        if let Err(error) = taken {
            self.listeners.emit("error", &to_error(&error, None));
        }
        self.pump();
    }

    /// Lets sources go, the last frames included: those of `source`, or all.
    pub(super) async fn stop_capturing(self: &Rc<Self>, source: Option<&JsValue>) {
        let is_meant = |capture: &Capture| source.is_none_or(|source| capture.is_of(source));
        let meant: Vec<_> = self.captures.borrow().iter().filter(|(_, capture)| is_meant(capture)).cloned().collect();
        for (id, capture) in &meant {
            capture.drain().await;
            self.captures.borrow_mut().retain(|(other, _)| other != id);
            self.engine.borrow_mut().detach(*id, now());
        }
        self.pump();
    }

    /// Carries out what the engine wants, until it wants nothing.
    pub(super) fn pump(self: &Rc<Self>) {
        if self.is_pumping.replace(true) {
            return;
        }
        loop {
            let output = self.engine.borrow_mut().poll_output();
            let Some(output) = output else { break };
            self.perform(output);
        }
        self.is_pumping.set(false);
        if self.engine.borrow().state().is_over() {
            self.release();
        } else {
            self.arm();
        }
    }

    fn perform(self: &Rc<Self>, output: Output) {
        match output {
            Output::Open(id) => self.open(id),
            Output::SendText(text) => self.on_socket(|socket| socket.send_text(&text)),
            Output::SendAudio(bytes) => self.on_socket(|socket| socket.send_bytes(&bytes)),
            Output::CloseSocket => drop(self.socket.take()),
            Output::Diagnose(id) => self.diagnose(id),
            Output::Connected(result) => {
                let settle = self.connected.take();
                if let Some(settle) = settle {
                    settle.settle(result.map(|()| JsValue::UNDEFINED).map_err(JsValue::from));
                }
            }
            Output::Answered(id, result) => {
                let settle = self.requests.borrow_mut().remove(&id);
                if let Some(settle) = settle {
                    let summary = || to_js(&self.engine.borrow().summary());
                    settle.settle(result.map(|()| summary()).map_err(JsValue::from));
                }
            }
            Output::Event(event) => self.emit(&event),
        }
    }

    fn on_socket(&self, act: impl FnOnce(&Socket)) {
        if let Some(socket) = &*self.socket.borrow() {
            act(socket);
        }
    }

    fn emit(&self, event: &Event) {
        if let Event::Error(error) = event {
            return self.listeners.emit("error", &to_error(error, None));
        }
        // Ten times a second and channel: not worth an object if nobody looks at it.
        if matches!(event, Event::Level { .. }) && !self.listeners.has("level") {
            return;
        }
        let payload = to_js(event);
        if let Some(name) = get(&payload, "type").as_string() {
            if let Event::State { .. } = event
                && let Some(state) = get(&payload, "state").as_string()
            {
                self.service.network.logger.tell("info", &format!("a stream is {state}"));
            }
            self.listeners.emit(&name, &payload);
        }
    }

    /// Gets a token and opens a socket with it.
    fn open(self: &Rc<Self>, id: SocketId) {
        self.socket.take();
        self.opening.set(id);
        let driver = Rc::downgrade(self);
        let (service, settings) = (self.service.clone(), self.settings.clone());
        let interaction = self.interaction.borrow().clone();
        spawn_local(async move {
            let address = address(&service, &settings, &interaction).await;
            with(&driver, |driver| {
                // While the token was on its way the session may have given this attempt up.
                if driver.opening.get() != id || driver.engine.borrow().state().is_over() {
                    return;
                }
                let weak = Rc::downgrade(driver);
                let protocols = settings.proxy.as_ref().map_or(&[][..], |proxy| &proxy.protocols);
                let opened = address.and_then(|url| {
                    Socket::open(&url, protocols, move |news| with(&weak, |driver| driver.news(id, news)))
                });
                match opened {
                    Ok(socket) => *driver.socket.borrow_mut() = Some(socket),
                    Err(exception) => driver.input(Input::OpenFailed(id, from_error(&exception))),
                }
            });
        });
    }

    fn news(self: &Rc<Self>, id: SocketId, news: News) {
        match news {
            News::Opened => self.input(Input::SocketOpened(id)),
            News::Closed(code) => self.input(Input::SocketClosed(id, code)),
            News::Text(text) => {
                // As it came, before anything is made of it; a text that is no JSON is reported by the session.
                if self.listeners.has("message")
                    && let Ok(message) = JSON::parse(&text)
                {
                    self.listeners.emit("message", &message);
                }
                self.input(Input::Text(id, &text));
            }
        }
    }

    /// Asks the REST API why the socket did not open. Behind a proxy its answer would say nothing about the proxy.
    fn diagnose(self: &Rc<Self>, id: SocketId) {
        let driver = Rc::downgrade(self);
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
            with(&driver, |driver| driver.input(Input::Diagnosed(id, result)));
        });
    }

    /// Sets the timer for when the engine wants to be looked at.
    fn arm(self: &Rc<Self>) {
        let due = self.engine.borrow().poll_timeout();
        if self.timer.borrow().is_some() && due == self.due.get() {
            return;
        }
        self.due.set(due);
        let weak = Rc::downgrade(self);
        let timer = due.map(|due| {
            let pause = due.saturating_sub(now()).min(LONGEST_SLEEP);
            // A millisecond late rather than early: early only means to come back.
            Timeout::new(pause.as_millis() as u32 + 1, move || with(&weak, Self::tick))
        });
        *self.timer.borrow_mut() = timer;
    }

    fn tick(self: &Rc<Self>) {
        // Taken before it is dropped: it is this very timer that is running.
        let fired = self.timer.take();
        let buffered_bytes = self.socket.borrow().as_ref().map_or(0, Socket::buffered_bytes);
        self.input(Input::Tick { buffered_bytes });
        drop(fired);
    }

    /// The stream is over: nothing of it stays behind.
    fn release(&self) {
        self.timer.take();
        self.socket.take();
        self.network.take();
        self.abort.take();
        self.captures.take();
        // Last, since the app may have let go of the object: then this is what kept it.
        drop(self.wrapper.replace(JsValue::UNDEFINED));
    }
}

/// Does something with a driver that may be gone.
pub(super) fn with(driver: &Weak<Driver>, act: impl FnOnce(&Rc<Driver>)) {
    if let Some(driver) = driver.upgrade() {
        act(&driver);
    }
}

/// The socket's address with a fresh token, or the proxy's.
async fn address(service: &Service, settings: &Settings, interaction: &str) -> Result<Secret<String>, JsValue> {
    if let Some(proxy) = &settings.proxy {
        return Ok(Secret(with_query(&proxy.url, &proxy.query)));
    }
    let token = service.stream_auth.fresh().await?;
    Ok(service.environment.stream_url(interaction, &service.tenant, &token))
}
