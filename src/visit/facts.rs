//! The list of a visit's facts: fed by the socket, by REST and by the clinician, who edits it while facts keep arriving.
//!
//! Inputs and the time go in, outputs come out: calls of the REST API to carry out, and what to tell the app. Here are the
//! inputs and views; `fact` is one fact and its rules, `exchange` who is asked what and when, `history` what can be
//! undone. The rules:
//!
//! - **An edit is shown at once**, and sent within [`WINDOW`]: several in that time as one batch, a later edit of a fact
//!   under way after its answer. An addition is sent at once; it has a temporary id until it is answered.
//! - **Refused, it is rolled back** to what the service accepted last, but for what was decided since. An addition that is
//!   refused is taken out. A batch that is refused is sent again fact by fact, so that one does not take others with it.
//! - **What may heal stays**: where the network, a time limit, a limit of the service, a failure of it or a token came
//!   between, the edit stays on the list as pending and is sent again, after [`FIRST_PAUSE`], twice as long each time up
//!   to [`LONGEST_PAUSE`], or when the app says so. Of an addition that may have arrived, the service's list is asked first.
//!   Every failure comes with the fact as the clinician had left it: no text vanishes in silence.
//! - **A later update from the socket never overwrites an edit.** Where it differs it is a suggestion, to be accepted or
//!   dismissed, and the edit is sent again, since the service may hold the update now. A fact nobody has edited takes its
//!   updates; one that was discarded stays so. Older states (by `updatedAt`) and repetitions change nothing.
//! - An edit of text or group, and an addition, has the source `user`; to discard or restore leaves the source alone.
//! - **The groups are the service's**, asked for at run time: they give the order, their names, and what an edit may say. Until they
//!   are there the groups are in the order of their keys, and the service judges.
//! - The service may take a fact back (`isDiscarded: true` on the socket): one that nobody has edited is discarded then.

mod exchange;
mod fact;
mod history;
mod stamp;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::groups::Groups;
use crate::error::Error;
use exchange::Exchange;
use fact::{Addition, Fact, Fields};
use history::{History, Step};

/// How long an edit waits for others, to go with them as one batch.
pub const WINDOW: Duration = Duration::from_millis(200);

/// From a failure that may heal to the next try; twice as long each time.
pub const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest of these pauses.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Facts on the list. The service names no bound of its own; a visit has some tens.
pub const MAX_FACTS: usize = 2_000;

/// Steps that can be undone.
pub const MAX_STEPS: usize = 100;

/// What a fact is known by for good, whatever its id.
pub type Handle = u64;

/// What to do, and what happened. No `Debug`: there is clinical text in it.
pub enum Output {
    /// Call a REST method, such as `facts.update`, with the interaction's id and then these arguments (`facts.factGroupsList` takes
    /// none); [`FactList::answered`] wants to know how it ended.
    Call {
        /// For the answer.
        exchange: u64,
        /// The method's name.
        method: &'static str,
        /// What comes after the interaction's id.
        arguments: Vec<Value>,
    },
    /// These facts are other than they were, or new, or (where there is none of that id) gone; of none, the groups came.
    Changed {
        /// The ids they have now.
        ids: Vec<String>,
        /// Temporary ids and what they became.
        renamed: Vec<(String, String)>,
    },
    /// The service says otherwise of a fact that the clinician has edited.
    Suggested {
        /// The fact's id.
        id: String,
        /// Its `text` and `group`.
        suggestion: Value,
    },
    /// The service has all of a fact that was pending.
    Saved {
        /// Whose.
        handle: Handle,
        /// As it is shown.
        item: Value,
    },
    /// A change did not get through.
    Failed {
        /// Whose; of none if the list is full.
        handle: Option<Handle>,
        /// As the clinician had left it, with its id.
        item: Value,
        /// Why.
        error: Error,
        /// Whether it is shown still and will be sent again; else it was rolled back.
        is_kept: bool,
    },
}

/// The list. One for each visit.
#[derive(Default)]
pub struct FactList {
    facts: Vec<Fact>,
    groups: Groups,
    /// In which groups are named, as a BCP 47 tag.
    language: Option<String>,
    /// When the groups are asked for again.
    groups_at: Option<Duration>,
    /// Times that the groups were asked for in vain.
    groups_failed: u32,
    history: History,
    exchanges: BTreeMap<u64, Exchange>,
    /// Items of the service that may be additions under way: their answers will tell.
    deferred: Vec<Fields>,
    /// Handles and exchanges have their numbers from here.
    last: u64,
    /// When the edits that wait for each other are sent.
    window: Option<Duration>,
    /// When what has failed is sent again.
    retry_at: Option<Duration>,
    /// Tries in a row that failed.
    failures: u32,
    changed: Vec<u64>,
    renamed: Vec<(String, String)>,
    gone: Vec<String>,
    outputs: Vec<Output>,
    is_full: bool,
    /// Whether the groups came since the last outputs: that is news of no fact too.
    is_regrouped: bool,
}

impl FactList {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty list whose groups are named in this language, as a BCP 47 tag.
    #[must_use]
    pub fn in_language(language: Option<String>) -> Self {
        Self { language, ..Self::default() }
    }

    /// What the service answered to `facts.factGroupsList`. An answer without groups changes nothing.
    pub fn grouped(&mut self, answer: &Value) {
        let Some(groups) = Groups::read(answer) else { return };
        self.groups = groups;
        (self.groups_at, self.is_regrouped) = (None, true);
        self.changed.extend(self.facts.iter().map(|fact| fact.handle));
    }

    /// The groups there are.
    #[must_use]
    pub const fn groups(&self) -> &Groups {
        &self.groups
    }

    /// In which language they are named.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        self.language.as_deref()
    }

    /// The socket's facts, in their order. What is no fact is left out.
    pub fn heard(&mut self, items: &[Value], now: Duration) {
        for item in items.iter().filter_map(Value::as_object) {
            self.take_in(item, Fact::hear);
        }
        self.go_on(now);
    }

    /// The facts of a REST list, in their order. One that it lacks stays: the list may be older than the fact.
    pub fn listed(&mut self, items: &[Value], now: Duration) {
        for item in items.iter().filter_map(Value::as_object) {
            self.take_in(item, Fact::list);
        }
        self.go_on(now);
    }

    /// Adds a fact: an object with `text` and `group`; other keys are sent too. Shown at once.
    ///
    /// # Errors
    /// `invalid_request` if text or group is missing, there is no such group, or the list is full.
    pub fn add(&mut self, given: &Value, now: Duration) -> Result<Handle, Error> {
        for key in ["text", "group"] {
            said(given, key)?.ok_or_else(|| Error::invalid(format!("the fact's {key} is missing")))?;
        }
        self.check_group(given)?;
        if self.facts.len() >= MAX_FACTS {
            return Err(full());
        }
        let mut fields = given.as_object().cloned().unwrap_or_default();
        // An item of the list may be given as it is.
        for key in ["id", "isPending", "suggestion"] {
            fields.remove(key);
        }
        fields.entry("source").or_insert(json!("user"));
        fields.insert("isDiscarded".to_owned(), Value::Bool(false));
        let handle = self.number();
        self.facts.push(Fact::added(handle, format!("new-{handle}"), fields));
        self.history.push(Step { handle, before: discarded(true), after: discarded(false) });
        self.changed.push(handle);
        self.go_on(now);
        Ok(handle)
    }

    /// Changes `text`, `group` or both, which is all that is looked at.
    ///
    /// # Errors
    /// `not_found` if no fact has that id; `invalid_request` if neither is given, one is empty, or there is no such group.
    pub fn edit(&mut self, id: &str, given: &Value, now: Duration) -> Result<Handle, Error> {
        let mut changes = Map::new();
        for key in ["text", "group"] {
            changes.extend(said(given, key)?.map(|value| (key.to_owned(), Value::from(value))));
        }
        if changes.is_empty() {
            return Err(Error::invalid("an edit must have a text or a group"));
        }
        self.check_group(given)?;
        self.change(id, changes, now)
    }

    /// Discards a fact.
    ///
    /// # Errors
    /// `not_found` if no fact has that id.
    pub fn discard(&mut self, id: &str, now: Duration) -> Result<Handle, Error> {
        self.change(id, discarded(true), now)
    }

    /// Takes a discarded fact back.
    ///
    /// # Errors
    /// As [`Self::discard`].
    pub fn restore(&mut self, id: &str, now: Duration) -> Result<Handle, Error> {
        self.change(id, discarded(false), now)
    }

    /// Takes the suggestion for a fact, as an edit; without one nothing happens.
    ///
    /// # Errors
    /// As [`Self::discard`].
    pub fn accept(&mut self, id: &str, now: Duration) -> Result<Handle, Error> {
        let suggestion = self.called(id)?.suggestion.clone();
        self.change(id, suggestion.unwrap_or_default(), now)
    }

    /// Drops the suggestion for a fact. The same one is not made again.
    ///
    /// # Errors
    /// As [`Self::discard`].
    pub fn dismiss(&mut self, id: &str, now: Duration) -> Result<(), Error> {
        let fact = self.called(id)?;
        let handle = fact.handle;
        if fact.dismiss() {
            self.changed.push(handle);
        }
        self.go_on(now);
        Ok(())
    }

    /// Takes back the last edit, addition, discarding or restoring of the clinician that still shows, by one that is sent
    /// like any other; an addition is discarded, since facts cannot be deleted. `false` if there is none.
    pub fn undo(&mut self, now: Duration) -> bool {
        while let Some(step) = self.history.pop() {
            let Some(fact) = self.facts.iter_mut().find(|fact| fact.handle == step.handle) else { continue };
            if fact.shows(&step.after) && fact.want(&step.before) {
                self.changed.push(step.handle);
                self.go_on(now);
                return true;
            }
        }
        false
    }

    /// Sends at once what is pending, also what waits for others or for its next try.
    pub fn flush(&mut self, now: Duration) {
        self.retry_at = Some(now);
        self.window = Some(now);
        self.tick(now);
    }

    /// When [`Self::tick`] has something to do.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        [self.window, self.retry_at, self.groups_at].into_iter().flatten().min()
    }

    /// What happened and what is to do since the last time.
    #[must_use]
    pub fn take_outputs(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        let ids = self.facts.iter().filter(|fact| changed.binary_search(&fact.handle).is_ok());
        let mut ids: Vec<String> = ids.map(|fact| fact.id().to_owned()).collect();
        ids.append(&mut self.gone);
        if std::mem::take(&mut self.is_regrouped) || !ids.is_empty() {
            outputs.push(Output::Changed { ids, renamed: std::mem::take(&mut self.renamed) });
        }
        outputs.append(&mut self.outputs);
        outputs
    }

    /// The facts as they are shown, by group in the service's order (those it does not list last, by their keys), then by the time
    /// of their making; what the service has not answered comes last in its group.
    #[must_use]
    pub fn items(&self) -> Vec<Value> {
        let mut sorted: Vec<&Fact> = self.facts.iter().collect();
        sorted.sort_by_cached_key(|fact| {
            let group = fact.shown("group").as_str().unwrap_or_default();
            let place = self.groups.place(group);
            let name = if place.is_some() { String::new() } else { group.to_owned() };
            let created = fact.created();
            (place.is_none(), place, name, created.is_none(), created)
        });
        sorted.into_iter().map(Fact::item).collect()
    }

    /// The groups that have facts, with what is shown in each: `{ group, name, facts }`.
    #[must_use]
    pub fn by_group(&self) -> Vec<Value> {
        let (items, language) = (self.items(), self.language());
        let groups = items.chunk_by(|one, next| one["group"] == next["group"]);
        let named = |facts: &[Value]| {
            let key = facts.first().and_then(|fact| fact["group"].as_str()).unwrap_or_default();
            json!({ "group": key, "name": self.groups.name(key, language), "facts": facts })
        };
        groups.map(named).collect()
    }

    /// One fact as it is shown, by its id, also by the temporary one it had.
    #[must_use]
    pub fn item(&self, id: &str) -> Option<Value> {
        self.facts.iter().find(|fact| fact.is_called(id)).map(Fact::item)
    }

    /// One fact as it is shown, and whether something of it is pending.
    #[must_use]
    pub fn item_of(&self, handle: Handle) -> Option<(Value, bool)> {
        self.facts.iter().find(|fact| fact.handle == handle).map(|fact| (fact.item(), fact.is_pending()))
    }

    /// How many facts have something that the service may not have.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.facts.iter().filter(|fact| fact.is_pending()).count()
    }

    /// Whether [`Self::undo`] would do something.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        self.history.iter().any(|step| {
            let fact = self.facts.iter().find(|fact| fact.handle == step.handle);
            fact.is_some_and(|fact| fact.shows(&step.after))
        })
    }

    fn change(&mut self, id: &str, changes: Fields, now: Duration) -> Result<Handle, Error> {
        let fact = self.called(id)?;
        let (handle, before) = (fact.handle, fact.before(&changes));
        if fact.want(&changes) {
            let after = changes.into_iter().filter(|(key, _)| before.contains_key(key)).collect();
            self.history.push(Step { handle, before, after });
            self.changed.push(handle);
        }
        self.go_on(now);
        Ok(handle)
    }

    fn check_group(&self, given: &Value) -> Result<(), Error> {
        given["group"].as_str().map_or(Ok(()), |group| self.groups.check("the fact's group", group))
    }

    fn called(&mut self, id: &str) -> Result<&mut Fact, Error> {
        let found = self.facts.iter_mut().find(|fact| fact.is_called(id));
        found.ok_or_else(|| Error::new(crate::Code::NotFound, "there is no fact of that id on the list"))
    }

    /// Takes in an item of the service: a fact that is known, an addition, or a new one.
    fn take_in(&mut self, item: &Fields, take: fn(&mut Fact, &Fields) -> bool) {
        let Some(id) = item.get("id").and_then(Value::as_str) else { return };
        if let Some(fact) = self.facts.iter_mut().find(|fact| fact.id() == id) {
            let old = fact.item();
            let (handle, is_suggested, is_changed) = (fact.handle, take(fact, item), old != fact.item());
            if is_suggested {
                self.suggest(handle);
            }
            if is_changed {
                self.changed.push(handle);
            }
            return;
        }
        let alike = self.facts.iter().find(|fact| fact.addition.is_some() && fact.may_be(item));
        match alike.map(|fact| (fact.handle, fact.addition)) {
            Some((_, Some(Addition::Sent))) => {
                self.deferred.retain(|deferred| deferred.get("id") != item.get("id"));
                self.deferred.push(item.clone());
            }
            Some((handle, _)) => self.adopt(handle, item.clone()),
            None if self.facts.len() >= MAX_FACTS => {
                if !std::mem::replace(&mut self.is_full, true) {
                    let item = Value::Object(item.clone());
                    self.outputs.push(Output::Failed { handle: None, item, error: full(), is_kept: false });
                }
            }
            None => {
                let handle = self.number();
                self.facts.push(Fact::known(handle, item.clone()));
                self.changed.push(handle);
            }
        }
    }

    fn suggest(&mut self, handle: Handle) {
        let Some(fact) = self.facts.iter().find(|fact| fact.handle == handle) else { return };
        let suggestion = fact.suggestion.clone().map_or(Value::Null, Value::Object);
        self.outputs.push(Output::Suggested { id: fact.id().to_owned(), suggestion });
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

fn full() -> Error {
    Error::invalid(format!("the list holds at most {MAX_FACTS} facts"))
}

fn discarded(is_discarded: bool) -> Fields {
    Map::from_iter([("isDiscarded".to_owned(), Value::Bool(is_discarded))])
}

/// A text of what the clinician gave; one without a word is refused by the service too.
fn said<'a>(given: &'a Value, key: &str) -> Result<Option<&'a str>, Error> {
    match &given[key] {
        Value::Null => Ok(None),
        Value::String(text) if !text.trim().is_empty() => Ok(Some(text)),
        _ => Err(Error::invalid(format!("the fact's {key} must be a text that is not empty"))),
    }
}
