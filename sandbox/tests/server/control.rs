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
