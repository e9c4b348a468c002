//! A class a REST resource. Every method builds a request in the core and hands it to [`Service::call`].

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::convert::to_value;
use super::fetch::Service;
use crate::error::Error;
use crate::rest::{Request, documents, facts, interactions, templates};

/// Reads the body's or query's argument and builds the request from it.
fn built(
    name: &str, argument: &JsValue, build: impl FnOnce(serde_json::Value) -> Result<Request, Error>,
) -> Result<Request, Error> {
    to_value(name, argument).and_then(build)
}

/// An argument that should be text. What is not becomes empty, which the core refuses with a sentence.
fn text(argument: &JsValue) -> String {
    argument.as_string().unwrap_or_default()
}

/// `client.interactions`
#[wasm_bindgen(skip_typescript)]
pub struct Interactions(pub(super) Rc<Service>);

#[wasm_bindgen]
impl Interactions {
    pub fn create(&self, body: &JsValue, options: &JsValue) -> Promise {
        self.0.call(built("the interaction", body, interactions::create), options)
    }

    pub fn list(&self, query: &JsValue, options: &JsValue) -> Promise {
        self.0.call(built("the query", query, |query| Ok(interactions::list(&query))), options)
    }

    pub fn get(&self, id: &JsValue, options: &JsValue) -> Promise {
        self.0.call(interactions::get(&text(id)), options)
    }

    pub fn update(&self, id: &JsValue, body: &JsValue, options: &JsValue) -> Promise {
        self.0.call(built("the interaction", body, |body| interactions::update(&text(id), body)), options)
    }

    pub fn delete(&self, id: &JsValue, options: &JsValue) -> Promise {
        self.0.call(interactions::delete(&text(id)), options)
    }
}

/// `client.facts`
#[wasm_bindgen(skip_typescript)]
pub struct Facts(pub(super) Rc<Service>);

#[wasm_bindgen]
impl Facts {
    #[wasm_bindgen(js_name = factGroupsList)]
    pub fn fact_groups_list(&self, options: &JsValue) -> Promise {
        self.0.call(Ok(facts::groups()), options)
    }

    pub fn list(&self, interaction: &JsValue, options: &JsValue) -> Promise {
        self.0.call(facts::list(&text(interaction)), options)
    }

    pub fn create(&self, interaction: &JsValue, body: &JsValue, options: &JsValue) -> Promise {
        self.0.call(built("the facts", body, |body| facts::create(&text(interaction), body)), options)
    }

    pub fn update(&self, interaction: &JsValue, fact: &JsValue, body: &JsValue, options: &JsValue) -> Promise {
        self.0.call(built("the fact", body, |body| facts::update(&text(interaction), &text(fact), body)), options)
    }

    #[wasm_bindgen(js_name = batchUpdate)]
    pub fn batch_update(&self, interaction: &JsValue, body: &JsValue, options: &JsValue) -> Promise {
        self.0.call(built("the facts", body, |body| facts::batch_update(&text(interaction), body)), options)
    }
}

/// `client.documents`
#[wasm_bindgen(skip_typescript)]
pub struct Documents(pub(super) Rc<Service>);

#[wasm_bindgen]
impl Documents {
    #[wasm_bindgen(getter)]
    pub fn classic(&self) -> ClassicDocuments {
        ClassicDocuments(self.0.clone())
    }
}

/// `client.documents.classic`
#[wasm_bindgen(skip_typescript)]
pub struct ClassicDocuments(Rc<Service>);

#[wasm_bindgen]
impl ClassicDocuments {
    pub fn create(&self, interaction: &JsValue, body: &JsValue, options: &JsValue) -> Promise {
        self.0.call(built("the document", body, |body| documents::create(&text(interaction), body)), options)
    }

    pub fn list(&self, interaction: &JsValue, options: &JsValue) -> Promise {
        self.0.call(documents::list(&text(interaction)), options)
    }

    pub fn get(&self, interaction: &JsValue, document: &JsValue, options: &JsValue) -> Promise {
        self.0.call(documents::get(&text(interaction), &text(document)), options)
    }
}

/// `client.templates`
#[wasm_bindgen(skip_typescript)]
pub struct Templates(pub(super) Rc<Service>);

#[wasm_bindgen]
impl Templates {
    pub fn list(&self, query: &JsValue, options: &JsValue) -> Promise {
        self.0.call(built("the query", query, |query| Ok(templates::list(&query))), options)
    }

    pub fn get(&self, key: &JsValue, options: &JsValue) -> Promise {
        self.0.call(templates::get(&text(key)), options)
    }
}
