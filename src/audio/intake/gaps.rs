//! How much is missing between the blocks of a source, told by when each was captured.
//!
//! A device that is exchanged, a context that was suspended, or a processor that was too busy leaves a gap: the frames
//! that come next were captured later than those before them end. A device's clock that goes a little faster or slower
//! than the page's does not.

/// How much a block may be late, in seconds, before frames are taken to be missing: longer than a loaded machine holds
/// back the audio thread and then catches up, shorter than a word.
const LATE: f64 = 0.25;

/// The same when it is known that the source was interrupted.
const INTERRUPTED: f64 = 0.03;

/// The first blocks of a device may be late; the least late of so many seconds is what is expected of the others.
const LEARNING: f64 = 2.0;

/// How fast what is expected follows what is seen: no clock of a device is further off, as a part of 1.
const SLEW: f64 = 500e-6;

/// Watches one source. Times are in seconds.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Sound and gaps so far.
    passed: f64,
    /// When the source began, by what is expected of it.
    began: Option<f64>,
    interrupted: bool,
}

impl Gaps {
    /// The source is interrupted: what comes next may be from another device.
    pub(super) const fn interrupt(&mut self) {
        self.interrupted = true;
    }

    /// What passed meanwhile was not to be captured: the next block begins anew.
    pub(super) fn resume(&mut self) {
        *self = Self::default();
    }

    /// How much is missing before a block of `length` whose last frame was captured at `captured`.
    pub(super) fn before(&mut self, length: f64, captured: f64) -> f64 {
        let least = if std::mem::take(&mut self.interrupted) { INTERRUPTED } else { LATE };
        let began = captured - length - self.passed;
        let expected = *self.began.get_or_insert(began);
        self.passed += length;
        let late = began - expected;
        if late >= least {
            self.passed += late;
            return late;
        }
        let most = SLEW * length;
        let earliest = if self.passed < LEARNING { late.min(0.0) } else { -most };
        self.began = Some(expected + late.max(earliest).min(most));
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: f64 = 0.02;

    /// Blocks of 20 ms; their device's clock is off by `drift`, and message `n` is captured late by `late(n)`.
    fn missing(blocks: usize, drift: f64, late: impl Fn(usize) -> f64) -> Vec<(usize, f64)> {
        let mut gaps = Gaps::default();
        let captured = |n: usize| (n + 1) as f64 * BLOCK * (1.0 + drift) + late(n);
        (0..blocks).map(|n| (n, gaps.before(BLOCK, captured(n)))).filter(|(_, gap)| *gap > 0.0).collect()
    }

    #[test]
    fn an_hour_of_a_clock_that_is_off_has_no_gap() {
        for drift in [-300e-6, 0.0, 300e-6] {
            assert_eq!(missing(180_000, drift, |n| if n % 7 == 0 { 0.1 } else { 0.0 }), []);
        }
    }

    #[test]
    fn what_is_missing_is_told_once_and_in_full() {
        let gaps = missing(1_000, 0.0, |n| if n < 500 { 0.0 } else { 3.0 });
        assert!(matches!(gaps[..], [(500, gap)] if (gap - 3.0).abs() < 1e-6), "{gaps:?}");
    }

    #[test]
    fn blocks_that_are_held_back_and_catch_up_are_no_gap() {
        assert_eq!(missing(1_000, 0.0, |n| if (500..510).contains(&n) { 0.2 } else { 0.0 }), []);
    }

    #[test]
    fn a_late_start_is_not_what_is_expected_later() {
        let gaps = missing(1_000, 0.0, |n| {
            if n < 5 {
                0.24
            } else if n < 500 {
                0.0
            } else {
                0.3
            }
        });
        assert_eq!(gaps.len(), 1, "{gaps:?}");
        assert!((gaps[0].1 - 0.3).abs() < 1e-2, "{gaps:?}");
    }

    #[test]
    fn after_an_interruption_less_is_enough() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.before(BLOCK, BLOCK), 0.0);
        assert_eq!(gaps.before(BLOCK, 2.0 * BLOCK + 0.1), 0.0);
        gaps.interrupt();
        assert!(gaps.before(BLOCK, 3.0 * BLOCK + 0.1) > 0.09);
    }
}
