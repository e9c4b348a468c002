//! A configured socket: how much may be handed to it, what has left it, and whether it still moves.

use std::collections::VecDeque;
use std::time::Duration;

use super::pace::Pace;
use crate::audio::container::Container;

/// No more audio is handed to a socket that holds this many bytes: two seconds of PCM. More would only hide in the
/// browser what the ledger should show.
const HIGH_WATER_BYTES: usize = 64_000;

/// How often to look whether the socket's buffer has drained.
const DRAIN_CHECK: Duration = Duration::from_millis(250);

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
    /// Bytes handed over in all, how many of them had left when last looked, and when some last did.
    handed_bytes: usize,
    left_bytes: usize,
    progress_at: Duration,
    /// Capture time that had left the socket, and when that was seen.
    drained: VecDeque<(Duration, Duration)>,
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
            handed_bytes: 0,
            left_bytes: 0,
            progress_at: now,
            drained: VecDeque::new(),
        }
    }

    /// How long the socket has been good.
    pub(super) fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.since)
    }

    /// When something is due.
    pub(super) fn wake_at(&self, acknowledge_after: Duration) -> Option<Duration> {
        let acknowledge = self.drained.front().map(|(seen, _)| *seen + acknowledge_after);
        [self.resume_at, self.check_at, acknowledge].into_iter().flatten().min()
    }

    /// Nothing waits to be sent.
    pub(super) const fn idle(&mut self) {
        self.resume_at = None;
    }

    /// Whether `duration` of audio may be handed over now. If not, something is due when that may have changed.
    pub(super) fn allows(&mut self, duration: Duration, now: Duration) -> bool {
        self.resume_at = None;
        if self.buffered_bytes >= HIGH_WATER_BYTES {
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
        if buffered_bytes == 0 {
            self.progress_at = now;
            self.left_bytes = self.handed_bytes;
            if self.drained.back().is_none_or(|(_, until)| *until < sent_until) {
                self.drained.push_back((now, sent_until));
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

    /// Until when in capture time the audio has left the socket at least `acknowledge_after` ago.
    pub(super) fn gone_since(&mut self, acknowledge_after: Duration, now: Duration) -> Option<Duration> {
        let mut until = None;
        while let Some((_, left)) = self.drained.pop_front_if(|(seen, _)| now >= *seen + acknowledge_after) {
            until = Some(left);
        }
        until
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
        assert!(live.allows(CHUNK, s(1)));
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
        assert_eq!(live.looked(0, s(3), s(4)), Ok(()));
        assert_eq!(live.gone_since(AFTER, s(31)), None);
        assert_eq!(live.gone_since(AFTER, s(32)), Some(s(1)));
        assert_eq!(live.gone_since(AFTER, s(60)), Some(s(3)));
    }
}
