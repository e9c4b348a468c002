//! `OssicleClient`: reads its options and hands out the resources.

use std::rc::Rc;
use std::time::Duration;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use super::auth::TokenSource;
use super::convert::{self, get, to_value};
use super::fetch::{Network, Service, max_retries, pairs, timeout};
use super::handover;
use super::logger::Logger;
use super::resources;
use super::visits;
use crate::error::Error;
use crate::rest::environment::Environment;

/// Tries after the first one.
const MAX_RETRIES: u32 = 2;

/// Seconds for one attempt of a request.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The entry to everything.
#[wasm_bindgen(skip_typescript)]
pub struct OssicleClient {
    service: Rc<Service>,
    resources: JsValue,
    visits: JsValue,
}

#[wasm_bindgen]
impl OssicleClient {
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> Result<Self, JsValue> {
        let service = Rc::new(service(options)?);
        let call = resources::call(&service);
        let visits = visits::all(&call, &Streams(service.clone()).into(), &handover::microphones());
        Ok(Self { resources: resources::all(&call), service, visits })
    }

    #[wasm_bindgen(getter)]
    pub fn interactions(&self) -> JsValue {
        get(&self.resources, "interactions")
    }

    #[wasm_bindgen(getter)]
    pub fn facts(&self) -> JsValue {
        get(&self.resources, "facts")
    }

    #[wasm_bindgen(getter)]
    pub fn documents(&self) -> JsValue {
        get(&self.resources, "documents")
    }

    #[wasm_bindgen(getter)]
    pub fn templates(&self) -> JsValue {
        get(&self.resources, "templates")
    }

    #[wasm_bindgen(getter)]
    pub fn recordings(&self) -> JsValue {
        get(&self.resources, "recordings")
    }

    #[wasm_bindgen(getter)]
    pub fn transcripts(&self) -> JsValue {
        get(&self.resources, "transcripts")
    }

    #[wasm_bindgen(getter)]
    pub fn languages(&self) -> JsValue {
        get(&self.resources, "languages")
    }

    #[wasm_bindgen(getter)]
    pub fn stream(&self) -> Streams {
        Streams(self.service.clone())
    }

    #[wasm_bindgen(getter)]
    pub fn visits(&self) -> JsValue {
        self.visits.clone()
    }

    #[wasm_bindgen(getter)]
    pub fn microphones(&self) -> JsValue {
        handover::microphones()
    }
}

/// `client.stream`
#[wasm_bindgen(skip_typescript)]
pub struct Streams(Rc<Service>);

#[wasm_bindgen]
impl Streams {
    pub fn connect(&self, options: &JsValue) -> Promise {
        let (service, options) = (self.0.clone(), options.clone());
        convert::promise(async move { handover::connect(service, options).await })
    }
}

fn service(options: &JsValue) -> Result<Service, Error> {
    if !options.is_object() {
        return Err(Error::invalid("new OssicleClient needs { environment, tenantName, auth }"));
    }
    let text = |key: &str| get(options, key).as_string().filter(|text| !text.is_empty());
    let environment = Environment::from_value(&to_value("environment", &get(options, "environment"))?)?;
    let tenant = text("tenantName").ok_or_else(|| Error::invalid("tenantName is missing"))?;
    let fetch = get(options, "fetch");
    let fetch = (!fetch.is_undefined()).then(|| fetch.dyn_into::<Function>()).transpose();
    let network = Rc::new(Network {
        fetch: fetch.map_err(|_| Error::invalid("fetch must be a function"))?,
        timeout: timeout(options)?.unwrap_or(TIMEOUT),
        logger: Logger::from_js(get(options, "logger"))?,
    });
    let tokens = |name: &str| TokenSource::from_js(name, &get(options, name), &environment, &tenant, &network);
    let auth = tokens("auth")?;
    let has_own = !get(options, "streamAuth").is_undefined();
    let stream_auth = if has_own { tokens("streamAuth")? } else { auth.clone() };
    Ok(Service {
        environment,
        tenant,
        auth,
        stream_auth,
        headers: pairs("headers", &get(options, "headers"))?,
        network,
        max_retries: max_retries(options)?.unwrap_or(MAX_RETRIES),
    })
}
