//! From a socket's time to the visit's.
//!
//! The service counts `time` in seconds of audio; on a reopened socket presumably from that socket's first audio (its
//! documentation does not say: this room is the one place to change if it is otherwise). What a socket was sent need
//! not be contiguous in capture time, so the map is piecewise.

use std::time::Duration;

/// The map of the present socket.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// Where each contiguous piece begins: (seconds of the socket's audio, capture time in seconds).
    pieces: Vec<(f64, f64)>,
    sent: Duration,
    /// Capture time right after what was sent last.
    next: Option<Duration>,
}

impl Timeline {
    /// A new socket: nothing has been sent.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// The audio of `start..end` in capture time was handed to the socket.
    pub(super) fn sent(&mut self, start: Duration, end: Duration) {
        if self.next != Some(start) {
            self.pieces.push((self.sent.as_secs_f64(), start.as_secs_f64()));
        }
        self.sent += end.saturating_sub(start);
        self.next = Some(end);
    }

    /// The visit's time, in seconds, at `seconds` of the socket's audio.
    pub(super) fn to_visit(&self, seconds: f64) -> f64 {
        let piece = self.pieces.iter().rev().find(|(begins, _)| *begins <= seconds).or(self.pieces.first());
        piece.map_or(seconds, |(begins, capture)| capture + (seconds - begins))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_first_socket_of_a_visit_needs_no_correction() {
        let mut timeline = Timeline::default();
        timeline.sent(s(0), s(1));
        timeline.sent(s(1), s(2));
        assert_eq!((timeline.to_visit(0.0), timeline.to_visit(1.75), timeline.pieces.len()), (0.0, 1.75, 1));
    }

    #[test]
    fn a_reopened_socket_counts_from_what_it_was_sent_first_and_gaps_are_kept() {
        let mut timeline = Timeline::default();
        timeline.sent(s(0), s(60));
        timeline.restart();
        timeline.sent(s(40), s(45));
        timeline.sent(s(50), s(60));
        assert_eq!((timeline.to_visit(2.5), timeline.to_visit(6.0)), (42.5, 51.0));
    }
}
