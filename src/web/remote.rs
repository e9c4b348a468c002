//! The page's end of the line to a stream's engine: orders go there, news comes from there. What is kept of it all, a
//! [`Shadow`] keeps; that the worker lives, `js/workers.js` sees.

use std::cell::{Cell, RefCell, RefMut};
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Date, Float32Array, Function, JSON, Promise, Uint8Array};
use serde_json::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::convert::{get, to_value};
use crate::engine::wire::Order;
use crate::engine::{Command, Loss, Settings, Shadow};
use crate::error::{Code, Error};

/// Seconds of audio that wait for the next worker: it is there in a fraction of one.
const MOST_WAITING: f64 = 30.0;

#[wasm_bindgen]
extern "C" {
    /// A line to an engine.
    #[derive(Clone)]
    type Line;

    /// Whether its engine is on this page.
    #[wasm_bindgen(method, getter, js_name = isHere)]
    fn is_here(this: &Line) -> Option<bool>;

    #[wasm_bindgen(method, getter)]
    fn encoder(this: &Line) -> String;

    #[wasm_bindgen(method, getter, js_name = audioFormat)]
    fn audio_format(this: &Line) -> String;

    /// How its engine stood…
    #[wasm_bindgen(method, getter)]
    fn view(this: &Line) -> String;

    /// …and when, in milliseconds.
    #[wasm_bindgen(method, getter)]
    fn at(this: &Line) -> f64;

    #[wasm_bindgen(method, getter)]
    fn unsent(this: &Line) -> Option<Uint8Array>;

    #[wasm_bindgen(method)]
    fn listen(this: &Line, hear: &JsValue, lost: &JsValue);

    #[wasm_bindgen(method, catch)]
    fn post(this: &Line, order: &str, payload: &JsValue, transferred: &Array) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    fn leave(this: &Line);
}

thread_local! {
    static LINES: RefCell<Option<Function>> = const { RefCell::new(None) };
    static MISSING_IS_TOLD: Cell<bool> = const { Cell::new(false) };
}

/// What `pushFrame` says to what are no frames.
pub(super) const NO_FRAMES: &str = "pushFrame needs a list of Float32Arrays, one a channel, and their sample rate";

/// Remembers what makes lines: see `js/lines.js`.
pub(super) fn set_lines(lines: Function) {
    LINES.with(|place| *place.borrow_mut() = Some(lines));
}

/// Whether nobody was told yet that there is no worker.
pub(super) fn is_missed() -> bool {
    !MISSING_IS_TOLD.with(|told| told.replace(true))
}

/// An engine in a worker, and in another one should that die.
pub(super) struct Remote {
    /// The options of `stream.connect`.
    options: String,
    seed: f64,
    shadow: RefCell<Shadow>,
    /// The worker, or the one that died last.
    line: RefCell<Line>,
    /// While there is none.
    waiting: RefCell<Option<Waiting>>,
    told: RefCell<Option<Told>>,
}

/// What the next worker is to have.
#[derive(Default)]
struct Waiting {
    orders: Vec<(Order, JsValue)>,
    /// Of audio.
    seconds: f64,
}

/// Whom to tell.
pub(super) struct Told {
    /// Each piece of news, in order.
    pub(super) hear: Closure<dyn Fn(JsValue)>,
    /// The worker is dead.
    pub(super) lost: Closure<dyn Fn()>,
}

impl Remote {
    /// An engine for the options of `stream.connect`: in a worker, if that is wanted and can be.
    ///
    /// # Errors
    /// Why it could not be made.
    pub(super) async fn open(options: &Value, settings: &Settings, wants_worker: bool) -> Result<Rc<Self>, JsValue> {
        let (options, seed) = (options.to_string(), settings.session.seed as f64);
        let line = make(&options, seed, None, wants_worker).await?;
        let line = line.ok_or_else(|| Error::new(Code::NotInitialised, "await init() before a stream is opened"))?;
        Ok(Rc::new(Self {
            options,
            seed,
            shadow: RefCell::new(Shadow::new(settings, line.view(), clock())),
            line: RefCell::new(line),
            waiting: RefCell::default(),
            told: RefCell::default(),
        }))
    }

    /// From here on the news is told, each piece to [`Self::hear`] first.
    pub(super) fn listen(&self, told: Told) {
        self.line.borrow().listen(told.hear.as_ref(), told.lost.as_ref());
        *self.told.borrow_mut() = Some(told);
    }

    /// Keeps what is to be kept of a piece of news, and answers it as JavaScript has it.
    pub(super) fn hear(&self, news: &JsValue) -> Option<JsValue> {
        let text = news.as_string()?;
        self.shadow.borrow_mut().hear(&text);
        JSON::parse(&text).ok()
    }

    /// What is known of the engine, with how it stood last.
    pub(super) fn shadow(&self) -> RefMut<'_, Shadow> {
        let mut shadow = self.shadow.borrow_mut();
        if self.waiting.borrow().is_none() {
            let line = self.line.borrow();
            shadow.see(line.view(), milliseconds(line.at()));
        }
        shadow
    }

    /// The worker is dead. Where another may go on, if one may; orders wait for it until [`Self::revive`].
    pub(super) fn lose(&self) -> Option<Loss> {
        let loss = self.shadow().lose(clock());
        self.waiting.replace(Some(Waiting::default()));
        loss
    }

    /// Another worker that goes on where `loss` says, and has its orders and what waited, after `sources` are attached.
    /// `false` if there can be none.
    ///
    /// # Errors
    /// Why its engine could not be made.
    pub(super) async fn revive(self: &Rc<Self>, loss: &Loss, sources: &[(Order, JsValue)]) -> Result<bool, JsValue> {
        let resume = serde_json::to_string(&loss.resume).unwrap_or_default();
        let Some(line) = make(&self.options, self.seed, Some(resume), true).await? else { return Ok(false) };
        if let Some(told) = &*self.told.borrow() {
            line.listen(told.hear.as_ref(), told.lost.as_ref());
        }
        *self.line.borrow_mut() = line;
        let Waiting { orders, .. } = self.waiting.take().unwrap_or_default();
        sources.iter().for_each(|(order, frames)| self.send(order, frames));
        loss.orders.iter().for_each(|order| self.send(order, &JsValue::UNDEFINED));
        orders.iter().for_each(|(order, payload)| self.send(order, payload));
        Ok(true)
    }

    /// Nothing more is expected of the worker.
    pub(super) fn leave(&self) {
        self.line.borrow().leave();
    }

    /// Orders something. What the engine would refuse is refused here.
    pub(super) fn order(&self, order: Order, payload: &JsValue) -> Result<(), Error> {
        let Some(seconds) = self.admit(&order, payload)? else { return Ok(()) };
        let mut waiting = self.waiting.borrow_mut();
        match &mut *waiting {
            None => {
                drop(waiting);
                self.send(&order, payload);
            }
            // A socket of the engine that died.
            Some(_) if matches!(order, Order::Address(..) | Order::Diagnosed(..)) => {}
            Some(waiting) => {
                if waiting.seconds + seconds > MOST_WAITING {
                    let message = "the stream's worker is being replaced, and so much audio cannot be kept meanwhile";
                    return Err(Error { retryable: true, ..Error::new(Code::Conflict, message) });
                }
                waiting.seconds += seconds;
                waiting.orders.push((order, payload.clone()));
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

    /// Where frames come out goes for good when it goes beside an order.
    fn send(&self, order: &Order, payload: &JsValue) {
        let is_source = matches!(order, Order::Attach(..) | Order::Move(..));
        let transferred: Array = is_source.then_some(payload).into_iter().collect();
        // What cannot be sent is no plain data, and was refused before.
        let _ = self.line.borrow().post(&serde_json::to_string(order).unwrap_or_default(), payload, &transferred);
    }

    /// State and figures as JavaScript has them.
    pub(super) fn view(&self) -> JsValue {
        JSON::parse(self.shadow().view()).unwrap_or(JsValue::UNDEFINED)
    }

    pub(super) fn is_here(&self) -> bool {
        self.line.borrow().is_here().unwrap_or(false)
    }

    pub(super) fn encoder(&self) -> String {
        self.line.borrow().encoder()
    }

    pub(super) fn audio_format(&self) -> String {
        self.line.borrow().audio_format()
    }

    /// What was not acknowledged, once the stream is over.
    pub(super) fn unsent(&self) -> Option<Uint8Array> {
        self.line.borrow().unsent()
    }
}

/// The worker says goodbye to the service, and ends.
impl Drop for Remote {
    fn drop(&mut self) {
        self.send(&Order::Command(Command::Close), &JsValue::UNDEFINED);
        self.leave();
    }
}

async fn make(options: &str, seed: f64, resume: Option<String>, wants_worker: bool) -> Result<Option<Line>, JsValue> {
    let Some(lines) = LINES.with(|lines| lines.borrow().clone()) else { return Ok(None) };
    let made = lines.call4(&JsValue::UNDEFINED, &options.into(), &seed.into(), &resume.into(), &wants_worker.into())?;
    let made = JsFuture::from(Promise::resolve(&made)).await?;
    if made.is_null() {
        return Ok(None);
    }
    match get(&made, "failed") {
        failed if failed.is_undefined() => Ok(Some(made.unchecked_into())),
        failed => Err(revived(&failed).into()),
    }
}

/// The clock that page and worker both have.
fn clock() -> Duration {
    milliseconds(Date::now())
}

fn milliseconds(time: f64) -> Duration {
    Duration::try_from_secs_f64(time / 1e3).unwrap_or_default()
}

/// An error that came as plain data.
pub(super) fn revived(error: &JsValue) -> Error {
    let value = to_value("an error", error).unwrap_or_default();
    serde_json::from_value(value).unwrap_or_else(|_| Error::invalid("the worker failed"))
}
