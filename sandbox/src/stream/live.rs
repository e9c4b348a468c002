//! A stream whose configuration has been accepted: audio in, messages out when their times have come.

use std::{collections::VecDeque, time::Duration};

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    CLOSE_POLICY, CLOSE_TOO_BIG, Input, MAX_CHUNK, Output, Progress, error,
    messages::{milliseconds, parse},
};
use crate::{
    audio::{Meter, Span},
    behaviour::{AudioEventName, Behaviour, Ended, TimesFrom},
    configuration::{Configuration, Interval},
    said::{Hearing, Role},
    telling::{Cutter, Manner, Piece, Teller, rhythm},
};

/// What a stream costs: an invented price, in credits a minute of audio.
const CREDITS_PER_MINUTE: f64 = 0.0051;
/// Seconds of audio that may run ahead where the pace is limited.
const PACE_SLACK: f64 = 5.0;
/// Words of a segment after which there is an interim, where there are any.
const INTERIM_WORDS: usize = 3;
/// A word whose start is cut by less than this is understood, in seconds.
const CUT_WORD: f64 = 0.02;
/// Seconds of silence that are long. Guess.
const LONG_SILENCE: f64 = 15.0;
/// The words of a confidence that nobody knows yet.
const UNKNOWN: (&str, f64) = ("confidence", 0.5);

pub(super) struct Live {
    interaction: Uuid,
    behaviour: Behaviour,
    configuration: Configuration,
    accepted: Duration,
    /// The number of the socket in its visit, from 0.
    socket: usize,
    /// What is added to this socket's times.
    base: f64,
    meter: Meter,
    hearing: Hearing,
    cutter: Cutter,
    teller: Teller,
    /// Segments that have ended after others that began earlier and go on: who is not told apart does not speak twice at
    /// once, and is heard in order.
    held: Vec<Piece>,
    /// The place in the visit of the word that this socket hears next.
    next_word: usize,
    /// When facts are looked for, and when usage is told.
    facts_due: Option<Duration>,
    usage_due: Duration,
    /// What has been decided and is to be sent later; the times never fall.
    agenda: VecDeque<(Duration, Job)>,
    has_told: bool,
    /// `end` came, or an error ended the stream: only the agenda is left.
    ends: bool,
    is_over: bool,
    /// Where the last speech ended, in seconds, and whether that has been told to be long ago.
    silence: (f64, bool),
}

enum Job {
    Send(Value),
    /// A transcript, and the words in it.
    Tell(Value, Vec<usize>),
    Extract {
        is_last: bool,
    },
    Close(u16),
}

impl Live {
    pub(super) fn new(
        now: Duration, interaction: Uuid, behaviour: Behaviour, configuration: Configuration, progress: &mut Progress,
    ) -> Self {
        let pace = behaviour.pace.get();
        let socket = progress.open();
        let manner = if configuration.diarize { Manner::Batches } else { Manner::Utterances };
        let first_facts = match configuration.facts {
            Some(Interval::Fixed) => Some(rhythm::FACTS_FIXED),
            Some(Interval::FastInit) if manner == Manner::Utterances => Some(rhythm::FACTS_FIRST),
            _ => None,
        };
        Self {
            interaction,
            accepted: now,
            socket,
            base: if behaviour.times_from == TimesFrom::Interaction { progress.received() } else { 0.0 },
            meter: Meter::new(configuration.format),
            hearing: Hearing::default(),
            cutter: Cutter::new(socket),
            teller: Teller::new(manner, behaviour.order, pace),
            held: Vec::new(),
            next_word: 0,
            facts_due: first_facts.map(|seconds| now + rhythm::scaled(seconds, pace)),
            usage_due: now + rhythm::scaled(rhythm::DELTA_USAGE, pace),
            agenda: VecDeque::new(),
            has_told: false,
            ends: false,
            is_over: false,
            silence: (0.0, false),
            configuration,
            behaviour,
        }
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    fn after(&self, now: Duration, seconds: f64) -> Duration {
        now + rhythm::scaled(seconds, self.behaviour.pace.get())
    }

    /// When something is due.
    pub(super) fn due(&self) -> Option<Duration> {
        let agenda = self.agenda.front().map(|(due, _)| *due);
        let timers = if self.ends { [None; 3] } else { [self.teller.due(), self.facts_due, Some(self.usage_due)] };
        timers.into_iter().flatten().chain(agenda).min()
    }

    /// Does what has come due, in the order of its times.
    pub(super) fn pass(&mut self, now: Duration, out: &mut VecDeque<Output>, progress: &mut Progress) {
        while let Some(due) = self.due().filter(|due| *due <= now && !self.is_over) {
            if self.agenda.front().is_some_and(|(at, _)| *at == due) {
                if let Some((_, job)) = self.agenda.pop_front() {
                    self.carry_out(due, job, out, progress);
                }
            } else if self.teller.due() == Some(due) {
                let open = self.cutter.open().iter().map(|piece| piece.start).min_by(f64::total_cmp);
                let pieces = self.teller.tell(due, open);
                if !pieces.is_empty() {
                    let (message, words) = self.transcript(&pieces, true);
                    self.carry_out(due, Job::Tell(message, words), out, progress);
                }
            } else if self.facts_due == Some(due) {
                let between = match self.configuration.facts {
                    Some(Interval::Fixed) => Some(rhythm::FACTS_FIXED),
                    Some(Interval::FastInit) if self.teller.manner() == Manner::Utterances => {
                        Some(rhythm::FACTS_BETWEEN)
                    }
                    _ => None,
                };
                self.facts_due = between.map(|seconds| self.after(due, seconds));
                out.push_back(Output::Extract { is_last: false });
            } else {
                self.usage_due = self.after(due, rhythm::DELTA_USAGE);
                out.push_back(Output::Send(json!({ "type": "delta_usage", "credits": self.credits() })));
            }
        }
    }

    fn carry_out(&mut self, now: Duration, job: Job, out: &mut VecDeque<Output>, progress: &mut Progress) {
        match job {
            Job::Send(message) => out.push_back(Output::Send(message)),
            Job::Extract { is_last } => out.push_back(Output::Extract { is_last }),
            Job::Close(code) => {
                self.is_over = true;
                out.push_back(Output::Close(code));
            }
            Job::Tell(message, words) => {
                progress.tell(&words, &message);
                out.push_back(Output::Send(message));
                if !std::mem::replace(&mut self.has_told, true) && self.behaviour.unknown {
                    out.push_back(Output::Send(json!({ "type": "speakerJoined", "data": { "channel": 0 } })));
                }
                let follows = self.teller.manner() == Manner::Batches && !self.ends;
                if self.configuration.facts == Some(Interval::FastInit) && follows {
                    let due = self.after(now, rhythm::FACTS_AFTER);
                    self.facts_due = Some(self.facts_due.map_or(due, |earlier| earlier.min(due)));
                }
            }
        }
    }

    /// One input of the client's.
    pub(super) fn take(
        &mut self, now: Duration, input: Input<'_>, out: &mut VecDeque<Output>, progress: &mut Progress,
    ) {
        match input {
            Input::Tick => {}
            _ if self.ends => {}
            Input::Audio(bytes) if bytes.len() > MAX_CHUNK && !self.behaviour.oversize_taken => {
                self.fail(
                    now,
                    413,
                    "Audio message too large",
                    "An audio message holds at most 64000 bytes.",
                    CLOSE_TOO_BIG,
                );
            }
            Input::Audio(bytes) => {
                self.hear(now, bytes, out, progress);
                let ahead = |pace| now.saturating_sub(self.accepted).as_secs_f64() * pace + PACE_SLACK;
                if self.behaviour.max_pace.is_some_and(|pace| self.meter.seconds() > ahead(pace)) {
                    self.fail(now, 429, "Audio too fast", "Audio must come at or near real time.", CLOSE_POLICY);
                }
            }
            Input::Text(text) => match parse(text).as_ref().map(|(kind, _)| kind.as_str()) {
                Some("config") => out.push_back(Output::Send(json!({ "type": "CONFIG_ALREADY_RECEIVED" }))),
                Some("flush") => self.flush(now, out, progress),
                Some("end") => self.end(now, out, progress),
                _ => {
                    let details = "A text message must be JSON with the type config, flush or end.";
                    let message = error(400, "Message not understood", details, self.behaviour.error_fields);
                    out.push_back(Output::Send(message));
                }
            },
        }
    }

    fn hear(&mut self, now: Duration, bytes: &[u8], out: &mut VecDeque<Output>, progress: &mut Progress) {
        let before = self.meter.seconds();
        let speech = self.meter.push(bytes, now);
        let marks = self.meter.take_marks();
        progress.receive(self.meter.seconds() - before);
        if !speech.is_empty() {
            self.teller.speech(now);
        }
        if self.configuration.audio_events {
            self.listen_for_silence(&speech, out);
        }
        self.hearing.hear(&mut progress.said, speech, &marks, self.meter.seconds());
        self.take_words(now, out, progress);
    }

    /// Takes the words that are in this socket's audio, and have not been taken.
    fn take_words(&mut self, now: Duration, out: &mut VecDeque<Output>, progress: &Progress) {
        let Some(offset) = self.hearing.offset() else { return };
        // Rounding must not keep a word back that ends with the audio.
        let heard = offset + self.hearing.seconds() + 1e-6;
        for (place, word) in progress.said.visit.words_from(self.next_word) {
            if word.end > heard {
                break;
            }
            self.next_word = place + 1;
            if word.start < offset - CUT_WORD {
                continue;
            }
            let pieces = self.cutter.word(place, word, offset);
            self.ended(now, pieces);
            let open = self.cutter.open().iter().find(|piece| piece.voice == word.voice);
            let interim = open.filter(|piece| self.behaviour.interims && piece.words.len() % INTERIM_WORDS == 0);
            if let Some(piece) = interim {
                let (message, _) = self.transcript(std::slice::from_ref(piece), false);
                out.push_back(Output::Send(message));
            }
        }
        let pieces = self.cutter.pause(self.hearing.seconds());
        self.ended(now, pieces);
    }

    /// Segments have ended.
    fn ended(&mut self, now: Duration, pieces: Vec<Piece>) {
        if self.configuration.diarize || !self.shares_channel() {
            return pieces.into_iter().for_each(|piece| self.teller.ended(now, piece));
        }
        self.held.extend(pieces);
        self.held.sort_by(|a, b| a.start.total_cmp(&b.start));
        while let Some(first) = self.held.first() {
            let others = self.cutter.open().iter().chain(&self.held[1..]).map(|piece| piece.start);
            let next = others.min_by(f64::total_cmp).unwrap_or(f64::INFINITY);
            if next < first.start {
                return;
            }
            let piece = self.held.remove(0);
            self.teller.ended(now, Piece { end: piece.end.min(next), ..piece });
        }
    }

    fn listen_for_silence(&mut self, speech: &[Span], out: &mut VecDeque<Output>) {
        let (mut since, mut is_told) = self.silence;
        let mut say = |event: &str, seconds: f64| {
            let kind = match self.behaviour.audio_event_name {
                AudioEventName::AudioEvent => "audioEvent",
                AudioEventName::WithLine => "audio_event",
            };
            let milliseconds = ((seconds + self.base) * 1000.0).round() as u64;
            let data = json!({ "event": event, "channel": 0, "startTimeMs": milliseconds });
            out.push_back(Output::Send(json!({ "type": kind, "data": data })));
        };
        let spans = speech.iter().map(|span| (span.start, span.end, true));
        let end = self.meter.seconds();
        for (start, end, is_speech) in spans.chain([(end, end, false)]) {
            if start - since >= LONG_SILENCE && !is_told {
                say("longSilenceDetected", since);
                is_told = true;
            }
            if is_speech {
                if std::mem::take(&mut is_told) {
                    say("longSilenceRecovered", start);
                }
                since = end;
            }
        }
        self.silence = (since, is_told);
    }

    /// All that has been heard and not been told, as messages.
    fn remainder(&mut self, now: Duration, out: &mut VecDeque<Output>, progress: &mut Progress) -> Vec<Job> {
        self.hearing.settle(&mut progress.said);
        self.take_words(now, out, progress);
        let pieces = self.cutter.flush();
        self.ended(now, pieces);
        let messages = self.teller.flush(now);
        let tell = |pieces: Vec<Piece>| {
            let (message, words) = self.transcript(&pieces, true);
            Job::Tell(message, words)
        };
        messages.into_iter().map(tell).collect()
    }

    fn flush(&mut self, now: Duration, out: &mut VecDeque<Output>, progress: &mut Progress) {
        for job in self.remainder(now, out, progress) {
            self.later(now, rhythm::FLUSH_REST, job);
        }
        let has_facts = self.configuration.facts.is_some();
        if has_facts && self.behaviour.facts_before_flushed {
            self.later(now, rhythm::FLUSH_REST, Job::Extract { is_last: false });
        }
        self.later(now, rhythm::FLUSHED, Job::Send(json!({ "type": "flushed" })));
        if has_facts && !self.behaviour.facts_before_flushed {
            let flushed = self.agenda.back().map_or(now, |(due, _)| *due);
            let due = self.after(flushed, rhythm::FACTS_AFTER);
            self.facts_due = Some(self.facts_due.map_or(due, |earlier| earlier.min(due)));
        }
    }

    fn end(&mut self, now: Duration, out: &mut VecDeque<Output>, progress: &mut Progress) {
        for job in self.remainder(now, out, progress) {
            self.later(now, rhythm::END_REST, job);
        }
        if self.configuration.facts.is_some() {
            self.later(now, rhythm::END_FACTS, Job::Extract { is_last: true });
        }
        self.finish(now, self.behaviour.close_code.get());
    }

    fn fail(&mut self, now: Duration, status: u16, title: &str, details: &str, code: u16) {
        self.later(now, 0.0, Job::Send(error(status, title, details, self.behaviour.error_fields)));
        self.finish(now, code);
    }

    /// `usage`, the last message and the close.
    fn finish(&mut self, now: Duration, code: u16) {
        if self.behaviour.ended != Ended::Lower {
            self.later(now, rhythm::USAGE, Job::Send(json!({ "type": "usage", "credits": self.credits() })));
        }
        match self.behaviour.ended {
            Ended::Upper => self.later(now, rhythm::ENDED, Job::Send(json!({ "type": "ENDED" }))),
            Ended::Lower => self.later(now, rhythm::ENDED, Job::Send(json!({ "type": "ended" }))),
            Ended::None => {}
        }
        self.later(now, rhythm::CLOSE, Job::Close(code));
        self.ends = true;
    }

    fn later(&mut self, now: Duration, seconds: f64, job: Job) {
        let due = self.after(now, seconds);
        let due = self.agenda.back().map_or(due, |(last, _)| due.max(*last));
        self.agenda.push_back((due, job));
    }

    /// A `transcript` message, and the words in it.
    fn transcript(&self, pieces: &[Piece], is_final: bool) -> (Value, Vec<usize>) {
        let segment = |piece: &Piece| {
            let participant = self.configuration.participant(piece.voice);
            let mut wire = json!({ "channel": participant.channel });
            if self.behaviour.roles {
                wire["role"] = json!(participant.role);
            }
            let [start, end] = [piece.start, piece.end].map(|seconds| milliseconds(seconds.max(0.0) + self.base));
            let mut segment = json!({
                "id": self.interaction,
                "transcript": piece.text,
                "final": is_final,
                "speakerId": self.speaker(piece.voice),
                "participant": wire,
                "time": { "start": start, "end": end },
            });
            if self.behaviour.unknown {
                segment[UNKNOWN.0] = UNKNOWN.1.into();
            }
            segment
        };
        let data: Vec<Value> = pieces.iter().map(segment).collect();
        let words = pieces.iter().flat_map(|piece| piece.words.iter().copied()).collect();
        (json!({ "type": "transcript", "data": data }), words)
    }

    fn shares_channel(&self) -> bool {
        let [doctor, patient] = [Role::Doctor, Role::Patient].map(|role| self.configuration.participant(role).channel);
        doctor == patient
    }

    /// A speaker's number: from 0 in each channel, and on each socket anew.
    fn speaker(&self, voice: Role) -> i32 {
        if !self.configuration.diarize {
            return -1;
        }
        let number = if voice == Role::Doctor { 0 } else { 1 };
        if self.shares_channel() { (number + self.socket as i32) % 2 } else { 0 }
    }

    fn credits(&self) -> f64 {
        self.meter.seconds() / 60.0 * CREDITS_PER_MINUTE
    }
}
