//! What follows from time alone: limits that pass, audio that counts as heard, a service that has fallen silent.

use super::machine::{Connection, connection_lost};
use super::{Output, Session};
use crate::error::{Code, Error};
use crate::json::ToJson;
use crate::time::Duration;

/// Rounds what is told in tenths of a second.
const HALF_A_TENTH: Duration = Duration::from_millis(50);

impl Session {
    pub(super) fn time(&mut self, now: Duration) {
        if self.state.is_over() {
            return;
        }
        if !self.was_connected && self.first_deadline.is_some_and(|deadline| now >= deadline) {
            let limit = self.options.connection_time_limit.as_secs_f64().to_json();
            let message = format!("the stream was not ready within {limit} s");
            let error = self.last_error.take().unwrap_or_else(|| Error::new(Code::Timeout, message));
            return self.fail(error);
        }
        match &self.connection {
            Connection::Opening { until } if now >= *until => {
                self.outputs.push_back(Output::CloseSocket);
                self.lost(Error::new(Code::Timeout, "the socket did not open in time"), now);
            }
            Connection::Diagnosing { until } if now >= *until => {
                self.lost(connection_lost("the service cannot be reached".to_owned()), now);
            }
            Connection::Configuring { until } if now >= *until => {
                self.outputs.push_back(Output::CloseSocket);
                self.lost(Error::new(Code::Timeout, "the service did not answer the configuration in time"), now);
            }
            Connection::Waiting { until } if now >= *until => self.open(now),
            _ => {}
        }
        self.acknowledge_by_time(now);
        self.listen_for_life(now);
        self.expire_requests(now);
    }

    fn acknowledge_by_time(&mut self, now: Duration) {
        if let Connection::Live(live) = &mut self.connection {
            self.backlog.acknowledge(live.heard_until(self.options.acknowledge_after, now));
        }
    }

    /// Asks a service that has said nothing for long, and gives its socket up if it does not answer.
    fn listen_for_life(&mut self, now: Duration) {
        let Connection::Live(live) = &mut self.connection else { return };
        if live.is_silent() {
            if self.requests.met_silence() {
                self.outputs.push_back(Output::CloseSocket);
                self.lost(connection_lost("the service does not answer".to_owned()), now);
            } else {
                live.spoke(now);
            }
        } else if live.wants_a_sign() && !self.requests.end_was_sent() {
            // It goes out at once: its time runs from when it has left the socket.
            self.requests.probe(self.backlog.in_flight_until());
            self.ask(now);
        }
    }

    fn expire_requests(&mut self, now: Duration) {
        while let Some(id) = self.requests.expired_flush(now) {
            let error = Error::new(Code::Timeout, "the service did not answer the flush in time");
            self.outputs.push_back(Output::Answered(id, Err(error)));
        }
        if self.requests.end_expired(now) {
            let ledger = self.backlog.ledger();
            let unsent = ledger.in_flight + ledger.buffered + HALF_A_TENTH;
            let (seconds, tenths) = (unsent.as_secs(), unsent.subsec_millis() / 100);
            let message = format!(
                "the stream could not be ended in time; {seconds}.{tenths} s of audio are unsent, or not known to have arrived"
            );
            self.fail(Error::new(Code::Timeout, message));
        }
    }
}
