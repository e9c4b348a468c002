//! What a source's clock does against the page's, and how fast the source is therefore read. Knows no samples.
//!
//! A block's message is late by what the page happened to be doing, never early. So the *offset* of a source, the
//! page's time less the time that the source has counted, is best told by the least late message of a while.
//!
//! The offset and where a source is being read give the page's time at which the sound was captured that leaves the
//! mixer now. For all sources that should be the same; by how much it differs from the lead's is the source's *error*.
//! Once a [`WINDOW`] a proportional-integral controller turns the error into the speed of reading.

use crate::time::Duration;

/// How often errors are measured. Of the 50 messages in it the least late one is late by 0.6 ms on average,
/// if each is by up to 30.
pub(super) const WINDOW: Duration = Duration::from_secs(1);

/// Speed for each second of error, and growth of the speed for it, a window. The error follows
/// z² − (2 − P − I) z + (1 − P), whose roots, 0.96 and 0.94, lie inside the unit circle: it is stable, critically damped
/// (P² = 4 I), and settles in some 20 windows. That a measurement is half a window old on average costs 1.4° of phase.
/// A drift of 350 ppm that appears at once is behind by 2.6 ms at most; a millisecond of noise in a measurement moves
/// the speed by 100 ppm, a sixth of a cent.
const PROPORTIONAL: f64 = 0.1;
const INTEGRAL: f64 = 0.0025;

/// The speed differs from 1 by this at most: two clocks that are wrong by 300 ppm each, thrice what crystals are, and 100
/// to catch up. It is 1.2 cents; the ear tells some 5.
const MOST_SPEED: f64 = 700e-6;

/// A larger error than this is no drift: frames were lost, or a queue grew. In seconds; with a packet of 20 ms in mind.
const STEP: f64 = 0.015;

/// Windows one after the other in which the error must be so large: a single one may be the page's doing.
const STEP_WINDOWS: u32 = 2;

/// The clock of one source.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Least offset of this window and of the one before, in seconds.
    least: [Option<f64>; 2],
    /// The part of the speed that follows the clocks.
    drift: f64,
    /// The part of the speed that takes away what error there is.
    pull: f64,
    /// Windows one after the other in which the error was a step.
    steps: u32,
    /// The step that has to be made, in seconds.
    step: f64,
}

impl Clock {
    /// A block came, by which the source's offset is at most `offset` seconds.
    pub(super) fn observe(&mut self, offset: f64) {
        self.least[0] = Some(self.least[0].map_or(offset, |least| least.min(offset)));
    }

    /// The offset as far as it is known, in seconds.
    pub(super) fn offset(&self) -> Option<f64> {
        let [now, before] = self.least;
        now.zip(before).map(|(now, before)| now.min(before)).or(now).or(before)
    }

    /// The offset of this window alone, in seconds: older ones have drifted.
    pub(super) const fn fresh(&self) -> Option<f64> {
        self.least[0]
    }

    /// The window ends.
    pub(super) const fn turn(&mut self) {
        self.least = [None, self.least[0]];
    }

    /// What was observed no longer holds; the drift does.
    pub(super) fn forget(&mut self) {
        *self = Self { drift: self.drift, ..Self::default() };
    }

    /// Takes the error of a window in seconds, positive if the source is behind the lead and must be read faster.
    /// Answers with the step that has to be made, or 0: [`Self::take_step`] hands it out.
    pub(super) fn correct(&mut self, error: f64) -> f64 {
        if error.abs() > STEP {
            self.steps = (self.steps + 1) % STEP_WINDOWS;
            self.step = if self.steps == 0 { error } else { 0.0 };
            return self.step;
        }
        self.steps = 0;
        self.drift = (self.drift + INTEGRAL * error).clamp(-MOST_SPEED, MOST_SPEED);
        self.pull = PROPORTIONAL * error;
        0.0
    }

    /// The step that must be made now in seconds, or 0. It is handed out once.
    pub(super) const fn take_step(&mut self) -> f64 {
        std::mem::replace(&mut self.step, 0.0)
    }

    /// Frames of the source to a frame of the timeline. Exactly 1 for the lead.
    pub(super) fn speed(&self) -> f64 {
        1.0 + (self.drift + self.pull).clamp(-MOST_SPEED, MOST_SPEED)
    }

    /// How much faster than the lead's it runs.
    pub(super) const fn drift(&self) -> f64 {
        self.drift
    }

    /// Another lead, whose own drift was `drift`.
    pub(super) fn follow(&mut self, drift: f64) {
        self.drift = (self.drift - drift).clamp(-MOST_SPEED, MOST_SPEED);
    }

    /// The source is the lead now: what it counts is the time.
    pub(super) fn lead(&mut self) {
        *self = Self { least: self.least, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors in seconds, window by window, of a source that drifts and starts `error` off.
    fn errors(drift: f64, mut error: f64, windows: usize) -> Vec<f64> {
        let mut clock = Clock::default();
        let next = |_| {
            assert_eq!(clock.correct(error), 0.0);
            error += drift - (clock.speed() - 1.0);
            error
        };
        (0..windows).map(next).collect()
    }

    #[test]
    fn a_drift_is_behind_by_three_milliseconds_at_most_and_then_by_nothing() {
        for drift in [350e-6, -350e-6] {
            let errors = errors(drift, 0.0, 300);
            assert!(errors.iter().all(|error| error.abs() < 0.003), "{errors:?}");
            assert!(errors[299].abs() < 1e-5, "{}", errors[299]);
        }
    }

    #[test]
    fn the_greatest_drift_and_an_error_stay_within_a_packet() {
        assert!(errors(600e-6, 0.010, 300).iter().all(|error| error.abs() < 0.015));
    }

    #[test]
    fn the_speed_has_a_limit() {
        let mut clock = Clock::default();
        (0..1_000).for_each(|_| assert_eq!(clock.correct(0.014), 0.0));
        assert!((clock.speed() - 1.0 - MOST_SPEED).abs() < 1e-12);
    }

    #[test]
    fn a_single_late_window_changes_nothing_and_two_are_a_step() {
        let mut clock = Clock::default();
        for error in [0.2, 0.0, 0.2] {
            assert_eq!((clock.correct(error), clock.speed()), (0.0, 1.0));
        }
        assert_eq!([clock.correct(0.2), clock.take_step(), clock.take_step()], [0.2, 0.2, 0.0]);
    }

    #[test]
    fn the_offset_is_that_of_the_least_late_message_of_two_windows() {
        let mut clock = Clock::default();
        [0.03, 0.01, 0.02].into_iter().for_each(|offset| clock.observe(offset));
        clock.turn();
        clock.observe(0.015);
        assert_eq!((clock.offset(), clock.fresh()), (Some(0.01), Some(0.015)));
        clock.turn();
        assert_eq!((clock.offset(), clock.fresh()), (Some(0.015), None));
        clock.forget();
        assert_eq!(clock.offset(), None);
    }
}
