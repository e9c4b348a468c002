//! The streams socket over a real connection; the rules themselves are tested with the state machine.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ossicle_sandbox::Options;
use serde_json::{Value, json};

use crate::support::{Sandbox, Socket, configuration, ogg, soon, speech};

fn transcripts(messages: &[Value]) -> Vec<&Value> {
    messages.iter().filter(|message| message["type"] == "transcript").map(|message| &message["data"][0]).collect()
}

fn end(socket: &mut Socket) -> Vec<Value> {
    socket.send(&json!({ "type": "end" }));
    let messages = socket.until("ENDED");
    assert_eq!(socket.receive(), json!({ "close": 1000 }));
    messages
}

#[test]
fn a_visit_gives_transcripts_facts_usage_and_a_report_of_what_was_received() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let mut socket = sandbox.stream(&id);
    socket.audio(&speech(30.0));
    socket.send(&json!({ "type": "flush" }));
    let messages = socket.until("flushed");
    let items = transcripts(&messages);
    let finals: Vec<&&Value> = items.iter().filter(|item| item["final"] == true).collect();
    assert!(finals.len() >= 5, "{} lines in 30 s", finals.len());
    assert_eq!(finals[0]["transcript"], "Good morning, Mrs Hartley. I am Doctor Lind. What brings you in today?");
    assert_eq!((&finals[0]["speakerId"], &finals[1]["speakerId"]), (&json!(0), &json!(1)));
    for pair in finals.windows(2) {
        assert!(pair[0]["time"]["end"].as_f64() <= pair[1]["time"]["start"].as_f64());
    }
    let facts = messages.iter().find(|message| message["type"] == "facts").expect("facts")["fact"].clone();
    let complaint = facts.as_array().unwrap().iter().find(|fact| fact["group"] == "chief-complaint").unwrap();
    assert_eq!((&complaint["source"], &complaint["isDiscarded"]), (&json!("core"), &json!(false)));

    let messages = end(&mut socket);
    assert_eq!(messages[messages.len() - 2]["type"], "usage");
    assert!(messages[messages.len() - 2]["credits"].as_f64().unwrap() > 0.0);

    let stored = sandbox.get(&format!("/interactions/{id}/facts/")).body["facts"].take();
    let kept = stored.as_array().unwrap().iter().find(|fact| fact["id"] == complaint["id"]).unwrap();
    assert_eq!(kept["evidence"][0]["reference"], finals[1]["id"], "the evidence names the segment");

    let report = soon(|| Some(sandbox.sockets(&id)[0].clone()).filter(|report| !report["closeCode"].is_null()));
    assert_eq!((&report["closeCode"], &report["receivedSeconds"]), (&json!(1000), &json!(30.0)));
    assert_eq!((&report["bytes"], &report["messages"]), (&json!(960_000), &json!(123)));
    assert_eq!(report["order"], json!(["config", "audio", "flush", "end"]));
    assert_eq!(report["configuration"], configuration());
    assert_eq!(report["chunkBytes"].as_array().unwrap().len(), 120);
    let rms = report["rms"].as_f64().unwrap();
    assert!((rms - 8000.0 / 32768.0 / 2f64.sqrt()).abs() < 0.001, "{rms}");
    assert_eq!(report["audioTruncated"], false);
    let audio = sandbox.send("GET", &format!("/sandbox/streams/{id}/audio/0"), &[], None);
    assert!(audio.bytes == speech(30.0), "the bytes as they came");
}

#[test]
fn a_fact_that_the_user_changed_is_not_extracted_again() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let mut socket = sandbox.stream(&id);
    socket.audio(&speech(12.0));
    socket.send(&json!({ "type": "flush" }));
    let messages = socket.until("flushed");
    let facts = &messages.iter().find(|message| message["type"] == "facts").unwrap()["fact"];
    let fact = facts[0]["id"].as_str().unwrap();
    let change = json!({ "text": "My own words", "source": "user" });
    assert_eq!(sandbox.rest("PATCH", &format!("/interactions/{id}/facts/{fact}"), change).status, 200);
    socket.audio(&speech(12.0));
    let later = end(&mut socket);
    let sent = later
        .iter()
        .filter(|message| message["type"] == "facts")
        .flat_map(|message| message["fact"].as_array().unwrap());
    assert!(sent.into_iter().all(|each| each["id"] != fact));
    let stored = sandbox.get(&format!("/interactions/{id}/facts/")).body["facts"].take();
    assert!(stored.as_array().unwrap().iter().any(|each| each["text"] == "My own words"));
}

#[test]
fn a_fact_comes_again_under_its_id_once_more_is_known() {
    let sandbox = Sandbox::start();
    let mut socket = sandbox.stream(&sandbox.interaction());
    let mut complaint = |seconds| {
        socket.audio(&speech(seconds));
        socket.send(&json!({ "type": "flush" }));
        let messages = socket.until("flushed");
        let facts = messages.iter().find(|message| message["type"] == "facts").expect("facts")["fact"].clone();
        facts.as_array().unwrap().iter().find(|fact| fact["group"] == "chief-complaint").expect("a complaint").clone()
    };
    // The flush cuts the patient's first line: «…a tight feeling in my chest | for about two weeks.»
    let first = complaint(9.25);
    let second = complaint(2.0);
    assert_eq!(first["text"], "Chest tightness");
    assert_eq!(second["text"], "Chest tightness for about two weeks");
    assert_eq!((&first["id"], &first["createdAt"]), (&second["id"], &second["createdAt"]));
}

#[test]
fn the_script_and_the_facts_go_on_when_the_socket_is_opened_again() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    sandbox.fault(&json!({ "dropAfterSeconds": 1, "interactionId": id }));
    let mut first = sandbox.stream(&id);
    first.audio(&speech(12.0));
    let mut heard = Vec::new();
    loop {
        let message = first.receive();
        if message.get("close").is_some() {
            assert_eq!(message["close"], 1006, "dropped without a close frame");
            break;
        }
        heard.push(message);
    }
    let said = transcripts(&heard).iter().filter(|item| item["final"] == true).count();
    assert_eq!(said, 2);
    let mut second = sandbox.stream(&id);
    second.audio(&speech(6.0));
    let messages = end(&mut second);
    assert_eq!(transcripts(&messages)[0]["time"]["start"], 0.0, "time counts from this socket's audio");
    assert!(transcripts(&messages)[0]["transcript"].as_str().unwrap().starts_with("I am sorry"));
    assert!(messages.iter().any(|message| message["type"] == "facts"), "of what the first socket heard");
    assert_eq!(sandbox.sockets(&id).as_array().unwrap().len(), 2);
}

#[test]
fn an_upgrade_is_refused_with_the_status_that_says_why() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let refused = |token: &str, tenant: &str, id: &str| sandbox.connect_as(token, tenant, id).err();
    assert_eq!(refused("nobody", "base", &id), Some(401));
    assert_eq!(refused(&sandbox.token("expiresIn=0"), "base", &id), Some(401));
    assert_eq!(refused(&sandbox.token, "other", &id), Some(401));
    assert_eq!(refused(&sandbox.token, "base", "seven"), Some(400));
    assert_eq!(refused(&sandbox.token, "base", "11111111-1111-4111-8111-111111111111"), Some(404));
}

#[test]
fn a_refused_configuration_is_answered_with_its_status_and_closed() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let mut socket = sandbox.connect(&id);
    let mut wrong = configuration();
    wrong["audioFormat"] = json!("audio/midi");
    socket.configure(&wrong);
    let message = socket.receive();
    assert_eq!(
        (&message["type"], &message["reason"]),
        (&json!("CONFIG_DENIED"), &json!("audioFormat is not supported"))
    );
    assert_eq!(socket.receive(), json!({ "close": 1000 }));
}

#[test]
fn a_socket_that_sends_no_configuration_is_closed_after_ten_seconds() {
    let sandbox = Sandbox::start();
    let started = Instant::now();
    let mut socket = sandbox.connect(&sandbox.interaction());
    assert_eq!(socket.receive()["type"], "CONFIG_TIMEOUT");
    assert!(started.elapsed() >= Duration::from_secs(10), "not before its time");
    assert_eq!(socket.receive(), json!({ "close": 1000 }));
}

#[test]
fn a_report_tells_when_each_message_of_audio_came() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let mut socket = sandbox.stream(&id);
    let epoch = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let began = epoch();
    socket.binary(speech(0.25));
    let count = || sandbox.sockets(&id)[0]["chunkAt"].as_array().unwrap().len();
    soon(|| (count() == 1).then_some(()));
    let paused = epoch();
    // Times are told to the millisecond.
    std::thread::sleep(Duration::from_millis(5));
    socket.binary(speech(0.25));
    end(&mut socket);
    let times = sandbox.sockets(&id)[0]["chunkAt"].take();
    let times: Vec<u64> = times.as_array().unwrap().iter().map(|time| time.as_u64().unwrap()).collect();
    assert_eq!(times.len(), 2);
    assert!(began <= times[0] && times[0] <= paused, "{times:?} from {began}, the second from {paused}");
    assert!(paused < times[1] && times[1] <= epoch(), "{times:?} from {began}, the second from {paused}");
}

#[test]
fn a_message_that_is_too_large_ends_the_stream_with_an_error_first() {
    let sandbox = Sandbox::start();
    let mut socket = sandbox.stream(&sandbox.interaction());
    socket.binary(vec![0; 64_001]);
    let messages = socket.until("ENDED");
    assert_eq!((&messages[0]["type"], &messages[0]["error"]["status"]), (&json!("error"), &json!(413)));
    assert_eq!(socket.receive(), json!({ "close": 1009 }));
}

#[test]
fn audio_faster_than_the_pace_is_cut_off_where_a_pace_is_set() {
    let sandbox = Sandbox::with(Options { max_pace: Some(1.5), ..Options::default() });
    let mut socket = sandbox.stream(&sandbox.interaction());
    for _ in 0..4 {
        socket.binary(speech(2.0));
    }
    let messages = socket.until("ENDED");
    assert!(messages.iter().any(|message| message["error"]["status"] == 429));
    assert_eq!(socket.receive(), json!({ "close": 1008 }));
}

#[test]
fn opus_in_ogg_is_decoded_as_it_arrives_and_can_be_had_as_wav() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let mut socket = sandbox.connect(&id);
    let mut as_ogg = configuration();
    as_ogg["audioFormat"] = json!("audio/ogg; codecs=opus");
    socket.configure(&as_ogg);
    assert_eq!(socket.receive()["type"], "CONFIG_ACCEPTED");
    let mut samples = vec![0; 16_000];
    samples.extend(speech(9.0).chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
    for chunk in ogg(&samples).chunks(750) {
        socket.binary(chunk.to_vec());
    }
    let messages = end(&mut socket);
    let first = transcripts(&messages)[0]["time"]["start"].as_f64().unwrap();
    assert!((0.98..1.05).contains(&first), "the second of silence is not speech: {first}");
    let report = &sandbox.sockets(&id)[0];
    assert_eq!(report["receivedSeconds"], 10.0);
    let rms = report["rms"].as_f64().unwrap();
    assert!((rms - 8000.0 / 32768.0 / 2f64.sqrt() * 0.9f64.sqrt()).abs() < 0.005, "{rms}");
    let heard = report["heard"].as_array().unwrap();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!((heard[0]["start"].as_f64().unwrap() - 1.0).abs() < 0.05, "{heard:?}");

    let audio = format!("/sandbox/streams/{id}/audio/0");
    assert!(sandbox.send("GET", &audio, &[], None).bytes.starts_with(b"OggS"), "as it came");
    let wav = sandbox.send("GET", &format!("{audio}?format=wav"), &[], None);
    assert_eq!((wav.status, wav.header("content-type"), wav.bytes.len()), (200, "audio/wav", 44 + 480_000 * 2));
    let odd = sandbox.send("GET", &format!("{audio}?format=mp3"), &[], None);
    assert_eq!((odd.status, odd.fields()), (400, vec!["format"]));
}

#[test]
fn a_container_that_is_not_decoded_is_taken_and_there_is_no_wav_of_it() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let mut socket = sandbox.stream(&id);
    let mut other = sandbox.connect(&id);
    let mut as_mp4 = configuration();
    as_mp4["audioFormat"] = json!("audio/mp4");
    other.configure(&as_mp4);
    assert_eq!(other.receive()["type"], "CONFIG_ACCEPTED");
    other.binary(b"\0\0\0\x18ftypisom".to_vec());
    end(&mut other);
    end(&mut socket);
    let report = &sandbox.sockets(&id)[1];
    assert_eq!((&report["receivedSeconds"], &report["rms"]), (&json!(0.25), &Value::Null));
    for n in [0, 1] {
        let path = format!("/sandbox/streams/{id}/audio/{n}?format=wav");
        assert_eq!(sandbox.send("GET", &path, &[], None).status, 406);
    }
}

#[test]
fn stopping_the_server_says_goodbye_to_open_sockets() {
    let mut sandbox = Sandbox::start();
    let mut socket = sandbox.stream(&sandbox.interaction());
    let reader = std::thread::spawn(move || socket.receive());
    sandbox.stop();
    assert_eq!(reader.join().unwrap(), json!({ "close": 1001 }));
}

#[test]
fn deleting_the_interaction_closes_its_socket() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let mut socket = sandbox.stream(&id);
    sandbox.rest("DELETE", &format!("/interactions/{id}"), Value::Null);
    socket.audio(&speech(0.25));
    assert_eq!(socket.receive(), json!({ "close": 1001 }));
}
