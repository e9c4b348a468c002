//! A visit's document: the request for one, from what an app asks and what the visit has (kept facts, what was said, a text); what
//! comes back as an app sees it, whichever form it has; and the request that saves it corrected.
//!
//! Guided documents are the way on, classic ones deprecated. A guided one is asked for by `templateId` (or the service's own
//! `templateRef`, `assemblyTemplate`, `dynamicTemplate`), a classic one by `templateKey` or `template`.
//!
//! Facts are given as context and not by the interaction's id: so the service uses the kept ones alone, and it works where it
//! stores nothing (retention `none`). `from: "interaction"` turns that round, for a guided document.

use serde_json::{Map, Value, json};

use crate::address::is_uuid;
use crate::error::Error;

/// What asks for a guided document in the service's words.
const GUIDED: [&str; 3] = ["templateRef", "assemblyTemplate", "dynamicTemplate"];

/// Keys of a request that are put into `templateRef`.
const REFERENCE: [&str; 3] = ["templateId", "templateVersionId", "overrides"];

/// A method of the REST API to call. No `Debug`: there is clinical text in it.
pub struct Asked {
    /// Its name.
    pub method: &'static str,
    /// Its arguments.
    pub arguments: Vec<Value>,
    /// Headers of the call: names and values.
    pub headers: Vec<(&'static str, &'static str)>,
}

/// The call for a document of a visit. `request` is the app's: the body of `documents.generate` or `documents.classic.create`, but
/// with `from` in place of its context, and with `templateId` for a guided one.
///
/// `from` is `"facts"` (the default), `"transcript"`, `{text}`, or `"interaction"`. `kept` are the facts that are not discarded: the
/// service would use the others too. `segments` is the stream's transcript, of which the final segments are used.
/// `configuration` is the stream's: under its retention policy `none` the document is not stored either.
///
/// # Errors
/// `invalid_request` with a sentence if there is nothing to make a document from, or a key is missing, wrong or one too many.
pub fn request(
    interaction: &str, request: &Value, kept: &[Value], segments: &[Value], configuration: &Value,
) -> Result<Asked, Error> {
    let Some(request) = request.as_object() else {
        return Err(Error::invalid("a document needs { templateId, outputLanguage }"));
    };
    for key in ["context", "interactionId"] {
        if request.contains_key(key) {
            let message = format!("{key} is made by the visit: say with `from` what the document is made from");
            return Err(Error::invalid(message));
        }
    }
    let mut body = request.clone();
    let from = body.remove("from").unwrap_or_default();
    let is_guided = form(&mut body)?;
    let from = match (from.as_str().unwrap_or_default(), from["text"].as_str()) {
        ("facts", _) => Source::Facts(kept),
        _ if from.is_null() => Source::Facts(kept),
        ("transcript", _) => Source::Transcript(segments),
        ("interaction", _) if is_guided => Source::Interaction,
        (_, Some(text)) if !text.trim().is_empty() => Source::Text(text),
        _ => {
            let message = "from must be \"facts\", \"transcript\", { text } that is not empty, or for a guided document \
                           \"interaction\"";
            return Err(Error::invalid(message));
        }
    };
    match (from, is_guided) {
        (Source::Interaction, _) => body.insert("interactionId".to_owned(), interaction.into()),
        (from, true) => body.insert("context".to_owned(), guided_context(from)?),
        (from, false) => body.insert("context".to_owned(), classic_context(from)?),
    };
    let body = Value::Object(body);
    let headers = match configuration["retentionPolicy"] == "none" {
        true => vec![("X-Corti-Retention-Policy", "none")],
        false => Vec::new(),
    };
    Ok(match is_guided {
        true => Asked { method: "documents.generate", arguments: vec![body], headers },
        false => Asked { method: "documents.classic.create", arguments: vec![interaction.into(), body], headers },
    })
}

/// Whether a guided document is asked for; puts what names its template where the service has it.
fn form(body: &mut Map<String, Value>) -> Result<bool, Error> {
    let has = |key: &&str| body.get(*key).is_some_and(|value| !value.is_null());
    let guided: Vec<&str> = ["templateId"].into_iter().chain(GUIDED).filter(has).collect();
    let classic: Vec<&str> = ["templateKey", "template"].into_iter().filter(has).collect();
    match (&*guided, &*classic) {
        ([], []) => Err(Error::invalid("templateId is missing, or templateKey for a classic document")),
        ([], _) => Ok(false),
        ([key], []) => {
            if *key == "templateId" {
                if body["templateId"].as_str().is_none_or(|id| !is_uuid(id)) {
                    return Err(Error::invalid(
                        "templateId must be a UUID; the key of a classic template is templateKey",
                    ));
                }
                let reference = REFERENCE.iter().filter_map(|key| Some(((*key).to_owned(), body.remove(*key)?)));
                let reference: Map<String, Value> = reference.collect();
                body.insert("templateRef".to_owned(), reference.into());
            }
            Ok(true)
        }
        _ => {
            let keys = [guided, classic].concat().join(", ");
            Err(Error::invalid(format!("{keys}: only one of them may be given")))
        }
    }
}

/// What a document is made from.
#[derive(Clone, Copy)]
enum Source<'a> {
    Facts(&'a [Value]),
    Transcript(&'a [Value]),
    Text(&'a str),
    Interaction,
}

fn guided_context(from: Source<'_>) -> Result<Value, Error> {
    Ok(match from {
        Source::Facts(kept) => json!([{ "type": "facts", "facts": facts(kept, &["text", "group"])? }]),
        Source::Transcript(segments) => {
            json!([{ "type": "transcript", "transcript": { "transcripts": said(segments)? } }])
        }
        Source::Text(text) => json!([{ "type": "text", "text": text }]),
        Source::Interaction => Value::Null,
    })
}

/// Several objects are accepted for transcripts alone: one for each segment.
fn classic_context(from: Source<'_>) -> Result<Value, Error> {
    Ok(match from {
        Source::Facts(kept) => json!([{ "type": "facts", "data": facts(kept, &["text", "group", "source"])? }]),
        Source::Transcript(segments) => {
            let said = said(segments)?.into_iter();
            said.map(|data| json!({ "type": "transcript", "data": data })).collect()
        }
        Source::Text(text) => json!([{ "type": "string", "data": text }]),
        Source::Interaction => Value::Null,
    })
}

fn facts(kept: &[Value], keys: &[&str]) -> Result<Vec<Value>, Error> {
    if kept.is_empty() {
        let message =
            "no fact is kept, so there is nothing to make a document from; `from: \"transcript\"` uses what was said";
        return Err(Error::invalid(message));
    }
    Ok(kept.iter().map(|fact| some(fact, &keys.iter().map(|key| (*key, *key)).collect::<Vec<_>>())).collect())
}

/// The final segments, as a transcript of a recording has them: a stream tells seconds, here they are milliseconds.
fn said(segments: &[Value]) -> Result<Vec<Value>, Error> {
    let phrase = |segment: &Value| {
        // The visit's number of who speaks is the same over all of its sockets; the service's is not.
        let speaker = if segment["speaker"].is_number() { "speaker" } else { "speakerId" };
        let mut data = some(segment, &[("transcript", "text"), (speaker, "speakerId")]);
        data["channel"] = segment["participant"]["channel"].clone();
        for key in ["start", "end"] {
            data[key] = segment["time"][key].as_f64().map(|seconds| (seconds * 1e3).round() as u64).into();
        }
        data
    };
    let said: Vec<Value> = segments.iter().filter(|segment| segment["final"] == true).map(phrase).collect();
    match said.is_empty() {
        true => Err(Error::invalid("nothing has been said that a document could be made from")),
        false => Ok(said),
    }
}

/// An object with those keys of another that it has, under new names.
fn some(object: &Value, keys: &[(&str, &str)]) -> Value {
    let there = keys.iter().filter(|(key, _)| !object[*key].is_null());
    Value::Object(there.map(|(key, name)| ((*name).to_owned(), object[*key].clone())).collect::<Map<_, _>>())
}

/// A document as an app sees it, whichever form it has: `{ kind, id?, title, outputLanguage?, sections: [{ key, heading, text }],
/// usageInfo?, source }`. `source` is the service's own object.
///
/// `method` is the one that answered. What an answer lacks is absent, or empty.
#[must_use]
pub fn read(method: &str, answer: &Value) -> Value {
    let is_guided = !method.starts_with("documents.classic.");
    // A new guided document comes with what it has cost, beside it.
    let (source, cost) = match answer["document"].is_object() && is_guided {
        true => (&answer["document"], &answer["usageInfo"]),
        false => (answer, &answer["usageInfo"]),
    };
    let mut document = json!({
        "kind": if is_guided { "guided" } else { "classic" },
        "title": source["name"].as_str().unwrap_or_default(),
        "sections": if is_guided { guided_sections(source) } else { classic_sections(source) },
        "source": source,
    });
    for (key, value) in [("id", &source["id"]), ("outputLanguage", &source["outputLanguage"]), ("usageInfo", cost)] {
        if !value.is_null() {
            document[key] = value.clone();
        }
    }
    document
}

/// Text and heading meet by the section's id, in the order of `sections`, which lists empty ones too (grade: types). One that is
/// not listed, as in documents of before there were headings, comes after them.
fn guided_sections(source: &Value) -> Vec<Value> {
    let texts = source["stringDocument"].as_object();
    let listed = source["sections"].as_array().map_or(&[][..], Vec::as_slice);
    let listed: Vec<(&str, &str)> = listed
        .iter()
        .filter_map(|section| Some((section["sectionId"].as_str()?, section["heading"].as_str().unwrap_or_default())))
        .collect();
    let others = texts.into_iter().flatten().map(|(key, _)| (&**key, ""));
    let others = others.filter(|(key, _)| !listed.iter().any(|(id, _)| id == key));
    let section = |(key, heading): (&str, &str)| {
        let text = match texts.and_then(|texts| texts.get(key)) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        json!({ "key": key, "heading": heading, "text": text })
    };
    listed.iter().copied().chain(others).map(section).collect()
}

/// In the order of `sort`. An empty section may be its bare heading (grade: live).
fn classic_sections(source: &Value) -> Vec<Value> {
    let mut sections: Vec<&Value> = source["sections"].as_array().into_iter().flatten().collect();
    let place = |section: &Value| section["sort"].as_f64().unwrap_or(f64::MAX);
    sections.sort_by(|a, b| place(a).total_cmp(&place(b)));
    let text = |section: &Value, key: &str| section[key].as_str().unwrap_or_default().to_owned();
    let shown = |section: &Value| {
        let (heading, mut said) = (text(section, "name"), text(section, "text"));
        if said.trim().trim_end_matches(':') == heading.trim() {
            said.clear();
        }
        json!({ "key": section["key"], "heading": heading, "text": said })
    };
    sections.into_iter().map(shown).collect()
}

/// The call that saves a document as an app has corrected it: its title, texts, and of a classic one headings. `None` if nothing of
/// it is other than in its `source`. Sections that are left out stay as they are.
///
/// # Errors
/// `invalid_request` if it is no document of [`read`], was not stored, or has what cannot be saved.
pub fn save(interaction: &str, document: &Value) -> Result<Option<Asked>, Error> {
    let source = &document["source"];
    let method = match document["kind"].as_str() {
        Some("guided") if source.is_object() => "documents.update",
        Some("classic") if source.is_object() => "documents.classic.update",
        _ => {
            return Err(Error::invalid(
                "a document to be saved must be one that the visit made, with its kind and source",
            ));
        }
    };
    let Some(id) = source["id"].as_str() else {
        let message = "the service has not stored this document (its retention is none), so it cannot be saved there";
        return Err(Error::invalid(message));
    };
    let stored = read(method, source);
    let mut changes = Map::new();
    if document["title"] != stored["title"] {
        let title = document["title"].as_str().ok_or_else(|| Error::invalid("title must be a text"))?;
        changes.insert("name".to_owned(), title.into());
    }
    let edited = edited(&document["sections"], &stored["sections"])?;
    if method == "documents.update" {
        if let Some((index, ..)) = edited.iter().find(|(.., section)| section.contains_key("name")) {
            return Err(Error::invalid(format!("sections[{index}].heading is the template's and cannot be saved")));
        }
        if !edited.is_empty() {
            // All of them: so it is right whether the service keeps what is absent or not (grade of that: types).
            let mut texts = source["stringDocument"].as_object().cloned().unwrap_or_default();
            texts.extend(edited.into_iter().filter_map(|(_, key, mut section)| Some((key, section.remove("text")?))));
            changes.insert("stringDocument".to_owned(), texts.into());
        }
    } else if !edited.is_empty() {
        let sections = edited.into_iter().map(|(_, key, mut section)| {
            section.insert("key".to_owned(), key.into());
            Value::Object(section)
        });
        changes.insert("sections".to_owned(), sections.collect());
    }
    if changes.is_empty() {
        return Ok(None);
    }
    let mut arguments = vec![Value::from(id), changes.into()];
    if method == "documents.classic.update" {
        arguments.insert(0, interaction.into());
    }
    Ok(Some(Asked { method, arguments, headers: Vec::new() }))
}

/// A section that is other than it was stored: its place, its key, and of `name` and `text` what changed.
type Edited = (usize, String, Map<String, Value>);

fn edited(sections: &Value, stored: &Value) -> Result<Vec<Edited>, Error> {
    let sections = sections.as_array().ok_or_else(|| Error::invalid("sections must be a list"))?;
    let mut edited = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let mut stored = stored.as_array().into_iter().flatten();
        let Some(before) = stored.find(|before| before["key"] == section["key"] && before["key"].is_string()) else {
            return Err(Error::invalid(format!("sections[{index}].key is none of the document's")));
        };
        let mut changes = Map::new();
        for (key, name) in [("heading", "name"), ("text", "text")] {
            match &section[key] {
                value if *value == before[key] => {}
                Value::String(text) => _ = changes.insert(name.to_owned(), text.clone().into()),
                _ => return Err(Error::invalid(format!("sections[{index}].{key} must be a text"))),
            }
        }
        if !changes.is_empty() {
            edited.push((index, before["key"].as_str().unwrap_or_default().to_owned(), changes));
        }
    }
    Ok(edited)
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
