//! The golden messages of tests/wire/live, held against the state machine: shapes, order and times.

use super::*;

fn golden(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Where `ours` has not what `golden` has: each key, and the kind of each value. A list is held by its first entry.
fn misfits(golden: &Value, ours: &Value, at: &str, found: &mut Vec<String>) {
    match (golden, ours) {
        (Value::Object(golden), Value::Object(ours)) => {
            for (key, value) in golden {
                match ours.get(key) {
                    Some(other) => misfits(value, other, &format!("{at}.{key}"), found),
                    None => found.push(format!("{at}.{key} is missing")),
                }
            }
        }
        (Value::Array(golden), Value::Array(ours)) => {
            if let (Some(golden), Some(ours)) = (golden.first(), ours.first()) {
                misfits(golden, ours, &format!("{at}[0]"), found);
            }
        }
        (Value::String(_), Value::String(_)) | (Value::Bool(_), Value::Bool(_)) | (Value::Null, Value::Null) => {}
        (Value::Number(_), Value::Number(_)) => {}
        _ => found.push(format!("{at} is {ours} and not {golden}")),
    }
}

fn assert_fits(golden: &Value, ours: &Value) {
    let mut found = Vec::new();
    misfits(golden, ours, "", &mut found);
    assert!(found.is_empty(), "{found:?}\n{golden}\n{ours}");
}

/// Plays the client's frames with a voice for the audio; gives what came, as (time, message).
fn play(frames: &[Value], channels: usize) -> Vec<(f64, Value)> {
    let mut room = Room::with(Behaviour { unknown: false, ..Behaviour::default() }, Arc::new(Script::load().unwrap()));
    let acceptance = 1.0;
    room.now = SECOND;
    let mut position = 0.0;
    let until = frames.iter().find_map(|frame| frame["audio"].as_str()?.rsplit(' ').next()?.parse().ok()).unwrap();
    for frame in frames {
        let at = acceptance + frame["at"].as_f64().unwrap().max(0.0);
        while position + 0.25 <= f64::min(at - acceptance, until) {
            let mono = speech(position, 0.25);
            let bytes: Vec<u8> = mono.chunks_exact(2).flat_map(|sample| sample.repeat(channels)).collect();
            room.audio(&bytes[..bytes.len().min(4_000)]);
            if channels == 2 {
                room.now -= Duration::from_millis(250);
                room.audio(&bytes[4_000..]);
            }
            position += 0.25;
        }
        room.pass((at - room.now.as_secs_f64()).max(0.0));
        match &frame["client"] {
            Value::Null => {}
            message if message["type"] == "config" => {
                let mut message = message.clone();
                message["configuration"]["audioFormat"] =
                    json!(format!("audio/pcm; rate=8000; channels={channels}; bits=16; endian=little; encoding=sint"));
                room.text(&message);
            }
            message => drop(room.text(message)),
        }
    }
    room.pass(2.0);
    let message = |(at, output): (f64, Output)| {
        let message = match output {
            Output::Send(message) => message,
            Output::Extract { is_last: false } => json!({ "type": "facts" }),
            Output::Extract { is_last: true } => return None,
            Output::Close(code) => json!({ "close": code }),
        };
        Some((at - acceptance, message))
    };
    room.told.into_iter().filter_map(message).collect()
}

/// What a server of the golden frames does, as (time, message).
fn served(frames: &[Value]) -> Vec<(f64, Value)> {
    let served = |frame: &Value| match (&frame["server"], &frame["close"]) {
        (Value::Null, Value::Null) => None,
        (Value::Null, code) => Some((frame["at"].as_f64().unwrap(), json!({ "close": code }))),
        (message, _) => Some((frame["at"].as_f64().unwrap(), message.clone())),
    };
    frames.iter().filter_map(served).collect()
}

fn kind(message: &Value) -> &str {
    message["type"].as_str().unwrap_or("close")
}

#[test]
fn a_diarized_stream_is_as_the_golden_one_message_by_message_within_half_a_second() {
    let golden = golden(include_str!("../../../../tests/wire/live/stream-diarized.json"));
    let frames = golden["frames"].as_array().unwrap();
    let (theirs, ours) = (served(frames), play(frames, 1));
    let kinds = |all: &[(f64, Value)]| all.iter().map(|(_, it)| kind(it).to_owned()).collect::<Vec<_>>();
    assert_eq!(kinds(&ours), kinds(&theirs));
    for ((at, theirs), (when, ours)) in theirs.iter().zip(&ours) {
        assert!((at - when).abs() <= 0.5, "{} at {at}, here at {when}", kind(theirs));
        if kind(theirs) == "facts" {
            continue;
        }
        let mut theirs = theirs.clone();
        if let Some(format) = theirs.pointer_mut("/configuration/audioFormat") {
            *format = json!("audio/pcm");
        }
        assert_fits(&theirs, ours);
        if kind(ours) == "transcript" {
            for segment in ours["data"].as_array().unwrap() {
                let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
                assert_eq!(keys(segment), keys(&theirs["data"][0]));
                assert_eq!(keys(&segment["participant"]), ["channel"]);
            }
        }
    }
}

#[test]
fn a_two_channel_stream_is_as_the_golden_one() {
    let golden = golden(include_str!("../../../../tests/wire/live/stream-two-channels.json"));
    let frames = golden["frames"].as_array().unwrap();
    let (theirs, ours) = (served(frames), play(frames, 2));
    let collapsed = |all: &[(f64, Value)]| {
        let mut kinds: Vec<String> = all.iter().map(|(_, it)| kind(it).to_owned()).collect();
        // Nobody knows its rhythm; here there is speech until the end.
        kinds.retain(|kind| kind != "delta_usage");
        kinds.dedup();
        kinds
    };
    let mut expected = collapsed(&theirs);
    let facts = expected.iter().position(|kind| kind == "facts").unwrap();
    expected.insert(facts + 1, "transcript".into());
    assert_eq!(collapsed(&ours), expected);
    for (at, theirs) in &theirs {
        let same = |(when, ours): &&(f64, Value)| {
            kind(ours) == kind(theirs) && (kind(ours) == "transcript" || (when - at).abs() <= 0.5)
        };
        let (_, ours) = ours.iter().find(same).unwrap_or_else(|| panic!("{theirs} at {at}"));
        if kind(theirs) == "transcript" || kind(theirs) == "CONFIG_ACCEPTED" {
            let mut theirs = theirs.clone();
            if let Some(format) = theirs.pointer_mut("/configuration/audioFormat") {
                *format = json!("audio/pcm");
            }
            assert_fits(&theirs, ours);
        }
    }
}

#[test]
fn acceptances_are_the_golden_ones() {
    let golden = golden(include_str!("../../../../tests/wire/live/config-accepted.json"));
    let messages = golden["messages"].as_array().unwrap();
    let accepted = |sent: &Value, acceptance| {
        let mut room = Room::with(Behaviour { acceptance, ..Behaviour::default() }, short_script());
        let outputs = room.configure(sent.clone());
        let Some(Output::Send(message)) = outputs.into_iter().next() else { panic!() };
        message
    };
    assert_eq!(accepted(&messages[0]["sent"], Acceptance::Resolved), messages[0]["message"]);
    assert_eq!(accepted(&configuration(), Acceptance::Bare), messages[1]["message"]);
    assert_fits(&messages[2]["message"], &accepted(&configuration(), Acceptance::Session));
    // A field that nobody knows comes back as it came.
    let mut unknown = configuration();
    unknown["transcription"]["formatting"] = json!({ "dates": "iso" });
    let ours = accepted(&unknown, Acceptance::Resolved);
    assert_eq!(ours["configuration"]["transcription"]["formatting"], json!({ "dates": "iso" }));
}

#[test]
fn refusals_are_the_golden_ones() {
    let golden = golden(include_str!("../../../../tests/wire/live/config-refused.json"));
    let messages = golden["messages"].as_array().unwrap();
    let of = |what: &str| {
        let message = messages.iter().find(|message| message["what"] == what).unwrap();
        (message["message"].clone(), message["ends"] == true)
    };
    let refused = |path: &str, value: Value| {
        let mut configuration = configuration();
        *configuration.pointer_mut(path).unwrap() = value;
        Room::new().configure(configuration)
    };
    let cases = [
        ("unknown language", refused("/transcription/primaryLanguage", json!("klingon"))),
        ("unknown role", refused("/transcription/participants/0/role", json!("nurse"))),
        ("audio format not supported", refused("/audioFormat", json!("application/json"))),
        ("audio, flush or end came first", Room::new().input(Input::Audio(&[0; 4]))),
        ("no configuration within 10 s", Room::new().pass(10.0)),
        ("a second configuration", Room::open().configure(configuration())),
    ];
    for (what, outputs) in cases {
        let (theirs, ends) = of(what);
        let Some(Output::Send(ours)) = outputs.first() else { panic!("{what}") };
        assert_eq!(ours["type"], theirs["type"], "{what}");
        assert_fits(&theirs, ours);
        assert_eq!(outputs.last() == Some(&Output::Close(1000)), ends, "{what}");
    }
}

#[test]
fn errors_are_the_golden_ones() {
    let golden = golden(include_str!("../../../../tests/wire/live/errors.json"));
    let sequences = golden["sequences"].as_array().unwrap();
    let ours = |fields| {
        let mut room = Room::with(Behaviour { error_fields: fields, ..Behaviour::default() }, short_script());
        room.configure(configuration());
        room.input(Input::Text("{}"))
    };
    for (fields, sequence) in [(ErrorFields::Few, &sequences[0]), (ErrorFields::All, &sequences[1])] {
        let outputs = ours(fields);
        let Some(Output::Send(message)) = outputs.first() else { panic!() };
        assert_fits(&sequence["frames"][0], message);
        assert_eq!(
            message["error"].as_object().unwrap().len(),
            sequence["frames"][0]["error"].as_object().unwrap().len()
        );
    }
    let mut room = Room::open();
    room.input(Input::Audio(&[0; MAX_CHUNK + 1]));
    room.pass(2.0);
    let kinds: Vec<Value> = sequences[3]["frames"].as_array().unwrap().iter().map(|it| it["type"].clone()).collect();
    let outputs: Vec<Output> = room.told.into_iter().skip(1).map(|(_, output)| output).collect();
    assert_eq!(names(&outputs)[..3].iter().map(|kind| json!(kind)).collect::<Vec<_>>(), kinds);
}

#[test]
fn a_flush_and_an_end_are_the_golden_ones() {
    let golden = golden(include_str!("../../../../tests/wire/live/ending.json"));
    let kinds = |what: &str| -> Vec<String> {
        let sequence = golden["sequences"].as_array().unwrap().iter().find(|it| it["what"] == what).unwrap();
        let frames = sequence["frames"].as_array().unwrap().iter();
        frames
            .filter_map(|frame| match (&frame["server"]["type"], &frame["close"]) {
                (Value::String(kind), _) => Some(kind.clone()),
                (_, Value::Number(code)) => Some(format!("(close {code})")),
                _ => None,
            })
            .collect()
    };
    let named = |outputs: Vec<Output>| {
        let mut names = names(&outputs);
        names.retain(|name| name != "(extract all)");
        names
    };
    let talking = || {
        let mut room = Room::open();
        room.audio(&speech(0.0, 1.25));
        room
    };
    assert_eq!(named(talking().say("flush", 1.7)), kinds("flush, and the stream goes on"));
    assert_eq!(named(Room::open().say("flush", 1.7)), kinds("flush with nothing to say"));
    assert_eq!(named(talking().say("end", 2.0)), kinds("end with a transcript still to come"));
    let mut late = Room::open().say("flush", 5.0);
    assert_eq!(late.pop(), Some(Output::Extract { is_last: false }), "facts after flushed");
    let mut lower = Room::with(Behaviour { ended: Ended::Lower, ..Behaviour::default() }, short_script());
    lower.configure(configuration());
    assert_eq!(named(lower.say("end", 2.0))[..1], kinds("lower case, no usage")[..1]);
}

#[test]
fn audio_events_are_the_golden_ones() {
    let golden = golden(include_str!("../../../../tests/wire/live/audio-events.json"));
    let mut room = Room::new();
    let mut configuration = configuration();
    configuration["audioEvents"] = json!({ "enabled": true });
    room.configure(configuration);
    let mut outputs = room.audio(&silence(16.0));
    outputs.extend(room.audio(&speech(0.0, 0.5)));
    let ours: Vec<&Value> = outputs
        .iter()
        .filter_map(|output| match output {
            Output::Send(message) if message["type"] == "audioEvent" => Some(message),
            _ => None,
        })
        .collect();
    let theirs = golden["messages"].as_array().unwrap();
    assert_eq!(ours.len(), 2);
    for (theirs, ours) in theirs[2..4].iter().zip(ours) {
        assert_eq!((&theirs["type"], &theirs["data"]["event"]), (&ours["type"], &ours["data"]["event"]));
        assert_fits(theirs, ours);
    }
}
