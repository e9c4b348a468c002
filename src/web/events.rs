//! Listeners: any number a type, called in the order in which they came.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Shows an exception of a listener as the browser shows one of an event handler, and lets the others run.
    #[wasm_bindgen(js_name = reportError)]
    fn report_error(exception: &JsValue);
}

struct Listener {
    id: u32,
    event: String,
    function: Function,
    once: bool,
}

#[derive(Default)]
pub(super) struct Listeners {
    next_id: RefCell<u32>,
    list: RefCell<Vec<Listener>>,
}

impl Listeners {
    /// Adds a listener and answers the name under which [`Self::remove`] knows it.
    pub(super) fn add(&self, event: String, function: Function, once: bool) -> u32 {
        let mut next = self.next_id.borrow_mut();
        *next += 1;
        self.list.borrow_mut().push(Listener { id: *next, event, function, once });
        *next
    }

    pub(super) fn remove(&self, id: u32) {
        self.list.borrow_mut().retain(|listener| listener.id != id);
    }

    /// Removes a function from an event; all functions without one.
    pub(super) fn remove_function(&self, event: &str, function: Option<&Function>) {
        self.list.borrow_mut().retain(|listener| {
            listener.event != event || function.is_some_and(|function| *function != listener.function)
        });
    }

    pub(super) fn clear(&self) {
        self.list.borrow_mut().clear();
    }

    pub(super) fn has(&self, event: &str) -> bool {
        self.list.borrow().iter().any(|listener| listener.event == event)
    }

    /// Calls those who listen now. One that is removed by an earlier one is still called, as the DOM would not; one
    /// that is added is not.
    pub(super) fn emit(&self, event: &str, payload: &JsValue) {
        let mut due = Vec::new();
        self.list.borrow_mut().retain(|listener| {
            if listener.event != event {
                return true;
            }
            due.push(listener.function.clone());
            !listener.once
        });
        for function in due {
            if let Err(exception) = function.call1(&JsValue::UNDEFINED, payload) {
                report_error(&exception);
            }
        }
    }
}
