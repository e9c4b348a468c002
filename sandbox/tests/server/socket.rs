//! The streams socket over a real connection; the rules themselves are tested with the state machine.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::{Sandbox, Socket, configuration, contained, ogg, packets, soon, speech, voice};

fn transcripts(messages: &[Value]) -> Vec<&Value> {
    let of_messages = messages.iter().filter(|message| message["type"] == "transcript");
    of_messages.flat_map(|message| message["data"].as_array().unwrap()).collect()
}

fn end(socket: &mut Socket) -> Vec<Value> {
    socket.send(&json!({ "type": "end" }));
    let messages = socket.until("ENDED");
    assert_eq!(socket.receive(), json!({ "close": 1000 }));
    messages
}

/// The facts of all messages, in their order.
fn facts(messages: &[Value]) -> Vec<&Value> {
    let of_messages = messages.iter().filter(|message| message["type"] == "facts");
    of_messages.flat_map(|message| message["fact"].as_array().unwrap()).collect()
}

fn found<'a>(facts: &[&'a Value], group: &str) -> Vec<&'a Value> {
    facts.iter().copied().filter(|fact| fact["group"] == group).collect()
}

#[test]
fn a_visit_gives_transcripts_facts_usage_and_a_report_of_what_was_received() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let mut socket = sandbox.stream(&id);
    socket.audio(&speech(30.0));
    socket.send(&json!({ "type": "flush" }));
    let messages = socket.until("flushed");
    let mut items = transcripts(&messages);
    items.sort_by(|a, b| a["time"]["start"].as_f64().unwrap().total_cmp(&b["time"]["start"].as_f64().unwrap()));
    assert!(items.len() >= 5 && items.iter().all(|item| item["final"] == true), "{} lines in 30 s", items.len());
    assert_eq!(items[0]["transcript"], "Good morning, Mrs Hartley. I am Doctor Lind. What brings you in today?");
    assert_eq!((&items[0]["speakerId"], &items[1]["speakerId"]), (&json!(0), &json!(1)));
    assert!(items.iter().all(|item| item["id"] == json!(id)), "the interaction's id");
    let messages = [messages.as_slice(), &end(&mut socket)].concat();
    let facts = facts(&messages);
    let complaint = found(&facts, "chief-complaint");
    let texts: Vec<&Value> = complaint.iter().map(|fact| &fact["text"]).collect();
    assert_eq!(texts, ["Chest tightness", "Chest tightness for about two weeks"], "one comes again, changed");
    assert_eq!((&complaint[0]["id"], &complaint[0]["createdAt"]), (&complaint[1]["id"], &complaint[1]["createdAt"]));
    assert_eq!((&complaint[0]["source"], complaint[0].get("updatedAt")), (&json!("core"), None));
    assert!(complaint[1]["updatedAt"].is_string());
    let duplicate: Vec<&&Value> = facts.iter().filter(|fact| fact["text"] == "Tight feeling in the chest").collect();
    let discarded: Vec<&Value> = duplicate.iter().map(|fact| &fact["isDiscarded"]).collect();
    assert_eq!(discarded, [&json!(false), &json!(true)], "and one is taken back");
    assert_eq!(duplicate[0]["id"], duplicate[1]["id"]);

    let stored = sandbox.get(&format!("/interactions/{id}/facts/")).body["facts"].take();
    let kept = stored.as_array().unwrap().iter().find(|fact| fact["id"] == complaint[0]["id"]).unwrap();
    assert_eq!(kept["evidence"][0]["reference"], "1", "the evidence names the line");
    let usage = &messages[messages.len() - 2];
    assert_eq!(usage["type"], "usage");
    assert!(usage["credits"].as_f64().unwrap() > 0.0);

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
    let said = sandbox.send("GET", &format!("/sandbox/streams/{id}"), &[], None).body["said"].take();
    assert_eq!(said[0], json!({ "line": 0, "role": "doctor", "text": items[0]["transcript"] }));
}

#[test]
fn a_fact_that_the_user_changed_is_not_extracted_again() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let mut socket = sandbox.stream(&id);
    socket.audio(&speech(12.0));
    socket.send(&json!({ "type": "flush" }));
    let fact = loop {
        let messages = socket.until("facts");
        let facts = facts(&messages);
        let complaint = found(&facts, "chief-complaint");
        if let Some(fact) = complaint.first() {
            break fact["id"].as_str().unwrap().to_owned();
        }
    };
    let change = json!({ "text": "My own words", "source": "user" });
    assert_eq!(sandbox.rest("PATCH", &format!("/interactions/{id}/facts/{fact}"), change).status, 200);
    socket.audio(&speech(12.0));
    let later = end(&mut socket);
    assert!(!facts(&later).is_empty() && facts(&later).iter().all(|each| each["id"] != json!(fact)));
    let stored = sandbox.get(&format!("/interactions/{id}/facts/")).body["facts"].take();
    assert!(stored.as_array().unwrap().iter().any(|each| each["text"] == "My own words"));
}

#[test]
fn facts_over_rest_come_on_the_socket_only_where_they_are_to() {
    for (echoed, count) in [("false", 0), ("true", 2)] {
        let sandbox = Sandbox::switched(&[("restFactsEchoed", echoed)]);
        let id = sandbox.interaction();
        let mut socket = sandbox.stream(&id);
        let path = format!("/interactions/{id}/facts/");
        let new = json!({ "facts": [{ "text": "Rest", "group": "plan" }, { "text": "Tea", "group": "plan" }] });
        assert_eq!(sandbox.rest("POST", &path, new).status, 200);
        let messages = end(&mut socket);
        assert_eq!(found(&facts(&messages), "plan").len(), count);
    }
}

#[test]
fn what_is_not_retained_is_told_and_not_kept() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let mut socket = sandbox.connect(&id);
    let mut configuration = configuration();
    configuration["retentionPolicy"] = json!("none");
    socket.configure(&configuration);
    assert_eq!(socket.receive()["configuration"]["retentionPolicy"], "none");
    socket.audio(&speech(12.0));
    let messages = end(&mut socket);
    let fact = facts(&messages)[0]["id"].as_str().unwrap();
    let path = format!("/interactions/{id}/facts/");
    assert_eq!(sandbox.get(&path).body, json!({ "facts": [] }));
    assert_eq!(sandbox.rest("PATCH", &format!("{path}{fact}"), json!({ "text": "x" })).status, 404);
}

#[test]
fn the_script_and_the_facts_go_on_when_the_socket_is_opened_again_and_audio_that_comes_again_says_the_same() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let voice = voice(24.0);
    let bytes = |seconds: f64| (seconds * 32_000.0) as usize;
    let mut first = sandbox.stream(&id);
    first.audio(&voice[..bytes(12.0)]);
    first.send(&json!({ "type": "flush" }));
    let heard = first.until("flushed");
    drop(first);
    let mut second = sandbox.stream(&id);
    second.audio(&voice[bytes(8.0)..]);
    let messages = end(&mut second);
    let text = |messages: &[Value]| {
        let mut items = transcripts(messages).into_iter().cloned().collect::<Vec<_>>();
        items.sort_by(|a, b| a["time"]["start"].as_f64().unwrap().total_cmp(&b["time"]["start"].as_f64().unwrap()));
        items.iter().map(|item| item["transcript"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let (once, again) = (text(&heard), text(&messages));
    let overlap = (1..=again.len().min(once.len())).filter(|length| once.ends_with(&again[..*length])).max();
    assert!(overlap.is_some_and(|length| again[..length].split(' ').count() >= 8), "{once} / {again}");
    assert!(!facts(&messages).is_empty(), "of what both sockets heard");
    assert_eq!(sandbox.sockets(&id).as_array().unwrap().len(), 2);
    let said = sandbox.send("GET", &format!("/sandbox/streams/{id}"), &[], None).body["said"].take();
    let words: usize =
        said.as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap().split(' ').count()).sum();
    assert!((62..=66).contains(&words), "24 s of speech: {words}");
}

#[test]
fn opus_that_is_sent_again_in_a_new_container_says_the_same() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let samples: Vec<i16> = voice(20.0).chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    let packets = packets(&samples);
    let stream = |packets: &[Vec<u8>]| {
        let mut socket = sandbox.connect(&id);
        let mut as_ogg = configuration();
        as_ogg["audioFormat"] = json!("audio/ogg; codecs=opus");
        socket.configure(&as_ogg);
        assert_eq!(socket.receive()["type"], "CONFIG_ACCEPTED");
        for chunk in contained(packets).chunks(750) {
            socket.binary(chunk.to_vec());
        }
        end(&mut socket)
    };
    stream(&packets[..600]);
    stream(&packets[300..]);
    let said = sandbox.send("GET", &format!("/sandbox/streams/{id}"), &[], None).body["said"].take();
    let words: usize =
        said.as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap().split(' ').count()).sum();
    assert!((51..=56).contains(&words), "20 s of speech: {words}");
}

#[test]
fn switches_are_set_while_it_runs_for_all_or_for_one_interaction_and_taken_back() {
    let sandbox = Sandbox::start();
    let (one, other) = (sandbox.interaction(), sandbox.interaction());
    let set = |body: Value| sandbox.send("POST", "/sandbox/behaviour", &[], Some(&body.to_string()));
    assert_eq!(set(json!({ "interactionId": one, "roles": true, "ended": "ended" })).status, 204);
    let wrong = set(json!({ "pace": 0 }));
    assert_eq!((wrong.status, wrong.fields()), (400, vec!["pace"]));
    assert_eq!(set(json!({ "tempo": 1 })).status, 400);
    let last = |id: &str| {
        let mut socket = sandbox.stream(id);
        socket.send(&json!({ "type": "end" }));
        let messages = socket.rest();
        messages[messages.len() - 2]["type"].clone()
    };
    assert_eq!((last(&one), last(&other)), (json!("ended"), json!("ENDED")));
    let of = |query: &str| sandbox.send("GET", &format!("/sandbox/behaviour{query}"), &[], None).body;
    assert_eq!((&of("")["roles"], &of(&format!("?interactionId={one}"))["roles"]), (&json!(false), &json!(true)));
    assert_eq!(of("")["pace"], 0.02);
    assert_eq!(sandbox.send("DELETE", "/sandbox/behaviour", &[], None).status, 204);
    assert_eq!(last(&one), json!("ENDED"));
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
fn a_socket_that_sends_no_configuration_in_time_is_closed() {
    let sandbox = Sandbox::switched(&[("configurationSeconds", "0.4")]);
    let started = Instant::now();
    let mut socket = sandbox.connect(&sandbox.interaction());
    assert_eq!(socket.receive(), json!({ "type": "CONFIG_NOT_PROVIDED" }));
    assert!(started.elapsed() >= Duration::from_millis(400));
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
    assert_eq!((&messages[0]["type"], messages[0]["error"].as_object().unwrap().len()), (&json!("error"), 2));
    assert_eq!(socket.receive(), json!({ "close": 1009 }));
}

#[test]
fn audio_faster_than_the_pace_is_cut_off_where_a_pace_is_set() {
    let sandbox = Sandbox::switched(&[("maxPace", "1.5"), ("errorFields", "all")]);
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
