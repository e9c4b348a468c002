//! The second half's edge: the REST API, sign-in and visits, for `js/rest.js`.
//!
//! - [`client`]: what the client has of it: the requests of [`resources`], which [`fetch`] carries out within a [`limit`]; [`auth`]
//!   holds the tokens, [`logger`] is told.
//! - [`visits`]: a visit's workflow; [`facts`]: the list of facts in it; [`settle`]: promises.
//! - [`convert`]: values and errors across the border to JavaScript.

mod auth;
mod client;
mod convert;
mod facts;
mod fetch;
mod limit;
mod logger;
mod resources;
mod settle;
mod visits;

use std::time::Duration;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The monotonic clock of the page or worker.
fn now() -> Duration {
    Duration::from_secs_f64(performance_now().max(0.0) / 1e3)
}
