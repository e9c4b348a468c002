//! The page's end of a worker that hosts a stream's engine: orders go there, and what the page may look at at any time is
//! kept here as it was last told.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use gloo_events::EventListener;
use gloo_timers::callback::Interval;
use js_sys::{Array, Float32Array, Function, JSON, Promise, Uint8Array};
use serde_json::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, MessagePort, Worker};

use super::convert::{get, to_value};
use super::host::NO_FRAMES;
use super::now;
use crate::engine::wire::{Order, View};
use crate::engine::{Command, Dropped, Gate, Pause, Settings};
use crate::error::Error;
use crate::protocol::server::Segment;
use crate::session::{State, Transcript};

/// How often to look whether the worker lives, and for how long one that does is never silent: it beats five times a
/// second. Both together find a dead one within two seconds.
const LOOK_MS: u32 = 400;
const SILENCE: Duration = Duration::from_millis(1_000);

thread_local! {
    static WORKSHOP: RefCell<Option<Function>> = const { RefCell::new(None) };
    static MISSING_IS_TOLD: Cell<bool> = const { Cell::new(false) };
}

/// Remembers what makes workers: see `js/workers.js`.
pub(super) fn set_workshop(workshop: Option<Function>) {
    WORKSHOP.with(|place| *place.borrow_mut() = workshop);
}

/// Whether there would be a worker but for this page's policy or browser, and nobody was told yet.
pub(super) fn is_missed() -> bool {
    WORKSHOP.with(|workshop| workshop.borrow().is_some()) && !MISSING_IS_TOLD.with(|told| told.replace(true))
}

/// A worker with an engine in it.
pub(super) struct Remote {
    worker: Worker,
    pub(super) encoder: String,
    pub(super) audio_format: String,
    pub(super) seen: RefCell<Seen>,
    /// When it was last heard.
    heard: Cell<Duration>,
    listeners: RefCell<Vec<EventListener>>,
    watch: RefCell<Option<Interval>>,
}

/// What was last told.
pub(super) struct Seen {
    /// What the app may give.
    pub(super) gate: Gate,
    /// State and figures, as JSON.
    pub(super) view: String,
    pub(super) transcript: Transcript,
    pub(super) pauses: Vec<Pause>,
    pub(super) dropped: Vec<Dropped>,
    /// What was not acknowledged when the stream was over.
    pub(super) unsent: Option<Uint8Array>,
}

impl Remote {
    /// A worker for the options of `stream.connect`, if there can be one.
    ///
    /// # Errors
    /// Why the engine could not be made there; it could not be made here either.
    pub(super) async fn open(options: &Value, settings: &Settings) -> Result<Option<Rc<Self>>, JsValue> {
        let Some(workshop) = WORKSHOP.with(|workshop| workshop.borrow().clone()) else { return Ok(None) };
        let seed = settings.session.seed as f64;
        let made = workshop.call2(&JsValue::UNDEFINED, &options.to_string().into(), &seed.into())?;
        let made = JsFuture::from(Promise::resolve(&made)).await?;
        if made.is_null() {
            return Ok(None);
        }
        let failed = get(&made, "failed");
        if !failed.is_undefined() {
            return Err(revived(&failed).into());
        }
        let text = |key: &str| get(&made, key).as_string().unwrap_or_default();
        let seen = Seen {
            gate: Gate::new(settings),
            view: text("view"),
            transcript: Transcript::default(),
            pauses: Vec::new(),
            dropped: Vec::new(),
            unsent: None,
        };
        Ok(Some(Rc::new(Self {
            worker: get(&made, "worker").unchecked_into(),
            encoder: text("encoder"),
            audio_format: text("audioFormat"),
            seen: RefCell::new(seen),
            heard: Cell::new(now()),
            listeners: RefCell::default(),
            watch: RefCell::default(),
        })))
    }

    /// From here on each piece of news goes to `hear`, in order; should the worker die, `lost` is called.
    pub(super) fn listen(self: &Rc<Self>, hear: impl Fn(&JsValue) + 'static, lost: impl Fn() + Clone + 'static) {
        let weak = Rc::downgrade(self);
        let heard = EventListener::new(&self.worker, "message", move |event| {
            let data = event.unchecked_ref::<MessageEvent>().data();
            let Some(remote) = weak.upgrade() else { return };
            remote.heard.set(now());
            {
                let mut seen = remote.seen.borrow_mut();
                seen.view = get(&data, "view").as_string().unwrap_or_default();
                if let Ok(unsent) = get(&data, "unsent").dyn_into() {
                    seen.unsent = Some(unsent);
                }
            }
            for news in get(&data, "news").unchecked_into::<Array>().iter() {
                let text = news.as_string().unwrap_or_default();
                remote.seen.borrow_mut().see(&text);
                if let Ok(news) = JSON::parse(&text) {
                    hear(&news);
                }
            }
        });
        let failed = {
            let lost = lost.clone();
            EventListener::new(&self.worker, "error", move |_| lost())
        };
        // A page that was busy finds the worker's messages behind its own timer: only the second look decides.
        let (weak, silent) = (Rc::downgrade(self), Cell::new(false));
        let watch = Interval::new(LOOK_MS, move || {
            let Some(remote) = weak.upgrade() else { return };
            let is_silent = now().saturating_sub(remote.heard.get()) > SILENCE;
            if silent.replace(is_silent) && is_silent {
                lost();
            }
        });
        self.listeners.borrow_mut().extend([heard, failed]);
        *self.watch.borrow_mut() = Some(watch);
    }

    /// The worker is dead: what it held is given up. Answers the span of that, in seconds of the visit, and its last state.
    pub(super) fn lose(&self) -> Option<(State, (f64, f64))> {
        self.worker.terminate();
        let mut seen = self.seen.borrow_mut();
        let mut view: View = serde_json::from_str(&seen.view).ok()?;
        let state = view.state;
        let (start, end) = view.lose();
        seen.view = serde_json::to_string(&view).unwrap_or_default();
        seen.gate.over();
        if end > start {
            seen.drop(Dropped { start, end });
        }
        Some((state, (start, end)))
    }

    /// Nothing more is expected of it.
    pub(super) fn leave(&self) {
        self.watch.take();
    }

    /// Whether the engine will take what an order brings.
    ///
    /// # Errors
    /// As the engine would refuse it.
    pub(super) fn admits(&self, order: &Order, payload: &JsValue) -> Result<bool, Error> {
        let gate = &mut self.seen.borrow_mut().gate;
        match order {
            Order::Frames(rate) => {
                let planes: Vec<Option<Float32Array>> =
                    payload.unchecked_ref::<Array>().iter().map(|plane| plane.dyn_into().ok()).collect();
                if planes.iter().any(Option::is_none) {
                    return Err(Error::invalid(NO_FRAMES));
                }
                let lengths: Vec<usize> = planes.iter().flatten().map(|plane| plane.length() as usize).collect();
                gate.frames(lengths.iter().copied(), *rate)?;
                return Ok(gate.is_open());
            }
            Order::Bytes => {
                gate.bytes(payload.unchecked_ref::<Uint8Array>().length() as usize)?;
                return Ok(gate.is_open());
            }
            Order::Attach(id, channel, _) => gate.source(*id, *channel)?,
            Order::Detach(id, _) => gate.source_gone(*id),
            Order::Command(Command::Pause) if gate.is_open() => gate.paused(true),
            Order::Command(Command::Resume) => gate.paused(false),
            Order::Command(Command::End(_) | Command::Close) => gate.over(),
            _ => {}
        }
        Ok(true)
    }

    /// Sends an order; a port that goes beside it goes for good.
    pub(super) fn order(&self, order: &Order, payload: &JsValue) {
        let message = js_sys::Object::new();
        let text = serde_json::to_string(order).unwrap_or_default();
        super::convert::set(&message, "order", &text.into());
        super::convert::set(&message, "payload", payload);
        let transferred: Array = payload.is_instance_of::<MessagePort>().then_some(payload).into_iter().collect();
        let _ = self.worker.post_message_with_transfer(&message, &transferred);
    }

    /// State and figures as JavaScript has them.
    pub(super) fn view(&self) -> JsValue {
        JSON::parse(&self.seen.borrow().view).unwrap_or(JsValue::UNDEFINED)
    }
}

/// The worker says goodbye to the service, and ends.
impl Drop for Remote {
    fn drop(&mut self) {
        self.order(&Order::Command(Command::Close), &JsValue::UNDEFINED);
    }
}

impl Seen {
    /// Keeps what can be looked at later.
    fn see(&mut self, news: &str) {
        if news == "\"over\"" {
            self.gate.over();
        }
        // Most news is of no concern here; levels come ten times a second.
        if !["\"transcript\"", "\"resume\"", "\"audioDropped\""].iter().any(|kind| news.contains(kind)) {
            return;
        }
        let news: Value = serde_json::from_str(news).unwrap_or_default();
        let event = &news["event"];
        let number = |key: &str| event[key].as_f64().unwrap_or(0.0);
        match event["type"].as_str() {
            Some("transcript") => {
                let segments: Vec<Segment> = serde_json::from_value(event["segments"].clone()).unwrap_or_default();
                for segment in segments {
                    self.transcript.take(&segment, &mut Vec::new());
                }
            }
            Some("resume") => self.pauses.push(Pause { at: number("at"), seconds: number("seconds") }),
            Some("audioDropped") => self.drop(Dropped { start: number("start"), end: number("end") }),
            _ => {}
        }
    }

    /// Neighbours are one.
    fn drop(&mut self, span: Dropped) {
        match self.dropped.last_mut() {
            Some(last) if (last.end - span.start).abs() < 1e-6 => last.end = span.end,
            _ => self.dropped.push(span),
        }
    }
}

/// An error that came as plain data.
pub(super) fn revived(error: &JsValue) -> Error {
    let value = to_value("an error", error).unwrap_or_default();
    serde_json::from_value(value).unwrap_or_else(|_| Error::invalid("the worker failed"))
}
