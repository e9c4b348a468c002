//! The browser's edge: thin, and for `wasm32` alone. Nothing here decides; it carries out what the core decided.
//!
//! - [`client`]: `OssicleClient`, the options it takes.
//! - [`resources`]: the REST resources; [`fetch`] carries their requests out within a [`limit`], [`auth`] holds the
//!   tokens, [`logger`] is told.
//! - [`page`]: what the page's half of a stream decides; the half itself, and microphones, are JavaScript (`js/stream.js`), to which
//!   [`handover`] hands a client's calls. Of the other half, in a worker or on the page, `js/host.js` carries out what an
//!   [`engine`] decides.
//! - [`visits`]: a whole visit, put together from all of these; [`facts`]: the list of facts in it.
//! - [`events`], [`settle`], [`convert`]: listeners; promises; values and errors across the border to JavaScript.
//!
//! The contract of that border: every exported method takes `&self` and clones what it needs before it awaits, so a
//! `free()` in the middle of an await is harmless; no `RefCell` is borrowed while JavaScript is called, so a listener
//! may call anything. Globals are reached through names that a page and a worker both have, and only when used.

// What wasm-bindgen exports is public to JavaScript, which Rust cannot see.
#![allow(unreachable_pub)]
// The documentation of what JavaScript sees is in `types/`.
#![allow(missing_docs)]

mod auth;
mod client;
mod convert;
mod engine;
mod events;
mod facts;
mod fetch;
mod handover;
mod limit;
mod logger;
mod page;
mod resources;
mod settle;
mod visits;

use std::time::Duration;

use wasm_bindgen::prelude::*;

pub use client::OssicleClient;

#[wasm_bindgen(typescript_custom_section)]
const CLIENT_TYPES: &str = include_str!("types/client.d.ts");
#[wasm_bindgen(typescript_custom_section)]
const AUTH_TYPES: &str = include_str!("types/auth.d.ts");
#[wasm_bindgen(typescript_custom_section)]
const REST_TYPES: &str = include_str!("types/rest.d.ts");
#[wasm_bindgen(typescript_custom_section)]
const DOCUMENT_TYPES: &str = include_str!("types/documents.d.ts");
#[wasm_bindgen(typescript_custom_section)]
const STREAM_TYPES: &str = include_str!("types/stream.d.ts");
#[wasm_bindgen(typescript_custom_section)]
const VISIT_TYPES: &str = include_str!("types/visits.d.ts");

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The monotonic clock of the page.
fn now() -> Duration {
    Duration::from_secs_f64(performance_now().max(0.0) / 1e3)
}
