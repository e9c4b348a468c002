//! ossicle: real-time ambient clinical documentation in the browser.
//!
//! The house has two floors. The lower one is pure: it knows no browser, clock, timer or randomness, is told the time
//! as an argument, and is tested natively.
//!
//! - [`audio`]: planar `f32` frames in, encoded packets out.
//! - [`protocol`]: the messages of the stream socket, and its limits.
//! - [`session`]: the stream as a state machine: inputs and the time go in, what to do and what happened come out.
//! - [`engine`]: audio and session as one object that takes commands and gives events, both plain values.
//! - [`rest`]: requests and responses of the REST API as values.
//! - [`visit`]: one visit from start to finish: the facts that a clinician edits while facts keep arriving.
//! - [`error`], [`redact`], [`address`]: the one error type; a wrapper for secrets; what goes into addresses.
//! - [`issuer`]: what a token says of where it is from; [`language`]: which language is nearest to another.
//! - [`time`]: spans of time, in one number.
//! - [`json`]: a small reader and writer of JSON text, for what every page downloads. [`rest`] and [`visit`] have serde's.
//!
//! The upper floor, `web`, is the browser's edge and exists for `wasm32` alone: what JavaScript calls of this, and `fetch`. Sockets, timers,
//! promises and microphones are JavaScript (`web/js`). Nothing that decides lives there.
//!
//! Dependencies point one way: `web` → `engine`, `visit`, `rest` → `session` → `audio`, `protocol`; `visit` → `rest`.
//!
//! For a browser the crate is compiled twice: with the feature `stream` for a page that streams, and with the feature `rest` for
//! what a page may need besides, which it downloads when it does. Neither half knows of the other.

pub mod address;
#[cfg(feature = "stream")]
pub mod audio;
#[cfg(feature = "stream")]
pub mod engine;
pub mod error;
pub mod issuer;
pub mod json;
#[cfg(feature = "rest")]
pub mod language;
#[cfg(feature = "stream")]
pub mod protocol;
pub mod redact;
#[cfg(feature = "rest")]
pub mod rest;
#[cfg(feature = "stream")]
pub mod session;
pub mod time;
#[cfg(feature = "rest")]
pub mod visit;

#[cfg(target_arch = "wasm32")]
mod web;

pub use error::{Code, Error};
