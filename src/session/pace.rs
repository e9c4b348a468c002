//! How fast audio may be handed to a socket: the service cuts off what comes much faster than real time.
//!
//! A token bucket in seconds of audio: it fills at the catch-up rate and holds a little more than a chunk, so that live
//! audio is never held up and a backlog leaves evenly.

use crate::time::Duration;

/// What the bucket holds beyond one chunk: the jitter of a busy page's timers.
const SLACK: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Pace {
    rate: f64,
    /// Seconds of audio.
    credit: f64,
    most: f64,
    updated: Duration,
}

impl Pace {
    /// A full bucket at `now`. `rate` is a multiple of real time.
    pub(super) fn new(rate: f64, chunk: Duration, now: Duration) -> Self {
        let most = (SLACK + chunk).as_secs_f64();
        Self { rate, credit: most, most, updated: now }
    }

    /// How long to wait before `duration` of audio may go; zero if it may go now.
    pub(super) fn wait(&mut self, duration: Duration, now: Duration) -> Duration {
        self.credit += now.saturating_sub(self.updated).as_secs_f64() * self.rate;
        self.credit = self.credit.min(self.most);
        self.updated = now;
        let missing = duration.as_secs_f64() - self.credit;
        // The margin is for the rounding of the sums: without it a timer could fire at the very instant, for ever.
        if missing <= 1e-6 { Duration::ZERO } else { Duration::from_secs_f64(missing / self.rate) }
    }

    pub(super) fn spend(&mut self, duration: Duration) {
        self.credit -= duration.as_secs_f64();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: Duration = Duration::from_millis(250);

    /// Seconds of audio that leave within `seconds` when there is always more.
    fn sent_within(rate: f64, seconds: u64) -> f64 {
        let (mut pace, mut now, mut sent) = (Pace::new(rate, CHUNK, Duration::ZERO), Duration::ZERO, 0.0);
        while now < Duration::from_secs(seconds) {
            let wait = pace.wait(CHUNK, now);
            if wait.is_zero() {
                pace.spend(CHUNK);
                sent += CHUNK.as_secs_f64();
            }
            now += wait;
        }
        sent
    }

    #[test]
    fn a_backlog_leaves_at_the_catch_up_rate() {
        let sent = sent_within(1.5, 60);
        assert!((sent - 90.0).abs() < 1.6, "{sent}");
    }

    #[test]
    fn live_audio_never_waits() {
        let mut pace = Pace::new(1.0, CHUNK, Duration::ZERO);
        for n in 0..1_000 {
            assert_eq!(pace.wait(CHUNK, CHUNK * n), Duration::ZERO);
            pace.spend(CHUNK);
        }
    }
}
