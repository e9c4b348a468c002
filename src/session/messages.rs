//! What the service says, and what follows from it.

use super::machine::{Connection, connection_lost};
use super::merge::Changes;
use super::requests::Asker;
use super::{Event, Output, Session, State};
use crate::error::{Code, Error};
use crate::protocol::server::{Segment, ServerMessage, ServiceError};
use crate::time::Duration;

impl Session {
    pub(super) fn text(&mut self, text: &str, now: Duration) {
        if let Connection::Live(live) = &mut self.connection {
            live.spoke(now);
        }
        let Ok(parsed) = ServerMessage::parse(text) else {
            let message = format!("the service sent a message of {} bytes that cannot be read", text.len());
            return self.announce(Event::Error(Error::new(Code::Protocol, message)));
        };
        if parsed.unreadable_items > 0 {
            let message = format!("the service sent {} items that cannot be read", parsed.unreadable_items);
            self.announce(Event::Error(Error::new(Code::Protocol, message)));
        }
        match parsed.message {
            ServerMessage::ConfigAccepted => self.accepted(now),
            ServerMessage::ConfigRefused { status, reason } => {
                let reason = reason.unwrap_or_else(|| "no reason was given".to_owned());
                let message = format!("the service refused the configuration ({status}): {reason}");
                self.fail(Error::new(Code::ConfigRejected, message));
            }
            ServerMessage::Transcript(segments) => self.segments(segments),
            ServerMessage::Facts(facts) if !facts.is_empty() => self.announce(Event::Facts { facts }),
            ServerMessage::Flushed => self.flushed(),
            ServerMessage::Usage { credits, total } => {
                if total {
                    self.usage = Some(credits);
                }
                self.announce(Event::Usage { credits, total });
            }
            ServerMessage::AudioEvent(data) => self.announce(Event::AudioEvent { data }),
            ServerMessage::Error(error) => {
                let error = service_error(error);
                self.last_error = Some(error.clone());
                self.announce(Event::Error(error));
            }
            ServerMessage::Ended => self.ended(now),
            ServerMessage::ConfigAlreadyReceived | ServerMessage::Facts(_) | ServerMessage::Unknown => {}
        }
    }

    /// Words prove nothing about others that were said before them: a slower speaker's may still come. So they are told, and
    /// acknowledge nothing.
    fn segments(&mut self, segments: Vec<Segment>) {
        let changes = self.merge.take(segments, &mut self.timeline);
        self.words_until = self.words_until.max(Duration::from_secs_f64(changes.until));
        if let Connection::Live(live) = &mut self.connection {
            live.took(Duration::from_secs_f64(changes.delay));
        }
        let Changes { segments, replaced, is_beyond, .. } = changes;
        if is_beyond && !std::mem::replace(&mut self.is_told_of_times, true) {
            let message = "the service dates words after all audio that it was sent: their times cannot be relied on";
            self.announce(Event::Error(Error::new(Code::Protocol, message)));
        }
        if !segments.is_empty() || !replaced.is_empty() {
            self.announce(Event::Transcript { segments, replaced });
        }
    }

    fn flushed(&mut self) {
        let flush = self.requests.flushed();
        if let Some(flush) = &flush {
            self.backlog.acknowledge(flush.at);
            if let Connection::Live(live) = &mut self.connection {
                live.answered(flush.at);
            }
        }
        match flush.map(|flush| flush.asker) {
            // Nobody but the session asked.
            Some(Asker::Session | Asker::Probe) => {}
            Some(Asker::App(id)) => {
                self.announce(Event::Flushed);
                self.outputs.push_back(Output::Answered(id, Ok(())));
            }
            Some(Asker::Gone) | None => self.announce(Event::Flushed),
        }
    }

    fn ended(&mut self, now: Duration) {
        if self.requests.end_was_sent() {
            self.backlog.acknowledge(Duration::MAX);
            // What the service answered with the end was asked for by the flushes before it as well.
            for id in self.requests.take_all() {
                self.outputs.push_back(Output::Answered(id, Ok(())));
            }
            self.connection = Connection::None;
            self.outputs.push_back(Output::CloseSocket);
            self.enter(State::Ended, None);
            return self.announce(Event::Ended { usage: self.usage });
        }
        // Nobody asked for it: the service gave this socket up. An error that cannot heal says so; else go on.
        match self.last_error.take() {
            Some(error) if !error.retryable => self.fail(error),
            error => {
                self.outputs.push_back(Output::CloseSocket);
                self.lost(error.unwrap_or_else(|| connection_lost("the service ended the stream".to_owned())), now);
            }
        }
    }
}

fn service_error(error: ServiceError) -> Error {
    let code = error.status.map_or(Code::ServerError, Code::of_status);
    let what = match (error.title, error.details) {
        (Some(title), Some(details)) => format!("{title}: {details}"),
        (one, other) => one.or(other).unwrap_or_else(|| "no details were given".to_owned()),
    };
    let mut result = Error::new(code, format!("the service reports an error: {what}"));
    result.status = error.status;
    result.request_id = error.request_id;
    result
}
