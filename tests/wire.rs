//! The wire, pinned by fixtures that neither side generates: what is sent, what is read, and which requests the REST
//! methods make.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ossicle::Error;
use ossicle::protocol::client::{ClientMessage, Configuration};
use ossicle::protocol::server::ServerMessage;
use ossicle::rest::{Method, Request, documents, facts, interactions, templates};
use serde_json::{Value, json};

const INTERACTION: &str = "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10";
const OTHER: &str = "3d0f5a77-7c80-4f0e-8c44-0a9b5a7e1d33";

fn fixtures(text: &str) -> Vec<Value> {
    let list: Vec<Value> = serde_json::from_str(text).unwrap();
    assert!(!list.is_empty());
    list
}

#[test]
fn the_configuration_is_sent_as_the_protocol_has_it() {
    for fixture in fixtures(include_str!("wire/client.json")) {
        let configuration = Configuration::from_value(fixture["configuration"].clone()).unwrap();
        let sent: Value =
            serde_json::from_str(&ClientMessage::Config { configuration: &configuration }.to_json()).unwrap();
        assert_eq!(sent, fixture["message"], "{}", fixture["what"]);
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
                assert_eq!(json!(segments), with_floats(&fixture["message"]["data"]));
                "transcript"
            }
            ServerMessage::Facts(facts) => {
                let message = &fixture["message"];
                let list = if message["fact"].is_null() { &message["data"] } else { &message["fact"] };
                assert_eq!(json!(facts), *list);
                "facts"
            }
            ServerMessage::Flushed => "flushed",
            ServerMessage::Usage { credits, total } => {
                assert_eq!(json!(credits), fixture["message"]["credits"]);
                assert_eq!(*total, fixture["message"]["type"] == "usage");
                "usage"
            }
            ServerMessage::AudioEvent(data) => {
                assert_eq!(*data, fixture["message"]["data"]);
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

/// Seconds are numbers with a fraction for us; JSON does not tell 4 from 4.0.
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
        let body = fixture["body"].clone();
        let query = &fixture["query"];
        let request: Result<Request, Error> = match fixture["call"].as_str().unwrap() {
            "interactions.create" => interactions::create(body.clone()),
            "interactions.list" => Ok(interactions::list(query)),
            "interactions.get" => interactions::get(INTERACTION),
            "interactions.update" => interactions::update(INTERACTION, body.clone()),
            "interactions.delete" => interactions::delete(INTERACTION),
            "facts.groups" => Ok(facts::groups()),
            "facts.list" => facts::list(INTERACTION),
            "facts.create" => facts::create(INTERACTION, body.clone()),
            "facts.update" => facts::update(INTERACTION, OTHER, body.clone()),
            "facts.batchUpdate" => facts::batch_update(INTERACTION, body.clone()),
            "documents.create" => documents::create(INTERACTION, body.clone()),
            "documents.list" => documents::list(INTERACTION),
            "documents.get" => documents::get(INTERACTION, OTHER),
            "templates.list" => Ok(templates::list(query)),
            "templates.get" => templates::get(fixture["key"].as_str().unwrap()),
            other => panic!("no such call: {other}"),
        };
        let request = request.unwrap();
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        };
        assert_eq!(format!("{method} {}", request.target()), fixture["request"], "{}", fixture["call"]);
        assert_eq!(request.body.unwrap_or_default(), body, "{}", fixture["call"]);
    }
}

#[test]
fn a_request_that_cannot_be_right_is_refused_and_named() {
    let document = |context: Value| {
        documents::create(
            INTERACTION,
            json!({ "context": context, "templateKey": "corti-soap", "outputLanguage": "en" }),
        )
    };
    let facts_and_text = json!([{ "type": "facts", "data": [{ "text": "a" }] }, { "type": "string", "data": "b" }]);
    for (request, named) in [
        (interactions::create(json!({})), "encounter is missing"),
        (
            interactions::create(json!({ "encounter": { "identifier": "a", "status": "new", "type": "x" } })),
            "encounter.status",
        ),
        (interactions::get("42"), "the interaction's id"),
        (interactions::get("../../../etc/passwd-passwd-passwd-pa"), "the interaction's id"),
        (facts::create(INTERACTION, json!({ "facts": [] })), "facts must be a list"),
        (
            facts::create(INTERACTION, json!({ "facts": [{ "text": "a", "group": "b" }, { "text": "a" }] })),
            "facts[1].group",
        ),
        (facts::update(INTERACTION, "x", json!({})), "the fact's id"),
        (facts::batch_update(INTERACTION, json!({ "facts": [{}] })), "facts[0].factId"),
        (document(json!([])), "context must be a list"),
        (document(json!([{ "type": "facts", "data": [] }])), "context[0].data"),
        (document(json!([{ "type": "transcript", "data": {} }])), "context[0].data.text"),
        (document(facts_and_text), "context may hold several"),
        (
            documents::create(
                INTERACTION,
                json!({ "context": [{ "type": "string", "data": "a" }], "outputLanguage": "en" }),
            ),
            "templateKey is missing",
        ),
        (templates::get(""), "the template's key"),
    ] {
        let message = request.unwrap_err().message;
        assert!(message.starts_with(named), "{message}");
    }
}
