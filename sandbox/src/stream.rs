//! The server's side of one stream socket, as a pure state machine.
//!
//! [`Stream::handle`] takes one input and the time since the socket opened; [`Stream::poll_output`] is then drained, and
//! an [`Input::Tick`] is due at [`Stream::next_timeout`]. No IO, no clock. What is said is `said`'s, when and in which
//! segments it is told `telling`'s; `live` is the stream after its configuration, `messages` what is sent. What outlives
//! the socket, because the interaction goes on when it is opened again, is the [`Progress`] that is lent to each call.

mod live;
mod messages;
mod progress;

use std::{collections::VecDeque, time::Duration};

use serde_json::Value;
use uuid::Uuid;

use crate::{
    audio::Meter,
    behaviour::Behaviour,
    configuration::{Configuration, Refusal},
};
use live::Live;
pub(crate) use messages::{error, kind};
pub(crate) use progress::{Progress, Told};

/// Bytes of one binary message at most.
pub(crate) const MAX_CHUNK: usize = 64_000;

/// WebSocket close codes (RFC 6455, section 7.4.1).
const CLOSE_POLICY: u16 = 1008;
const CLOSE_TOO_BIG: u16 = 1009;

pub(crate) enum Input<'a> {
    Text(&'a str),
    Audio(&'a [u8]),
    /// Nothing came, but time has passed.
    Tick,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Output {
    Send(Value),
    /// Look for facts in what has been told, and send those that are new or changed; at the end of the stream until
    /// there are none.
    Extract {
        is_last: bool,
    },
    Close(u16),
}

pub(crate) struct Stream {
    interaction: Uuid,
    behaviour: Behaviour,
    /// When the token that opened the socket expires.
    token_expires: Duration,
    /// Whether what is said is kept: the configuration's retention policy.
    retains: bool,
    state: State,
    outputs: VecDeque<Output>,
}

enum State {
    Waiting,
    Streaming(Box<Live>),
    Over,
}

impl Stream {
    pub(crate) fn new(interaction: Uuid, behaviour: Behaviour, token_expires: Duration) -> Self {
        Self { interaction, behaviour, token_expires, retains: true, state: State::Waiting, outputs: VecDeque::new() }
    }

    /// What is to be done next, in order; drain it after every [`Self::handle`].
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When the configuration must have come.
    fn limit(&self) -> Option<Duration> {
        let seconds = Duration::from_secs_f64(self.behaviour.configuration_seconds.get());
        self.behaviour.configuration_timeout.then_some(seconds)
    }

    /// When an [`Input::Tick`] is due, as time since the socket opened.
    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        let token = self.behaviour.closes_at_token_expiry.then_some(self.token_expires);
        match &self.state {
            State::Waiting => [self.limit(), token].into_iter().flatten().min(),
            State::Streaming(live) => [live.due(), token].into_iter().flatten().min(),
            State::Over => None,
        }
    }

    /// The audio as it was heard, once a configuration has been accepted.
    pub(crate) fn meter(&self) -> Option<&Meter> {
        match &self.state {
            State::Streaming(live) => Some(live.meter()),
            _ => None,
        }
    }

    /// Whether what is said is kept.
    pub(crate) fn retains(&self) -> bool {
        self.retains
    }

    pub(crate) fn handle(&mut self, now: Duration, input: Input<'_>, progress: &mut Progress) {
        let is_open = !matches!(self.state, State::Over);
        if is_open && self.behaviour.closes_at_token_expiry && now >= self.token_expires {
            self.state = State::Over;
            self.outputs.push_back(Output::Close(CLOSE_POLICY));
            return;
        }
        match (std::mem::replace(&mut self.state, State::Over), input) {
            (State::Waiting, Input::Tick) if self.limit().is_none_or(|limit| now < limit) => {
                self.state = State::Waiting
            }
            (State::Waiting, Input::Tick) => self.refuse(Refusal::bare("CONFIG_NOT_PROVIDED")),
            (State::Waiting, Input::Text(text)) => match messages::parse(text) {
                Some((kind, message)) if kind == "config" => self.configure(now, &message, progress),
                _ => self.refuse(Refusal::bare("CONFIG_MISSING")),
            },
            (State::Waiting, Input::Audio(_)) => self.refuse(Refusal::bare("CONFIG_MISSING")),
            (State::Streaming(mut live), input) => {
                live.pass(now, &mut self.outputs, progress);
                if !live.is_over() {
                    live.take(now, input, &mut self.outputs, progress);
                    // At a small pace an answer can be due with its question.
                    live.pass(now, &mut self.outputs, progress);
                }
                if !live.is_over() {
                    self.state = State::Streaming(live);
                }
            }
            (State::Over, _) => {}
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.outputs.push_back(Output::Send(messages::refusal(refusal)));
        self.outputs.push_back(Output::Close(self.behaviour.close_code.get()));
    }

    fn configure(&mut self, now: Duration, message: &Value, progress: &mut Progress) {
        match Configuration::read(message.get("configuration")) {
            Err(refusal) => self.refuse(refusal),
            Ok(configuration) => {
                self.retains = configuration.retains;
                let accepted = messages::accepted(&message["configuration"], &configuration, self.behaviour.acceptance);
                self.outputs.push_back(Output::Send(accepted));
                if self.behaviour.last_batch_again {
                    self.outputs.extend(progress.last_batch().cloned().map(Output::Send));
                }
                let live = Live::new(now, self.interaction, self.behaviour.clone(), configuration, progress);
                self.state = State::Streaming(Box::new(live));
            }
        }
    }
}

#[cfg(test)]
mod tests;
