//! A configured socket: how much may be handed to it, what has left it, and whether it still moves.

use std::collections::VecDeque;

use super::pace::Pace;
use crate::audio::container::Container;
use crate::time::{Duration, earliest};

/// No more audio is handed to a socket that holds this many bytes: two seconds of PCM. More would only hide in the
/// browser what the ledger should show.
const HIGH_WATER_BYTES: usize = 64_000;

/// A socket that was full is given more when no more than this is left in it: half a second of PCM.
const LOW_WATER_BYTES: usize = 16_000;

/// How often to look whether the socket's buffer has drained.
const DRAIN_CHECK: Duration = Duration::from_millis(250);

/// Between two looks at the clock no more than this counts as time in which the socket was seen open: a laptop that slept
/// for ten minutes knows nothing of them. Drivers look every 10 s at the least.
const MOST_BETWEEN_LOOKS: Duration = Duration::from_secs(12);

/// The service transcribes every 3 to 20 s of audio: what was sent less than so much before the last of it may still be
/// waiting for more.
const LONGEST_SEGMENT: Duration = Duration::from_secs(20);

/// What the service says so soon after audio has left may have been on its way before that.
const ROUND_TRIP: Duration = Duration::from_secs(10);

/// A service that was asked and says nothing at all for so long is out of reach, although its socket is open.
const SILENCE_LIMIT: Duration = Duration::from_secs(20);

/// A socket that holds bytes and lets none go for so long is dead, whatever the browser says.
const STALL_LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Live {
    /// What lies around this socket's packets.
    pub(super) container: Container,
    since: Duration,
    pace: Pace,
    /// When the pace allows the next chunk, if there is one that waits for it.
    resume_at: Option<Duration>,
    /// When to look at the socket's buffer.
    check_at: Option<Duration>,
    /// Bytes in the socket's buffer when last looked, and those handed over since.
    buffered_bytes: usize,
    /// Whether it was full and has not drained since.
    is_full: bool,
    /// Bytes handed over in all, how many of them had left when last looked, and when some last did.
    handed_bytes: usize,
    left_bytes: usize,
    progress_at: Duration,
    /// Each chunk that has not left: bytes handed over in all with it, and where its audio ends in capture time.
    chunks: VecDeque<(usize, Duration)>,
    /// For how long it was seen open, and when it was last looked at.
    seen: Duration,
    looked_at: Duration,
    /// When the service last said anything, and since when it owes an answer; on the clock of `seen`.
    spoke_at: Duration,
    asked_at: Option<Duration>,
    /// Capture time that had left the socket, and for how long it had been seen open then.
    drained: VecDeque<(Duration, Duration)>,
    /// Of these the latest that had its time.
    gone_until: Duration,
    /// Until when the service has it, since it said something long enough after.
    arrived_until: Duration,
}

/// The socket holds bytes and lets none go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stalled;

impl Live {
    pub(super) fn new(container: Container, catch_up_rate: f64, chunk: Duration, now: Duration) -> Self {
        Self {
            container,
            since: now,
            pace: Pace::new(catch_up_rate, chunk, now),
            resume_at: None,
            check_at: None,
            buffered_bytes: 0,
            is_full: false,
            handed_bytes: 0,
            left_bytes: 0,
            progress_at: now,
            chunks: VecDeque::new(),
            seen: Duration::ZERO,
            looked_at: now,
            spoke_at: Duration::ZERO,
            asked_at: None,
            drained: VecDeque::new(),
            gone_until: Duration::ZERO,
            arrived_until: Duration::ZERO,
        }
    }

    /// How long the socket has been good.
    pub(super) fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.since)
    }

    /// When something is due.
    pub(super) fn wake_at(&self, acknowledge_after: Duration) -> Option<Duration> {
        let remaining = |seen: Duration| (seen + acknowledge_after).saturating_sub(self.seen);
        // What had its time waits for a word of the service, not for more time.
        let acknowledge = self.drained.front().map(|(seen, _)| remaining(*seen)).filter(|time| !time.is_zero());
        let silence = self.asked_at.map(|asked| (asked + SILENCE_LIMIT).saturating_sub(self.seen));
        let by_clock = earliest(&[acknowledge, silence]);
        let by_clock = by_clock.map(|remaining| self.looked_at + remaining.min(MOST_BETWEEN_LOOKS));
        earliest(&[self.resume_at, self.check_at, by_clock])
    }

    /// Nothing waits to be sent.
    pub(super) const fn idle(&mut self) {
        self.resume_at = None;
    }

    /// Whether `duration` of audio may be handed over now. If not, something is due when that may have changed.
    pub(super) fn allows(&mut self, duration: Duration, now: Duration) -> bool {
        self.resume_at = None;
        let bound = if self.is_full { LOW_WATER_BYTES + 1 } else { HIGH_WATER_BYTES };
        self.is_full = self.buffered_bytes >= bound;
        if self.is_full {
            self.check_at.get_or_insert(now + DRAIN_CHECK);
            return false;
        }
        let wait = self.pace.wait(duration, now);
        if !wait.is_zero() {
            self.resume_at = Some(now + wait);
        }
        wait.is_zero()
    }

    /// Audio was handed over: a chunk, its length, and where it ends in capture time.
    pub(super) fn handed(&mut self, bytes: usize, duration: Duration, until: Duration, now: Duration) {
        if self.buffered_bytes == 0 {
            self.progress_at = now;
        }
        self.buffered_bytes += bytes;
        self.handed_bytes += bytes;
        self.chunks.push_back((self.handed_bytes, until));
        self.pace.spend(duration);
        self.check_at.get_or_insert(now + DRAIN_CHECK);
    }

    /// The socket holds `buffered_bytes`.
    pub(super) fn looked(&mut self, buffered_bytes: usize, now: Duration) -> Result<(), Stalled> {
        self.buffered_bytes = buffered_bytes;
        self.see(now);
        let left = self.handed_bytes.saturating_sub(buffered_bytes);
        let mut until = None;
        while let Some((_, end)) = self.chunks.pop_front_if(|(bytes, _)| *bytes <= left) {
            until = Some(end);
        }
        if let Some(until) = until {
            self.drained.push_back((self.seen, until));
        }
        if buffered_bytes == 0 || left > self.left_bytes {
            self.left_bytes = left;
            self.progress_at = now;
        }
        self.check_at = (buffered_bytes > 0).then_some(now + DRAIN_CHECK);
        if now < self.progress_at + STALL_LIMIT { Ok(()) } else { Err(Stalled) }
    }

    /// The service said something: it is there.
    pub(super) fn spoke(&mut self, now: Duration) {
        self.see(now);
        self.spoke_at = self.seen;
        self.asked_at = None;
        let had_arrived = |(seen, _): &&(Duration, Duration)| *seen + ROUND_TRIP <= self.seen;
        if let Some((_, left)) = self.drained.iter().take_while(had_arrived).last() {
            self.arrived_until = *left;
        }
    }

    /// The service was asked for an answer.
    pub(super) fn asked(&mut self, now: Duration) {
        self.see(now);
        self.asked_at.get_or_insert(self.seen);
    }

    /// The service answered for all audio before `until`: there is no more to find out about it.
    pub(super) fn answered(&mut self, until: Duration) {
        while self.drained.pop_front_if(|(_, left)| *left <= until).is_some() {}
    }

    /// Whether the service was asked, and has said nothing at all for too long.
    pub(super) fn is_silent(&self) -> bool {
        self.asked_at.is_some_and(|asked| self.seen >= asked + SILENCE_LIMIT)
    }

    /// Whether audio has had its time and the service has said nothing since it left: bytes that nobody reads leave the
    /// browser for as long as the buffers on the way have room, and at Opus's rates that is long. Ask it.
    pub(super) fn wants_a_sign(&self, acknowledge_after: Duration) -> bool {
        let is_due = |(seen, _): &(Duration, Duration)| {
            self.seen >= *seen + acknowledge_after && self.spoke_at < *seen + ROUND_TRIP
        };
        self.asked_at.is_none() && self.drained.front().is_some_and(is_due)
    }

    /// Until when in capture time the audio counts as heard: it has left the socket at least `acknowledge_after` ago,
    /// the service has said something since, and so much arrived after it that its transcript would have come.
    pub(super) fn heard_until(&mut self, acknowledge_after: Duration, now: Duration) -> Duration {
        self.see(now);
        let (now, spoke_at) = (self.seen, self.spoke_at);
        let has_time =
            |(seen, _): &mut (Duration, Duration)| now >= *seen + acknowledge_after && spoke_at >= *seen + ROUND_TRIP;
        while let Some((_, left)) = self.drained.pop_front_if(has_time) {
            self.gone_until = left;
        }
        self.gone_until.min(self.arrived_until.saturating_sub(LONGEST_SEGMENT))
    }

    /// The socket is still open.
    fn see(&mut self, now: Duration) {
        self.seen += now.saturating_sub(self.looked_at).min(MOST_BETWEEN_LOOKS);
        self.looked_at = self.looked_at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::container::Format;

    const CHUNK: Duration = Duration::from_millis(250);
    const AFTER: Duration = Duration::from_secs(30);

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_socket_that_holds_much_is_given_no_more_until_it_drains() {
        let mut live = Live::new(Format::Raw.open(0), 100.0, CHUNK, s(0));
        live.handed(64_000, CHUNK, s(2), s(0));
        assert!(!live.allows(CHUNK, s(0)));
        assert_eq!(live.looked(40_000, s(1)), Ok(()));
        assert!(!live.allows(CHUNK, s(1)), "it has to drain first");
        assert_eq!(live.looked(16_000, s(2)), Ok(()));
        assert!(live.allows(CHUNK, s(2)));
        live.handed(40_000, CHUNK, s(3), s(2));
        assert!(live.allows(CHUNK, s(2)));
    }

    #[test]
    fn a_socket_that_lets_nothing_go_is_stalled_after_ten_seconds() {
        let mut live = Live::new(Format::Raw.open(0), 1.5, CHUNK, s(0));
        live.handed(8_000, CHUNK, s(1), s(0));
        assert_eq!(live.looked(8_000, s(5)), Ok(()));
        assert_eq!(live.looked(7_999, s(9)), Ok(()));
        assert_eq!(live.looked(7_999, s(18)), Ok(()));
        assert_eq!(live.looked(7_999, s(19)), Err(Stalled));
    }

    #[test]
    fn what_left_an_open_socket_long_enough_ago_counts_as_heard() {
        let mut live = Live::new(Format::Raw.open(0), 1.5, CHUNK, s(0));
        let mut heard = Vec::new();
        for at in 1..100 {
            live.handed(100, CHUNK, s(at), s(at));
            assert_eq!(live.looked(0, s(at)), Ok(()));
            if at % 10 == 0 && at <= 50 {
                live.spoke(s(at));
            }
            heard.push(live.heard_until(AFTER, s(at)));
        }
        assert_eq!((heard[28], heard[29], heard[38]), (s(0), s(0), s(0)), "20 s must have arrived after it");
        // At 50 s the service has what was sent until 40 s, and had said all there is of the first 20 s.
        assert_eq!((heard[49], heard[98]), (s(20), s(20)));
    }

    #[test]
    fn while_the_machine_slept_nothing_is_known_to_have_been_heard() {
        let mut live = Live::new(Format::Raw.open(0), 1.5, CHUNK, s(0));
        live.handed(100, CHUNK, s(1), s(2));
        assert_eq!(live.looked(0, s(2)), Ok(()));
        live.handed(100, CHUNK, s(31), s(3));
        assert_eq!(live.looked(0, s(3)), Ok(()));
        live.spoke(s(602));
        assert_eq!(live.heard_until(AFTER, s(602)), s(0));
        assert_eq!(live.wake_at(AFTER), Some(s(614)));
        assert_eq!(live.heard_until(AFTER, s(614)), s(0));
        assert_eq!(live.heard_until(AFTER, s(619)), s(1));
        assert_eq!(live.heard_until(AFTER, s(620)), s(11));
    }

    #[test]
    fn what_left_a_socket_whose_service_is_silent_is_asked_about_and_not_taken_to_have_been_heard() {
        let mut live = Live::new(Format::Raw.open(0), 1.5, CHUNK, s(0));
        live.spoke(s(1));
        live.handed(100, CHUNK, s(30), s(2));
        assert_eq!(live.looked(0, s(2)), Ok(()));
        for at in 3..32 {
            assert_eq!((live.heard_until(AFTER, s(at)), live.wants_a_sign(AFTER)), (s(0), false), "{at}");
        }
        assert_eq!((live.heard_until(AFTER, s(32)), live.wants_a_sign(AFTER)), (s(0), true));
        live.asked(s(32));
        for at in 33..52 {
            assert_eq!(live.heard_until(AFTER, s(at)), s(0));
            assert!(!live.wants_a_sign(AFTER) && !live.is_silent(), "{at}");
        }
        assert_eq!(live.wake_at(AFTER), Some(s(52)));
        live.heard_until(AFTER, s(52));
        assert!(live.is_silent());
        live.spoke(s(52));
        assert!(!live.is_silent());
        assert_eq!(live.heard_until(AFTER, s(53)), s(10));
    }
}
