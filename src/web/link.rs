//! The way to a stream's engine, wherever it is, and what can be looked at there.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::convert::{get, to_js};
use super::remote::Remote;
use crate::engine::wire::Order;
use crate::error::{Code, Error};

/// The line to a stream's engine.
#[derive(Clone)]
pub(super) struct Link(pub(super) Rc<Remote>);

impl Link {
    pub(super) fn order(&self, order: Order, payload: &JsValue) -> Result<(), Error> {
        self.0.order(order, payload)
    }

    /// Whether a source could be attached now.
    pub(super) fn takes_source(&self, channel: Option<usize>) -> Result<(), Error> {
        self.0.shadow().gate.takes_source(channel)
    }

    pub(super) fn state(&self) -> JsValue {
        get(&self.0.view(), "state")
    }

    pub(super) fn stats(&self) -> JsValue {
        get(&self.0.view(), "stats")
    }

    pub(super) fn transcript(&self) -> JsValue {
        to_js(&self.0.shadow().transcript.segments())
    }

    pub(super) fn is_paused(&self) -> bool {
        self.0.shadow().gate.is_paused()
    }

    pub(super) fn pauses(&self) -> JsValue {
        to_js(&self.0.shadow().pauses)
    }

    pub(super) fn dropped(&self) -> JsValue {
        to_js(&self.0.shadow().dropped)
    }

    pub(super) fn audio_format(&self) -> String {
        self.0.audio_format()
    }

    /// What encodes the audio.
    pub(super) fn encoder(&self) -> String {
        self.0.encoder()
    }

    pub(super) fn is_in_worker(&self) -> bool {
        !self.0.is_here()
    }

    /// All audio that the service has not acknowledged. Of a stream in a worker once it is over.
    pub(super) fn unsent(&self) -> Result<Uint8Array, Error> {
        self.0.unsent().ok_or_else(|| {
            Error::new(
                Code::Conflict,
                "the stream's worker still has the audio: it is handed out when the stream is over",
            )
        })
    }
}
