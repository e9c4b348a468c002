//! What fields of a request must be besides their type, for `deserialize_with`: text with something in it, lists that are
//! not empty, dates. The errors name no values.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Deserializer, de::Error};

/// Text that is not blank.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if text.trim().is_empty() { Err(D::Error::custom("must not be empty")) } else { Ok(text) }
}

/// The same where the field may be absent; `default` must stand beside it.
pub(crate) fn optional_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match Option::<String>::deserialize(from)? {
        Some(blank) if blank.trim().is_empty() => Err(D::Error::custom("must not be empty")),
        text => Ok(text),
    }
}

/// A list of at least one.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(from)?;
    if list.is_empty() { Err(D::Error::custom("must not be empty")) } else { Ok(list) }
}

/// A date or a timestamp, kept as it was sent, where the field may be absent.
pub(crate) fn optional_date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match Option::<String>::deserialize(from)? {
        Some(text) if !is_date(&text) => Err(D::Error::custom("must be a date or a timestamp")),
        date => Ok(date),
    }
}

fn is_date(text: &str) -> bool {
    text.parse::<Timestamp>().is_ok() || text.parse::<Date>().is_ok()
}
