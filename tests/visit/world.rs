//! A list of facts, a service, and the network between them.
//!
//! After every step: what the clinician decided is what is shown, unless its refusal was told; and whenever nothing is under
//! way, the list is what the service holds.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use ossicle::visit::facts::{FactList, Output};
use ossicle::{Code, Error};
use serde_json::Value;

use crate::service::{Fields, Service, fields};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Answered,
    /// With this status, and nothing done.
    Refused(u16),
    /// It did not arrive.
    Lost,
    /// It was carried out, and the answer did not arrive.
    Unheard,
}

/// What becomes of a call of a method, and how long it takes there and back.
type Network = Box<dyn FnMut(&str) -> (Fate, Duration, Duration)>;

/// Something on its way to the list.
enum Coming {
    /// A call that the service has yet to carry out, and how long its answer takes.
    Call {
        exchange: u64,
        method: &'static str,
        arguments: Vec<Value>,
        fate: Fate,
        answer_after: Duration,
    },
    Answer(u64, Result<Value, Error>),
    Heard(Vec<Value>),
    /// A list that the app asks for, and how long its answer takes.
    List(Duration),
    Listed(Vec<Value>),
}

/// The simulation.
pub(crate) struct World {
    pub(crate) now: Duration,
    pub(crate) list: FactList,
    pub(crate) service: Service,
    pub(crate) network: Network,
    coming: BTreeMap<(Duration, u64), Coming>,
    sequence: u64,
    /// What the clinician decided, by id.
    pub(crate) decided: BTreeMap<String, Fields>,
    /// Facts under way, by id, and what was sent of each last.
    changing: HashSet<String>,
    sent: BTreeMap<String, Fields>,
    exchanges: BTreeMap<u64, Vec<String>>,
    /// Every call: its method and arguments.
    pub(crate) calls: Vec<(&'static str, Vec<Value>)>,
    pub(crate) failures: Vec<(Value, Error, bool)>,
    pub(crate) suggested: Vec<(String, Value)>,
    pub(crate) changed: Vec<String>,
    pub(crate) saved: usize,
    /// Whether somebody else has changed facts, which the list cannot know before it sees a list.
    pub(crate) is_shared: bool,
}

impl World {
    /// A world whose network is quick and never fails.
    pub(crate) fn new() -> Self {
        Self {
            now: Duration::ZERO,
            list: FactList::new(),
            service: Service { signs_batches: true, stamps_new: true, ..Service::default() },
            network: Box::new(|_| (Fate::Answered, ms(10), ms(10))),
            coming: BTreeMap::new(),
            sequence: 0,
            decided: BTreeMap::new(),
            changing: HashSet::new(),
            sent: BTreeMap::new(),
            exchanges: BTreeMap::new(),
            calls: Vec::new(),
            failures: Vec::new(),
            suggested: Vec::new(),
            changed: Vec::new(),
            saved: 0,
            is_shared: false,
        }
    }

    fn send(&mut self, after: Duration, coming: Coming) {
        self.sequence += 1;
        self.coming.insert((self.now + after, self.sequence), coming);
    }

    /// The socket brings these.
    pub(crate) fn hear(&mut self, after: Duration, items: Vec<Value>) {
        self.send(after, Coming::Heard(items));
    }

    /// The app asks for a list.
    pub(crate) fn reload(&mut self, asked: Duration, answered: Duration) {
        self.send(asked, Coming::List(answered));
    }

    /// The clinician does something. Whatever it changes on the list is what the clinician decided.
    pub(crate) fn act<T>(&mut self, act: impl FnOnce(&mut FactList, Duration) -> T) -> T {
        let before = self.list.items();
        let result = act(&mut self.list, self.now);
        for item in self.list.items() {
            let old = before.iter().find(|old| old["id"] == item["id"]);
            for key in ["text", "group", "isDiscarded"] {
                if old.is_none_or(|old| old[key] != item[key]) {
                    let decided = self.decided.entry(id(&item)).or_default();
                    decided.insert(key.to_owned(), item[key].clone());
                }
            }
        }
        self.carry_out();
        result
    }

    /// Lets time pass.
    pub(crate) fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let coming = self.coming.keys().next().map(|(at, _)| *at);
            let wake = self.list.wake_at();
            let Some(next) = coming.into_iter().chain(wake).min().filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            self.service.at(self.now.as_millis() as u64);
            match wake.filter(|at| *at <= self.now) {
                Some(_) => self.list.tick(self.now),
                None => self.arrive(),
            }
            self.carry_out();
        }
        self.now = end;
    }

    fn arrive(&mut self) {
        let Some((_, coming)) = self.coming.pop_first() else { return };
        match coming {
            Coming::Call { exchange, method, arguments, fate, answer_after } => {
                let result = match fate {
                    Fate::Answered | Fate::Unheard => self.service.call(method, &arguments),
                    Fate::Refused(status) => Err(crate::service::refused(status)),
                    Fate::Lost => Ok(Value::Null),
                };
                let is_lost = matches!(fate, Fate::Lost | Fate::Unheard);
                let result = if is_lost { Err(Error::new(Code::Network, "lost")) } else { result };
                self.send(answer_after, Coming::Answer(exchange, result));
            }
            Coming::Answer(exchange, result) => {
                for id in self.exchanges.remove(&exchange).unwrap_or_default() {
                    self.changing.remove(&id);
                }
                self.list.answered(exchange, result, self.now);
            }
            Coming::Heard(items) => self.list.heard(&items, self.now),
            Coming::List(answer_after) => {
                let items = self.service.facts.iter().cloned().map(Value::Object).collect();
                self.send(answer_after, Coming::Listed(items));
            }
            Coming::Listed(items) => self.list.listed(&items, self.now),
        }
    }

    fn carry_out(&mut self) {
        for output in self.list.take_outputs() {
            match output {
                Output::Call { exchange, method, arguments } => {
                    let sent = changes(method, &arguments);
                    for id in sent.keys() {
                        assert!(self.changing.insert(id.clone()), "two changes of {id} are under way");
                    }
                    self.exchanges.insert(exchange, sent.keys().cloned().collect());
                    self.sent.extend(sent);
                    self.calls.push((method, arguments.clone()));
                    let (fate, after, answer_after) = (self.network)(method);
                    self.send(after, Coming::Call { exchange, method, arguments, fate, answer_after });
                }
                Output::Changed { ids, renamed } => {
                    for (old, new) in renamed {
                        let decided = self.decided.remove(&old).unwrap_or_default();
                        match self.decided.get_mut(&new) {
                            None => _ = self.decided.insert(new, decided),
                            // It was on the list twice for a while: of two decisions one stands.
                            Some(other) => other.retain(|key, value| decided.get(key) == Some(value)),
                        }
                    }
                    self.changed.extend(ids);
                }
                Output::Suggested { id, suggestion } => self.suggested.push((id, suggestion)),
                Output::Saved { .. } => self.saved += 1,
                Output::Failed { item, error, is_kept, .. } => {
                    let decided = self.decided.get(&id(&item)).into_iter().flatten();
                    let is_told = decided.into_iter().all(|(key, value)| item[key] == *value);
                    assert!(is_told || self.is_shared, "what is told of a failure is not what was decided");
                    if !is_kept {
                        self.rolled_back(&id(&item));
                    }
                    self.failures.push((item, error, is_kept));
                }
            }
        }
        self.check();
    }

    /// A refusal was told: what was sent is no longer what the clinician can expect, what was decided since is.
    fn rolled_back(&mut self, id: &str) {
        let sent = self.sent.remove(id);
        match (self.decided.get_mut(id), sent) {
            (Some(decided), Some(sent)) => decided.retain(|key, value| sent.get(key) != Some(value)),
            _ => _ = self.decided.remove(id),
        }
    }

    fn check(&self) {
        if self.is_shared {
            return;
        }
        for (id, decided) in &self.decided {
            let item = self.list.item(id).expect("what the clinician touched is on the list");
            for (key, value) in decided {
                assert_eq!(item[key], *value, "{key} of {id} is not what the clinician decided");
            }
        }
        if self.coming.is_empty() && self.list.pending() == 0 {
            self.compare();
        }
    }

    /// The list is what the service holds.
    pub(crate) fn compare(&self) {
        let mut shown: Vec<Fields> = self.list.items().iter().map(fields).collect();
        for item in &mut shown {
            assert_eq!(item.remove("isPending"), Some(false.into()));
            item.remove("suggestion");
        }
        shown.sort_by_key(|item| item["id"].as_str().map(str::to_owned));
        assert_eq!(shown, self.service.facts);
    }

    /// Until everything has arrived and been answered.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1_000 {
            if self.coming.is_empty() && self.list.wake_at().is_none() {
                return;
            }
            self.run_for(Duration::from_secs(1));
        }
        panic!("the list does not come to rest: {} pending", self.list.pending());
    }
}

/// The facts that a call changes, and how.
fn changes(method: &str, arguments: &[Value]) -> BTreeMap<String, Fields> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match method {
        "facts.update" => BTreeMap::from([(text(&arguments[0]), fields(&arguments[1]))]),
        "facts.batchUpdate" => {
            let changes = arguments[0]["facts"].as_array().unwrap().iter();
            changes.map(|change| (text(&change["factId"]), fields(change))).collect()
        }
        _ => BTreeMap::new(),
    }
}

pub(crate) fn id(item: &Value) -> String {
    item["id"].as_str().unwrap().to_owned()
}

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
