//! One visit from start to finish, as values: what is decided lives here, what carries it out is `web`'s.
//!
//! - [`workflow`]: the steps from an interaction that is to be made to an encounter that is completed.
//! - [`facts`]: the list of facts that a clinician edits while facts keep arriving; [`groups`]: what facts belong to.
//! - [`document`]: the request for a document, and what comes back as an app sees it; [`offer`]: what one can be written with.

pub mod document;
pub mod facts;
pub mod groups;
pub mod offer;
pub mod workflow;
