//! Faults on request: the schedule of what the next sockets and requests are to do wrong.
//!
//! `POST /sandbox/faults` adds to it, and each socket and request takes the first entry that is meant for it. What an
//! entry can ask for is `plan`'s and `requests`'; refusing the upgrade is `socket.rs`'s, everything on the open socket
//! `line.rs`'s, and requests are `gate.rs`'s.

mod plan;
mod requests;

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use axum::http::Method;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

pub(crate) use plan::{Answer, Event, Moment, Plan, Seconds, Upgrade, What, When};
pub(crate) use requests::{RequestPlan, Spoiled};

use crate::error::ApiError;

/// Faults that can wait at once; more are refused.
const MAX_WAITING: usize = 100;
/// The longest life of a token that can be asked for, in seconds: a day.
pub(crate) const MAX_TOKEN_SECONDS: u64 = 86_400;

/// One entry of the schedule.
struct Waiting {
    /// Only for sockets of this interaction; else for the next socket of any.
    interaction: Option<Uuid>,
    plan: Plan,
    /// When the first upgrade was refused, of those that are refused for a while.
    since: Option<Instant>,
}

#[derive(Default)]
pub(crate) struct Faults {
    waiting: VecDeque<Waiting>,
    /// With the interaction that is to be in the path, where it matters.
    requests: VecDeque<(Option<Uuid>, RequestPlan)>,
    /// The life of tokens that are issued from now on.
    token_seconds: Option<u64>,
}

impl Faults {
    /// Adds what a request's body asks for: the faults of one socket beside an optional `interactionId`, or of several in
    /// `sockets`; those of `requests`; `tokenSeconds`.
    ///
    /// # Errors
    /// 400 that names the key; nothing is added then.
    pub(crate) fn add(&mut self, mut body: Map<String, Value>) -> Result<(), ApiError> {
        let interaction: Option<Uuid> = take(&mut body, "interactionId")?;
        let token_seconds: Option<u64> = take(&mut body, "tokenSeconds")?;
        if token_seconds.is_some_and(|seconds| seconds > MAX_TOKEN_SECONDS) {
            return Err(ApiError::invalid("tokenSeconds", format!("must be at most {MAX_TOKEN_SECONDS}")));
        }
        let requests: Option<Vec<RequestPlan>> = take(&mut body, "requests")?;
        let plans: Vec<Plan> = match (take(&mut body, "sockets")?, body.is_empty()) {
            (Some(plans), true) => plans,
            (Some(_), false) => {
                let message = "stands alone with interactionId, requests and tokenSeconds: every other key belongs into its entries";
                return Err(ApiError::invalid("sockets", message));
            }
            (None, false) => vec![read(Value::Object(body), "")?],
            (None, true) if token_seconds.is_some() || requests.is_some() => Vec::new(),
            (None, true) => return Err(ApiError::invalid("body", "asks for no fault")),
        };
        for plan in &plans {
            if plan.refuse_for_seconds.is_some() && !matches!(plan.upgrade, Some(Upgrade::Refused(_))) {
                let message = "needs the status to refuse with, as upgrade";
                return Err(ApiError::invalid("refuseForSeconds", message));
            }
        }
        let count: usize = plans.iter().map(|plan| plan.times.0).sum();
        if self.waiting.len() + count > MAX_WAITING {
            return Err(ApiError::invalid("times", format!("at most {MAX_WAITING} faults can wait")));
        }
        let requests = requests.unwrap_or_default();
        let count: usize = requests.iter().map(|plan| plan.times.0).sum();
        if self.requests.len() + count > MAX_WAITING {
            return Err(ApiError::invalid("requests", format!("at most {MAX_WAITING} faults can wait")));
        }
        for plan in requests {
            self.requests.extend(std::iter::repeat_n((interaction, plan.clone()), plan.times.0));
        }
        self.token_seconds = token_seconds.or(self.token_seconds);
        for plan in plans {
            for _ in 0..plan.times.0 {
                self.waiting.push_back(Waiting { interaction, plan: plan.clone(), since: None });
            }
        }
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The life of a token that is issued now, where a fault sets it.
    pub(crate) fn token_seconds(&self) -> Option<u64> {
        self.token_seconds
    }

    /// Takes what a request is to meet.
    pub(crate) fn take_request(&mut self, method: &Method, path: &str) -> Option<RequestPlan> {
        let is_meant = |(interaction, plan): &(Option<Uuid>, RequestPlan)| {
            plan.is_for(method, path) && interaction.is_none_or(|id| path.contains(&id.to_string()))
        };
        let index = self.requests.iter().position(is_meant)?;
        self.requests.remove(index).map(|(_, plan)| plan)
    }

    /// Takes what a socket of `interaction` is to do wrong.
    pub(crate) fn take(&mut self, interaction: Uuid, now: Instant) -> Plan {
        loop {
            let meant = |waiting: &Waiting| waiting.interaction.is_none_or(|id| id == interaction);
            let Some(index) = self.waiting.iter().position(meant) else { return Plan::default() };
            if let Some(waiting) = self.waiting.get_mut(index)
                && let Some(Seconds(limit)) = waiting.plan.refuse_for_seconds
            {
                let since = *waiting.since.get_or_insert(now);
                if now.saturating_duration_since(since) <= limit.max(Duration::from_millis(1)) {
                    return waiting.plan.clone();
                }
                self.waiting.remove(index);
                continue;
            }
            return self.waiting.remove(index).map(|waiting| waiting.plan).unwrap_or_default();
        }
    }
}

/// Reads one key of the body, and takes it out.
fn take<T: DeserializeOwned>(body: &mut Map<String, Value>, key: &str) -> Result<Option<T>, ApiError> {
    body.remove(key).map(|value| read(value, key)).transpose()
}

/// Reads a value below the key `parent`. The message is serde's own: there is nobody's secret in a fault.
fn read<T: DeserializeOwned>(value: Value, parent: &str) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let field = match (parent, path.as_str()) {
            ("", ".") => "body".to_owned(),
            (_, ".") => parent.to_owned(),
            (_, path) if path.starts_with('[') => format!("{parent}{path}"),
            ("", path) => path.to_owned(),
            (_, path) => format!("{parent}.{path}"),
        };
        ApiError::invalid(field, error.inner().to_string())
    })
}

#[cfg(test)]
mod tests;
