//! (i) the list of languages, (j) each error and each status of what is made.

use serde_json::{Value, json};

use crate::{
    finding::Finding,
    questions::read_answer,
    step::{Call, Step, Who, encounter, open},
    trail::{Trail, keys, shape},
};

/// An id that nothing has.
const NOBODY: &str = "11111111-1111-4111-8111-111111111111";
/// The endpoints that languages are listed for, and one that is none.
const ENDPOINTS: [(&str, &str); 5] = [
    ("streams", "/languages/?endpoint=streams"),
    ("transcribe", "/languages/?endpoint=transcribe"),
    ("transcripts", "/languages/?endpoint=transcripts"),
    ("of all", "/languages/"),
    ("of none", "/languages/?endpoint=nowhere"),
];

pub(super) fn language_steps() -> Vec<Step> {
    ENDPOINTS.map(|(label, path)| Call::get(label, path).step()).into()
}

pub(super) fn read_languages(trail: &Trail, finding: &mut Finding) {
    for (label, _) in ENDPOINTS {
        read_answer(trail, finding, label);
        let Some((_, _, body)) = trail.answer(label) else { continue };
        let languages = &body["languages"];
        finding.is(format!("{label}: languages is"), shape(languages));
        let first = languages.as_object().and_then(|fields| fields.iter().next());
        if let Some((key, value)) = first {
            finding.is(format!("{label}: each is"), shape(value));
            finding.is(format!("{label}: keys of each"), keys(value));
            finding.note(format!("{label}: the first"), json!({ key: value }));
        }
        let count = languages.as_object().map(serde_json::Map::len).or(languages.as_array().map(Vec::len));
        finding.note(format!("{label}: how many"), count);
    }
}

pub(super) fn steps() -> Vec<Step> {
    let visit = "/interactions/{visit}";
    let facts = "/interactions/{visit}/facts/";
    let fact = |group: &str| json!({ "facts": [{ "text": "A fact.", "group": group }] });
    let mut bad_status = encounter();
    bad_status["encounter"]["status"] = "asleep".into();
    vec![
        Step::Interaction("visit"),
        Call::get("read an interaction", visit).step(),
        Call::get("a malformed id", "/interactions/not-an-id").step(),
        Call::get("an unknown id", format!("/interactions/{NOBODY}")).step(),
        Call::get("no Tenant-Name", visit).tenant("").step(),
        Call::get("a tenant that is none", visit).tenant("no-such-tenant").step(),
        Call::get("no token", visit).by(Who::Nobody).step(),
        Call::get("a token that nobody issued", visit).by(Who::Stranger).step(),
        Call::get("a route that is none", "/no-such-route").step(),
        Call::get("a method that is none", visit).method("PUT").step(),
        Call::post("an empty interaction", "/interactions/", json!({})).step(),
        Call::post("a status that is none", "/interactions/", bad_status).step(),
        Call::post("a body of the wrong type", facts, json!({ "facts": "none" })).step(),
        Call::post("no facts", facts, json!({ "facts": [] })).step(),
        Call::post("an unknown group", facts, fact("no-such-group")).step(),
        Call::post("a fact", facts, fact("other")).step(),
        Call::post(
            "facts out of a text",
            "/tools/extract-facts",
            json!({
                "context": [{ "type": "text", "text": "The patient is allergic to penicillin and takes metformin." }],
                "outputLanguage": "en",
            }),
        )
        .step(),
        Call::post("change an interaction", visit, json!({ "encounter": { "status": "in-progress" } }))
            .method("PATCH")
            .step(),
        Call::get("no recordings", "/interactions/{visit}/recordings/").step(),
        Call::get("no transcripts", "/interactions/{visit}/transcripts/").step(),
        Call::get("no classic documents", "/interactions/{visit}/documents/").step(),
        Call::get("an unknown recording deleted", format!("/interactions/{{visit}}/recordings/{NOBODY}"))
            .method("DELETE")
            .step(),
        Call::get("an unknown classic template", "/templates/no-such-template").step(),
        Call::get("an unknown document", format!("/documents/{NOBODY}")).step(),
        Step::Open { socket: "stranger", interaction: "visit", who: Who::Stranger },
        Step::Open { socket: "nobody", interaction: "visit", who: Who::Nobody },
        open("unknown", NOBODY),
        open("malformed", "not-an-id"),
    ]
}

pub(super) fn read(trail: &Trail, finding: &mut Finding) {
    for step in steps() {
        if let Step::Call(call) = step {
            read_answer(trail, finding, call.label);
        }
    }
    read_answer(trail, finding, "interaction");
    let address = trail.answer("interaction").map_or(Value::Null, |(_, _, body)| body["websocketUrl"].clone());
    let has = |word: &str| address.as_str().is_some_and(|address| address.contains(word));
    finding.is("websocketUrl: has tenant-name, has a token", vec![has("tenant-name="), has("token=")]);
    for (name, socket) in [
        ("a token that nobody issued", "stranger"),
        ("no token", "nobody"),
        ("an unknown interaction", "unknown"),
        ("a malformed interaction", "malformed"),
    ] {
        finding.is(format!("a socket with {name}: upgrade"), trail.upgrade(socket));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        finding::Found,
        trail::{What, build::add},
    };

    #[test]
    fn the_shape_of_languages_is_told_whatever_it_is() {
        for (body, expected) in [
            (json!({ "languages": { "en": "English" } }), ["object", "string"]),
            (json!({ "languages": { "streams": ["en"] } }), ["object", "array"]),
            (json!({ "languages": { "en": { "name": "English" } } }), ["object", "object"]),
        ] {
            let mut trail = Trail::default();
            let headers = serde_json::Map::new();
            add(&mut trail, 1.0, "", What::Answer { label: "streams".to_owned(), status: 200, headers, body });
            let mut finding = Finding::default();
            read_languages(&trail, &mut finding);
            assert_eq!(finding.get("streams: languages is"), Some(&Found::Is(expected[0].into())));
            assert_eq!(finding.get("streams: each is"), Some(&Found::Is(expected[1].into())));
        }
    }

    #[test]
    fn an_error_is_told_by_status_keys_and_headers_and_its_words_are_noted() {
        let mut trail = Trail::default();
        let headers = json!({ "content-type": "application/json" }).as_object().cloned().unwrap_or_default();
        let body = json!({ "status": 404, "detail": "gone" });
        add(
            &mut trail,
            1.0,
            "",
            What::Answer { label: "an unknown id".to_owned(), status: 404, headers, body: body.clone() },
        );
        let mut finding = Finding::default();
        read(&trail, &mut finding);
        assert_eq!(finding.get("an unknown id: status"), Some(&Found::Is(404.into())));
        assert_eq!(finding.get("an unknown id: keys"), Some(&Found::Is(json!(["detail", "status"]))));
        assert_eq!(finding.get("an unknown id: content-type"), Some(&Found::Is("application/json".into())));
        assert_eq!(finding.get("an unknown id: body"), Some(&Found::Note(body)));
        assert_eq!(finding.get("a malformed id: status"), Some(&Found::Is("no answer".into())));
    }
}
