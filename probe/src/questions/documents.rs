//! (m) guided documents: empty sections, what is refused, and the contexts that may be given.

use serde_json::{Value, json};

use crate::{
    finding::Finding,
    questions::read_answer,
    step::{Call, Step},
    trail::{Trail, keys, shape},
};

/// An id that nothing has.
const NOBODY: &str = "22222222-2222-4222-8222-222222222222";

/// What is asked for: a name, and the body that is sent.
fn asked() -> Vec<(&'static str, Value)> {
    let text = json!([{ "type": "text", "text": "Twisted the left knee three weeks ago. Takes metformin." }]);
    let facts =
        json!([{ "type": "facts", "facts": [{ "text": "Twisted the left knee.", "group": "chief-complaint" }] }]);
    let transcript = json!([{ "type": "transcript", "transcript": { "transcripts": [
        { "text": "I twisted my left knee three weeks ago.", "start": 0, "end": 3200, "channel": 0, "participant": 0, "speakerId": 0 },
    ] } }]);
    let by_id = json!({ "templateId": "{template}" });
    let of = |context: &Value| json!({ "templateRef": by_id, "outputLanguage": "en", "context": context });
    let with = |mut body: Value, key: &str, value: Value| {
        body[key] = value;
        body
    };
    let without = |mut body: Value, key: &str| {
        if let Value::Object(fields) = &mut body {
            fields.remove(key);
        }
        body
    };
    let section = |heading: &str, prompt: &str| json!({ "heading": heading, "instructions": { "contentPrompt": prompt }, "outputSchema": { "type": "string" } });
    let dynamic = json!({ "name": "A note of two sections", "generation": {
        "instructions": { "prompt": "Write what the text says, and nothing else." },
        "sections": [section("Complaint", "Why the patient came."), section("Family history", "Illnesses in the family; nothing where none is named.")],
    } });
    let overridden = json!({ "templateId": "{template}", "overrides": { "sections": [{ "sectionId": NOBODY, "heading": "Other" }] } });
    vec![
        ("a text", of(&text)),
        ("facts", of(&facts)),
        ("a transcript", of(&transcript)),
        ("no outputLanguage", without(of(&text), "outputLanguage")),
        ("both context and interactionId", with(of(&text), "interactionId", json!("{visit}"))),
        ("neither context nor interactionId", without(of(&text), "context")),
        ("an interaction without anything", with(without(of(&text), "context"), "interactionId", json!("{visit}"))),
        ("no template", without(of(&text), "templateRef")),
        ("an unknown template", with(of(&text), "templateRef", json!({ "templateId": NOBODY }))),
        ("an override of no section", with(of(&text), "templateRef", overridden)),
        (
            "an unknown section",
            with(
                without(of(&text), "templateRef"),
                "assemblyTemplate",
                json!({ "name": "A note", "sectionRefs": [{ "sectionId": NOBODY }] }),
            ),
        ),
        ("a template in the request", with(without(of(&text), "templateRef"), "dynamicTemplate", dynamic)),
    ]
}

pub(super) fn steps() -> Vec<Step> {
    let mut steps = vec![
        Call::get("templates", "/documents/templates/?source=corti&lang=en").keep("template", "/0/id").step(),
        Call::get("a template", "/documents/templates/{template}").step(),
        Call::get("sections", "/documents/sections/?source=corti&lang=en").step(),
        Step::Interaction("visit"),
    ];
    // Nothing of these is to be kept, so that nothing has to be deleted.
    steps.extend(asked().into_iter().map(|(label, body)| Call::post(label, "/documents/", body).unretained().step()));
    let fact = json!({ "facts": [{ "text": "Twisted the left knee.", "group": "chief-complaint" }] });
    let kept =
        json!({ "templateRef": { "templateId": "{template}" }, "outputLanguage": "en", "interactionId": "{visit}" });
    steps.extend([
        Call::post("a fact", "/interactions/{visit}/facts/", fact).step(),
        Call::post("a document that is kept", "/documents/", kept)
            .keep("document", "/document/id")
            .litter("/documents/{document}")
            .step(),
        Call::get("read it", "/documents/{document}").step(),
        Call::get("list those of the interaction", "/documents/?interactionId={visit}").step(),
    ]);
    steps
}

pub(super) fn read(trail: &Trail, finding: &mut Finding) {
    let body = |label: &str| trail.answer(label).map_or(Value::Null, |(_, _, body)| body.clone());
    for label in
        ["templates", "a template", "sections", "a document that is kept", "read it", "list those of the interaction"]
    {
        read_answer(trail, finding, label);
    }
    finding.is("templates are", shape(&body("templates")));
    finding.is("keys of a template in the list", keys(&body("templates")[0]));
    finding.is("keys of its version", keys(&body("a template")["publishedVersion"]));
    finding.is("documents of an interaction are", shape(&body("list those of the interaction")));
    for (label, _) in asked().into_iter().chain([("a document that is kept", Value::Null)]) {
        read_answer(trail, finding, label);
        let document = &body(label)["document"];
        if document.is_object() {
            finding.is(format!("{label}: keys of the document"), keys(document));
            finding.is(format!("{label}: an empty section is"), empty(document));
            finding.is(format!("{label}: keys of a section"), keys(&document["sections"][0]));
        }
    }
}

/// How a section without words is told: those that `sections` lists and `stringDocument` has not, or has empty.
fn empty(document: &Value) -> Vec<&'static str> {
    let mut forms = Vec::new();
    for section in document["sections"].as_array().into_iter().flatten() {
        let id = section["sectionId"].as_str().unwrap_or_default();
        let form = match document["stringDocument"].get(id) {
            None => "missing",
            Some(Value::Null) => "null",
            Some(Value::String(text)) if text.is_empty() => "an empty text",
            Some(Value::String(text)) if section["heading"] == *text => "its heading",
            Some(_) => continue,
        };
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms.sort_unstable();
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_empty_section_is_told() {
        let section = |id: &str| json!({ "sectionId": id, "heading": "Plan" });
        let document = json!({
            "sections": [section("a"), section("b"), section("c"), section("d"), section("e")],
            "stringDocument": { "a": "Words.", "b": "", "c": null, "d": "Plan" },
        });
        assert_eq!(empty(&document), ["an empty text", "its heading", "missing", "null"]);
        assert_eq!(empty(&json!({ "sections": [section("a")], "stringDocument": { "a": "Words." } })), [""; 0]);
        assert_eq!(empty(&Value::Null), [""; 0]);
    }
}
