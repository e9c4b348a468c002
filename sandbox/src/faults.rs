//! Faults on request: what the next sockets are to do wrong.
//!
//! `POST /sandbox/faults` queues one; each is used up by one socket, in order. Later kinds of fault (on REST calls,
//! on the audio's way, on messages) get their field here and their effect where the thing happens.

use std::{collections::VecDeque, time::Duration};

use axum::http::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    error::ApiError,
    stream::{ConfigurationFault, Misbehaviour},
};

/// Faults that can wait at once; more are refused.
const MAX_WAITING: usize = 100;

/// The statuses that can be asked for.
const STATUSES: [&str; 5] =
    ["CONFIG_DENIED", "CONFIG_REJECTED", "CONFIG_MISSING", "CONFIG_NOT_PROVIDED", "CONFIG_TIMEOUT"];

/// The body of `POST /sandbox/faults`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Request {
    /// Only for sockets of this interaction; else for the next socket of any.
    interaction_id: Option<Uuid>,
    /// A status to answer the configuration with, or `silent`.
    configuration: Option<String>,
    /// An HTTP status, 400 to 599, to fail the upgrade with.
    next_upgrade: Option<u16>,
    /// Break the connection, without a close frame, this long after `CONFIG_ACCEPTED`.
    drop_after_seconds: Option<f64>,
    /// How many sockets it is for; 1 unless told.
    times: Option<usize>,
}

#[derive(Clone)]
struct Fault {
    interaction: Option<Uuid>,
    upgrade: Option<StatusCode>,
    misbehaviour: Misbehaviour,
}

#[derive(Default)]
pub(crate) struct Faults(VecDeque<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, request: &Request) -> Result<(), ApiError> {
        let configuration = match request.configuration.as_deref() {
            None => None,
            Some("silent") => Some(ConfigurationFault::Silent),
            Some(name) => match STATUSES.into_iter().find(|status| *status == name) {
                Some(status) => Some(ConfigurationFault::Status(status)),
                None => return Err(ApiError::invalid("configuration", "is no status that refuses, nor silent")),
            },
        };
        let upgrade = match request.next_upgrade {
            None => None,
            Some(code @ 400..=599) => StatusCode::from_u16(code).ok(),
            Some(_) => return Err(ApiError::invalid("nextUpgrade", "must be 400 to 599")),
        };
        let drop_after = match request.drop_after_seconds.map(Duration::try_from_secs_f64) {
            None => None,
            Some(Ok(after)) if after <= Duration::from_secs(86_400) => Some(after),
            Some(_) => return Err(ApiError::invalid("dropAfterSeconds", "must be 0 to 86400")),
        };
        if configuration.is_none() && upgrade.is_none() && drop_after.is_none() {
            let message = "one of configuration, nextUpgrade and dropAfterSeconds is needed";
            return Err(ApiError::invalid("body", message));
        }
        let times = request.times.unwrap_or(1);
        if times == 0 || self.0.len().saturating_add(times) > MAX_WAITING {
            return Err(ApiError::invalid("times", "at least 1, and at most 100 faults can wait"));
        }
        let misbehaviour = Misbehaviour { configuration, drop_after };
        let fault = Fault { interaction: request.interaction_id, upgrade, misbehaviour };
        self.0.extend(std::iter::repeat_n(fault, times));
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes the next fault for a socket of `interaction`: a status that fails the upgrade, or how the socket is to
    /// misbehave.
    pub(crate) fn take(&mut self, interaction: Uuid) -> Result<Misbehaviour, StatusCode> {
        let meant = |fault: &Fault| fault.interaction.is_none_or(|id| id == interaction);
        let Some(index) = self.0.iter().position(meant) else { return Ok(Misbehaviour::default()) };
        match self.0.remove(index) {
            Some(Fault { upgrade: Some(status), .. }) => Err(status),
            Some(fault) => Ok(fault.misbehaviour),
            None => Ok(Misbehaviour::default()),
        }
    }
}
