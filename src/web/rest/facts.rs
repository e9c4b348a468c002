//! The `FactList` class, on which `visit.facts` is built: carries out what `visit::facts` decides. Not exported to apps.
//!
//! `new FactList(interactionId, call, changed)`: `call(method, arguments)` answers a promise, as `client.facts.*` would;
//! the interaction's id is the first argument. `changed(event)` is told:
//!
//! - `{ type: "change", ids, renamed }`: these facts are other than they were; an id that no item has is gone. `renamed`
//!   has the ids of the service by the temporary ones.
//! - `{ type: "suggestion", id, suggestion: { text, group } }`: the service says otherwise of a fact that was edited.
//! - `{ type: "error", error, id?, fact, isKept }`: a change did not get through; `fact` is the item as the clinician had
//!   left it. Kept, it is shown and pending still, and is sent again; else it was rolled back. Without an id, the list is
//!   full and the service's `fact` is not on it.
//!
//! `add({ text, group })`, `edit(id, { text?, group? })`, `discard(id)`, `restore(id)`, `accept(id)`: shown when they
//! return; the promise is for the item as the service has it. A failure rejects it, and is no unhandled rejection, since
//! the event tells it too; an id that is not on the list and an empty text reject as well, and those are. `dismiss(id)`
//! (which throws for such an id), `undo()` → whether there was something, `canUndo`. `heard(facts)` and `listed(facts)`
//! feed the list. `items`, `groups` (`[{ group, name, facts }]`), `choices` (`[{ key, name }]`, all groups), `kept` (not discarded), `get(id)`, `pending` (how many facts
//! have unanswered edits) show it: an item is the wire's fact, with `isPending` and perhaps `suggestion`. `retry()` sends
//! at once what is pending; `settled()` does so too, and is a promise that all is answered, or of the first failure. After
//! `close()`, which sends what is pending, nothing is told any more and nothing can be changed. A listener may call any of
//! these; `free()` must wait until the method that it is told in has returned, `close()` need not.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use gloo_timers::callback::Timeout;
use js_sys::{Array, Function, Object, Promise};
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::convert::{from_error, get, set, to_js, to_value};
use super::now;
use super::settle::Settle;
use crate::error::{Code, Error};
use crate::json::Raw;
use crate::visit::facts::{self, Handle, Output};

#[wasm_bindgen]
extern "C" {
    /// Shows an exception of a listener as the browser shows one of an event handler.
    #[wasm_bindgen(js_name = reportError)]
    fn report_error(exception: &JsValue);
}

/// The facts of a visit.
#[wasm_bindgen(skip_typescript)]
pub struct FactList(Rc<Shared>);

struct Shared {
    interaction: String,
    call: Function,
    list: RefCell<facts::FactList>,
    /// Who is told, until it is closed.
    changed: RefCell<Option<Function>>,
    /// What is still to be carried out: a listener may cause more of it.
    outputs: RefCell<VecDeque<Output>>,
    is_pumping: Cell<bool>,
    is_closed: Cell<bool>,
    /// Who waits for one fact, or for all.
    waiters: RefCell<Vec<(Option<Handle>, Settle)>>,
    timer: RefCell<Option<Timeout>>,
}

#[wasm_bindgen]
impl FactList {
    #[wasm_bindgen(constructor)]
    pub fn new(
        interaction: String, call: Function, changed: Function, language: Option<String>, groups: &JsValue,
    ) -> Result<Self, JsValue> {
        let mut list = facts::FactList::in_language(language);
        list.grouped(&to_value("the groups", groups)?);
        list.ask_groups();
        let list = Self(Rc::new(Shared {
            interaction,
            call,
            list: RefCell::new(list),
            changed: RefCell::new(Some(changed)),
            outputs: RefCell::default(),
            is_pumping: Cell::default(),
            is_closed: Cell::default(),
            waiters: RefCell::default(),
            timer: RefCell::default(),
        }));
        list.0.pump();
        Ok(list)
    }

    /// Facts of the socket.
    pub fn heard(&self, facts: &JsValue) -> Result<(), JsValue> {
        self.feed(facts, facts::FactList::heard)
    }

    /// Facts of a REST list.
    pub fn listed(&self, facts: &JsValue) -> Result<(), JsValue> {
        self.feed(facts, facts::FactList::listed)
    }

    pub fn add(&self, fact: &JsValue) -> Promise {
        let given = to_value("a fact", fact);
        self.change(|list, now| list.add(&given?, now))
    }

    pub fn edit(&self, id: &str, changes: &JsValue) -> Promise {
        let given = to_value("an edit", changes);
        self.change(|list, now| list.edit(id, &given?, now))
    }

    pub fn discard(&self, id: &str) -> Promise {
        self.change(|list, now| list.discard(id, now))
    }

    pub fn restore(&self, id: &str) -> Promise {
        self.change(|list, now| list.restore(id, now))
    }

    pub fn accept(&self, id: &str) -> Promise {
        self.change(|list, now| list.accept(id, now))
    }

    pub fn dismiss(&self, id: &str) -> Result<(), JsValue> {
        self.0.must_be_open()?;
        let result = self.0.list.borrow_mut().dismiss(id, now());
        self.0.pump();
        Ok(result?)
    }

    pub fn undo(&self) -> Result<bool, JsValue> {
        self.0.must_be_open()?;
        let is_undone = self.0.list.borrow_mut().undo(now());
        self.0.pump();
        Ok(is_undone)
    }

    #[wasm_bindgen(getter, js_name = canUndo)]
    pub fn can_undo(&self) -> bool {
        self.0.list.borrow().can_undo()
    }

    /// Sends at once what is pending.
    pub fn retry(&self) {
        self.0.list.borrow_mut().flush(now());
        self.0.pump();
    }

    /// That all is answered.
    pub fn settled(&self) -> Promise {
        let promise = self.0.wait_for(None);
        self.retry();
        promise
    }

    #[wasm_bindgen(getter)]
    pub fn items(&self) -> JsValue {
        to_js(&self.0.list.borrow().items())
    }

    #[wasm_bindgen(getter)]
    pub fn groups(&self) -> JsValue {
        to_js(&self.0.list.borrow().by_group())
    }

    #[wasm_bindgen(getter)]
    pub fn choices(&self) -> JsValue {
        let list = self.0.list.borrow();
        to_js(&list.groups().choices(list.language()))
    }

    #[wasm_bindgen(getter)]
    pub fn kept(&self) -> JsValue {
        let mut items = self.0.list.borrow().items();
        items.retain(|item| item["isDiscarded"] != true);
        to_js(&items)
    }

    pub fn get(&self, id: &str) -> JsValue {
        self.0.list.borrow().item(id).map_or(JsValue::UNDEFINED, |item| to_js(&item))
    }

    #[wasm_bindgen(getter)]
    pub fn pending(&self) -> usize {
        self.0.list.borrow().pending()
    }

    pub fn close(&self) {
        self.0.is_closed.set(true);
        self.0.changed.take();
        self.retry();
    }

    fn feed(
        &self, facts: &JsValue, take: impl FnOnce(&mut facts::FactList, &[Value], Duration),
    ) -> Result<(), JsValue> {
        if self.0.is_closed.get() {
            return Ok(());
        }
        let facts = to_value("facts", facts)?;
        take(&mut self.0.list.borrow_mut(), facts.as_array().map(Vec::as_slice).unwrap_or_default(), now());
        self.0.pump();
        Ok(())
    }

    /// Changes the list at once; what cannot be right rejects, and is not handled.
    fn change(&self, change: impl FnOnce(&mut facts::FactList, Duration) -> Result<Handle, Error>) -> Promise {
        let changed = self.0.must_be_open().and_then(|()| change(&mut self.0.list.borrow_mut(), now()));
        let handle = match changed {
            Ok(handle) => handle,
            Err(error) => return Promise::reject(&error.into()),
        };
        let item = self.0.list.borrow().item_of(handle);
        let promise = match item {
            Some((item, false)) => Promise::resolve(&to_js(&item)),
            _ => self.0.wait_for(Some(handle)),
        };
        self.0.pump();
        promise
    }
}

/// What the clinician wrote is sent, whoever lets the list go, and however.
impl Drop for FactList {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn must_be_open(&self) -> Result<(), Error> {
        match self.is_closed.get() {
            true => Err(Error::new(Code::Aborted, "the list of facts is closed")),
            false => Ok(()),
        }
    }

    /// A promise whose rejection is not unhandled: the event tells it too.
    fn wait_for(&self, handle: Option<Handle>) -> Promise {
        let (promise, settle) = Settle::promise();
        self.waiters.borrow_mut().push((handle, settle));
        let handled = promise.clone();
        spawn_local(async move {
            let _ = JsFuture::from(handled).await;
        });
        promise
    }

    fn settle(&self, is_due: impl Fn(Option<Handle>) -> bool, result: &Result<JsValue, JsValue>) {
        let waiters = std::mem::take(&mut *self.waiters.borrow_mut());
        let (due, mut others): (Vec<_>, Vec<_>) = waiters.into_iter().partition(|(handle, _)| is_due(*handle));
        // Settling calls nobody: handlers of promises run later.
        self.waiters.borrow_mut().append(&mut others);
        for (_, settle) in due {
            settle.settle(result.clone());
        }
    }

    /// Carries out what the list wants, one thing after the other, also when a listener causes more.
    fn pump(self: &Rc<Self>) {
        self.collect();
        if self.is_pumping.replace(true) {
            return;
        }
        loop {
            let next = self.outputs.borrow_mut().pop_front();
            let Some(output) = next else { break };
            self.carry_out(output);
            self.collect();
        }
        self.is_pumping.set(false);
        if self.list.borrow().pending() == 0 {
            self.settle(|handle| handle.is_none(), &Ok(JsValue::UNDEFINED));
        }
        let wake_at = self.list.borrow().wake_at();
        *self.timer.borrow_mut() = wake_at.map(|at| {
            let weak = Rc::downgrade(self);
            // Rounded up, so as not to wake for nothing.
            let pause = at.saturating_sub(now()).as_micros().div_ceil(1_000);
            Timeout::new(pause as u32, move || {
                let Some(shared) = weak.upgrade() else { return };
                shared.list.borrow_mut().tick(now());
                shared.pump();
            })
        });
    }

    fn collect(&self) {
        let outputs = self.list.borrow_mut().take_outputs();
        self.outputs.borrow_mut().extend(outputs);
    }

    fn carry_out(self: &Rc<Self>, output: Output) {
        match output {
            Output::Call { exchange, method, arguments } => self.send(exchange, method, &arguments),
            Output::Changed { ids, renamed } => {
                let renamed: serde_json::Map<_, _> = renamed.into_iter().map(|(old, new)| (old, new.into())).collect();
                self.tell(&json!({ "type": "change", "ids": ids, "renamed": renamed }), None);
            }
            Output::Suggested { id, suggestion } => {
                self.tell(&json!({ "type": "suggestion", "id": id, "suggestion": suggestion }), None);
            }
            Output::Saved { handle, item } => self.settle(|waiting| waiting == Some(handle), &Ok(to_js(&item))),
            Output::Failed { handle, item, error, is_kept } => {
                let error = JsValue::from(error);
                if handle.is_some() {
                    self.settle(|waiting| waiting.is_none() || waiting == handle, &Err(error.clone()));
                }
                let mut event = json!({ "type": "error", "fact": item, "isKept": is_kept });
                if handle.is_some() {
                    event["id"] = event["fact"]["id"].clone();
                }
                self.tell(&event, Some(&error));
            }
        }
    }

    fn tell(&self, event: &Value, error: Option<&JsValue>) {
        let event = to_js(event);
        if let Some(error) = error {
            set(event.unchecked_ref::<Object>(), "error", error);
        }
        let changed = self.changed.borrow().clone();
        if let Some(Err(exception)) = changed.map(|changed| changed.call1(&JsValue::UNDEFINED, &event)) {
            report_error(&exception);
        }
    }

    /// Calls a REST method. Who asked may be gone when the answer comes: it is taken in all the same.
    fn send(self: &Rc<Self>, exchange: u64, method: &str, arguments: &[Value]) {
        let given = Array::of1(&self.interaction.as_str().into());
        for argument in arguments {
            given.push(&to_js(argument));
        }
        let promise = self.call.call2(&JsValue::UNDEFINED, &method.into(), &given);
        let shared = self.clone();
        spawn_local(async move {
            let answer = match promise {
                Ok(promise) => JsFuture::from(Promise::resolve(&promise)).await,
                Err(exception) => Err(exception),
            };
            let result = match answer {
                Ok(answer) => to_value("the answer", &answer),
                Err(exception) => Err(failure(&exception)),
            };
            shared.list.borrow_mut().answered(exchange, result, now());
            shared.pump();
        });
    }
}

/// Why a call failed, with what the service answered.
fn failure(exception: &JsValue) -> Error {
    let body = to_value("the body", &get(exception, "body")).ok().filter(|body| !body.is_null());
    let body = body.and_then(|body| Raw::read(body.to_string()));
    let mut error = from_error(exception);
    error.body = body;
    error
}
