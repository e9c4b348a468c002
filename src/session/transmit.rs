//! Audio to the socket: which packets go when, as chunks in the socket's container.

use super::live::Stalled;
use super::machine::{Connection, connection_lost};
use super::requests::Sent;
use super::{Output, Session};
use crate::audio::container::Place;
use crate::json::ToJson;
use crate::protocol::MAX_AUDIO_MESSAGE_BYTES;
use crate::time::Duration;

/// The most bytes of packets in a chunk: the rest is for a container's headers.
const MOST_CHUNK_BYTES: usize = MAX_AUDIO_MESSAGE_BYTES - 4_000;

impl Session {
    pub(super) fn looked(&mut self, buffered_bytes: usize, now: Duration) {
        let Connection::Live(live) = &mut self.connection else { return };
        if live.looked(buffered_bytes, now) == Err(Stalled) {
            self.outputs.push_back(Output::CloseSocket);
            self.lost(connection_lost("the socket takes no more audio".to_owned()), now);
        }
    }

    /// Asks the service what is to be asked by now.
    pub(super) fn ask(&mut self, now: Duration) {
        let Connection::Live(live) = &mut self.connection else { return };
        loop {
            let ledger = self.backlog.ledger();
            let (is_all, is_open) = (ledger.buffered.is_zero(), !ledger.in_flight.is_zero());
            let sent = Sent { until: self.backlog.in_flight_until(), is_all, is_open };
            let Some(message) = self.requests.next_message(sent, self.backlog.held_from(), now) else { return };
            let message = message.to_json();
            live.asked(message.len(), now);
            self.outputs.push_back(Output::SendText(message));
        }
    }

    pub(super) fn transmit(&mut self, now: Duration) {
        if let Connection::Live(live) = &mut self.connection {
            live.idle();
        }
        let target = self.options.chunk;
        loop {
            self.ask(now);
            let Connection::Live(live) = &mut self.connection else { return };
            let buffered = self.backlog.ledger().buffered;
            let partial = self.is_paused || self.requests.want_partial();
            let is_due = !buffered.is_zero() && (partial || self.backlog.holds_chunk(target));
            if !is_due || !live.allows(buffered.min(target), now) {
                return;
            }
            let mut chunk = Vec::new();
            let held = self.backlog.ledger().buffered;
            let is_ending = self.requests.is_ending();
            let mut written = Duration::ZERO;
            let span = self.backlog.take_chunk(target, MOST_CHUNK_BYTES, |packet, is_last| {
                written += packet.duration;
                let place = match is_last {
                    false => Place::Within,
                    true if is_ending && written == held => Place::EndOfStream,
                    true => Place::EndOfChunk,
                };
                live.container.write(packet, place, &mut chunk);
            });
            let Some(span) = span else { return };
            self.timeline.sent(span.start, span.end);
            live.handed(chunk.len(), span.end.saturating_sub(span.start), span.end, now);
            self.bytes_sent += chunk.len() as u64;
            self.outputs.push_back(Output::SendAudio(chunk));
        }
    }
}
