//! The messages of the stream socket as types, and the limits that the service sets.
//!
//! [`client`] holds what we send, [`server`] what we read. What is passed on is passed on as it was written: the service
//! adds fields without notice, and an app that knows them must get them. Nothing here decides anything; that is
//! [`crate::session`].

use crate::time::Duration;

pub mod client;
pub mod server;

/// The most bytes of audio in one socket message.
pub const MAX_AUDIO_MESSAGE_BYTES: usize = 64_000;

/// How much audio the service recommends to put in one message.
pub const RECOMMENDED_CHUNK: Duration = Duration::from_millis(250);

/// The service answers `CONFIG_TIMEOUT` if the configuration has not arrived this long after the socket opened.
pub const CONFIGURATION_TIME_LIMIT: Duration = Duration::from_secs(10);

/// The most entries in `replacements` and in `keyterms.terms`.
pub const MAX_TERMS: usize = 1_000;

/// The most characters of one key term.
pub const MAX_KEYTERM_CHARACTERS: usize = 50;
