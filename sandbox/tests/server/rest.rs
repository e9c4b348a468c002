//! The REST resources, their shapes, and what they refuse.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{NOBODY, Sandbox, encounter, keys};

fn set<const N: usize>(keys: [&'static str; N]) -> BTreeSet<&'static str> {
    keys.into()
}

#[test]
fn an_interaction_is_made_read_changed_and_deleted() {
    let sandbox = Sandbox::start();
    let made = sandbox.rest("POST", "/interactions/", encounter());
    assert_eq!((made.status, keys(&made.body)), (200, set(["interactionId", "websocketUrl"])));
    let id = made.body["interactionId"].as_str().unwrap();
    let host = sandbox.url.trim_start_matches("http://");
    assert_eq!(
        made.body["websocketUrl"],
        format!("ws://{host}/audio-bridge/v2/interactions/{id}/streams?tenant-name=base")
    );

    let path = format!("/interactions/{id}");
    let read = sandbox.get(&path);
    let expected = set([
        "id",
        "assignedUserId",
        "encounter",
        "patient",
        "endedAt",
        "createdAt",
        "updatedAt",
        "lastUpdated",
        "websocketUrl",
        "deletionReason",
        "scheduleDeletionAt",
        "deletedAt",
    ]);
    assert_eq!((read.status, keys(&read.body)), (200, expected));
    assert_eq!(read.body["encounter"]["status"], "planned");
    assert_eq!(read.body["encounter"]["period"]["startedAt"], "2026-01-05T09:00:00Z");

    let changed = sandbox.rest("PATCH", &path, json!({ "encounter": { "status": "in-progress" } }));
    assert_eq!(changed.status, 200);
    assert_eq!(changed.body["encounter"]["status"], "in-progress");
    assert_eq!(changed.body["encounter"]["title"], "First visit", "the rest of the encounter stays");
    assert_eq!(changed.body["patient"]["name"], "Ada Hartley");
    assert!(changed.body["endedAt"].is_null());
    let completed = sandbox.rest("PATCH", &path, json!({ "encounter": { "status": "completed" } }));
    assert!(completed.body["endedAt"].is_string());

    assert_eq!(sandbox.rest("DELETE", &path, Value::Null).status, 204);
    assert_eq!(sandbox.get(&path).status, 404);
}

#[test]
fn paths_are_served_with_and_without_their_last_slash() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let paths = ["/interactions", "/factgroups", "/templates", "/templateSections", "/templates/corti-soap"];
    for path in
        paths.map(str::to_owned).into_iter().chain([format!("/interactions/{id}"), format!("/interactions/{id}/facts")])
    {
        assert_eq!(sandbox.get(&path).status, 200, "{path}");
        assert_eq!(sandbox.get(&format!("{path}/")).status, 200, "{path}/");
    }
}

#[test]
fn interactions_are_listed_by_page_order_status_and_patient() {
    let sandbox = Sandbox::start();
    let mut made = Vec::new();
    for n in 0..12 {
        let mut body = encounter();
        body["patient"]["identifier"] = json!(format!("patient-{}", n % 3));
        body["encounter"]["status"] = json!(if n < 4 { "completed" } else { "planned" });
        made.push(sandbox.rest("POST", "/interactions/", body).body["interactionId"].clone());
    }
    let ids = |query: &str| -> Vec<Value> {
        let answer = sandbox.get(&format!("/interactions/?{query}"));
        assert_eq!((answer.status, keys(&answer.body)), (200, set(["interactions"])), "{query}");
        answer.body["interactions"].as_array().unwrap().iter().map(|each| each["id"].clone()).collect()
    };
    let newest_first: Vec<Value> = made.iter().rev().cloned().collect();
    assert_eq!(ids(""), newest_first[..10], "ten to a page, the newest first");
    assert_eq!(ids("index=2"), newest_first[10..]);
    assert_eq!(ids("index=2&pageSize=5"), newest_first[5..10]);
    assert_eq!(ids("direction=asc&pageSize=100"), made);
    assert_eq!(ids("encounterStatus=completed").len(), 4);
    assert_eq!(ids("patient=patient-1").len(), 4);
    assert_eq!(ids("index=99"), Vec::<Value>::new());
    for (query, field) in [
        ("sort=colour", "sort"),
        ("direction=up", "direction"),
        ("pageSize=0", "pageSize"),
        ("index=x", "index"),
        ("encounterStatus=odd", "encounterStatus"),
        ("encounterStatus=completed&encounterStatus=planned", "encounterStatus"),
    ] {
        let answer = sandbox.get(&format!("/interactions/?{query}"));
        assert_eq!((answer.status, answer.fields()), (400, vec![field]));
    }
}

#[test]
fn interactions_are_sorted_by_any_of_the_protocols_fields_either_way() {
    let sandbox = Sandbox::start();
    let mut made: Vec<Value> = Vec::new();
    for (patient, user) in [("b", '3'), ("c", '1'), ("a", '2')] {
        let mut body = encounter();
        body["patient"]["identifier"] = json!(patient);
        body["assignedUserId"] = json!(NOBODY.replace('1', &user.to_string()));
        made.push(sandbox.rest("POST", "/interactions/", body).body["interactionId"].take());
    }
    let path = |index: usize| format!("/interactions/{}", made[index].as_str().unwrap());
    for index in [2, 0, 1] {
        // Times are told to the millisecond.
        std::thread::sleep(std::time::Duration::from_millis(5));
        sandbox.rest("PATCH", &path(index), json!({ "encounter": { "status": "completed" } }));
    }
    let mut by_id = made.clone();
    by_id.sort_by_key(Value::to_string);
    let order = |indices: [usize; 3]| indices.map(|index| made[index].clone()).to_vec();
    for (field, ascending) in [
        ("id", by_id),
        ("assignedUserId", order([1, 2, 0])),
        ("patient", order([2, 0, 1])),
        ("createdAt", order([0, 1, 2])),
        ("endedAt", order([2, 0, 1])),
        ("updatedAt", order([2, 0, 1])),
    ] {
        for direction in ["asc", "desc"] {
            let answer = sandbox.get(&format!("/interactions/?sort={field}&direction={direction}"));
            let mut ids: Vec<Value> =
                answer.body["interactions"].as_array().unwrap().iter().map(|each| each["id"].clone()).collect();
            if direction == "desc" {
                ids.reverse();
            }
            assert_eq!(ids, ascending, "{field} {direction}");
        }
    }
}

#[test]
fn what_must_not_be_blank_or_empty_is_refused_by_the_field() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let facts = format!("/interactions/{id}/facts/");
    let made = sandbox.rest("POST", &facts, json!({ "facts": [{ "text": "Rest", "group": "plan" }] }));
    let fact = made.body["facts"][0]["id"].as_str().unwrap();
    let patient = |birth: &str| json!({ "patient": { "birthDate": birth } });
    for (method, path, body, field) in [
        ("POST", &facts, json!({ "facts": [] }), "facts"),
        ("POST", &facts, json!({ "facts": [{ "text": " ", "group": "plan" }] }), "facts[0].text"),
        ("PATCH", &facts, json!({ "facts": [] }), "facts"),
        ("PATCH", &facts, json!({ "facts": [{ "factId": fact, "text": "" }] }), "facts[0].text"),
        ("PATCH", &format!("{facts}{fact}"), json!({ "text": "" }), "text"),
        (
            "PATCH",
            &format!("/interactions/{id}"),
            json!({ "encounter": { "identifier": " " } }),
            "encounter.identifier",
        ),
        ("PATCH", &format!("/interactions/{id}"), patient("May 1961"), "patient.birthDate"),
    ] {
        let answer = sandbox.rest(method, path, body);
        assert_eq!((answer.status, answer.fields()), (400, vec![field]), "{method} {path}");
        assert!(answer.body["validationErrors"][0][field].as_str().unwrap().starts_with("must "));
    }
    for birth in ["1961-05-04", "1961-05-04T00:00:00Z"] {
        let changed = sandbox.rest("PATCH", &format!("/interactions/{id}"), patient(birth));
        assert_eq!((changed.status, &changed.body["patient"]["birthDate"]), (200, &json!("1961-05-04T00:00:00Z")));
    }
    let kept = sandbox.get(&facts).body["facts"].take();
    assert_eq!((&kept[0]["text"], &kept[0]["updatedAt"]), (&json!("Rest"), &made.body["facts"][0]["updatedAt"]));
}

#[test]
fn a_malformed_id_is_400_and_an_unknown_one_404_with_the_protocols_body() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    for (path, status) in [
        ("/interactions/seven".to_owned(), 400),
        (format!("/interactions/{NOBODY}"), 404),
        (format!("/interactions/{NOBODY}/facts/"), 404),
        (format!("/interactions/{id}/documents/x"), 400),
        (format!("/interactions/{id}/documents/{NOBODY}"), 404),
        ("/templates/no-such".to_owned(), 500),
        ("/no-such".to_owned(), 404),
    ] {
        let answer = sandbox.get(&path);
        assert_eq!((answer.status, &answer.body["status"]), (status, &json!(status)), "{path}");
        for key in ["requestid", "type", "detail"] {
            assert!(answer.body[key].is_string(), "{path}: {key}");
        }
    }
    assert_eq!(sandbox.rest("DELETE", "/templates/", Value::Null).status, 405);
}

#[test]
fn a_body_that_cannot_be_used_is_400_and_names_the_field() {
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let with = |pointer: &str, value: Value| {
        let mut body = encounter();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let facts = format!("/interactions/{id}/facts/");
    let documents = format!("/interactions/{id}/documents/");
    let context = json!([{ "type": "string", "data": "x" }]);
    let cases = [
        ("POST", "/interactions/", with("/encounter/status", json!("odd")), "encounter.status"),
        ("POST", "/interactions/", with("/encounter/identifier", json!("")), "encounter.identifier"),
        ("POST", "/interactions/", with("/encounter/period/startedAt", json!("soon")), "encounter.period.startedAt"),
        ("POST", "/interactions/", with("/patient/gender", json!(1)), "patient.gender"),
        ("POST", "/interactions/", json!({}), "encounter"),
        (
            "POST",
            "/interactions/",
            json!({ "encounter": { "identifier": "x", "status": "planned" } }),
            "encounter.type",
        ),
        ("POST", "/interactions/", json!([]), "body"),
        ("PATCH", &format!("/interactions/{id}"), json!({ "encounter": { "type": "odd" } }), "encounter.type"),
        ("POST", &facts, json!({ "facts": [{ "text": "", "group": "plan" }] }), "facts[0].text"),
        ("POST", &facts, json!({ "facts": [{ "text": "t", "group": "plan", "source": "x" }] }), "facts[0].source"),
        ("POST", &documents, json!({ "context": [], "templateKey": "corti-soap", "outputLanguage": "en" }), "context"),
        ("POST", &documents, json!({ "context": context, "outputLanguage": "en" }), "templateKey"),
        (
            "POST",
            &documents,
            json!({ "context": context, "template": { "sectionKeys": [] }, "outputLanguage": "en" }),
            "template",
        ),
        (
            "POST",
            &documents,
            json!({ "context": context, "template": { "sectionKeys": ["corti-plan"], "sections": [] }, "outputLanguage": "en" }),
            "template",
        ),
        (
            "POST",
            &documents,
            json!({ "context": context, "templateKey": "corti-soap", "outputLanguage": "?" }),
            "outputLanguage",
        ),
        (
            "POST",
            &documents,
            json!({ "context": [context[0], context[0]], "templateKey": "corti-soap", "outputLanguage": "en" }),
            "context",
        ),
    ];
    for (method, path, body, field) in cases {
        let answer = sandbox.rest(method, path, body);
        assert_eq!((answer.status, answer.fields()), (400, vec![field]), "{path} {field}");
    }
    let bearer = format!("Bearer {}", sandbox.token);
    let headers = [("authorization", bearer.as_str()), ("tenant-name", "base")];
    assert_eq!(sandbox.send("POST", "/v2/interactions/", &headers, Some("{no json")).status, 400);
}

#[test]
fn facts_are_added_listed_and_changed_one_by_one_and_together() {
    let sandbox = Sandbox::start();
    let path = format!("/interactions/{}/facts/", sandbox.interaction());
    let new = json!({ "facts": [
        { "text": "Takes ramipril", "group": "medications-prior-to-visit", "source": "system" },
        { "text": "Lives alone", "group": "social-history" },
    ] });
    let made = sandbox.rest("POST", &path, new);
    assert_eq!(made.status, 200);
    let expected = set(["id", "text", "group", "groupId", "isDiscarded", "source", "updatedAt"]);
    assert_eq!(keys(&made.body["facts"][0]), expected);
    assert_eq!(made.body["facts"][0]["source"], "system");
    assert_eq!(made.body["facts"][1]["source"], "user", "unless told");

    let ids: Vec<&str> =
        made.body["facts"].as_array().unwrap().iter().map(|fact| fact["id"].as_str().unwrap()).collect();
    let changed =
        sandbox.rest("PATCH", &format!("{path}{}", ids[0]), json!({ "text": "Takes ramipril 5 mg", "source": "user" }));
    assert_eq!((changed.status, &changed.body["text"]), (200, &json!("Takes ramipril 5 mg")));
    assert_eq!(changed.body["group"], "medications-prior-to-visit");

    let batch = json!({ "facts": [{ "factId": ids[0], "isDiscarded": true }, { "factId": ids[1], "group": "other" }] });
    let batched = sandbox.rest("PATCH", &path, batch);
    assert_eq!(batched.status, 200);
    assert_eq!(batched.body["facts"][0]["isDiscarded"], true);
    assert_eq!(sandbox.get(&path).body["facts"], batched.body["facts"]);

    let broken = json!({ "facts": [{ "factId": ids[0], "text": "x" }, { "factId": NOBODY, "text": "y" }] });
    assert_eq!(sandbox.rest("PATCH", &path, broken).status, 404);
    let odd = json!({ "facts": [{ "text": "t", "group": "plan" }, { "text": "t", "group": "vitals" }] });
    let odd = sandbox.rest("POST", &path, odd);
    assert_eq!((odd.status, &odd.body["detail"]), (404, &json!("fact group not found: vitals")));
    assert_eq!(sandbox.rest("PATCH", &format!("{path}{}", ids[0]), json!({ "group": "odd" })).status, 404);
    assert_eq!(sandbox.get(&path).body["facts"], batched.body["facts"], "all or none");
}

#[test]
fn a_facts_group_id_is_no_key() {
    let sandbox = Sandbox::start();
    let path = format!("/interactions/{}/facts/", sandbox.interaction());
    let new = json!({ "facts": [{ "text": "Rest", "group": "plan" }, { "text": "Tea", "group": "other" }] });
    let facts = sandbox.rest("POST", &path, new).body["facts"].take();
    assert_eq!(facts[0]["groupId"], facts[1]["groupId"]);
    let groups = sandbox.get("/factgroups/").body["data"].take();
    assert!(groups.as_array().unwrap().iter().all(|group| group["id"] != facts[0]["groupId"]));
    let languages: Vec<&Value> =
        groups[0]["translations"].as_array().unwrap().iter().map(|name| &name["languagesId"]).collect();
    assert_eq!(languages, ["en", "da", "de"]);
}

#[test]
fn a_document_is_made_of_the_facts_as_sent_by_the_sections_of_its_template() {
    let sandbox = Sandbox::start();
    let path = format!("/interactions/{}/documents/", sandbox.interaction());
    let request = json!({
        "context": [{ "type": "facts", "data": [
            { "text": "Chest tightness", "group": "chief-complaint", "source": "core" },
            { "text": "Pulse 78", "group": "vital-signs" },
            { "text": "Lives alone", "isDiscarded": true },
        ] }],
        "templateKey": "corti-soap", "outputLanguage": "en", "name": "Visit note",
    });
    let made = sandbox.rest("POST", &path, request);
    assert_eq!(made.status, 201, "{}", made.body);
    let expected = set([
        "id",
        "name",
        "templateRef",
        "isStream",
        "sections",
        "createdAt",
        "updatedAt",
        "outputLanguage",
        "usageInfo",
    ]);
    assert_eq!(keys(&made.body), expected);
    assert_eq!((&made.body["name"], &made.body["templateRef"]), (&json!("Visit note"), &json!("corti-soap")));
    assert!(made.body["usageInfo"]["creditsConsumed"].is_number());
    let sections = made.body["sections"].as_array().unwrap();
    assert_eq!(keys(&sections[0]), set(["key", "name", "text", "sort", "createdAt", "updatedAt"]));
    let names: Vec<&Value> = sections.iter().map(|section| &section["name"]).collect();
    assert_eq!(names, ["Subjective", "Objective", "Assessment", "Plan"]);
    assert_eq!(sections[0]["text"], "Chest tightness\nLives alone");
    assert_eq!(sections[1]["text"], "Pulse 78");

    let id = made.body["id"].as_str().unwrap();
    let change = json!({ "name": "Final", "sections": [{ "key": "corti-plan", "text": "Rest." }] });
    let changed = sandbox.rest("PATCH", &format!("{path}{id}"), change);
    assert_eq!((changed.status, &changed.body["sections"][3]["text"]), (200, &json!("Rest.")));
    assert_eq!(sandbox.get(&format!("{path}{id}")).body, changed.body);
    assert_eq!(sandbox.get(&path).body["data"], json!([changed.body]));
    assert_eq!(sandbox.rest("DELETE", &format!("{path}{id}"), Value::Null).status, 204);
    assert_eq!(sandbox.get(&path).body["data"], json!([]));
}

#[test]
fn a_document_takes_sections_of_the_callers_choice_and_names() {
    let sandbox = Sandbox::start();
    let path = format!("/interactions/{}/documents/", sandbox.interaction());
    let ask = |template: Value| {
        let context = json!([{ "type": "transcript", "data": { "text": "Your pulse is 78." } }]);
        sandbox.rest("POST", &path, json!({ "context": context, "template": template, "outputLanguage": "en" }))
    };
    let keyed = ask(json!({ "sectionKeys": ["corti-plan", "corti-vitals"], "documentName": "Mine" }));
    assert_eq!((keyed.status, &keyed.body["name"]), (201, &json!("Mine")));
    assert_eq!(keyed.body["sections"][1]["text"], "Pulse 78 per minute");
    let named = ask(json!({ "sections": [{ "key": "corti-vitals", "nameOverride": "Signs" }] }));
    assert_eq!(named.body["sections"][0]["name"], "Signs");
    assert_eq!(ask(json!({ "sectionKeys": ["odd"] })).status, 404);
    assert_eq!(ask(json!({})).fields(), ["template"]);
}

#[test]
fn templates_and_sections_are_listed_and_filtered() {
    let sandbox = Sandbox::start();
    let all = sandbox.get("/templates/").body["data"].take();
    assert_eq!(all.as_array().unwrap().len(), 11);
    let soap = sandbox.get("/templates/corti-soap").body;
    let expected = set([
        "updatedAt",
        "name",
        "description",
        "additionalInstructions",
        "key",
        "status",
        "documentationMode",
        "templateSections",
        "translations",
    ]);
    assert_eq!(keys(&soap), expected);
    assert_eq!(soap["templateSections"][0]["section"]["key"], "corti-subjective");
    assert!(all.as_array().unwrap().contains(&soap));
    let count = |query: &str| sandbox.get(query).body["data"].as_array().unwrap().len();
    assert_eq!(count("/templates/?lang=en&status=published"), 10);
    assert_eq!((count("/templates/?lang=fr-CH"), count("/templates/?lang=fi")), (6, 0));
    assert_eq!(count("/templates/?lang=fi&lang=en"), 10);
    assert!(count("/templateSections/?org=corti") > 10);
}

#[test]
fn the_key_of_a_template_wins_over_one_of_the_callers_and_an_empty_section_may_be_its_heading() {
    let sandbox = Sandbox::switched(&[("emptySection", "heading")]);
    let path = format!("/interactions/{}/documents/", sandbox.interaction());
    let body = json!({
        "context": [{ "type": "string", "data": "Hello." }], "templateKey": "corti-nursing-note",
        "template": { "sectionKeys": ["corti-soap"] }, "outputLanguage": "en",
    });
    let made = sandbox.rest("POST", &path, body);
    let sections: Vec<(&Value, &Value)> =
        made.body["sections"].as_array().unwrap().iter().map(|it| (&it["name"], &it["text"])).collect();
    let expected = json!([["Objective", "Hello."], ["Actions", "Actions:"], ["Plan", "Plan:"]]);
    assert_eq!(json!(sections), expected);
}

#[test]
fn an_error_has_the_body_that_was_asked_for() {
    let sandbox = Sandbox::start();
    let of = |form: &str, path: &str| {
        let body = json!({ "errorBody": form }).to_string();
        assert_eq!(sandbox.send("POST", "/sandbox/behaviour", &[], Some(&body)).status, 204);
        sandbox.get(path)
    };
    let general = of("general", "/interactions/seven");
    assert_eq!((general.status, general.fields()), (400, vec!["id"]));
    let agentic = of("agentic", "/interactions/seven");
    assert_eq!((agentic.status, &agentic.body["error"]["code"]), (400, &json!("VALIDATION_FAILED")));
    let expected = json!([{ "field": "id", "reason": "is not a UUID" }]);
    assert_eq!(agentic.body["error"]["details"]["validationErrors"], expected);
    let unknown = of("agentic", &format!("/interactions/{NOBODY}")).body;
    assert_eq!(unknown["error"]["code"], "NOT_FOUND");
    let none = of("none", "/interactions/seven");
    assert_eq!((none.status, none.bytes.len()), (400, 0));
    let html = of("html", "/interactions/seven");
    assert_eq!((html.status, html.header("content-type"), &html.body), (400, "text/html", &Value::Null));
}
