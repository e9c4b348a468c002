//! The browser's edge: thin, and for `wasm32` alone. Nothing here decides; it carries out what the core decided.
//!
//! - [`client`]: `OssicleClient`, the options it takes.
//! - [`resources`]: the REST resources; [`fetch`] carries their requests out within a [`limit`], [`auth`] holds the
//!   tokens, [`logger`] is told.
//! - [`stream`]: the `Stream` class; [`front`], the page's half of a stream: its listeners, promises ([`settle`]), tokens and
//!   sources ([`capture`], with a [`tap`] on each, or a [`track`] that is read elsewhere); [`host`], the half with the engine, here or in a [`worker`]: it carries out
//!   what the engine decides, between [`batches`] of frames, [`encoder`] (those that live outside this module) and
//!   [`socket`]. Between the halves is a [`link`], to a worker a [`remote`].
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
mod batches;
mod capture;
mod client;
mod convert;
mod encoder;
mod events;
mod facts;
mod fetch;
mod front;
mod host;
mod limit;
mod link;
mod logger;
mod microphones;
mod remote;
mod resources;
mod settle;
mod socket;
mod stream;
mod tap;
mod track;
mod visits;
mod worker;

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

/// Tells where the worklet's script is, what loads the encoders (functions that answer a promise of a class), and what makes
/// workers. `init` of the npm package does.
#[wasm_bindgen(skip_typescript)]
pub fn configure(
    worklet_url: String, opus: Option<js_sys::Function>, flac: Option<js_sys::Function>,
    workshop: Option<js_sys::Function>,
) {
    encoder::set_loaders(encoder::Loaders { opus, flac });
    remote::set_workshop(workshop);
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

/// The monotonic clock of the page or worker.
fn now() -> Duration {
    Duration::from_secs_f64(performance_now().max(0.0) / 1e3)
}
