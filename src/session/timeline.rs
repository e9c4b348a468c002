//! From a socket's time to the visit's.
//!
//! The service counts `time` in seconds of audio; on a reopened socket presumably from that socket's first audio. Its
//! documentation does not say: an [`Origin`] is the app's to choose. What a socket was sent need not be contiguous in
//! capture time, so the map is piecewise.

use crate::time::Duration;

/// From where the service counts `time` on a socket that is not the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// From that socket's first audio.
    #[default]
    Socket,
    /// From the first audio of all: what is sent again counts again.
    Interaction,
}

/// The map of the present socket, or of all so far.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    origin: Origin,
    /// Where each contiguous piece begins: (seconds of the socket's audio, capture time in seconds).
    pieces: Vec<(f64, f64)>,
    sent: Duration,
    /// Capture time right after what was sent last.
    next: Option<Duration>,
}

impl Timeline {
    pub(super) fn new(origin: Origin) -> Self {
        Self { origin, ..Self::default() }
    }

    /// The same after `sent` of audio, replays included, on sockets of which nothing else is known.
    pub(super) fn after(origin: Origin, sent: Duration) -> Self {
        Self { sent, ..Self::new(origin) }
    }

    /// A new socket: nothing has been sent on it.
    pub(super) fn restart(&mut self) {
        match self.origin {
            Origin::Socket => *self = Self::new(self.origin),
            Origin::Interaction => self.next = None,
        }
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

    #[test]
    fn a_visit_that_another_session_began_is_on_its_time_however_the_service_counts() {
        for (origin, counted) in [(Origin::Socket, 0.0), (Origin::Interaction, 620.0)] {
            let mut timeline = Timeline::after(origin, s(620));
            timeline.restart();
            timeline.sent(s(600), s(660));
            assert_eq!((timeline.to_visit(counted), timeline.to_visit(counted + 59.5)), (600.0, 659.5));
        }
    }

    #[test]
    fn a_service_that_counts_on_counts_again_what_it_is_sent_again() {
        let mut timeline = Timeline::new(Origin::Interaction);
        timeline.sent(s(0), s(60));
        timeline.restart();
        timeline.sent(s(40), s(60));
        assert_eq!((timeline.to_visit(59.5), timeline.to_visit(60.0), timeline.to_visit(70.5)), (59.5, 40.0, 50.5));
    }
}
