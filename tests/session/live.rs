//! The golden messages of the live service (`tests/wire/live`), as a client takes them: what it must hold in the end.

use ossicle::Code;
use ossicle::json::{Json, ToJson};
use ossicle::protocol::client::Configuration;
use ossicle::session::{Event, Input, Options, State};
use ossicle::time::Duration;
use serde_json::{Value, json};

use crate::merged::Line;
use crate::world::{options, s};

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn list(value: &Value) -> Vec<Value> {
    let list = value.as_array().unwrap().clone();
    assert!(!list.is_empty());
    list
}

/// A stream as its file has it: the configuration, audio in real time, what the client asks, what the service says.
fn stream(file: &Value) -> Line {
    let frames = list(&file["frames"]);
    let configuration = frames[0]["client"]["configuration"].to_string();
    let configuration = Configuration::read(Json::read(&configuration).unwrap()).unwrap();
    let mut line = Line::new(Options::new(configuration));
    assert_eq!(line.session.state(), State::Streaming);
    let (mut answered, mut own) = (0, 0);
    for frame in &frames[1..] {
        let until = frame["at"].as_f64().unwrap();
        while line.now + s(1) < Duration::from_secs_f64(until) && line.session.state() == State::Streaming {
            line.talk(1);
            // What the session asks for itself is answered as any flush is.
            let asked = line.texts.iter().filter(|text| text.contains("flush")).count();
            for _ in answered..asked.saturating_sub(own) {
                line.says(&json!({ "type": "flushed" }));
            }
            answered = answered.max(asked.saturating_sub(own));
        }
        own += usize::from(frame["client"]["type"] == "flush");
        match frame["client"]["type"].as_str() {
            Some("flush") => line.input(Input::Flush(1)),
            Some("end") => line.input(Input::End(2)),
            _ => {}
        }
        // So is what it asks for before the end.
        if frame["server"]["type"] == "usage" && line.answers.last() != Some(&(2, true)) {
            line.says(&json!({ "type": "flushed" }));
        }
        if frame["server"].is_object() {
            line.says(&frame["server"]);
        }
    }
    line
}

/// That a client holds what it must, and nothing else.
fn holds(file: &Value) -> Line {
    let line = stream(file);
    let mut held: Vec<Value> = line
        .screen
        .segments()
        .iter()
        .map(|segment| json!([segment.channel, segment.speaker_id, segment.start, segment.end]))
        .collect();
    let mut expected: Vec<Value> = list(&file["held"]["segments"]);
    let starts = |list: &[Value]| list.iter().map(|one| one[2].as_f64().unwrap()).collect::<Vec<_>>();
    assert!(starts(&held).is_sorted());
    for list in [&mut held, &mut expected] {
        list.iter_mut()
            .for_each(|one| *one = json!([one[0].as_i64(), one[1].as_i64(), one[2].as_f64(), one[3].as_f64()]));
        list.sort_by_key(Value::to_string);
    }
    assert_eq!(held, expected);
    assert_eq!((line.errors(), line.session.state()), (0, State::Ended));
    let keys: std::collections::BTreeSet<&String> = line.screen.segments().iter().map(|one| &one.key).collect();
    assert_eq!(keys.len(), expected.len(), "keys are unique");
    assert!(line.screen.segments().iter().all(|one| !one.overlaps && one.speaker == one.speaker_id));
    line
}

#[test]
fn of_a_diarized_conversation_all_turns_are_held_in_time_order() {
    let line = holds(&read(include_str!("../wire/live/stream-diarized.json")));
    assert_eq!(line.answers, [(1, true), (2, true)]);
    assert_eq!(line.session.ledger().acknowledged, line.session.ledger().captured);
}

#[test]
fn of_two_channels_all_turns_are_held_in_time_order() {
    holds(&read(include_str!("../wire/live/stream-two-channels.json")));
}

#[test]
fn every_ending_of_a_stream_is_understood() {
    for sequence in list(&read(include_str!("../wire/live/ending.json"))["sequences"]) {
        let what = sequence["what"].as_str().unwrap().to_owned();
        let mut line = Line::new(options());
        // Long enough for what its segments say of their times.
        line.talk(65);
        let said = line.texts.len();
        for frame in list(&sequence["frames"]) {
            match frame["client"]["type"].as_str() {
                Some("flush") => line.input(Input::Flush(1)),
                Some("end") => {
                    line.input(Input::End(2));
                    if line.texts[said..].iter().any(|text| text.contains("flush")) {
                        line.says(&json!({ "type": "flushed" }));
                    }
                    assert!(line.texts.last().unwrap().contains("end"), "{what}");
                }
                _ => {}
            }
            if frame["server"].is_object() {
                line.says(&frame["server"]);
            }
            if let Some(code) = frame["close"].as_u64() {
                line.input(Input::SocketClosed(line.socket, u16::try_from(code).unwrap()));
            }
        }
        let ends =
            sequence["frames"].to_string().contains("ENDED") || sequence["frames"].to_string().contains("\"ended\"");
        let asked = sequence["frames"].to_string().contains("\"flush\"");
        assert_eq!(line.answers.contains(&(2, true)), ends, "{what}");
        assert_eq!(line.answers.contains(&(1, true)), asked, "{what}");
        assert_eq!(line.session.state() == State::Ended, ends, "{what}");
        let segments = sequence["frames"].to_string().matches("speakerId").count();
        let facts = line.events.iter().filter(|event| matches!(event, Event::Facts { .. })).count();
        assert_eq!((line.screen.segments().len(), line.errors()), (segments, 0), "{what}");
        assert_eq!(facts, sequence["frames"].to_string().matches("\"fact\"").count(), "{what}");
    }
}

#[test]
fn every_error_is_told_with_what_the_service_says_of_it_and_ends_no_visit_by_itself() {
    for sequence in list(&read(include_str!("../wire/live/errors.json"))["sequences"]) {
        let what = sequence["what"].as_str().unwrap().to_owned();
        let mut line = Line::new(options());
        line.talk(5);
        let frames = list(&sequence["frames"]);
        frames.iter().for_each(|frame| line.says(frame));
        let error = line.events.iter().find_map(|event| match event {
            Event::Error(error) => Some(error),
            _ => None,
        });
        let (error, said) = (error.unwrap(), &frames[0]["error"]);
        assert_eq!(error.request_id.as_deref(), said["requestid"].as_str(), "{what}");
        assert_eq!(error.status.map(u64::from), said["status"].as_u64(), "{what}");
        for words in [said["details"].as_str(), said["title"].as_str()].into_iter().flatten() {
            assert!(error.message.contains(words), "{what}: {}", error.message);
        }
        let code = if said["status"].is_null() { Code::ServerError } else { Code::InvalidRequest };
        assert_eq!(error.code, code, "{what}");
        // Where the service ends the stream of its own accord, another socket is sought: the audio goes on.
        let state = if sequence["ends"] == true { State::Reconnecting } else { State::Streaming };
        assert_eq!(line.session.state(), state, "{what}");
    }
}

#[test]
fn facts_are_passed_on_as_they_came_and_are_kept_by_their_id() {
    let file = read(include_str!("../wire/live/facts.json"));
    let mut line = Line::new(options());
    line.talk(5);
    for message in list(&file["messages"]) {
        line.says(&message["message"]);
    }
    let mut kept = serde_json::Map::new();
    let mut discarded = std::collections::BTreeSet::new();
    for event in &line.events {
        let Event::Facts { facts } = event else { continue };
        for fact in facts {
            let fact = read(&fact.to_json());
            let id = fact["id"].as_str().unwrap().to_owned();
            if fact["isDiscarded"] == true {
                kept.remove(&id);
                discarded.insert(id);
            } else {
                kept.insert(id, fact["text"].clone());
            }
        }
    }
    assert_eq!((Value::Object(kept), line.errors()), (file["held"]["facts"].clone(), 0));
    let expected: Vec<String> =
        list(&file["held"]["discarded"]).iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    assert!(discarded.into_iter().eq(expected));
}

#[test]
fn audio_events_have_two_names_and_what_is_unknown_passes() {
    let messages = list(&read(include_str!("../wire/live/audio-events.json"))["messages"]);
    let mut line = Line::new(options());
    line.talk(5);
    messages.iter().for_each(|message| line.says(message));
    let told: Vec<Value> = line
        .events
        .iter()
        .filter_map(|event| match event {
            Event::AudioEvent { data } => Some(read(&data.to_json())),
            _ => None,
        })
        .collect();
    let named = |message: &&Value| ["audioEvent", "audio_event"].contains(&message["type"].as_str().unwrap());
    let expected: Vec<Value> = messages.iter().filter(named).map(|message| message["data"].clone()).collect();
    assert!(expected.len() < messages.len());
    assert_eq!((told, line.errors()), (expected, 0));
}

#[test]
fn every_answer_to_a_configuration_is_understood() {
    for message in list(&read(include_str!("../wire/live/config-accepted.json"))["messages"]) {
        let mut line = Line::answered(options(), Some(&message["message"]));
        line.talk(1);
        assert_eq!(line.session.state(), State::Streaming, "{}", message["what"]);
    }
    for message in list(&read(include_str!("../wire/live/config-refused.json"))["messages"]) {
        let answer = Some(&message["message"]).filter(|answer| !answer.is_null());
        let line = Line::answered(options(), answer);
        let expected = match (&message["ends"], answer) {
            (Value::Bool(true), _) => State::Failed,
            // A second configuration is none of ours, and silence is waited out.
            _ => State::Configuring,
        };
        assert_eq!(line.session.state(), expected, "{}", message["what"]);
    }
}
