//! The list of a visit's facts against a simulated service and network: hours of edits in milliseconds.
//!
//! - `service`: what the service does with facts; `sandbox` holds it against the sandbox.
//! - `world`: the simulation: calls that are answered late, refused or lost, updates that come twice and in any order.
//! - `cases`: one behaviour a test; `groups`: of the groups, and of what the live service does with facts.
//! - `storms`: random schedules; a failure prints the seed that replays it.

// Native alone: it simulates what a browser would only slow down.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cases;
mod groups;
mod sandbox;
mod service;
mod storms;
mod world;
