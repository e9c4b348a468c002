//! A promise that is settled from elsewhere.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

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
