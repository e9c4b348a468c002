//! The requests of the REST resources (`js/resources.js`), whose methods all end in one function here.

use js_sys::Array;
use serde_json::Value;
use wasm_bindgen::JsValue;

use super::convert::to_value;
use crate::error::Error;
use crate::rest::calls::{self, Given};
use crate::rest::{Request, Transfer};

/// The request that a method's arguments ask for.
pub(super) fn request(method: &str, arguments: &Array) -> Result<Request, Error> {
    let is_upload = method == "recordings.upload";
    let value = |(index, argument)| match is_upload && index == 0 {
        // A file is no data: it goes as it is.
        true => Ok(Value::Null),
        false => to_value("the request", &argument),
    };
    if is_upload && arguments.get(0).is_undefined() {
        return Err(Error::invalid("the file must be a Blob, or bytes"));
    }
    let mut values = arguments.iter().enumerate().map(value).collect::<Result<Vec<Value>, Error>>()?;
    let request = calls::call(method, &mut values)?;
    debug_assert!(is_upload == (request.transfer == Transfer::Upload));
    Ok(request)
}

/// What an app gave to a method: the method that is meant, its arguments, and its options.
pub(super) fn split(method: &str, given: &Array) -> Result<(String, Array, JsValue), Error> {
    let kind = |argument: JsValue| match argument {
        argument if argument.is_undefined() || argument.is_null() => Given::Missing,
        argument if argument.is_string() => Given::Text,
        _ => Given::Other,
    };
    let method = calls::meant(method, &given.iter().map(kind).collect::<Vec<_>>())?;
    let count = calls::arguments(method)?;
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    Ok((method.to_owned(), given.slice(0, count), given.get(count)))
}
