//! Recordings, and the transcripts that are made of them.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::{Value, json};

use crate::support::{HANG, NOBODY, Sandbox, UPLOAD, keys, ogg, soon, speech, wav};

fn create(sandbox: &Sandbox, id: &str, recording: &str, more: Value) -> Value {
    let mut body = json!({ "recordingId": recording, "primaryLanguage": "en" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = sandbox.rest("POST", &format!("/interactions/{id}/transcripts/"), body);
    let wanted = if more["async"] == true { 202 } else { 201 };
    assert_eq!(answer.status, wanted, "{}", answer.body);
    if answer.body["status"] == "processing" {
        let path = format!("/v2/interactions/{id}/transcripts/{}", answer.body["id"].as_str().unwrap());
        assert_eq!(answer.header("location"), path);
    }
    answer.body
}

/// The transcript once it is no longer being made.
fn finished(sandbox: &Sandbox, id: &str, transcript: &Value) -> Value {
    let path = format!("/interactions/{id}/transcripts/{}", transcript["id"].as_str().unwrap());
    soon(|| {
        let status = sandbox.get(&format!("{path}/status"));
        assert_eq!((status.status, keys(&status.body)), (200, ["status"].into()));
        (status.body["status"] != "processing").then(|| sandbox.get(&path).body)
    })
}

fn words(transcript: &Value) -> usize {
    let phrases = transcript["transcripts"].as_array().unwrap();
    phrases.iter().map(|phrase| phrase["text"].as_str().unwrap().split(' ').count()).sum()
}

#[test]
fn a_recording_comes_back_byte_for_byte_until_it_is_deleted() {
    let sandbox = Sandbox::start();
    let path = format!("/interactions/{}/recordings/", sandbox.interaction());
    let id = path.split('/').nth(2).unwrap();
    assert_eq!(sandbox.get(&path).body, json!({ "recordings": [] }));
    // More than a JSON body may have.
    let bytes: Vec<u8> = (0..5_000_000_u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
    let (one, other) = (sandbox.upload(id, &bytes), sandbox.upload(id, b"\0"));
    assert_eq!(sandbox.get(&path).body, json!({ "recordings": [one, other] }));
    let back = sandbox.get(&format!("{path}{one}"));
    assert_eq!((back.status, back.header("content-type"), back.header("content-length")), (200, UPLOAD, "5000000"));
    assert!(back.bytes == bytes);
    assert_eq!(sandbox.rest("DELETE", &format!("{path}{one}"), Value::Null).status, 204);
    assert_eq!(sandbox.get(&format!("{path}{one}")).status, 404);
    assert_eq!(sandbox.get(&path).body, json!({ "recordings": [other] }));
}

#[test]
fn an_upload_that_is_empty_of_another_type_or_of_nobodys_interaction_is_refused() {
    let sandbox = Sandbox::start();
    let path = format!("/interactions/{}/recordings/", sandbox.interaction());
    let upload = |path: &str, kind: &str, body: Value| {
        sandbox.rest_with(&sandbox.token, "POST", path, &[("tenant-name", "base"), ("content-type", kind)], body)
    };
    assert_eq!(upload(&path, UPLOAD, Value::Null).fields(), ["body"]);
    assert_eq!(upload(&path, "multipart/form-data; boundary=x", json!("x")).status, 415);
    assert_eq!(upload(&path, "audio/ogg", json!("x")).status, 201);
    assert_eq!(upload(&format!("/interactions/{NOBODY}/recordings/"), UPLOAD, json!("x")).status, 404);
    assert_eq!(upload("/interactions/seven/recordings/", UPLOAD, json!("x")).fields(), ["id"]);
    for (method, end, status) in [
        ("GET", "seven", 400),
        ("GET", NOBODY, 404),
        ("DELETE", "seven", 400),
        ("DELETE", NOBODY, 204),
        ("PATCH", NOBODY, 405),
    ] {
        assert_eq!(sandbox.rest(method, &format!("{path}{end}"), Value::Null).status, status, "{method} {end}");
    }
}

#[test]
fn more_than_150_mb_is_refused_and_the_client_hears_so_whether_it_told_the_length_or_not() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let path = format!("/v2/interactions/{id}/recordings/");
    let bearer = format!("Bearer {}", sandbox.token);
    let headers = [("authorization", bearer.as_str()), ("tenant-name", "base"), ("content-type", UPLOAD)];
    let told = sandbox.try_send(8 * HANG, "POST", &path, &headers, &vec![0; 150_000_001]).unwrap();
    assert_eq!((told.status, &told.body["status"]), (413, &json!(413)));
    assert!(told.body["detail"].as_str().unwrap().contains("150000000 bytes"));

    let mut untold = TcpStream::connect(sandbox.url.trim_start_matches("http://")).unwrap();
    let headers = headers.map(|(name, value)| format!("{name}: {value}\r\n")).concat();
    write!(untold, "POST {path} HTTP/1.1\r\nhost: x\r\n{headers}transfer-encoding: chunked\r\n\r\n").unwrap();
    let chunk = [format!("{:x}\r\n", 10_000_000).as_bytes(), &vec![0; 10_000_000], b"\r\n"].concat();
    for _ in 0..16 {
        untold.write_all(&chunk).unwrap();
    }
    // The end of it never comes; a client that has sent so much too much is not waited for.
    let mut answer = [0; 13];
    untold.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413 ");
    assert_eq!(sandbox.get(&format!("/interactions/{id}/recordings/")).body, json!({ "recordings": [] }));
}

#[test]
fn a_transcript_comes_in_the_answer_and_has_the_scripts_words_for_as_long_as_the_audio() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let tone = speech(20.0);
    let samples: Vec<i16> = tone.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    for recording in [wav(&tone), ogg(&samples), flac(&samples)] {
        let recording = sandbox.upload(&id, &recording);
        let done = create(&sandbox, &id, &recording, json!({}));
        let expected = ["id", "recordingId", "status", "metadata", "transcripts", "usageInfo"];
        assert_eq!(keys(&done), expected.into());
        assert_eq!((&done["status"], &done["recordingId"]), (&json!("completed"), &json!(recording)));
        assert_eq!(finished(&sandbox, &id, &done), done);
        // 20 s at 2.6 words a second; a codec's first and last milliseconds may be below what counts as speech.
        // In one place two speak at once, which is another word or two.
        assert!((52..=54).contains(&words(&done)), "{done}");
        let first = &done["transcripts"][0];
        assert_eq!(keys(first), ["channel", "participant", "speakerId", "text", "start", "end"].into());
        assert!(first["text"].as_str().unwrap().starts_with("Good morning, Mrs Hartley."), "from the beginning");
        assert!(first["start"].as_u64().unwrap() < 50, "in milliseconds");
        let ends = done["transcripts"].as_array().unwrap().iter().map(|phrase| phrase["end"].as_u64().unwrap());
        let last = ends.max().unwrap();
        assert!((19_500..=20_000).contains(&last), "{last}: the last word is whole");
        assert!(done["usageInfo"]["creditsConsumed"].as_f64().unwrap() > 0.0);
    }
}

#[test]
fn a_transcript_may_come_later_and_fail() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let recording = sandbox.upload(&id, &wav(&speech(5.0)));
    let begun = create(&sandbox, &id, &recording, json!({ "async": true }));
    assert_eq!((&begun["status"], &begun["transcripts"]), (&json!("processing"), &Value::Null));
    assert_eq!(finished(&sandbox, &id, &begun)["status"], "completed");
    sandbox.send("POST", "/sandbox/behaviour", &[], Some(r#"{"transcripts":"processing"}"#));
    let begun = create(&sandbox, &id, &recording, json!({}));
    assert_eq!(begun["status"], "processing");
    assert_eq!(finished(&sandbox, &id, &begun)["status"], "completed");
    sandbox.send("POST", "/sandbox/behaviour", &[], Some(r#"{"transcripts":"failed"}"#));
    assert_eq!(create(&sandbox, &id, &recording, json!({}))["status"], "failed");
}

#[test]
fn participants_do_not_go_with_diarize_on_one_channel() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let body = json!({
        "recordingId": sandbox.upload(&id, &wav(&speech(1.0))), "primaryLanguage": "en", "diarize": true,
        "participants": [{ "channel": 0, "role": "multiple" }],
    });
    assert_eq!(sandbox.rest("POST", &format!("/interactions/{id}/transcripts/"), body).status, 400);
}

/// FLAC as one file; of the last block, what is whole.
fn flac(samples: &[i16]) -> Vec<u8> {
    let mut encoder = ossicle_flac::Encoder::new(16_000, 1).unwrap();
    let mut file = encoder.header().to_vec();
    let samples: Vec<f32> = samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    for block in samples.chunks_exact(encoder.block_len()) {
        file.extend_from_slice(encoder.encode(block).unwrap());
    }
    file
}

#[test]
fn raw_samples_are_heard_where_the_upload_says_what_they_are() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let bearer = format!("Bearer {}", sandbox.token);
    let pcm = "audio/pcm; rate=16000; channels=1; bits=16";
    for (kind, status) in [(pcm, "completed"), (UPLOAD, "failed")] {
        let headers = [("authorization", bearer.as_str()), ("tenant-name", "base"), ("content-type", kind)];
        let path = format!("/v2/interactions/{id}/recordings");
        let uploaded = sandbox.try_send(HANG, "POST", &path, &headers, &speech(2.0)).unwrap();
        let recording = uploaded.body["recordingId"].as_str().unwrap();
        let done = finished(&sandbox, &id, &create(&sandbox, &id, recording, json!({})));
        assert_eq!(done["status"], status);
    }
}

#[test]
fn speakers_are_told_apart_and_have_the_channels_of_their_roles() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let recording = sandbox.upload(&id, &wav(&speech(12.0)));
    let participants = json!([{ "channel": 1, "role": "doctor" }, { "channel": 0, "role": "patient" }]);
    let more = json!({ "diarize": true, "isMultichannel": true, "participants": participants });
    let done = finished(&sandbox, &id, &create(&sandbox, &id, &recording, more));
    assert_eq!(done["metadata"], json!({ "participantsRoles": participants }));
    let who = |n: usize| {
        let phrase = &done["transcripts"][n];
        (phrase["channel"].clone(), phrase["participant"].clone(), phrase["speakerId"].clone())
    };
    assert_eq!(who(0), (json!(1), json!(0), json!(0)), "the participant is the speaker");
    assert_eq!(who(1), (json!(0), json!(1), json!(1)));
    let plain = finished(&sandbox, &id, &create(&sandbox, &id, &recording, json!({})));
    assert_eq!(plain["transcripts"][1]["speakerId"], -1);
    assert_eq!(plain["metadata"], json!({ "participantsRoles": null }));
}

#[test]
fn what_cannot_be_heard_fails_and_silence_is_an_empty_transcript() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let text = sandbox.upload(&id, b"this is no audio");
    let failed = finished(&sandbox, &id, &create(&sandbox, &id, &text, json!({})));
    assert_eq!((&failed["status"], &failed["transcripts"]), (&json!("failed"), &Value::Null));
    let silence = sandbox.upload(&id, &wav(&[0; 32_000]));
    let done = finished(&sandbox, &id, &create(&sandbox, &id, &silence, json!({})));
    assert_eq!((&done["status"], &done["transcripts"]), (&json!("completed"), &json!([])));
}

#[test]
fn transcripts_are_listed_in_short_or_in_full_and_outlive_their_recording() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let path = format!("/interactions/{id}/transcripts/");
    assert_eq!(sandbox.get(&path).body, json!({ "transcripts": null }));
    let recording = sandbox.upload(&id, &wav(&speech(5.0)));
    let made = finished(&sandbox, &id, &create(&sandbox, &id, &recording, json!({})));
    let deleted = sandbox.rest("DELETE", &format!("/interactions/{id}/recordings/{recording}"), Value::Null);
    assert_eq!(deleted.status, 204);

    let short = sandbox.get(&path).body["transcripts"][0].take();
    assert_eq!(short, json!({ "id": made["id"], "transcriptSample": made["transcripts"][0]["text"] }));
    let full = sandbox.get(&format!("{path}?full=true")).body["transcripts"][0].take();
    assert_eq!(full["transcript"], json!({ "metadata": made["metadata"], "transcripts": made["transcripts"] }));
    assert_eq!(sandbox.get(&format!("{path}?full=perhaps")).fields(), ["full"]);

    let one = format!("{path}{}", made["id"].as_str().unwrap());
    assert_eq!(sandbox.rest("DELETE", &one, Value::Null).status, 204);
    for path in [&one, &format!("{one}/status"), &format!("{path}{NOBODY}/status")] {
        assert_eq!(sandbox.get(path).status, 404, "{path}");
    }
    assert_eq!(sandbox.get(&format!("{path}seven/status")).fields(), ["transcriptId"]);
    assert_eq!(sandbox.rest("DELETE", &one, Value::Null).status, 404);
}

#[test]
fn a_transcript_needs_a_recording_of_this_interaction_and_a_language() {
    let sandbox = Sandbox::start();
    let (id, other) = (sandbox.interaction(), sandbox.interaction());
    let recording = sandbox.upload(&id, b"x");
    let ask = |id: &str, body: Value| sandbox.rest("POST", &format!("/interactions/{id}/transcripts/"), body);
    let good = json!({ "recordingId": recording, "primaryLanguage": "en" });
    assert_eq!(ask(&other, good.clone()).status, 404);
    assert_eq!(ask(NOBODY, good.clone()).status, 404);
    for (key, value, field) in [
        ("recordingId", Value::Null, "recordingId"),
        ("recordingId", json!("seven"), "recordingId"),
        ("primaryLanguage", json!("?"), "primaryLanguage"),
        ("diarize", json!("yes"), "diarize"),
        ("participants", json!([{ "channel": 0, "role": "" }]), "participants[0].role"),
    ] {
        let mut body = good.clone();
        body[key] = value;
        let answer = ask(&id, body);
        assert_eq!((answer.status, answer.fields()), (400, vec![field]));
    }
    assert_eq!(ask(&id, json!({ "primaryLanguage": "en" })).fields(), ["recordingId"]);
}

#[test]
fn a_refused_upload_is_read_to_its_end_before_it_is_answered() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let bearer = format!("Bearer {}", sandbox.token);
    let path = format!("/v2/interactions/{id}/recordings/");
    let nobody = format!("/v2/interactions/{NOBODY}/recordings/");
    // More than the connection holds: a server that answers first and closes breaks the upload.
    let bytes = vec![0; 20_000_000];
    sandbox.fault(&json!({ "requests": [{ "path": path, "status": 503 }] }));
    for (path, authorization, kind, status) in [
        (&path, bearer.as_str(), UPLOAD, 503),
        (&nobody, bearer.as_str(), UPLOAD, 404),
        (&path, bearer.as_str(), "text/plain", 415),
        (&path, "Bearer nobody", UPLOAD, 401),
    ] {
        let headers = [("authorization", authorization), ("tenant-name", "base"), ("content-type", kind)];
        let answer = sandbox.try_send(HANG, "POST", path, &headers, &bytes).unwrap();
        assert_eq!(answer.status, status);
    }
}
