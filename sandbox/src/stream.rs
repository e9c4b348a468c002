//! The server's side of one stream socket, as a pure state machine.
//!
//! [`Stream::handle`] takes one input and the time since the socket opened; [`Stream::poll_output`] is then drained.
//! No IO, no clock. What outlives the socket, because the interaction goes on when it is opened again, is the
//! [`Progress`] that is lent to each call.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    audio::{Meter, Span},
    configuration::{Configuration, Interval, Refusal},
    script::{Position, Role, Script, WORDS_PER_SECOND},
};

/// The configuration must come this soon after the socket opens.
const CONFIGURATION_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of one binary message at most.
pub(crate) const MAX_CHUNK: usize = 64_000;
/// Seconds of audio between two rounds of facts, and to the first one with `fast_init`.
const FACTS_EVERY: f64 = 60.0;
const FIRST_FACTS: f64 = 10.0;
/// What a stream costs: an invented price, in credits a minute of audio.
const CREDITS_PER_MINUTE: f64 = 0.1;
/// Seconds of audio that may run ahead where the pace is limited.
const PACE_SLACK: f64 = 5.0;
/// Final segments of an interaction that fact extraction looks back on.
const MAX_SAID: usize = 300;

/// WebSocket close codes (RFC 6455, section 7.4.1).
pub(crate) const CLOSE_NORMAL: u16 = 1000;
const CLOSE_POLICY: u16 = 1008;
const CLOSE_TOO_BIG: u16 = 1009;

pub(crate) enum Input<'a> {
    Text(&'a str),
    Audio(&'a [u8]),
    /// Nothing came, but time has passed.
    Tick,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Output {
    Send(Value),
    /// Look for facts in what was said so far and send those that are new.
    Extract,
    Close(u16),
}

/// A final segment of the transcript.
pub(crate) struct Said {
    pub(crate) id: Uuid,
    pub(crate) text: String,
    /// Whether the line of the script ends here, or goes on in the next segment.
    pub(crate) ends_line: bool,
}

/// How far the interaction is in its consultation, over all of its sockets.
///
/// A line that was being spoken when a socket was lost begins again on the next one, since the client sends the audio
/// of an unfinished segment again.
#[derive(Default)]
pub(crate) struct Progress {
    position: Position,
    pub(crate) said: VecDeque<Said>,
}

pub(crate) struct Stream {
    script: Arc<Script>,
    /// The fastest pace of audio, as a multiple of real time; `None`: any.
    max_pace: Option<f64>,
    state: State,
    outputs: VecDeque<Output>,
}

enum State {
    Waiting,
    Streaming(Box<Live>),
    Over,
}

struct Live {
    configuration: Configuration,
    accepted: Duration,
    meter: Meter,
    /// The line that is being spoken.
    segment: Option<Segment>,
    /// Seconds of audio at which facts are due next.
    facts_due: f64,
}

struct Segment {
    id: Uuid,
    start: f64,
    end: f64,
    /// Seconds of speech that belong to it.
    heard: f64,
    interim_sent: bool,
}

impl Stream {
    pub(crate) fn new(script: Arc<Script>, max_pace: Option<f64>) -> Self {
        Self { script, max_pace, state: State::Waiting, outputs: VecDeque::new() }
    }

    /// What is to be done next, in order; drain it after every [`Self::handle`].
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When a [`Input::Tick`] is due, as time since the socket opened.
    pub(crate) fn next_timeout(&self) -> Option<Duration> {
        match &self.state {
            State::Waiting => Some(CONFIGURATION_LIMIT),
            State::Streaming(_) | State::Over => None,
        }
    }

    /// The audio as it was heard, once a configuration has been accepted.
    pub(crate) fn meter(&self) -> Option<&Meter> {
        match &self.state {
            State::Streaming(live) => Some(&live.meter),
            _ => None,
        }
    }

    pub(crate) fn handle(&mut self, now: Duration, input: Input<'_>, progress: &mut Progress) {
        match (std::mem::replace(&mut self.state, State::Over), input) {
            (State::Waiting, Input::Tick) if now < CONFIGURATION_LIMIT => self.state = State::Waiting,
            (State::Waiting, Input::Tick) => {
                self.refuse(Refusal::new("CONFIG_TIMEOUT", "no configuration came within 10 seconds"));
            }
            (State::Waiting, Input::Text(text)) => match parse(text) {
                Some((kind, message)) if kind == "config" => self.configure(now, &message),
                _ => self.refuse(Refusal::new("CONFIG_MISSING", "the first message must be the configuration")),
            },
            (State::Waiting, Input::Audio(_)) => {
                self.refuse(Refusal::new("CONFIG_MISSING", "audio came before the configuration"));
            }
            (State::Streaming(mut live), input) => {
                if !self.stream(&mut live, now, input, progress) {
                    self.state = State::Streaming(live);
                }
            }
            (State::Over, _) => {}
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        let mut message = json!({ "type": refusal.status });
        if let Some(reason) = refusal.reason {
            message["reason"] = reason.into();
        }
        self.outputs.push_back(Output::Send(message));
        self.outputs.push_back(Output::Close(CLOSE_NORMAL));
    }

    fn configure(&mut self, now: Duration, message: &Value) {
        match Configuration::read(message.get("configuration")) {
            Err(refusal) => self.refuse(refusal),
            Ok(configuration) => {
                let accepted = json!({ "type": "CONFIG_ACCEPTED", "configuration": message["configuration"] });
                self.outputs.push_back(Output::Send(accepted));
                let fast = configuration.facts == Some(Interval::FastInit);
                self.state = State::Streaming(Box::new(Live {
                    meter: Meter::new(configuration.format),
                    configuration,
                    accepted: now,
                    segment: None,
                    facts_due: if fast { FIRST_FACTS } else { FACTS_EVERY },
                }));
            }
        }
    }

    /// One input of an accepted stream. `true`: the stream is over.
    fn stream(&mut self, live: &mut Live, now: Duration, input: Input<'_>, progress: &mut Progress) -> bool {
        let out = &mut self.outputs;
        match input {
            Input::Tick => false,
            Input::Audio(bytes) if bytes.len() > MAX_CHUNK => live.fail(
                out,
                413,
                "Audio message too large",
                "An audio message holds at most 64000 bytes.",
                CLOSE_TOO_BIG,
            ),
            Input::Audio(bytes) => {
                for span in live.meter.push(bytes, now) {
                    live.hear(out, &self.script, span, progress);
                }
                let ahead = |pace| now.saturating_sub(live.accepted).as_secs_f64() * pace + PACE_SLACK;
                if self.max_pace.is_some_and(|pace| live.meter.seconds() > ahead(pace)) {
                    return live.fail(
                        out,
                        429,
                        "Audio too fast",
                        "Audio must come at or near real time.",
                        CLOSE_POLICY,
                    );
                }
                if live.meter.seconds() >= live.facts_due {
                    live.facts_due = (live.meter.seconds() / FACTS_EVERY).floor() * FACTS_EVERY + FACTS_EVERY;
                    live.extract(out);
                    out.push_back(Output::Send(json!({ "type": "delta_usage", "credits": live.credits() })));
                }
                false
            }
            Input::Text(text) => match parse(text).as_ref().map(|(kind, _)| kind.as_str()) {
                Some("config") => {
                    out.push_back(Output::Send(json!({ "type": "CONFIG_ALREADY_RECEIVED" })));
                    false
                }
                Some("flush") => {
                    live.finish_segment(out, &self.script, progress);
                    live.extract(out);
                    out.push_back(Output::Send(json!({ "type": "flushed" })));
                    false
                }
                Some("end") => {
                    live.finish_segment(out, &self.script, progress);
                    live.extract(out);
                    live.end(out, CLOSE_NORMAL)
                }
                _ => {
                    let details = "A text message must be JSON with the type config, flush or end.";
                    out.push_back(Output::Send(error(400, "Message not understood", details)));
                    false
                }
            },
        }
    }
}

impl Live {
    /// Speech was heard: the script goes on by as much.
    fn hear(&mut self, out: &mut VecDeque<Output>, script: &Script, span: Span, progress: &mut Progress) {
        let mut from = span.start;
        while from < span.end {
            let (role, words) = script.rest(progress.position);
            let takes = words.len() as f64 / WORDS_PER_SECOND;
            let segment = self.segment.get_or_insert_with(|| Segment {
                id: Uuid::new_v4(),
                start: from,
                end: from,
                heard: 0.0,
                interim_sent: false,
            });
            // Step to the next thing that happens: the interim half-way, the final at the end, or the end of the span.
            let until = if segment.interim_sent { takes } else { takes / 2.0 };
            let left = until - segment.heard;
            if span.end - from < left {
                segment.heard += span.end - from;
                segment.end = span.end;
                return;
            }
            from += left;
            segment.heard = until;
            segment.end = from;
            if segment.interim_sent {
                let text = words.join(" ");
                let count = words.len();
                self.say_final(out, script, role, &text, count, progress);
            } else {
                segment.interim_sent = true;
                let text = words[..words.len().div_ceil(2)].join(" ");
                let message = self.transcript(role, &text, false);
                out.extend(message.map(Output::Send));
            }
        }
    }

    /// Makes what was heard of the present line final, word by word.
    fn finish_segment(&mut self, out: &mut VecDeque<Output>, script: &Script, progress: &mut Progress) {
        let Some(segment) = &self.segment else { return };
        let (role, words) = script.rest(progress.position);
        let heard = ((segment.heard * WORDS_PER_SECOND).round() as usize).min(words.len());
        if heard > 0 {
            let text = words[..heard].join(" ");
            self.say_final(out, script, role, &text, heard, progress);
        } else {
            self.segment = None;
        }
    }

    fn say_final(
        &mut self, out: &mut VecDeque<Output>, script: &Script, role: Role, text: &str, words: usize,
        progress: &mut Progress,
    ) {
        out.extend(self.transcript(role, text, true).map(Output::Send));
        if let Some(segment) = self.segment.take() {
            if progress.said.len() == MAX_SAID {
                progress.said.pop_front();
            }
            let ends_line = words == script.rest(progress.position).1.len();
            progress.said.push_back(Said { id: segment.id, text: text.to_owned(), ends_line });
        }
        progress.position = script.after(progress.position, words);
    }

    fn transcript(&self, role: Role, text: &str, is_final: bool) -> Option<Value> {
        let segment = self.segment.as_ref()?;
        let speaker = match role {
            _ if !self.configuration.diarize => -1,
            Role::Doctor => 0,
            Role::Patient => 1,
        };
        let data = json!({
            "id": segment.id,
            "transcript": text,
            "final": is_final,
            "speakerId": speaker,
            "participant": self.configuration.participant(role),
            "time": { "start": milliseconds(segment.start), "end": milliseconds(segment.end) },
        });
        Some(json!({ "type": "transcript", "data": [data] }))
    }

    fn extract(&self, out: &mut VecDeque<Output>) {
        if self.configuration.facts.is_some() {
            out.push_back(Output::Extract);
        }
    }

    fn credits(&self) -> f64 {
        (self.meter.seconds() / 60.0 * CREDITS_PER_MINUTE * 1e6).round() / 1e6
    }

    fn end(&self, out: &mut VecDeque<Output>, code: u16) -> bool {
        out.push_back(Output::Send(json!({ "type": "usage", "credits": self.credits() })));
        out.push_back(Output::Send(json!({ "type": "ENDED" })));
        out.push_back(Output::Close(code));
        true
    }

    fn fail(&self, out: &mut VecDeque<Output>, status: u16, title: &str, details: &str, code: u16) -> bool {
        out.push_back(Output::Send(error(status, title, details)));
        self.end(out, code)
    }
}

/// An `error` message.
pub(crate) fn error(status: u16, title: &str, details: &str) -> Value {
    let id = Uuid::new_v4();
    json!({
        "type": "error",
        "error": { "requestid": id, "id": id, "title": title, "status": status, "details": details, "doc": "" },
    })
}

/// A text message's `type`, and the whole of it.
fn parse(text: &str) -> Option<(String, Value)> {
    let message: Value = serde_json::from_str(text).ok()?;
    Some((message.get("type")?.as_str()?.to_owned(), message))
}

/// A text message's `type`, where it has one.
pub(crate) fn kind(text: &str) -> Option<String> {
    parse(text).map(|(kind, _)| kind)
}

fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests;
