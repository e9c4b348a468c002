//! The one error type: a code for programs, a sentence for people.
//!
//! At the browser's edge it becomes `OssicleError`. A message never holds a token or clinical text; what the service
//! answered is kept apart in `body`, which is not printed.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::json::{Json, Raw, ToJson, object, or_null};

/// What kind of failure this is. The names are part of the public surface (`OssicleError.code`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// An argument or a request that cannot be right; found here, or answered with 400 or 422.
    InvalidRequest,
    /// The token is missing, expired or wrong (401).
    Unauthorized,
    /// The token is valid but does not allow this (403).
    Forbidden,
    /// Nothing exists under that id (404).
    NotFound,
    /// The resource is in a state that does not allow this (409).
    Conflict,
    /// Too many requests (429).
    RateLimited,
    /// The service failed (5xx).
    ServerError,
    /// A time limit passed.
    Timeout,
    /// The caller aborted, or closed the stream.
    Aborted,
    /// The network did not carry the request: offline, DNS, refused, CORS.
    Network,
    /// The service refused the stream's configuration.
    ConfigRejected,
    /// The stream's connection was lost and could not be restored.
    ConnectionLost,
    /// The other side said something that the protocol does not allow.
    Protocol,
    /// The audio cannot be captured or encoded in this browser, or in the form that was asked for.
    AudioUnsupported,
    /// The user or a policy denied the microphone.
    MicrophoneDenied,
    /// There is no microphone, or not the one that was asked for.
    MicrophoneMissing,
    /// The microphone is there, but something else holds it.
    MicrophoneBusy,
    /// `init()` has not been awaited.
    NotInitialised,
}

impl Code {
    /// The name under which programs match on it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate_limited",
            Self::ServerError => "server_error",
            Self::Timeout => "timeout",
            Self::Aborted => "aborted",
            Self::Network => "network",
            Self::ConfigRejected => "config_rejected",
            Self::ConnectionLost => "connection_lost",
            Self::Protocol => "protocol",
            Self::AudioUnsupported => "audio_unsupported",
            Self::MicrophoneDenied => "microphone_denied",
            Self::MicrophoneMissing => "microphone_missing",
            Self::MicrophoneBusy => "microphone_busy",
            Self::NotInitialised => "not_initialised",
        }
    }

    /// Every code.
    pub const ALL: [Self; 18] = [
        Self::InvalidRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::RateLimited,
        Self::ServerError,
        Self::Timeout,
        Self::Aborted,
        Self::Network,
        Self::ConfigRejected,
        Self::ConnectionLost,
        Self::Protocol,
        Self::AudioUnsupported,
        Self::MicrophoneDenied,
        Self::MicrophoneMissing,
        Self::MicrophoneBusy,
        Self::NotInitialised,
    ];

    /// The code of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }

    /// The code for an HTTP status that is not a success.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 | 410 => Self::NotFound,
            408 => Self::Timeout,
            409 => Self::Conflict,
            429 => Self::RateLimited,
            400..=499 => Self::InvalidRequest,
            500..=599 => Self::ServerError,
            _ => Self::Protocol,
        }
    }
}

/// A failure, as every fallible function of the crate returns it: a pointer, since results are everywhere and failures rare.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Failure>);

/// What there is to say of an [`Error`].
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    /// For programs.
    pub code: Code,
    /// For people: what happened and what to do. Never a token, never clinical text.
    pub message: String,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
    /// The service's id of the request, for its support.
    pub request_id: Option<String>,
    /// What the service answered, as JSON. It may quote the request, so it is for the program only and is never printed.
    pub body: Option<Raw>,
    /// Whether the same call may succeed later without a change.
    pub retryable: bool,
}

impl Error {
    /// An error with a code and a message; `retryable` follows from the code.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let retryable = matches!(
            code,
            Code::RateLimited | Code::ServerError | Code::Timeout | Code::Network | Code::ConnectionLost
        );
        let message = message.into();
        Self(Box::new(Failure { code, message, status: None, request_id: None, body: None, retryable }))
    }

    /// The same with an HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same with this word on whether the call may succeed later without a change.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.retryable = retryable;
        self
    }

    /// What it is in a log: code and status.
    #[must_use]
    pub fn label(&self) -> String {
        let status = self.status.map(|status| format!(" ({status})")).unwrap_or_default();
        format!("{}{status}", self.code.as_str())
    }

    /// Shorthand for the most frequent one: an argument that cannot be right.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, message)
    }

    /// An error that was written: see [`ToJson`]. `None` if it is none.
    #[must_use]
    pub fn read(json: Json<'_>) -> Option<Self> {
        Some(Self(Box::new(Failure {
            code: Code::from_name(&json.get("code").text()?)?,
            message: json.get("message").text()?,
            status: json.get("status").whole(),
            request_id: json.get("requestId").text(),
            body: Some(json.get("body")).filter(|body| !body.is_null()).map(Json::to_raw),
            retryable: json.get("retryable").bool()?,
        })))
    }
}

impl Deref for Error {
    type Target = Failure;

    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Failure {
        &mut self.0
    }
}

/// Complete, its `body` included: for whoever hands it to the app.
impl ToJson for Error {
    fn write(&self, json: &mut String) {
        let status = self.status.map(u64::from);
        object(
            json,
            &[
                ("code", &self.code.as_str()),
                ("message", &self.message),
                ("status", or_null(&status)),
                ("requestId", or_null(&self.request_id)),
                ("body", or_null(&self.body)),
                ("retryable", &self.retryable),
            ],
        );
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.code)
            .field("message", &self.message)
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .field("retryable", &self.retryable)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_of_an_answer_is_never_printed() {
        let mut error = Error::invalid("facts[0].group is missing");
        error.body = Raw::read("\"penicillin allergy\"".to_owned());
        assert!(error.body.is_some());
        let printed = format!("{error} {error:?}");
        assert!(!printed.contains("penicillin"));
    }

    #[test]
    fn a_code_is_found_by_its_name() {
        for code in Code::ALL {
            assert_eq!(Code::from_name(code.as_str()), Some(code));
        }
    }

    #[test]
    fn an_error_comes_out_of_its_text_as_it_went_in() {
        for code in Code::ALL {
            let plain = Error::new(code, "no \"network\"\n");
            let mut full = plain.clone();
            (full.status, full.request_id) = (Some(503), Some("r-1".to_owned()));
            full.body = Raw::read("{ \"title\" : [1.50] }".to_owned());
            for error in [plain, full] {
                assert_eq!(Json::read(&error.to_json()).and_then(Error::read), Some(error));
            }
        }
        let bare = Json::read(r#"{"code":"network","message":"x","retryable":true}"#).and_then(Error::read);
        assert_eq!(bare, Some(Error::new(Code::Network, "x")));
        assert_eq!(Json::read(r#"{"code":"brand_new","message":"x","retryable":true}"#).and_then(Error::read), None);
    }
}
