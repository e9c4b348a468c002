//! A method of the REST API by its name, as JavaScript calls it. One table, so that the border to JavaScript is one
//! function and every method is tested natively.

use serde_json::Value;

use super::{Method, Request, documents, facts, guided, interactions, recordings, templates, transcripts};
use crate::error::Error;

/// The request of a method, such as `facts.update`, with its arguments in their order. Absent ones are null; an id that is
/// no text is empty, which is refused with a sentence.
///
/// # Errors
/// `invalid_request` that names what is missing or wrong, down to its path; also if there is no such method.
pub fn call(method: &str, arguments: &mut [Value]) -> Result<Request, Error> {
    let mut body = |index: usize| arguments.get_mut(index).map(Value::take).unwrap_or_default();
    let first = body(0);
    let second = body(1);
    let third = body(2);
    let text = |value: &'_ Value| value.as_str().unwrap_or_default().to_owned();
    let (one, two) = (&*text(&first), &*text(&second));
    match method {
        "interactions.create" => interactions::create(first),
        "interactions.list" => Ok(interactions::list(&first)),
        "interactions.get" => interactions::get(one),
        "interactions.update" => interactions::update(one, second),
        "interactions.delete" => interactions::delete(one),
        "facts.factGroupsList" => Ok(facts::groups()),
        "facts.list" => facts::list(one),
        "facts.create" => facts::create(one, second),
        "facts.update" => facts::update(one, two, third),
        "facts.batchUpdate" => facts::batch_update(one, second),
        "facts.extract" => facts::extract(first),
        "documents.classic.create" => documents::create(one, second),
        "documents.classic.list" => documents::list(one),
        "documents.classic.get" => documents::get(one, two),
        "documents.classic.update" => documents::update(one, two, third),
        "documents.classic.delete" => documents::delete(one, two),
        "documents.generate" => guided::generate(first),
        "documents.list" => Ok(guided::list(&first)),
        "documents.get" => guided::get(one),
        "documents.update" => guided::update(one, second),
        "documents.delete" => guided::delete(one),
        "templates.list" => Ok(templates::list(&first)),
        "templates.get" => templates::get(one),
        "templates.sectionList" => Ok(templates::sections(&first)),
        "recordings.list" => recordings::list(one),
        // The first argument is the file itself, which is no JSON.
        "recordings.upload" => recordings::upload(two),
        "recordings.get" => recordings::get(one, two),
        "recordings.delete" => recordings::delete(one, two),
        "transcripts.create" => transcripts::create(one, second),
        "transcripts.list" => transcripts::list(one, &second),
        "transcripts.get" => transcripts::get(one, two),
        "transcripts.getStatus" => transcripts::status(one, two),
        "transcripts.delete" => transcripts::delete(one, two),
        "languages.list" => Ok(Request::new(Method::Get, "/languages/").with_query(&first)),
        _ => Err(Error::invalid(format!("there is no method {method}"))),
    }
}
