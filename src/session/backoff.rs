//! When to try again: exponential, with full jitter.
//!
//! Full jitter (a uniform draw between nothing and the bound) spreads a ward's worth of clients best after an outage.

use crate::time::Duration;

/// The bound of the first wait.
const FIRST: Duration = Duration::from_millis(250);

/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(10);

/// A connection that held this long was a good one: the next drop starts from the first wait again.
const STABLE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Backoff {
    attempts: u32,
    random: u64,
}

impl Backoff {
    pub(super) const fn new(seed: u64) -> Self {
        Self { attempts: 0, random: seed }
    }

    /// Attempts in a row that came to nothing.
    pub(super) const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Counts an attempt that failed and tells how long to wait before the next.
    pub(super) fn next_wait(&mut self) -> Duration {
        let bound = (FIRST * (1 << self.attempts.min(16))).min(LONGEST);
        self.attempts += 1;
        bound.mul_f64(self.uniform())
    }

    /// Forgets the failures if the connection that ended had lasted.
    pub(super) fn connection_lasted(&mut self, duration: Duration) {
        if duration >= STABLE {
            self.attempts = 0;
        }
    }

    /// Uniform in 0..1, by SplitMix64: jitter needs no more.
    fn uniform(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_lie_between_nothing_and_a_doubling_bound() {
        let mut longest = [Duration::ZERO; 12];
        for seed in 0..500 {
            let mut backoff = Backoff::new(seed);
            for longest in &mut longest {
                *longest = (*longest).max(backoff.next_wait());
            }
        }
        for (attempt, longest) in longest.into_iter().enumerate() {
            let bound = (FIRST * (1 << attempt)).min(LONGEST);
            assert!(longest <= bound && longest > bound.mul_f64(0.9), "attempt {attempt}: {longest:?}");
        }
    }

    #[test]
    fn only_a_connection_that_lasted_resets_the_attempts() {
        let mut backoff = Backoff::new(1);
        backoff.next_wait();
        backoff.connection_lasted(Duration::from_secs(29));
        assert_eq!(backoff.attempts(), 1);
        backoff.connection_lasted(Duration::from_secs(30));
        assert_eq!(backoff.attempts(), 0);
    }
}
