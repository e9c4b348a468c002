//! Hands a client's calls about streams and microphones to the package's JavaScript, with what that needs of the client.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Function, Object, Promise};
use wasm_bindgen::prelude::*;

use super::convert::{self, set};
use super::fetch::{CallOptions, Service};
use crate::error::Error;
use crate::rest::interactions;

/// How long the REST API may take to say why a socket was refused.
const DIAGNOSIS_LIMIT: Duration = Duration::from_secs(5);

thread_local! {
    static CONNECT: RefCell<Option<Function>> = const { RefCell::new(None) };
    static MICROPHONES: RefCell<JsValue> = const { RefCell::new(JsValue::UNDEFINED) };
}

/// Tells what connects a stream, a function `(service, options) => Promise<Stream>`, and what `client.microphones` is.
#[wasm_bindgen(skip_typescript, js_name = handOver)]
pub fn hand_over(connect: Function, microphones: JsValue) {
    CONNECT.with(|place| *place.borrow_mut() = Some(connect));
    MICROPHONES.with(|place| *place.borrow_mut() = microphones);
}

/// `client.stream.connect`
pub(super) async fn connect(service: Rc<Service>, options: JsValue) -> Result<JsValue, JsValue> {
    let missing = || Error::invalid("await init() before connecting a stream");
    let connect = CONNECT.with(|place| place.borrow().clone()).ok_or_else(missing)?;
    let connected = connect.call2(&JsValue::UNDEFINED, &tools(&service), &options)?;
    wasm_bindgen_futures::JsFuture::from(Promise::resolve(&connected)).await
}

/// `client.microphones`
pub(super) fn microphones() -> JsValue {
    MICROPHONES.with(|place| place.borrow().clone())
}

/// What a stream needs of its client: `{ streamUrl, diagnose, log }`.
fn tools(service: &Rc<Service>) -> Object {
    let tools = Object::new();
    let of = service.clone();
    let url = Closure::<dyn Fn(String) -> Promise>::new(move |interaction: String| {
        let service = of.clone();
        convert::promise(async move {
            let token = service.stream_auth.fresh().await?;
            Ok(service.environment.stream_url(&interaction, &service.tenant, &token).0.into())
        })
    });
    set(&tools, "streamUrl", &url.into_js_value());
    let of = service.clone();
    let diagnose = Closure::<dyn Fn(String) -> Promise>::new(move |interaction: String| {
        let service = of.clone();
        convert::promise(async move {
            let request = interactions::get(&interaction)?;
            service.send(request, &JsValue::UNDEFINED, CallOptions::within(DIAGNOSIS_LIMIT)).await
        })
    });
    set(&tools, "diagnose", &diagnose.into_js_value());
    let of = service.clone();
    let log = Closure::<dyn Fn(String, String)>::new(move |level: String, line: String| {
        of.network.logger.tell(&level, &line);
    });
    set(&tools, "log", &log.into_js_value());
    tools
}
