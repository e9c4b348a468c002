//! The wire, pinned by fixtures that neither side generates: what is sent, what is read, and which requests the REST
//! methods make.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ossicle::protocol::client::{ClientMessage, Configuration};
use ossicle::protocol::server::ServerMessage;
use ossicle::rest::calls::call;
use ossicle::rest::{Method, Transfer};
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
        assert_eq!(request.body.as_ref(), given, "{name}");
        let transfer = match fixture["transfer"].as_str() {
            None => Transfer::Json,
            Some("upload") => Transfer::Upload,
            Some(_) => Transfer::Download,
        };
        assert_eq!(request.transfer, transfer, "{name}");
    }
}

#[test]
fn a_request_that_cannot_be_right_is_refused_and_named() {
    let document = json!({ "templateKey": "corti-soap", "outputLanguage": "en" });
    let of = |context: Value| {
        let mut document = document.clone();
        document["context"] = context;
        vec![json!(INTERACTION), document]
    };
    let facts_and_text = json!([{ "type": "facts", "data": [{ "text": "a" }] }, { "type": "string", "data": "b" }]);
    let no_template = json!({ "context": [{ "type": "string", "data": "a" }], "outputLanguage": "en" });
    let two_templates = json!({ "interactionId": OTHER, "templateRef": {}, "dynamicTemplate": {} });
    let id = json!(INTERACTION);
    let encounter = |encounter: Value| vec![json!({ "encounter": encounter })];
    for (name, mut arguments, named) in [
        ("interactions.create", vec![json!({})], "encounter is missing"),
        ("interactions.create", vec![], "the request must be an object"),
        (
            "interactions.create",
            encounter(json!({ "identifier": "a", "status": "new", "type": "x" })),
            "encounter.status",
        ),
        ("interactions.get", vec![json!("42")], "the interaction's id"),
        ("interactions.get", vec![json!("../../../etc/passwd-passwd-passwd-pa")], "the interaction's id"),
        ("interactions.get", vec![], "the interaction's id"),
        ("facts.create", vec![id.clone(), json!({ "facts": [] })], "facts must be a list"),
        (
            "facts.create",
            vec![id.clone(), json!({ "facts": [{ "text": "a", "group": "b" }, { "text": "a" }] })],
            "facts[1].group",
        ),
        ("facts.update", vec![id.clone(), json!("x"), json!({})], "the fact's id"),
        ("facts.batchUpdate", vec![id.clone(), json!({ "facts": [{}] })], "facts[0].factId"),
        ("facts.extract", vec![json!({ "context": [{ "type": "facts" }] })], "context[0].type"),
        ("documents.classic.create", of(json!([])), "context must be a list"),
        ("documents.classic.create", of(json!([{ "type": "facts", "data": [] }])), "context[0].data"),
        ("documents.classic.create", of(json!([{ "type": "transcript", "data": {} }])), "context[0].data.text"),
        ("documents.classic.create", of(facts_and_text), "context may hold several"),
        ("documents.classic.create", vec![id.clone(), no_template], "templateKey is missing"),
        ("documents.classic.update", vec![id.clone(), json!(OTHER), json!({ "sections": [{}] })], "sections[0].key"),
        ("documents.generate", vec![json!({ "interactionId": INTERACTION })], "templateRef, assemblyTemplate"),
        ("documents.generate", vec![two_templates], "templateRef, assemblyTemplate"),
        ("documents.generate", vec![json!({ "templateRef": {} })], "interactionId is missing"),
        ("documents.get", vec![json!(7)], "the document's id"),
        ("templates.get", vec![json!("")], "the template's key"),
        ("recordings.upload", vec![json!(null), json!("x")], "the interaction's id"),
        ("recordings.get", vec![id.clone(), json!("x")], "the recording's id"),
        ("transcripts.create", vec![id.clone(), json!({ "recordingId": "x" })], "recordingId"),
        (
            "transcripts.create",
            vec![id.clone(), json!({ "recordingId": OTHER, "primaryLanguage": "en", "participants": [{}] })],
            "participants[0].channel",
        ),
        ("transcripts.getStatus", vec![id.clone()], "the transcript's id"),
        ("interactions.destroy", vec![], "there is no method"),
    ] {
        let message = call(name, &mut arguments).unwrap_err().message;
        assert!(message.starts_with(named), "{name}: {message}");
    }
}
