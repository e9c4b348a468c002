//! What the page's half of a stream decides, as `js/stream.js` and its neighbours call it: flat, synchronous, texts and numbers.
//! A text is JSON. What is refused is thrown as JSON too, of which `js/error.js` makes an `OssicleError`.

use crate::time::Duration;
use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::address::{is_uuid, with_query};
use crate::engine::devices::{Choice, Device, Following};
use crate::engine::wire::{Address, News, Order};
use crate::engine::{self, Proxy, Settings};
use crate::error::{Code, Error};
use crate::json::{Json, Raw, ToJson, or_null};
use crate::redact::Secret;
use crate::session::Event;

/// Checks the options of `stream.connect`. Answers what the page's half must know of them:
/// `{ channels, isAwaited, proxy: { url, protocols } | null }`.
#[wasm_bindgen(skip_typescript)]
pub fn settings(options: &str) -> Result<String, JsValue> {
    let settings = Settings::read(options, 0).map_err(thrown)?;
    let address = |proxy: &Proxy| {
        let url = Secret(with_query(&proxy.url, &proxy.query));
        Address { url, protocols: proxy.protocols.clone() }
    };
    let proxy = settings.proxy.as_ref().map(address);
    let is_awaited = settings.session.is_awaited;
    Ok(object(&[("channels", &settings.channels), ("isAwaited", &is_awaited), ("proxy", or_null(&proxy))]))
}

/// The region and the tenant that a token names, as JSON `{ environment, tenant }`; nothing if it names none.
#[wasm_bindgen(skip_typescript)]
pub fn issuer(token: &str) -> Option<String> {
    let issuer = crate::issuer::issuer(token)?;
    Some(object(&[("environment", &issuer.environment), ("tenant", &issuer.tenant)]))
}

/// Whether a text can be the id of an interaction.
#[wasm_bindgen(skip_typescript, js_name = isId)]
pub fn is_id(text: &str) -> bool {
    is_uuid(text)
}

/// What is kept on the page of an engine, wherever that is: [`engine::Shadow`]. Times are milliseconds of the clock that the page and
/// a worker both have.
#[wasm_bindgen(skip_typescript)]
pub struct Shadow(RefCell<engine::Shadow>);

#[wasm_bindgen]
impl Shadow {
    /// Of an engine that begins with these options of `stream.connect`, and told how it stands.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str, view: String, now: f64) -> Result<Self, JsValue> {
        Ok(Self(RefCell::new(engine::Shadow::new(&Settings::read(options, 0).map_err(thrown)?, view, time(now)))))
    }

    /// Refuses a source that could not be attached now: for one channel, or for all.
    #[wasm_bindgen(js_name = takesSource)]
    pub fn takes_source(&self, channel: Option<u32>) -> Result<(), JsValue> {
        self.0.borrow().gate.takes_source(channel.map(|channel| channel as usize)).map_err(thrown)
    }

    /// The app pushes frames: as many as `lengths` says for each plane, at `rate` Hz. Whether the engine is to have them.
    pub fn frames(&self, lengths: &[u32], rate: f64) -> Result<bool, JsValue> {
        let lengths: Vec<usize> = lengths.iter().map(|length| *length as usize).collect();
        self.0.borrow_mut().frames(&lengths, rate as u32).map_err(thrown)
    }

    /// The app gives bytes that it encoded, so many of them, of which `head` are the first. Whether the engine is to have them.
    pub fn bytes(&self, length: usize, head: &[u8]) -> Result<bool, JsValue> {
        self.0.borrow_mut().bytes(length, head).map_err(thrown)
    }

    /// Takes note of any other order that goes to the engine, and refuses what that would refuse.
    pub fn order(&self, order: &str, now: f64) -> Result<(), JsValue> {
        let order = Order::read(order).ok_or_else(|| thrown(Error::invalid("there is no such order")))?;
        self.0.borrow_mut().order(&order, time(now)).map_err(thrown)
    }

    /// Keeps what can be looked at later of a piece of news.
    pub fn hear(&self, news: &str) {
        self.0.borrow_mut().hear(news);
    }

    /// Takes how the engine stood at `at`.
    pub fn see(&self, view: String, at: f64) {
        self.0.borrow_mut().see(view, time(at));
    }

    /// State and figures, as they were told, or as they are since the engine died.
    pub fn view(&self) -> String {
        self.0.borrow().view().to_owned()
    }

    /// The engine died. If another may go on: `{ resume, orders, sources: [[id, channel]], news }`, where and what it is told
    /// after its sources are attached, and what the app is told.
    pub fn lose(&self, now: f64) -> Option<String> {
        let loss = self.0.borrow_mut().lose(time(now))?;
        let news: Vec<News> = loss.event.into_iter().map(News::Event).collect();
        let sources: Vec<[&dyn ToJson; 2]> = loss.sources.iter().map(|(id, channel)| [id as _, channel as _]).collect();
        let (resume, orders) = (&loss.resume, &loss.orders);
        Some(object(&[("resume", resume), ("orders", orders), ("sources", &sources), ("news", &news)]))
    }

    /// The engine died, and none goes on: `{ news, error }`, what the app is told, and why nothing is answered any more. Nothing
    /// if the stream was over.
    pub fn fail(&self) -> Option<String> {
        let shadow = &mut self.0.borrow_mut();
        let events = shadow.fail();
        let is_closed = shadow.is_closed();
        let (code, message) = match is_closed {
            true => (Code::Aborted, "the stream was closed"),
            false => (Code::ConnectionLost, "the stream's worker died, and with it the audio that it held"),
        };
        let error = Error::new(code, message);
        let mut news = Vec::new();
        for event in events {
            // Why it failed comes before that it did.
            if !is_closed && matches!(event, Event::State { .. }) {
                news.push(News::Error(error.clone()));
            }
            news.push(News::Event(event));
        }
        (!news.is_empty()).then(|| object(&[("news", &news), ("error", &error)]))
    }

    /// A segment of the merged transcript, by its place; nothing behind the last. One by one: memory for all at once would stay.
    pub fn segment(&self, place: usize) -> Option<String> {
        self.0.borrow().transcript.segments().get(place).map(ToJson::to_json)
    }

    /// The pauses that are over.
    pub fn pauses(&self) -> String {
        self.0.borrow().pauses.to_json()
    }

    /// What was given up.
    pub fn dropped(&self) -> String {
        self.0.borrow().dropped.to_json()
    }

    #[wasm_bindgen(getter, js_name = isPaused)]
    pub fn is_paused(&self) -> bool {
        self.0.borrow().gate.is_paused()
    }
}

/// Which microphone to listen to while devices come and go: [`Following`]. A list of devices is `[[deviceId, groupId]]`.
#[wasm_bindgen(skip_typescript)]
pub struct Devices(RefCell<Following>);

#[wasm_bindgen]
impl Devices {
    /// For a device that was chosen, or for the default.
    #[wasm_bindgen(constructor)]
    pub fn new(wanted: Option<String>) -> Self {
        Self(RefCell::new(Following::new(wanted)))
    }

    /// A device was opened, when these were there.
    pub fn opened(&self, id: String, devices: &str) {
        self.0.borrow_mut().opened(id, &list(devices));
    }

    /// What was chosen could not be opened. Whether the app is to be told that the microphone is lost.
    pub fn refused(&self, devices: &str) -> bool {
        self.0.borrow_mut().refused(&list(devices))
    }

    /// The track ended.
    pub fn ended(&self) {
        self.0.borrow_mut().ended();
    }

    /// What to do, now that these are the devices: `"keep"`, `"wait"`, or `{ open }`, which is a device or null for the default.
    pub fn choose(&self, devices: &str) -> String {
        match self.0.borrow().choose(&list(devices)) {
            Choice::Keep => (&"keep").to_json(),
            Choice::Wait => (&"wait").to_json(),
            Choice::Open(id) => object(&[("open", or_null(&id))]),
        }
    }
}

fn list(devices: &str) -> Vec<Device> {
    let device = |pair: Json<'_>| {
        let mut names = pair.items().filter_map(Json::text);
        Some(Device { id: names.next()?, group: names.next()? })
    };
    Json::read(devices).unwrap_or(Json::NULL).items().filter_map(device).collect()
}

fn object(members: &[(&str, &dyn ToJson)]) -> String {
    Raw::amended(Json::NULL, members).to_json()
}

fn thrown(error: Error) -> JsValue {
    error.to_json().into()
}

fn time(milliseconds: f64) -> Duration {
    Duration::from_secs_f64(milliseconds / 1e3)
}
