//! The browser's edge: thin, and for `wasm32` alone. Nothing here decides; it carries out what the core decided.
//!
//! Two halves, by the crate's features, each a wasm file of its own. What a page needs to stream (`stream`), flat: numbers and
//! texts for JavaScript, which has the promises, listeners, sockets and timers.
//!
//! - [`page`]: what the page's half of a stream decides, for `js/stream.js` and its neighbours.
//! - [`engine`]: the other half, in a worker or on the page, which `js/host.js` carries out.
//!
//! What it may need besides, which is loaded then (`rest`):
//!
//! - [`client`]: what the client has of it: the requests of [`resources`], which [`fetch`] carries out within a [`limit`]; [`auth`]
//!   holds the tokens, [`logger`] is told.
//! - [`visits`]: a visit's workflow; [`facts`]: the list of facts in it; [`settle`]: promises.
//! - [`convert`]: values and errors across the border to JavaScript.
//!
//! The client itself is `js/client.js`.
//!
//! The contract of that border: every exported method takes `&self` and clones what it needs before it awaits, so a
//! `free()` in the middle of an await is harmless; no `RefCell` is borrowed while JavaScript is called, so a listener
//! may call anything. Globals are reached through names that a page and a worker both have, and only when used.

// What wasm-bindgen exports is public to JavaScript, which Rust cannot see.
#![allow(unreachable_pub)]
// The documentation of what JavaScript sees is in `types/`.
#![allow(missing_docs)]

// What a page needs to stream.
#[cfg(feature = "stream")]
mod engine;
#[cfg(feature = "stream")]
mod page;

/// Of constant time, and two kilobytes smaller than the standard library's for this target.
#[cfg(all(feature = "stream", not(feature = "rest")))]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

// What it may need besides.
#[cfg(feature = "rest")]
mod auth;
#[cfg(feature = "rest")]
mod client;
#[cfg(feature = "rest")]
mod convert;
#[cfg(feature = "rest")]
mod facts;
#[cfg(feature = "rest")]
mod fetch;
#[cfg(feature = "rest")]
mod limit;
#[cfg(feature = "rest")]
mod logger;
#[cfg(feature = "rest")]
mod resources;
#[cfg(feature = "rest")]
mod settle;
#[cfg(feature = "rest")]
mod visits;

#[cfg(feature = "rest")]
use std::time::Duration;

#[cfg(feature = "rest")]
use wasm_bindgen::prelude::*;

#[cfg(feature = "rest")]
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The monotonic clock of the page or worker.
#[cfg(feature = "rest")]
fn now() -> Duration {
    Duration::from_secs_f64(performance_now().max(0.0) / 1e3)
}
