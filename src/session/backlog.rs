//! Packets that the service has not acknowledged, oldest first, and the ledger of all audio.
//!
//! Packets lie in two parts: those in front were handed to the present socket (*in flight*), the others wait
//! (*buffered*). A lost socket moves the boundary back to the front. Bytes lie in one ring, so that a steady stream
//! allocates nothing.

use std::collections::VecDeque;

use crate::audio;
use crate::time::Duration;

/// Where all captured audio is. At every instant
/// `captured = acknowledged + in_flight + buffered + dropped`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// All audio that was ever put in.
    pub captured: Duration,
    /// Audio that the service has heard for certain.
    pub acknowledged: Duration,
    /// Audio handed to the present socket and not acknowledged.
    pub in_flight: Duration,
    /// Audio that waits to be sent.
    pub buffered: Duration,
    /// Audio given up at the bound.
    pub dropped: Duration,
    /// Audio handed to any socket, each second counted once.
    pub sent: Duration,
    /// Audio handed to a socket again.
    pub replayed: Duration,
    /// Bytes held in memory.
    pub held_bytes: usize,
}

/// A span of capture time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it starts.
    pub start: Duration,
    /// Where it ends.
    pub end: Duration,
}

/// How much more than the limit is held before the oldest is given up, as a part of the limit and at most: so that it is
/// given up, and told, a second at a time and not packet by packet.
const SLACK_PART: u32 = 10;
const MOST_SLACK: Duration = Duration::from_secs(1);

/// The most spans that are remembered as dropped: there is one an outage. Beyond them the last one is extended.
const MOST_DROPPED: usize = 1_000;

#[derive(Clone, Copy, Debug)]
struct Packet {
    start: Duration,
    duration: Duration,
    bytes: usize,
}

impl Packet {
    fn end(&self) -> Duration {
        self.start + self.duration
    }
}

#[derive(Debug)]
pub(super) struct Backlog {
    packets: VecDeque<Packet>,
    bytes: VecDeque<u8>,
    /// How many of `packets` are in flight, and their bytes.
    in_flight: usize,
    in_flight_bytes: usize,
    limit: Duration,
    ledger: Ledger,
    /// What was given up, in order, neighbours joined.
    dropped: Vec<Span>,
    /// The end of the latest packet that was ever handed to a socket.
    sent_until: Duration,
    /// What was held when the last socket was lost: it is kept beside the limit until the next one has caught up…
    again: Duration,
    /// …but no more than this, however often sockets are lost.
    most_again: Duration,
    /// The end of the latest packet of all.
    captured_until: Duration,
    /// A packet's bytes in one piece: in the ring they may lie in two.
    scratch: Vec<u8>,
}

impl Backlog {
    /// At most `limit` is kept while no socket takes it, and at most `most_again` beside it of what was held before.
    pub(super) fn new(limit: Duration, most_again: Duration) -> Self {
        Self {
            packets: VecDeque::new(),
            bytes: VecDeque::new(),
            in_flight: 0,
            in_flight_bytes: 0,
            limit,
            ledger: Ledger::default(),
            dropped: Vec::new(),
            sent_until: Duration::ZERO,
            again: Duration::ZERO,
            most_again,
            captured_until: Duration::ZERO,
            scratch: Vec::new(),
        }
    }

    /// Another one had the audio until `ledger.captured`. What it had of it is lost.
    pub(super) fn after(limit: Duration, most_again: Duration, ledger: Ledger, lost: Option<Span>) -> Self {
        let until = ledger.captured;
        let dropped = lost.into_iter().collect();
        Self { ledger, dropped, sent_until: until, captured_until: until, ..Self::new(limit, most_again) }
    }

    pub(super) fn ledger(&self) -> Ledger {
        Ledger { held_bytes: self.bytes.len(), ..self.ledger }
    }

    /// What was given up, in order.
    pub(super) fn dropped(&self) -> &[Span] {
        &self.dropped
    }

    /// Takes a packet; of those that wait the oldest beyond the limit are given up, and their span is returned. What is in flight
    /// on a living socket is not given up, and what was held when the last one was lost does not count.
    pub(super) fn push(&mut self, start: Duration, duration: Duration, bytes: &[u8]) -> Option<Span> {
        self.packets.push_back(Packet { start, duration, bytes: bytes.len() });
        self.bytes.extend(bytes);
        self.captured_until = start + duration;
        self.ledger.captured += duration;
        self.ledger.buffered += duration;
        let limit = self.limit + self.again;
        if self.ledger.buffered <= limit + (self.limit / SLACK_PART).min(MOST_SLACK) {
            return None;
        }
        let (mut count, mut length, mut excess) = (0, 0, self.ledger.buffered.saturating_sub(limit));
        let mut dropped: Option<Span> = None;
        for packet in self.packets.range(self.in_flight..) {
            if excess.is_zero() {
                break;
            }
            excess = excess.saturating_sub(packet.duration);
            count += 1;
            length += packet.bytes;
            self.ledger.buffered -= packet.duration;
            self.ledger.dropped += packet.duration;
            dropped.get_or_insert(Span { start: packet.start, end: packet.end() }).end = packet.end();
        }
        self.packets.drain(self.in_flight..self.in_flight + count);
        self.bytes.drain(self.in_flight_bytes..self.in_flight_bytes + length);
        if let Some(span) = dropped {
            let is_full = self.dropped.len() >= MOST_DROPPED;
            match self.dropped.last_mut() {
                Some(last) if last.end == span.start || is_full => last.end = span.end,
                _ => self.dropped.push(span),
            }
        }
        dropped
    }

    /// All that is held, oldest first, each with whether it is the last.
    pub(super) fn each(&self, mut take: impl FnMut(audio::Packet<'_>, bool)) {
        let (mut from, mut scratch) = (0, Vec::new());
        for (index, packet) in self.packets.iter().enumerate() {
            scratch.clear();
            scratch.extend(self.bytes.range(from..from + packet.bytes));
            from += packet.bytes;
            let (start, duration) = (packet.start, packet.duration);
            take(audio::Packet { start, duration, bytes: &scratch }, index + 1 == self.packets.len());
        }
    }

    /// Whether so much is buffered that a chunk of at most `target` has nothing to wait for: another packet would not go into it.
    pub(super) fn holds_chunk(&self, target: Duration) -> bool {
        let next = self.packets.back().map_or(Duration::ZERO, |packet| packet.duration);
        self.ledger.buffered >= target || self.ledger.buffered + next > target
    }

    /// Moves packets of about `target` in all from buffered to in flight, and hands each to `write`, which tells
    /// whether it is the last of the chunk. At least one packet, if there is any; more only while their bytes stay within `most_bytes`.
    pub(super) fn take_chunk(
        &mut self, target: Duration, most_bytes: usize, mut write: impl FnMut(audio::Packet<'_>, bool),
    ) -> Option<Span> {
        let count = self.chunk_length(target, most_bytes);
        let start = self.packets.get(self.in_flight)?.start;
        let mut end = start;
        for index in 0..count {
            let packet = self.packets.get(self.in_flight).copied()?;
            let from = self.in_flight_bytes;
            self.scratch.clear();
            self.scratch.extend(self.bytes.range(from..from + packet.bytes));
            let bytes = self.scratch.as_slice();
            write(audio::Packet { start: packet.start, duration: packet.duration, bytes }, index + 1 == count);
            self.in_flight += 1;
            self.in_flight_bytes += packet.bytes;
            self.ledger.buffered -= packet.duration;
            self.ledger.in_flight += packet.duration;
            end = packet.end();
            if end > self.sent_until {
                self.ledger.sent += packet.duration;
                self.sent_until = end;
            } else {
                self.ledger.replayed += packet.duration;
            }
        }
        if self.ledger.buffered <= self.limit {
            self.again = Duration::ZERO;
        }
        Some(Span { start, end })
    }

    /// How many of the buffered packets make a chunk: contiguous ones of at most `target` and `most_bytes`, but one.
    fn chunk_length(&self, target: Duration, most_bytes: usize) -> usize {
        let (mut duration, mut bytes, mut next) = (Duration::ZERO, 0, None);
        let fits = |packet: &&Packet| {
            duration += packet.duration;
            bytes += packet.bytes;
            let is_first = next.is_none();
            let follows = next.replace(packet.end()).is_none_or(|next| next == packet.start);
            is_first || (follows && duration <= target && bytes <= most_bytes)
        };
        self.packets.range(self.in_flight..).take_while(fits).count()
    }

    /// Lets go of what is in flight and ends by `until`.
    pub(super) fn acknowledge(&mut self, until: Duration) {
        while self.in_flight > 0 && self.packets.front().is_some_and(|packet| packet.end() <= until) {
            let Some(packet) = self.pop_front() else { break };
            self.ledger.in_flight -= packet.duration;
            self.ledger.acknowledged += packet.duration;
        }
    }

    /// The socket is gone: what was in flight has to be sent again.
    pub(super) fn rewind(&mut self) {
        if !self.ledger.in_flight.is_zero() {
            self.ledger.buffered += self.ledger.in_flight;
            self.again = self.ledger.buffered.min(self.most_again);
        }
        self.ledger.in_flight = Duration::ZERO;
        self.in_flight = 0;
        self.in_flight_bytes = 0;
    }

    /// Where in capture time the in-flight part ends: everything before it has been handed to the present socket.
    pub(super) fn in_flight_until(&self) -> Duration {
        self.packets.get(self.in_flight).map_or(self.captured_until, |packet| packet.start)
    }

    /// Where in capture time the newest packet ends.
    pub(super) const fn captured_until(&self) -> Duration {
        self.captured_until
    }

    /// Where in capture time begins what is held; all before it is acknowledged, or given up.
    pub(super) fn held_from(&self) -> Duration {
        self.packets.front().map_or(self.captured_until, |packet| packet.start)
    }

    /// Up to where in capture time audio was ever handed to a socket.
    pub(super) const fn sent_until(&self) -> Duration {
        self.sent_until
    }

    /// What waits and was captured since the last socket was lost.
    pub(super) const fn unsent(&self) -> Duration {
        self.ledger.buffered.saturating_sub(self.again)
    }

    /// How much is held of what was captured after `until`.
    pub(super) fn held_after(&self, until: Duration) -> Duration {
        let from = self.packets.partition_point(|packet| packet.start < until);
        let cut = from.checked_sub(1).and_then(|last| self.packets.get(last));
        let rest = cut.map_or(Duration::ZERO, |packet| packet.end().saturating_sub(until));
        let sum = |packets: &mut dyn Iterator<Item = &Packet>| {
            packets.fold(Duration::ZERO, |sum, packet| sum + packet.duration)
        };
        // The shorter way: words may lie far behind in an outage, and hardly at all otherwise.
        let after = match from * 2 > self.packets.len() {
            true => sum(&mut self.packets.range(from..)),
            false => self.ledger.in_flight + self.ledger.buffered - sum(&mut self.packets.range(..from)),
        };
        rest + after
    }

    /// Takes out the oldest of what is in flight.
    fn pop_front(&mut self) -> Option<Packet> {
        let packet = self.packets.pop_front()?;
        self.bytes.drain(..packet.bytes);
        self.in_flight -= 1;
        self.in_flight_bytes -= packet.bytes;
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// A backlog of `count` packets of 10 ms, each holding its index twice.
    fn backlog(count: u8, limit: Duration) -> (Backlog, Vec<Span>) {
        let mut backlog = Backlog::new(limit, limit);
        let dropped = (0..count).filter_map(|n| backlog.push(ms(u64::from(n) * 10), ms(10), &[n, n])).collect();
        (backlog, dropped)
    }

    /// The span and the bytes of the next chunk.
    fn take(backlog: &mut Backlog, target: Duration, most_bytes: usize) -> Option<(Span, Vec<u8>)> {
        let mut chunk = Vec::new();
        let span = backlog.take_chunk(target, most_bytes, |packet, _| chunk.extend_from_slice(packet.bytes));
        span.map(|span| (span, chunk))
    }

    fn balanced(backlog: &Backlog) -> bool {
        let ledger = backlog.ledger();
        ledger.captured == ledger.acknowledged + ledger.in_flight + ledger.buffered + ledger.dropped
    }

    #[test]
    fn a_chunk_is_whole_packets() {
        let (mut backlog, _) = backlog(6, ms(1_000));
        let first = (Span { start: ms(0), end: ms(40) }, vec![0, 0, 1, 1, 2, 2, 3, 3]);
        assert_eq!(take(&mut backlog, ms(45), 100), Some(first));
        let rest = (Span { start: ms(40), end: ms(60) }, vec![4, 4, 5, 5]);
        assert_eq!(take(&mut backlog, ms(45), 100), Some(rest));
        assert_eq!(take(&mut backlog, ms(45), 100), None);
        assert!(balanced(&backlog));
    }

    #[test]
    fn a_chunk_waits_for_what_still_goes_into_it() {
        let mut backlog = Backlog::new(ms(1_000), ms(1_000));
        let fills = (0..5_u64).map(|n| {
            backlog.push(ms(n * 10), ms(10), &[0]);
            (backlog.holds_chunk(ms(45)), backlog.holds_chunk(ms(50)))
        });
        assert!(fills.eq([(false, false), (false, false), (false, false), (true, false), (true, true)]));
        assert!(!Backlog::new(ms(1_000), ms(1_000)).holds_chunk(ms(45)));
    }

    #[test]
    fn a_chunk_never_exceeds_its_bytes() {
        let (mut backlog, _) = backlog(6, ms(1_000));
        assert_eq!(take(&mut backlog, ms(60), 5).map(|(_, chunk)| chunk), Some(vec![0, 0, 1, 1]));
    }

    #[test]
    fn only_what_was_sent_can_be_acknowledged() {
        let (mut backlog, _) = backlog(6, ms(1_000));
        take(&mut backlog, ms(30), 100);
        backlog.acknowledge(Duration::MAX);
        assert_eq!(backlog.ledger().acknowledged, ms(30));
        assert_eq!(backlog.in_flight_until(), ms(30));
        assert!(balanced(&backlog));
    }

    #[test]
    fn a_lost_socket_is_replayed_from_the_first_unacknowledged_packet() {
        let (mut backlog, _) = backlog(6, ms(1_000));
        take(&mut backlog, ms(40), 100);
        backlog.acknowledge(ms(25));
        backlog.rewind();
        let replayed = (Span { start: ms(20), end: ms(60) }, vec![2, 2, 3, 3, 4, 4, 5, 5]);
        assert_eq!(take(&mut backlog, ms(40), 100), Some(replayed));
        assert_eq!((backlog.ledger().sent, backlog.ledger().replayed), (ms(60), ms(20)));
        assert!(balanced(&backlog));
    }

    #[test]
    fn beyond_the_bound_the_oldest_is_dropped_and_named() {
        let (backlog, dropped) = backlog(6, ms(40));
        assert_eq!(dropped, [Span { start: ms(0), end: ms(10) }, Span { start: ms(10), end: ms(20) }]);
        assert_eq!(backlog.ledger().dropped, ms(20));
        assert_eq!(backlog.ledger().held_bytes, 8);
        assert_eq!(backlog.dropped(), [Span { start: ms(0), end: ms(20) }], "neighbours are one");
        assert!(balanced(&backlog));
    }

    #[test]
    fn what_is_in_flight_is_not_given_up_and_does_not_count_when_it_waits_again() {
        let (mut backlog, _) = backlog(6, ms(60));
        take(&mut backlog, ms(40), 100);
        let push = |backlog: &mut Backlog, range: std::ops::Range<u8>| -> Vec<Span> {
            range.filter_map(|n| backlog.push(ms(u64::from(n) * 10), ms(10), &[n, n])).collect()
        };
        assert_eq!(push(&mut backlog, 6..10), []);
        assert_eq!(
            push(&mut backlog, 10..12),
            [10, 11]
                .map(|_| 0)
                .iter()
                .enumerate()
                .map(|(n, _)| {
                    let start = ms(40 + n as u64 * 10);
                    Span { start, end: start + ms(10) }
                })
                .collect::<Vec<_>>(),
            "of what waits the oldest"
        );
        assert_eq!((backlog.ledger().in_flight, backlog.ledger().buffered), (ms(40), ms(60)));
        backlog.rewind();
        // As much again may wait as did, up to the most.
        assert_eq!(push(&mut backlog, 12..14), []);
        assert_eq!(backlog.ledger().buffered, ms(120));
        assert_eq!(push(&mut backlog, 14..15), [Span { start: ms(0), end: ms(10) }]);
        assert!(balanced(&backlog));
        let mut bytes = Vec::new();
        backlog.each(|packet, _| bytes.push(packet.bytes[0]));
        assert_eq!(bytes, [1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    }

    #[test]
    fn what_was_captured_after_a_time_is_counted_from_either_end() {
        let (mut backlog, _) = backlog(20, ms(1_000));
        take(&mut backlog, ms(50), 100);
        backlog.acknowledge(ms(30));
        for (until, held) in [(0, 170), (45, 155), (60, 140), (175, 25), (200, 0), (900, 0)] {
            assert_eq!(backlog.held_after(ms(until)), ms(held), "{until}");
        }
    }

    #[test]
    fn with_a_large_bound_a_second_is_dropped_at_a_time() {
        let mut backlog = Backlog::new(Duration::from_secs(60), Duration::ZERO);
        let dropped: Vec<Span> = (0..7_000).filter_map(|n| backlog.push(ms(n * 10), ms(10), &[0])).collect();
        assert_eq!(dropped[0], Span { start: ms(0), end: ms(1_010) });
        assert!(dropped.len() <= 10, "{}", dropped.len());
        assert!(balanced(&backlog));
    }

    #[test]
    fn each_gives_what_is_held_wherever_its_bytes_lie() {
        let (mut backlog, _) = backlog(6, ms(40));
        backlog.push(ms(60), ms(10), &[9]);
        let mut held = Vec::new();
        backlog.each(|packet, is_last| held.push((packet.bytes.to_vec(), is_last)));
        assert_eq!(held.len(), 4);
        assert_eq!(held.last(), Some(&(vec![9], true)));
        assert!(held[..3].iter().all(|(_, is_last)| !is_last));
    }
}
