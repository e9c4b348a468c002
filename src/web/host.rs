//! Hosts a stream's engine, on the page or in a worker: carries out what it decides, with sockets and timers, and tells
//! the page's half ([`front`](super::front)) what happened.
//!
//! It holds no borrow while it tells anything, so that a listener may call anything; what a listener causes is done by the
//! loop that called it.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Float32Array, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{EventTarget, MessagePort};

use super::batches::{Batches, Frames};
use super::encoder::{self, Chosen, Notify};
use super::now;
use super::socket::{self, Socket};
use crate::audio::intake::CaptureId;
use crate::audio::path::MAX_CHANNELS;
use crate::engine::wire::{Address, News, Order};
use crate::engine::{Engine, Settings};
use crate::error::Error;
use crate::session::{Event, Input, Output, RequestId, SocketId};

/// A timer never sleeps longer: a suspended machine's clock may jump, and an overdue timer is looked at then.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);

/// A stream's engine and everything of the browser that it uses.
pub(super) struct Host {
    pub(super) engine: RefCell<Engine>,
    /// What encodes the audio.
    pub(super) encoder: &'static str,
    /// Told what happened.
    tell: Box<dyn Fn(News)>,
    /// Whether anybody wants to know of levels, and of the service's messages as they come.
    wants: Cell<Wants>,
    socket: RefCell<Option<Socket>>,
    sources: RefCell<Vec<(CaptureId, Rc<Batches>)>>,
    timer: RefCell<Option<Timeout>>,
    /// What the timer is set for.
    due: Cell<Option<Duration>>,
    /// The socket that is being opened, or was opened last.
    opening: Cell<SocketId>,
    /// Whether outputs are being carried out; what a listener causes is then left to the loop that called it.
    is_pumping: Cell<bool>,
    /// Frames of the app's own, copied out of JavaScript.
    planes: RefCell<Vec<Vec<f32>>>,
    network: RefCell<Option<EventListener>>,
}

/// What is told only on request: it comes often, or is large.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wants {
    pub(super) levels: bool,
    pub(super) messages: bool,
}

impl Host {
    /// Chooses an encoder and starts to connect at once.
    pub(super) async fn start(settings: &Settings, tell: Box<dyn Fn(News)>) -> Result<Rc<Self>, JsValue> {
        let notify = Notify::default();
        let Chosen { encoder, format, name } = encoder::choose(settings, &notify).await?;
        let host = Rc::new(Self {
            engine: RefCell::new(Engine::new(settings, encoder, format, now())?),
            encoder: name,
            tell,
            wants: Cell::default(),
            socket: RefCell::default(),
            sources: RefCell::default(),
            timer: RefCell::default(),
            due: Cell::new(None),
            opening: Cell::new(0),
            is_pumping: Cell::new(false),
            planes: RefCell::default(),
            network: RefCell::default(),
        });
        let weak = Rc::downgrade(&host);
        *notify.borrow_mut() = Some(Box::new(move || with(&weak, Self::encoded)));
        let weak = Rc::downgrade(&host);
        let global: EventTarget = js_sys::global().unchecked_into();
        let online = EventListener::new(&global, "online", move |_| with(&weak, |host| host.input(Input::Online)));
        *host.network.borrow_mut() = Some(online);
        Ok(host)
    }

    /// Carries out an order of the page's half. What goes beside it is `payload`.
    pub(super) fn take(self: &Rc<Self>, order: Order, payload: &JsValue) -> Result<(), Error> {
        match order {
            Order::Command(command) => self.engine.borrow_mut().command(command, now()),
            Order::Address(id, address) => self.open(id, address),
            Order::Diagnosed(id, result) => self.engine.borrow_mut().input(Input::Diagnosed(id, result), now()),
            Order::Warn(warning) => self.engine.borrow_mut().warn(warning),
            Order::Attach(id, channel, rate) => {
                self.engine.borrow_mut().attach(id, channel, now())?;
                let source = self.listen(id, rate, payload);
                self.sources.borrow_mut().push((id, source));
            }
            Order::Move(id, rate) => {
                self.engine.borrow_mut().interrupt(id);
                let next = self.listen(id, rate, payload);
                let mut sources = self.sources.borrow_mut();
                sources.iter_mut().filter(|(other, _)| *other == id).for_each(|(_, source)| *source = next.clone());
            }
            Order::Detach(id, request) => self.detach(id, request),
            Order::Frames(rate) => self.frames(payload, rate)?,
            Order::Bytes => {
                let bytes = payload.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default();
                self.engine.borrow_mut().bytes(&bytes, now())?;
            }
            Order::Want { levels, messages } => self.wants.set(Wants { levels, messages }),
        }
        self.pump();
        Ok(())
    }

    /// Tells of an error that nobody waits for.
    pub(super) fn report(&self, error: Error) {
        (self.tell)(News::Error(error));
    }

    fn input(self: &Rc<Self>, input: Input<'_>) {
        self.engine.borrow_mut().input(input, now());
        self.pump();
    }

    /// An encoder that answers later has packets.
    fn encoded(self: &Rc<Self>) {
        self.engine.borrow_mut().encoded(now());
        self.pump();
    }

    // Audio

    fn listen(self: &Rc<Self>, id: CaptureId, rate: u32, port: &JsValue) -> Rc<Batches> {
        let port: MessagePort = port.clone().unchecked_into();
        let weak = Rc::downgrade(self);
        Rc::new(Batches::listen(port, rate, move |frames| with(&weak, |host| host.captured(id, frames))))
    }

    fn captured(self: &Rc<Self>, id: CaptureId, frames: &Frames<'_>) {
        let mut planes: [&[f32]; MAX_CHANNELS] = [&[]; MAX_CHANNELS];
        let mut count = 0;
        for (plane, channel) in planes.iter_mut().zip(frames.samples.chunks_exact(frames.stride.max(1))) {
            *plane = &channel[..frames.count.min(frames.stride)];
            count += 1;
        }
        let taken = self.engine.borrow_mut().captured(id, &planes[..count], frames.rate, frames.age, now());
        if let Err(error) = taken {
            self.report(error);
        }
        self.pump();
    }

    fn detach(self: &Rc<Self>, id: CaptureId, request: RequestId) {
        let found = self.sources.borrow().iter().find(|(other, _)| *other == id).map(|(_, batches)| batches.clone());
        let host = Rc::downgrade(self);
        spawn_local(async move {
            if let Some(batches) = found {
                batches.drain().await;
            }
            with(&host, |host| {
                host.sources.borrow_mut().retain(|(other, _)| *other != id);
                host.engine.borrow_mut().detach(id, now());
                host.pump();
                let summary = host.engine.borrow().summary();
                (host.tell)(News::Answered(request, Ok(summary)));
            });
        });
    }

    fn frames(&self, planes: &JsValue, rate: u32) -> Result<(), Error> {
        let planes: &Array = planes.unchecked_ref();
        // Taken, not borrowed: the list may be a proxy whose getters call this again.
        let mut copies = self.planes.take();
        copies.resize_with(planes.length() as usize, Vec::new);
        for (plane, copy) in planes.iter().zip(copies.iter_mut()) {
            let plane: Float32Array = plane.dyn_into().map_err(|_| Error::invalid(NO_FRAMES))?;
            copy.resize(plane.length() as usize, 0.0);
            plane.copy_to(copy);
        }
        let views: Vec<&[f32]> = copies.iter().map(Vec::as_slice).collect();
        let taken = self.engine.borrow_mut().frames(&views, rate, now());
        self.planes.replace(copies);
        taken
    }

    // What the engine wants

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

    fn perform(&self, output: Output) {
        match output {
            Output::Open(id) => {
                self.socket.take();
                self.opening.set(id);
                (self.tell)(News::Address(id));
            }
            Output::SendText(text) => self.on_socket(|socket| socket.send_text(&text)),
            Output::SendAudio(bytes) => self.on_socket(|socket| socket.send_bytes(&bytes)),
            Output::CloseSocket => drop(self.socket.take()),
            Output::Diagnose(id) => (self.tell)(News::Diagnose(id)),
            Output::Connected(result) => (self.tell)(News::Connected(result)),
            Output::Answered(id, result) => {
                let summary = self.engine.borrow().summary();
                (self.tell)(News::Answered(id, result.map(|()| summary)));
            }
            // Ten times a second and channel: not worth telling if nobody looks at it.
            Output::Event(Event::Level { .. }) if !self.wants.get().levels => {}
            Output::Event(Event::Error(error)) => (self.tell)(News::Error(error)),
            Output::Event(event) => (self.tell)(News::Event(event)),
        }
    }

    fn on_socket(&self, act: impl FnOnce(&Socket)) {
        if let Some(socket) = &*self.socket.borrow() {
            act(socket);
        }
    }

    fn open(self: &Rc<Self>, id: SocketId, address: Result<Address, Error>) {
        // While the token was on its way the session may have given this attempt up.
        if self.opening.get() != id || self.engine.borrow().state().is_over() {
            return;
        }
        let weak = Rc::downgrade(self);
        let opened =
            address.and_then(|address| Socket::open(&address, move |news| with(&weak, |host| host.news(id, news))));
        match opened {
            Ok(socket) => *self.socket.borrow_mut() = Some(socket),
            Err(error) => self.engine.borrow_mut().input(Input::OpenFailed(id, error), now()),
        }
    }

    fn news(self: &Rc<Self>, id: SocketId, news: socket::News) {
        match news {
            socket::News::Opened => self.input(Input::SocketOpened(id)),
            socket::News::Closed(code) => self.input(Input::SocketClosed(id, code)),
            socket::News::Text(text) => {
                // As it came, before anything is made of it.
                if self.wants.get().messages {
                    (self.tell)(News::Message(text.clone()));
                }
                self.input(Input::Text(id, &text));
            }
        }
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
        self.sources.take();
        // Once.
        if self.network.take().is_some() {
            (self.tell)(News::Over);
        }
    }
}

/// What `pushFrame` says to what are no frames.
pub(super) const NO_FRAMES: &str = "pushFrame needs a list of Float32Arrays, one a channel, and their sample rate";

/// Does something with a host that may be gone.
fn with(host: &Weak<Host>, act: impl FnOnce(&Rc<Host>)) {
    if let Some(host) = host.upgrade() {
        act(&host);
    }
}
