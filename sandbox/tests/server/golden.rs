//! The golden answers of tests/wire/live, held against the sandbox over a real connection: statuses, shapes and order.
//!
//! The words and the ids of the golden files are invented, and so are the sandbox's. What is held is the status, each key
//! of each object, the kind of each value, and that an answer has no key that no golden answer of its kind has. The
//! messages of the stream are held in `src/stream/tests/golden.rs`.

use serde_json::{Value, json};

use crate::{
    guided::{section, template},
    shapes::{fits, kind},
    support::{Answer, NOBODY, Sandbox, speech, wav},
};

fn golden(name: &str) -> Value {
    let path = format!("{}/../tests/wire/live/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A call of a golden file by its first words, and of several the one of this status.
fn call<'a>(golden: &'a Value, begins: &str, status: u64) -> &'a Value {
    let found = golden["calls"]
        .as_array()
        .unwrap()
        .iter()
        .find(|call| call["call"].as_str().unwrap().starts_with(begins) && call["status"] == status);
    found.unwrap_or_else(|| panic!("{begins} {status}"))
}

fn assert_fits(call: &Value, answer: &Answer, more: &[&str]) {
    let what = format!("{} {}", call["call"], call["what"]);
    assert_eq!(u64::from(answer.status), call["status"], "{what}: {}", answer.body);
    if let Err(wrong) = fits(&[&call["body"]], &answer.body, more) {
        panic!("{what}: {wrong}");
    }
}

#[test]
fn error_answers_are_the_golden_ones() {
    let sandbox = Sandbox::start();
    let golden = golden("error-bodies");
    let of = |what: &str| {
        let found = golden["answers"].as_array().unwrap().iter().find(|answer| answer["what"] == what);
        found.unwrap_or_else(|| panic!("{what}")).clone()
    };
    let id = sandbox.interaction();
    let facts = format!("/interactions/{id}/facts/");
    let bearer = format!("Bearer {}", sandbox.token);
    let without_tenant = sandbox.send("GET", "/v2/interactions/", &[("authorization", &bearer)], None);
    let unknown_group = json!({ "facts": [{ "text": "x", "group": "vitals" }] });
    sandbox.fault(&json!({ "requests": [
        { "path": "/languages", "status": 429, "retryAfter": 3 }, { "path": "/languages", "status": 504 },
        { "path": "/languages", "status": 502, "body": "html" },
    ] }));
    let (many, late, proxy) = (sandbox.get("/languages/"), sandbox.get("/languages/"), sandbox.get("/languages/"));
    let unauthorized = sandbox.rest_as("nobody", "GET", "/interactions/", Value::Null);
    let switch = |form: &str| {
        let body = json!({ "errorBody": form }).to_string();
        assert_eq!(sandbox.send("POST", "/sandbox/behaviour", &[], Some(&body)).status, 204);
    };
    let general = [
        ("malformed id", sandbox.get("/interactions/seven")),
        ("unknown group", sandbox.rest("POST", &facts, unknown_group)),
        ("no Tenant-Name, or no scope, or a mistyped route", without_tenant),
        ("too many", many),
        ("timeout", late),
    ];
    switch("agentic");
    sandbox.fault(&json!({ "requests": [{ "path": "/languages", "status": 500 }] }));
    let agentic = [
        ("agentic, validation", sandbox.get("/interactions/seven")),
        ("agentic, other", sandbox.get(&format!("/interactions/{NOBODY}"))),
        ("agentic, fallback", sandbox.get("/languages/")),
    ];
    for (what, answer) in general.into_iter().chain(agentic) {
        let theirs = of(what);
        assert_eq!(u64::from(answer.status), theirs["status"], "{what}");
        fits(&[&theirs["body"]], &answer.body, &[]).unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
        if let Some(wait) = theirs["headers"]["Retry-After"].as_str() {
            assert_eq!(answer.header("retry-after"), wait);
        }
    }
    assert_eq!((unauthorized.status, unauthorized.bytes.len()), (401, 0));
    assert!(unauthorized.header("www-authenticate").starts_with("Bearer error=\"invalid_token\""));
    assert_eq!(
        (u64::from(proxy.status), proxy.header("content-type")),
        (of("a proxy")["status"].as_u64().unwrap(), "text/html")
    );
}

#[test]
fn fact_groups_are_the_golden_ones_in_their_order() {
    let sandbox = Sandbox::start();
    let golden = golden("factgroups");
    let theirs = call(&golden, "GET /factgroups/", 200);
    let ours = sandbox.get("/factgroups/");
    assert_fits(theirs, &ours, &[]);
    let of = |body: &Value| -> Vec<Value> {
        let groups = body["data"].as_array().unwrap().iter();
        groups.map(|group| json!([group["key"], group["translations"][0]])).collect()
    };
    assert_eq!(of(&ours.body), of(&theirs["body"]));
}

#[test]
fn facts_over_rest_are_the_golden_ones() {
    let sandbox = Sandbox::start();
    let golden = golden("facts-create");
    let path = format!("/interactions/{}/facts/", sandbox.interaction());
    let list = "GET /interactions/4b0c7a52-6f1e-4d38-9a27-e05d3c81b6f4/facts/";
    let post = "POST /interactions/";
    assert_fits(call(&golden, list, 200), &sandbox.get(&path), &[]);
    for status in [200, 404, 400] {
        let theirs = call(&golden, post, status);
        // Which field the errors name is theirs to say.
        let ours = sandbox.rest("POST", &path, theirs["request"].clone());
        assert_fits(theirs, &ours, &[]);
    }
    // Facts with evidence are those of a stream.
    let id = path.split('/').nth(2).unwrap();
    let mut socket = sandbox.stream(id);
    socket.audio(&speech(12.0));
    socket.send(&json!({ "type": "end" }));
    socket.until("ENDED");
    let after = golden["calls"].as_array().unwrap().iter().find(|call| call["what"] == "after a stream").unwrap();
    let facts = sandbox.get(&path);
    assert_fits(after, &facts, &[]);
    let all = facts.body["facts"].as_array().unwrap();
    assert!(all.iter().any(|fact| fact["evidence"][0]["type"] == "transcript"));
    let patch = call(&golden, "PATCH", 200);
    let one = format!("{path}{}", all[0]["id"].as_str().unwrap());
    assert_fits(patch, &sandbox.rest("PATCH", &one, patch["request"].clone()), &[]);
    let unknown = call(&golden, "PATCH", 404);
    assert_fits(unknown, &sandbox.rest("PATCH", &format!("{path}{NOBODY}"), unknown["request"].clone()), &[]);
}

#[test]
fn facts_of_a_stream_are_the_golden_ones() {
    let sandbox = Sandbox::switched(&[("unknown", "true")]);
    let golden = golden("facts");
    let messages = golden["messages"].as_array().unwrap();
    let goldens: Vec<&Value> =
        messages.iter().map(|message| &message["message"]).filter(|it| it["fact"].is_array()).collect();
    let mut socket = sandbox.stream(&sandbox.interaction());
    socket.audio(&speech(12.0));
    socket.send(&json!({ "type": "end" }));
    let ours: Vec<Value> = socket.until("ENDED").into_iter().filter(|message| message["type"] == "facts").collect();
    assert!(ours.len() >= 2);
    for message in &ours {
        fits(&goldens, message, &[]).unwrap();
    }
    let facts: Vec<&Value> = ours.iter().flat_map(|message| message["fact"].as_array().unwrap()).collect();
    let again = |fact: &&&Value| facts.iter().filter(|other| other["id"] == fact["id"]).count() > 1;
    assert!(facts.iter().filter(again).any(|fact| fact["isDiscarded"] == true), "one is taken back");
    assert!(
        facts.iter().filter(again).any(|fact| fact["isDiscarded"] == false && fact["updatedAt"].is_string()),
        "one comes again"
    );
}

#[test]
fn interactions_are_the_golden_ones() {
    let sandbox = Sandbox::start();
    let golden = golden("interactions");
    let create = call(&golden, "POST", 200);
    assert_fits(create, &sandbox.rest("POST", "/interactions/", create["request"].clone()), &[]);
    let list = call(&golden, "GET /interactions/", 200);
    let theirs = list["body"]["interactions"].as_array().unwrap();
    // What was told of each: the rest is what the service makes of it.
    let told = |entry: &Value| {
        let (encounter, patient) = (&entry["encounter"], &entry["patient"]);
        let mut body = json!({ "encounter": {
            "identifier": encounter["identifier"], "status": encounter["status"], "type": encounter["type"],
            "title": encounter["title"],
        } });
        if encounter["period"]["startedAt"] != "0001-01-01T00:00:00Z" {
            body["encounter"]["period"] = encounter["period"].clone();
        }
        if patient["identifier"] != "-" {
            body["patient"] = json!({ "identifier": patient["identifier"], "gender": patient["gender"] });
            for key in ["name", "pronouns"] {
                if patient[key] != "" {
                    body["patient"][key] = patient[key].clone();
                }
            }
            if patient["birthDate"] != "0001-01-01T00:00:00Z" {
                body["patient"]["birthDate"] = json!(&patient["birthDate"].as_str().unwrap()[..10]);
            }
        }
        body
    };
    let sandbox = Sandbox::start();
    for entry in theirs.iter().rev() {
        assert_eq!(sandbox.rest("POST", "/interactions/", told(entry)).status, 200);
    }
    let ours = sandbox.get("/interactions/");
    let kinds: Vec<&Value> = theirs.iter().collect();
    for (theirs, ours) in theirs.iter().zip(ours.body["interactions"].as_array().unwrap()) {
        fits(&kinds, ours, &[]).unwrap();
        assert_eq!((&ours["encounter"], &ours["patient"]), (&theirs["encounter"], &theirs["patient"]));
        let digits = ours["createdAt"].as_str().unwrap().split('.').nth(1).map_or(0, |fraction| fraction.len() - 1);
        assert!(digits <= 9, "{}", ours["createdAt"]);
    }
    assert_fits(call(&golden, "GET /interactions/?index=9", 200), &sandbox.get("/interactions/?index=9"), &[]);
}

#[test]
fn languages_are_the_golden_ones() {
    let sandbox = Sandbox::start();
    let golden = golden("languages");
    for theirs in golden["calls"].as_array().unwrap() {
        let path = theirs["call"].as_str().unwrap().trim_start_matches("GET ");
        let ours = sandbox.get(path);
        assert_eq!(u64::from(ours.status), theirs["status"]);
        if theirs["status"] != 200 {
            fits(&[&theirs["body"]], &ours.body, &[".validationErrors"]).unwrap();
            continue;
        }
        // Languages are keys: of each golden one the value has the same shape here.
        for (code, value) in theirs["body"]["languages"].as_object().unwrap() {
            if let Some(mine) = ours.body["languages"].get(code) {
                fits(&[value], mine, &[]).unwrap();
            }
        }
        assert_eq!(kind(&ours.body["languages"]), "object");
    }
}

#[test]
fn classic_templates_are_the_golden_ones_with_their_languages() {
    let sandbox = Sandbox::start();
    let golden = golden("templates-classic");
    let ours = sandbox.get("/templates/").body;
    let languages: Value = ours["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|template| {
            let of = template["translations"].as_array().unwrap().iter().map(|it| it["languageId"].clone());
            (template["key"].as_str().unwrap().to_owned(), of.collect::<Value>())
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    assert_eq!(languages, golden["languages"]);
    let theirs = call(&golden, "GET /templates/", 200)["body"]["data"].as_array().unwrap();
    let kinds: Vec<&Value> = theirs.iter().collect();
    let more = [
        ".templateSections[].section.alternateName",
        ".templateSections[].section.defaultFormatRule",
        ".templateSections[].section.additionalInstructions",
        ".templateSections[].section.content",
        ".templateSections[].section.documentationMode",
        ".templateSections[].section.translations[].description",
    ];
    for template in ours["data"].as_array().unwrap() {
        fits(&kinds, template, &more).unwrap();
    }
    let keys = |template: &Value| -> Vec<Value> {
        template["templateSections"].as_array().unwrap().iter().map(|it| it["section"]["key"].clone()).collect()
    };
    assert_eq!(keys(&sandbox.get("/templates/corti-nursing-note").body), keys(&theirs[0]));
    assert_fits(call(&golden, "GET /templates/corti-nowhere", 500), &sandbox.get("/templates/corti-nowhere"), &[]);
}

#[test]
fn classic_documents_are_the_golden_ones() {
    let golden = golden("documents-classic");
    let all = golden["calls"].as_array().unwrap();
    let filled =
        all.iter().find(|call| call["call"].as_str().unwrap().starts_with("GET") && call["what"].is_null()).unwrap();
    for (index, theirs) in all.iter().enumerate().filter(|(_, call)| call["call"].as_str().unwrap().starts_with("POST"))
    {
        let heading = theirs["what"] == "an empty section is its bare heading";
        let sandbox = Sandbox::switched(&[("emptySection", if heading { "heading" } else { "empty" })]);
        let path = format!("/interactions/{}/documents/", sandbox.interaction());
        if index == 0 {
            let none = all.iter().find(|call| call["what"] == "none").unwrap();
            assert_fits(none, &sandbox.get(&path), &[]);
        }
        let ours = sandbox.rest("POST", &path, theirs["request"].clone());
        assert_fits(theirs, &ours, &[]);
        if index == 0 {
            let names = |body: &Value| -> Vec<Value> {
                body["sections"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|it| json!([it["key"], it["name"], it["sort"]]))
                    .collect()
            };
            assert_eq!(names(&ours.body), names(&theirs["body"]));
            assert_fits(filled, &sandbox.get(&path), &[]);
        }
        if heading {
            assert_eq!(ours.body["sections"][3]["text"], "Plan:");
        }
    }
}

#[test]
fn guided_templates_are_the_golden_ones() {
    let sandbox = Sandbox::start();
    let golden = golden("templates-guided");
    let list = call(&golden, "GET /documents/templates/", 200);
    let visit = template(&sandbox, "SOAP", "en");
    let sections = json!([{ "sectionId": section(&sandbox, "Plan") }]);
    let new = json!({
        "name": "Knee clinic", "inheritFromId": visit, "languages": ["en-GB"], "regions": ["GBR"],
        "specialties": ["orthopedics"], "labels": [{ "key": "team", "value": "knees" }], "publish": false,
        "generation": { "sections": sections },
    });
    let own = sandbox.rest("POST", "/documents/templates/", new).body;
    let ours = sandbox.get("/documents/templates/");
    let theirs: Vec<&Value> = list["body"].as_array().unwrap().iter().collect();
    for entry in ours.body.as_array().unwrap() {
        fits(&theirs, entry, &[]).unwrap();
    }
    assert_fits(
        call(&golden, "GET /documents/templates/?lang=fi", 200),
        &sandbox.get("/documents/templates/?lang=fi"),
        &[],
    );
    let published = call(&golden, "GET /documents/templates/ab10c4d2-7e35-4f86-9b01-d2c3e4f5a601", 200);
    // A section's origin is nobody's golden to say.
    let more = [
        ".publishedVersion.generation.sections[].inheritedFromId",
        ".publishedVersion.generation.sections[].autoGenerated",
        ".publishedVersion.generation.sections[].description",
    ];
    assert_fits(published, &sandbox.get(&format!("/documents/templates/{visit}")), &more);
    let of = |id: &str| format!("/documents/templates/{id}");
    let unpublished = sandbox.get(&of(own["id"].as_str().unwrap()));
    fits(&theirs, &unpublished.body, &[]).unwrap();
    assert_eq!((unpublished.status, unpublished.body.get("publishedVersion")), (200, None));
    let conflict = call(&golden, "DELETE", 409);
    assert_fits(conflict, &sandbox.rest("DELETE", &of(&visit), Value::Null), &[]);
    let unknown = call(&golden, "GET /documents/templates/00000000", 404);
    assert_fits(unknown, &sandbox.get(&of("00000000-0000-4000-8000-000000000000")), &[]);
}

#[test]
fn guided_documents_are_the_golden_ones() {
    let golden = golden("documents-guided");
    let all = golden["calls"].as_array().unwrap();
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let facts = json!({ "facts": [
        { "text": "Swelling of the left knee.", "group": "chief-complaint" },
        { "text": "Left knee warm.", "group": "abnormal-physical-findings" },
    ] });
    sandbox.rest("POST", &format!("/interactions/{id}/facts/"), facts);
    let labelled = |name: &str, labels: Value| {
        let new = json!({ "name": name, "inheritFromId": section(&sandbox, name), "labels": labels });
        json!({ "sectionId": sandbox.rest("POST", "/documents/sections/", new).body["id"] })
    };
    let sections = [
        labelled("Chief Complaint", json!([])),
        labelled("Findings", json!([{ "key": "part", "value": "exam" }])),
        labelled("Plan", json!([])),
    ];
    let make = |publish: bool| {
        let new = json!({ "name": "Visit note", "generation": { "sections": sections }, "publish": publish });
        sandbox.rest("POST", "/documents/templates/", new).body["id"].clone()
    };
    let (good, bare) = (make(true), make(false));
    let request = |theirs: &Value| {
        let text = theirs["request"].to_string();
        let mut text = text.replace("4b0c7a52-6f1e-4d38-9a27-e05d3c81b6f4", &id);
        for (theirs, ours) in
            [("ab10c4d2-7e35-4f86-9b01-d2c3e4f5a601", &good), ("ab10c4d2-7e35-4f86-9b01-d2c3e4f5a603", &bare)]
        {
            text = text.replace(theirs, ours.as_str().unwrap());
        }
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let mut saved = Value::Null;
    for theirs in all.iter().filter(|call| call["call"] == "POST /documents/") {
        let policy = theirs["headers"]["X-Corti-Retention-Policy"].as_str().unwrap_or("retain");
        let empty = json!({ "emptyGuidedSection": policy == "none" }).to_string();
        sandbox.send("POST", "/sandbox/behaviour", &[], Some(&empty));
        let headers =
            [("tenant-name", "base"), ("content-type", "application/json"), ("x-corti-retention-policy", policy)];
        let ours = sandbox.rest_with(&sandbox.token, "POST", "/documents/", &headers, request(theirs));
        assert_fits(theirs, &ours, &[]);
        if theirs["status"] == 201 {
            assert_eq!(ours.body["document"]["stringDocument"].as_object().unwrap().len(), 2, "the third is empty");
            saved = ours.body["document"].clone();
        }
        if theirs["status"] == 200 {
            assert_eq!(ours.body["document"]["stringDocument"].as_object().unwrap().len(), 3);
        }
    }
    let list = call(&golden, "GET /documents/?interactionId", 200);
    assert_fits(list, &sandbox.get(&format!("/documents/?interactionId={id}")), &[]);
    assert_fits(call(&golden, "GET /documents/?label", 200), &sandbox.get("/documents/?label=clinic:nowhere"), &[]);
    let patch = call(&golden, "PATCH", 200);
    let plan = saved["sections"][2]["sectionId"].as_str().unwrap();
    let path = format!("/documents/{}", saved["id"].as_str().unwrap());
    let ours = sandbox.rest("PATCH", &path, json!({ "stringDocument": { plan: "Rest, a scan, back in two weeks." } }));
    assert_fits(patch, &ours, &[]);
}

#[test]
fn recordings_and_transcripts_are_the_golden_ones() {
    let golden = golden("transcripts");
    let all = golden["calls"].as_array().unwrap();
    let sandbox = Sandbox::start();
    let id = sandbox.interaction();
    let (recordings, transcripts) =
        (format!("/interactions/{id}/recordings/"), format!("/interactions/{id}/transcripts/"));
    let recording = sandbox.upload(&id, &wav(&speech(20.0)));
    let of = |what: &str| all.iter().find(|call| call["what"] == what).unwrap();
    assert_fits(&all[1], &sandbox.get(&recordings), &[]);
    assert_fits(&all[2], &sandbox.rest("DELETE", &format!("{recordings}{NOBODY}"), Value::Null), &[]);
    assert_fits(of("none"), &sandbox.get(&transcripts), &[]);
    let mut made = Value::Null;
    for theirs in all
        .iter()
        .filter(|call| call["call"].as_str().unwrap().ends_with("/transcripts/") && !call["request"].is_null())
    {
        let processing = theirs["what"] == "longer than 25 s of work";
        let body = json!({ "transcripts": if processing { "processing" } else { "completed" } }).to_string();
        sandbox.send("POST", "/sandbox/behaviour", &[], Some(&body));
        let mut request = theirs["request"].clone();
        request["recordingId"] = json!(recording);
        let ours = sandbox.rest("POST", &transcripts, request);
        assert_fits(theirs, &ours, &[]);
        assert_eq!(ours.body["status"], theirs["body"]["status"], "the transcript's, or the error's");
        assert_eq!(ours.header("location").is_empty(), theirs["headers"]["Location"].is_null());
        if made.is_null() {
            made = ours.body;
        }
    }
    let times = made["transcripts"].as_array().unwrap().iter().flat_map(|it| [&it["start"], &it["end"]]);
    assert!(times.into_iter().all(Value::is_u64), "whole milliseconds");
    assert!(made["transcripts"].as_array().unwrap().iter().all(|it| it["participant"] == it["speakerId"]));
    let one = format!("{transcripts}{}", made["id"].as_str().unwrap());
    let status = all.iter().find(|call| call["call"].as_str().unwrap().ends_with("/status")).unwrap();
    assert_fits(status, &sandbox.get(&format!("{one}/status")), &[]);
    sandbox.send("POST", "/sandbox/behaviour", &[], Some(r#"{"transcripts":"failed"}"#));
    let body = json!({ "recordingId": recording, "primaryLanguage": "en" });
    let failed = sandbox.rest("POST", &transcripts, body).body["id"].take();
    assert_fits(of("it failed"), &sandbox.get(&format!("{transcripts}{}", failed.as_str().unwrap())), &[]);
    let lists = all
        .iter()
        .filter(|call| call["call"].as_str().unwrap().starts_with("GET") && call["body"]["transcripts"].is_array());
    for theirs in
        lists.filter(|call| call["call"].as_str().unwrap().contains("/transcripts/") && call["what"].is_null())
    {
        let query =
            theirs["call"].as_str().unwrap().split_once('?').map_or(String::new(), |(_, query)| format!("?{query}"));
        // The transcript of two channels has roles.
        let more = [".transcripts[].transcript.metadata.participantsRoles"];
        assert_fits(theirs, &sandbox.get(&format!("{transcripts}{query}")), &more);
    }
}
