//! Who is asked what, and when: additions and edits go out, answers and failures come in.
//!
//! A fact has at most one change under way. What a fact makes of an answer is its own file's business.

use std::time::Duration;

use serde_json::{Value, json};

use super::fact::{Addition, Fact, Fields};
use super::{FIRST_PAUSE, FactList, Handle, LONGEST_PAUSE, Output, WINDOW};
use crate::error::{Code, Error};

/// A call under way, and whom it is about.
pub(super) enum Exchange {
    Create(Handle),
    Change(Vec<Handle>),
    /// The service's list, to see what it has of these.
    Look(Vec<Handle>),
    /// The groups that facts belong to.
    Groups,
}

impl FactList {
    /// Asks for the groups, unless they are there. Nothing waits for them: a failure that may heal is tried again, and of any other
    /// the list is in the order of the groups' keys.
    pub fn ask_groups(&mut self) {
        self.groups_at = None;
        if self.groups.is_empty() && !self.exchanges.values().any(|exchange| matches!(exchange, Exchange::Groups)) {
            self.call("facts.factGroupsList", Vec::new(), Exchange::Groups);
        }
    }

    /// How a call ended. Unknown exchanges are ignored.
    pub fn answered(&mut self, exchange: u64, result: Result<Value, Error>, now: Duration) {
        let Some(exchange) = self.exchanges.remove(&exchange) else { return };
        if result.is_ok() {
            self.failures = 0;
        }
        match (exchange, result) {
            (Exchange::Groups, Ok(answer)) => self.grouped(&answer),
            (Exchange::Groups, Err(error)) => {
                self.groups_at = may_heal(&error).then(|| now + pause(self.groups_failed));
                self.groups_failed = self.groups_failed.saturating_add(1);
            }
            (Exchange::Create(handle), result) => {
                self.created(handle, result, now);
                // Whatever was put off for its answer is what it is now.
                for item in std::mem::take(&mut self.deferred) {
                    self.take_in(&item, Fact::list);
                }
            }
            (Exchange::Change(handles), Ok(answer)) => {
                let items = answer["facts"].as_array().map_or(std::slice::from_ref(&answer), Vec::as_slice);
                for handle in handles {
                    let Some(fact) = self.fact(handle) else { continue };
                    let item = items.iter().find(|item| item["id"] == fact.id()).and_then(Value::as_object);
                    let is_suggested = fact.accepted(item);
                    self.changed.push(handle);
                    if is_suggested {
                        self.suggest(handle);
                    }
                }
            }
            (Exchange::Change(handles), Err(error)) => self.not_changed(&handles, &error, now),
            (Exchange::Look(handles), Ok(answer)) => {
                let items = answer["facts"].as_array().map(Vec::as_slice).unwrap_or_default();
                for item in items.iter().filter_map(Value::as_object) {
                    self.take_in(item, Fact::list);
                }
                self.looked(&handles);
            }
            (Exchange::Look(handles), Err(error)) => {
                let is_kept = may_heal(&error);
                for handle in &handles {
                    if let Some(fact) = self.fact(*handle).filter(|fact| fact.is_unknown()) {
                        fact.is_waiting = is_kept;
                        let item = fact.item();
                        self.fail(*handle, item, &error, is_kept, now);
                        if !is_kept {
                            self.give_up(*handle);
                        }
                    }
                }
            }
        }
        // A change that waited for this answer has waited long enough.
        if self.facts.iter().any(Fact::is_ready) {
            self.window.get_or_insert(now);
        }
        self.go_on(now);
    }

    /// Does what is due by the time.
    pub fn tick(&mut self, now: Duration) {
        if self.groups_at.take_if(|at| *at <= now).is_some() {
            self.ask_groups();
        }
        if self.retry_at.take_if(|at| *at <= now).is_some() {
            for fact in &mut self.facts {
                fact.is_waiting = false;
            }
            self.window = Some(now);
        }
        if self.window.take_if(|at| *at <= now).is_some() {
            self.send_changes();
        }
        self.go_on(now);
    }

    /// After every input: sends what is not to wait, plans what is, and tells what is settled.
    pub(super) fn go_on(&mut self, now: Duration) {
        self.send_additions();
        let lost =
            self.facts.iter().filter(|fact| fact.is_unknown() && !fact.is_waiting && !self.is_looking(fact.handle));
        let lost: Vec<Handle> = lost.map(|fact| fact.handle).collect();
        if !lost.is_empty() {
            self.call("facts.list", Vec::new(), Exchange::Look(lost));
        }
        if self.facts.iter().any(Fact::is_ready) {
            self.window.get_or_insert(now + WINDOW);
        }
        if !self.facts.iter().any(|fact| fact.is_waiting) {
            self.retry_at = None;
        }
        for fact in &mut self.facts {
            let is_pending = fact.is_pending();
            if std::mem::replace(&mut fact.was_pending, is_pending) && !is_pending {
                self.outputs.push(Output::Saved { handle: fact.handle, item: fact.item() });
                self.changed.push(fact.handle);
            }
        }
    }

    fn send_additions(&mut self) {
        let is_unsent = |fact: &Fact| fact.addition == Some(Addition::Unsent) && !fact.is_waiting;
        for index in 0..self.facts.len() {
            let is_alike = |other: &Fact| other.addition.is_some() && other.is_like(&self.facts[index]);
            if !is_unsent(&self.facts[index]) || self.facts.iter().any(is_alike) {
                continue;
            }
            let fact = &mut self.facts[index];
            let (handle, body) = (fact.handle, fact.send_addition());
            self.call("facts.create", vec![json!({ "facts": [body] })], Exchange::Create(handle));
        }
    }

    fn send_changes(&mut self) {
        let ready = self.facts.iter().filter(|fact| fact.is_ready());
        let (alone, mut together): (Vec<&Fact>, Vec<&Fact>) = ready.partition(|fact| fact.is_alone);
        let mut alone: Vec<Handle> = alone.into_iter().map(|fact| fact.handle).collect();
        if together.len() == 1 {
            alone.extend(together.pop().map(|fact| fact.handle));
        }
        let together: Vec<Handle> = together.into_iter().map(|fact| fact.handle).collect();
        for handle in alone {
            let Some((id, change)) = self.fact(handle).map(|fact| (fact.id().to_owned(), fact.send())) else {
                continue;
            };
            self.call("facts.update", vec![id.into(), change.into()], Exchange::Change(vec![handle]));
        }
        if together.is_empty() {
            return;
        }
        let mut changes = Vec::new();
        for handle in &together {
            let Some(fact) = self.fact(*handle) else { continue };
            // `source` is documented for a single update only. The answer tells whether it was taken here; if not,
            // the fact is signed by an update of its own.
            let mut change = fact.send();
            change.insert("factId".to_owned(), fact.id().into());
            changes.push(Value::Object(change));
        }
        self.call("facts.batchUpdate", vec![json!({ "facts": changes })], Exchange::Change(together));
    }

    fn created(&mut self, handle: Handle, result: Result<Value, Error>, now: Duration) {
        let made = |answer: &Value| {
            let item = answer["facts"][0].as_object().or(answer.as_object())?;
            item.get("id")?.as_str().map(|_| item.clone())
        };
        let result = result.and_then(|answer| {
            made(&answer).ok_or_else(|| {
                Error::new(Code::Protocol, "the service's answer to a new fact has no id").with_retryable(true)
            })
        });
        match result {
            Ok(item) => self.adopt(handle, item),
            Err(error) => {
                let is_kept = may_heal(&error);
                let Some(fact) = self.fact(handle) else { return };
                let item = fact.item();
                if is_kept {
                    fact.addition = Some(Addition::Unknown);
                    fact.is_waiting = true;
                    if matches!(error.status, Some(401 | 429 | 503)) {
                        fact.unsend();
                    }
                }
                self.fail(handle, item, &error, is_kept, now);
                if !is_kept {
                    self.give_up(handle);
                }
            }
        }
    }

    /// An addition is this item of the service.
    pub(super) fn adopt(&mut self, handle: Handle, item: Fields) {
        let Some(fact) = self.fact(handle) else { return };
        let local = fact.local.clone().unwrap_or_default();
        let id = item.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        fact.adopt(item);
        self.renamed.push((local, id.clone()));
        self.changed.push(handle);
        // A list had it already, with other words than were sent, or it would have been known for what it is: the two
        // are one.
        if let Some(index) = self.facts.iter().position(|fact| fact.handle != handle && fact.id() == id) {
            let twin = self.facts.remove(index);
            self.outputs.push(Output::Saved { handle: twin.handle, item: twin.item() });
            for exchange in self.exchanges.values_mut() {
                if let Exchange::Change(handles) | Exchange::Look(handles) = exchange {
                    handles.iter_mut().filter(|other| **other == twin.handle).for_each(|other| *other = handle);
                }
            }
            if self.fact(handle).is_some_and(|fact| fact.take_over(twin)) {
                self.suggest(handle);
            }
        }
    }

    fn not_changed(&mut self, handles: &[Handle], error: &Error, now: Duration) {
        let is_kept = may_heal(error);
        for handle in handles {
            let Some(fact) = self.fact(*handle) else { continue };
            let item = fact.item();
            if is_kept {
                fact.failed();
                self.forget_looks(*handle);
            } else if handles.len() > 1 {
                fact.separate();
                continue;
            } else {
                fact.refused();
            }
            self.changed.push(*handle);
            self.fail(*handle, item, error, is_kept, now);
        }
    }

    /// What a list says of these has been taken in.
    fn looked(&mut self, handles: &[Handle]) {
        for handle in handles {
            let Some(fact) = self.fact(*handle) else { continue };
            if fact.addition == Some(Addition::Unknown) {
                fact.unsend();
            } else if fact.flight.is_none() {
                fact.is_doubtful = false;
            }
        }
    }

    /// A list that was asked for before a change failed does not tell what became of it.
    fn forget_looks(&mut self, handle: Handle) {
        for exchange in self.exchanges.values_mut() {
            if let Exchange::Look(handles) = exchange {
                handles.retain(|other| *other != handle);
            }
        }
    }

    fn is_looking(&self, handle: Handle) -> bool {
        self.exchanges.values().any(|exchange| matches!(exchange, Exchange::Look(handles) if handles.contains(&handle)))
    }

    /// An addition is not to be had, or nobody can say what became of a change.
    fn give_up(&mut self, handle: Handle) {
        let Some(index) = self.facts.iter().position(|fact| fact.handle == handle) else { return };
        if self.facts[index].addition.is_some() {
            self.gone.push(self.facts.remove(index).id().to_owned());
        } else {
            self.facts[index].is_doubtful = false;
        }
    }

    fn fail(&mut self, handle: Handle, item: Value, error: &Error, is_kept: bool, now: Duration) {
        self.outputs.push(Output::Failed { handle: Some(handle), item, error: error.clone(), is_kept });
        if is_kept && self.retry_at.is_none() {
            self.retry_at = Some(now + pause(self.failures));
            self.failures = self.failures.saturating_add(1);
        }
    }

    fn call(&mut self, method: &'static str, arguments: Vec<Value>, exchange: Exchange) {
        let number = self.number();
        self.exchanges.insert(number, exchange);
        self.outputs.push(Output::Call { exchange: number, method, arguments });
    }

    fn fact(&mut self, handle: Handle) -> Option<&mut Fact> {
        self.facts.iter_mut().find(|fact| fact.handle == handle)
    }
}

/// From a failure that may heal to the next try, after so many before it.
fn pause(failures: u32) -> Duration {
    (FIRST_PAUSE * (1 << failures.min(8))).min(LONGEST_PAUSE)
}

/// Whether the same call may succeed later: then what the clinician wrote stays. Without a token too, for there may be
/// another one.
fn may_heal(error: &Error) -> bool {
    error.retryable || error.code == Code::Unauthorized
}
