//! The page's end of a worker that hosts a stream's engine: orders go there, news comes from there, and a worker that dies
//! is noticed. What is kept of it all, a [`Shadow`] keeps.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use gloo_events::EventListener;
use gloo_timers::callback::Interval;
use js_sys::{Array, Date, Float32Array, Function, JSON, Promise, Uint8Array};
use serde_json::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, MessagePort, Worker};

use super::convert::{get, set, to_value};
use super::host::NO_FRAMES;
use super::now;
use crate::engine::wire::Order;
use crate::engine::{Command, Loss, Settings, Shadow};
use crate::error::{Code, Error};

/// How often to look whether the worker lives, and for how long one that does is never silent: it beats five times a
/// second. Both together find a dead one within two seconds, where the browser does not tell of its end at once.
const LOOK_MS: u32 = 400;
const SILENCE: Duration = Duration::from_millis(1_000);

/// Seconds of audio that wait for the next worker: it is there in a fraction of one.
const MOST_WAITING: f64 = 30.0;

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

/// An engine in a worker, and in another one should that die.
pub(super) struct Remote {
    /// The options of `stream.connect`.
    options: String,
    seed: f64,
    encoder: RefCell<String>,
    audio_format: RefCell<String>,
    pub(super) shadow: RefCell<Shadow>,
    /// What was not acknowledged when the stream was over.
    pub(super) unsent: RefCell<Option<Uint8Array>>,
    line: RefCell<Line>,
    told: RefCell<Told>,
}

/// Whom to tell.
#[derive(Clone)]
pub(super) struct Told {
    /// Each piece of news, in order.
    pub(super) hear: Rc<dyn Fn(&JsValue)>,
    /// The worker is dead.
    pub(super) lost: Rc<dyn Fn()>,
}

/// The way to the worker.
enum Line {
    Up(Thread),
    /// One worker is dead and the next is not there: what it is to have, and seconds of audio in that.
    Down(Vec<(Order, JsValue)>, f64),
}

/// A worker that is listened to.
struct Thread {
    worker: Worker,
    /// Whether it is still expected to be there.
    _watch: Option<Interval>,
    _listeners: Vec<EventListener>,
}

impl Remote {
    /// A worker for the options of `stream.connect`, if there can be one.
    ///
    /// # Errors
    /// Why the engine could not be made there; it could not be made here either.
    pub(super) async fn open(options: &Value, settings: &Settings) -> Result<Option<Rc<Self>>, JsValue> {
        let (options, seed) = (options.to_string(), settings.session.seed as f64);
        let Some(made) = make(&options, seed, None).await? else { return Ok(None) };
        let worker = Thread { worker: made.worker, _watch: None, _listeners: Vec::new() };
        Ok(Some(Rc::new(Self {
            options,
            seed,
            encoder: RefCell::new(made.encoder),
            audio_format: RefCell::new(made.audio_format),
            shadow: RefCell::new(Shadow::new(settings, made.view, clock())),
            unsent: RefCell::default(),
            line: RefCell::new(Line::Up(worker)),
            told: RefCell::new(Told { hear: Rc::new(|_| {}), lost: Rc::new(|| {}) }),
        })))
    }

    /// From here on the news is told.
    pub(super) fn listen(self: &Rc<Self>, told: Told) {
        *self.told.borrow_mut() = told;
        let worker = match &*self.line.borrow() {
            Line::Up(thread) => thread.worker.clone(),
            Line::Down(..) => return,
        };
        self.line.replace(Line::Up(self.watch(worker)));
    }

    fn watch(self: &Rc<Self>, worker: Worker) -> Thread {
        let Told { hear, lost } = self.told.borrow().clone();
        let last = Rc::new(Cell::new(now()));
        let (weak, heard) = (Rc::downgrade(self), last.clone());
        let messages = EventListener::new(&worker, "message", move |event| {
            heard.set(now());
            take(&weak, &event.unchecked_ref::<MessageEvent>().data(), &*hear);
        });
        // An exception; or, where the browser has locks, its end: see `js/workers.js`.
        let failed = {
            let lost = lost.clone();
            EventListener::new(&worker, "error", move |_| lost())
        };
        // A page that was busy finds the worker's messages behind its own timer: only the second look decides.
        let silent = Cell::new(false);
        let watch = Interval::new(LOOK_MS, move || {
            let is_silent = now().saturating_sub(last.get()) > SILENCE;
            if silent.replace(is_silent) && is_silent {
                lost();
            }
        });
        Thread { worker, _watch: Some(watch), _listeners: vec![messages, failed] }
    }

    /// The worker is dead. Where another may go on, if one may; orders wait for it until [`Self::revive`].
    pub(super) fn lose(&self) -> Option<Loss> {
        let Line::Up(thread) = self.line.replace(Line::Down(Vec::new(), 0.0)) else { return None };
        thread.worker.terminate();
        self.shadow.borrow_mut().lose(clock())
    }

    /// Another worker that goes on where `loss` says, and has its orders and what waited, after `sources` are attached.
    /// `false` if there can be none.
    ///
    /// # Errors
    /// Why its engine could not be made.
    pub(super) async fn revive(
        self: &Rc<Self>, loss: &Loss, sources: &[(Order, JsValue)],
    ) -> Result<bool, JsValue> {
        let resume = serde_json::to_string(&loss.resume).unwrap_or_default();
        let Some(made) = make(&self.options, self.seed, Some(resume)).await? else { return Ok(false) };
        self.encoder.replace(made.encoder);
        self.audio_format.replace(made.audio_format);
        self.shadow.borrow_mut().see(made.view, clock());
        let thread = self.watch(made.worker);
        let Line::Down(waiting, _) = self.line.replace(Line::Up(thread)) else { return Ok(true) };
        sources.iter().for_each(|(order, port)| self.send(order, port));
        loss.orders.iter().for_each(|order| self.send(order, &JsValue::UNDEFINED));
        waiting.iter().for_each(|(order, payload)| self.send(order, payload));
        Ok(true)
    }

    /// Nothing more is expected of it.
    pub(super) fn leave(&self) {
        if let Line::Up(Thread { _watch: watch, _listeners: listeners, .. }) = &mut *self.line.borrow_mut() {
            (*watch, *listeners) = (None, Vec::new());
        }
    }

    /// Orders something. What the engine would refuse is refused here.
    pub(super) fn order(&self, order: Order, payload: &JsValue) -> Result<(), Error> {
        let Some(seconds) = self.admit(&order, payload)? else { return Ok(()) };
        let mut line = self.line.borrow_mut();
        match &mut *line {
            Line::Up(_) => {
                drop(line);
                self.send(&order, payload);
            }
            // A socket of the engine that died.
            Line::Down(..) if matches!(order, Order::Address(..) | Order::Diagnosed(..)) => {}
            Line::Down(waiting, held) => {
                if *held + seconds > MOST_WAITING {
                    let message = "the stream's worker is being replaced, and so much audio cannot be kept meanwhile";
                    return Err(Error { retryable: true, ..Error::new(Code::Conflict, message) });
                }
                *held += seconds;
                waiting.push((order, payload.clone()));
            }
        }
        Ok(())
    }

    /// How many seconds of audio an order brings, if it is to go to the engine.
    fn admit(&self, order: &Order, payload: &JsValue) -> Result<Option<f64>, Error> {
        let shadow = &mut self.shadow.borrow_mut();
        match order {
            Order::Frames(rate) => {
                let lengths: Option<Vec<usize>> = payload
                    .unchecked_ref::<Array>()
                    .iter()
                    .map(|plane| plane.dyn_into::<Float32Array>().ok().map(|plane| plane.length() as usize))
                    .collect();
                let lengths = lengths.ok_or_else(|| Error::invalid(NO_FRAMES))?;
                let seconds = lengths.first().map_or(0.0, |frames| *frames as f64 / f64::from((*rate).max(1)));
                Ok(shadow.frames(&lengths, *rate)?.then_some(seconds))
            }
            Order::Bytes => {
                let bytes: &Uint8Array = payload.unchecked_ref();
                let length = bytes.length();
                let head = |most: usize| bytes.subarray(0, most as u32).to_vec();
                // A recorder's pieces are a second long or less.
                Ok(shadow.bytes(length as usize, head)?.then_some(1.0))
            }
            _ => shadow.order(order, clock()).map(|()| Some(0.0)),
        }
    }

    /// A port that goes beside an order goes for good.
    fn send(&self, order: &Order, payload: &JsValue) {
        let Line::Up(thread) = &*self.line.borrow() else { return };
        let message = js_sys::Object::new();
        set(&message, "order", &serde_json::to_string(order).unwrap_or_default().into());
        set(&message, "payload", payload);
        let transferred: Array = payload.is_instance_of::<MessagePort>().then_some(payload).into_iter().collect();
        let _ = thread.worker.post_message_with_transfer(&message, &transferred);
    }

    /// State and figures as JavaScript has them.
    pub(super) fn view(&self) -> JsValue {
        JSON::parse(self.shadow.borrow().view()).unwrap_or(JsValue::UNDEFINED)
    }

    pub(super) fn encoder(&self) -> String {
        self.encoder.borrow().clone()
    }

    pub(super) fn audio_format(&self) -> String {
        self.audio_format.borrow().clone()
    }
}

/// The worker says goodbye to the service, and ends.
impl Drop for Remote {
    fn drop(&mut self) {
        self.send(&Order::Command(Command::Close), &JsValue::UNDEFINED);
    }
}

/// What a worker said: news, and how things stand.
fn take(remote: &Weak<Remote>, data: &JsValue, hear: &dyn Fn(&JsValue)) {
    let Some(remote) = remote.upgrade() else { return };
    let at = Duration::try_from_secs_f64(get(data, "at").as_f64().unwrap_or(0.0) / 1e3).unwrap_or_default();
    remote.shadow.borrow_mut().see(get(data, "view").as_string().unwrap_or_default(), at);
    if let Ok(unsent) = get(data, "unsent").dyn_into() {
        remote.unsent.replace(Some(unsent));
    }
    for news in get(data, "news").unchecked_into::<Array>().iter() {
        let text = news.as_string().unwrap_or_default();
        remote.shadow.borrow_mut().hear(&text);
        if let Ok(news) = JSON::parse(&text) {
            hear(&news);
        }
    }
}

/// A worker with an engine in it.
struct Made {
    worker: Worker,
    encoder: String,
    audio_format: String,
    view: String,
}

async fn make(options: &str, seed: f64, resume: Option<String>) -> Result<Option<Made>, JsValue> {
    let Some(workshop) = WORKSHOP.with(|workshop| workshop.borrow().clone()) else { return Ok(None) };
    let made = workshop.call3(&JsValue::UNDEFINED, &options.into(), &seed.into(), &resume.into())?;
    let made = JsFuture::from(Promise::resolve(&made)).await?;
    if made.is_null() {
        return Ok(None);
    }
    let failed = get(&made, "failed");
    if !failed.is_undefined() {
        return Err(revived(&failed).into());
    }
    let text = |key: &str| get(&made, key).as_string().unwrap_or_default();
    let (encoder, audio_format, view) = (text("encoder"), text("audioFormat"), text("view"));
    Ok(Some(Made { worker: get(&made, "worker").unchecked_into(), encoder, audio_format, view }))
}

/// The clock that page and worker both have.
fn clock() -> Duration {
    Duration::try_from_secs_f64(Date::now() / 1e3).unwrap_or_default()
}

/// An error that came as plain data.
pub(super) fn revived(error: &JsValue) -> Error {
    let value = to_value("an error", error).unwrap_or_default();
    serde_json::from_value(value).unwrap_or_else(|_| Error::invalid("the worker failed"))
}
