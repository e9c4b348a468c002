//! From a socket's time to the visit's.
//!
//! The service counts `time` in seconds of audio [live]; on a reopened socket presumably from that socket's first audio
//! [guess]. An [`Origin`] turns that round, and where times show it, the reading turns by itself. What a socket was sent
//! need not be contiguous in capture time, so the map is piecewise.

use crate::time::Duration;

/// From where the service counts `time` on a socket that is not the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// From that socket's first audio, until its times show that they are counted on.
    #[default]
    Auto,
    /// From that socket's first audio.
    Socket,
    /// From the first audio of all: what is sent again counts again.
    Interaction,
}

/// A time may lie so many seconds beyond what was sent: encoders pad, and a service rounds.
const SLACK: f64 = 1.0;

/// What is closer is the same.
const EXACT: f64 = 0.001;

/// The most pieces that are kept of earlier sockets, and of the present one: one is added where audio was given up.
const MOST_PIECES: usize = 200;

/// Whether a time can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It can.
    Well,
    /// It can, since the service counts otherwise than was thought until now: all times of this socket have changed.
    Turned,
    /// It lies beyond all that was sent.
    Not,
}

/// The map of the present socket and those before.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    origin: Origin,
    /// Whether times are read as counted on from earlier sockets.
    counts_on: bool,
    /// Whether times of a reopened socket have shown that they are its own.
    is_settled: bool,
    /// Where each contiguous piece begins: (seconds of the socket's audio, capture time in seconds).
    pieces: Vec<(f64, f64)>,
    /// The same of earlier sockets, in seconds of all that was sent.
    earlier: Vec<(f64, f64)>,
    /// Audio handed to the present socket.
    sent: Duration,
    /// Capture time right after what was sent last.
    next: Option<Duration>,
    /// What was handed to earlier sockets, in seconds, and what of it has arrived for certain. A service that counts on
    /// has counted what arrived: something from the one to the other.
    handed: f64,
    arrived: f64,
    /// Where a service that counts on is thought to have been at this socket's first audio.
    base: f64,
    /// Whether words have told that.
    is_based: bool,
    /// Whether an earlier socket's times were read as its own, and nothing had shown that they are.
    was_unproven: bool,
    /// The first start and the latest end of the times of this socket.
    first: f64,
    latest: f64,
}

impl Timeline {
    pub(super) fn new(origin: Origin) -> Self {
        Self { origin, counts_on: origin == Origin::Interaction, first: f64::MAX, ..Self::default() }
    }

    /// The same after `sent` of audio, replays included, on sockets of which nothing else is known.
    pub(super) fn after(origin: Origin, sent: Duration) -> Self {
        let handed = sent.as_secs_f64();
        Self { handed, arrived: handed, base: handed, ..Self::new(origin) }
    }

    /// A new socket: nothing has been sent on it.
    pub(super) fn restart(&mut self) {
        let base = self.base;
        self.earlier.extend(self.pieces.drain(..).map(|(at, capture)| (base + at, capture)));
        self.earlier.drain(..self.earlier.len().saturating_sub(MOST_PIECES));
        self.was_unproven |= self.is_unclear(f64::MAX) && self.latest > 0.0;
        // Whatever this socket's times are counted from, so much lies between them.
        let least = if self.handed > 0.0 { self.latest - self.first } else { self.latest };
        self.arrived += least.max(0.0).min(self.sent.as_secs_f64());
        self.handed += self.sent.as_secs_f64();
        self.base = self.handed;
        (self.sent, self.next, self.is_based) = (Duration::ZERO, None, false);
        (self.first, self.latest) = (f64::MAX, 0.0);
    }

    /// The audio of `start..end` in capture time was handed to the socket.
    pub(super) fn sent(&mut self, start: Duration, end: Duration) {
        if self.next != Some(start) {
            self.pieces.push((self.sent.as_secs_f64(), start.as_secs_f64()));
            self.pieces.drain(..self.pieces.len().saturating_sub(MOST_PIECES));
        }
        self.sent += end.saturating_sub(start);
        self.next = Some(end);
    }

    /// Looks at a segment's time: whether it can be, and what it shows.
    pub(super) fn judge(&mut self, start: f64, end: f64) -> Fit {
        let sent = self.sent.as_secs_f64();
        let is_own = end <= sent + SLACK;
        let is_of_all = end <= self.handed + sent + SLACK;
        let mut fit = Fit::Well;
        if !self.counts_on {
            // What begins before a service that counts on can have been is this socket's own.
            self.is_settled |= is_own && start + SLACK < self.arrived;
            if !is_own {
                if !is_of_all || self.is_settled || self.origin != Origin::Auto {
                    return Fit::Not;
                }
                (self.counts_on, fit) = (true, Fit::Turned);
            }
        } else if !is_of_all {
            return Fit::Not;
        }
        if self.counts_on
            && !self.is_based
            && start + EXACT < self.base
            && start >= self.arrived
            && end - start <= sent + SLACK
        {
            // Audio was lost on its way: the service has counted less than was handed over.
            (self.base, fit) = (start, Fit::Turned);
        }
        if !self.counts_on || start >= self.arrived {
            (self.first, self.latest) = (self.first.min(start), self.latest.max(end));
        }
        fit
    }

    /// Whether a time that can be may be meant otherwise, too: then words may tell.
    pub(super) fn is_unclear(&self, start: f64) -> bool {
        self.origin == Origin::Auto && !self.counts_on && !self.is_settled && self.handed > 0.0 && start >= self.arrived
    }

    /// The visit's time, in seconds, if the service counts on.
    pub(super) fn if_counted_on(&self, seconds: f64) -> f64 {
        mapped(&self.pieces, (seconds - self.base).max(0.0))
    }

    /// Whether earlier sockets' times were read otherwise than they should have been: what they brought may lie elsewhere.
    pub(super) const fn is_doubtful(&self) -> bool {
        self.counts_on && self.was_unproven
    }

    /// By how many seconds all times of this socket may be too early: a service that counts on has not counted what was lost.
    pub(super) fn doubt(&self) -> f64 {
        let is_open = self.counts_on && !self.is_based && self.base > self.arrived + EXACT;
        if is_open { self.handed - self.arrived } else { 0.0 }
    }

    /// Words have told that they are: by how many seconds. Whether that changes anything.
    pub(super) fn shift(&mut self, seconds: f64) -> bool {
        self.is_based = true;
        let base = (self.base - seconds).min(self.first).max(self.arrived).min(self.handed);
        (std::mem::replace(&mut self.base, base) - base).abs() > EXACT
    }

    /// Words have told whether it does.
    pub(super) const fn tell(&mut self, counts_on: bool) {
        (self.counts_on, self.is_settled) = (counts_on, true);
    }

    /// Seconds of the present socket's audio, by its own count; negative for an earlier one's.
    pub(super) fn own(&self, seconds: f64) -> f64 {
        if self.counts_on { seconds - self.base } else { seconds }
    }

    /// The visit's time, in seconds, at `seconds` as the service counts.
    pub(super) fn to_visit(&self, seconds: f64) -> f64 {
        let own = self.own(seconds);
        if self.counts_on && own + SLACK < 0.0 && !self.earlier.is_empty() {
            return mapped(&self.earlier, seconds);
        }
        mapped(&self.pieces, own)
    }

    /// Audio handed to the present socket.
    pub(super) const fn handed(&self) -> Duration {
        self.sent
    }
}

fn mapped(pieces: &[(f64, f64)], seconds: f64) -> f64 {
    let piece = pieces.iter().rev().find(|(begins, _)| *begins <= seconds).or(pieces.first());
    piece.map_or(seconds, |(begins, capture)| (capture + (seconds - begins)).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// 60 s on a first socket, all of which arrived; on the next the last 20 s again, and 10 s more.
    fn reopened(origin: Origin) -> Timeline {
        let mut timeline = Timeline::new(origin);
        timeline.sent(s(0), s(60));
        assert_eq!(timeline.judge(58.0, 60.0), Fit::Well);
        timeline.restart();
        timeline.sent(s(40), s(70));
        timeline
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
        let timeline = reopened(Origin::Interaction);
        assert_eq!((timeline.to_visit(58.5), timeline.to_visit(60.0), timeline.to_visit(70.5)), (58.5, 40.0, 50.5));
    }

    #[test]
    fn a_time_beyond_all_that_was_sent_cannot_be() {
        let mut timeline = Timeline::default();
        timeline.sent(s(0), s(10));
        assert_eq!((timeline.judge(1.0, 10.9), timeline.judge(9.0, 12.0)), (Fit::Well, Fit::Not));
        assert_eq!(reopened(Origin::Socket).judge(61.0, 64.0), Fit::Not);
        assert_eq!(reopened(Origin::Auto).judge(61.0, 640.0), Fit::Not);
        assert_eq!(reopened(Origin::Interaction).judge(61.0, 92.0), Fit::Not);
    }

    #[test]
    fn a_time_that_only_a_service_has_which_counts_on_turns_the_reading() {
        let mut timeline = reopened(Origin::Auto);
        assert_eq!((timeline.judge(61.0, 64.0), timeline.to_visit(61.0)), (Fit::Turned, 41.0));
        assert_eq!((timeline.judge(61.0, 64.0), timeline.judge(66.0, 70.0)), (Fit::Well, Fit::Well));
        timeline.restart();
        timeline.sent(s(70), s(80));
        assert_eq!((timeline.judge(91.0, 94.0), timeline.to_visit(91.0)), (Fit::Well, 71.0));
    }

    #[test]
    fn once_a_socket_has_shown_that_its_times_are_its_own_nothing_turns_them() {
        let mut timeline = reopened(Origin::Auto);
        assert_eq!((timeline.judge(0.5, 4.0), timeline.to_visit(0.5)), (Fit::Well, 40.5));
        assert_eq!((timeline.judge(61.0, 64.0), timeline.to_visit(1.0)), (Fit::Not, 41.0));
    }

    #[test]
    fn a_service_that_counts_on_has_not_counted_what_was_lost_on_its_way() {
        let mut timeline = Timeline::new(Origin::Auto);
        timeline.sent(s(0), s(60));
        assert_eq!(timeline.judge(20.0, 30.0), Fit::Well);
        timeline.restart();
        // 15 s of the 60 were lost.
        timeline.sent(s(30), s(45));
        assert_eq!((timeline.judge(45.0, 50.0), timeline.to_visit(45.0)), (Fit::Turned, 30.0));
        assert_eq!((timeline.judge(50.0, 58.0), timeline.to_visit(50.0)), (Fit::Well, 35.0));
    }
}
