//! What the app waits for: flushes, and the end.

use std::collections::VecDeque;

use super::RequestId;
use crate::protocol::client::ClientMessage;
use crate::time::{Duration, earliest};

#[derive(Debug, Default)]
pub(super) struct Requests {
    flushes: VecDeque<Flush>,
    end: Option<End>,
    /// How often the end was sent to a socket on which the service then said nothing.
    silent_ends: u32,
}

/// The end is asked for again on another socket, but not for ever.
const MOST_SILENT_ENDS: u32 = 2;

#[derive(Debug)]
pub(super) struct Flush {
    /// Who waits for it; nobody, if the session asks for itself.
    pub(super) id: Option<RequestId>,
    /// Capture time that must have been sent before.
    pub(super) at: Duration,
    deadline: Duration,
    sent: bool,
}

#[derive(Debug)]
struct End {
    id: RequestId,
    deadline: Duration,
    sent: bool,
}

impl Requests {
    pub(super) fn flush(&mut self, id: RequestId, at: Duration, deadline: Duration) {
        self.flushes.push_back(Flush { id: Some(id), at, deadline, sent: false });
    }

    /// Asks the service for a sign of life. What was sent before `at` is then known to have been heard.
    pub(super) fn probe(&mut self, at: Duration) {
        self.flushes.push_back(Flush { id: None, at, deadline: Duration::MAX, sent: false });
    }

    /// The service said nothing to what it was asked. Whether to ask on another socket.
    pub(super) fn met_silence(&mut self) -> bool {
        if self.end_was_sent() {
            self.silent_ends += 1;
        }
        self.silent_ends <= MOST_SILENT_ENDS
    }

    pub(super) fn end(&mut self, id: RequestId, deadline: Duration) {
        self.end = Some(End { id, deadline, sent: false });
    }

    pub(super) const fn is_ending(&self) -> bool {
        self.end.is_some()
    }

    /// Whether the present socket was told to end.
    pub(super) fn end_was_sent(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.sent)
    }

    /// Whether a chunk must go although it is not full.
    pub(super) fn want_partial(&self) -> bool {
        self.end.is_some() || self.flushes.iter().any(|flush| !flush.sent)
    }

    /// The next message that is due when all audio before `sent_until` was handed over, and `all_sent` tells whether
    /// that is all there is.
    pub(super) fn next_message(&mut self, sent_until: Duration, all_sent: bool) -> Option<ClientMessage<'static>> {
        let flush = self.flushes.iter_mut().find(|flush| !flush.sent);
        if let Some(flush) = flush.filter(|flush| flush.at <= sent_until) {
            flush.sent = true;
            return Some(ClientMessage::Flush);
        }
        let end = self.end.as_mut().filter(|end| all_sent && !end.sent)?;
        end.sent = true;
        Some(ClientMessage::End)
    }

    /// A new socket stands: what it will be asked has until then.
    pub(super) fn extend(&mut self, deadline: Duration) {
        for flush in &mut self.flushes {
            flush.deadline = flush.deadline.max(deadline);
        }
        if let Some(end) = &mut self.end {
            end.deadline = end.deadline.max(deadline);
        }
    }

    /// The socket is gone: what it was asked has to be asked again.
    pub(super) fn rewind(&mut self) {
        self.flushes.retain(|flush| flush.id.is_some());
        self.flushes.iter_mut().for_each(|flush| flush.sent = false);
        if let Some(end) = &mut self.end {
            end.sent = false;
        }
    }

    /// A flush was answered: the oldest that was sent.
    pub(super) fn flushed(&mut self) -> Option<Flush> {
        self.flushes.pop_front_if(|flush| flush.sent)
    }

    /// A flush whose time is over.
    pub(super) fn expired_flush(&mut self, now: Duration) -> Option<RequestId> {
        let at = self.flushes.iter().position(|flush| now >= flush.deadline)?;
        self.flushes.remove(at)?.id
    }

    /// Whether the end's time is over.
    pub(super) fn end_expired(&self, now: Duration) -> bool {
        self.end.as_ref().is_some_and(|end| now >= end.deadline)
    }

    /// The earliest time limit.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let end = self.end.as_ref().map(|end| end.deadline);
        self.flushes.iter().fold(end, |due, flush| earliest(&[due, Some(flush.deadline)]))
    }

    /// All that is still open, flushes first; nothing is afterwards.
    pub(super) fn take_all(&mut self) -> Vec<RequestId> {
        let mut ids = Vec::new();
        while let Some(flush) = self.flushes.pop_front() {
            ids.extend(flush.id);
        }
        ids.extend(self.end.take().map(|end| end.id));
        ids
    }
}
