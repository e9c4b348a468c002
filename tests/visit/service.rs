//! The service's side of facts, without a network: the REST methods by their names, and the extraction.

use std::sync::LazyLock;

use ossicle::rest::calls;
use ossicle::{Code, Error};
use serde_json::{Map, Value, json};

pub(crate) type Fields = Map<String, Value>;

pub(crate) const INTERACTION: &str = "00000000-0000-4000-8000-000000000000";

/// What the service holds, and the ways in which services may differ.
#[derive(Default)]
pub(crate) struct Service {
    pub(crate) facts: Vec<Fields>,
    /// Milliseconds; no two states of it have the same.
    pub(crate) clock: u64,
    /// Whether a batch takes a `source`, which is not documented.
    pub(crate) signs_batches: bool,
    /// Whether the extraction updates facts that a person has changed, which the sandbox does not.
    pub(crate) overwrites: bool,
    /// Whether a fact that was never updated has an `updatedAt`.
    pub(crate) stamps_new: bool,
    /// Whether the answer to a new fact is without its `createdAt`, as the live service's is.
    pub(crate) hides_creation: bool,
}

impl Service {
    /// No call is earlier than the time.
    pub(crate) fn at(&mut self, milliseconds: u64) {
        self.clock = self.clock.max(milliseconds);
    }

    fn stamp(&mut self) -> Value {
        self.clock += 1;
        let (seconds, ms) = (self.clock / 1_000, self.clock % 1_000);
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        json!(format!("2026-01-{:02}T{:02}:{minutes:02}:{:02}.{ms:03}Z", 1 + hours / 24, hours % 24, seconds % 60))
    }

    fn make(&mut self, given: &Fields, source: &str) -> Fields {
        let mut fact = given.clone();
        let id = format!("00000000-0000-4000-8000-{:012x}", self.facts.len() + 1);
        fact.insert("id".to_owned(), id.into());
        fact.insert("isDiscarded".to_owned(), false.into());
        fact.entry("source").or_insert(source.into());
        fact.insert("groupId".to_owned(), group_id(&fact["group"]));
        let created = self.stamp();
        if self.stamps_new {
            fact.insert("updatedAt".to_owned(), created.clone());
        }
        fact.insert("createdAt".to_owned(), created);
        self.facts.push(fact.clone());
        fact
    }

    /// A fact that was heard in the conversation.
    pub(crate) fn find(&mut self, text: &str, group: &str) -> Value {
        let given = json!({ "text": text, "group": group, "shade": text.len() });
        self.make(given.as_object().unwrap(), "core").into()
    }

    /// The service takes a fact back.
    pub(crate) fn take_back(&mut self, index: usize) -> Value {
        let stamp = self.stamp();
        let fact = &mut self.facts[index];
        fact.insert("isDiscarded".to_owned(), true.into());
        fact.insert("source".to_owned(), "core".into());
        fact.insert("updatedAt".to_owned(), stamp);
        fact.clone().into()
    }

    /// New words for a fact that was heard; nothing where the service leaves it as it is.
    pub(crate) fn reword(&mut self, index: usize, text: &str) -> Option<Value> {
        let fact = self.facts.get(index)?;
        if fact["text"] == text || (fact["source"] == "user" && !self.overwrites) {
            return None;
        }
        let stamp = self.stamp();
        let fact = &mut self.facts[index];
        fact.insert("text".to_owned(), text.into());
        fact.insert("source".to_owned(), "core".into());
        fact.insert("updatedAt".to_owned(), stamp);
        Some(fact.clone().into())
    }

    /// Carries a method out; what the SDK's own check would refuse is a mistake of the list.
    pub(crate) fn call(&mut self, method: &str, arguments: &[Value]) -> Result<Value, Error> {
        let mut all = vec![Value::from(INTERACTION)];
        all.extend(arguments.iter().cloned());
        calls::call(method, &mut all).expect("a request that is sent is a right one");
        match method {
            "facts.factGroupsList" => Ok(groups()),
            "facts.list" => Ok(json!({ "facts": self.facts })),
            "facts.create" => {
                let given: Vec<Fields> = arguments[0]["facts"].as_array().unwrap().iter().map(fields).collect();
                if given.iter().any(|fact| group_id(&fact["group"]).is_null()) {
                    return Err(refused(404));
                }
                let mut made: Vec<Fields> = given.iter().map(|fact| self.make(fact, "user")).collect();
                if self.hides_creation {
                    made.iter_mut().for_each(|fact| _ = fact.remove("createdAt"));
                }
                Ok(json!({ "facts": made }))
            }
            "facts.update" => {
                let change = fields(&arguments[1]);
                self.check(&arguments[0], &change)?;
                Ok(self.change(&arguments[0], &change).into())
            }
            "facts.batchUpdate" => {
                let changes: Vec<Fields> = arguments[0]["facts"].as_array().unwrap().iter().map(fields).collect();
                // All of them or none.
                changes.iter().try_for_each(|change| self.check(&change["factId"], change))?;
                let changed = changes.into_iter().map(|mut change| {
                    let id = change.remove("factId").unwrap();
                    if !self.signs_batches {
                        change.remove("source");
                    }
                    self.change(&id, &change)
                });
                Ok(json!({ "facts": changed.collect::<Vec<_>>() }))
            }
            other => panic!("{other} is no method of facts"),
        }
    }

    fn check(&self, id: &Value, change: &Fields) -> Result<(), Error> {
        if !self.facts.iter().any(|fact| fact["id"] == *id) {
            return Err(refused(404));
        }
        match change.get("group") {
            Some(group) if group_id(group).is_null() => Err(refused(404)),
            _ => Ok(()),
        }
    }

    fn change(&mut self, id: &Value, change: &Fields) -> Fields {
        let stamp = self.stamp();
        let fact = self.facts.iter_mut().find(|fact| fact["id"] == *id).unwrap();
        fact.extend(change.clone());
        fact.insert("updatedAt".to_owned(), stamp);
        fact.insert("groupId".to_owned(), group_id(&fact["group"]));
        fact.clone()
    }
}

pub(crate) fn refused(status: u16) -> Error {
    Error::new(Code::of_status(status), "refused").with_status(status)
}

pub(crate) fn fields(value: &Value) -> Fields {
    value.as_object().unwrap().clone()
}

static GROUPS: LazyLock<Value> = LazyLock::new(|| {
    let file: Value = serde_json::from_str(include_str!("../wire/live/factgroups.json")).unwrap();
    file["calls"][0]["body"].clone()
});

/// What the service answers when it is asked for the groups.
pub(crate) fn groups() -> Value {
    GROUPS.clone()
}

/// The id of a group, which is no key: the same for two of them.
fn group_id(group: &Value) -> Value {
    let index = GROUPS["data"].as_array().unwrap().iter().position(|known| known["key"] == *group);
    index.map_or(Value::Null, |index| format!("0f4c7000-0000-4000-8000-{:012}", index / 2).into())
}
