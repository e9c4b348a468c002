//! Tokens: how they are come by, and what they open.

use serde_json::{Value, json};

use crate::support::{Answer, Sandbox};

const PATH: &str = "/realms/base/protocol/openid-connect/token";

fn ask(sandbox: &Sandbox, form: &str) -> Answer {
    sandbox.send("POST", PATH, &[("content-type", "application/x-www-form-urlencoded")], Some(form))
}

#[test]
fn client_credentials_give_a_token_that_opens_the_resources() {
    let sandbox = Sandbox::start();
    let answer = ask(&sandbox, "grant_type=client_credentials&client_id=a&client_secret=b&scope=openid");
    assert_eq!(answer.status, 200);
    assert_eq!((&answer.body["expires_in"], &answer.body["token_type"]), (&json!(300), &json!("Bearer")));
    assert!(answer.body["refresh_expires_in"].is_u64());
    let token = answer.body["access_token"].as_str().unwrap();
    assert_eq!(token.split('.').count(), 3, "shaped like a JWT");
    assert_eq!(sandbox.rest_as(token, "GET", "/interactions/", Value::Null).status, 200);
}

#[test]
fn a_password_gives_a_token_and_a_refresh_token_gives_another_once() {
    let sandbox = Sandbox::start();
    let answer = ask(&sandbox, "grant_type=password&client_id=a&username=u&password=p");
    assert_eq!(answer.status, 200);
    let form = format!(
        "grant_type=refresh_token&client_id=a&refresh_token={}",
        answer.body["refresh_token"].as_str().unwrap()
    );
    let next = ask(&sandbox, &form);
    assert_eq!(next.status, 200);
    assert_ne!(next.body["access_token"], answer.body["access_token"]);
    let again = ask(&sandbox, &form);
    assert_eq!((again.status, &again.body["error"]), (400, &json!("invalid_grant")));
}

#[test]
fn wrong_or_missing_credentials_are_refused_as_oauth_does() {
    let sandbox = Sandbox::start();
    let cases = [
        ("grant_type=client_credentials&client_id=a&client_secret=wrong", 401, "unauthorized_client"),
        ("grant_type=client_credentials&client_id=a", 401, "unauthorized_client"),
        ("grant_type=password&client_id=a&username=u&password=wrong", 401, "invalid_grant"),
        ("grant_type=client_credentials&client_secret=b", 401, "invalid_client"),
        ("grant_type=authorization_code&client_id=a&code=c", 400, "unsupported_grant_type"),
        ("client_id=a&client_secret=b", 400, "invalid_request"),
    ];
    for (form, status, error) in cases {
        let answer = ask(&sandbox, form);
        assert_eq!((answer.status, answer.body["error"].as_str().unwrap()), (status, error), "{form}");
    }
}

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
fn a_tenant_name_that_is_missing_or_not_the_tokens_is_401() {
    let sandbox = Sandbox::start();
    let bearer = format!("Bearer {}", sandbox.token);
    let missing = sandbox.send("GET", "/v2/interactions/", &[("authorization", &bearer)], None);
    assert_eq!(missing.status, 401);
    let headers = [("authorization", bearer.as_str()), ("tenant-name", "other")];
    assert_eq!(sandbox.send("GET", "/v2/interactions/", &headers, None).status, 401);
}

#[test]
fn another_tenants_interaction_does_not_exist() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let bearer = format!("Bearer {}", sandbox.token("tenant=other"));
    let headers = [("authorization", bearer.as_str()), ("tenant-name", "other")];
    assert_eq!(sandbox.send("GET", &format!("/v2/interactions/{id}"), &headers, None).status, 404);
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
