//! `logger`: what an app may want to write down of a client's doings. It is told what is done and how it went, never what
//! was sent or said: no token, no id, no text.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::convert::get;
use crate::error::Error;

/// The app's logger, if it gave one.
pub(super) struct Logger(JsValue);

impl Logger {
    /// Reads `logger`.
    pub(super) fn from_js(value: JsValue) -> Result<Self, Error> {
        if value.is_undefined() || value.is_object() {
            return Ok(Self(value));
        }
        Err(Error::invalid("logger must be an object with the functions debug, info or warn"))
    }

    /// Tells it something, if it has a function for that level. What the function throws is its own affair.
    pub(super) fn tell(&self, level: &str, message: &str) {
        if let Ok(function) = get(&self.0, level).dyn_into::<Function>() {
            let _ = function.call1(&self.0, &format!("ossicle: {message}").into());
        }
    }
}
