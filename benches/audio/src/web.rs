//! The stages as JavaScript sees them.

// What wasm-bindgen exports is public to JavaScript, which Rust cannot see.
#![allow(unreachable_pub, missing_docs)]

use wasm_bindgen::prelude::*;

use crate::{Run, SECONDS, STAGES};

#[wasm_bindgen(js_name = secondsOfARun)]
pub fn seconds_of_a_run() -> usize {
    SECONDS
}

#[wasm_bindgen(js_name = namesOfStages)]
pub fn names_of_stages() -> Vec<String> {
    STAGES.iter().map(|stage| stage.name.to_owned()).collect()
}

/// A stage that is prepared.
#[wasm_bindgen]
pub struct PreparedStage(Run);

#[wasm_bindgen]
impl PreparedStage {
    /// The stage of that place in the list of names.
    #[wasm_bindgen(constructor)]
    pub fn new(index: usize) -> Result<PreparedStage, JsError> {
        let stage = STAGES.get(index).ok_or_else(|| JsError::new("there is no such stage"))?;
        (stage.prepare)().map(Self).map_err(|failure| JsError::new(&failure.to_string()))
    }

    /// Runs it once; answers how much came out.
    pub fn run(&mut self) -> Result<usize, JsError> {
        (self.0)().map_err(|failure| JsError::new(&failure.to_string()))
    }
}
