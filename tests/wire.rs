//! The wire, pinned by fixtures that neither side generates: what is sent, what is read, which requests the REST methods
//! make and which they refuse, and what becomes of the answers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use std::time::Duration;

use ossicle::error::Code;
use ossicle::json::{Json, Raw, ToJson};
use ossicle::protocol::client::{ClientMessage, Configuration};
use ossicle::protocol::server::ServerMessage;
use ossicle::rest::calls::{Given, arguments, call, meant, names};
use ossicle::rest::response::{Response, read};
use ossicle::rest::tokens::{Need, Next, Tokens};
use ossicle::rest::{Method, Transfer};
use serde_json::{Value, json};

fn fixtures(text: &str) -> Vec<Value> {
    let list: Vec<Value> = serde_json::from_str(text).unwrap();
    assert!(!list.is_empty());
    list
}

/// As whoever gets it reads it.
fn value(written: &impl ToJson) -> Value {
    serde_json::from_str(&written.to_json()).unwrap()
}

#[test]
fn the_configuration_is_sent_as_the_protocol_has_it() {
    for fixture in fixtures(include_str!("wire/client.json")) {
        let given = fixture["configuration"].to_string();
        let configuration = Configuration::read(Json::read(&given).unwrap()).unwrap();
        let sent = ClientMessage::Config { configuration: &configuration };
        assert_eq!(value(&sent), fixture["message"], "{}", fixture["what"]);
    }
}

#[test]
fn flush_and_end_are_bare_types() {
    assert_eq!(ClientMessage::Flush.to_json(), r#"{"type":"flush"}"#);
    assert_eq!(ClientMessage::End.to_json(), r#"{"type":"end"}"#);
}

#[test]
fn every_message_of_the_service_is_understood_and_keeps_its_unknown_fields() {
    for fixture in fixtures(include_str!("wire/server.json")) {
        let text = fixture["message"].to_string();
        let parsed = ServerMessage::parse(&text).unwrap();
        assert_eq!(parsed.unreadable_items, 0, "{text}");
        let means = match &parsed.message {
            ServerMessage::ConfigAccepted => "configAccepted",
            ServerMessage::ConfigAlreadyReceived => "configAlreadyReceived",
            ServerMessage::ConfigRefused { status, reason } => {
                assert_eq!(json!(status), fixture["message"]["type"]);
                assert_eq!(json!(reason), fixture["message"]["reason"]);
                "configRefused"
            }
            ServerMessage::Transcript(segments) => {
                assert_eq!(with_floats(&value(segments)), with_floats(&fixture["message"]["data"]));
                "transcript"
            }
            ServerMessage::Facts(facts) => {
                let message = &fixture["message"];
                let list = if message["fact"].is_null() { &message["data"] } else { &message["fact"] };
                assert_eq!(value(facts), *list);
                "facts"
            }
            ServerMessage::Flushed => "flushed",
            ServerMessage::Usage { credits, total } => {
                assert_eq!(json!(credits), fixture["message"]["credits"]);
                assert_eq!(*total, fixture["message"]["type"] == "usage");
                "usage"
            }
            ServerMessage::AudioEvent(data) => {
                assert_eq!(value(data), fixture["message"]["data"]);
                "audioEvent"
            }
            ServerMessage::Error(error) => {
                let expected = (Some("r-1"), Some("Audio too large"), Some(400), Some("64000 bytes"));
                let read =
                    (error.request_id.as_deref(), error.title.as_deref(), error.status, error.details.as_deref());
                assert_eq!(read, expected);
                "error"
            }
            ServerMessage::Ended => "ended",
            ServerMessage::Unknown => "unknown",
        };
        assert_eq!(means, fixture["means"], "{text}");
    }
}

/// JSON does not tell 4 from 4.0.
fn with_floats(segments: &Value) -> Value {
    let mut segments = segments.clone();
    for segment in segments.as_array_mut().unwrap() {
        for key in ["start", "end"] {
            segment["time"][key] = json!(segment["time"][key].as_f64());
        }
    }
    segments
}

#[test]
fn a_message_that_is_none_is_an_error_without_its_text() {
    for text in ["", "penicillin", "7", "[]", "{}", "{\"type\":null}", "{\"type\":\"transcript\"", "\u{0}"] {
        assert!(ServerMessage::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn one_unreadable_item_does_not_take_the_others_with_it() {
    let good = json!({ "id": "a", "text": "Smokes" });
    let message = json!({ "type": "facts", "fact": [good, { "id": 7 }, null] }).to_string();
    let parsed = ServerMessage::parse(&message).unwrap();
    assert_eq!(parsed.unreadable_items, 2);
    assert!(matches!(parsed.message, ServerMessage::Facts(facts) if facts.len() == 1));
}

#[test]
fn no_clinical_text_is_printed() {
    for fixture in fixtures(include_str!("wire/server.json")) {
        if !matches!(fixture["means"].as_str(), Some("transcript")) {
            continue;
        }
        let printed = format!("{:?}", ServerMessage::parse(&fixture["message"].to_string()));
        assert!(!printed.contains("brings you") && !printed.contains("I have had"), "{printed}");
    }
}

#[test]
fn every_method_makes_the_request_of_the_service_s_documentation() {
    for fixture in fixtures(include_str!("wire/rest.json")) {
        let name = fixture["call"].as_str().unwrap();
        let mut arguments = fixture["arguments"].as_array().unwrap().clone();
        let request = call(name, &mut arguments).unwrap();
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        };
        assert_eq!(format!("{method} {}", request.target()), fixture["request"], "{name}");
        // A body is sent as it was given, unknown keys included.
        let given = fixture["arguments"].as_array().unwrap().last().filter(|_| fixture["sends"] == true);
        assert_eq!(request.body.as_ref(), given.or(fixture.get("body")), "{name}");
        let transfer = match fixture["transfer"].as_str() {
            None => Transfer::Json,
            Some("upload") => Transfer::Upload,
            Some(_) => Transfer::Download,
        };
        assert_eq!(request.transfer, transfer, "{name}");
    }
}

#[test]
fn a_request_that_cannot_be_right_is_refused_with_the_path_of_what_is_wrong() {
    for fixture in fixtures(include_str!("wire/refused.json")) {
        let name = fixture["call"].as_str().unwrap();
        let mut arguments = fixture["arguments"].as_array().unwrap().clone();
        let refused = call(name, &mut arguments).err().map(|error| (error.code, error.message.clone()));
        let message = fixture["message"].as_str().unwrap().to_owned();
        assert_eq!(refused, Some((Code::InvalidRequest, message)), "{name} {}", fixture["arguments"]);
    }
}

#[test]
fn a_method_takes_as_many_arguments_before_its_options_as_it_has_at_most() {
    let mut most = BTreeMap::new();
    for fixture in fixtures(include_str!("wire/rest.json")) {
        let name = fixture["call"].as_str().unwrap().to_owned();
        let count = fixture["arguments"].as_array().unwrap().len();
        most.entry(name).and_modify(|most: &mut usize| *most = count.max(*most)).or_insert(count);
    }
    for (name, count) in most {
        assert_eq!(arguments(&name), Ok(count), "{name}");
    }
    assert!(arguments("interactions.destroy").is_err());
}

#[test]
fn which_kind_of_document_is_meant_is_told_by_what_is_given_and_a_missing_id_is_neither() {
    use Given::{Missing, Other, Text};
    for (method, given, expected) in [
        ("documents.list", &[][..], Ok("documents.list")),
        ("documents.list", &[Other], Ok("documents.list")),
        ("documents.list", &[Text], Ok("documents.classic.list")),
        ("documents.list", &[Missing], Err("the interaction's id is missing")),
        ("documents.list", &[Missing, Other], Err("the interaction's id is missing")),
        ("documents.get", &[Text], Ok("documents.get")),
        ("documents.get", &[Text, Other], Ok("documents.get")),
        ("documents.get", &[Text, Text], Ok("documents.classic.get")),
        ("documents.get", &[Text, Text, Other], Ok("documents.classic.get")),
        ("documents.get", &[Text, Missing], Err("the document's id is missing")),
        ("documents.get", &[Missing, Missing], Err("the document's id is missing")),
        // Refused then, since it is no UUID.
        ("documents.get", &[Missing], Ok("documents.get")),
        ("documents.get", &[Missing, Text], Ok("documents.classic.get")),
        ("documents.update", &[Text, Other], Ok("documents.update")),
        ("documents.update", &[Text, Text, Other], Ok("documents.classic.update")),
        ("documents.update", &[Text, Missing, Other], Err("the document's id is missing")),
        ("documents.delete", &[Text], Ok("documents.delete")),
        ("documents.delete", &[Text, Text], Ok("documents.classic.delete")),
        ("documents.delete", &[Text, Missing], Err("the document's id is missing")),
        ("documents.templates.get", &[Missing], Ok("documents.templates.get")),
        ("facts.list", &[Missing, Missing], Ok("facts.list")),
    ] {
        match (meant(method, given), expected) {
            (Ok(method), Ok(expected)) => assert_eq!(method, expected, "{given:?}"),
            (Err(error), Err(part)) => assert!(error.message.starts_with(part), "{}", error.message),
            (meant, _) => panic!("{method} {given:?} is {meant:?}"),
        }
    }
}

/// The methods that a file of fixtures is about.
fn methods(text: &str) -> BTreeSet<String> {
    fixtures(text).iter().map(|fixture| fixture["call"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_method_has_a_request_and_an_answer_among_the_fixtures() {
    let all: BTreeSet<String> = names().map(str::to_owned).collect();
    assert_eq!(methods(include_str!("wire/rest.json")), all);
    assert_eq!(methods(include_str!("wire/answers.json")), all);
}

#[test]
fn every_answer_is_read_as_it_came_unknown_keys_included() {
    for fixture in fixtures(include_str!("wire/answers.json")) {
        let body = fixture.get("body").map(Value::to_string).unwrap_or_default();
        let status = u16::try_from(fixture["status"].as_u64().unwrap()).unwrap();
        let answer = read(&Response { status, body, ..Response::default() });
        assert_eq!(answer.as_ref(), Ok(&fixture["body"]), "{}", fixture["call"]);
    }
}

#[test]
fn every_failure_has_the_code_of_its_status_and_says_what_the_service_said() {
    for fixture in fixtures(include_str!("wire/failures.json")) {
        let response = Response {
            status: u16::try_from(fixture["status"].as_u64().unwrap()).unwrap(),
            authenticate: fixture["headers"]["WWW-Authenticate"].as_str().map(str::to_owned),
            body: fixture.get("body").map(Value::to_string).unwrap_or_default(),
            ..Response::default()
        };
        let error = read(&response).unwrap_err();
        assert_eq!(json!({ "code": error.code.as_str(), "retryable": error.retryable }), fixture["error"]);
        assert!(error.message.contains(&response.status.to_string()), "{}", error.message);
        for words in response.authenticate.iter().map(String::as_str).chain(fixture["body"]["detail"].as_str()) {
            assert!(error.message.contains(words), "{}", error.message);
        }
        let body = error.body.as_ref().map(Raw::as_str).map(|body| serde_json::from_str::<Value>(body).unwrap());
        assert_eq!((body.as_ref(), error.status), (fixture.get("body"), Some(response.status)));
        assert_eq!(error.request_id.as_deref(), fixture["body"]["requestid"].as_str());
    }
}

/// What the token endpoint is asked now.
fn asked(tokens: &Tokens) -> ossicle::rest::grant::Grant {
    match tokens.next(&Need::Fresh, Duration::ZERO) {
        Ok(Next::Post(grant)) => grant,
        other => panic!("the token endpoint is asked, not {other:?}"),
    }
}

#[test]
fn every_grant_and_its_refresh_are_asked_for_as_oauth_has_them() {
    // Keycloak's answer, with what is not for us.
    let answer = json!({ "access_token": "a.1", "expires_in": 300, "refresh_token": "r.1", "refresh_expires_in": 1800,
        "token_type": "Bearer", "not-before-policy": 0, "session_state": "x", "scope": "openid" });
    let answer = Response { status: 200, body: answer.to_string(), ..Response::default() };
    for fixture in fixtures(include_str!("wire/grants.json")) {
        let mut tokens = Tokens::from_value("auth", &fixture["auth"], false, Duration::ZERO).unwrap();
        let grant = asked(&tokens);
        assert_eq!(grant.form().0, fixture["form"], "{}", fixture["what"]);
        let token = tokens.answered(&grant, &answer, Duration::ZERO).unwrap();
        assert_eq!(token.map(|token| token.0).as_deref(), Some("a.1"));
        assert_eq!(asked(&tokens).form().0, fixture["next"], "{}", fixture["what"]);
    }
}
