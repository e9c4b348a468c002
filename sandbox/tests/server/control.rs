//! `/sandbox`: tokens, faults and reports on request.

use serde_json::json;

use crate::support::{Sandbox, configuration};

#[test]
fn a_token_lives_as_long_as_it_is_asked_to() {
    let sandbox = Sandbox::start();
    let answer = sandbox.send("POST", "/sandbox/token?expiresIn=7&scope=openid&tenant=base", &[], None);
    assert_eq!((answer.status, &answer.body["expiresIn"]), (200, &json!(7)));
    let wrong = sandbox.send("POST", "/sandbox/token?expiresIn=long", &[], None);
    assert_eq!((wrong.status, wrong.fields()), (400, vec!["expiresIn"]));
}

#[test]
fn the_next_upgrade_fails_with_the_status_asked_for_and_the_one_after_does_not() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    for status in [401, 503] {
        sandbox.fault(&json!({ "nextUpgrade": status }));
        assert_eq!(sandbox.connect_as(&sandbox.token, "base", &id).err(), Some(status));
    }
    sandbox.stream(&id);
}

#[test]
fn the_next_configuration_is_refused_as_asked_for_so_many_times() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    sandbox.fault(&json!({ "configuration": "CONFIG_REJECTED", "times": 2 }));
    for _ in 0..2 {
        let mut socket = sandbox.connect(&id);
        socket.configure(&configuration());
        assert_eq!(socket.receive()["type"], "CONFIG_REJECTED");
    }
    sandbox.stream(&id);
}

#[test]
fn a_fault_for_one_interaction_leaves_the_others_alone_and_can_be_taken_back() {
    let sandbox = Sandbox::start();
    let (one, other) = (sandbox.interaction(), sandbox.interaction());
    sandbox.fault(&json!({ "nextUpgrade": 503, "interactionId": one }));
    sandbox.stream(&other);
    assert_eq!(sandbox.send("DELETE", "/sandbox/faults", &[], None).status, 204);
    sandbox.stream(&one);
}

#[test]
fn a_fault_that_is_not_understood_is_refused() {
    let sandbox = Sandbox::start();
    for (fault, field) in [
        (json!({}), "body"),
        (json!({ "configuration": "CONFIG_ACCEPTED" }), "configuration"),
        (json!({ "nextUpgrade": 200 }), "nextUpgrade"),
        (json!({ "dropAfterSeconds": -1 }), "dropAfterSeconds"),
        (json!({ "nextUpgrade": 503, "times": 1000 }), "times"),
    ] {
        let answer = sandbox.send("POST", "/sandbox/faults", &[], Some(&fault.to_string()));
        assert_eq!((answer.status, answer.fields()), (400, vec![field]));
    }
    assert_eq!(sandbox.send("POST", "/sandbox/faults", &[], Some("{\"odd\":1}")).status, 400);
}

#[test]
fn an_interaction_without_sockets_has_an_empty_report() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    assert_eq!(sandbox.sockets(&id), json!([]));
    assert_eq!(sandbox.send("GET", &format!("/sandbox/streams/{id}/audio/0"), &[], None).status, 404);
    assert_eq!(sandbox.send("GET", "/sandbox/streams/seven", &[], None).status, 400);
}
