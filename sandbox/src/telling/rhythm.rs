//! The service's times, in seconds of the live service; [`scaled`] makes a run's of them.
//!
//! «live»: somebody recorded it; «golden»: the distance in tests/wire/live, whose
//! times are made up within what was recorded; «guess»: nobody has seen it.

use std::time::Duration;

/// From the first speech of a socket to the first words, with diarization. Live: some 21.
pub(crate) const FIRST_BATCH: f64 = 21.4;
/// Between two batches. Live: 13 to 18.
const BATCHES: [f64; 5] = [15.5, 13.4, 17.6, 14.2, 16.3];
/// From the end of a segment until a batch may hold it; and for the speaker whose turn it is to be late. Golden: the
/// batch at 21.4 has one speaker's words up to 16.4, and the other's up to 12.3. That anybody is late is a guess.
pub(crate) const BATCH_LAG: f64 = 4.4;
pub(crate) const LATE_LAG: f64 = 11.0;
/// From the end of a segment to its message, without diarization. Live: 2 to 3.5.
const UTTERANCES: [f64; 5] = [2.4, 2.7, 2.5, 3.4, 2.1];
/// The longest segment of unbroken speech. Live: up to 13.
pub(crate) const LONGEST: f64 = 13.0;

/// From a flush to its transcript, and to `flushed`. Golden: 1.3 and 1.6.
pub(crate) const FLUSH_REST: f64 = 1.3;
pub(crate) const FLUSHED: f64 = 1.6;
/// From the end to the rest, to the last facts, to `usage`, to `ENDED` and to the close. Live: `ENDED` within 1.5; the
/// rest and the facts are guesses.
pub(crate) const END_REST: f64 = 0.6;
pub(crate) const END_FACTS: f64 = 0.8;
pub(crate) const USAGE: f64 = 0.9;
pub(crate) const ENDED: f64 = 1.3;
pub(crate) const CLOSE: f64 = 1.4;

/// From a transcript to its facts. Live: 1.5 to 2.
pub(crate) const FACTS_AFTER: f64 = 1.7;
/// Between two rounds of facts, and before the first, with `fixed`. Types: 60.
pub(crate) const FACTS_FIXED: f64 = 60.0;
/// Before the first round with `fast_init`, and between two, where segments come for themselves. Live: the first after
/// one to three minutes; between two a guess.
pub(crate) const FACTS_FIRST: f64 = 71.3;
pub(crate) const FACTS_BETWEEN: f64 = 30.0;
/// Between two `delta_usage`. Guess.
pub(crate) const DELTA_USAGE: f64 = 40.0;

/// From a batch to the next one, where so many have been told.
pub(crate) fn after_batch(told: usize) -> f64 {
    BATCHES[told.saturating_sub(1) % BATCHES.len()]
}

/// From the end of utterance `index` to its message.
pub(crate) fn after_utterance(index: usize) -> f64 {
    UTTERANCES[index % UTTERANCES.len()]
}

/// A time of the service at this pace.
pub(crate) fn scaled(seconds: f64, pace: f64) -> Duration {
    Duration::try_from_secs_f64(seconds * pace).unwrap_or_default()
}
