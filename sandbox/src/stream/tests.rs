//! The state machine on a simulated clock, at the pace of life.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::{
    behaviour::{Acceptance, Ended, ErrorFields},
    said::{Line, Role, Script},
};

mod golden;
mod reopened;
mod rhythm;

const SECOND: Duration = Duration::from_secs(1);
/// Samples a second: the fewest that are taken, since much is made of them here.
const RATE: f64 = 8_000.0;
/// What a socket whose token does not run out has left.
const FOR_LONG: Duration = Duration::from_secs(1 << 30);

/// A stream, its clock and its interaction's progress.
struct Room {
    stream: Stream,
    now: Duration,
    progress: Progress,
    /// The messages with their times, in seconds.
    told: Vec<(f64, Output)>,
}

/// Six words take 2.3 seconds, and thirteen take 5.
fn short_script() -> Arc<Script> {
    let line = |role, text: &str| Line { role, text: text.into() };
    let lines =
        vec![line(Role::Doctor, "one two three four five six"), line(Role::Patient, "a b c d e f g h i j k l m")];
    Arc::new(Script::new(lines).unwrap())
}

fn configuration() -> Value {
    json!({
        "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
        "mode": { "type": "facts", "outputLocale": "en" },
        "audioFormat": "audio/pcm; rate=8000; channels=1; bits=16",
    })
}

fn diarized() -> Value {
    let mut configuration = configuration();
    configuration["transcription"]["diarize"] = json!(true);
    configuration["mode"]["factGenerationInterval"] = json!("fast_init");
    configuration
}

/// A voice that never repeats itself, loud enough to be speech: mono PCM from this second on.
fn speech(from: f64, seconds: f64) -> Vec<u8> {
    let sample = |n: usize| {
        let time = n as f64 / RATE;
        let wobble = (time * 3.1).sin() * 40.0 + (time * 0.37).sin() * 25.0;
        (6_000.0 * (time * 1_300.0 + wobble).sin() + 1_500.0 * (time * time * 7.0).sin()) as i16
    };
    let first = (from * RATE).round() as usize;
    (first..first + (seconds * RATE).round() as usize).flat_map(|n| sample(n).to_le_bytes()).collect()
}

fn silence(seconds: f64) -> Vec<u8> {
    vec![0; (seconds * RATE) as usize * 2]
}

impl Room {
    fn new() -> Self {
        Self::with(Behaviour { unknown: false, ..Behaviour::default() }, short_script())
    }

    fn with(behaviour: Behaviour, script: Arc<Script>) -> Self {
        let stream = Stream::new(Uuid::from_u128(7), behaviour, FOR_LONG);
        Self { stream, now: Duration::ZERO, progress: Progress::new(script), told: Vec::new() }
    }

    fn open() -> Self {
        let mut room = Self::new();
        room.configure(configuration());
        room
    }

    /// The same interaction on another socket.
    fn again(self, behaviour: Behaviour, configuration: Value) -> Self {
        let stream = Stream::new(Uuid::from_u128(7), behaviour, FOR_LONG);
        let mut room = Self { stream, now: Duration::ZERO, progress: self.progress, told: Vec::new() };
        room.configure(configuration);
        room
    }

    fn input(&mut self, input: Input<'_>) -> Vec<Output> {
        self.stream.handle(self.now, input, &mut self.progress);
        let mut outputs = Vec::new();
        while let Some(output) = self.stream.poll_output() {
            let copy = match &output {
                Output::Send(message) => Output::Send(message.clone()),
                Output::Extract { is_last } => Output::Extract { is_last: *is_last },
                Output::Close(code) => Output::Close(*code),
            };
            self.told.push((self.now.as_secs_f64(), copy));
            outputs.push(output);
        }
        outputs
    }

    /// Lets so much time pass.
    fn pass(&mut self, seconds: f64) -> Vec<Output> {
        let (until, mut outputs) = (self.now + Duration::from_secs_f64(seconds), Vec::new());
        while let Some(due) = self.stream.next_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            outputs.extend(self.input(Input::Tick));
        }
        self.now = until;
        outputs
    }

    fn text(&mut self, message: &Value) -> Vec<Output> {
        self.input(Input::Text(&message.to_string()))
    }

    fn configure(&mut self, configuration: Value) -> Vec<Output> {
        self.text(&json!({ "type": "config", "configuration": configuration }))
    }

    /// Sends audio in 250 ms messages, in real time.
    fn audio(&mut self, bytes: &[u8]) -> Vec<Output> {
        let mut outputs = Vec::new();
        for chunk in bytes.chunks(4000) {
            outputs.extend(self.pass(chunk.len() as f64 / (2.0 * RATE)));
            outputs.extend(self.input(Input::Audio(chunk)));
        }
        outputs
    }

    /// Sends a message, and gives all that follows within so many seconds.
    fn say(&mut self, kind: &str, seconds: f64) -> Vec<Output> {
        let mut outputs = self.text(&json!({ "type": kind }));
        outputs.extend(self.pass(seconds));
        outputs
    }

    /// When messages of this type came, in seconds, to the tenth.
    fn times(&self, kind: &str) -> Vec<f64> {
        let is_it = |output: &Output| matches!(output, Output::Send(message) if message["type"] == kind);
        let times = self.told.iter().filter(|(_, output)| is_it(output));
        times.map(|(at, _)| (at * 10.0).round() / 10.0).collect()
    }
}

/// The outputs by name: the `type` of what is sent, or the act.
fn names(outputs: &[Output]) -> Vec<String> {
    let name = |output: &Output| match output {
        Output::Send(message) => message["type"].as_str().unwrap().to_owned(),
        Output::Extract { is_last: false } => "(extract)".into(),
        Output::Extract { is_last: true } => "(extract all)".into(),
        Output::Close(code) => format!("(close {code})"),
    };
    outputs.iter().map(name).collect()
}

/// The segments of all transcripts, in the order in which they came.
fn segments(outputs: &[Output]) -> Vec<Value> {
    let items = |output: &Output| match output {
        Output::Send(message) if message["type"] == "transcript" => message["data"].as_array().cloned(),
        _ => None,
    };
    outputs.iter().filter_map(items).flatten().collect()
}

fn texts(outputs: &[Output]) -> Vec<String> {
    segments(outputs).iter().map(|segment| segment["transcript"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn anything_but_a_configuration_first_is_config_missing_and_the_end() {
    for first in [Input::Audio(&[0; 4]), Input::Text("{\"type\":\"end\"}"), Input::Text("no json")] {
        let mut room = Room::new();
        let outputs = room.input(first);
        assert_eq!(names(&outputs), ["CONFIG_MISSING", "(close 1000)"]);
        assert!(room.configure(configuration()).is_empty(), "it is over");
    }
}

#[test]
fn a_configuration_message_without_one_is_not_provided() {
    let outputs = Room::new().text(&json!({ "type": "config" }));
    assert_eq!(names(&outputs), ["CONFIG_NOT_PROVIDED", "(close 1000)"]);
}

#[test]
fn no_configuration_within_ten_seconds_is_not_provided_whatever_the_pace() {
    for pace in [1.0, 0.01] {
        let mut behaviour = Behaviour::default();
        behaviour.set("pace", &pace.to_string()).unwrap();
        let mut room = Room::with(behaviour, short_script());
        assert_eq!(room.stream.next_timeout(), Some(10 * SECOND));
        assert!(room.pass(9.9).is_empty());
        assert_eq!(names(&room.pass(0.1)), ["CONFIG_NOT_PROVIDED", "(close 1000)"]);
    }
    let mut silent = Room::with(Behaviour { configuration_timeout: false, ..Behaviour::default() }, short_script());
    assert!(silent.pass(600.0).is_empty());
    assert_eq!(names(&silent.configure(configuration())), ["CONFIG_ACCEPTED"]);
}

#[test]
fn an_acceptance_may_hold_nothing_but_its_type() {
    for (acceptance, keys) in [(Acceptance::Bare, vec!["type"]), (Acceptance::Session, vec!["sessionId", "type"])] {
        let mut room = Room::with(Behaviour { acceptance, ..Behaviour::default() }, short_script());
        let outputs = room.configure(configuration());
        let Output::Send(message) = &outputs[0] else { panic!() };
        assert_eq!(message.as_object().unwrap().keys().collect::<Vec<_>>(), keys);
    }
}

#[test]
fn a_second_configuration_is_named_and_the_first_stands() {
    let mut room = Room::open();
    assert_eq!(names(&room.configure(json!({}))), ["CONFIG_ALREADY_RECEIVED"]);
    assert_eq!(texts(&room.audio(&speech(0.0, 6.0))).len(), 1, "and the stream goes on");
}

#[test]
fn a_segment_has_the_interactions_id_no_role_and_seconds_as_floats() {
    let mut room = Room::open();
    let segment = &segments(&room.audio(&speech(0.0, 6.0)))[0];
    let expected = json!({
        "id": Uuid::from_u128(7), "transcript": "one two three four five six", "final": true, "speakerId": -1,
        "participant": { "channel": 0 }, "time": { "start": 0.0, "end": 2.308 },
    });
    assert_eq!(*segment, expected);

    let mut echoed = Room::with(Behaviour { roles: true, unknown: false, ..Behaviour::default() }, short_script());
    echoed.configure(configuration());
    let segment = &segments(&echoed.audio(&speech(0.0, 6.0)))[0];
    assert_eq!(segment["participant"], json!({ "channel": 0, "role": "multiple" }));
}

#[test]
fn there_are_interims_where_they_are_asked_for_and_else_none() {
    let finals = |outputs: &[Output]| segments(outputs).iter().map(|it| it["final"] == true).collect::<Vec<_>>();
    assert_eq!(finals(&Room::open().audio(&speech(0.0, 6.0))), [true]);
    let mut room = Room::with(Behaviour { interims: true, ..Behaviour::default() }, short_script());
    room.configure(configuration());
    let outputs = room.audio(&speech(0.0, 3.0));
    assert_eq!(texts(&outputs), ["one two three"], "and the sixth word makes it final");
    assert_eq!(finals(&outputs), [false]);
}

#[test]
fn silence_moves_the_times_and_not_the_script() {
    let mut room = Room::open();
    assert!(room.audio(&silence(30.0)).is_empty());
    let segments = segments(&room.audio(&speech(0.0, 6.0)));
    assert_eq!(segments[0]["time"]["start"], 30.0);
}

#[test]
fn flush_tells_the_words_heard_so_far_then_flushed_then_facts_and_the_rest_follows() {
    let mut room = Room::open();
    room.audio(&speech(0.0, 1.25));
    let outputs = room.say("flush", 5.0);
    assert_eq!(names(&outputs), ["transcript", "flushed", "(extract)"]);
    assert_eq!(texts(&outputs), ["one two three"]);
    assert_eq!((room.times("transcript"), room.times("flushed")), (vec![2.6], vec![2.9]), "1.25 s, and 1.3 and 1.6");
    let rest = room.audio(&speech(1.25, 5.0));
    assert_eq!(texts(&rest), ["four five six"]);

    let mut before = Room::with(Behaviour { facts_before_flushed: true, ..Behaviour::default() }, short_script());
    before.configure(configuration());
    assert_eq!(names(&before.say("flush", 5.0)), ["(extract)", "flushed"]);
}

#[test]
fn end_sends_what_remains_then_usage_then_ended_and_closes_within_a_second_and_a_half() {
    let mut room = Room::open();
    room.audio(&speech(0.0, 1.25));
    let outputs = room.say("end", 1.5);
    assert_eq!(names(&outputs), ["transcript", "(extract all)", "usage", "ENDED", "(close 1000)"]);
    assert!(room.audio(&speech(1.25, 5.0)).is_empty(), "nothing after the end");
}

#[test]
fn what_is_not_to_be_kept_is_known_to_the_end_even_where_all_of_it_is_due_at_once() {
    let mut behaviour = Behaviour { unknown: false, ..Behaviour::default() };
    behaviour.set("pace", "0.001").unwrap();
    let mut room = Room::with(behaviour, short_script());
    let mut configuration = configuration();
    configuration["retentionPolicy"] = json!("none");
    room.configure(configuration);
    room.audio(&speech(0.0, 1.25));
    room.text(&json!({ "type": "end" }));
    room.now += SECOND;
    assert_eq!(names(&room.input(Input::Tick)), ["transcript", "(extract all)", "usage", "ENDED", "(close 1000)"]);
    assert!(!room.stream.retains());
}

#[test]
fn the_end_may_look_otherwise() {
    let end = |ended, code: &str| {
        let mut behaviour = Behaviour { ended, ..Behaviour::default() };
        behaviour.set("closeCode", code).unwrap();
        let mut room = Room::with(behaviour, short_script());
        room.configure(json!({
            "transcription": configuration()["transcription"], "mode": { "type": "transcription" },
        }));
        names(&room.say("end", 2.0))
    };
    assert_eq!(end(Ended::Upper, "1001"), ["usage", "ENDED", "(close 1001)"]);
    assert_eq!(end(Ended::Lower, "1000"), ["ended", "(close 1000)"]);
    assert_eq!(end(Ended::None, "1000"), ["usage", "(close 1000)"]);
}

#[test]
fn a_message_of_64000_bytes_is_audio_and_one_byte_more_is_the_end() {
    let mut room = Room::open();
    room.input(Input::Audio(&[0; MAX_CHUNK]));
    assert_eq!(room.stream.meter().unwrap().seconds(), 4.0);
    let mut outputs = room.input(Input::Audio(&[0; MAX_CHUNK + 1]));
    outputs.extend(room.pass(2.0));
    assert_eq!(names(&outputs), ["error", "usage", "ENDED", "(close 1009)"]);

    let mut lax = Room::with(Behaviour { oversize_taken: true, ..Behaviour::default() }, short_script());
    lax.configure(configuration());
    assert!(lax.input(Input::Audio(&[0; MAX_CHUNK + 1])).is_empty());
}

#[test]
fn audio_much_faster_than_life_is_taken_unless_there_is_a_limit() {
    let mut free = Room::open();
    assert!(free.input(Input::Audio(&silence(2.0))).is_empty());

    let mut strict = Room::with(Behaviour { max_pace: Some(1.5), ..Behaviour::default() }, short_script());
    strict.configure(configuration());
    strict.audio(&silence(30.0));
    let mut cut = Vec::new();
    for _ in 0..30 {
        cut.extend(strict.input(Input::Audio(&silence(2.0))));
    }
    cut.extend(strict.pass(2.0));
    assert_eq!(names(&cut), ["error", "usage", "ENDED", "(close 1008)"]);
}

#[test]
fn a_message_that_is_not_understood_is_an_error_that_ends_nothing() {
    let mut room = Room::open();
    for text in ["", "[]", "{\"type\":7}", "{\"type\":\"dance\"}"] {
        assert_eq!(names(&room.input(Input::Text(text))), ["error"]);
    }
    assert_eq!(names(&room.say("flush", 1.6)), ["flushed"]);
}

#[test]
fn an_error_has_two_fields_or_all() {
    for (fields, count) in [(ErrorFields::Few, 2), (ErrorFields::All, 6)] {
        let mut room = Room::with(Behaviour { error_fields: fields, ..Behaviour::default() }, short_script());
        room.configure(configuration());
        let outputs = room.input(Input::Text("{}"));
        let Output::Send(message) = &outputs[0] else { panic!() };
        assert_eq!(message["error"].as_object().unwrap().len(), count);
    }
}

#[test]
fn a_token_that_expires_ends_nothing_unless_it_is_to() {
    let open = |closes_at_token_expiry| {
        let behaviour = Behaviour { closes_at_token_expiry, ..Behaviour::default() };
        let stream = Stream::new(Uuid::from_u128(7), behaviour, 20 * SECOND);
        let mut room = Room { stream, ..Room::new() };
        room.configure(json!({
            "transcription": configuration()["transcription"], "mode": { "type": "transcription" },
        }));
        names(&room.pass(30.0))
    };
    assert!(open(false).is_empty());
    assert_eq!(open(true), ["(close 1008)"]);
}

#[test]
fn long_silence_is_told_where_audio_events_are_asked_for_in_milliseconds_and_under_either_name() {
    for (name, kind) in [("audioEvent", "audioEvent"), ("audio_event", "audio_event")] {
        let mut behaviour = Behaviour { unknown: false, ..Behaviour::default() };
        behaviour.set("audioEventName", name).unwrap();
        let mut room = Room::with(behaviour, short_script());
        let mut configuration = configuration();
        configuration["audioEvents"] = json!({ "enabled": true });
        room.configure(configuration);
        let mut outputs = room.audio(&speech(0.0, 1.0));
        outputs.extend(room.audio(&silence(20.0)));
        outputs.extend(room.audio(&speech(1.0, 1.0)));
        let events: Vec<Value> = outputs
            .into_iter()
            .filter_map(|output| match output {
                Output::Send(message) if message["type"] == kind => Some(message["data"].clone()),
                _ => None,
            })
            .collect();
        assert_eq!(events.len(), 2);
        assert_eq!((&events[0]["event"], &events[0]["channel"]), (&json!("longSilenceDetected"), &json!(0)));
        assert!((1_000..1_400).contains(&events[0]["startTimeMs"].as_u64().unwrap()), "{events:?}");
        assert_eq!(events[1], json!({ "event": "longSilenceRecovered", "channel": 0, "startTimeMs": 21_000 }));
    }
}

#[test]
fn messages_and_fields_that_nobody_knows_come_unless_they_are_not_to() {
    let outputs = |unknown| {
        let mut room = Room::with(Behaviour { unknown, ..Behaviour::default() }, short_script());
        room.configure(configuration());
        let mut outputs = room.audio(&speech(0.0, 15.0));
        outputs.extend(room.say("flush", 1.6));
        outputs
    };
    let some = outputs(true);
    assert_eq!(names(&some).iter().filter(|name| *name == "speakerJoined").count(), 1);
    assert!(segments(&some).iter().all(|segment| segment.get("confidence").is_some()));
    let none = outputs(false);
    assert!(!names(&none).contains(&"speakerJoined".into()));
    assert!(segments(&none).iter().all(|segment| segment.get("confidence").is_none()));
}
