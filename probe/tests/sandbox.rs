//! The probe against a sandbox, quicker than life: what is asked is answered, nothing is left, nothing is told.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{net::TcpListener, sync::atomic::AtomicBool, time::Duration};

use ossicle_probe::{
    finding::{Finding, Found, Row, Verdict},
    redact::Redactor,
    report::{About, write},
    run::{Options, Outcome, run},
    speech::Speech,
    subject::{Request, Subject},
    tokens::Credentials,
};
use ossicle_sandbox::{Behaviour, Pace, Server};
use serde_json::Value;
use tokio::runtime::Runtime;

/// Forty times as fast as life.
const PACE: f64 = 0.025;
/// Seconds for a word: less than people take, so that there is less to send.
const WORD: f64 = 0.15;
/// A tenant's name that is in no other word.
const TENANT: &str = "canary-clinic-7";

struct Sandbox {
    runtime: Runtime,
    server: Option<Server>,
    url: String,
}

impl Sandbox {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            ossicle_sandbox::serve(listener, quick()).unwrap()
        });
        Self { url: server.url(), server: Some(server), runtime }
    }

    fn subject(&self) -> Subject {
        let credentials =
            Credentials::Client { id: "canary-client".to_owned(), secret: "canary-secret-word".to_owned() };
        Subject::sandbox(&self.url, TENANT, credentials).unwrap()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            let _ = self.runtime.block_on(server.stop());
        }
    }
}

fn quick() -> ossicle_sandbox::Options {
    let behaviour = Behaviour {
        pace: Pace::new(PACE).unwrap(),
        // The client's time, and so not scaled with the service's delays.
        configuration_seconds: Pace::new(10.0 * PACE).unwrap(),
        ..Behaviour::default()
    };
    ossicle_sandbox::Options { token_seconds: 3, behaviour, ..ossicle_sandbox::Options::default() }
}

fn options() -> Options {
    Options { pace: PACE, ..Options::default() }
}

fn ask(subject: &Subject) -> Outcome {
    let speech = Speech::tones(WORD).unwrap();
    run(subject, &speech, options(), &AtomicBool::new(false), &|_, _| {})
}

fn is<'a>(outcome: &'a Outcome, question: &str, name: &str) -> &'a Value {
    match outcome.findings.get(question).and_then(|finding| finding.get(name)) {
        Some(Found::Is(value)) => value,
        other => panic!("{question}, {name}: {other:?}"),
    }
}

#[test]
fn every_question_is_asked_to_its_end_nothing_is_told_and_nothing_is_left() {
    let (sandbox, other) = (Sandbox::start(), Sandbox::start());
    let (subject, double) = (sandbox.subject(), other.subject());
    let (ours, theirs) = std::thread::scope(|scope| {
        let beside = scope.spawn(|| ask(&double));
        (ask(&subject), beside.join().unwrap())
    });

    let endings: Vec<(&str, &Value)> =
        ours.findings.keys().map(|question| (*question, is(&ours, question, "asked"))).collect();
    assert_eq!(endings.len(), 13);
    assert!(endings.iter().all(|(_, ending)| *ending == "to the end"), "{endings:?}");
    assert_eq!(is(&ours, "f", "after end: messages"), &serde_json::json!(["CONFIG_ACCEPTED", "usage", "ENDED"]));
    assert_eq!(is(&ours, "f", "after end: close code"), 1000);
    assert_eq!(is(&ours, "g", "64,001 bytes: close code"), 1009);
    assert_eq!(is(&ours, "j", "an unknown id: status"), 404);
    assert_eq!(is(&ours, "j", "a socket with no token: upgrade"), 401);
    assert_eq!(is(&ours, "e", "open when the token expires"), true);
    assert_eq!(is(&ours, "e", "a new socket with the expired token: upgrade"), 401);

    // What the run has made is gone.
    assert_eq!(ours.left, [""; 0]);
    let token = subject.tokens.token().unwrap().text;
    subject.check().unwrap();
    let list = subject.send(Duration::from_secs(5), &Request::new("GET", "/interactions/", Some(&token)));
    assert_eq!(list.unwrap().2["interactions"], serde_json::json!([]));

    // Nothing of who ran it is in the file.
    let secrets = [subject.secrets(), double.secrets()].concat();
    let mut redactor = Redactor::new(&secrets).unwrap();
    let about = About { subject: "the sandbox", date: "2026-12-01", options: options() };
    let (text, rows) = write(&about, &ours, &theirs, &mut redactor).unwrap();
    assert!(secrets.iter().filter(|secret| secret.name == "token").count() > 4, "more than one token was used");
    for secret in secrets.iter().filter(|secret| secret.word.len() > 3) {
        assert!(!text.contains(&secret.word), "the {} is in the file", secret.name);
    }
    for word in ["canary", "127.0.0.1", "eyJ", "://", "Bearer ey"] {
        assert!(!text.contains(word), "{word} is in the file");
    }
    let file: Value = serde_json::from_str(&text).unwrap();
    assert!(file["events"].as_array().unwrap().len() > 1000);

    // The sandbox agrees with itself, in what does not hang on how quick a machine is.
    let is_timeless = |row: &Row| {
        "fijklm".contains(&row.question) && row.name != "troubles" && !matches!(row.service, Some(Found::Seconds(_)))
    };
    assert!(rows.iter().filter(|row| is_timeless(row) && row.verdict == Verdict::Agrees).count() > 150);
    let differ: Vec<String> = rows
        .iter()
        .filter(|row| is_timeless(row) && row.verdict == Verdict::Differs)
        .map(|row| format!("{}: {} {:?} {:?}", row.question, row.name, row.service, row.sandbox))
        .collect();
    assert_eq!(differ, [""; 0]);
}

#[test]
fn a_service_that_is_not_there_is_a_finding() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let subject = Subject::sandbox(&url, TENANT, Credentials::Token("a-token-that-is-never-seen".to_owned())).unwrap();
    assert_eq!(subject.check().unwrap_err().to_string(), "no answer: there is no connection");
    let outcome = ask(&subject);
    assert_eq!(outcome.findings.len(), 13);
    let troubles: &Finding = &outcome.findings["j"];
    assert!(matches!(troubles.get("troubles"), Some(Found::Is(Value::Array(all))) if !all.is_empty()));
    assert_eq!(is(&outcome, "e", "asked"), "not asked: the token does not say when it expires");
}
