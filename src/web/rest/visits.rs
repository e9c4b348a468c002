//! What `js/visits.js`, which carries a visit's steps out, has of it here: the workflow, and a visit's documents.

use std::cell::RefCell;

use js_sys::{Array, Object};
use serde_json::Value;
use wasm_bindgen::prelude::*;

use super::convert::{set, to_js, to_value};
use crate::error::Error;
use crate::visit::document::{self, Asked};
use crate::visit::offer;
use crate::visit::workflow::{Goal, Workflow};

/// The workflow of a visit that begins, or of an interaction that is there.
#[wasm_bindgen(skip_typescript)]
pub fn workflow(interaction: Option<String>, options: &JsValue) -> Result<VisitWorkflow, JsValue> {
    let options = to_value("the visit's options", options)?;
    let workflow = match interaction {
        Some(id) => Workflow::resume(&id, &options)?,
        None => Workflow::start(&options)?,
    };
    Ok(VisitWorkflow(RefCell::new(workflow)))
}

/// The call for a document, of the facts that are kept and what was said: `{ method, arguments, headers }`.
#[wasm_bindgen(js_name = documentRequest, skip_typescript)]
pub fn document_request(
    interaction: &str, request: &JsValue, kept: &JsValue, segments: &JsValue, configuration: &JsValue,
) -> Result<JsValue, JsValue> {
    let list = |name: &str, value: &JsValue| -> Result<Vec<Value>, Error> {
        Ok(to_value(name, value)?.as_array().cloned().unwrap_or_default())
    };
    let request = to_value("the document's request", request)?;
    let (kept, segments) = (list("the facts", kept)?, list("the transcript", segments)?);
    let configuration = to_value("the configuration", configuration)?;
    Ok(call(&document::request(interaction, &request, &kept, &segments, &configuration)?))
}

/// A document as an app sees it, from what the service answered.
#[wasm_bindgen(js_name = documentOf, skip_typescript)]
pub fn document_of(method: &str, answer: &JsValue) -> Result<JsValue, JsValue> {
    Ok(to_js(&document::read(method, &to_value("the document", answer)?)))
}

/// The call that saves a corrected document, or nothing if there is nothing to save.
#[wasm_bindgen(js_name = documentSaving, skip_typescript)]
pub fn document_saving(interaction: &str, document: &JsValue) -> Result<JsValue, JsValue> {
    let asked = document::save(interaction, &to_value("the document", document)?)?;
    Ok(asked.as_ref().map_or(JsValue::UNDEFINED, call))
}

/// What a document can be written with, from what the two lists of templates answered.
#[wasm_bindgen(js_name = templatesOf, skip_typescript)]
pub fn templates_of(guided: &JsValue, classic: &JsValue, language: Option<String>) -> Result<JsValue, JsValue> {
    let (guided, classic) = (to_value("the templates", guided)?, to_value("the templates", classic)?);
    Ok(to_js(&offer::templates(&guided, &classic, language.as_deref())))
}

fn call(asked: &Asked) -> JsValue {
    let (arguments, headers): (Array, _) = (asked.arguments.iter().map(to_js).collect(), Object::new());
    for (name, value) in &asked.headers {
        set(&headers, name, &(*value).into());
    }
    let call = Object::new();
    set(&call, "method", &asked.method.into());
    set(&call, "arguments", &arguments);
    set(&call, "headers", &headers);
    call.into()
}

/// A visit's workflow.
#[wasm_bindgen(skip_typescript)]
pub struct VisitWorkflow(RefCell<Workflow>);

#[wasm_bindgen]
impl VisitWorkflow {
    #[wasm_bindgen(getter)]
    pub fn id(&self) -> Option<String> {
        self.0.borrow().id().map(str::to_owned)
    }

    #[wasm_bindgen(getter)]
    pub fn interaction(&self) -> JsValue {
        to_js(self.0.borrow().interaction())
    }

    /// The groups of facts, as the service answered; nothing if it was not asked.
    #[wasm_bindgen(getter)]
    pub fn groups(&self) -> JsValue {
        to_js(self.0.borrow().groups())
    }

    #[wasm_bindgen(getter, js_name = hasStream)]
    pub fn has_stream(&self) -> bool {
        self.0.borrow().has_stream()
    }

    /// The next step as `{method, arguments}`, or nothing.
    pub fn next(&self, goal: &str, stream: Option<String>) -> Result<JsValue, JsValue> {
        let goal = Goal::from_name(goal).ok_or_else(|| Error::invalid("a visit has no such goal"))?;
        let step = self.0.borrow_mut().next(goal, stream.as_deref())?;
        let Some(step) = step else { return Ok(JsValue::UNDEFINED) };
        let (arguments, object): (Array, _) = (step.arguments.iter().map(to_js).collect(), Object::new());
        set(&object, "method", &step.method.into());
        set(&object, "arguments", &arguments);
        Ok(object.into())
    }

    pub fn close(&self) {
        self.0.borrow_mut().close();
    }

    pub fn done(&self, result: &JsValue) -> Result<(), JsValue> {
        let result = to_value("the answer", result)?;
        Ok(self.0.borrow_mut().done(&result)?)
    }

    pub fn failed(&self) -> bool {
        self.0.borrow_mut().failed()
    }
}
