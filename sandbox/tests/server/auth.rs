//! What a token opens, and what it does not.

use serde_json::{Value, json};

use crate::support::Sandbox;

#[test]
fn a_missing_unknown_or_expired_token_is_401_and_says_so_in_a_header() {
    let sandbox = Sandbox::start();
    let expired = sandbox.token("expiresIn=0");
    for (token, reason) in [("nobody", "unknown"), (expired.as_str(), "expired")] {
        let answer = sandbox.rest_as(token, "GET", "/interactions/", Value::Null);
        assert_eq!((answer.status, answer.body.is_null()), (401, true));
        assert!(answer.header("www-authenticate").contains(reason));
    }
    assert_eq!(sandbox.send("GET", "/v2/interactions/", &[], None).status, 401);
}

#[test]
fn a_tenant_name_that_is_missing_is_403_and_one_that_is_not_the_tokens_401() {
    let sandbox = Sandbox::start();
    let bearer = format!("Bearer {}", sandbox.token);
    let missing = sandbox.send("GET", "/v2/interactions/", &[("authorization", &bearer)], None);
    assert_eq!((missing.status, &missing.body["status"]), (403, &json!(403)));
    let headers = [("authorization", bearer.as_str()), ("tenant-name", "other")];
    assert_eq!(sandbox.send("GET", "/v2/interactions/", &headers, None).status, 401);
}

#[test]
fn what_is_another_tenants_is_403_whatever_is_asked_of_it_and_is_in_no_list() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let reference = json!({ "templateId": crate::guided::template(&sandbox, "SOAP", "en") });
    let context = json!([{ "type": "text", "text": "x" }]);
    let document = json!({ "context": context, "templateRef": reference, "outputLanguage": "en" });
    let document = sandbox.rest("POST", "/documents/", document).body["document"]["id"].take();
    let document = format!("/documents/{}", document.as_str().unwrap());
    let token = sandbox.token("tenant=other");
    let ask = |method: &str, path: &str, body: Value| {
        let headers = [("tenant-name", "other"), ("content-type", "application/json")];
        sandbox.rest_with(&token, method, path, &headers, body)
    };
    let interaction = format!("/interactions/{id}");
    let facts = json!({ "facts": [{ "text": "x", "group": "plan" }] });
    for (method, path, body) in [
        ("GET", interaction.clone(), Value::Null),
        ("PATCH", interaction.clone(), json!({})),
        ("DELETE", interaction.clone(), Value::Null),
        ("GET", format!("{interaction}/facts/"), Value::Null),
        ("POST", format!("{interaction}/facts/"), facts),
        ("GET", format!("{interaction}/documents/"), Value::Null),
        ("GET", format!("{interaction}/recordings/"), Value::Null),
        ("POST", format!("{interaction}/recordings/"), json!("audio")),
        ("GET", format!("{interaction}/transcripts/"), Value::Null),
        ("GET", document.clone(), Value::Null),
        ("PATCH", document.clone(), json!({ "name": "x" })),
        ("DELETE", document, Value::Null),
    ] {
        // An upload has a type of its own, and is refused for it only after the tenant.
        let answer = ask(method, &path, body);
        assert_eq!((answer.status, &answer.body["status"]), (403, &json!(403)), "{method} {path}");
        assert!(answer.body["detail"].as_str().unwrap().contains("another tenant"), "{method} {path}");
    }
    assert_eq!(ask("GET", "/interactions/", Value::Null).body["interactions"], json!([]));
    assert_eq!(ask("GET", "/documents/", Value::Null).body, json!([]));
    assert_eq!(sandbox.connect_as(&token, "other", &id).err(), Some(403));
}

#[test]
fn a_streams_token_opens_the_socket_and_is_403_elsewhere() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let token = sandbox.token("scope=openid%20streams");
    let answer = sandbox.rest_as(&token, "GET", "/interactions/", Value::Null);
    assert_eq!((answer.status, &answer.body["status"]), (403, &json!(403)));
    assert!(sandbox.connect_as(&token, "base", &id).is_ok());
    let dictation = sandbox.token("scope=openid%20transcribe");
    assert_eq!(sandbox.connect_as(&dictation, "base", &id).err(), Some(403));
}
