//! What a visit's document is made from: the kept facts, what was said, or a text of the app's. The request that is sent
//! (`rest::documents`) from the one that an app makes.

use serde_json::{Map, Value, json};

use crate::error::Error;

/// The body for `documents.classic.create`: `request` without its `from`, and with a context in its place.
///
/// `from` is `"facts"` (the default), `"transcript"`, or `{text}`. `kept` are the facts that are not discarded: the service
/// would use the others too. `segments` is the stream's transcript, of which the final segments are used.
///
/// # Errors
/// `invalid_request` with a sentence if there is nothing to make a document from, or `from` is none of the three.
pub fn body(request: &Value, kept: &[Value], segments: &[Value]) -> Result<Value, Error> {
    let Some(request) = request.as_object() else {
        return Err(Error::invalid("a document needs { templateKey or template, outputLanguage }"));
    };
    if request.contains_key("context") {
        return Err(Error::invalid("context is made by the visit: say with `from` what the document is made from"));
    }
    let mut body = request.clone();
    let from = body.remove("from").unwrap_or_default();
    let context = match (from.as_str().unwrap_or_default(), from["text"].as_str()) {
        ("facts", _) => facts(kept)?,
        _ if from.is_null() => facts(kept)?,
        ("transcript", _) => transcript(segments)?,
        (_, Some(text)) if !text.trim().is_empty() => json!([{ "type": "string", "data": text }]),
        _ => return Err(Error::invalid("from must be \"facts\", \"transcript\" or { text } that is not empty")),
    };
    body.insert("context".to_owned(), context);
    Ok(Value::Object(body))
}

fn facts(kept: &[Value]) -> Result<Value, Error> {
    if kept.is_empty() {
        let message =
            "no fact is kept, so there is nothing to make a document from; `from: \"transcript\"` uses what was said";
        return Err(Error::invalid(message));
    }
    let data: Vec<Value> =
        kept.iter().map(|fact| some(fact, &[("text", "text"), ("group", "group"), ("source", "source")])).collect();
    Ok(json!([{ "type": "facts", "data": data }]))
}

/// One object a segment: several are accepted for transcripts alone.
fn transcript(segments: &[Value]) -> Result<Value, Error> {
    let said = segments.iter().filter(|segment| segment["final"] == true);
    let context: Vec<Value> = said
        .map(|segment| {
            let mut data = some(segment, &[("transcript", "text"), ("speakerId", "speakerId")]);
            data["channel"] = segment["participant"]["channel"].clone();
            // A stream tells seconds; here they are milliseconds (`CommonTranscriptRequest` of `@corti/sdk` 1.0).
            for key in ["start", "end"] {
                data[key] = segment["time"][key].as_f64().map(|seconds| (seconds * 1e3).round() as u64).into();
            }
            json!({ "type": "transcript", "data": data })
        })
        .collect();
    if context.is_empty() {
        return Err(Error::invalid("nothing has been said that a document could be made from"));
    }
    Ok(context.into())
}

/// An object with those keys of another that it has, under new names.
fn some(object: &Value, keys: &[(&str, &str)]) -> Value {
    let there = keys.iter().filter(|(key, _)| !object[*key].is_null());
    Value::Object(there.map(|(key, name)| ((*name).to_owned(), object[*key].clone())).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::calls;

    const ID: &str = "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10";

    fn request(from: Value) -> Value {
        json!({ "templateKey": "corti-soap", "outputLanguage": "en", "name": "Note", "new": 1, "from": from })
    }

    fn kept() -> Value {
        json!([
            { "id": "1", "text": "Allergic to penicillin", "group": "allergies", "source": "user", "isPending": false },
            { "id": "2", "text": "Smokes", "group": "social-history" },
        ])
    }

    fn said() -> Value {
        let segment = |text: &str, is_final: bool| {
            json!({ "id": "1", "transcript": text, "final": is_final, "speakerId": 1,
                    "participant": { "channel": 0, "role": "multiple" }, "time": { "start": 1.5, "end": 2.0625 } })
        };
        json!([segment("Good morning.", true), segment("I take", false), segment("Please sit down.", true)])
    }

    fn made(from: Value) -> Result<Value, Error> {
        let (kept, said) = (kept(), said());
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let body = body(&request(from), &list(&kept), &list(&said))?;
        // Whatever is made is a request that is sent.
        calls::call("documents.classic.create", &mut [ID.into(), body.clone()])?;
        Ok(body)
    }

    #[test]
    fn a_document_is_made_from_what_the_service_needs_of_the_facts_and_other_keys_pass() -> Result<(), Error> {
        let context = json!([{ "type": "facts", "data": [
            { "text": "Allergic to penicillin", "group": "allergies", "source": "user" },
            { "text": "Smokes", "group": "social-history" },
        ] }]);
        for from in [json!("facts"), Value::Null] {
            let body = made(from)?;
            assert_eq!(body["context"], context);
            assert_eq!((&body["name"], &body["new"], body.get("from")), (&json!("Note"), &json!(1), None));
        }
        Ok(())
    }

    #[test]
    fn a_transcript_is_one_context_for_each_final_segment_in_milliseconds() -> Result<(), Error> {
        let data = |text: &str| json!({ "text": text, "speakerId": 1, "channel": 0, "start": 1500, "end": 2063 });
        let contexts =
            ["Good morning.", "Please sit down."].map(|text| json!({ "type": "transcript", "data": data(text) }));
        assert_eq!(made("transcript".into())?["context"], json!(contexts));
        Ok(())
    }

    #[test]
    fn a_text_is_used_as_it_is() -> Result<(), Error> {
        assert_eq!(
            made(json!({ "text": "Came alone." }))?["context"],
            json!([{ "type": "string", "data": "Came alone." }])
        );
        Ok(())
    }

    #[test]
    fn nothing_to_make_a_document_from_is_refused_with_a_sentence() {
        for (request, part) in [
            (request("facts".into()), "no fact is kept"),
            (request("transcript".into()), "nothing has been said"),
            (request(json!({ "text": " " })), "from must be"),
            (request("memory".into()), "from must be"),
            (request(7.into()), "from must be"),
            (json!({ "context": [], "templateKey": "corti-soap" }), "context is made by the visit"),
            (Value::Null, "a document needs"),
        ] {
            let message = body(&request, &[], &[]).err().map(|error| error.message.clone()).unwrap_or_default();
            assert!(message.contains(part), "{message:?} says: {part}");
        }
    }
}
