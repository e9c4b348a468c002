//! One visit from start to finish, as values: what is decided lives here, what carries it out is `web`'s.
//!
//! - [`workflow`]: the steps from an interaction that is to be made to an encounter that is completed.
//! - [`facts`]: the list of facts that a clinician edits while facts keep arriving.
//! - [`document`]: what a document is made from.

pub mod document;
pub mod facts;
pub mod workflow;
