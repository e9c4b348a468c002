//! What belongs to no interaction: facts of a text, and the languages.

use serde_json::{Value, json};

use crate::support::{Sandbox, keys};

#[test]
fn facts_are_extracted_from_a_text_by_the_rules_of_the_stream() {
    let sandbox = Sandbox::start();
    let body = json!({
        "context": [{ "type": "text", "text": "I take ramipril. Your pulse is 78." }],
        "outputLanguage": "en",
    });
    for path in ["/tools/extract-facts", "/tools/extract-facts/"] {
        let answer = sandbox.rest("POST", path, body.clone());
        assert_eq!(answer.status, 200);
        let mut found = answer.body;
        assert!(found["usageInfo"]["creditsConsumed"].take().is_number());
        let expected = json!({
            "facts": [
                { "group": "medications-prior-to-visit", "value": "Takes ramipril", "text": "Takes ramipril" },
                { "group": "vital-signs", "value": "Pulse 78 per minute", "text": "Pulse 78 per minute" },
            ],
            "outputLanguage": "en",
            "usageInfo": { "creditsConsumed": null },
        });
        assert_eq!(found, expected);
    }
}

#[test]
fn an_extraction_that_lacks_something_is_refused_by_the_field() {
    let sandbox = Sandbox::start();
    let text = json!([{ "type": "text", "text": "x" }]);
    for (body, field) in [
        (json!({ "outputLanguage": "en" }), "context"),
        (json!({ "context": [], "outputLanguage": "en" }), "context"),
        (json!({ "context": [text[0], text[0]], "outputLanguage": "en" }), "context"),
        (json!({ "context": [{ "type": "string", "data": "x" }], "outputLanguage": "en" }), "context[0].type"),
        (json!({ "context": [{ "type": "text" }], "outputLanguage": "en" }), "context[0].text"),
        (json!({ "context": text }), "outputLanguage"),
        (json!({ "context": text, "outputLanguage": "?" }), "outputLanguage"),
    ] {
        let answer = sandbox.rest("POST", "/tools/extract-facts", body.clone());
        assert_eq!((answer.status, answer.fields()), (400, vec![field]), "{body}");
    }
    assert_eq!(sandbox.get("/tools/extract-facts").status, 405);
}

#[test]
fn languages_are_an_object_for_all_endpoints_or_for_one() {
    let sandbox = Sandbox::start();
    let of = |query: &str| {
        let answer = sandbox.get(&format!("/languages/{query}"));
        assert_eq!((answer.status, keys(&answer.body)), (200, ["languages"].into()));
        answer.body["languages"].clone()
    };
    assert_eq!(of("?endpoint=streams")["en"], "English");
    assert_eq!(of("?endpoint=transcripts")["da"]["name"], "Danish");
    assert_eq!(keys(&of("")), ["streams", "transcribe", "transcripts"].into());
    assert_eq!(sandbox.get("/languages/?endpoint=stream").fields(), ["endpoint"]);
    assert_eq!(sandbox.rest("POST", "/languages/", Value::Null).status, 405);
}
