//! The second half of a client, as `js/rest.js` makes it when the client first needs one. The client's options were read and checked
//! by `js/service.js`, whose service this takes.

use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;

use super::auth::{self, TokenSource};
use super::convert::{self, get};
use super::fetch::{CallOptions, Network, Service, max_retries, pairs, timeout};
use super::logger::Logger;
use super::resources;
use crate::rest::environment::Environment;
use crate::rest::interactions;

/// How long the REST API may take to say why a socket was refused.
const DIAGNOSIS_LIMIT: Duration = Duration::from_secs(5);

#[wasm_bindgen]
extern "C" {
    /// What of a client both halves need: `js/service.js`.
    #[derive(Clone)]
    pub type Client;

    #[wasm_bindgen(method, getter)]
    fn base(this: &Client) -> String;

    #[wasm_bindgen(method, getter)]
    fn login(this: &Client) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    fn tenant(this: &Client) -> Option<String>;

    /// None where a proxy brings the token.
    #[wasm_bindgen(method, getter)]
    fn auth(this: &Client) -> Option<auth::Provider>;

    #[wasm_bindgen(method, getter, js_name = streamAuth)]
    fn stream_auth(this: &Client) -> Option<auth::Provider>;

    #[wasm_bindgen(method, getter, js_name = withCredentials)]
    fn with_credentials(this: &Client) -> bool;
}

/// Sends what its client asks for. It may outlive that: an app that keeps `client.facts` need not keep the client.
#[wasm_bindgen(skip_typescript)]
pub struct Half(Rc<Service>);

#[wasm_bindgen]
impl Half {
    #[wasm_bindgen(constructor)]
    pub fn new(client: &Client) -> Result<Self, JsValue> {
        let environment = Environment { base: client.base(), login: client.login() };
        let (tenant, network) = (
            client.tenant(),
            Rc::new(Network {
                fetch: get(client, "fetch").dyn_into().ok(),
                timeout: timeout(client)?.unwrap_or_default(),
                logger: Logger::new(client),
            }),
        );
        let tokens = |provider: Option<auth::Provider>| {
            let realm = tenant.as_deref().unwrap_or_default();
            provider.map(|provider| TokenSource::new(provider, &environment, realm, &network)).transpose()
        };
        let auth = tokens(client.auth())?;
        let has_own = client.stream_auth() != client.auth();
        let stream_auth = if has_own { tokens(client.stream_auth())? } else { auth.clone() };
        let with_credentials = client.with_credentials();
        let headers = pairs("headers", &get(client, "headers"))?;
        let max_retries = max_retries(client)?.unwrap_or_default();
        Ok(Self(Rc::new(Service {
            environment,
            tenant,
            auth,
            stream_auth,
            headers,
            network,
            max_retries,
            with_credentials,
        })))
    }

    /// Sends the request of a method with all that an app gave it, its options at the end. Which method is meant where two have one
    /// name, and where the options are, the core says.
    pub fn invoke(&self, method: &str, given: &Array) -> Promise {
        match resources::split(method, given) {
            Ok((method, arguments, options)) => self.call(&method, &arguments, &options),
            Err(error) => Promise::reject(&error.into()),
        }
    }

    /// Sends the request of a method, such as `facts.create`.
    pub fn call(&self, method: &str, arguments: &Array, options: &JsValue) -> Promise {
        let (request, options) = (resources::request(method, arguments), CallOptions::from_js(options));
        let (service, file) = (self.0.clone(), arguments.get(0));
        convert::promise(async move { service.send(request?, &file, options?).await })
    }

    /// A token for a stream's connection, which will outlast it.
    pub fn token(&self) -> Promise {
        let service = self.0.clone();
        convert::promise(async move {
            let Some(auth) = &service.stream_auth else { return Ok(JsValue::UNDEFINED) };
            Ok(auth.fresh().await?.0.into())
        })
    }

    /// A token for a request of the app's own, which begins now.
    #[wasm_bindgen(js_name = authToken)]
    pub fn auth_token(&self) -> Promise {
        let service = self.0.clone();
        convert::promise(async move {
            let Some(auth) = &service.auth else { return Ok(JsValue::UNDEFINED) };
            Ok(auth.good().await?.0.into())
        })
    }

    /// Asks the REST API why an interaction's socket did not open: rejects with that, if it tells.
    pub fn diagnose(&self, interaction: &str) -> Promise {
        let (service, request) = (self.0.clone(), interactions::get(interaction));
        convert::promise(async move {
            service.send(request?, &JsValue::UNDEFINED, CallOptions::within(DIAGNOSIS_LIMIT)).await?;
            Ok(JsValue::UNDEFINED)
        })
    }
}
