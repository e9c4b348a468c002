//! The transcript of the visit: which interim items a segment replaces, and which segments an earlier socket already
//! brought.

use crate::audio::path::MAX_CHANNELS;
use crate::protocol::server::Segment;

/// The most segments kept for `stream.transcript`: more than twelve hours without a pause, at one every three seconds.
pub const MOST_SEGMENTS: usize = 20_000;

/// The most that a session keeps: ten minutes of them, at one every three seconds. What comes again corrected comes sooner than that.
pub(super) const RECENT_SEGMENTS: usize = 200;

/// The merged transcript of a visit.
#[derive(Debug)]
pub struct Transcript {
    /// The most segments: beyond them the earliest are forgotten.
    most: usize,
    /// In the order of their starts.
    segments: Vec<Segment>,
    /// Each channel's end of the last final segment, in seconds of the visit; 0 if there is none yet. A channel that audio
    /// cannot have is not counted.
    final_until: Vec<f64>,
    /// The same when the present socket opened: what lies before was heard on an earlier one.
    heard_before: Vec<f64>,
}

impl Transcript {
    /// A transcript of at most so many segments.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { most, segments: Vec::new(), final_until: Vec::new(), heard_before: Vec::new() }
    }

    /// The same where an earlier session knew of more; see [`Self::finals`].
    pub(super) fn after(most: usize, mut finals: Vec<f64>) -> Self {
        finals.truncate(MAX_CHANNELS);
        Self { final_until: finals, ..Self::new(most) }
    }

    /// Where each channel's last final segment ends, in seconds of the visit.
    #[must_use]
    pub fn finals(&self) -> &[f64] {
        &self.final_until
    }

    /// A new socket: what comes again is to be dropped.
    pub(super) fn restart(&mut self) {
        self.heard_before.clone_from(&self.final_until);
    }

    /// The merged transcript.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Takes a segment on the visit's timeline. `false` if an earlier socket brought these words, or the same message did;
    /// else the ids of the interim items that it replaces, its own among them, are added to `replaced`.
    pub fn take(&mut self, segment: &Segment, replaced: &mut Vec<String>) -> bool {
        let Segment { channel, start, end, .. } = *segment;
        let place = usize::try_from(channel).unwrap_or(MAX_CHANNELS);
        // The service need not cut what it hears again where it cut it first: most of a segment decides.
        let middle = f64::midpoint(start, end);
        if self.heard_before.get(place).is_some_and(|until| middle < *until) {
            return false;
        }
        if self.segments.contains(segment) {
            return false;
        }
        self.segments.retain(|held| {
            let overlaps = held.channel == channel && held.start < end && start < held.end;
            // A final item goes only if it comes again corrected: an id alone may recur on another socket.
            let same = held.id == segment.id;
            let goes = if held.is_final { same && overlaps } else { same || overlaps };
            if goes {
                replaced.push(held.id.clone());
            }
            !goes
        });
        if segment.is_final && place < MAX_CHANNELS {
            if self.final_until.len() <= place {
                self.final_until.resize(place + 1, 0.0);
            }
            self.final_until[place] = self.final_until[place].max(end);
        }
        if self.segments.len() == self.most {
            self.segments.remove(0);
        }
        let at = self.segments.partition_point(|held| held.start <= start);
        self.segments.insert(at, segment.clone());
        true
    }

    /// Until when every channel of `channels` has final segments, in seconds of the visit.
    pub(super) fn final_until(&self, channels: usize) -> f64 {
        let until = |channel: usize| self.final_until.get(channel).copied().unwrap_or(0.0);
        (0..channels.max(1)).map(until).fold(f64::INFINITY, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    fn segment(id: &str, channel: u32, is_final: bool, start: f64, end: f64) -> Segment {
        Segment { id: id.to_owned(), is_final, channel, start, end, raw: Json::NULL.to_raw() }
    }

    /// Takes a segment; the ids it replaced, or `None` if it was dropped.
    fn take(transcript: &mut Transcript, segment: &Segment) -> Option<Vec<String>> {
        let mut replaced = Vec::new();
        transcript.take(segment, &mut replaced).then_some(replaced)
    }

    #[test]
    fn a_segment_replaces_the_interim_items_of_its_id_and_of_its_time_and_channel() {
        let mut transcript = Transcript::new(MOST_SEGMENTS);
        assert_eq!(take(&mut transcript, &segment("a", 0, false, 0.0, 2.0)), Some(vec![]));
        assert_eq!(take(&mut transcript, &segment("b", 1, false, 0.0, 2.0)), Some(vec![]));
        assert_eq!(take(&mut transcript, &segment("c", 0, false, 1.0, 3.0)), Some(vec!["a".to_owned()]));
        assert_eq!(take(&mut transcript, &segment("c", 0, true, 1.0, 4.0)), Some(vec!["c".to_owned()]));
        assert_eq!(take(&mut transcript, &segment("d", 0, true, 4.0, 5.0)), Some(vec![]));
        let ids: Vec<&str> = transcript.segments().iter().map(|segment| &*segment.id).collect();
        assert_eq!(ids, ["b", "c", "d"]);
    }

    #[test]
    fn words_that_an_earlier_socket_brought_are_dropped() {
        let mut transcript = Transcript::new(MOST_SEGMENTS);
        take(&mut transcript, &segment("a", 0, true, 0.0, 5.0));
        transcript.restart();
        assert_eq!(take(&mut transcript, &segment("x", 0, true, 3.0, 5.05)), None);
        assert_eq!(take(&mut transcript, &segment("y", 0, true, 5.0, 5.05)), Some(vec![]));
        assert_eq!(take(&mut transcript, &segment("z", 0, true, 4.9, 7.0)), Some(vec![]));
    }

    #[test]
    fn all_channels_must_be_final_before_their_audio_is_let_go() {
        let mut transcript = Transcript::new(MOST_SEGMENTS);
        take(&mut transcript, &segment("a", 0, true, 0.0, 5.0));
        assert_eq!((transcript.final_until(1), transcript.final_until(2)), (5.0, 0.0));
        take(&mut transcript, &segment("b", 1, true, 0.0, 3.0));
        assert_eq!(transcript.final_until(2), 3.0);
    }

    #[test]
    fn the_transcript_is_in_time_order_however_it_comes() {
        let mut transcript = Transcript::new(MOST_SEGMENTS);
        for (id, start) in [("b", 4.0), ("a", 0.0), ("c", 8.0)] {
            take(&mut transcript, &segment(id, 0, true, start, start + 4.0));
        }
        let ids: Vec<&str> = transcript.segments().iter().map(|segment| &*segment.id).collect();
        assert_eq!(ids, ["a", "b", "c"]);
    }

    #[test]
    fn beyond_the_most_the_earliest_are_forgotten() {
        let mut transcript = Transcript::new(2);
        for (id, start) in [("a", 0.0), ("b", 4.0), ("c", 8.0)] {
            take(&mut transcript, &segment(id, 0, true, start, start + 4.0));
        }
        let ids: Vec<&str> = transcript.segments().iter().map(|segment| &*segment.id).collect();
        assert_eq!(ids, ["b", "c"]);
        assert_eq!(transcript.finals(), [12.0]);
    }
}
