//! What came before a session: another one had the stream, is gone with all that it held, and this one goes on.

use super::backlog::{Backlog, Ledger, Span};
use super::merge::Merge;
use super::timeline::Timeline;
use super::{Event, Session, State};
use crate::time::Duration;

/// What was last known of the session before. It may be a little old: what passed since is lost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// Where its audio was.
    pub ledger: Ledger,
    /// Capture time of the first packet that will come.
    pub position: Duration,
    /// Whether it ever had a connection.
    pub was_connected: bool,
    /// A number that none of its speakers had: see [`Transcript::next_speaker`](super::Transcript::next_speaker).
    pub speakers: i64,
    /// Credits of the whole stream, where the service said so.
    pub usage: Option<f64>,
    /// Bytes of audio handed to sockets, replays included.
    pub bytes_sent: u64,
    /// How many sockets were opened after the first.
    pub reconnects: u32,
    /// Why what it held is lost.
    pub reason: &'static str,
}

/// Far more than a visit has, and far from where the numbers of sockets end.
const MOST_RECONNECTS: u32 = 1 << 30;

impl Session {
    /// Goes on from there. Nobody is told of a state: that the stream has lost its connection is known already.
    pub(super) fn follow(&mut self, past: Past) {
        let before = past.ledger;
        // What is acknowledged or dropped cannot lie after what is still to come.
        let acknowledged = before.acknowledged.min(past.position);
        let start = acknowledged.saturating_add(before.dropped).min(past.position);
        let lost = Some(Span { start, end: past.position }).filter(|span| span.start < span.end);
        let ledger = Ledger {
            captured: past.position,
            acknowledged,
            dropped: past.position - acknowledged,
            sent: before.sent,
            replayed: before.replayed,
            ..Ledger::default()
        };
        self.backlog = Backlog::after(self.options.buffer, self.options.most_again(), ledger, lost);
        self.timeline = Timeline::after(self.options.times_from, before.sent.saturating_add(before.replayed));
        // What was in flight is lost, and none of it is heard again.
        self.merge = Merge::new(self.options.seed, past.speakers.max(0), false);
        self.has_past = true;
        self.origin = past.position;
        self.usage = past.usage;
        self.bytes_sent = past.bytes_sent;
        // The numbers go on, so that late news of the sockets before is told from news of the next.
        self.socket = past.reconnects.min(MOST_RECONNECTS) + 1;
        self.was_connected = past.was_connected;
        if past.was_connected {
            self.state = State::Reconnecting;
        }
        if let Some(span) = lost {
            let (start, end) = (span.start.as_secs_f64(), span.end.as_secs_f64());
            self.announce(Event::AudioDropped { start, end, reason: past.reason });
        }
    }
}
