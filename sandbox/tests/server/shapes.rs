//! The shapes of answers: which keys they have, and what kind of value stands where.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What a value is.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// Writes down which kinds of value stand at each path; entries of a list share one, and so do the values of a map by
/// ids.
fn shape(value: &Value, at: &str, found: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    found.entry(at.to_owned()).or_default().insert(kind(value));
    match value {
        Value::Array(list) => list.iter().for_each(|entry| shape(entry, &format!("{at}[]"), found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = if key.len() == 36 { "{id}" } else { key };
                shape(value, &format!("{at}.{key}"), found);
            }
        }
        _ => {}
    }
}

/// Holds an answer against golden ones: what is in all of them is in it, and what is in none of them is not, but for
/// `more`.
pub(crate) fn fits(goldens: &[&Value], ours: &Value, more: &[&str]) -> Result<(), String> {
    let of = |value: &Value| {
        let mut found = BTreeMap::new();
        shape(value, "", &mut found);
        found
    };
    let (theirs, mine): (Vec<_>, _) = (goldens.iter().map(|golden| of(golden)).collect(), of(ours));
    let mut wrong = Vec::new();
    for (path, kinds) in &mine {
        let allowed: BTreeSet<&str> = theirs.iter().filter_map(|it| it.get(path)).flatten().copied().collect();
        if more.iter().any(|key| path.starts_with(key)) {
            continue;
        }
        if allowed.is_empty() {
            wrong.push(format!("{path} is in no golden answer"));
        } else if let Some(odd) = kinds.iter().find(|kind| !allowed.contains(*kind)) {
            wrong.push(format!("{path} is {odd} and not one of {allowed:?}"));
        }
    }
    for path in theirs[0].keys().filter(|path| theirs.iter().all(|it| it.contains_key(*path))) {
        // What is below a list or a map that is empty here cannot be there.
        let parent = path.rsplit_once(['.', '[']).map_or("", |(parent, _)| parent);
        if !mine.contains_key(path) && mine.contains_key(parent) && !path.ends_with("[]") {
            wrong.push(format!("{path} is missing"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{wrong:#?}\n{ours}")) }
}
