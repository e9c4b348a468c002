//! Faults of requests, and the report of which came.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{Answer, HANG, NOBODY, Sandbox, encounter, keys, soon};

/// A sandbox with faults of its requests.
fn with(faults: Value) -> Sandbox {
    let sandbox = Sandbox::start();
    sandbox.fault(&json!({ "requests": faults }));
    sandbox
}

/// A request that may have no whole answer.
fn attempt(sandbox: &Sandbox, method: &str, path: &str, body: &Value) -> Result<Answer, ureq::Error> {
    let bearer = format!("Bearer {}", sandbox.token);
    let headers = [("authorization", bearer.as_str()), ("tenant-name", "base"), ("content-type", "application/json")];
    let text = if body.is_null() { String::new() } else { body.to_string() };
    sandbox.try_send(HANG, method, &format!("/v2{path}"), &headers, text.as_bytes())
}

fn count(sandbox: &Sandbox) -> usize {
    sandbox.get("/interactions/").body["interactions"].as_array().unwrap().len()
}

fn report(sandbox: &Sandbox, query: &str) -> Vec<Value> {
    let mut answer = sandbox.send("GET", &format!("/sandbox/requests{query}"), &[], None);
    assert_eq!((answer.status, keys(&answer.body)), (200, ["requests"].into()));
    serde_json::from_value(answer.body["requests"].take()).unwrap()
}

#[test]
fn a_status_is_answered_as_often_as_asked_with_the_protocols_body_and_then_all_is_well() {
    let sandbox = with(json!([
        { "status": 429, "retryAfter": 7 },
        { "status": 503, "retryAfter": "Wed, 21 Oct 2026 07:28:00 GMT", "times": 2 },
        { "status": 500 },
    ]));
    let mut seen = Vec::new();
    for status in [429, 503, 503, 500] {
        let answer = sandbox.get("/factgroups/");
        assert_eq!((answer.status, &answer.body["status"]), (status, &json!(status)));
        assert!(answer.body["requestid"].is_string() && answer.body["detail"].is_string());
        seen.push(answer.header("retry-after").to_owned());
    }
    assert_eq!(seen, ["7", "Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", ""]);
    assert_eq!(sandbox.get("/factgroups/").status, 200);
}

#[test]
fn a_401_explains_itself_in_the_header_as_the_services_do() {
    let sandbox = with(json!([{ "status": 401 }]));
    let answer = sandbox.get("/factgroups/");
    assert_eq!((answer.status, answer.bytes.len()), (401, 0));
    assert!(answer.header("www-authenticate").starts_with("Bearer error=\"invalid_token\""));
}

#[test]
fn a_fault_meets_the_requests_whose_path_and_method_it_names_and_no_others() {
    let sandbox = Sandbox::start();
    let (one, other) = (sandbox.interaction(), sandbox.interaction());
    sandbox.fault(&json!({ "interactionId": one, "requests": [{ "status": 500 }] }));
    sandbox.fault(&json!({ "requests": [
        { "method": "POST", "path": "/interactions", "status": 501 },
        { "path": "/v2/templates/corti-h", "status": 502 },
        { "path": "/realms/base/", "status": 504 },
    ] }));
    assert_eq!(sandbox.get("/templates/corti-soap").status, 200);
    assert_eq!(sandbox.get("/templates/corti-h-and-p").status, 502);
    assert_eq!(sandbox.get(&format!("/interactions/{other}")).status, 200);
    assert_eq!(sandbox.get(&format!("/interactions/{one}/facts/")).status, 500);
    assert_eq!(sandbox.get(&format!("/interactions/{one}/facts/")).status, 200);
    assert_eq!(sandbox.rest("POST", "/interactions/", encounter()).status, 501);
    let token = "/realms/base/protocol/openid-connect/token";
    let form = "grant_type=client_credentials&client_id=a&client_secret=b";
    assert_eq!(sandbox.send("POST", token, &[], Some(form)).status, 504);
    assert_eq!(sandbox.send("POST", token, &[], Some(form)).status, 200);
}

#[test]
fn without_a_path_a_fault_meets_the_resources_and_neither_tokens_nor_the_sandboxs_own() {
    let sandbox = with(json!([{ "status": 500 }]));
    assert_eq!(sandbox.send("POST", "/token", &[], None).status, 200);
    assert_eq!(sandbox.send("GET", "/sandbox/requests", &[], None).status, 200);
    assert_eq!(sandbox.get("/templates/").status, 500);
}

#[test]
fn waiting_faults_can_be_taken_back() {
    let sandbox = with(json!([{ "status": 500, "times": 100 }]));
    assert_eq!(sandbox.get("/templates/").status, 500);
    assert_eq!(sandbox.send("DELETE", "/sandbox/faults", &[], None).status, 204);
    assert_eq!(sandbox.get("/templates/").status, 200);
}

#[test]
fn a_body_comes_as_a_page_empty_or_as_what_is_no_json() {
    let sandbox = with(json!([
        { "status": 502, "body": "html" },
        { "body": "html" },
        { "status": 503, "body": "empty" },
        { "body": "empty" },
        { "body": "notJson" },
    ]));
    for (status, kind, start) in [
        (502, "text/html", "<!doctype html>"),
        (200, "text/html", "<!doctype html>"),
        (503, "", ""),
        (200, "", ""),
        (200, "application/json", "upstream connect error"),
    ] {
        let answer = sandbox.get("/factgroups/");
        assert_eq!((answer.status, answer.header("content-type")), (status, kind));
        assert!(String::from_utf8(answer.bytes).unwrap().starts_with(start));
        assert_eq!(answer.body, Value::Null);
    }
}

#[test]
fn an_answer_may_lack_the_leave_for_pages_of_other_origins() {
    let sandbox = with(json!([{ "withoutCors": true }, { "withoutCors": true, "status": 500 }]));
    let told = |status: u16| {
        let answer = sandbox.get("/factgroups/");
        assert_eq!(answer.status, status);
        answer.headers.contains_key("access-control-allow-origin")
    };
    assert_eq!([told(200), told(500), told(200)], [false, false, true]);
}

#[test]
fn a_truncated_body_promises_more_than_comes() {
    let sandbox = with(json!([{ "body": "truncated" }, { "body": "truncated", "status": 500 }]));
    for _ in 0..2 {
        let broken = attempt(&sandbox, "GET", "/factgroups/", &Value::Null).err().expect("half an answer");
        assert!(!matches!(broken, ureq::Error::Timeout(_)), "{broken}");
    }
    let statuses: Vec<Value> = report(&sandbox, "").iter().map(|entry| entry["status"].clone()).collect();
    assert_eq!(statuses[statuses.len() - 2..], [json!(200), json!(500)]);
    assert_eq!(sandbox.get("/factgroups/").status, 200);
}

#[test]
fn a_cut_connection_has_no_answer_and_nothing_was_done() {
    let sandbox = with(json!([{ "method": "POST", "drop": true }]));
    let broken = attempt(&sandbox, "POST", "/interactions/", &encounter()).err().expect("no answer");
    assert!(!matches!(broken, ureq::Error::Timeout(_)), "{broken}");
    assert_eq!(count(&sandbox), 0);
    let entry = report(&sandbox, "?path=/v2/interactions").remove(0);
    assert_eq!((&entry["status"], &entry["faults"]), (&Value::Null, &json!(["drop"])));

    sandbox.fault(&json!({ "requests": [{ "drop": true }] }));
    let mut tcp = TcpStream::connect(sandbox.url.trim_start_matches("http://")).unwrap();
    write!(tcp, "GET /v2/templates/ HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    tcp.read_to_end(&mut answer).unwrap();
    assert!(answer.is_empty(), "not even the start of one");
}

#[test]
fn what_was_processed_is_done_although_its_answer_is_lost() {
    let sandbox = with(json!([
        { "method": "POST", "drop": true, "processed": true },
        { "method": "POST", "status": 504, "processed": true },
        { "method": "POST", "status": 503 },
    ]));
    assert!(attempt(&sandbox, "POST", "/interactions/", &encounter()).is_err());
    assert_eq!(count(&sandbox), 1);
    assert_eq!(sandbox.rest("POST", "/interactions/", encounter()).status, 504);
    assert_eq!(count(&sandbox), 2);
    assert_eq!(sandbox.rest("POST", "/interactions/", encounter()).status, 503);
    assert_eq!(count(&sandbox), 2);
}

#[test]
fn an_answer_comes_late_and_a_client_that_has_gone_gets_none() {
    let sandbox = with(json!([{ "delaySeconds": 0.3 }, { "delaySeconds": 300, "method": "POST" }]));
    let started = Instant::now();
    assert_eq!(sandbox.get("/factgroups/").status, 200);
    assert!(started.elapsed() >= Duration::from_millis(300));

    let bearer = format!("Bearer {}", sandbox.token);
    let headers = [("authorization", bearer.as_str()), ("tenant-name", "base")];
    let body = encounter().to_string();
    let limit = Duration::from_secs(1);
    let gone = sandbox.try_send(limit, "POST", "/v2/interactions/", &headers, body.as_bytes()).err();
    assert!(matches!(gone, Some(ureq::Error::Timeout(_))), "{gone:?}");
    soon(|| (report(&sandbox, "?path=/v2/interactions").len() == 1).then_some(()));
    assert_eq!(report(&sandbox, "?path=/v2/interactions")[0]["status"], Value::Null);
    assert_eq!(count(&sandbox), 0);
}

#[test]
fn the_report_tells_requests_in_order_with_headers_and_without_tokens() {
    let sandbox = Sandbox::start();
    let headers = [
        ("tenant-name", "base"),
        ("content-type", "application/json"),
        ("idempotency-key", "seven"),
        ("x-other", "Bearer s3cret"),
        ("cookie", "s3cret"),
    ];
    sandbox.rest_with(&sandbox.token, "POST", "/interactions/?a=b", &headers, encounter());
    sandbox.get(&format!("/interactions/{NOBODY}"));
    let renewed = sandbox.token("");
    sandbox.rest_as(&renewed, "GET", "/templates/", Value::Null);
    sandbox.rest_as("made-up", "GET", "/templates/", Value::Null);
    let form = "grant_type=password&client_id=a&username=u&password=s3cret";
    sandbox.send("POST", "/realms/base/protocol/openid-connect/token?x=s3cret", &[], Some(form));

    // The sandbox of the tests has asked for its own token first.
    let entries = report(&sandbox, "");
    let told: Vec<Value> = entries
        .iter()
        .map(|entry| json!([entry["method"], entry["path"], entry["query"], entry["tenant"], entry["status"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["POST", "/token", null, null, 200]),
            json!(["POST", "/v2/interactions/", "a=b", "base", 200]),
            json!(["GET", format!("/v2/interactions/{NOBODY}"), null, "base", 404]),
            json!(["GET", "/v2/templates/", null, "base", 200]),
            json!(["GET", "/v2/templates/", null, "base", 401]),
            json!(["POST", "/realms/base/protocol/openid-connect/token", null, null, 200]),
        ]
    );
    let create = &entries[1];
    let expected = ["at", "method", "path", "query", "tenant", "tokenId", "headers", "status", "faults"];
    assert_eq!((keys(create), &create["faults"]), (expected.into(), &json!([])));
    assert_eq!(create["headers"]["idempotency-key"], "seven");
    let ids: Vec<&Value> = entries.iter().map(|entry| &entry["tokenId"]).collect();
    assert!(ids[1].is_string() && ids[1] == ids[2] && ids[2] != ids[3] && ids[3].is_string());
    assert!(ids[0].is_null() && ids[4].is_null());
    let all = json!(entries).to_string();
    for secret in ["s3cret", "made-up", sandbox.token.as_str(), renewed.as_str()] {
        assert!(!all.contains(secret), "{all}");
    }

    assert_eq!(report(&sandbox, "?path=/v2/templates").len(), 2);
    assert_eq!(sandbox.send("DELETE", "/sandbox/requests", &[], None).status, 204);
    assert_eq!(report(&sandbox, ""), Vec::<Value>::new());
}

#[test]
fn a_fault_of_requests_that_is_not_understood_is_refused_and_nothing_of_it_is_scheduled() {
    let sandbox = Sandbox::start();
    let one = |fault: Value| json!({ "requests": [{ "status": 500 }, fault] });
    for (fault, field, words) in [
        (json!({ "requests": { "status": 500 } }), "requests", "sequence"),
        (json!({ "requests": [{ "status": 500, "times": 100 }, { "status": 500 }] }), "requests", "can wait"),
        (one(json!({})), "requests[1]", "no fault"),
        (one(json!({ "times": 2 })), "requests[1]", "no fault"),
        (one(json!({ "status": 200 })), "requests[1].status", "400 to 599"),
        (one(json!({ "status": 429, "retryAfter": -1 })), "requests[1].retryAfter", "seconds"),
        (one(json!({ "status": 429, "retryAfter": "a\nb" })), "requests[1]", "header"),
        (one(json!({ "delaySeconds": 1, "retryAfter": 1 })), "requests[1]", "retryAfter"),
        (one(json!({ "drop": true, "status": 500 })), "requests[1]", "drop"),
        (one(json!({ "drop": true, "body": "html" })), "requests[1]", "drop"),
        (one(json!({ "delaySeconds": 1, "processed": true })), "requests[1]", "processed"),
        (one(json!({ "status": 500, "path": "facts" })), "requests[1]", "begin with /"),
        (one(json!({ "status": 500, "method": "BREW" })), "requests[1].method", "BREW"),
        (one(json!({ "body": "xml" })), "requests[1].body", "xml"),
        (one(json!({ "delaySeconds": 1e9 })), "requests[1].delaySeconds", "86400"),
        (one(json!({ "odd": 1 })), "requests[1].odd", "unknown field `odd`"),
    ] {
        let answer = sandbox.send("POST", "/sandbox/faults", &[], Some(&fault.to_string()));
        assert_eq!((answer.status, answer.fields()), (400, vec![field]), "{fault} {}", answer.body);
        let message = answer.body["validationErrors"][0][field].as_str().unwrap();
        assert!(message.contains(words), "{fault}: {message}");
    }
    assert_eq!(sandbox.get("/templates/").status, 200);
}
