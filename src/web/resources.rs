//! The REST resources: JavaScript objects (`js/resources.js`) whose methods all end in one function here.

use std::rc::Rc;

use js_sys::{Array, Function, Promise};
use serde_json::Value;
use wasm_bindgen::prelude::*;

use super::convert::{self, to_value};
use super::fetch::{CallOptions, Service};
use crate::error::Error;
use crate::rest::calls;
use crate::rest::{Request, Transfer};

#[wasm_bindgen(module = "/src/web/js/resources.js")]
extern "C" {
    fn resources(call: &Function) -> JsValue;
}

/// What calls back from JavaScript: a method's name, its arguments, its options.
type Call = Closure<dyn Fn(String, Array, JsValue) -> Promise>;

/// All resources of a client, whose methods all are `call`.
pub(super) fn all(call: &JsValue) -> JsValue {
    resources(call.unchecked_ref())
}

/// The function behind every method of a client. It may outlive that: an app that keeps `client.facts` need not keep the
/// client, and the garbage collector frees what only the client's wrapper held.
pub(super) fn call(service: &Rc<Service>) -> JsValue {
    let service = service.clone();
    let call = Call::new(move |method: String, arguments: Array, options: JsValue| {
        let (request, options) = (request(&method, &arguments), CallOptions::from_js(&options));
        let (service, file) = (service.clone(), arguments.get(0));
        convert::promise(async move { service.send(request?, &file, options?).await })
    });
    call.into_js_value()
}

/// The request that a method's arguments ask for.
fn request(method: &str, arguments: &Array) -> Result<Request, Error> {
    let is_upload = method == "recordings.upload";
    let value = |(index, argument): (usize, JsValue)| match is_upload && index == 0 {
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
