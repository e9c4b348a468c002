//! A configured socket: how much may be handed to it, what has left it, and whether it still moves.

use std::collections::VecDeque;
use std::time::Duration;

use super::pace::Pace;
use crate::audio::container::Container;

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
    /// For how long it was seen open, and when it was last looked at.
    seen: Duration,
    looked_at: Duration,
    /// Capture time that had left the socket, and for how long it had been seen open then.
    drained: VecDeque<(Duration, Duration)>,
    /// Of these: the latest, and the latest that had its time.
    drained_until: Duration,
    gone_until: Duration,
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
            seen: Duration::ZERO,
            looked_at: now,
            drained: VecDeque::new(),
            drained_until: Duration::ZERO,
            gone_until: Duration::ZERO,
        }
    }

    /// How long the socket has been good.
    pub(super) fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.since)
    }

    /// When something is due.
    pub(super) fn wake_at(&self, acknowledge_after: Duration) -> Option<Duration> {
        let remaining = |seen: Duration| (seen + acknowledge_after).saturating_sub(self.seen);
        let acknowledge =
            self.drained.front().map(|(seen, _)| self.looked_at + remaining(*seen).min(MOST_BETWEEN_LOOKS));
        [self.resume_at, self.check_at, acknowledge].into_iter().flatten().min()
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

    /// Audio was handed over.
    pub(super) fn handed(&mut self, bytes: usize, duration: Duration, now: Duration) {
        if self.buffered_bytes == 0 {
            self.progress_at = now;
        }
        self.buffered_bytes += bytes;
        self.handed_bytes += bytes;
        self.pace.spend(duration);
        self.check_at.get_or_insert(now + DRAIN_CHECK);
    }

    /// The socket holds `buffered_bytes`, and was handed all audio before `sent_until`.
    pub(super) fn looked(&mut self, buffered_bytes: usize, sent_until: Duration, now: Duration) -> Result<(), Stalled> {
        self.buffered_bytes = buffered_bytes;
        self.check_at = None;
        self.see(now);
        if buffered_bytes == 0 {
            self.progress_at = now;
            self.left_bytes = self.handed_bytes;
            if self.drained_until < sent_until {
                self.drained_until = sent_until;
                self.drained.push_back((self.seen, sent_until));
            }
            return Ok(());
        }
        self.check_at = Some(now + DRAIN_CHECK);
        let left = self.handed_bytes.saturating_sub(buffered_bytes);
        if left > self.left_bytes {
            self.left_bytes = left;
            self.progress_at = now;
        }
        if now < self.progress_at + STALL_LIMIT { Ok(()) } else { Err(Stalled) }
    }

    /// Until when in capture time the audio counts as heard: it has left the socket at least `acknowledge_after` ago,
    /// and so much was sent after it that its transcript would have come.
    pub(super) fn heard_until(&mut self, acknowledge_after: Duration, now: Duration) -> Duration {
        self.see(now);
        let now = self.seen;
        while let Some((_, left)) = self.drained.pop_front_if(|(seen, _)| now >= *seen + acknowledge_after) {
            self.gone_until = left;
        }
        self.gone_until.min(self.drained_until.saturating_sub(LONGEST_SEGMENT))
    }

    /// The socket is still open.
    fn see(&mut self, now: Duration) {
        self.seen += now.saturating_sub(self.looked_at).min(MOST_BETWEEN_LOOKS);
        self.looked_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: Duration = Duration::from_millis(250);
    const AFTER: Duration = Duration::from_secs(30);

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_socket_that_holds_much_is_given_no_more_until_it_drains() {
        let mut live = Live::new(Container::Raw, 100.0, CHUNK, s(0));
        live.handed(64_000, CHUNK, s(0));
        assert!(!live.allows(CHUNK, s(0)));
        assert_eq!(live.looked(40_000, s(2), s(1)), Ok(()));
        assert!(!live.allows(CHUNK, s(1)), "it has to drain first");
        assert_eq!(live.looked(16_000, s(2), s(2)), Ok(()));
        assert!(live.allows(CHUNK, s(2)));
        live.handed(40_000, CHUNK, s(2));
        assert!(live.allows(CHUNK, s(2)));
    }

    #[test]
    fn a_socket_that_lets_nothing_go_is_stalled_after_ten_seconds() {
        let mut live = Live::new(Container::Raw, 1.5, CHUNK, s(0));
        live.handed(8_000, CHUNK, s(0));
        assert_eq!(live.looked(8_000, s(1), s(5)), Ok(()));
        assert_eq!(live.looked(7_999, s(1), s(9)), Ok(()));
        assert_eq!(live.looked(7_999, s(1), s(18)), Ok(()));
        assert_eq!(live.looked(7_999, s(1), s(19)), Err(Stalled));
    }

    #[test]
    fn what_left_an_open_socket_long_enough_ago_counts_as_heard() {
        let mut live = Live::new(Container::Raw, 1.5, CHUNK, s(0));
        assert_eq!(live.looked(0, s(1), s(2)), Ok(()));
        (3..24).for_each(|at| assert_eq!(live.heard_until(AFTER, s(at)), s(0)));
        assert_eq!(live.looked(0, s(23), s(24)), Ok(()));
        let heard: Vec<_> = (25..70).map(|at| live.heard_until(AFTER, s(at))).collect();
        // From 32 s on the first second has its time; from 54 s on so has all, but nothing came after its last 20 s.
        assert!(heard[..7].iter().all(|until| *until == s(0)), "{heard:?}");
        assert!(heard[7..29].iter().all(|until| *until == s(1)), "{heard:?}");
        assert!(heard[29..].iter().all(|until| *until == s(3)), "{heard:?}");
    }

    #[test]
    fn while_the_machine_slept_nothing_is_known_to_have_been_heard() {
        let mut live = Live::new(Container::Raw, 1.5, CHUNK, s(0));
        assert_eq!(live.looked(0, s(1), s(2)), Ok(()));
        assert_eq!(live.looked(0, s(31), s(3)), Ok(()));
        assert_eq!(live.heard_until(AFTER, s(602)), s(0));
        assert_eq!(live.wake_at(AFTER), Some(s(614)));
        assert_eq!(live.heard_until(AFTER, s(614)), s(0));
        assert_eq!(live.heard_until(AFTER, s(619)), s(1));
        assert_eq!(live.heard_until(AFTER, s(621)), s(11));
    }
}
