//! How a token is come by: the identity provider's endpoints.

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
        ("grant_type=password&client_id=a&username=u", 401, "invalid_grant"),
        ("grant_type=password&client_id=a&client_secret=wrong&username=u&password=p", 401, "unauthorized_client"),
        ("grant_type=client_credentials&client_id=wrong&client_secret=b", 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=a&client_secret=b&scope=openid%20wrong", 400, "invalid_scope"),
        ("grant_type=refresh_token&client_id=a&refresh_token=made-up", 400, "invalid_grant"),
        ("grant_type=authorization_code&client_id=a&code=made-up", 400, "invalid_grant"),
        ("grant_type=carrier_pigeon&client_id=a", 400, "unsupported_grant_type"),
        ("client_id=a&client_secret=b", 400, "invalid_request"),
    ];
    for (form, status, error) in cases {
        let answer = ask(&sandbox, form);
        assert_eq!((answer.status, answer.body["error"].as_str().unwrap()), (status, error), "{form}");
        assert!(answer.body["error_description"].is_string(), "{form}");
    }
}

const AUTH: &str = "/realms/base/protocol/openid-connect/auth";
const BACK: &str = "http://127.0.0.1:1/back?from=corti";
/// A verifier and its challenge: RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Asks for a code, and gives the parameters that the browser comes back with.
fn sent_back(sandbox: &Sandbox, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = [&[("client_id", "a"), ("redirect_uri", BACK), ("state", "s&t"), ("scope", "openid streams")], more];
    let answer = sandbox.send("GET", &format!("{AUTH}?{}", form(&pairs.concat())), &[], None);
    assert_eq!(answer.status, 302);
    let query = answer.header("location").strip_prefix("http://127.0.0.1:1/back?from=corti&").unwrap().to_owned();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn value<'a>(pairs: &'a [(String, String)], key: &str) -> &'a str {
    pairs.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
}

/// A code that was asked for with the challenge.
fn code(sandbox: &Sandbox) -> String {
    let with = [("response_type", "code"), ("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let back = sent_back(sandbox, &with);
    assert_eq!(value(&back, "state"), "s&t");
    value(&back, "code").to_owned()
}

/// Redeems a code, one parameter changed or left out.
fn redeem(sandbox: &Sandbox, code: &str, change: (&str, Option<&str>)) -> Answer {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", "a"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    let pairs = pairs.into_iter().filter_map(|(key, value)| match change {
        (changed, new) if changed == key => Some((key, new?)),
        _ => Some((key, value)),
    });
    ask(sandbox, &form(&pairs.collect::<Vec<_>>()))
}

#[test]
fn a_code_with_its_verifier_gives_a_token_of_the_scope_that_was_asked_for_once() {
    let sandbox = Sandbox::start();
    let code = code(&sandbox);
    let answer = redeem(&sandbox, &code, ("", None));
    assert_eq!((answer.status, &answer.body["scope"]), (200, &json!("openid streams")), "{}", answer.body);
    let token = answer.body["access_token"].as_str().unwrap();
    assert_eq!(sandbox.rest_as(token, "GET", "/interactions/", Value::Null).status, 403, "limited to streams");
    assert!(sandbox.connect_as(token, "base", &sandbox.interaction()).is_ok());
    let again = redeem(&sandbox, &code, ("", None));
    assert_eq!((again.status, &again.body["error_description"]), (400, &json!("Code not valid")));
}

#[test]
fn a_code_is_refused_to_whoever_cannot_prove_to_have_asked_for_it() {
    let sandbox = Sandbox::start();
    let other = "x".repeat(43);
    for (change, description) in [
        (("code_verifier", None), "PKCE code verifier not specified"),
        (("code_verifier", Some("short")), "PKCE verification failed: Invalid code verifier"),
        (("code_verifier", Some(other.as_str())), "PKCE verification failed: Code mismatch"),
        (("redirect_uri", None), "Incorrect redirect_uri"),
        (("redirect_uri", Some("http://127.0.0.1:1/back")), "Incorrect redirect_uri"),
        (("client_id", Some("b")), "Code not valid"),
    ] {
        let answer = redeem(&sandbox, &code(&sandbox), change);
        assert_eq!((answer.status, &answer.body["error"]), (400, &json!("invalid_grant")), "{change:?}");
        assert_eq!(answer.body["error_description"], description, "{change:?}");
    }
    let elsewhere = "/realms/other/protocol/openid-connect/token";
    let code = code(&sandbox);
    let pairs = [("grant_type", "authorization_code"), ("client_id", "a"), ("code", &code)];
    assert_eq!(sandbox.send("POST", elsewhere, &[], Some(&form(&pairs))).body["error_description"], "Code not valid");
}

#[test]
fn without_a_challenge_a_code_takes_the_clients_secret() {
    let sandbox = Sandbox::start();
    let code = || value(&sent_back(&sandbox, &[("response_type", "code")]), "code").to_owned();
    let redeem = |secret: &[(&str, &str)]| {
        let code = code();
        let pairs = [("grant_type", "authorization_code"), ("client_id", "a"), ("code", &code), ("redirect_uri", BACK)];
        ask(&sandbox, &form(&[&pairs, secret].concat())).status
    };
    assert_eq!(redeem(&[("client_secret", "b")]), 200);
    assert_eq!(redeem(&[]), 401);
    assert_eq!(redeem(&[("client_secret", "wrong")]), 401);
}

#[test]
fn what_is_wrong_with_a_request_for_a_code_comes_back_with_the_browser() {
    let sandbox = Sandbox::start();
    for (more, error) in [
        (&[("response_type", "token")][..], "unsupported_response_type"),
        (&[("response_type", "code"), ("login_hint", "wrong")], "access_denied"),
        (&[("response_type", "code"), ("code_challenge", CHALLENGE)], "invalid_request"),
        (
            &[("response_type", "code"), ("code_challenge", CHALLENGE), ("code_challenge_method", "plain")],
            "invalid_request",
        ),
        (
            &[("response_type", "code"), ("code_challenge", "short"), ("code_challenge_method", "S256")],
            "invalid_request",
        ),
    ] {
        let back = sent_back(&sandbox, more);
        assert_eq!((value(&back, "error"), value(&back, "state"), value(&back, "code")), (error, "s&t", ""));
    }
}

#[test]
fn nobody_is_sent_where_no_client_or_no_page_of_the_web_asked_for_it() {
    let sandbox = Sandbox::start();
    for pairs in [
        &[("response_type", "code"), ("redirect_uri", BACK)][..],
        &[("response_type", "code"), ("redirect_uri", BACK), ("client_id", "wrong")],
        &[("response_type", "code"), ("client_id", "a")],
        &[("response_type", "code"), ("client_id", "a"), ("redirect_uri", "javascript:alert(1)")],
        &[("response_type", "code"), ("client_id", "a"), ("redirect_uri", "/back")],
        &[("response_type", "code"), ("client_id", "a"), ("redirect_uri", "https://a.test/#b")],
    ] {
        let answer = sandbox.send("GET", &format!("{AUTH}?{}", form(pairs)), &[], None);
        assert_eq!((answer.status, answer.header("location")), (400, ""), "{pairs:?}");
        assert!(answer.header("content-type").starts_with("text/html"));
    }
}
