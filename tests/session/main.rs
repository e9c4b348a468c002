//! The session against a simulated service, network and clock: hours of visits in milliseconds.
//!
//! - `world`: the simulation. Audio is coded so that every 10 ms slot identifies itself, and the transcripts that the
//!   simulated service makes of it name the slots, so that loss and repetition show.
//! - `service`: its other side, what a socket hears and says.
//! - `cases`: one behaviour a test; `held`: those of a stream that is held back.
//! - `lost`: the session itself is lost, and another goes on.
//! - `storms`: random schedules of faults; a failure prints the seed that replays it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cases;
mod held;
mod lost;
mod service;
mod storms;
mod world;
