//! Asks the live service what only it can tell, and compares its answers with the sandbox's.
//!
//! Where things are:
//! - `questions` the table: each question's steps and how its trail is read · `step` what a step can be · `trail` what
//!   happened · `finding` what was found, and how two runs compare. All of it is pure.
//! - [`run`] a whole run · `walk` one question's steps taken · `kept` what later steps need of earlier ones · `subject` and
//!   `socket` the IO · `tokens` · `speech` what is spoken.
//! - `redact` what must not be in the file · `report` the file.
//!
//! `main.rs` is the program; README.md tells the person who runs it what it does, costs and writes.

pub mod finding;
mod kept;
pub mod questions;
pub mod redact;
pub mod report;
pub mod run;
mod socket;
pub mod speech;
pub mod step;
pub mod subject;
pub mod tokens;
pub mod trail;
mod walk;
