//! `client.visits`: hands the workflow and what it needs of the client to JavaScript (`js/visits.js`), which carries the
//! steps out.

use std::cell::RefCell;

use js_sys::{Array, Function, Object};
use wasm_bindgen::prelude::*;

use super::convert::{set, to_js, to_value};
use super::facts::FactList;
use crate::error::Error;
use crate::visit::document;
use crate::visit::workflow::{Goal, Workflow};

#[wasm_bindgen(module = "/src/web/js/visits.js")]
extern "C" {
    fn visits(tools: &Object) -> JsValue;
}

/// The visits of a client, which has the rest of these: `call` sends a request by its method's name.
pub(super) fn all(call: &JsValue, stream: &JsValue, microphones: &JsValue) -> JsValue {
    let workflow = |interaction: Option<String>, options: JsValue| {
        let options = to_value("the visit's options", &options)?;
        let workflow = match interaction {
            Some(id) => Workflow::resume(&id, &options)?,
            None => Workflow::start(&options)?,
        };
        Ok(VisitWorkflow(RefCell::new(workflow)).into())
    };
    let document = |request: JsValue, kept: JsValue, segments: JsValue| {
        let list = |name: &str, value: &JsValue| -> Result<Vec<serde_json::Value>, Error> {
            Ok(to_value(name, value)?.as_array().cloned().unwrap_or_default())
        };
        let request = to_value("the document's request", &request)?;
        Ok(to_js(&document::body(&request, &list("the facts", &kept)?, &list("the transcript", &segments)?)?))
    };
    let facts =
        |interaction: String, call: Function, changed: Function| FactList::new(interaction, call, changed).into();

    let tools = Object::new();
    set(&tools, "call", call);
    set(&tools, "stream", stream);
    set(&tools, "microphones", microphones);
    let workflow = Closure::<dyn Fn(Option<String>, JsValue) -> Result<JsValue, JsValue>>::new(workflow);
    set(&tools, "workflow", &workflow.into_js_value());
    let document = Closure::<dyn Fn(JsValue, JsValue, JsValue) -> Result<JsValue, JsValue>>::new(document);
    set(&tools, "documentBody", &document.into_js_value());
    let facts = Closure::<dyn Fn(String, Function, Function) -> JsValue>::new(facts);
    set(&tools, "factList", &facts.into_js_value());
    visits(&tools)
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
