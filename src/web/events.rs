//! Listeners: any number, called in the order in which they came.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Shows an exception of a listener as the browser shows one of an event handler, and lets the others run.
    #[wasm_bindgen(js_name = reportError)]
    fn report_error(exception: &JsValue);
}

#[derive(Default)]
pub(super) struct Listeners(RefCell<Vec<Function>>);

impl Listeners {
    pub(super) fn add(&self, function: Function) {
        self.0.borrow_mut().push(function);
    }

    pub(super) fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// Calls those who listen now.
    pub(super) fn emit(&self, payload: &JsValue) {
        let due = self.0.borrow().clone();
        for function in due {
            if let Err(exception) = function.call1(&JsValue::UNDEFINED, payload) {
                report_error(&exception);
            }
        }
    }
}
