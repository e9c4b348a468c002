//! What is asked of the service: flushes of the app and of the session's own, and the end.
//!
//! A flush is sent once the audio before it was. Their answers bear no name: they are taken in the order in which the flushes
//! were sent on the socket, whoever asked, and whether or not anybody still waits.

use std::collections::VecDeque;

use super::RequestId;
use crate::protocol::client::ClientMessage;
use crate::time::{Duration, earliest};

#[derive(Debug, Default)]
pub(super) struct Requests {
    /// Flushes to be sent, in the order in which they were asked for.
    waiting: VecDeque<Flush>,
    /// Those sent on the present socket that are not answered.
    sent: VecDeque<Flush>,
    end: Option<End>,
    /// Up to where in capture time flushes were asked for.
    asked_until: Duration,
    /// How often the end was sent to a socket on which the service then said nothing.
    silent_ends: u32,
}

/// The end is asked for again on another socket, but not for ever.
const MOST_SILENT_ENDS: u32 = 2;

/// How long the end waits for the answer of a flush before it. The service answers one in 1.6 s [live ECHO].
const END_PATIENCE: Duration = Duration::from_secs(5);

/// So many unanswered flushes are enough: a service that answers none need not be asked more.
const MOST_OPEN: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// The app, which waits for the answer.
    App(RequestId),
    /// The app, which waits no longer.
    Gone,
    /// The session, for what was said before a pause.
    Session,
    /// The session, for a sign of life, or before the end: on another socket it means nothing.
    Probe,
}

#[derive(Debug)]
pub(super) struct Flush {
    pub(super) asker: Asker,
    /// Capture time that must have been sent before; once it is sent, all that was.
    pub(super) at: Duration,
    deadline: Duration,
}

#[derive(Debug)]
struct End {
    id: RequestId,
    deadline: Duration,
    sent: bool,
    /// Until when it waits for the flush before it, once that was sent.
    patience: Option<Duration>,
}

/// How far audio is, in capture time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    /// Until where it was handed to the present socket.
    pub(super) until: Duration,
    /// Whether that is all there is.
    pub(super) is_all: bool,
    /// Whether any of it is not acknowledged.
    pub(super) is_open: bool,
}

impl Requests {
    pub(super) fn flush(&mut self, id: RequestId, at: Duration, deadline: Duration) {
        self.asked_until = self.asked_until.max(at);
        self.waiting.push_back(Flush { asker: Asker::App(id), at, deadline });
    }

    /// The conversation pauses at `at`. If nothing was asked for since `least` before it, a flush is.
    pub(super) fn pause(&mut self, at: Duration, least: Duration) {
        if at >= self.asked_until + least && at > self.asked_until {
            self.asked_until = at;
            self.waiting.push_back(Flush { asker: Asker::Session, at, deadline: Duration::MAX });
        }
    }

    /// Asks the service for a sign of life, at once.
    pub(super) fn probe(&mut self, at: Duration) {
        self.waiting.push_front(Flush { asker: Asker::Probe, at, deadline: Duration::MAX });
    }

    /// The service said nothing to what it was asked. Whether to ask on another socket.
    pub(super) fn met_silence(&mut self) -> bool {
        if self.end_was_sent() {
            self.silent_ends += 1;
        }
        self.silent_ends <= MOST_SILENT_ENDS
    }

    pub(super) fn end(&mut self, id: RequestId, deadline: Duration) {
        self.end = Some(End { id, deadline, sent: false, patience: None });
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
        self.end.is_some() || !self.waiting.is_empty()
    }

    /// The next message that is due. What has come to lie before `acknowledged` the session asks for no more.
    pub(super) fn next_message(
        &mut self, sent: Sent, acknowledged: Duration, now: Duration,
    ) -> Option<ClientMessage<'static>> {
        let last = self.sent.back().map_or(acknowledged, |flush| flush.at.max(acknowledged));
        let is_enough = self.sent.len() >= MOST_OPEN;
        self.waiting.retain(|flush| flush.asker != Asker::Session || (flush.at > last && !is_enough));
        if let Some(at) = self.waiting.iter().position(|flush| flush.at <= sent.until) {
            let flush = self.waiting.remove(at)?;
            // Its answer proves all that was sent before it.
            self.sent.push_back(Flush { at: sent.until, ..flush });
            return Some(ClientMessage::Flush);
        }
        let end = self.end.as_mut().filter(|end| sent.is_all && !end.sent)?;
        if sent.is_open && end.patience.is_none() {
            // With the rest of the words there is nothing to lose with the socket, should it be lost in the end.
            end.patience = Some(now + END_PATIENCE);
            if self.sent.back().is_none_or(|flush| flush.at < sent.until) {
                self.sent.push_back(Flush { asker: Asker::Probe, at: sent.until, deadline: Duration::MAX });
                return Some(ClientMessage::Flush);
            }
        }
        if !self.sent.is_empty() && end.patience.get_or_insert(now + END_PATIENCE).saturating_sub(now) > Duration::ZERO
        {
            return None;
        }
        end.sent = true;
        Some(ClientMessage::End)
    }

    /// A new socket stands: what it will be asked has until then.
    pub(super) fn extend(&mut self, deadline: Duration) {
        for flush in &mut self.waiting {
            flush.deadline = flush.deadline.max(deadline);
        }
        if let Some(end) = &mut self.end {
            end.deadline = end.deadline.max(deadline);
        }
    }

    /// The socket is gone: what it was asked has to be asked again.
    pub(super) fn rewind(&mut self) {
        while let Some(flush) = self.sent.pop_back() {
            self.waiting.push_front(flush);
        }
        self.waiting.retain(|flush| matches!(flush.asker, Asker::App(_) | Asker::Session));
        if let Some(end) = &mut self.end {
            (end.sent, end.patience) = (false, None);
        }
    }

    /// A flush was answered: the oldest that was sent.
    pub(super) fn flushed(&mut self) -> Option<Flush> {
        self.sent.pop_front()
    }

    /// A flush whose time is over. If it was sent its answer may still come, and is not that of another.
    pub(super) fn expired_flush(&mut self, now: Duration) -> Option<RequestId> {
        let expired = |flush: &&mut Flush| now >= flush.deadline;
        if let Some(flush) = self.sent.iter_mut().find(expired) {
            flush.deadline = Duration::MAX;
            return match std::mem::replace(&mut flush.asker, Asker::Gone) {
                Asker::App(id) => Some(id),
                _ => None,
            };
        }
        let at = self.waiting.iter().position(|flush| now >= flush.deadline)?;
        match self.waiting.remove(at)?.asker {
            Asker::App(id) => Some(id),
            _ => None,
        }
    }

    /// Whether the end's time is over.
    pub(super) fn end_expired(&self, now: Duration) -> bool {
        self.end.as_ref().is_some_and(|end| now >= end.deadline)
    }

    /// The earliest time limit.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let end = self.end.as_ref().map(|end| end.deadline);
        let patience = self.end.as_ref().filter(|end| !end.sent).and_then(|end| end.patience);
        let flushes = self.waiting.iter().chain(&self.sent);
        flushes.fold(earliest(&[end, patience]), |due, flush| earliest(&[due, Some(flush.deadline)]))
    }

    /// All that is still open, flushes first; nothing is afterwards.
    pub(super) fn take_all(&mut self) -> Vec<RequestId> {
        let mut ids = Vec::new();
        let flushes = self.sent.drain(..).chain(self.waiting.drain(..));
        ids.extend(flushes.filter_map(|flush| match flush.asker {
            Asker::App(id) => Some(id),
            _ => None,
        }));
        ids.extend(self.end.take().map(|end| end.id));
        ids
    }
}
