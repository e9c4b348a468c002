//! The methods of the REST API by their names, as JavaScript calls them: every resource has a table of them, and one
//! function makes a request of a row and its arguments. So the border to JavaScript is one function too, and every method
//! is tested natively.

use serde_json::{Value, json};

use super::shape::{Shape, check, optional};
use super::{
    Method, Request, Transfer, documents, facts, guided, interactions, library, recordings, templates, transcripts,
};
use crate::address::{encode_component, is_uuid};
use crate::error::Error;

/// A method: a row of a resource's table.
pub(super) struct Call {
    name: &'static str,
    method: Method,
    path: &'static str,
    takes: Takes,
}

impl Call {
    /// `path` is relative to the environment's REST base; what stands in braces is the id of that thing, an argument, but
    /// for `{key}`, which is a template's. The arguments that the path names come first, in its order.
    pub(super) const fn new(name: &'static str, method: Method, path: &'static str, takes: Takes) -> Self {
        Self { name, method, path, takes }
    }
}

/// What a method takes besides the ids in its path.
pub(super) enum Takes {
    /// Nothing.
    Nothing,
    /// A query, which may be absent.
    Query(Shape),
    /// A JSON body.
    Body(Shape),
    /// A JSON body with changes; an absent one is sent as an empty object, which changes nothing.
    Changes(Shape),
    /// A file, as the first argument of all. Whoever sends the request adds it.
    File,
    /// Nothing; the answer is a file.
    Download,
}

const LANGUAGES: &[Call] = &[Call::new(
    "languages.list",
    Method::Get,
    "/languages/",
    Takes::Query(Shape::Object(&[optional("endpoint", Shape::OneOf(&["streams", "transcribe", "transcripts"]))])),
)];

const RESOURCES: [&[Call]; 9] = [
    interactions::CALLS,
    facts::CALLS,
    documents::CALLS,
    guided::CALLS,
    library::CALLS,
    templates::CALLS,
    recordings::CALLS,
    transcripts::CALLS,
    LANGUAGES,
];

/// The names of all methods.
pub fn names() -> impl Iterator<Item = &'static str> {
    RESOURCES.iter().copied().flatten().map(|call| call.name)
}

/// How many arguments a method takes before its options.
///
/// # Errors
/// `invalid_request` if there is no such method.
pub fn arguments(method: &str) -> Result<usize, Error> {
    let call = find(method)?;
    let ids = call.path.matches('{').count();
    Ok(ids + usize::from(!matches!(call.takes, Takes::Nothing | Takes::Download)))
}

/// What a call is given in the place of an argument, as far as it tells which method is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// `undefined` or `null`, said so.
    Missing,
    /// A text.
    Text,
    /// Anything else.
    Other,
}

/// The method that is meant by `list`, `get`, `update` or `delete` of `documents`: classic documents belong to an
/// interaction, whose id comes first (so `@corti/sdk` 1.0 has them); guided ones have none. Any other name is itself.
///
/// What could be an id that is missing is never taken for the other kind: the request would ask, change or delete something
/// else.
///
/// # Errors
/// `invalid_request` if an id is missing.
pub fn meant<'a>(method: &'a str, given: &[Given]) -> Result<&'a str, Error> {
    let classic = match method {
        "documents.list" => "documents.classic.list",
        "documents.get" => "documents.classic.get",
        "documents.update" => "documents.classic.update",
        "documents.delete" => "documents.classic.delete",
        _ => return Ok(method),
    };
    // The place of the id that only a classic document's method has.
    let (place, missing) = match method {
        "documents.list" => (0, "the interaction's id is missing; all guided documents are documents.list({})"),
        _ => (
            1,
            "the document's id is missing after the interaction's; a guided document is asked for by its id alone, with \
             nothing or an object after it",
        ),
    };
    match given.get(place) {
        Some(Given::Missing) => Err(Error::invalid(missing)),
        Some(Given::Text) => Ok(classic),
        Some(Given::Other) | None => Ok(method),
    }
}

fn find(method: &str) -> Result<&'static Call, Error> {
    let call = RESOURCES.iter().copied().flatten().find(|call| call.name == method);
    call.ok_or_else(|| Error::invalid(format!("there is no method {method}")))
}

/// The request of a method, such as `facts.update`, with its arguments in their order. Absent ones are null.
///
/// # Errors
/// `invalid_request` that names what is missing or wrong, down to its path; also if there is no such method.
pub fn call(method: &str, arguments: &mut [Value]) -> Result<Request, Error> {
    let call = find(method)?;
    // The file itself is no JSON.
    let skipped = usize::from(matches!(call.takes, Takes::File));
    let mut arguments = arguments.iter_mut().skip(skipped).map(Value::take);
    let mut request = Request::new(call.method, fill(call.path, &mut arguments)?);
    let mut argument = arguments.next().unwrap_or_default();
    match &call.takes {
        Takes::Nothing => {}
        Takes::File => request.transfer = Transfer::Upload,
        Takes::Download => request.transfer = Transfer::Download,
        Takes::Query(_) if argument.is_null() => {}
        Takes::Query(shape) => {
            check(shape, &argument, "")?;
            request = request.with_query(&argument);
        }
        Takes::Body(shape) | Takes::Changes(shape) => {
            if argument.is_null() && matches!(call.takes, Takes::Changes(_)) {
                argument = json!({});
            }
            check(shape, &argument, "")?;
            request.body = Some(argument);
        }
    }
    Ok(request)
}

/// The path with its arguments. A malformed id would be refused with 400 anyway, without saying which.
fn fill(path: &str, arguments: &mut impl Iterator<Item = Value>) -> Result<String, Error> {
    let mut filled = String::new();
    for piece in path.split('/').skip(1) {
        filled.push('/');
        let Some(name) = piece.strip_prefix('{').and_then(|piece| piece.strip_suffix('}')) else {
            filled.push_str(piece);
            continue;
        };
        let argument = arguments.next().unwrap_or_default();
        match argument.as_str().unwrap_or_default() {
            "" if name == "key" => return Err(Error::invalid("the template's key is missing")),
            key if name == "key" => filled.push_str(&encode_component(key)),
            id if is_uuid(id) => filled.push_str(id),
            _ => return Err(Error::invalid(format!("the {name}'s id must be a UUID"))),
        }
    }
    Ok(filled)
}
