//! `/sandbox`: tokens, faults and reports on request.

use serde_json::json;

use crate::support::Sandbox;

#[test]
fn a_token_lives_as_long_as_it_is_asked_to() {
    let sandbox = Sandbox::start();
    let answer = sandbox.send("POST", "/sandbox/token?expiresIn=7&scope=openid&tenant=base", &[], None);
    assert_eq!((answer.status, &answer.body["expiresIn"]), (200, &json!(7)));
    let wrong = sandbox.send("POST", "/sandbox/token?expiresIn=long", &[], None);
    assert_eq!((wrong.status, wrong.fields()), (400, vec!["expiresIn"]));
}

#[test]
fn an_interaction_without_sockets_has_an_empty_report() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    assert_eq!(sandbox.sockets(&id), json!([]));
    assert_eq!(sandbox.send("GET", &format!("/sandbox/streams/{id}/audio/0"), &[], None).status, 404);
    assert_eq!(sandbox.send("GET", "/sandbox/streams/seven", &[], None).status, 400);
}

#[test]
fn every_switch_of_the_behaviour_is_in_the_readme_with_its_default() {
    let sandbox = Sandbox::with(ossicle_sandbox::Options::default());
    let behaviour = sandbox.send("GET", "/sandbox/behaviour", &[], None).body;
    let readme = include_str!("../../README.md");
    for (key, value) in behaviour.as_object().unwrap() {
        let default = if value.is_null() { "none".into() } else { format!("`{value}`").replace(".0`", "`") };
        assert!(readme.contains(&format!("`{key}`: {default}")), "{key}: {default}");
    }
}
