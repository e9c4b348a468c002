//! What a visit's document can be written with: the guided templates and the classic ones as one list, guided first, in a
//! language if one is asked for.

use serde_json::{Value, json};

use crate::language::{nearest, nearness};

/// The templates as an app chooses from them: `{ kind: "guided", templateId, name, description, languages, source }` or `{ kind:
/// "classic", templateKey, … }`. `source` is the service's own object.
///
/// `guided` and `classic` are what `documents.templates.list` and `templates.list` answered; null for one that could not be had. A
/// guided template is one language's variant: of those in other languages than `language` none is offered, and the very language comes
/// before other variants of it. One that names no language is offered in any.
#[must_use]
pub fn templates(guided: &Value, classic: &Value, language: Option<&str>) -> Vec<Value> {
    let listed = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let guided = listed(guided).into_iter().filter_map(|template| {
        let languages: Vec<Value> = listed(&template["languages"]);
        let offer = json!({
            "kind": "guided", "templateId": template["id"].as_str()?, "name": text(&template["name"]),
            "description": text(&template["description"]), "languages": languages, "source": template,
        });
        Some(offer)
    });
    let classic = listed(&classic["data"]).into_iter().filter_map(|template| {
        let translations = listed(&template["translations"]);
        let tag = |one: &Value| text(&one["languageId"]);
        let named = language.and_then(|wanted| nearest(&translations, wanted, tag));
        let word = |key: &str| {
            let translated = named.and_then(|one| one[key].as_str()).filter(|text| !text.is_empty());
            translated.map_or_else(|| text(&template[key]), str::to_owned)
        };
        let offer = json!({
            "kind": "classic", "templateKey": template["key"].as_str()?, "name": word("name"),
            "description": word("description"), "languages": translations.iter().map(tag).collect::<Vec<_>>(),
            "source": template,
        });
        Some(offer)
    });
    let mut offers: Vec<(u8, Value)> = guided.map(|offer| (0, offer)).chain(classic.map(|offer| (1, offer))).collect();
    if let Some(wanted) = language {
        offers.retain(|(_, offer)| nearest_of(offer, wanted) > 0);
        offers.sort_by_key(|(kind, offer)| (*kind, u8::MAX - nearest_of(offer, wanted)));
    }
    offers.into_iter().map(|(_, offer)| offer).collect()
}

/// How near the nearest of a template's languages is; of one that names none it is as another variant.
fn nearest_of(offer: &Value, wanted: &str) -> u8 {
    let languages = offer["languages"].as_array().into_iter().flatten().filter_map(Value::as_str);
    languages.map(|tag| nearness(tag, wanted)).max().unwrap_or(1)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The first list of a golden file.
    fn golden(text: &str) -> Value {
        let file: Value = serde_json::from_str(text).unwrap();
        file["calls"][0]["body"].clone()
    }

    fn lists() -> (Value, Value) {
        (
            golden(include_str!("../../tests/wire/live/templates-guided.json")),
            golden(include_str!("../../tests/wire/live/templates-classic.json")),
        )
    }

    fn names(offers: &[Value]) -> Vec<&str> {
        offers.iter().map(|offer| offer["name"].as_str().unwrap()).collect()
    }

    #[test]
    fn guided_templates_come_first_and_each_says_how_it_is_asked_for() {
        let (guided, classic) = lists();
        let offers = templates(&guided, &classic, None);
        assert_eq!(names(&offers), ["Visit note", "Besøgsnotat", "Knee clinic", "Nursing note", "Summary of notes"]);
        assert_eq!((&offers[0]["kind"], &offers[0]["templateId"]), (&json!("guided"), &guided[0]["id"]));
        assert_eq!((&offers[3]["kind"], &offers[3]["templateKey"]), (&json!("classic"), &json!("corti-nursing-note")));
        assert_eq!((&offers[3]["languages"], &offers[2]["source"]), (&json!(["da", "en", "en-GB"]), &guided[2]));
    }

    #[test]
    fn in_a_language_the_very_one_comes_before_its_variants_and_others_are_left_out() {
        let (guided, classic) = lists();
        for (language, expected) in [
            ("en", &["Visit note", "Knee clinic", "Nursing note", "Summary of notes"][..]),
            ("en-GB", &["Knee clinic", "Visit note", "Nursing note", "Summary of notes"]),
            ("da", &["Besøgsnotat", "Nursing note", "Summary of notes"]),
            ("fi", &["Summary of notes"]),
        ] {
            assert_eq!(names(&templates(&guided, &classic, Some(language))), expected, "{language}");
        }
    }

    #[test]
    fn of_a_list_that_could_not_be_had_nothing_is_offered_and_odd_entries_are_left_out() {
        let (guided, classic) = lists();
        assert_eq!(templates(&Value::Null, &classic, None).len(), 2);
        assert_eq!(templates(&guided, &Value::Null, None).len(), 3);
        assert_eq!(templates(&json!([7, {}, { "id": "1" }]), &json!({ "data": [null, {}] }), Some("en")).len(), 1);
    }
}
