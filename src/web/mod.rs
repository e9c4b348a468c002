//! The browser's edge: thin, and for `wasm32` alone. Nothing here decides; it carries out what the core decided.
//!
//! - [`client`]: `OssicleClient`, the options it takes.
//! - [`resources`]: the REST resources; [`fetch`] carries their requests out within a [`limit`], [`auth`] holds the
//!   tokens, [`logger`] is told.
//! - [`stream`]: the `Stream` class; [`front`], the page's half of a stream: its listeners, promises ([`settle`]), tokens and
//!   sources ([`capture`], with a [`tap`] on each, or a [`track`] that is read elsewhere). Between it and the other half is a
//!   [`link`], a [`remote`] thread's or this one's. There `js/host.js` carries out what an [`engine`] decides.
//! - [`microphones`]: finding and opening them.
//! - [`visits`]: a whole visit, put together from all of these; [`facts`]: the list of facts in it.
//! - [`events`], [`convert`]: listeners; values and errors across the border to JavaScript.
//!
//! The contract of that border: every exported method takes `&self` and clones what it needs before it awaits, so a
//! `free()` in the middle of an await is harmless; no `RefCell` is borrowed while JavaScript is called, so a listener
//! may call anything. Globals are reached through names that a page and a worker both have, and only when used.

// What wasm-bindgen exports is public to JavaScript, which Rust cannot see.
#![allow(unreachable_pub)]
// The documentation of what JavaScript sees is in `types/`.
#![allow(missing_docs)]

mod auth;
mod capture;
mod client;
mod convert;
mod engine;
mod events;
mod facts;
mod fetch;
mod front;
mod limit;
mod link;
mod logger;
mod microphones;
mod remote;
mod resources;
mod settle;
mod stream;
mod tap;
mod track;
mod visits;

use std::cell::RefCell;
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

thread_local! {
    static WORKLET_URL: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Tells where the worklet's script is, and what answers a promise of a line to an engine (see `js/lines.js`). `init` of the
/// npm package does.
#[wasm_bindgen(skip_typescript)]
pub fn configure(worklet_url: String, lines: js_sys::Function) {
    remote::set_lines(lines);
    WORKLET_URL.with(|place| *place.borrow_mut() = Some(worklet_url));
}

/// The worklet's script: where `init` said, else beside the module that wasm-bindgen made.
fn worklet_url() -> String {
    WORKLET_URL
        .with(|place| place.borrow().clone())
        .unwrap_or_else(|| wasm_bindgen::link_to!(module = "/src/web/js/worklet.js"))
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The monotonic clock of the page.
fn now() -> Duration {
    Duration::from_secs_f64(performance_now().max(0.0) / 1e3)
}
