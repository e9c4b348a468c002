//! The transcript of the visit as a list: each segment under its key, in the order of their starts.
//!
//! Which key a segment has, and whether it is new at all, is decided before, in `merge`.

use crate::protocol::server::Segment;

/// The most segments kept for `stream.transcript`: more than twelve hours without a pause, at one every three seconds.
pub const MOST_SEGMENTS: usize = 20_000;

/// The merged transcript of a visit.
#[derive(Debug)]
pub struct Transcript {
    /// The most segments: beyond them the earliest are forgotten.
    most: usize,
    /// In the order of their starts.
    segments: Vec<Segment>,
    /// Where the latest of those begins that were forgotten, in seconds of the visit.
    forgotten_until: f64,
    /// One more than the highest number of a speaker.
    speakers: i64,
}

impl Transcript {
    /// A transcript of at most so many segments.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { most, segments: Vec::new(), forgotten_until: f64::NEG_INFINITY, speakers: 0 }
    }

    /// The segments, in time order.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Up to where, in seconds of the visit, segments were forgotten.
    pub(super) const fn forgotten_until(&self) -> f64 {
        self.forgotten_until
    }

    /// A number that no speaker had yet.
    #[must_use]
    pub const fn next_speaker(&self) -> i64 {
        self.speakers
    }

    /// The segment of that key.
    pub(super) fn get(&self, key: &str) -> Option<&Segment> {
        // What is asked for is mostly late.
        self.segments.iter().rev().find(|segment| segment.key == key)
    }

    /// Takes a segment out.
    pub fn remove(&mut self, key: &str) -> Option<Segment> {
        let at = self.segments.iter().rposition(|segment| segment.key == key)?;
        Some(self.segments.remove(at))
    }

    /// Puts a segment in, in place of the one of the same key if there is one.
    pub fn put(&mut self, segment: Segment) {
        self.remove(&segment.key);
        if self.segments.len() >= self.most {
            let first = self.segments.remove(0);
            self.forgotten_until = self.forgotten_until.max(first.end);
        }
        self.speakers = self.speakers.max(segment.speaker.saturating_add(1));
        let at = self.segments.partition_point(|held| held.start <= segment.start);
        self.segments.insert(at, segment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;
    use crate::protocol::server::NOBODY;

    fn segment(key: &str, start: f64, speaker: i64) -> Segment {
        Segment {
            key: key.to_owned(),
            is_final: true,
            channel: 0,
            speaker_id: NOBODY,
            speaker,
            start,
            end: start + 4.0,
            overlaps: false,
            raw: Json::NULL.to_raw(),
        }
    }

    fn keys(transcript: &Transcript) -> Vec<&str> {
        transcript.segments().iter().map(|segment| &*segment.key).collect()
    }

    #[test]
    fn it_is_in_time_order_however_it_comes_and_those_that_start_together_as_they_came() {
        let mut transcript = Transcript::new(MOST_SEGMENTS);
        for (key, start) in [("b", 4.0), ("a", 0.0), ("d", 8.0), ("c", 4.0)] {
            transcript.put(segment(key, start, NOBODY));
        }
        assert_eq!(keys(&transcript), ["a", "b", "c", "d"]);
    }

    #[test]
    fn what_comes_again_under_its_key_is_there_once_and_where_it_belongs_now() {
        let mut transcript = Transcript::new(MOST_SEGMENTS);
        for (key, start) in [("a", 0.0), ("b", 4.0), ("a", 5.0)] {
            transcript.put(segment(key, start, NOBODY));
        }
        assert_eq!(keys(&transcript), ["b", "a"]);
        assert_eq!(transcript.remove("b").map(|segment| segment.key), Some("b".to_owned()));
        assert_eq!((transcript.remove("b"), keys(&transcript)), (None, vec!["a"]));
    }

    #[test]
    fn beyond_the_most_the_earliest_are_forgotten_and_speakers_are_not() {
        let mut transcript = Transcript::new(2);
        for (key, start, speaker) in [("a", 0.0, 3), ("b", 4.0, 0), ("c", 8.0, NOBODY)] {
            transcript.put(segment(key, start, speaker));
        }
        assert_eq!(keys(&transcript), ["b", "c"]);
        assert_eq!((transcript.forgotten_until(), transcript.next_speaker()), (4.0, 4));
    }
}
