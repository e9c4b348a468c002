//! What a question keeps of its answers, under names, and puts into later steps: `{visit}` in a path or a body.
//!
//! Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Names and what they stand for.
#[derive(Debug, Default)]
pub(crate) struct Kept(BTreeMap<&'static str, String>);

impl Kept {
    /// Keeps a value, in place of an older one of that name.
    pub(crate) fn keep(&mut self, name: &'static str, value: String) {
        self.0.insert(name, value);
    }

    /// What a name stands for.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A text with what its names stand for.
    ///
    /// # Errors
    /// The text as it was, where one of them stands for nothing.
    pub(crate) fn text(&self, text: &str) -> Result<String, String> {
        let mut filled = text.to_owned();
        for (name, value) in &self.0 {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        if filled.contains('{') { Err(text.to_owned()) } else { Ok(filled) }
    }

    /// A value with what the names in its texts and keys stand for.
    ///
    /// # Errors
    /// The first text with a name that stands for nothing.
    pub(crate) fn value(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => self.text(text)?.into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?,
            Value::Object(fields) => {
                let filled = fields.iter().map(|(key, value)| Ok((self.text(key)?, self.value(value)?)));
                Value::Object(filled.collect::<Result<Map<_, _>, String>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_filled_in_everywhere_and_an_unknown_one_is_told() {
        let mut kept = Kept::default();
        kept.keep("visit", "1".to_owned());
        kept.keep("visit", "2".to_owned());
        assert_eq!(kept.text("/interactions/{visit}/x"), Ok("/interactions/2/x".to_owned()));
        let value = json!({ "id": "{visit}", "{visit}": [7, "{visit}", null] });
        assert_eq!(kept.value(&value), Ok(json!({ "id": "2", "2": [7, "2", null] })));
        assert_eq!(kept.value(&json!([{ "id": "{document}" }])), Err("{document}".to_owned()));
        assert_eq!(kept.get("document"), None);
    }
}
