//! Tests of a visit's documents, with the golden answers of the live service.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::rest::calls;

const ID: &str = "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10";
const TEMPLATE: &str = "ab10c4d2-7e35-4f86-9b01-d2c3e4f5a601";

fn kept() -> Vec<Value> {
    vec![
        json!({ "id": "1", "text": "Allergic to penicillin", "group": "allergies", "source": "user", "isPending": false }),
        json!({ "id": "2", "text": "Smokes", "group": "social-history" }),
    ]
}

fn segments() -> Vec<Value> {
    let segment = |text: &str, is_final: bool| {
        json!({ "id": "1", "transcript": text, "final": is_final, "speakerId": 1, "speaker": 3,
                "participant": { "channel": 0 }, "time": { "start": 1.5, "end": 2.0625 } })
    };
    vec![segment("Good morning.", true), segment("I take", false), segment("Please sit down.", true)]
}

/// What is asked for a request, which the REST API takes as it is.
fn asked(given: Value) -> Result<Asked, Error> {
    let asked = request(ID, &given, &kept(), &segments(), &Value::Null)?;
    calls::call(asked.method, &mut asked.arguments.clone())?;
    Ok(asked)
}

fn guided(from: Value) -> Value {
    json!({ "templateId": TEMPLATE, "outputLanguage": "en", "labels": [], "new": 1, "from": from })
}

fn classic(from: Value) -> Value {
    json!({ "templateKey": "corti-soap", "outputLanguage": "en", "name": "Note", "new": 1, "from": from })
}

#[test]
fn a_guided_document_is_made_from_kept_facts_that_are_given_as_context() {
    let context = json!([{ "type": "facts", "facts": [
        { "text": "Allergic to penicillin", "group": "allergies" }, { "text": "Smokes", "group": "social-history" },
    ] }]);
    for from in [json!("facts"), Value::Null] {
        let asked = asked(guided(from)).unwrap();
        let body = json!({ "templateRef": { "templateId": TEMPLATE }, "outputLanguage": "en", "labels": [], "new": 1,
            "context": context });
        assert_eq!((asked.method, asked.arguments, asked.headers), ("documents.generate", vec![body], vec![]));
    }
}

#[test]
fn all_that_a_template_is_asked_for_by_goes_to_its_reference_and_the_service_s_own_forms_pass() {
    let version = "5f6a7b8c-9d0e-4f1a-8b2c-3d4e5f6a7b80";
    let given = json!({ "templateId": TEMPLATE, "templateVersionId": version, "overrides": { "a": 1 }, "outputLanguage": "en" });
    let reference = json!({ "templateId": TEMPLATE, "templateVersionId": version, "overrides": { "a": 1 } });
    assert_eq!(asked(given).unwrap().arguments[0]["templateRef"], reference);
    for (form, value) in [
        ("templateRef", json!({ "templateId": TEMPLATE })),
        ("assemblyTemplate", json!({ "name": "Plan", "sectionRefs": [{ "sectionId": TEMPLATE }] })),
    ] {
        let asked = asked(json!({ form: value, "outputLanguage": "en" })).unwrap();
        assert_eq!((asked.method, &asked.arguments[0][form]), ("documents.generate", &value));
    }
}

#[test]
fn what_was_said_is_told_in_milliseconds_with_the_visit_s_speakers() {
    let data = |text: &str| json!({ "text": text, "speakerId": 3, "channel": 0, "start": 1500, "end": 2063 });
    let said = ["Good morning.", "Please sit down."].map(data);
    let context = json!([{ "type": "transcript", "transcript": { "transcripts": said } }]);
    assert_eq!(asked(guided("transcript".into())).unwrap().arguments[0]["context"], context);
    let contexts = said.map(|data| json!({ "type": "transcript", "data": data }));
    assert_eq!(asked(classic("transcript".into())).unwrap().arguments[1]["context"], json!(contexts));
}

#[test]
fn a_text_is_used_as_it_is_and_the_interaction_stands_for_itself() {
    let text = json!({ "text": "Came alone." });
    let context = &asked(guided(text.clone())).unwrap().arguments[0]["context"];
    assert_eq!(*context, json!([{ "type": "text", "text": "Came alone." }]));
    let context = &asked(classic(text)).unwrap().arguments[1]["context"];
    assert_eq!(*context, json!([{ "type": "string", "data": "Came alone." }]));
    let body = &asked(guided("interaction".into())).unwrap().arguments[0];
    assert_eq!((&body["interactionId"], body.get("context")), (&json!(ID), None));
}

#[test]
fn a_classic_document_is_asked_for_by_its_key_and_other_keys_pass() {
    let asked = asked(classic(Value::Null)).unwrap();
    let context = json!([{ "type": "facts", "data": [
        { "text": "Allergic to penicillin", "group": "allergies", "source": "user" },
        { "text": "Smokes", "group": "social-history" },
    ] }]);
    let body =
        json!({ "templateKey": "corti-soap", "outputLanguage": "en", "name": "Note", "new": 1, "context": context });
    assert_eq!((asked.method, asked.arguments), ("documents.classic.create", vec![ID.into(), body]));
}

#[test]
fn where_the_stream_is_not_stored_its_document_is_not_either() {
    for (policy, headers) in [("none", vec![("X-Corti-Retention-Policy", "none")]), ("retain", vec![])] {
        for given in [guided(Value::Null), classic(Value::Null)] {
            let asked = request(ID, &given, &kept(), &[], &json!({ "retentionPolicy": policy })).unwrap();
            assert_eq!(asked.headers, headers);
        }
    }
}

#[test]
fn nothing_to_make_a_document_from_is_refused_with_a_sentence() {
    for (given, part) in [
        (guided("facts".into()), "no fact is kept"),
        (classic("facts".into()), "no fact is kept"),
        (guided("transcript".into()), "nothing has been said"),
        (classic(json!({ "text": " " })), "from must be"),
        (classic("interaction".into()), "from must be"),
        (guided("memory".into()), "from must be"),
        (guided(7.into()), "from must be"),
        (json!({ "context": [], "templateKey": "corti-soap" }), "context is made by the visit"),
        (json!({ "interactionId": ID, "templateId": TEMPLATE }), "interactionId is made by the visit"),
        (json!({ "outputLanguage": "en" }), "templateId is missing"),
        (json!({ "templateId": "corti-soap" }), "templateId must be a UUID"),
        (json!({ "templateId": TEMPLATE, "templateKey": "x" }), "templateId, templateKey: only one"),
        (json!({ "templateId": TEMPLATE, "templateRef": {} }), "templateId, templateRef: only one"),
        (Value::Null, "a document needs"),
    ] {
        let error = request(ID, &given, &[], &[], &Value::Null).err();
        let message = error.map(|error| error.message.clone()).unwrap_or_default();
        assert!(message.contains(part), "{message:?} says: {part}");
    }
}

/// The answers of a golden file that are documents, each with the method that brought it.
fn golden(text: &str) -> Vec<(&'static str, Value)> {
    let file: Value = serde_json::from_str(text).unwrap();
    let mut documents = Vec::new();
    for call in file["calls"].as_array().unwrap() {
        let is_classic = call["call"].as_str().unwrap().contains("/interactions/");
        let body = &call["body"];
        let all = body.as_array().or(body["data"].as_array()).map_or(std::slice::from_ref(body), Vec::as_slice);
        let method = if is_classic { "documents.classic.get" } else { "documents.get" };
        documents.extend(all.iter().filter(|one| one["detail"].is_null()).map(|one| (method, one.clone())));
    }
    documents
}

fn brief(document: &Value) -> Vec<(String, String)> {
    let text = |section: &Value, key: &str| section[key].as_str().unwrap().to_owned();
    let sections = document["sections"].as_array().unwrap().iter();
    sections.map(|section| (text(section, "heading"), text(section, "text"))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(heading, text)| ((*heading).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_guided_document_is_read_in_the_order_of_its_sections_empty_ones_too() {
    let all = golden(include_str!("../../tests/wire/live/documents-guided.json"));
    let reason = "Swelling of the left knee for three to four weeks.";
    let findings = "Left knee warm, swollen, tender on the inner side.";
    let read: Vec<Value> = all.iter().map(|(method, answer)| read(method, answer)).collect();
    let empty = pairs(&[("Reason for visit", reason), ("Findings", findings), ("Next steps", "")]);
    // Saved, not saved, listed; then one of before there were headings; then one that was corrected.
    for document in &read[..3] {
        assert_eq!(
            (&document["kind"], &document["title"], &document["outputLanguage"]),
            (&json!("guided"), &json!("Visit note"), &json!("en"))
        );
        assert_eq!(brief(document), empty);
    }
    assert_eq!(read[0]["usageInfo"]["creditsConsumed"], 0.005390000000000001);
    assert_eq!((&read[0]["source"], &read[0]["id"]), (&all[0].1["document"], &all[0].1["document"]["id"]));
    assert_eq!(read[1].get("id"), None, "it was not stored");
    let mut old = brief(&read[3]);
    old.sort();
    assert_eq!(old, pairs(&[("", findings), ("", reason)]), "no text is lost for want of a heading");
    assert_eq!(brief(&read[4])[2], ("Next steps".to_owned(), "Rest, a scan, back in two weeks.".to_owned()));
    assert_eq!(read[4]["sections"][2]["key"], "e10d9c8b-7a69-4584-b3f2-e1d0c9b8a703");
}

#[test]
fn a_classic_document_is_read_alike_and_a_bare_heading_is_no_text() {
    let all = golden(include_str!("../../tests/wire/live/documents-classic.json"));
    let read: Vec<Value> = all.iter().map(|(method, answer)| read(method, answer)).collect();
    let nursing = [
        ("Objective", "Pulse 92, regular.\nLeft knee warm and swollen."),
        ("Actions", "Cold pack applied."),
        ("Plan", ""),
    ];
    let soap = [("Subjective", "Greets the clinician."), ("Objective", ""), ("Assessment", ""), ("Plan", "")];
    for (document, title, sections) in [
        (&read[0], "Nursing note", &nursing[..]),
        (&read[1], "SOAP", &soap[..]),
        (&read[2], "Nursing note", &nursing[..]),
    ] {
        assert_eq!((&document["kind"], &document["title"]), (&json!("classic"), &json!(title)));
        assert_eq!(brief(document), pairs(sections));
    }
    assert_eq!((&read[1]["sections"][1]["key"], &read[1]["source"]), (&json!("corti-objective"), &all[1].1));
}

#[test]
fn what_an_answer_lacks_is_empty_and_what_is_no_text_is_told_as_it_is() {
    assert_eq!(read("documents.get", &Value::Null)["sections"], json!([]));
    assert_eq!(read("documents.classic.get", &json!({ "sections": null, "name": 7 }))["title"], "");
    let odd = json!({ "stringDocument": { "a": ["x"], "b": null }, "sections": [{ "sectionId": "a" }, {}, 7, { "sectionId": "b", "heading": null }] });
    let sections = json!([{ "key": "a", "heading": "", "text": "[\"x\"]" }, { "key": "b", "heading": "", "text": "" }]);
    assert_eq!(read("documents.get", &odd)["sections"], sections);
}

/// What is asked to save a document that was changed.
fn saved(
    method: &str, answer: &Value, change: impl FnOnce(&mut Value),
) -> Result<Option<(&'static str, Vec<Value>)>, String> {
    let mut document = read(method, answer);
    change(&mut document);
    let asked = save(ID, &document).map_err(|error| error.message.clone())?;
    if let Some(asked) = &asked {
        calls::call(asked.method, &mut asked.arguments.clone()).map_err(|error| error.message.clone())?;
    }
    Ok(asked.map(|asked| (asked.method, asked.arguments)))
}

#[test]
fn a_corrected_guided_document_is_saved_with_all_of_its_texts() {
    let (method, answer) = golden(include_str!("../../tests/wire/live/documents-guided.json")).remove(0);
    let source = &answer["document"];
    let (_, arguments) = saved(method, &answer, |document| {
        document["sections"][2]["text"] = "Rest.".into();
        document["title"] = "Knee".into();
    })
    .unwrap()
    .unwrap();
    let mut texts = source["stringDocument"].clone();
    texts["e10d9c8b-7a69-4584-b3f2-e1d0c9b8a703"] = "Rest.".into();
    assert_eq!(arguments, [source["id"].clone(), json!({ "name": "Knee", "stringDocument": texts })]);
    assert_eq!(saved(method, &answer, |_| {}), Ok(None), "nothing was changed");
    for (change, told) in [
        (json!([{ "key": "x", "heading": "", "text": "" }]), "sections[0].key is none of the document's"),
        (
            json!([{ "key": "e10d9c8b-7a69-4584-b3f2-e1d0c9b8a701", "heading": "Why", "text": "" }]),
            "sections[0].heading is the template's and cannot be saved",
        ),
        (
            json!([{ "key": "e10d9c8b-7a69-4584-b3f2-e1d0c9b8a701", "heading": "Reason for visit", "text": 7 }]),
            "sections[0].text must be a text",
        ),
        (json!("x"), "sections must be a list"),
    ] {
        assert_eq!(saved(method, &answer, |document| document["sections"] = change), Err(told.to_owned()));
    }
}

#[test]
fn a_corrected_classic_document_is_saved_by_the_keys_of_what_changed() {
    let (method, answer) = golden(include_str!("../../tests/wire/live/documents-classic.json")).remove(1);
    let saved = saved(method, &answer, |document| {
        document["sections"][3]["text"] = "Rest.".into();
        document["sections"][0]["heading"] = "Story".into();
        document["sections"].as_array_mut().unwrap().remove(1);
    });
    let sections = json!([{ "key": "corti-subjective", "name": "Story" }, { "key": "corti-plan", "text": "Rest." }]);
    let arguments = vec![ID.into(), answer["id"].clone(), json!({ "sections": sections })];
    assert_eq!(saved, Ok(Some(("documents.classic.update", arguments))));
}

#[test]
fn what_was_not_stored_or_is_no_document_is_not_saved() {
    let (method, answer) = golden(include_str!("../../tests/wire/live/documents-guided.json")).remove(1);
    let message = saved(method, &answer, |document| document["title"] = "x".into()).unwrap_err();
    assert!(message.contains("has not stored"), "{message}");
    for document in [Value::Null, json!({}), json!({ "kind": "guided" }), json!({ "kind": "other", "source": {} })] {
        assert!(save(ID, &document).is_err());
    }
}
