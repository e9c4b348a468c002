//! What a request must hold: a table a resource, and one function that checks a value against it and names the path
//! of the first thing that is wrong. Keys that a table does not name pass.

use serde_json::Value;

use crate::address::is_uuid;
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
    /// A date, or a date and a time, as ISO 8601 writes them.
    Time,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A whole number of at least this.
    Count(u64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list of at least one.
    List(&'static Shape),
    /// A list, which may be empty.
    Items(&'static Shape),
    /// One, or a list of at least one.
    OneOrMany(&'static Shape),
    /// An object with these keys, among others.
    Object(&'static [Field]),
    /// An object whose `type` is one of these words and has the keys that go with it.
    Tagged(&'static [(&'static str, &'static [Field])]),
    /// An object with exactly one of these keys.
    OneKeyOf(&'static [&'static str]),
    /// An object with at least one of these keys.
    AnyKeyOf(&'static [&'static str]),
    /// An object that has this key, or is of this shape.
    Unless(&'static str, &'static Shape),
    /// All of these at once, the first that does not hold being named.
    All(&'static [Shape]),
    /// What holds, and what it must be in words.
    Rule(fn(&Value) -> bool, &'static str),
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
        Shape::Time if value.as_str().is_none_or(|text| !is_time(text)) => {
            must("an ISO 8601 date or time, such as 2026-01-31T08:30:00Z")
        }
        Shape::Bool if !value.is_boolean() => must("true or false"),
        Shape::Number if !value.is_number() => must("a number"),
        Shape::Count(least) if value.as_u64().is_none_or(|count| count < *least) => {
            must(&format!("a whole number of at least {least}"))
        }
        Shape::Rule(holds, what) if !holds(value) => must(what),
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
        Shape::OneOrMany(item) if !value.is_array() => check(item, value, path),
        Shape::OneOrMany(item) => check(&Shape::List(item), value, path),
        Shape::All(shapes) => shapes.iter().try_for_each(|shape| check(shape, value, path)),
        Shape::Object(_) | Shape::Tagged(_) if !value.is_object() => must("an object"),
        Shape::Object(fields) => fields.iter().try_for_each(|field| {
            let path = below(path, field.key);
            match &value[field.key] {
                Value::Null if field.required => Err(Error::invalid(format!("{path} is missing"))),
                Value::Null => Ok(()),
                value => check(&field.shape, value, &path),
            }
        }),
        Shape::Tagged(kinds) => match kinds.iter().find(|(kind, _)| value["type"] == *kind) {
            Some((_, fields)) => check(&Shape::Object(fields), value, path),
            None if value["type"].is_null() => Err(Error::invalid(format!("{} is missing", below(path, "type")))),
            None => {
                let kinds: Vec<&str> = kinds.iter().map(|(kind, _)| *kind).collect();
                let message = format!("{} must be one of {}", below(path, "type"), kinds.join(", "));
                Err(Error::invalid(message))
            }
        },
        Shape::Unless(key, shape) if value[*key].is_null() => check(shape, value, path),
        Shape::OneKeyOf(keys) | Shape::AnyKeyOf(keys) => {
            let paths = keys.iter().map(|key| below(path, key)).collect::<Vec<_>>();
            match keys.iter().filter(|key| !value[**key].is_null()).count() {
                0 => Err(Error::invalid(format!("{} is missing", paths.join(" or ")))),
                2.. if matches!(shape, Shape::OneKeyOf(_)) => {
                    Err(Error::invalid(format!("{}: only one of them may be given", paths.join(", "))))
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// The path of a key in the object at `path`.
fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn each(item: &Shape, list: &[Value], path: &str) -> Result<(), Error> {
    list.iter().enumerate().try_for_each(|(index, value)| check(item, value, &format!("{path}[{index}]")))
}

/// Whether a text begins with a date, and goes on with a time if it goes on. What the time is, is the service's to judge.
fn is_time(text: &str) -> bool {
    text.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        0..10 => byte.is_ascii_digit(),
        10 => byte == b'T',
        _ => true,
    }) && text.len() != 11
        && text.len() >= 10
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
            assert_eq!(check(&FACTS, &value, "").map_err(|error| error.message.clone()), Err(message.to_owned()));
        }
    }

    #[test]
    fn unknown_keys_and_absent_optional_ones_pass() {
        let value = json!({ "facts": [{ "text": "a", "group": "b", "source": null, "new": {} }], "more": 1 });
        assert_eq!(check(&FACTS, &value, ""), Ok(()));
    }

    #[test]
    fn a_time_begins_with_a_date_and_may_end_with_it() {
        for text in ["2026-01-31", "2026-01-31T08:30Z", "2026-01-31T08:30:00.250+01:00"] {
            assert!(is_time(text), "{text}");
        }
        for text in
            ["", "2026-01", "2026-01-31T", "2026-01-31 08:30", "31.01.2026", "26-01-31T08:30Z", "2026-1-31T08:30Z"]
        {
            assert!(!is_time(text), "{text}");
        }
    }
}
