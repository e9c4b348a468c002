//! Recordings: audio that belongs to an interaction, such as what could not be streamed.

use super::{Method, Request, Transfer, id, interactions};
use crate::error::Error;

/// `GET /interactions/{id}/recordings/`.
///
/// # Errors
/// As [`interactions::create`], and so all below.
pub fn list(interaction: &str) -> Result<Request, Error> {
    Ok(Request::new(Method::Get, path(interaction)?))
}

/// `POST /interactions/{id}/recordings/`, whose body is the file's bytes: at most 150 MB and 120 minutes.
///
/// # Errors
/// As [`list`].
pub fn upload(interaction: &str) -> Result<Request, Error> {
    Ok(Request { transfer: Transfer::Upload, ..Request::new(Method::Post, path(interaction)?) })
}

/// `GET /interactions/{id}/recordings/{recordingId}`, whose answer is the file's bytes.
///
/// # Errors
/// As [`list`].
pub fn get(interaction: &str, recording: &str) -> Result<Request, Error> {
    Ok(Request { transfer: Transfer::Download, ..Request::new(Method::Get, one(interaction, recording)?) })
}

/// `DELETE /interactions/{id}/recordings/{recordingId}`.
///
/// # Errors
/// As [`list`].
pub fn delete(interaction: &str, recording: &str) -> Result<Request, Error> {
    Ok(Request::new(Method::Delete, one(interaction, recording)?))
}

fn path(interaction: &str) -> Result<String, Error> {
    Ok(format!("{}/recordings/", interactions::path(interaction)?))
}

fn one(interaction: &str, recording: &str) -> Result<String, Error> {
    Ok(format!("{}{}", path(interaction)?, id("the recording's id", recording)?))
}
