//! Values and errors across the border to JavaScript.

use js_sys::{JSON, Object, Promise, Reflect};
use serde::Serialize;
use serde_json::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use crate::error::{Code, Error};
use crate::json::ToJson;

// The page's own class; the second half is given it (`js/borrowed.js`).
#[wasm_bindgen(raw_module = "#borrowed")]
extern "C" {
    type OssicleError;

    #[wasm_bindgen(constructor)]
    fn new(code: &str, message: &str, retryable: bool, details: &JsValue) -> OssicleError;
}

/// What an app passed, as JSON sees it: `undefined` keys are absent, a `Date` is its ISO text.
pub(super) fn to_value(name: &str, value: &JsValue) -> Result<Value, Error> {
    if value.is_undefined() || value.is_null() {
        return Ok(Value::Null);
    }
    let refused = || Error::invalid(format!("{name} must be plain data, as JSON has it"));
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string()).ok_or_else(refused)?;
    serde_json::from_str(&text).map_err(|_| refused())
}

/// A value as a plain object.
pub(super) fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or(JsValue::UNDEFINED)
}

/// What has a form in JSON as a plain object.
pub(super) fn parsed(value: &impl ToJson) -> JsValue {
    JSON::parse(&value.to_json()).unwrap_or(JsValue::UNDEFINED)
}

/// An error as an `OssicleError`.
pub(super) fn to_error(error: &Error, cause: Option<&JsValue>) -> JsValue {
    let details = Object::new();
    if let Some(status) = error.status {
        set(&details, "statusCode", &status.into());
    }
    if let Some(id) = &error.request_id {
        set(&details, "requestId", &id.into());
    }
    if let Some(body) = &error.body {
        set(&details, "body", &parsed(body));
    }
    if let Some(cause) = cause {
        set(&details, "cause", cause);
    }
    OssicleError::new(error.code.as_str(), &error.message, error.retryable, &details).into()
}

impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        to_error(&error, None)
    }
}

/// Whether an exception is ours already and needs no wrapping.
pub(super) fn is_ours(exception: &JsValue) -> bool {
    exception.is_instance_of::<OssicleError>()
}

/// A property; `undefined` if there is none.
pub(super) fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a property of an object of ours, which cannot fail.
pub(super) fn set(object: &Object, key: &str, value: &JsValue) {
    let _ = Reflect::set(object, &key.into(), value);
}

/// A promise for a result.
pub(super) fn promise(future: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    future_to_promise(future)
}

/// An exception back as an error of the core, which decides whether to try again.
pub(super) fn from_error(exception: &JsValue) -> Error {
    if !is_ours(exception) {
        return Error::new(Code::Network, "the browser refused the connection");
    }
    let text = |key: &str| get(exception, key).as_string();
    let code = text("code").and_then(|code| Code::from_name(&code)).unwrap_or(Code::Network);
    let mut error = Error::new(code, text("message").unwrap_or_default());
    error.status = get(exception, "statusCode").as_f64().map(|status| status as u16);
    error.request_id = text("requestId");
    error.retryable = get(exception, "retryable").is_truthy();
    error
}
