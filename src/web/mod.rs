//! The browser's edge: thin, and for `wasm32` alone. Nothing here decides; it carries out what the core decided.
//!
//! Two halves, by the crate's features, each a wasm file of its own:
//!
//! - `stream`, what a page needs to stream, flat: numbers and texts for JavaScript, which has the promises, listeners, sockets and
//!   timers. [`page`] is what the page's half of a stream decides, for `js/stream.js` and its neighbours; [`engine`] the other half,
//!   in a worker or on the page, which `js/host.js` carries out.
//! - `rest`, what a page may need besides, which is loaded then.
//!
//! The client itself is `js/client.js`. What apps see of all this is in `types/`.
//!
//! The contract of that border: every exported method takes `&self` and clones what it needs before it awaits, so a
//! `free()` in the middle of an await is harmless; no `RefCell` is borrowed while JavaScript is called, so a listener
//! may call anything. Globals are reached through names that a page and a worker both have, and only when used.

// What wasm-bindgen exports is public to JavaScript, which Rust cannot see.
#![allow(unreachable_pub)]
// The documentation of what JavaScript sees is in `types/`.
#![allow(missing_docs)]

#[cfg(feature = "stream")]
mod engine;
#[cfg(feature = "stream")]
mod page;
#[cfg(feature = "rest")]
mod rest;

/// Of constant time, and two kilobytes smaller than the standard library's for this target.
#[cfg(all(feature = "stream", not(feature = "rest")))]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
