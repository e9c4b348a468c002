//! What a request must hold: a table a resource, and one function that checks a value against it and names the path
//! of the first thing that is wrong. Keys that a table does not name pass.

use serde_json::Value;

use crate::error::Error;

/// What a value must be.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Text that is not empty.
    Text,
    /// Any text.
    AnyText,
    /// A UUID.
    Uuid,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list of at least one.
    List(&'static Shape),
    /// A list, which may be empty.
    Items(&'static Shape),
    /// An object with these keys, among others.
    Object(&'static [Field]),
}

/// A key of an object.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    key: &'static str,
    required: bool,
    shape: Shape,
}

/// A key that must be there.
pub(super) const fn required(key: &'static str, shape: Shape) -> Field {
    Field { key, required: true, shape }
}

/// A key that may be absent or null.
pub(super) const fn optional(key: &'static str, shape: Shape) -> Field {
    Field { key, required: false, shape }
}

/// Checks `value`, which is called `path` in the messages; the empty path is the request itself.
///
/// # Errors
/// `invalid_request`, such as «facts[1].group is missing».
pub fn check(shape: &Shape, value: &Value, path: &str) -> Result<(), Error> {
    let must = |what: &str| {
        let name = if path.is_empty() { "the request" } else { path };
        Err(Error::invalid(format!("{name} must be {what}")))
    };
    match shape {
        Shape::Text if value.as_str().is_none_or(|text| text.trim().is_empty()) => must("a text that is not empty"),
        Shape::AnyText if !value.is_string() => must("a text"),
        Shape::Uuid if value.as_str().is_none_or(|text| !is_uuid(text)) => must("a UUID"),
        Shape::Bool if !value.is_boolean() => must("true or false"),
        Shape::Number if !value.is_number() => must("a number"),
        Shape::OneOf(words) if value.as_str().is_none_or(|text| !words.contains(&text)) => {
            must(&format!("one of {}", words.join(", ")))
        }
        Shape::List(item) => {
            let Some(list) = value.as_array().filter(|list| !list.is_empty()) else {
                return must("a list that is not empty");
            };
            each(item, list, path)
        }
        Shape::Items(item) => match value.as_array() {
            Some(list) => each(item, list, path),
            None => must("a list"),
        },
        Shape::Object(fields) => {
            if !value.is_object() {
                return must("an object");
            }
            fields.iter().try_for_each(|field| {
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{}", field.key);
                match &value[field.key] {
                    Value::Null if field.required => Err(Error::invalid(format!("{path} is missing"))),
                    Value::Null => Ok(()),
                    value => check(&field.shape, value, &path),
                }
            })
        }
        _ => Ok(()),
    }
}

fn each(item: &Shape, list: &[Value], path: &str) -> Result<(), Error> {
    list.iter().enumerate().try_for_each(|(index, value)| check(item, value, &format!("{path}[{index}]")))
}

/// Whether a text has the form 8-4-4-4-12 of hexadecimal digits.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FACTS: Shape = Shape::Object(&[required(
        "facts",
        Shape::List(&Shape::Object(&[
            required("text", Shape::Text),
            required("group", Shape::Text),
            optional("source", Shape::OneOf(&["core", "user"])),
            optional("factId", Shape::Uuid),
            optional("isDiscarded", Shape::Bool),
        ])),
    )]);

    #[test]
    fn the_first_thing_that_is_wrong_is_named_by_its_path() {
        for (value, message) in [
            (json!(null), "the request must be an object"),
            (json!({}), "facts is missing"),
            (json!({ "facts": [] }), "facts must be a list that is not empty"),
            (json!({ "facts": [{ "text": "a", "group": "b" }, { "text": "a" }] }), "facts[1].group is missing"),
            (json!({ "facts": [{ "text": " ", "group": "b" }] }), "facts[0].text must be a text that is not empty"),
            (
                json!({ "facts": [{ "text": "a", "group": "b", "source": "x" }] }),
                "facts[0].source must be one of core, user",
            ),
            (json!({ "facts": [{ "text": "a", "group": "b", "factId": "1" }] }), "facts[0].factId must be a UUID"),
            (
                json!({ "facts": [{ "text": "a", "group": "b", "isDiscarded": 1 }] }),
                "facts[0].isDiscarded must be true or false",
            ),
        ] {
            assert_eq!(check(&FACTS, &value, "").map_err(|error| error.message), Err(message.to_owned()));
        }
    }

    #[test]
    fn unknown_keys_and_absent_optional_ones_pass() {
        let value = json!({ "facts": [{ "text": "a", "group": "b", "source": null, "new": {} }], "more": 1 });
        assert_eq!(check(&FACTS, &value, ""), Ok(()));
    }

    #[test]
    fn a_uuid_is_36_characters_of_the_right_kind() {
        assert!(is_uuid("7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10") && is_uuid("7B6F1F3E-6B0C-4A53-9F0A-2F6C9A1F3F10"));
        for text in ["", "7b6f1f3e6b0c4a539f0a2f6c9a1f3f10", "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f1g", "../../etc"] {
            assert!(!is_uuid(text), "{text}");
        }
    }
}
