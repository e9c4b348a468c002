//! The worker's half of a stream whose engine is in a worker: what the package's worker script makes and drives.

use std::rc::Rc;

use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use super::convert;
use super::host::Host;
use crate::engine::Settings;
use crate::engine::wire::{News, Order};
use crate::error::Error;

/// A host behind texts, which is what passes between threads.
#[wasm_bindgen(skip_typescript)]
pub struct EngineHost(Rc<Host>);

#[wasm_bindgen]
impl EngineHost {
    /// Makes an engine from the options of `stream.connect` as JSON, which goes on from another one if there was one, and
    /// tells its news, each as JSON.
    pub fn start(settings: &str, seed: f64, resume: Option<String>, tell: Function) -> Promise {
        let settings = serde_json::from_str(settings)
            .map_err(|_| Error::invalid("the stream's options must be plain data"))
            .and_then(|settings| Settings::from_value(&settings, seed as u64))
            .map(|settings| Settings { resume: resume.and_then(|text| serde_json::from_str(&text).ok()), ..settings });
        let tell = move |news: News| {
            // Nothing of it can fail to serialise, and nobody here could be told.
            if let Ok(text) = serde_json::to_string(&news) {
                let _ = tell.call1(&JsValue::UNDEFINED, &text.into());
            }
        };
        convert::promise(async move {
            let host = Host::start(&settings?, Box::new(tell)).await?;
            Ok(Self(host).into())
        })
    }

    /// Starts to connect.
    pub fn begin(&self) {
        self.0.pump();
    }

    /// Carries out an order, as JSON.
    pub fn take(&self, order: &str, payload: &JsValue) {
        let done = serde_json::from_str::<Order>(order)
            .map_err(|_| Error::invalid("the page and its worker are of different versions"))
            .and_then(|order| self.0.take(order, payload));
        if let Err(error) = done {
            self.0.report(error);
        }
    }

    /// How things stand, as JSON.
    pub fn view(&self) -> String {
        serde_json::to_string(&self.0.engine.borrow().view()).unwrap_or_default()
    }

    /// What the service has not acknowledged, as a file.
    pub fn unsent(&self) -> Uint8Array {
        Uint8Array::from(self.0.engine.borrow().unsent_audio().as_slice())
    }

    #[wasm_bindgen(getter)]
    pub fn encoder(&self) -> String {
        self.0.encoder.to_owned()
    }

    #[wasm_bindgen(getter, js_name = audioFormat)]
    pub fn audio_format(&self) -> String {
        self.0.engine.borrow().audio_format().to_owned()
    }
}
