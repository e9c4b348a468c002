//! What the app does: audio, and what it asks for.

use super::machine::Connection;
use super::{Event, Input, Output, RequestId, Session, State, Warning, WarningCode};
use crate::error::{Code, Error};
use crate::time::Duration;

/// Parts of the buffer's bound at which the app is warned, and below which it would be warned again.
const BUFFER_HIGH: f64 = 0.8;
const BUFFER_LOW: f64 = 0.5;

/// So much audio lies between two flushes of the session's own, at least, however often the conversation pauses.
pub(super) const BETWEEN_LULLS: Duration = Duration::from_secs(10);

impl Session {
    pub(super) fn packet(&mut self, start: Duration, duration: Duration, bytes: &[u8]) {
        if self.requests.is_ending() {
            return;
        }
        if let Some(span) = self.backlog.push(start, duration, bytes) {
            let (start, end) = (span.start.as_secs_f64(), span.end.as_secs_f64());
            self.announce(Event::AudioDropped { start, end, reason: "the buffer is full" });
        }
        let held = self.backlog.unsent().div_duration_f64(self.options.buffer);
        if held > BUFFER_HIGH && !std::mem::replace(&mut self.buffer_is_high, true) {
            self.announce(Event::Warning(Warning::new(WarningCode::BufferHigh)));
        }
        self.buffer_is_high &= held > BUFFER_LOW;
    }

    /// How long the service may take to answer something that is asked for now.
    pub(super) fn answer_deadline(&self, now: Duration) -> Duration {
        let drain = self.backlog.ledger().buffered.div_f64(self.options.catch_up_rate);
        now + drain + self.options.answer_time_limit
    }

    /// Nobody speaks, or nothing is captured: words that were cut here were cut anyway.
    pub(super) fn lull(&mut self, least: Duration) {
        let ledger = self.backlog.ledger();
        let is_open = !(ledger.in_flight + ledger.buffered).is_zero();
        if is_open && self.options.flush_at_pauses && !self.requests.is_ending() {
            self.requests.pause(self.backlog.captured_until(), least);
        }
    }

    pub(super) fn flush(&mut self, id: RequestId, now: Duration) {
        let (at, deadline) = (self.backlog.captured_until(), self.answer_deadline(now));
        self.requests.flush(id, at, deadline);
    }

    pub(super) fn end(&mut self, id: RequestId, now: Duration) {
        if self.requests.is_ending() {
            let error = Error::new(Code::Conflict, "the stream is ending already");
            return self.outputs.push_back(Output::Answered(id, Err(error)));
        }
        self.requests.end(id, self.answer_deadline(now));
        if matches!(self.connection, Connection::Live(_)) {
            self.enter(State::Ending, None);
        }
    }

    pub(super) fn close(&mut self) {
        self.finish(State::Ended, Some("closed by the app".to_owned()), &closed());
    }

    /// What still comes after the end must be settled too.
    pub(super) fn refuse_late(&mut self, input: &Input<'_>) {
        if let Input::Flush(id) | Input::End(id) = input {
            let how = if self.state == State::Failed { "failed" } else { "ended" };
            let message = format!("the stream is over ({how})");
            self.outputs.push_back(Output::Answered(*id, Err(Error::new(Code::Conflict, message))));
        }
    }
}

fn closed() -> Error {
    Error::new(Code::Aborted, "the stream was closed")
}
