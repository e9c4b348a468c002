//! Every fault that can be asked for, as a client meets it.

use std::{
    io::Read,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{HANG, Sandbox, Socket, configuration, soon, speech};

/// The messages by name, their type or what they are, but for the usage so far, which comes by the clock.
fn names(messages: &[Value]) -> Vec<String> {
    let name = |message: &Value| match message["type"].as_str() {
        Some(kind) => kind.to_owned(),
        None => message.to_string(),
    };
    messages.iter().filter(|message| message["type"] != "delta_usage").map(name).collect()
}

/// A stream with a fault of its own.
fn with(sandbox: &Sandbox, fault: &Value) -> (String, Socket) {
    let id = sandbox.interaction();
    sandbox.fault(&json!({ "interactionId": id, "sockets": [fault] }));
    let socket = sandbox.stream(&id);
    (id, socket)
}

/// What the interaction's first socket has in its report once it is over.
fn report(sandbox: &Sandbox, id: &str) -> Value {
    soon(|| Some(sandbox.sockets(id)[0].clone()).filter(|report| !report["closeCode"].is_null()))
}

#[test]
fn a_schedule_is_worked_off_socket_by_socket_and_then_all_is_well() {
    let sandbox = Sandbox::start();
    let (one, other) = (sandbox.interaction(), sandbox.interaction());
    let drop = json!({ "events": [{ "afterSeconds": 0, "do": "drop" }] });
    sandbox.fault(&json!({ "interactionId": one, "sockets": [{ "upgrade": 503, "times": 2 }, drop, {}, drop] }));
    sandbox.stream(&other);
    for _ in 0..2 {
        assert_eq!(sandbox.connect_as(&sandbox.token, "base", &one).err(), Some(503));
    }
    assert_eq!(sandbox.stream(&one).receive()["close"], 1006);
    assert!(sandbox.stream(&one).is_quiet(Duration::from_millis(100)));
    assert_eq!(sandbox.stream(&one).receive()["close"], 1006);
    assert!(sandbox.stream(&one).is_quiet(Duration::from_millis(100)));
}

#[test]
fn a_fault_can_be_for_the_next_socket_of_any_interaction_and_can_be_taken_back() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    sandbox.fault(&json!({ "nextUpgrade": 503, "times": 2 }));
    assert_eq!(sandbox.connect_as(&sandbox.token, "base", &id).err(), Some(503));
    assert_eq!(sandbox.send("DELETE", "/sandbox/faults", &[], None).status, 204);
    sandbox.stream(&id);
}

#[test]
fn an_upgrade_is_refused_with_any_status_and_the_report_counts_it() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let statuses = [401, 403, 404, 429, 500, 503];
    let sockets: Vec<Value> = statuses.iter().map(|status| json!({ "upgrade": status })).collect();
    sandbox.fault(&json!({ "sockets": sockets }));
    for status in statuses {
        assert_eq!(sandbox.connect_as(&sandbox.token, "base", &id).err(), Some(status));
    }
    let report = sandbox.send("GET", &format!("/sandbox/streams/{id}"), &[], None).body;
    assert_eq!(report["sockets"], json!([]));
    let refused: Vec<u64> =
        report["refused"].as_array().unwrap().iter().map(|each| each["status"].as_u64().unwrap()).collect();
    assert_eq!(refused, statuses.map(u64::from));
}

#[test]
fn upgrades_are_refused_for_as_long_as_asked_for() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    sandbox.fault(&json!({ "upgrade": 503, "refuseForSeconds": 0.4 }));
    let connect = || sandbox.connect_as(&sandbox.token, "base", &id).err();
    let started = Instant::now();
    let mut refused = 0;
    while connect() == Some(503) {
        refused += 1;
        assert!(started.elapsed() < HANG, "it is refused for ever");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(refused >= 1 && started.elapsed() >= Duration::from_millis(400), "{refused}, {:?}", started.elapsed());
    assert_eq!(connect(), None, "it is over for good");
}

#[test]
fn an_upgrade_is_never_answered() {
    let mut sandbox = Sandbox::start();
    let id = sandbox.interaction();
    sandbox.fault(&json!({ "upgrade": "silent" }));
    let answer = sandbox.connect_within(Duration::from_millis(300), &sandbox.token, "base", &id);
    assert!(answer.is_none());
    let report = sandbox.send("GET", &format!("/sandbox/streams/{id}"), &[], None).body;
    assert_eq!(report["refused"][0]["status"], Value::Null);
    sandbox.stream(&id);
    // The server does not wait for it when it stops: it says so.
    sandbox.fault(&json!({ "upgrade": "silent" }));
    let mut waiting = sandbox.ask_for_upgrade(&id);
    let refused = || sandbox.send("GET", &format!("/sandbox/streams/{id}"), &[], None).body["refused"].take();
    soon(|| (refused().as_array().unwrap().len() == 2).then_some(()));
    sandbox.stop();
    let mut answer = [0; 13];
    waiting.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 503 ");
}

#[test]
fn a_configuration_is_refused_or_not_answered_or_answered_late() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let refused = json!({ "configuration": "CONFIG_REJECTED", "times": 2 });
    let silent = json!({ "configuration": "silent" });
    let late = json!({ "configurationAfterSeconds": 0.4 });
    sandbox.fault(&json!({ "sockets": [refused, silent, late] }));
    for _ in 0..2 {
        let mut socket = sandbox.connect(&id);
        socket.configure(&configuration());
        assert_eq!(names(&socket.rest()), ["CONFIG_REJECTED", r#"{"close":1000}"#]);
    }
    let mut socket = sandbox.connect(&id);
    socket.configure(&configuration());
    socket.send(&json!({ "type": "flush" }));
    assert!(socket.is_quiet(Duration::from_millis(300)));
    let mut socket = sandbox.connect(&id);
    let started = Instant::now();
    socket.configure(&configuration());
    assert_eq!(socket.receive()["type"], "CONFIG_ACCEPTED");
    assert!(started.elapsed() >= Duration::from_millis(400), "{:?}", started.elapsed());
}

#[test]
fn the_connection_breaks_after_so_much_time_or_so_much_audio() {
    let sandbox = Sandbox::start();
    for fault in [json!({ "dropAfterSeconds": 0.3 }), json!({ "events": [{ "afterSeconds": 0.3, "do": "drop" }] })] {
        let started = Instant::now();
        let (id, mut socket) = with(&sandbox, &fault);
        assert_eq!(socket.receive(), json!({ "close": 1006 }));
        assert!(started.elapsed() >= Duration::from_millis(300), "{:?}", started.elapsed());
        let report = report(&sandbox, &id);
        assert_eq!((&report["closeCode"], &report["closedBy"]), (&json!(1006), &json!("fault")));
        assert_eq!(report["faults"], json!(["drop"]));
    }
    let (id, mut socket) = with(&sandbox, &json!({ "events": [{ "afterAudioSeconds": 2, "do": "drop" }] }));
    socket.audio(&vec![0; 32_000 + 24_000]);
    assert!(socket.is_quiet(Duration::from_millis(200)));
    socket.audio(&[0; 8000]);
    assert_eq!(socket.receive(), json!({ "close": 1006 }));
    assert_eq!(report(&sandbox, &id)["receivedSeconds"], 2.0);
}

#[test]
fn the_socket_is_closed_with_any_code() {
    let sandbox = Sandbox::start();
    for code in [1000, 1001, 1011, 1012, 1013, 4000] {
        let event = json!({ "afterSeconds": 0, "do": "close", "code": code });
        let (id, mut socket) = with(&sandbox, &json!({ "events": [event] }));
        assert_eq!(socket.receive(), json!({ "close": code }));
        let report = report(&sandbox, &id);
        assert_eq!((&report["closeCode"], &report["closedBy"]), (&json!(code), &json!("fault")));
    }
    let (_, mut socket) = with(&sandbox, &json!({ "events": [{ "afterSeconds": 0, "do": "close" }] }));
    assert_eq!(socket.receive(), json!({ "close": 1011 }), "unless told");
}

#[test]
fn the_connection_breaks_at_the_moment_that_was_named() {
    let sandbox = Sandbox::start();
    for (moment, ends_with, expected) in [
        ("flush", "flush", vec![]),
        ("flushed", "flush", vec!["transcript"]),
        ("end", "end", vec![]),
        ("ended", "end", vec!["transcript", "usage"]),
    ] {
        let (_, mut socket) = with(&sandbox, &json!({ "events": [{ "during": moment, "do": "drop" }] }));
        // Half of a second is a word.
        socket.audio(&speech(0.5));
        socket.send(&json!({ "type": ends_with }));
        let mut messages = names(&socket.rest());
        messages.retain(|name| name != "facts");
        assert_eq!(messages.pop().as_deref(), Some(r#"{"close":1006}"#));
        assert_eq!(messages, expected, "{moment}");
    }
    let id = sandbox.interaction();
    sandbox.fault(&json!({ "events": [{ "during": "configuration", "do": "drop" }] }));
    let mut socket = sandbox.connect(&id);
    socket.configure(&configuration());
    assert_eq!(socket.receive(), json!({ "close": 1006 }));
}

#[test]
fn a_normal_close_can_come_without_ended() {
    let sandbox = Sandbox::start();
    let event = json!({ "during": "ended", "do": "close", "code": 1000 });
    let (_, mut socket) = with(&sandbox, &json!({ "events": [event] }));
    socket.send(&json!({ "type": "end" }));
    assert_eq!(names(&socket.rest()), ["usage", r#"{"close":1000}"#]);
}

#[test]
fn a_stalled_socket_stays_open_and_the_senders_buffer_fills() {
    let sandbox = Sandbox::start();
    let (id, mut socket) = with(&sandbox, &json!({ "events": [{ "afterSeconds": 0.1, "do": "stall" }] }));
    soon(|| (sandbox.sockets(&id)[0]["faults"] == json!(["stall"])).then_some(()));
    let sent = socket.fill(Duration::from_millis(500));
    // What the kernel takes without the server; a server that reads would have had all 64 MB.
    assert!(sent < 8_000_000, "{sent} bytes went out to a server that does not read");
    assert!(socket.is_quiet(Duration::from_millis(100)), "it is open");
    let report = &sandbox.sockets(&id)[0];
    assert_eq!((&report["bytes"], &report["closeCode"]), (&json!(0), &Value::Null));
    assert_eq!(report["faults"], json!(["stall"]));
    let (_, mut good) = with(&sandbox, &json!({}));
    good.audio(&speech(30.0));
    good.send(&json!({ "type": "end" }));
    good.until("ENDED");
}

#[test]
fn a_silent_socket_answers_no_more_and_hears_on() {
    let sandbox = Sandbox::start();
    let (id, mut socket) = with(&sandbox, &json!({ "events": [{ "afterAudioSeconds": 1, "do": "silence" }] }));
    socket.audio(&speech(4.0));
    socket.send(&json!({ "type": "end" }));
    assert!(socket.is_quiet(Duration::from_millis(300)));
    assert_eq!(sandbox.sockets(&id)[0]["receivedSeconds"], 4.0);
}

#[test]
fn the_server_ends_early() {
    let sandbox = Sandbox::start();
    let (_, mut socket) = with(&sandbox, &json!({ "events": [{ "afterAudioSeconds": 0.5, "do": "end" }] }));
    socket.audio(&speech(0.5));
    assert_eq!(names(&socket.rest()), ["transcript", "usage", "ENDED", r#"{"close":1000}"#]);
}

#[test]
fn odd_messages_come_in_between_and_the_stream_goes_on() {
    let sandbox = Sandbox::start();
    let words = ["garbage", "unknown", "huge", "binary", "error"];
    let events: Vec<Value> = words.iter().map(|word| json!({ "during": "flush", "do": word })).collect();
    let (id, mut socket) = with(&sandbox, &json!({ "events": events }));
    socket.send(&json!({ "type": "flush" }));
    let messages = socket.until("flushed");
    assert!(messages[0]["garbage"].is_string());
    assert_eq!(messages[1]["type"], "somethingNew");
    assert_eq!(messages[2]["data"].as_str().unwrap().len(), 1_000_000);
    assert_eq!(messages[3], json!({ "binary": 1000 }));
    assert_eq!((&messages[4]["type"], messages[4]["error"].as_object().unwrap().len()), (&json!("error"), 2));
    assert_eq!(messages.len(), 6);
    socket.send(&json!({ "type": "flush" }));
    assert_eq!(names(&socket.until("flushed")), ["flushed"], "each happens once");
    assert_eq!(sandbox.sockets(&id)[0]["faults"], json!(words));
}

#[test]
fn transcripts_and_facts_come_twice() {
    let sandbox = Sandbox::start();
    sandbox.send("POST", "/sandbox/behaviour", &[], Some(r#"{"factsBeforeFlushed":true}"#));
    let (_, mut socket) = with(&sandbox, &json!({ "duplicate": true }));
    socket.audio(&speech(12.0));
    socket.send(&json!({ "type": "flush" }));
    let mut messages = socket.until("flushed");
    messages.retain(|message| message["type"] != "delta_usage");
    let (said, flushed) = messages.split_at(messages.len() - 1);
    assert!(said.iter().any(|message| message["type"] == "facts"));
    for pair in said.chunks(2) {
        assert_eq!(pair[0], pair[1]);
    }
    assert_eq!(names(flushed), ["flushed"]);
}

#[test]
fn transcripts_and_facts_come_after_what_should_follow_them() {
    let sandbox = Sandbox::start();
    sandbox.send("POST", "/sandbox/behaviour", &[], Some(r#"{"interims":true}"#));
    let (_, mut socket) = with(&sandbox, &json!({ "outOfOrder": true }));
    socket.audio(&speech(5.0));
    socket.send(&json!({ "type": "end" }));
    let messages = socket.rest();
    let finals: Vec<&Value> = messages
        .iter()
        .filter(|message| message["type"] == "transcript")
        .map(|message| &message["data"][0]["final"])
        .collect();
    assert_eq!(finals[..2], [&json!(false); 2]);
    let starts = |index: usize| messages[index]["data"][0]["transcript"].as_str().unwrap().len();
    assert!(starts(0) > starts(1), "the second interim before the first: {messages:?}");
    let names = names(&messages);
    let last = names.iter().rposition(|name| name == "transcript" || name == "facts").unwrap();
    assert_eq!(names.last().map(String::as_str), Some(r#"{"close":1000}"#));
    assert!(last < names.len() - 1, "nothing is lost behind the close");
}

#[test]
fn what_the_server_says_comes_late_and_in_its_order() {
    let sandbox = Sandbox::start();
    let (_, mut socket) = with(&sandbox, &json!({ "delaySeconds": 0.4 }));
    let started = Instant::now();
    socket.audio(&speech(0.5));
    socket.send(&json!({ "type": "end" }));
    let first = socket.receive();
    assert!(started.elapsed() >= Duration::from_millis(400), "{:?}", started.elapsed());
    assert_eq!(first["type"], "transcript");
    assert_eq!(names(&socket.rest()), ["usage", "ENDED", r#"{"close":1000}"#]);
}

#[test]
fn the_end_comes_without_usage() {
    let sandbox = Sandbox::start();
    let (_, mut socket) = with(&sandbox, &json!({ "withoutUsage": true }));
    socket.send(&json!({ "type": "end" }));
    assert_eq!(names(&socket.rest()), ["ENDED", r#"{"close":1000}"#]);
}

#[test]
fn tokens_live_as_long_as_the_fault_says_and_an_expired_one_opens_no_socket() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    sandbox.fault(&json!({ "tokenSeconds": 1 }));
    // A busy machine may not have used one within its second: then there is another.
    let (token, mut socket) = soon(|| {
        let answer = sandbox.send("POST", "/token", &[], None).body;
        assert_eq!(answer["expiresIn"], 1);
        let token = answer["accessToken"].as_str().unwrap().to_owned();
        let socket = sandbox.connect_as(&token, "base", &id).ok()?;
        Some((token, socket))
    });
    socket.configure(&configuration());
    socket.receive();
    let report = &sandbox.sockets(&id)[0];
    let time = |key: &str| report[key].as_str().unwrap().to_owned();
    assert!(time("tokenExpiresAt") > time("openedAt"), "{report}");
    assert_eq!(soon(|| sandbox.connect_as(&token, "base", &id).err()), 401);
    socket.send(&json!({ "type": "flush" }));
    assert_eq!(names(&socket.until("flushed")), ["flushed"], "a socket outlives its token");
    sandbox.send("DELETE", "/sandbox/faults", &[], None);
    assert_eq!(sandbox.send("POST", "/token", &[], None).body["expiresIn"], 300);
}

#[test]
fn the_report_says_when_and_by_whom_a_socket_ended() {
    let sandbox = Sandbox::start();
    let (ended, mut socket) = with(&sandbox, &json!({}));
    socket.send(&json!({ "type": "end" }));
    socket.rest();
    let by_server = report(&sandbox, &ended);
    assert_eq!((&by_server["closeCode"], &by_server["closedBy"]), (&json!(1000), &json!("server")));
    assert!(by_server["closedAt"].as_str() >= by_server["openedAt"].as_str());
    assert_eq!(by_server["faults"], json!([]));
    let (left, socket) = with(&sandbox, &json!({}));
    assert_eq!(sandbox.sockets(&left)[0]["closedBy"], Value::Null);
    drop(socket);
    assert_eq!(report(&sandbox, &left)["closedBy"], "client");
}

#[test]
fn a_fault_that_is_not_understood_is_refused_with_a_sentence_that_names_the_key() {
    let sandbox = Sandbox::start();
    let event = |event: Value| json!({ "sockets": [{}, { "events": [event] }] });
    for (fault, field, words) in [
        (json!({}), "body", "no fault"),
        (json!({ "configuration": "CONFIG_ACCEPTED" }), "configuration", "CONFIG_DENIED"),
        (json!({ "nextUpgrade": 200 }), "nextUpgrade", "400 to 599"),
        (json!({ "upgrade": "soon" }), "upgrade", "400 to 599"),
        (json!({ "refuseForSeconds": 3 }), "refuseForSeconds", "status"),
        (json!({ "dropAfterSeconds": -1 }), "dropAfterSeconds", "0 to 86400"),
        (json!({ "delaySeconds": "long" }), "delaySeconds", "invalid type"),
        (json!({ "nextUpgrade": 503, "times": 1000 }), "times", "1 to 100"),
        (json!({ "sockets": vec![json!({ "times": 60 }); 2] }), "times", "can wait"),
        (json!({ "tokenSeconds": 100_000 }), "tokenSeconds", "86400"),
        (json!({ "interactionId": "seven", "duplicate": true }), "interactionId", "UUID"),
        (json!({ "sockets": [], "duplicate": true }), "sockets", "stands alone"),
        (json!({ "odd": 1 }), "odd", "unknown field `odd`"),
        (json!({ "sockets": [{ "odd": 1 }] }), "sockets[0].odd", "unknown field `odd`"),
        (event(json!({ "do": "drop" })), "sockets[1].events[0]", "afterAudioSeconds"),
        (event(json!({ "do": "drop", "afterSeconds": 1, "during": "end" })), "sockets[1].events[0]", "one of"),
        (event(json!({ "do": "drop", "afterSeconds": 1, "code": 1001 })), "sockets[1].events[0]", "code"),
        (event(json!({ "do": "close", "afterSeconds": 1, "code": 1006 })), "sockets[1].events[0].code", "1006"),
        (event(json!({ "do": "dance", "afterSeconds": 1 })), "sockets[1].events[0].do", "dance"),
        (event(json!({ "do": "drop", "during": "lunch" })), "sockets[1].events[0].during", "lunch"),
    ] {
        let answer = sandbox.send("POST", "/sandbox/faults", &[], Some(&fault.to_string()));
        assert_eq!((answer.status, answer.fields()), (400, vec![field]), "{fault} {}", answer.body);
        let message = answer.body["validationErrors"][0][field].as_str().unwrap();
        assert!(message.contains(words), "{fault}: {message}");
    }
    let id = sandbox.interaction();
    sandbox.stream(&id);
    assert_eq!(sandbox.send("POST", "/sandbox/faults", &[], Some("[]")).status, 400);
}

#[test]
fn every_example_in_the_readme_is_understood() {
    let readme = include_str!("../../README.md");
    let schedules = readme.split("```json").skip(1).map(|text| text.split("```").next().unwrap().to_owned());
    let cells =
        readme.split('`').filter(|text| text.starts_with("{ \"")).map(|text| match text.contains("\"events\"") {
            false if text.contains("\"do\"") => format!("{{ \"events\": [{text}] }}"),
            _ => text.to_owned(),
        });
    let examples: Vec<String> = cells.chain(schedules).collect();
    assert!(examples.len() > 30, "{examples:?}");
    let sandbox = Sandbox::start();
    for example in examples {
        let answer = sandbox.send("POST", "/sandbox/faults", &[], Some(&example));
        assert_eq!(answer.status, 204, "{example}: {}", answer.body);
    }
}
