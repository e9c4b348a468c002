//! The state machine on a simulated clock.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::script::Line;

const SECOND: Duration = Duration::from_secs(1);

/// A stream, its clock and its interaction's progress.
struct Room {
    stream: Stream,
    now: Duration,
    progress: Progress,
}

/// Six words take 2.3 seconds, and thirteen take 5.
fn script() -> Arc<Script> {
    let line = |role, text: &str| Line { role, text: text.into() };
    let lines =
        vec![line(Role::Doctor, "one two three four five six"), line(Role::Patient, "a b c d e f g h i j k l m")];
    Arc::new(Script::new(lines).unwrap())
}

fn configuration() -> Value {
    json!({
        "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
        "mode": { "type": "facts", "outputLocale": "en" },
        "audioFormat": "audio/pcm; rate=16000; channels=1; bits=16",
    })
}

/// Loud and steady: speech by its energy.
fn speech(seconds: f64) -> Vec<u8> {
    [0x00, 0x20].repeat((seconds * 16_000.0) as usize)
}

fn silence(seconds: f64) -> Vec<u8> {
    vec![0; (seconds * 16_000.0) as usize * 2]
}

impl Room {
    fn new() -> Self {
        Self::with(None)
    }

    fn with(max_pace: Option<f64>) -> Self {
        Self { stream: Stream::new(script(), max_pace), now: Duration::ZERO, progress: Progress::default() }
    }

    fn open() -> Self {
        let mut room = Self::new();
        room.configure(configuration());
        room
    }

    fn input(&mut self, input: Input<'_>) -> Vec<Output> {
        self.stream.handle(self.now, input, &mut self.progress);
        std::iter::from_fn(|| self.stream.poll_output()).collect()
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
        for chunk in bytes.chunks(8000) {
            self.now += Duration::from_millis(250);
            outputs.extend(self.input(Input::Audio(chunk)));
        }
        outputs
    }
}

/// The outputs by name: the `type` of what is sent, or the act.
fn names(outputs: &[Output]) -> Vec<String> {
    let name = |output: &Output| match output {
        Output::Send(message) => message["type"].as_str().unwrap().to_owned(),
        Output::Extract => "(extract)".into(),
        Output::Close(code) => format!("(close {code})"),
    };
    outputs.iter().map(name).collect()
}

fn transcripts(outputs: &[Output]) -> Vec<Value> {
    let item = |output: &Output| match output {
        Output::Send(message) if message["type"] == "transcript" => Some(message["data"][0].clone()),
        _ => None,
    };
    outputs.iter().filter_map(item).collect()
}

#[test]
fn a_good_configuration_is_accepted_and_given_back() {
    let outputs = Room::new().configure(configuration());
    let Output::Send(message) = &outputs[0] else { panic!() };
    assert_eq!(message["type"], "CONFIG_ACCEPTED");
    assert_eq!(message["configuration"], configuration());
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
fn no_configuration_within_ten_seconds_is_a_timeout() {
    let mut room = Room::new();
    assert_eq!(room.stream.next_timeout(), Some(10 * SECOND));
    room.now = 9 * SECOND;
    assert!(room.input(Input::Tick).is_empty());
    room.now = 10 * SECOND;
    assert_eq!(names(&room.input(Input::Tick)), ["CONFIG_TIMEOUT", "(close 1000)"]);
}

#[test]
fn a_second_configuration_is_named_and_the_first_stands() {
    let mut room = Room::open();
    assert_eq!(names(&room.configure(json!({}))), ["CONFIG_ALREADY_RECEIVED"]);
    assert_eq!(transcripts(&room.audio(&speech(3.0))).len(), 2, "and the stream goes on");
}

#[test]
fn a_line_comes_as_interim_and_then_final_under_one_id_once_its_time_was_heard() {
    let mut room = Room::open();
    let items = transcripts(&room.audio(&speech(2.5)));
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["final"], &items[0]["transcript"]), (&json!(false), &json!("one two three")));
    assert_eq!((&items[1]["final"], &items[1]["transcript"]), (&json!(true), &json!("one two three four five six")));
    assert_eq!(items[0]["id"], items[1]["id"]);
    assert_eq!(items[1]["time"], json!({ "start": 0.0, "end": 2.308 }));
    assert_eq!(items[1]["participant"], json!({ "channel": 0, "role": "multiple" }));
    assert_eq!(items[1]["speakerId"], -1);
}

#[test]
fn silence_moves_the_times_and_not_the_script() {
    let mut room = Room::open();
    assert!(room.audio(&silence(30.0)).is_empty());
    let items = transcripts(&room.audio(&speech(2.5)));
    assert_eq!(items[1]["time"]["start"], 30.0);
}

#[test]
fn speakers_are_told_apart_where_diarization_is_asked_for() {
    let mut room = Room::new();
    let mut configuration = configuration();
    configuration["transcription"]["diarize"] = json!(true);
    configuration["transcription"]["participants"] =
        json!([{ "channel": 0, "role": "doctor" }, { "channel": 0, "role": "patient" }]);
    room.configure(configuration);
    let items = transcripts(&room.audio(&speech(8.0)));
    let finals: Vec<_> = items.iter().filter(|item| item["final"] == true).collect();
    assert_eq!((&finals[0]["speakerId"], &finals[0]["participant"]["role"]), (&json!(0), &json!("doctor")));
    assert_eq!((&finals[1]["speakerId"], &finals[1]["participant"]["role"]), (&json!(1), &json!("patient")));
}

#[test]
fn flush_makes_the_words_heard_so_far_final_then_facts_then_flushed_and_the_rest_follows() {
    let mut room = Room::open();
    room.audio(&speech(1.25));
    let outputs = room.text(&json!({ "type": "flush" }));
    assert_eq!(names(&outputs), ["transcript", "(extract)", "flushed"]);
    assert_eq!(transcripts(&outputs)[0]["transcript"], "one two three");
    assert_eq!(transcripts(&outputs)[0]["final"], true);
    let rest = transcripts(&room.audio(&speech(1.25)));
    assert_eq!(rest.last().unwrap()["transcript"], "four five six");
    assert_eq!(rest.last().unwrap()["final"], true);
}

#[test]
fn flush_with_nothing_pending_is_answered_all_the_same() {
    let outputs = Room::open().text(&json!({ "type": "flush" }));
    assert_eq!(names(&outputs), ["(extract)", "flushed"]);
}

#[test]
fn end_sends_what_remains_then_usage_then_ended_and_closes() {
    let mut room = Room::open();
    room.audio(&speech(1.25));
    let outputs = room.text(&json!({ "type": "end" }));
    assert_eq!(names(&outputs), ["transcript", "(extract)", "usage", "ENDED", "(close 1000)"]);
    assert!(room.audio(&speech(5.0)).is_empty(), "nothing after the end");
}

#[test]
fn facts_come_every_minute_of_audio_and_with_fast_init_after_ten_seconds() {
    let mut room = Room::open();
    assert!(!room.audio(&silence(59.75)).contains(&Output::Extract));
    assert_eq!(names(&room.audio(&silence(0.25))), ["(extract)", "delta_usage"]);
    assert!(!room.audio(&silence(59.75)).contains(&Output::Extract));
    assert!(room.audio(&silence(0.25)).contains(&Output::Extract));

    let mut fast = Room::new();
    let mut configuration = configuration();
    configuration["mode"]["factGenerationInterval"] = json!("fast_init");
    fast.configure(configuration);
    assert!(!fast.audio(&silence(9.75)).contains(&Output::Extract));
    assert!(fast.audio(&silence(0.25)).contains(&Output::Extract));
    assert!(!fast.audio(&silence(49.75)).contains(&Output::Extract));
    assert!(fast.audio(&silence(0.25)).contains(&Output::Extract));
}

#[test]
fn the_mode_transcription_has_no_facts() {
    let mut room = Room::new();
    let mut configuration = configuration();
    configuration["mode"] = json!({ "type": "transcription" });
    room.configure(configuration);
    assert_eq!(names(&room.audio(&silence(60.0))), ["delta_usage"]);
    assert_eq!(names(&room.text(&json!({ "type": "end" }))), ["usage", "ENDED", "(close 1000)"]);
}

#[test]
fn a_message_of_64000_bytes_is_audio_and_one_byte_more_is_the_end() {
    let mut room = Room::open();
    room.input(Input::Audio(&[0; MAX_CHUNK]));
    assert_eq!(room.stream.meter().unwrap().seconds(), 2.0);
    let outputs = room.input(Input::Audio(&[0; MAX_CHUNK + 1]));
    assert_eq!(names(&outputs), ["error", "usage", "ENDED", "(close 1009)"]);
}

#[test]
fn audio_much_faster_than_the_pace_is_cut_off_only_where_there_is_one() {
    let mut free = Room::open();
    assert!(!names(&free.input(Input::Audio(&silence(2.0)))).contains(&"error".into()));

    let mut strict = Room::with(Some(1.5));
    strict.configure(configuration());
    strict.audio(&silence(60.0));
    let mut cut = Vec::new();
    for _ in 0..30 {
        cut.extend(strict.input(Input::Audio(&silence(2.0))));
    }
    assert_eq!(names(&cut), ["error", "usage", "ENDED", "(close 1008)"]);
}

#[test]
fn a_message_that_is_not_understood_is_an_error_that_ends_nothing() {
    let mut room = Room::open();
    for text in ["", "[]", "{\"type\":7}", "{\"type\":\"dance\"}"] {
        assert_eq!(names(&room.input(Input::Text(text))), ["error"]);
    }
    assert_eq!(names(&room.text(&json!({ "type": "flush" }))), ["(extract)", "flushed"]);
}

#[test]
fn a_second_socket_says_the_unfinished_line_again_and_counts_its_time_from_its_own_audio() {
    let mut first = Room::open();
    first.audio(&speech(4.0));
    let mut second = Room::open();
    second.progress = first.progress;
    let items = transcripts(&second.audio(&speech(5.25)));
    assert_eq!(items.last().unwrap()["transcript"], "a b c d e f g h i j k l m");
    assert_eq!(items.last().unwrap()["time"], json!({ "start": 0.0, "end": 5.0 }));
    assert_eq!(second.progress.said.len(), 2);
}
