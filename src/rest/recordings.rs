//! Recordings: audio that belongs to an interaction, such as what could not be streamed. An upload is the file's bytes,
//! at most 150 MB and 120 minutes; so is the answer of `get`.

use super::Method;
use super::calls::{Call, Takes};

const ALL: &str = "/interactions/{interaction}/recordings/";
const ID: &str = "/interactions/{interaction}/recordings/{recording}";

pub(super) const CALLS: &[Call] = &[
    Call::new("recordings.list", Method::Get, ALL, Takes::Nothing),
    Call::new("recordings.upload", Method::Post, ALL, Takes::File),
    Call::new("recordings.get", Method::Get, ID, Takes::Download),
    Call::new("recordings.delete", Method::Delete, ID, Takes::Nothing),
];
