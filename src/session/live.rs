//! A configured socket: how much may be handed to it, what has left it, and whether it still moves.

use std::collections::VecDeque;

use super::pace::Pace;
use crate::audio::container::Container;
use crate::time::{Duration, earliest};

/// No more audio is handed to a socket that holds this many bytes: two seconds of PCM. More would only hide in the
/// browser what the ledger should show.
const HIGH_WATER_BYTES: usize = 64_000;

/// A socket that was full is given more when no more than this is left in it: half a second of PCM.
const LOW_WATER_BYTES: usize = 16_000;

/// How often to look whether the socket's buffer has drained.
const DRAIN_CHECK: Duration = Duration::from_millis(250);

/// Between two looks at the clock no more than this counts as time in which the socket was seen open: a laptop that slept
/// for ten minutes knows nothing of them. Drivers look every 10 s at the least.
const MOST_BETWEEN_LOOKS: Duration = Duration::from_secs(12);

/// What the service says so soon after audio has left may have been on its way before that.
const ROUND_TRIP: Duration = Duration::from_secs(10);

/// From one batch of words to the next: 13 to 18 s [live ECHO].
const LONGEST_BATCH: Duration = Duration::from_secs(18);

/// A service that has said nothing for so long while audio went to it is asked for a sign of life. While somebody speaks, its
/// first words come after 21 s and others every 13 to 18 s [live ECHO]: one that keeps to that is never asked.
const QUIET_LIMIT: Duration = Duration::from_secs(24);

/// A service that was asked and says nothing at all for so long, since that left the socket, is out of reach, although its
/// socket is open; it answers a flush in 1.6 s [live ECHO]. Both limits together find a dead connection within 40 s.
const ANSWER_LIMIT: Duration = Duration::from_secs(14);

/// What it was sent ahead of time by more than this, it may have to hear first, as long as it takes.
const AHEAD: Duration = Duration::from_secs(5);

/// A socket that holds bytes and lets none go for so long is dead, whatever the browser says.
const STALL_LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Live {
    /// What lies around this socket's packets.
    pub(super) container: Container,
    since: Duration,
    pace: Pace,
    /// When the pace allows the next chunk, if there is one that waits for it.
    resume_at: Option<Duration>,
    /// When to look at the socket's buffer.
    check_at: Option<Duration>,
    /// Bytes in the socket's buffer when last looked, and those handed over since.
    buffered_bytes: usize,
    /// Whether it was full and has not drained since.
    is_full: bool,
    /// Bytes handed over in all, how many of them had left when last looked, and when some last did.
    handed_bytes: usize,
    left_bytes: usize,
    progress_at: Duration,
    /// Each chunk that has not left: bytes handed over in all with it, and what it ends.
    chunks: VecDeque<(usize, Mark)>,
    /// Each question that has not left: bytes handed over in all with it, and how much audio was before it.
    questions: VecDeque<(usize, Duration)>,
    /// For how long it was seen open, and when it was last looked at.
    seen: Duration,
    looked_at: Duration,
    /// Since when audio has gone to a service that says nothing, and since when it owes an answer; on the clock of `seen`.
    quiet_since: Duration,
    asked_at: Option<Duration>,
    /// Audio that was handed over in all, and when the service last said anything.
    audio: Duration,
    audio_answered: Duration,
    /// Audio that has left the socket, and for how long it had been seen open then.
    left: VecDeque<(Duration, Mark)>,
    /// Of these the latest that had its time.
    gone_until: Duration,
    /// How much audio the service has for certain, since it said something long enough after.
    arrived: Duration,
    /// The longest that words took to come, in audio.
    delay: Duration,
}

/// A place in the audio of a socket.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// In capture time.
    until: Duration,
    /// How much audio lies before it on this socket: of capture time some may have been given up.
    audio: Duration,
}

/// The socket holds bytes and lets none go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stalled;

impl Live {
    pub(super) fn new(container: Container, catch_up_rate: f64, chunk: Duration, now: Duration) -> Self {
        Self {
            container,
            since: now,
            pace: Pace::new(catch_up_rate, chunk, now),
            resume_at: None,
            check_at: None,
            buffered_bytes: 0,
            is_full: false,
            handed_bytes: 0,
            left_bytes: 0,
            progress_at: now,
            chunks: VecDeque::new(),
            questions: VecDeque::new(),
            seen: Duration::ZERO,
            looked_at: now,
            quiet_since: Duration::ZERO,
            asked_at: None,
            audio: Duration::ZERO,
            audio_answered: Duration::ZERO,
            left: VecDeque::new(),
            gone_until: Duration::ZERO,
            arrived: Duration::ZERO,
            delay: Duration::ZERO,
        }
    }

    /// How long the socket has been good.
    pub(super) fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.since)
    }

    /// When something is due.
    pub(super) fn wake_at(&self, acknowledge_after: Duration) -> Option<Duration> {
        let window = self.window(acknowledge_after);
        let remaining = |due: Duration| due.saturating_sub(self.seen);
        // What had its time waits for a word of the service, not for more time.
        let acknowledge = self.left.front().map(|(seen, _)| remaining(*seen + window)).filter(|time| !time.is_zero());
        let silence = self.asked_at.map(|asked| remaining(asked + ANSWER_LIMIT));
        let quiet = self.may_want_a_sign().then(|| remaining(self.quiet_since + QUIET_LIMIT));
        let by_clock = earliest(&[acknowledge, silence, quiet.filter(|time| !time.is_zero())]);
        let by_clock = by_clock.map(|remaining| self.looked_at + remaining.min(MOST_BETWEEN_LOOKS));
        earliest(&[self.resume_at, self.check_at, by_clock])
    }

    /// Nothing waits to be sent.
    pub(super) const fn idle(&mut self) {
        self.resume_at = None;
    }

    /// Whether `duration` of audio may be handed over now. If not, something is due when that may have changed.
    pub(super) fn allows(&mut self, duration: Duration, now: Duration) -> bool {
        self.resume_at = None;
        let bound = if self.is_full { LOW_WATER_BYTES + 1 } else { HIGH_WATER_BYTES };
        self.is_full = self.buffered_bytes >= bound;
        if self.is_full {
            self.check_at.get_or_insert(now + DRAIN_CHECK);
            return false;
        }
        let wait = self.pace.wait(duration, now);
        if !wait.is_zero() {
            self.resume_at = Some(now + wait);
        }
        wait.is_zero()
    }

    /// Audio was handed over: a chunk, its length, and where it ends in capture time.
    pub(super) fn handed(&mut self, bytes: usize, duration: Duration, until: Duration, now: Duration) {
        if self.buffered_bytes == 0 {
            self.progress_at = now;
        }
        self.buffered_bytes += bytes;
        self.handed_bytes += bytes;
        if self.audio == self.audio_answered {
            self.see(now);
            self.quiet_since = self.seen;
        }
        self.audio += duration;
        self.chunks.push_back((self.handed_bytes, Mark { until, audio: self.audio }));
        self.pace.spend(duration);
        self.check_at.get_or_insert(now + DRAIN_CHECK);
    }

    /// The socket holds `buffered_bytes`.
    pub(super) fn looked(&mut self, buffered_bytes: usize, now: Duration) -> Result<(), Stalled> {
        self.buffered_bytes = buffered_bytes;
        self.see(now);
        let left = self.handed_bytes.saturating_sub(buffered_bytes);
        let mut last = None;
        while let Some((_, mark)) = self.chunks.pop_front_if(|(bytes, _)| *bytes <= left) {
            last = Some(mark);
        }
        self.left.extend(last.map(|mark| (self.seen, mark)));
        while let Some((_, audio)) = self.questions.pop_front_if(|(bytes, _)| *bytes <= left) {
            self.asked_at.get_or_insert(self.seen.max(audio.saturating_sub(AHEAD)));
        }
        if buffered_bytes == 0 || left > self.left_bytes {
            self.left_bytes = left;
            self.progress_at = now;
        }
        self.check_at = (buffered_bytes > 0).then_some(now + DRAIN_CHECK);
        if now < self.progress_at + STALL_LIMIT { Ok(()) } else { Err(Stalled) }
    }

    /// The service said something: it is there.
    pub(super) fn spoke(&mut self, now: Duration) {
        self.see(now);
        self.asked_at = None;
        self.audio_answered = self.audio;
        let had_arrived = |(seen, _): &&(Duration, Mark)| *seen + ROUND_TRIP <= self.seen;
        if let Some((_, mark)) = self.left.iter().take_while(had_arrived).last() {
            self.arrived = mark.audio;
        }
    }

    /// A message was handed over of which so many bytes are a question: its time runs once it has left.
    pub(super) fn asked(&mut self, bytes: usize, now: Duration) {
        if self.buffered_bytes == 0 {
            self.progress_at = now;
        }
        self.buffered_bytes += bytes;
        self.handed_bytes += bytes;
        self.questions.push_back((self.handed_bytes, self.audio));
        self.check_at.get_or_insert(now + DRAIN_CHECK);
    }

    /// Words came that took so much audio to come.
    pub(super) fn took(&mut self, delay: Duration) {
        self.delay = self.delay.max(delay);
    }

    /// The service answered for all audio before `until`: there is no more to find out about it.
    pub(super) fn answered(&mut self, until: Duration) {
        while self.left.pop_front_if(|(_, mark)| mark.until <= until).is_some() {}
    }

    /// Whether the service was asked, and has said nothing at all for too long.
    pub(super) fn is_silent(&self) -> bool {
        self.asked_at.is_some_and(|asked| self.seen >= asked + ANSWER_LIMIT)
    }

    /// Whether the service has said nothing for too long while audio went to it: bytes that nobody reads leave the
    /// browser for as long as the buffers on the way have room, and at Opus's rates that is long. Ask it.
    pub(super) fn wants_a_sign(&self) -> bool {
        self.may_want_a_sign() && self.seen >= self.quiet_since + QUIET_LIMIT
    }

    fn may_want_a_sign(&self) -> bool {
        self.asked_at.is_none() && self.questions.is_empty() && self.audio > self.audio_answered
    }

    /// How much time, and audio, must have passed after audio that time alone acknowledges: as long as words took until now and
    /// a batch longer, but no less than `acknowledge_after` and no more than twice that.
    fn window(&self, acknowledge_after: Duration) -> Duration {
        (self.delay + LONGEST_BATCH).max(acknowledge_after).min(acknowledge_after + acknowledge_after)
    }

    /// Until when in capture time the audio counts as heard by time alone: its window has passed since it left the socket,
    /// and so much audio as that has arrived after it, of which the service has said something.
    pub(super) fn heard_until(&mut self, acknowledge_after: Duration, now: Duration) -> Duration {
        self.see(now);
        let (now, arrived, window) = (self.seen, self.arrived, self.window(acknowledge_after));
        let has_time = |(seen, mark): &mut (Duration, Mark)| now >= *seen + window && arrived >= mark.audio + window;
        while let Some((_, mark)) = self.left.pop_front_if(has_time) {
            self.gone_until = mark.until;
        }
        self.gone_until
    }

    /// The socket is still open.
    fn see(&mut self, now: Duration) {
        self.seen += now.saturating_sub(self.looked_at).min(MOST_BETWEEN_LOOKS);
        self.looked_at = self.looked_at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::container::Format;

    const CHUNK: Duration = Duration::from_millis(250);
    const AFTER: Duration = Duration::from_secs(30);

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_socket_that_holds_much_is_given_no_more_until_it_drains() {
        let mut live = Live::new(Format::Raw.open(0), 100.0, CHUNK, s(0));
        live.handed(64_000, CHUNK, s(2), s(0));
        assert!(!live.allows(CHUNK, s(0)));
        assert_eq!(live.looked(40_000, s(1)), Ok(()));
        assert!(!live.allows(CHUNK, s(1)), "it has to drain first");
        assert_eq!(live.looked(16_000, s(2)), Ok(()));
        assert!(live.allows(CHUNK, s(2)));
        live.handed(40_000, CHUNK, s(3), s(2));
        assert!(live.allows(CHUNK, s(2)));
    }

    #[test]
    fn a_socket_that_lets_nothing_go_is_stalled_after_ten_seconds() {
        let mut live = Live::new(Format::Raw.open(0), 1.5, CHUNK, s(0));
        live.handed(8_000, CHUNK, s(1), s(0));
        assert_eq!(live.looked(8_000, s(5)), Ok(()));
        assert_eq!(live.looked(7_999, s(9)), Ok(()));
        assert_eq!(live.looked(7_999, s(18)), Ok(()));
        assert_eq!(live.looked(7_999, s(19)), Err(Stalled));
    }

    /// A chunk leaves at once each second until `until`; the service says something at each of `words`.
    fn second_by_second(live: &mut Live, from: u64, until: u64, words: &[u64]) -> Vec<Duration> {
        (from..until)
            .map(|at| {
                live.handed(100, s(1), s(at), s(at));
                assert_eq!(live.looked(0, s(at)), Ok(()));
                if words.contains(&at) {
                    live.spoke(s(at));
                }
                live.heard_until(AFTER, s(at))
            })
            .collect()
    }

    #[test]
    fn time_acknowledges_what_left_long_ago_once_as_much_audio_has_arrived_after_it() {
        let mut live = Live::new(Format::Raw.open(0), 1.5, CHUNK, s(0));
        let heard = second_by_second(&mut live, 1, 100, &[10, 20, 30, 40, 50]);
        // At 40 s it had what was sent until 30 s; at 50 s what was sent until 40 s, which is 30 s after 10 s.
        assert_eq!([heard[38], heard[39], heard[49], heard[98]], [s(0), s(0), s(10), s(10)]);
    }

    #[test]
    fn words_that_take_longer_make_the_window_longer_up_to_twice() {
        for (delay, window) in [(5, 30), (12, 30), (20, 38), (600, 60)] {
            let mut live = Live::new(Format::Raw.open(0), 1.5, CHUNK, s(0));
            live.took(s(delay));
            assert_eq!(live.window(AFTER), s(window));
        }
    }

    #[test]
    fn of_capture_time_that_was_given_up_no_audio_has_arrived() {
        let mut live = Live::new(Format::Raw.open(0), 1.5, CHUNK, s(0));
        live.handed(100, s(1), s(1), s(1));
        assert_eq!(live.looked(0, s(1)), Ok(()));
        live.handed(100, s(1), s(500), s(2));
        assert_eq!(live.looked(0, s(2)), Ok(()));
        for at in (10..100).step_by(10) {
            live.spoke(s(at));
            assert_eq!(live.heard_until(AFTER, s(at)), s(0), "{at}");
        }
    }

    #[test]
    fn while_the_machine_slept_nothing_is_known_to_have_been_heard() {
        let mut live = Live::new(Format::Raw.open(0), 1.5, CHUNK, s(0));
        live.handed(100, s(1), s(1), s(2));
        assert_eq!(live.looked(0, s(2)), Ok(()));
        live.handed(100, s(40), s(41), s(3));
        assert_eq!(live.looked(0, s(3)), Ok(()));
        // 600 s later no more than 12 s count.
        live.spoke(s(602));
        assert_eq!(live.heard_until(AFTER, s(602)), s(0));
        assert_eq!(live.wake_at(AFTER), Some(s(614)));
        assert_eq!(live.heard_until(AFTER, s(614)), s(0));
        assert_eq!(live.heard_until(AFTER, s(619)), s(1));
    }

    #[test]
    fn a_service_that_says_nothing_while_audio_goes_to_it_is_asked_after_24_s_and_left_14_s_after_that_went_out() {
        let mut live = Live::new(Format::Raw.open(0), 1.5, CHUNK, s(0));
        second_by_second(&mut live, 1, 20, &[1, 5]);
        assert!(!live.wants_a_sign());
        second_by_second(&mut live, 20, 31, &[]);
        assert!(live.wants_a_sign(), "24 s after 6 s, when the next audio went out");
        live.asked(16, s(30));
        // It is still in the socket: the network is slow, and what was not sent is not answered.
        for at in 30..36 {
            assert_eq!(live.looked(16, s(at)), Ok(()));
            assert!(!live.wants_a_sign() && !live.is_silent());
        }
        for at in [36, 42, 49] {
            assert_eq!(live.looked(0, s(at)), Ok(()));
        }
        assert!(!live.is_silent());
        assert_eq!(live.looked(0, s(50)), Ok(()));
        assert!(live.is_silent());
        live.spoke(s(51));
        assert!(!live.is_silent() && !live.wants_a_sign());
    }

    #[test]
    fn a_service_that_has_heard_all_is_not_asked_and_one_that_was_sent_much_at_once_has_the_time_to_hear_it() {
        let mut live = Live::new(Format::Raw.open(0), 1.5, CHUNK, s(0));
        second_by_second(&mut live, 1, 10, &[9]);
        for at in 10..100 {
            assert_eq!(live.looked(0, s(at)), Ok(()));
            assert!(!live.wants_a_sign());
        }
        let mut live = Live::new(Format::Raw.open(0), 100.0, CHUNK, s(0));
        live.handed(100, s(20), s(20), s(0));
        live.asked(16, s(0));
        for at in (1..40).step_by(2) {
            assert_eq!(live.looked(0, s(at)), Ok(()));
            assert_eq!(live.is_silent(), at >= 15 + 14, "{at}");
        }
    }
}
