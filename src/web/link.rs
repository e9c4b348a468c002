//! The way to a stream's engine, wherever it is, and what can be looked at there.

use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::convert::{get, to_js};
use super::host::Host;
use super::remote::Remote;
use crate::engine::wire::Order;
use crate::error::{Code, Error};

/// Whoever hosts a stream's engine.
#[derive(Clone)]
pub(super) enum Link {
    /// This page.
    Here(Rc<Host>),
    /// A worker.
    There(Rc<Remote>),
}

impl Link {
    pub(super) fn order(&self, order: Order, payload: &JsValue) -> Result<(), Error> {
        match self {
            Self::Here(host) => host.take(order, payload),
            Self::There(remote) => remote.order(order, payload),
        }
    }

    /// Whether a source could be attached now.
    pub(super) fn takes_source(&self, channel: Option<usize>) -> Result<(), Error> {
        match self {
            Self::Here(host) => host.engine.borrow().takes_sources(),
            Self::There(remote) => remote.shadow().gate.takes_source(channel),
        }
    }

    pub(super) fn state(&self) -> JsValue {
        match self {
            Self::Here(host) => to_js(&host.engine.borrow().state()),
            Self::There(remote) => get(&remote.view(), "state"),
        }
    }

    pub(super) fn stats(&self) -> JsValue {
        match self {
            Self::Here(host) => to_js(&host.engine.borrow().stats()),
            Self::There(remote) => get(&remote.view(), "stats"),
        }
    }

    pub(super) fn transcript(&self) -> JsValue {
        match self {
            Self::Here(host) => to_js(&host.engine.borrow().transcript()),
            Self::There(remote) => to_js(&remote.shadow().transcript.segments()),
        }
    }

    pub(super) fn is_paused(&self) -> bool {
        match self {
            Self::Here(host) => host.engine.borrow().is_paused(),
            Self::There(remote) => remote.shadow().gate.is_paused(),
        }
    }

    pub(super) fn pauses(&self) -> JsValue {
        match self {
            Self::Here(host) => to_js(&host.engine.borrow().pauses()),
            Self::There(remote) => to_js(&remote.shadow().pauses),
        }
    }

    pub(super) fn dropped(&self) -> JsValue {
        match self {
            Self::Here(host) => to_js(&host.engine.borrow().dropped()),
            Self::There(remote) => to_js(&remote.shadow().dropped),
        }
    }

    pub(super) fn audio_format(&self) -> String {
        match self {
            Self::Here(host) => host.engine.borrow().audio_format().to_owned(),
            Self::There(remote) => remote.audio_format(),
        }
    }

    /// What encodes the audio.
    pub(super) fn encoder(&self) -> String {
        match self {
            Self::Here(host) => host.encoder.to_owned(),
            Self::There(remote) => remote.encoder(),
        }
    }

    pub(super) const fn is_in_worker(&self) -> bool {
        matches!(self, Self::There(_))
    }

    /// All audio that the service has not acknowledged. Of a stream in a worker once it is over.
    pub(super) fn unsent(&self) -> Result<Uint8Array, Error> {
        match self {
            Self::Here(host) => Ok(Uint8Array::from(host.engine.borrow().unsent_audio().as_slice())),
            Self::There(remote) => remote.unsent().ok_or_else(|| {
                Error::new(
                    Code::Conflict,
                    "the stream's worker still has the audio: it is handed out when the stream is over",
                )
            }),
        }
    }
}
