//! The groups that facts belong to, as the service lists them at run time (`facts.factGroupsList`): their order, their names in a
//! language, and what belongs to none of them. There is no list of ours: until the service has answered, nothing is known, and
//! nothing is refused.
//!
//! A group is known by its `key`. The `groupId` of facts is no key: one was seen for two groups (grade: live).

use serde_json::{Value, json};

use crate::error::Error;
use crate::language;

/// The groups, in the service's order.
#[derive(Clone, Default)]
pub struct Groups(Vec<Value>);

impl Groups {
    /// Reads the answer of `facts.factGroupsList`: `{ data: [{ key, translations: [{ languagesId, name }] }] }`. What has no key is
    /// left out. `None` if there is no group in it.
    #[must_use]
    pub fn read(answer: &Value) -> Option<Self> {
        let list = answer["data"].as_array()?;
        let groups: Vec<Value> = list.iter().filter(|group| group["key"].is_string()).cloned().collect();
        (!groups.is_empty()).then_some(Self(groups))
    }

    /// The place of a group; `None` if the service has none of that key.
    #[must_use]
    pub fn place(&self, key: &str) -> Option<usize> {
        self.0.iter().position(|group| group["key"] == key)
    }

    /// Whether nothing is known of them.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A group's name in a language, else in the nearest that there is: that of the same base language, English, the first. The key
    /// where there is none.
    #[must_use]
    pub fn name(&self, key: &str, language: Option<&str>) -> String {
        let translations = self.place(key).map(|place| &self.0[place]["translations"]);
        let named = translations.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let wanted = language.into_iter().chain(["en"]);
        let tag = |one: &Value| one["languagesId"].as_str().unwrap_or_default().to_owned();
        let found = wanted.into_iter().find_map(|wanted| language::nearest(named, wanted, tag)).or(named.first());
        found.and_then(|one| one["name"].as_str()).filter(|name| !name.is_empty()).unwrap_or(key).to_owned()
    }

    /// All of them, as an app chooses from: `{ key, name }`.
    #[must_use]
    pub fn choices(&self, language: Option<&str>) -> Vec<Value> {
        let keys = self.0.iter().filter_map(|group| group["key"].as_str());
        keys.map(|key| json!({ "key": key, "name": self.name(key, language) })).collect()
    }

    /// Refuses a group that there is not, where `path` says. Before the service has listed them none is refused.
    ///
    /// # Errors
    /// `invalid_request` that names the groups there are.
    pub fn check(&self, path: &str, key: &str) -> Result<(), Error> {
        if self.is_empty() || self.place(key).is_some() {
            return Ok(());
        }
        let keys: Vec<&str> = self.0.iter().filter_map(|group| group["key"].as_str()).collect();
        Err(Error::invalid(format!("{path} is no group of facts: the groups are {}", keys.join(", "))))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn groups() -> Groups {
        Groups::read(&json!({ "data": [
            { "id": "1", "key": "plan", "translations": [
                { "id": 1, "languagesId": "da", "name": "Plan (da)" }, { "id": 2, "languagesId": "en", "name": "Plan" },
                { "id": 3, "languagesId": "de-CH", "name": "Plan (CH)" },
            ] },
            { "id": "1", "key": "allergies", "translations": [{ "id": "4", "languagesId": "fr", "name": "Allergies (fr)" }] },
            { "id": "2", "key": "other", "translations": [] },
            { "id": "3" }, 7,
        ] }))
        .unwrap()
    }

    #[test]
    fn their_order_is_the_service_s() {
        let groups = groups();
        assert_eq!(
            ["plan", "allergies", "other", "vitals"].map(|key| groups.place(key)),
            [Some(0), Some(1), Some(2), None]
        );
    }

    #[test]
    fn a_name_is_in_the_language_asked_for_or_in_the_nearest() {
        let groups = groups();
        for (key, language, name) in [
            ("plan", Some("da"), "Plan (da)"),
            ("plan", Some("DA-dk"), "Plan (da)"),
            ("plan", Some("de"), "Plan (CH)"),
            ("plan", Some("it"), "Plan"),
            ("plan", None, "Plan"),
            ("allergies", Some("en"), "Allergies (fr)"),
            ("other", Some("en"), "other"),
            ("vitals", Some("en"), "vitals"),
        ] {
            assert_eq!(groups.name(key, language), name, "{key} {language:?}");
        }
        assert_eq!(groups.choices(Some("en"))[0], json!({ "key": "plan", "name": "Plan" }));
    }

    #[test]
    fn one_that_there_is_not_is_refused_with_those_that_there_are() {
        let message = groups().check("knownFacts[1].group", "vitals").unwrap_err().message.clone();
        assert_eq!(message, "knownFacts[1].group is no group of facts: the groups are plan, allergies, other");
        assert!(groups().check("group", "other").is_ok());
        assert!(Groups::default().check("group", "vitals").is_ok(), "nothing is known yet");
    }

    #[test]
    fn an_answer_without_groups_tells_nothing() {
        for answer in [json!(null), json!({}), json!({ "data": null }), json!({ "data": [] }), json!({ "data": [{}] })]
        {
            assert!(Groups::read(&answer).is_none(), "{answer}");
        }
    }
}
