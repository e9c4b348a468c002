//! The protocol's error body, and how a request's faults become one.
//!
//! Every handler answers `Result<_, ApiError>`; nothing else in the crate builds an error response. A detail names
//! fields and identifiers, never the text of a fact or a document.

use axum::{
    Json,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

/// What went wrong with one request, in the protocol's terms.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    detail: String,
    /// Pairs of field (a path such as `encounter.status`) and message.
    validation: Vec<(String, String)>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), validation: Vec::new() }
    }

    /// A field of the request that cannot be used: 400 with `validationErrors`.
    pub(crate) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            detail: "invalid body".into(),
            validation: vec![(field.into(), message.into())],
        }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no such {what}."))
    }

    pub(crate) fn forbidden(what: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, format!("The {what} is another tenant's."))
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.validation.first() {
            Some((field, message)) => write!(f, "{field}: {message}"),
            None => f.write_str(&self.detail),
        }
    }
}

impl ApiError {
    /// The word for the status: `type`, whose values are guesses.
    fn kind(&self) -> String {
        match self.status.as_u16() {
            400 => "bad_request".into(),
            422 => "unprocessable".into(),
            429 => "too_many".into(),
            500 => "internal".into(),
            504 => "timeout".into(),
            _ => self.status.canonical_reason().unwrap_or("error").to_lowercase().replace(' ', "_"),
        }
    }

    /// The general kind of body (types).
    fn general(&self) -> Value {
        let mut body = json!({
            "requestid": Uuid::new_v4(),
            "status": self.status.as_u16(),
            "type": self.kind(),
            "detail": self.detail,
        });
        if !self.validation.is_empty() {
            let errors = self.validation.iter().map(|(field, message)| json!({ field.as_str(): message }));
            body["validationErrors"] = errors.collect();
        }
        body
    }

    /// The agentic kind of body (types).
    pub(crate) fn agentic(&self) -> Value {
        let code = if self.validation.is_empty() { self.kind().to_uppercase() } else { "VALIDATION_FAILED".into() };
        let mut error = json!({ "code": code, "message": self.detail });
        if !self.validation.is_empty() {
            let errors = self.validation.iter().map(|(field, reason)| json!({ "field": field, "reason": reason }));
            error["howToFix"] = "Change the fields that are named.".into();
            error["details"] = json!({ "validationErrors": errors.collect::<Vec<_>>() });
        }
        if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            error["requestId"] = json!(Uuid::new_v4());
        }
        json!({ "error": error })
    }
}

/// The general kind; the gate puts another in its place where that was asked for.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.general())).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A 401 as the service gives many of them: no body, the reason in `WWW-Authenticate` (RFC 6750, section 3).
pub(crate) fn unauthorized(reason: &str) -> Response {
    let value = format!("Bearer error=\"invalid_token\", error_description=\"{reason}\"");
    let mut response = StatusCode::UNAUTHORIZED.into_response();
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

/// A JSON body. What does not fit `T` is a 400 that names the field.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = axum::body::Bytes::from_request(request, state)
            .await
            .map_err(|rejection: BytesRejection| ApiError::new(rejection.status(), rejection.body_text()))?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        serde_path_to_error::deserialize(&mut reader).map(Body).map_err(|error| misfit(&error, ""))
    }
}

/// A value that does not fit its type, found below `parent` (empty: the body itself), as an error that names the field.
pub(crate) fn misfit(error: &serde_path_to_error::Error<serde_json::Error>, parent: &str) -> ApiError {
    let path = error.path().to_string();
    let message = describe(error.inner());
    // Serde finds a missing field in the object that lacks it.
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')).unwrap_or_default();
    let field = [parent, if path == "." { "" } else { &path }, missing];
    let field = field.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
    ApiError::invalid(if field.is_empty() { "body".into() } else { field }, message)
}

/// Serde's message without the values it may quote: a value can be clinical text.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let harmless = ["missing field", "unknown variant", "invalid length", "UUID parsing failed", "must "];
    if harmless.iter().any(|start| message.starts_with(start)) {
        message.split(" at line ").next().unwrap_or_default().to_owned()
    } else if error.is_data() {
        "has the wrong type or form".to_owned()
    } else {
        "is not valid JSON".to_owned()
    }
}

/// An identifier from a path: malformed is 400, whether it exists is the caller's question.
pub(crate) fn uuid(text: &str, field: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text).map_err(|_| ApiError::invalid(field, "is not a UUID"))
}

/// A query string with keys that may come again (`encounterStatus=a&encounterStatus=b`).
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    pub(crate) fn parse(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    pub(crate) fn one(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    pub(crate) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// A number of at least `least`, or `default` where the key is absent.
    pub(crate) fn number(&self, key: &str, least: u64, default: u64) -> Result<u64, ApiError> {
        match self.one(key) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .ok()
                .filter(|number| *number >= least)
                .ok_or_else(|| ApiError::invalid(key, format!("must be a whole number of at least {least}"))),
        }
    }
}
