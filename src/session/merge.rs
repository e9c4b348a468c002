//! What becomes of a segment: whether it is new, a correction, or words that an earlier socket brought.
//!
//! ```text
//! wire ─► timeline (when) ─► align (which words are new) ─► speakers (who) ─► transcript ─► event
//! ```
//!
//! A segment is known by its channel, its speaker on the wire, and its start on its socket; the same three again correct
//! it [guess: the service's `id` is the interaction's, live]. Its key is made of them, so that it is the same however late a
//! correction comes. A word is dropped only where it is certain that it was there; else it is kept, and marked.

use super::align::{Words, sorted};
use super::speakers::Speakers;
use super::timeline::{Fit, Timeline};
use super::transcript::Transcript;
use crate::json::Raw;
use crate::protocol::server::{NOBODY, Segment};

/// The most that a session keeps: ten minutes of them, at one every three seconds. What is heard again, or comes corrected, is
/// of the last minutes; whoever shows the transcript keeps more.
pub(super) const RECENT_SEGMENTS: usize = 200;

/// How far around a segment the words are looked for that it may repeat, in seconds.
const AROUND: f64 = 5.0;

/// Segments that follow each other may touch by so many seconds, and overlap no words.
const SEAM: f64 = 0.3;

/// So many words in common tell where the service counts from.
const TELLING: usize = 3;

#[derive(Debug)]
pub(super) struct Merge {
    transcript: Transcript,
    pub(super) speakers: Speakers,
    /// Begins every key: tells this stream's from those of another of the visit.
    stream: String,
    /// Begins every key of the present socket.
    prefix: String,
    /// The segments of the present socket as they came, so that they can be placed anew.
    came: Vec<(String, Segment)>,
    /// Up to where earlier sockets were sent audio, in seconds of the visit: what lies behind cannot repeat anything.
    heard_before: f64,
    /// Whether what they brought may lie elsewhere than it seems.
    is_doubtful: bool,
}

/// What an app is told.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes {
    /// New segments, and known ones that have changed.
    pub(super) segments: Vec<Segment>,
    /// Keys of what they replace.
    pub(super) replaced: Vec<String>,
    /// Whether a time among them lies beyond all that was sent.
    pub(super) is_beyond: bool,
    /// Where the latest of the final ones ends whose times can be, in seconds of the visit.
    pub(super) until: f64,
    /// How much audio was sent at most after the start of one of them, in seconds: the service's delay.
    pub(super) delay: f64,
}

impl Merge {
    /// `stream` tells this stream from others; see [`Speakers::new`].
    pub(super) fn new(stream: u64, speakers: i64, is_first: bool) -> Self {
        Self {
            transcript: Transcript::new(RECENT_SEGMENTS),
            speakers: Speakers::new(speakers, is_first),
            stream: format!("{:x}", stream & 0xFFFF_FFFF),
            prefix: String::new(),
            came: Vec::new(),
            heard_before: 0.0,
            is_doubtful: false,
        }
    }

    pub(super) const fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// A new socket, after others that were sent audio up to `heard_before`, in seconds of the visit.
    pub(super) fn restart(&mut self, socket: u32, is_first: bool, heard_before: f64) {
        self.heard_before = heard_before;
        self.prefix = format!("{}.{socket}.", self.stream);
        self.came.clear();
        self.speakers.restart(is_first);
    }

    /// Takes segments as they came.
    pub(super) fn take(&mut self, segments: Vec<Segment>, timeline: &mut Timeline) -> Changes {
        let mut changes = Changes::default();
        let mut turned = false;
        let (mut fresh, mut possible) = (Vec::with_capacity(segments.len()), Vec::new());
        for segment in segments {
            let fit = timeline.judge(segment.start, segment.end);
            turned |= fit == Fit::Turned || self.words_turn(&segment, timeline);
            changes.is_beyond |= fit == Fit::Not;
            let ms = (segment.start * 1e3).round() as i64;
            let key = format!("{}{}.{}.{ms}", self.prefix, segment.channel, segment.speaker_id);
            possible.push(fit != Fit::Not);
            fresh.push((key, segment));
        }
        let mut before = Vec::new();
        if turned {
            // What they show by themselves the segments before did not, as they were read then.
            self.judge(&fresh, timeline);
        }
        if timeline.doubt() > 0.0 {
            let all = self.came.iter().chain(&fresh).map(|(_, segment)| segment);
            let shift = all.filter(|segment| segment.is_final).find_map(|segment| self.shift(segment, timeline));
            if let Some(shift) = shift {
                turned |= timeline.shift(shift);
                self.judge(&fresh, timeline);
            }
        }
        self.is_doubtful = timeline.is_doubtful() || timeline.doubt() > 0.0;
        if turned {
            let again = std::mem::take(&mut self.came);
            for (key, segment) in &again {
                self.take_out(key, &mut before);
                self.who(segment, timeline, &mut before);
            }
            for (key, segment) in again {
                self.place(key, segment, timeline, &mut before);
            }
        }
        for (_, segment) in &fresh {
            self.who(segment, timeline, &mut before);
        }
        for ((key, segment), can_be) in fresh.into_iter().zip(possible) {
            if can_be && segment.is_final {
                changes.until = changes.until.max(timeline.to_visit(segment.end));
                let delay = timeline.handed().as_secs_f64() - timeline.own(segment.start);
                changes.delay = changes.delay.max(delay);
            }
            self.place(key, segment, timeline, &mut before);
        }
        self.tell(before, changes)
    }

    /// Looks at the times of all segments of this socket again.
    fn judge(&self, fresh: &[(String, Segment)], timeline: &mut Timeline) {
        for (_, segment) in self.came.iter().chain(fresh) {
            timeline.judge(segment.start, segment.end);
        }
    }

    /// What has changed since.
    fn tell(&self, before: Vec<(String, Option<Segment>)>, mut changes: Changes) -> Changes {
        for (key, was) in before {
            let is = self.transcript.get(&key);
            if was.as_ref() == is {
                continue;
            }
            // What was forgotten here the app may have.
            let is_old = is.is_some_and(|is| is.start < self.transcript.forgotten_until());
            if was.is_some() || is_old {
                changes.replaced.push(key);
            }
            changes.segments.extend(is.cloned());
        }
        changes.segments = sorted(changes.segments, |one, other| one.start <= other.start);
        changes
    }

    /// A segment of the visit's time.
    fn timed(segment: &Segment, timeline: &Timeline) -> Segment {
        let (start, end) = (timeline.to_visit(segment.start), timeline.to_visit(segment.end));
        Segment { start, end: end.max(start), ..segment.clone() }
    }

    /// Whether words show that the service counts on from earlier sockets, which its times alone leave open.
    fn words_turn(&self, segment: &Segment, timeline: &mut Timeline) -> bool {
        if !segment.is_final || !timeline.is_unclear(segment.start) {
            return false;
        }
        let common = |start: f64, end: f64| {
            let segment = Segment { start, end: end.max(start), ..segment.clone() };
            let words = Words::of(&segment);
            self.known(&segment, AROUND).iter().map(|(_, known)| words.news(known).known).max().unwrap_or(0)
        };
        let own = common(timeline.to_visit(segment.start), timeline.to_visit(segment.end));
        let counted_on = common(timeline.if_counted_on(segment.start), timeline.if_counted_on(segment.end));
        let is_told = own.max(counted_on) >= TELLING && own != counted_on;
        if is_told {
            timeline.tell(counted_on > own);
        }
        is_told && counted_on > own
    }

    /// By how much words show that the times of this socket are off.
    fn shift(&self, segment: &Segment, timeline: &Timeline) -> Option<f64> {
        let (segment, doubt) = (Self::timed(segment, timeline), timeline.doubt());
        let words = Words::of(&segment);
        self.known(&segment, AROUND + doubt).iter().find_map(|(_, known)| words.shift(known, doubt))
    }

    /// The words of earlier sockets around a segment, of each speaker.
    fn known(&self, segment: &Segment, around: f64) -> Vec<(i64, Vec<Words>)> {
        let mut known: Vec<(i64, Vec<Words>)> = Vec::new();
        if segment.start > self.heard_before + around {
            return known;
        }
        let is_near = |held: &&Segment| {
            held.is_final
                && held.channel == segment.channel
                && !held.key.starts_with(&self.prefix)
                && held.start < segment.end + around
                && segment.start < held.end + around
        };
        for held in self.transcript.segments().iter().filter(is_near) {
            match known.iter_mut().find(|(speaker, _)| *speaker == held.speaker) {
                Some((_, words)) => words.push(Words::of(held)),
                None => known.push((held.speaker, vec![Words::of(held)])),
            }
        }
        known
    }

    /// Learns from what a segment says that an earlier socket heard who says it.
    fn who(&mut self, segment: &Segment, timeline: &Timeline, before: &mut Vec<(String, Option<Segment>)>) {
        let (channel, wire) = (segment.channel, segment.speaker_id);
        if !segment.is_final || wire == NOBODY || self.speakers.is_settled(channel, wire) {
            return;
        }
        let segment = Self::timed(segment, timeline);
        let words = Words::of(&segment);
        for (speaker, known) in self.known(&segment, AROUND) {
            let same = words.news(&known).known;
            if same == 0 || !self.speakers.said_before(channel, wire, speaker, same) {
                continue;
            }
            // Some may have been told under the number of somebody new.
            let is_theirs = |held: &&Segment| {
                held.key.starts_with(&self.prefix) && (held.channel, held.speaker_id) == (channel, wire)
            };
            let theirs: Vec<Segment> = self.transcript.segments().iter().filter(is_theirs).cloned().collect();
            for held in theirs {
                remember(before, &held.key, Some(&held));
                self.transcript.put(Segment { speaker, ..held });
            }
        }
    }

    /// Takes out all pieces of a segment.
    fn take_out(&mut self, key: &str, before: &mut Vec<(String, Option<Segment>)>) {
        for piece in 0.. {
            let key = piece_of(key, piece);
            let was = self.transcript.remove(&key);
            let is_there = was.is_some();
            remember(before, &key, was.as_ref());
            if !is_there && piece > 0 {
                break;
            }
        }
    }

    /// Puts a segment in its place, or what of it is new.
    fn place(&mut self, key: String, came: Segment, timeline: &Timeline, before: &mut Vec<(String, Option<Segment>)>) {
        if !came.is_final && self.transcript.get(&key).is_some_and(|held| held.is_final) {
            // It has been made up its mind about already.
            return;
        }
        let mut segment = Self::timed(&came, timeline);
        segment.speaker = self.speakers.number(segment.channel, segment.speaker_id);
        self.came.retain(|(other, _)| *other != key);
        if self.came.len() >= RECENT_SEGMENTS {
            self.came.remove(0);
        }
        self.came.push((key.clone(), came));
        self.take_out(&key, before);
        self.replace_interims(&segment, before);
        for (piece, part) in self.news(&segment).into_iter().enumerate() {
            let key = piece_of(&key, piece);
            remember(before, &key, None);
            self.transcript.put(Segment { key, ..part });
        }
    }

    /// What of a segment no earlier socket brought: mostly all.
    fn news(&self, segment: &Segment) -> Vec<Segment> {
        // Of what is forgotten nobody can say what it was.
        let forgotten_until = self.transcript.forgotten_until().min(self.heard_before);
        let doubted_until = if self.is_doubtful { self.heard_before } else { f64::NEG_INFINITY };
        let is_forgotten = |part: &Segment| part.start < forgotten_until.max(doubted_until);
        let known = self.known(segment, AROUND);
        if known.is_empty() {
            let overlaps = is_forgotten(segment);
            return vec![Segment { overlaps, ..segment.clone() }];
        }
        let words = Words::of(segment);
        let mut best = known.iter().map(|(_, known)| words.news(known)).max_by_key(|news| news.known);
        if known.len() > 1 && best.as_ref().is_some_and(|best| best.known < words.len()) {
            // Another time one may have been taken for two, or two for one.
            let all: Vec<Words> = known.into_iter().flat_map(|(_, words)| words).collect();
            let all = sorted(all, |one, other| one.start() <= other.start());
            best = best.into_iter().chain([words.news(&all)]).max_by_key(|news| news.known);
        }
        let Some(best) = best.filter(|best| best.known > 0) else {
            let overlaps = self.may_repeat(segment) || is_forgotten(segment);
            return vec![Segment { overlaps, ..segment.clone() }];
        };
        let part = |(text, start, end): (String, f64, f64)| {
            let raw = Raw::amended(segment.raw.json(), &[("transcript", &text)]);
            let part = Segment { start, end, raw, ..segment.clone() };
            let overlaps = self.may_repeat(&part) || is_forgotten(&part);
            Segment { overlaps, ..part }
        };
        best.parts.into_iter().map(part).collect()
    }

    /// Whether words that an earlier socket brought lie at the same time, which these may repeat in other words.
    fn may_repeat(&self, segment: &Segment) -> bool {
        let is_somebody_else = |held: &Segment| {
            self.speakers.is_settled(segment.channel, segment.speaker_id) && held.speaker != segment.speaker
        };
        self.transcript.segments().iter().any(|held| {
            held.is_final
                && held.channel == segment.channel
                && !held.key.starts_with(&self.prefix)
                && held.start.max(segment.start) + SEAM < held.end.min(segment.end)
                && !is_somebody_else(held)
        })
    }

    /// Interim items give way to what comes later of the same channel and speaker at their time: if they say who speaks, and on
    /// the same socket, where speakers have the same numbers.
    fn replace_interims(&mut self, segment: &Segment, before: &mut Vec<(String, Option<Segment>)>) {
        let gives_way = |held: &&Segment| {
            let can_be_another = held.key.starts_with(&self.prefix)
                && held.speaker_id != NOBODY
                && held.speaker_id != segment.speaker_id;
            !held.is_final
                && held.channel == segment.channel
                && held.start < segment.end
                && segment.start < held.end
                && !can_be_another
        };
        let keys: Vec<String> =
            self.transcript.segments().iter().filter(gives_way).map(|held| held.key.clone()).collect();
        for key in keys {
            let was = self.transcript.remove(&key);
            remember(before, &key, was.as_ref());
        }
    }
}

/// How a segment was before anything that is told together, if it was there.
fn remember(before: &mut Vec<(String, Option<Segment>)>, key: &str, was: Option<&Segment>) {
    if !before.iter().any(|(other, _)| other == key) {
        before.push((key.to_owned(), was.cloned()));
    }
}

/// The key of a part of a segment, of which only parts are new.
fn piece_of(key: &str, piece: usize) -> String {
    if piece == 0 { key.to_owned() } else { format!("{key}+{piece}") }
}
