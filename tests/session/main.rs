//! The session against a simulated service, network and clock: hours of visits in milliseconds.
//!
//! - `world`: the simulation. Audio is coded so that every 10 ms slot identifies itself, and the words that the simulated
//!   service hears in it name the slots, so that loss and repetition show.
//! - `speech`: who says what when; `words`: what became of it.
//! - `service`: the other side, what a socket hears and says, as the live service does.
//! - `cases`: one behaviour a test; `held`: those of a stream that is held back.
//! - `live`: the golden messages of the live service, as a client takes them.
//! - `merged`: what was heard twice, by messages that are written out.
//! - `asked`: flushes, signs of life, and what they acknowledge.
//! - `catch_up`: what the rate of catching up costs.
//! - `lost`: the session itself is lost, and another goes on.
//! - `storms`: random schedules of faults; a failure prints the seed that replays it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod asked;
mod cases;
mod catch_up;
mod held;
mod live;
mod lost;
mod merged;
mod service;
mod speech;
mod storms;
mod words;
mod world;
