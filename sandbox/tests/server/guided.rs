//! Documents of the guided form.

use serde_json::{Value, json};

use crate::support::{NOBODY, Sandbox, keys};

fn generate(sandbox: &Sandbox, body: &Value) -> crate::support::Answer {
    sandbox.rest("POST", "/documents/", body.clone())
}

/// The document that a request gives.
fn made(sandbox: &Sandbox, body: &Value) -> Value {
    let answer = generate(sandbox, body);
    assert_eq!((answer.status, keys(&answer.body)), (201, ["document", "usageInfo"].into()), "{}", answer.body);
    assert!(answer.body["usageInfo"]["creditsConsumed"].is_number());
    answer.body["document"].clone()
}

fn names(document: &Value) -> Vec<&str> {
    document["sections"].as_array().unwrap().iter().map(|section| section["name"].as_str().unwrap()).collect()
}

#[test]
fn a_document_is_made_of_an_interactions_facts_but_the_discarded_ones() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let facts = json!({ "facts": [
        { "text": "Chest tightness", "group": "chief-complaint" },
        { "text": "Start aspirin", "group": "plan" },
        { "text": "Lives alone", "group": "social-history" },
    ] });
    let facts = sandbox.rest("POST", &format!("/interactions/{id}/facts/"), facts).body["facts"].take();
    let discarded = format!("/interactions/{id}/facts/{}", facts[2]["id"].as_str().unwrap());
    sandbox.rest("PATCH", &discarded, json!({ "isDiscarded": true }));

    let document = made(
        &sandbox,
        &json!({ "interactionId": id, "templateRef": { "key": "corti-soap" }, "outputLanguage": "en-GB", "name": "Mine" }),
    );
    let expected =
        ["id", "interactionId", "name", "templateRef", "sections", "outputLanguage", "createdAt", "updatedAt"];
    assert_eq!(keys(&document), expected.into());
    assert_eq!((&document["interactionId"], &document["name"]), (&json!(id), &json!("Mine")));
    assert_eq!((&document["templateRef"], &document["outputLanguage"]), (&json!("corti-soap"), &json!("en-GB")));
    assert_eq!(names(&document), ["Subjective", "Objective", "Assessment", "Plan"]);
    assert_eq!(document["sections"][0]["text"], "Chest tightness");
    assert_eq!(document["sections"][3]["text"], "Start aspirin");
}

#[test]
fn each_kind_of_template_and_of_context_makes_a_document() {
    let sandbox = Sandbox::start();
    let context = json!([
        { "type": "text", "text": "So your pulse is 78." },
        { "type": "string", "data": "You may be angina-free; yet it may be angina." },
        { "type": "transcript", "data": { "text": "I take ramipril." } },
        { "type": "facts", "data": [{ "text": "Drink water", "group": "plan" }] },
    ]);
    let with = |key: &str, template: Value| made(&sandbox, &json!({ "context": context, key: template }));
    let named = with("templateRef", json!({ "templateId": "corti-soap" }));
    assert_eq!((&named["interactionId"], &named["outputLanguage"]), (&Value::Null, &json!("en")));
    assert_eq!(named["sections"][1]["text"], "Pulse 78 per minute");

    let assembled = with("assemblyTemplate", json!({ "sections": [{ "sectionId": "corti-plan" }, "corti-vitals"] }));
    assert_eq!((names(&assembled), &assembled["templateRef"]), (vec!["Plan", "Vitals"], &Value::Null));
    assert!(assembled["sections"][0]["text"].as_str().unwrap().starts_with("Drink water"));

    let dynamic =
        with("dynamicTemplate", json!({ "name": "Two", "sections": [{ "name": "For her" }, { "title": "Plan" }] }));
    assert_eq!((names(&dynamic), &dynamic["name"]), (vec!["For her", "Plan"], &json!("Two")));
    assert_eq!(dynamic["sections"][1]["text"], "Drink water");
    let generation = json!({ "instructions": { "prompt": "Short." }, "sections": [{ "heading": "Plan" }] });
    assert_eq!(names(&with("dynamicTemplate", json!({ "name": "One", "generation": generation }))), ["Plan"]);
    assert_eq!(
        names(&with("assemblyTemplate", json!({ "sectionRefs": [{ "sectionId": "corti-vitals" }] }))),
        ["Vitals"]
    );
    let bare = json!({ "context": [{ "text": "Your pulse is 78." }], "templateRef": { "templateId": "corti-soap" } });
    assert_eq!(made(&sandbox, &bare)["sections"][1]["text"], "Pulse 78 per minute");
    assert!(dynamic["sections"][0]["text"].as_str().unwrap().contains("Pulse 78"), "what has no section of its own");
}

#[test]
fn a_document_is_listed_read_changed_and_deleted() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let body = |context: &str| json!({ "context": [{ "type": "text", "text": context }], "templateRef": { "templateId": "corti-soap" } });
    let free = made(&sandbox, &body("one"));
    let mut of_visit = body("two");
    of_visit["interactionId"] = json!(id);
    let of_visit = made(&sandbox, &of_visit);
    assert_eq!(sandbox.get("/documents/").body["data"], json!([of_visit, free]), "the newest first");
    assert_eq!(sandbox.get(&format!("/documents?interactionId={id}")).body["data"], json!([of_visit]));
    assert_eq!(sandbox.get("/documents/?pageSize=1&index=2").body["data"], json!([free]));
    assert_eq!(sandbox.get(&format!("/documents/?interactionId={NOBODY}")).body["data"], json!([]));

    let path = format!("/documents/{}", free["id"].as_str().unwrap());
    assert_eq!(sandbox.get(&path).body, free);
    let change = json!({ "name": "Final", "sections": [{ "key": "corti-plan", "text": "Rest.", "sort": -1 }] });
    let changed = sandbox.rest("PATCH", &path, change);
    assert_eq!((changed.status, &changed.body["name"]), (200, &json!("Final")));
    assert_eq!(changed.body["sections"][0]["text"], "Rest.", "sorted anew");
    assert_eq!(sandbox.get(&path).body, changed.body);
    assert_eq!(sandbox.rest("PATCH", &path, json!({ "sections": [{ "key": "odd" }] })).fields(), ["sections[0].key"]);

    assert_eq!(sandbox.rest("DELETE", &path, Value::Null).status, 204);
    assert_eq!(sandbox.get(&path).status, 404);
    assert_eq!(sandbox.rest("DELETE", &format!("/interactions/{id}"), Value::Null).status, 204);
    assert_eq!(sandbox.get("/documents/").body["data"], json!([]), "an interaction takes its documents along");
}

#[test]
fn under_the_retention_policy_none_a_document_is_made_and_not_kept() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let ask = |path: &str, policy: &str, body: Value| {
        let headers =
            [("tenant-name", "base"), ("content-type", "application/json"), ("x-corti-retention-policy", policy)];
        sandbox.rest_with(&sandbox.token, "POST", path, &headers, body)
    };
    let context = json!([{ "type": "string", "data": "x" }]);
    let guided = json!({ "context": context, "templateRef": { "templateId": "corti-soap" } });
    let unsaved = ask("/documents/", "none", guided.clone());
    assert_eq!((unsaved.status, unsaved.body["document"].get("id")), (200, None));
    assert_eq!(unsaved.body["document"]["sections"][0]["text"], "x");
    assert_eq!(sandbox.get("/documents/").body["data"], json!([]));
    assert_eq!(ask("/documents/", "retain", guided.clone()).status, 201);
    assert_eq!(ask("/documents/", "forget", guided).fields(), ["x-corti-retention-policy"]);

    let path = format!("/interactions/{id}/documents/");
    let classic = json!({ "context": context, "templateKey": "corti-soap", "outputLanguage": "en" });
    assert_eq!(ask(&path, "none", classic).status, 200);
    assert_eq!(sandbox.get(&path).body["data"], json!([]));
}

#[test]
fn a_request_that_cannot_be_carried_out_is_refused_by_the_field() {
    let sandbox = Sandbox::start();
    let text = json!([{ "type": "text", "text": "x" }]);
    for (body, field) in [
        (json!({ "context": text }), "templateRef"),
        (
            json!({ "context": text, "templateRef": { "templateId": "corti-soap" }, "dynamicTemplate": { "sections": [{ "name": "x" }] } }),
            "templateRef",
        ),
        (json!({ "context": text, "templateRef": { "templateId": "odd" } }), "templateRef"),
        (json!({ "context": text, "templateRef": "corti-soap" }), "templateRef"),
        (json!({ "context": text, "templateRef": { "odd": 1 } }), "templateRef.key"),
        (
            json!({ "context": text, "assemblyTemplate": { "sections": ["corti-plan", "odd"] } }),
            "assemblyTemplate.sections[1]",
        ),
        (json!({ "context": text, "assemblyTemplate": { "sections": [] } }), "assemblyTemplate.sections"),
        (json!({ "context": text, "dynamicTemplate": { "sections": [] } }), "dynamicTemplate.sections"),
        (json!({ "context": text, "dynamicTemplate": {} }), "dynamicTemplate.sections"),
        (json!({ "templateRef": { "templateId": "corti-soap" } }), "context"),
        (json!({ "context": [], "templateRef": { "templateId": "corti-soap" } }), "context"),
        (
            json!({ "context": [text[0], { "type": "odd" }], "templateRef": { "templateId": "corti-soap" } }),
            "context[1].type",
        ),
        (
            json!({ "context": text, "templateRef": { "templateId": "corti-soap" }, "outputLanguage": "?" }),
            "outputLanguage",
        ),
        (json!({ "interactionId": "seven", "templateRef": { "templateId": "corti-soap" } }), "interactionId"),
    ] {
        let answer = generate(&sandbox, &body);
        assert_eq!((answer.status, answer.fields()), (400, vec![field]), "{body}");
    }
    assert_eq!(
        generate(&sandbox, &json!({ "interactionId": NOBODY, "templateRef": { "templateId": "corti-soap" } })).status,
        404
    );
    for (method, id, status) in
        [("GET", "seven", 400), ("GET", NOBODY, 404), ("PATCH", NOBODY, 404), ("DELETE", NOBODY, 404)]
    {
        assert_eq!(sandbox.rest(method, &format!("/documents/{id}"), json!({})).status, status, "{method} {id}");
    }
    assert_eq!(sandbox.get("/documents/?interactionId=seven").fields(), ["interactionId"]);
}
