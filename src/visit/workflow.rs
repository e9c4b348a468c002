//! A visit from its interaction to its completion, as a machine: [`Workflow::next`] tells the next step,
//! [`Workflow::done`] and [`Workflow::failed`] take what came of it. Nothing here sends or waits: `web/js/visits.js`
//! carries the steps out, and the clinician's edits are not of this file (`facts`).
//!
//! A step follows from what is missing, not from what was done before: what the service says of an interaction is all
//! that a visit needs to go on. So there is no difference between starting, starting again after a failure, and resuming
//! on another day.

use serde_json::{Value, json};

use super::groups::Groups;
use crate::address::is_uuid;
use crate::error::{Code, Error};
use crate::rest::calls;

/// The statuses of an encounter that is over: what was said of it is only read from there on.
const OVER: [&str; 3] = ["completed", "cancelled", "deleted"];
const IN_PROGRESS: &str = "in-progress";
const COMPLETED: &str = "completed";

/// How far a visit is to be brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The interaction is there, the known facts are told, the stream is open.
    Begun,
    /// Nothing is recorded any more, and all facts are here.
    Ended,
    /// As `Ended`; then every edit has been answered, and the encounter has the status `completed`.
    Completed,
}

impl Goal {
    /// The goal of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "begun" => Some(Self::Begun),
            "ended" => Some(Self::Ended),
            "completed" => Some(Self::Completed),
            _ => None,
        }
    }
}

/// Something to carry out.
#[derive(Clone, PartialEq)]
pub struct Step {
    /// A method of the REST API by its name, or one of the visit's own: `stream.connect` (let the stream connect, and wait
    /// until it is accepted; the argument is the interaction's id), `stream.end`, `facts.settled` (wait until every edit
    /// has been answered).
    pub method: &'static str,
    /// Its arguments. They hold clinical text.
    pub arguments: Vec<Value>,
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Step").field("method", &self.method).finish_non_exhaustive()
    }
}

/// What a visit's stream is to the workflow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    /// There is none, and none is wanted.
    None,
    /// It is wanted; until the steps before it are done it keeps what it captures.
    Held,
    Running,
    Over,
}

/// What is being carried out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Groups,
    Create,
    Get,
    List,
    Tell,
    SetStatus(&'static str),
    Connect,
    End,
    Settle,
}

/// A visit, as far as it has come.
pub struct Workflow {
    /// The body of the interaction, if it is not there yet.
    create: Value,
    /// What is known of the patient before the visit: `{text, group, source?}`.
    known: Vec<Value>,
    /// What the service answered when it was asked for the groups of facts.
    groups: Option<Value>,
    id: Option<String>,
    /// The interaction as the service has it; null until that is known.
    interaction: Value,
    /// The facts that the service had, once it was asked.
    facts: Option<Vec<Value>>,
    /// Whether the known facts have been told by this workflow.
    is_told: bool,
    stream: Stream,
    /// Whether all facts have been listed since the stream was over.
    is_listed: bool,
    is_settled: bool,
    /// Whether the stream could not be ended: the list is still asked for, but no more.
    gives_up: bool,
    is_closed: bool,
    act: Option<Act>,
}

impl Workflow {
    /// A new visit: `{encounter, patient?, assignedUserId?, knownFacts?}`. An encounter without a status is `planned`.
    ///
    /// # Errors
    /// `invalid_request` that names the path of what is missing or wrong, such as `knownFacts[1].group`.
    pub fn start(options: &Value) -> Result<Self, Error> {
        let mut create = json!({ "encounter": options["encounter"] });
        for key in ["patient", "assignedUserId"] {
            if !options[key].is_null() {
                create[key] = options[key].clone();
            }
        }
        if let Some(encounter) = create["encounter"].as_object_mut() {
            encounter.entry("status").or_insert_with(|| "planned".into());
        }
        calls::call("interactions.create", &mut [create.clone()])?;
        if create["encounter"]["status"].as_str().is_some_and(|status| OVER.contains(&status)) {
            return Err(Error::invalid("encounter.status must not be that of an encounter which is over"));
        }
        Ok(Self { create, ..Self::new(options, Stream::Held)? })
    }

    /// A visit of an interaction that is there: `{knownFacts?, configuration?}`. Without a configuration there is no stream.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn resume(interaction: &str, options: &Value) -> Result<Self, Error> {
        if !is_uuid(interaction) {
            return Err(Error::invalid("the interaction's id must be a UUID"));
        }
        let stream = if options["configuration"].is_null() { Stream::None } else { Stream::Held };
        Ok(Self { id: Some(interaction.to_owned()), ..Self::new(options, stream)? })
    }

    fn new(options: &Value, stream: Stream) -> Result<Self, Error> {
        Ok(Self {
            create: Value::Null,
            known: known_facts(&options["knownFacts"])?,
            groups: None,
            id: None,
            interaction: Value::Null,
            facts: None,
            is_told: false,
            stream,
            is_listed: false,
            is_settled: false,
            gives_up: false,
            is_closed: false,
            act: None,
        })
    }

    /// The interaction's id, once it is known.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What the service answered when it was asked for the groups of facts; null if it was not.
    #[must_use]
    pub fn groups(&self) -> &Value {
        self.groups.as_ref().unwrap_or(&Value::Null)
    }

    /// The interaction as the service has it, as far as that is known; null before.
    #[must_use]
    pub const fn interaction(&self) -> &Value {
        &self.interaction
    }

    /// Whether a stream is wanted, or there is one that has not been ended.
    #[must_use]
    pub fn has_stream(&self) -> bool {
        matches!(self.stream, Stream::Held | Stream::Running)
    }

    /// The next step towards a goal, and none once it is reached. `stream` is the stream's state at this moment, such as
    /// `streaming`: it may end without being asked.
    ///
    /// # Errors
    /// `aborted` if the visit was closed.
    pub fn next(&mut self, goal: Goal, stream: Option<&str>) -> Result<Option<Step>, Error> {
        if self.is_closed {
            return Err(Error::new(Code::Aborted, "the visit was closed"));
        }
        // One that failed cannot be ended properly, and whoever ends the visit learns so; it does not keep a visit from
        // being completed later.
        let is_over = stream == Some("ended") || (stream == Some("failed") && goal == Goal::Completed);
        if self.stream == Stream::Running && is_over {
            self.stream = Stream::Over;
        }
        self.act = match goal {
            Goal::Begun => self.begin(),
            Goal::Ended => self.end(),
            Goal::Completed => self.end().or_else(|| self.complete()),
        };
        if self.act.is_none() {
            self.gives_up = false;
        }
        Ok(self.act.map(|act| self.step(act)))
    }

    /// There will be no further step.
    pub const fn close(&mut self) {
        self.is_closed = true;
    }

    fn begin(&self) -> Option<Act> {
        // Before anything is made or told: what the service would not take keeps the visit from beginning.
        let has_groups = self.groups.is_some() || self.known.is_empty();
        if self.id.is_none() {
            return Some(if has_groups { Act::Create } else { Act::Groups });
        }
        if self.interaction.is_null() {
            return Some(Act::Get);
        }
        if self.facts.is_none() {
            return Some(Act::List);
        }
        if self.is_over() {
            return None;
        }
        // Before the stream opens: only then are they context for what is found in it.
        if !self.is_told && !self.missing().is_empty() {
            return Some(if has_groups { Act::Tell } else { Act::Groups });
        }
        if self.stream != Stream::Held {
            return None;
        }
        Some(if self.status() == Some(IN_PROGRESS) { Act::Connect } else { Act::SetStatus(IN_PROGRESS) })
    }

    /// The service makes its last facts between `end` and `ENDED`, and tells them on the socket. They are listed
    /// nevertheless: a connection that is lost after `end` loses them, and facts that others added over REST are never told on
    /// a socket.
    fn end(&self) -> Option<Act> {
        match self.stream {
            Stream::Running => Some(Act::End),
            Stream::Over if !self.is_listed => Some(Act::List),
            _ => None,
        }
    }

    fn complete(&self) -> Option<Act> {
        if self.gives_up || self.status() == Some(COMPLETED) {
            return None;
        }
        Some(if self.is_settled { Act::SetStatus(COMPLETED) } else { Act::Settle })
    }

    fn step(&self, act: Act) -> Step {
        let id = Value::from(self.id.clone());
        let (method, arguments) = match act {
            Act::Groups => ("facts.factGroupsList", vec![]),
            Act::Create => ("interactions.create", vec![self.create.clone()]),
            Act::Get => ("interactions.get", vec![id]),
            Act::List => ("facts.list", vec![id]),
            Act::Tell => ("facts.create", vec![id, json!({ "facts": self.missing() })]),
            Act::SetStatus(status) => ("interactions.update", vec![id, json!({ "encounter": { "status": status } })]),
            Act::Connect => ("stream.connect", vec![id]),
            Act::End => ("stream.end", vec![]),
            Act::Settle => ("facts.settled", vec![]),
        };
        Step { method, arguments }
    }

    /// The step succeeded; `result` is what the service answered.
    ///
    /// # Errors
    /// `protocol` for an answer that one cannot go on with, `invalid_request` for a known fact in a group that there is not. The step
    /// has failed then.
    pub fn done(&mut self, result: &Value) -> Result<(), Error> {
        match self.act.take() {
            Some(Act::Groups) => {
                // Without groups in the answer nothing is known of them, and the service judges.
                let groups = Groups::read(result).unwrap_or_default();
                for (index, fact) in self.known.iter().enumerate() {
                    let key = fact["group"].as_str().unwrap_or_default();
                    groups.check(&format!("knownFacts[{index}].group"), key)?;
                }
                self.groups = Some(result.clone());
            }
            Some(Act::Create) => {
                let id = result["interactionId"].as_str().filter(|id| is_uuid(id));
                let id = id.ok_or_else(|| Error::new(Code::Protocol, "the service answered no interactionId"))?;
                self.id = Some(id.to_owned());
                self.interaction = self.create.take();
                self.interaction["id"] = id.into();
                self.facts = Some(Vec::new());
            }
            Some(Act::Get) => {
                if !has_status(result) {
                    return Err(Error::new(Code::Protocol, "the service answered an interaction without a status"));
                }
                self.interaction = result.clone();
                if self.is_over() {
                    self.stream = Stream::None;
                }
            }
            Some(Act::List) => {
                self.facts = Some(result["facts"].as_array().cloned().unwrap_or_default());
                self.is_listed = true;
            }
            Some(Act::Tell) => self.is_told = true,
            Some(Act::SetStatus(status)) => {
                // The answer is the interaction; should it be none, what was asked for has been done all the same.
                if has_status(result) {
                    self.interaction = result.clone();
                }
                self.interaction["encounter"]["status"] = status.into();
                self.is_settled = false;
            }
            Some(Act::Connect) => (self.stream, self.is_listed) = (Stream::Running, false),
            Some(Act::End) => self.stream = Stream::Over,
            Some(Act::Settle) => self.is_settled = true,
            None => {}
        }
        Ok(())
    }

    /// The step failed. The answer is whether there is something to do in spite of it; asked for the same goal again, the
    /// workflow tries what failed anew.
    pub fn failed(&mut self) -> bool {
        let act = self.act.take();
        self.is_settled = false;
        self.gives_up = act == Some(Act::End);
        if self.gives_up {
            // A stream ends once, one way or the other. What it found is there all the same.
            self.stream = Stream::Over;
        }
        self.gives_up && !self.is_closed
    }

    fn status(&self) -> Option<&str> {
        self.interaction["encounter"]["status"].as_str()
    }

    fn is_over(&self) -> bool {
        self.status().is_some_and(|status| OVER.contains(&status))
    }

    /// The known facts that the service does not have. A discarded one it has: the clinician has decided on it.
    fn missing(&self) -> Vec<Value> {
        let is_same = |a: &Value, b: &Value| a["text"] == b["text"] && a["group"] == b["group"];
        let mut missing: Vec<Value> = Vec::new();
        for fact in &self.known {
            let mut there = self.facts.iter().flatten().chain(&missing);
            if !there.any(|other| is_same(other, fact)) {
                missing.push(fact.clone());
            }
        }
        missing
    }
}

fn has_status(interaction: &Value) -> bool {
    interaction["encounter"]["status"].is_string()
}

fn known_facts(value: &Value) -> Result<Vec<Value>, Error> {
    let facts = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(facts) => facts,
        _ => return Err(Error::invalid("knownFacts must be a list")),
    };
    if !facts.is_empty() {
        // They are sent under another name, and to an interaction that need not exist yet.
        let nobody = "00000000-0000-0000-0000-000000000000";
        calls::call("facts.create", &mut [nobody.into(), json!({ "facts": facts })]).map_err(|mut error| {
            error.message = error.message.replacen("facts", "knownFacts", 1);
            error
        })?;
    }
    Ok(facts.clone())
}

#[cfg(test)]
#[path = "workflow_tests.rs"]
mod tests;
