//! Answers in the shapes that the live service was seen to have (`tests/wire/live`): the REST API reads each as it came, odd
//! values included, makes each of their requests, and explains each of their failures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ossicle::error::{Code, Error};
use ossicle::json::Raw;
use ossicle::rest::calls::{call, names};
use ossicle::rest::response::{Response, read};
use ossicle::rest::{Method, Transfer};
use serde_json::{Value, json};

const FILES: [(&str, &str); 8] = [
    ("documents-classic", include_str!("wire/live/documents-classic.json")),
    ("documents-guided", include_str!("wire/live/documents-guided.json")),
    ("factgroups", include_str!("wire/live/factgroups.json")),
    ("facts-create", include_str!("wire/live/facts-create.json")),
    ("interactions", include_str!("wire/live/interactions.json")),
    ("languages", include_str!("wire/live/languages.json")),
    ("templates-classic", include_str!("wire/live/templates-classic.json")),
    ("templates-guided", include_str!("wire/live/templates-guided.json")),
];
const TRANSCRIPTS: &str = include_str!("wire/live/transcripts.json");
const ERRORS: &str = include_str!("wire/live/error-bodies.json");

/// The entries of a file: `calls`, or `answers`.
fn entries(text: &str, key: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(text).unwrap();
    let list = file[key].as_array().unwrap().clone();
    assert!(!list.is_empty());
    list
}

fn calls() -> Vec<Value> {
    let files = FILES.iter().map(|(_, text)| *text).chain([TRANSCRIPTS]);
    files.flat_map(|text| entries(text, "calls")).collect()
}

/// What came back, as the edge hands it over.
fn answered(entry: &Value) -> Response {
    let header = |name: &str| entry["headers"][name].as_str().map(str::to_owned);
    let body = entry["text"].as_str().map(str::to_owned);
    let json = Some(&entry["body"]).filter(|body| !body.is_null()).map(Value::to_string);
    Response {
        status: u16::try_from(entry["status"].as_u64().unwrap()).unwrap(),
        authenticate: header("WWW-Authenticate"),
        retry_after: header("Retry-After"),
        content_type: header("Content-Type"),
        content_length: None,
        body: body.or(json).unwrap_or_default(),
    }
}

#[test]
fn every_answer_is_read_as_it_came() {
    for entry in calls() {
        let answer = read(&answered(&entry));
        match entry["status"].as_u64().unwrap() {
            200..300 => assert_eq!(answer.as_ref(), Ok(&entry["body"]), "{}", entry["call"]),
            status => {
                let error = answer.unwrap_err();
                assert_eq!(error.status.map(u64::from), Some(status), "{}", entry["call"]);
                let detail = entry["body"]["detail"].as_str().unwrap();
                assert!(error.message.contains(detail), "{}", error.message);
            }
        }
    }
}

#[test]
fn a_number_is_the_nearest_that_there_is_as_a_browser_reads_it() {
    // One of them is a neighbour of what a quick reader makes of it.
    for (text, number) in [
        ("0.0034299999999999995", 0.0034299999999999995_f64),
        ("0.0016799999999999999", 0.0016799999999999999),
        ("0.005390000000000001", 0.005390000000000001),
        ("0.007489999999999999", 0.007489999999999999),
        ("1e-7", 1e-7),
    ] {
        let body = format!(r#"{{"creditsConsumed":{text}}}"#);
        let answer = read(&Response { status: 200, body, ..Response::default() }).unwrap();
        assert_eq!(answer["creditsConsumed"].as_f64().map(f64::to_bits), Some(number.to_bits()), "{text}");
    }
}

/// The method whose request it is, by trying them all: `None` if there is none.
fn method_of(entry: &Value) -> Option<(&'static str, Result<ossicle::rest::Request, Error>)> {
    let (verb, target) = entry["call"].as_str()?.split_once(' ')?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pieces: Vec<&str> = path.split('/').collect();
    let ids: Vec<Value> = pieces.iter().filter(|piece| piece.len() == 36).map(|id| json!(id)).collect();
    let key = pieces.last().filter(|_| path.starts_with("/templates/") && !path.ends_with('/'));
    let query: serde_json::Map<String, Value> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.parse::<bool>().map_or(json!(value), Value::from)))
        .map(|(key, value)| (key.clone(), if key == "index" { json!(9) } else { value }))
        .collect();
    names().find_map(|name| {
        let mut arguments = ids.clone();
        arguments.extend(key.map(|key| json!(key)));
        if name == "recordings.upload" {
            arguments.insert(0, Value::Null);
        }
        let last = if query.is_empty() { entry["request"].clone() } else { query.clone().into() };
        arguments.push(last);
        // What is refused has no path: that of the method with the same words in it is taken.
        let made = call(name, &mut arguments);
        let is_it = match &made {
            Ok(request) => format!("{} {}", request.method.name(), request.path) == format!("{verb} {path}"),
            Err(_) => false,
        };
        is_it.then_some((name, made))
    })
}

#[test]
fn every_request_is_one_of_a_method_or_is_refused_before_it_is_sent_where_the_service_refuses_it() {
    let mut refused = Vec::new();
    for entry in calls() {
        let Some((name, made)) = method_of(&entry) else {
            assert_eq!(entry["status"], 400, "{} is no method's request", entry["call"]);
            refused.push(entry["call"].as_str().unwrap().to_owned());
            continue;
        };
        let request = made.unwrap();
        assert_eq!(request.body.as_ref(), entry.get("request"), "{name}");
        assert_eq!(request.target().split('?').count(), entry["call"].as_str().unwrap().split('?').count(), "{name}");
        let is_upload = request.method == Method::Post && request.path.ends_with("/recordings/");
        assert_eq!(request.transfer == Transfer::Upload, is_upload, "{name}");
    }
    // An empty list of facts, an empty context, an endpoint that there is not, participants beside diarization, no template.
    assert_eq!(refused.len(), 5, "{refused:?}");
}

#[test]
fn every_kind_of_error_body_is_read_and_says_what_it_says() {
    for entry in entries(ERRORS, "answers") {
        let what = &entry["what"];
        let response = answered(&entry);
        let error = read(&response).unwrap_err();
        assert_eq!(error.status, Some(response.status), "{what}");
        assert_eq!(error.code, Code::of_status(response.status), "{what}");
        assert_eq!(error.retryable, entry["retry"] == true, "{what}");
        for said in entry["says"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(error.message.contains(said), "{what}: {:?} says {said:?}", error.message);
        }
        let ids = [&entry["body"]["requestid"], &entry["body"]["error"]["requestId"]];
        assert_eq!(error.request_id.as_deref(), ids.into_iter().find_map(Value::as_str), "{what}");
        let body = error.body.as_ref().map(Raw::as_str).map(|body| serde_json::from_str::<Value>(body).unwrap());
        assert_eq!(body.as_ref(), entry.get("body").filter(|body| !body.is_null()), "{what}");
        // Neither a page for people nor a value that was refused is quoted.
        assert!(!error.message.contains("Bad gateway"), "{what}");
    }
}
