//! The way between the stream and its client, on which things go wrong if that was asked for; pure, like the stream.
//!
//! What the client says passes [`Line::receive`] first, what the stream says goes into [`Line::output`], and what is to
//! be sent comes out of [`Line::poll`], when its time has come. Without faults everything passes as it is.

use std::{collections::VecDeque, time::Duration};

use axum::extract::ws::Message;
use serde_json::{Value, json};

use crate::{
    behaviour::ErrorFields,
    faults::{Answer, Event, Moment, Plan, What, When},
    stream::{Input, Output, error, kind},
};

/// A close that nothing is wrong with (RFC 6455, section 7.4.1).
const CLOSE_NORMAL: u16 = 1000;
/// Bytes of the message that is huge, and of the one that is binary.
const HUGE: usize = 1_000_000;
const BINARY: usize = 1_000;

/// What is to be done with the socket.
#[derive(Debug, PartialEq)]
pub(crate) enum Act {
    Send(Message),
    /// Close with this code; by a fault, or because the stream is over.
    Close {
        code: u16,
        is_fault: bool,
    },
    /// Break the connection without a close frame.
    Drop,
    /// Read and write no more.
    Stall,
}

pub(crate) struct Line {
    plan: Plan,
    /// What an `error` holds.
    error_fields: ErrorFields,
    /// What has not happened yet.
    events: Vec<Event>,
    /// When `CONFIG_ACCEPTED` is, or was, sent.
    accepted: Option<Duration>,
    /// What is to be done, and when; the times never fall.
    queue: VecDeque<(Duration, Act)>,
    /// A message that waits for the one after it.
    held: Option<Value>,
    is_silent: bool,
    is_over: bool,
    wants_end: bool,
    happened: Vec<&'static str>,
}

impl Line {
    pub(crate) fn new(plan: Plan, error_fields: ErrorFields) -> Self {
        let mut events = plan.events.clone();
        let drop = plan.drop_after_seconds.map(|seconds| Event { when: When::Time(seconds.0), what: What::Drop });
        events.extend(drop);
        Self {
            plan,
            error_fields,
            events,
            accepted: None,
            queue: VecDeque::new(),
            held: None,
            is_silent: false,
            is_over: false,
            wants_end: false,
            happened: Vec::new(),
        }
    }

    /// Something came, or time has passed. Whether the stream is to know of it.
    pub(crate) fn receive(&mut self, now: Duration, input: &Input<'_>) -> bool {
        if let Some(accepted) = self.accepted {
            self.happen(now, |when| matches!(when, When::Time(after) if now >= accepted + after));
        }
        if let Input::Text(text) = input {
            match kind(text).as_deref() {
                Some("config") if self.accepted.is_none() => {
                    self.moment(now, Moment::Configuration);
                    self.configure(now);
                }
                Some("flush") => self.moment(now, Moment::Flush),
                Some("end") => self.moment(now, Moment::End),
                _ => {}
            }
        }
        !self.is_over
    }

    /// The configuration has come.
    fn configure(&mut self, now: Duration) {
        if self.is_over {
            return;
        }
        match &self.plan.configuration {
            Some(Answer::Refused(status)) => {
                let refusal = text(&json!({ "type": status, "reason": "a fault that was asked for" }));
                self.happened.push("configuration");
                let due = now + self.plan.configuration_after_seconds.0;
                self.put(due, Act::Send(refusal));
                self.put(due, Act::Close { code: CLOSE_NORMAL, is_fault: true });
                self.is_over = true;
            }
            Some(Answer::Silent) => {
                self.happened.push("configuration");
                self.is_silent = true;
            }
            None => {}
        }
    }

    /// So many seconds of audio have been received.
    pub(crate) fn audio(&mut self, now: Duration, seconds: f64) {
        self.happen(now, |when| matches!(when, When::Audio(after) if seconds >= after));
    }

    /// Whether the stream is to be ended, as if the client had asked for it. Asked once.
    pub(crate) fn wants_end(&mut self) -> bool {
        std::mem::take(&mut self.wants_end)
    }

    /// What has gone wrong since the last call, by the words of the request.
    pub(crate) fn take_happened(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.happened)
    }

    /// Takes what the stream says. What it extracts is to be a message by now.
    pub(crate) fn output(&mut self, now: Duration, output: Output) {
        match output {
            Output::Send(message) => self.message(now, message),
            Output::Close(code) => {
                self.release(now);
                if !self.is_over && !self.is_silent {
                    self.put(self.late(now), Act::Close { code, is_fault: false });
                    self.is_over = true;
                }
            }
            Output::Extract { .. } => {}
        }
    }

    fn message(&mut self, now: Duration, message: Value) {
        let kind = message["type"].as_str().unwrap_or_default();
        match kind {
            "flushed" => self.moment(now, Moment::Flushed),
            "ENDED" | "ended" => self.moment(now, Moment::Ended),
            _ => {}
        }
        if self.is_over || self.is_silent {
            return;
        }
        match kind {
            "CONFIG_ACCEPTED" => {
                let due = now + self.plan.configuration_after_seconds.0;
                self.accepted = Some(due);
                self.put(due, Act::Send(text(&message)));
            }
            "usage" if self.plan.without_usage => self.happened.push("withoutUsage"),
            "transcript" | "facts" => {
                if self.plan.out_of_order && self.held.is_none() {
                    self.held = Some(message);
                } else {
                    self.say(now, &message);
                    self.release(now);
                }
            }
            _ => {
                self.put(self.late(now), Act::Send(text(&message)));
                self.release(now);
            }
        }
    }

    /// Sends a transcript or facts.
    fn say(&mut self, now: Duration, message: &Value) {
        self.put(self.late(now), Act::Send(text(message)));
        if self.plan.duplicate {
            self.happened.push("duplicate");
            self.put(self.late(now), Act::Send(text(message)));
        }
    }

    fn release(&mut self, now: Duration) {
        if let Some(held) = self.held.take()
            && !self.is_over
            && !self.is_silent
        {
            self.happened.push("outOfOrder");
            self.say(now, &held);
        }
    }

    fn late(&self, now: Duration) -> Duration {
        now + self.accepted.map_or(Duration::ZERO, |_| self.plan.delay_seconds.0)
    }

    fn put(&mut self, due: Duration, act: Act) {
        let due = self.queue.back().map_or(due, |(last, _)| due.max(*last));
        self.queue.push_back((due, act));
    }

    fn moment(&mut self, now: Duration, moment: Moment) {
        self.happen(now, |when| when == When::Moment(moment));
    }

    /// Has the events happen that are due, in the order of the request.
    fn happen(&mut self, now: Duration, is_due: impl Fn(When) -> bool) {
        let (due, later) = std::mem::take(&mut self.events).into_iter().partition(|event| is_due(event.when));
        self.events = later;
        let due: Vec<Event> = due;
        for event in due {
            if self.is_over || self.is_silent {
                return;
            }
            self.happened.push(event.what.name());
            self.carry_out(now, event.what);
        }
    }

    fn carry_out(&mut self, now: Duration, what: What) {
        let send = match what {
            What::Drop => return self.break_off(now, Act::Drop),
            What::Close(code) => return self.break_off(now, Act::Close { code, is_fault: true }),
            What::Stall => return self.break_off(now, Act::Stall),
            What::Silence => {
                self.is_silent = true;
                return;
            }
            What::End => {
                self.wants_end = true;
                return;
            }
            What::Garbage => Message::text("}{ this is no JSON: \u{1} \u{fffd} [[["),
            What::Unknown => text(&json!({ "type": "somethingNew", "data": { "of": ["a", "later", 1] } })),
            What::Huge => text(&json!({ "type": "somethingHuge", "data": "x".repeat(HUGE) })),
            What::Binary => Message::binary(vec![0xff; BINARY]),
            What::Error => text(&error(500, "A fault that was asked for", "The stream goes on.", self.error_fields)),
        };
        self.put(now, Act::Send(send));
    }

    /// The last thing that happens: what was to be sent later is not sent.
    fn break_off(&mut self, now: Duration, act: Act) {
        self.queue.retain(|(due, _)| *due <= now);
        self.put(now, act);
        self.is_over = true;
    }

    /// The next thing to do, if its time has come.
    pub(crate) fn poll(&mut self, now: Duration) -> Option<Act> {
        self.queue.pop_front_if(|(due, _)| *due <= now).map(|(_, act)| act)
    }

    /// When [`Self::receive`] and [`Self::poll`] are due for a [`Input::Tick`], as time since the socket opened.
    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        let event = |event: &Event| match (event.when, self.accepted) {
            (When::Time(after), Some(accepted)) if !self.is_over && !self.is_silent => Some(accepted + after),
            _ => None,
        };
        let queued = self.queue.front().map(|(due, _)| *due);
        self.events.iter().filter_map(event).chain(queued).min()
    }
}

fn text(message: &Value) -> Message {
    Message::text(message.to_string())
}

#[cfg(test)]
mod tests;
