//! A token and how long it is good.

use std::time::Duration;

use serde_json::Value;

use crate::error::{Code, Error};
use crate::redact::Secret;

/// A token is not used for a new request this short before its end: the request would arrive too late.
const MARGIN: Duration = Duration::from_secs(30);

/// An access token.
#[derive(Clone, Debug)]
pub struct Token {
    /// What goes behind `Bearer`.
    pub access: Secret<String>,
    /// When it ends, where that is known.
    expires_at: Option<Duration>,
}

impl Token {
    /// Reads a token as text, or `{ accessToken, expiresIn? }` with seconds.
    ///
    /// # Errors
    /// `unauthorized` if it is neither. The value is not in the message.
    pub fn from_value(value: &Value, now: Duration) -> Result<Self, Error> {
        let access = value.as_str().or_else(|| value["accessToken"].as_str()).map(str::trim);
        let Some(access) = access.filter(|access| !access.is_empty()) else {
            let message = "no token was given: answer a text, or { accessToken, expiresIn }";
            return Err(Error::new(Code::Unauthorized, message));
        };
        let expires_in = value["expiresIn"].as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let expires_at = expires_in.and_then(|expires_in| now.checked_add(expires_in));
        Ok(Self { access: Secret(access.to_owned()), expires_at })
    }

    /// Whether a request that starts now may use it. One that does not say when it ends has to be asked for again.
    #[must_use]
    pub fn is_good_at(&self, now: Duration) -> bool {
        self.expires_at.is_some_and(|end| now + MARGIN < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Duration = Duration::from_secs(1_000);

    #[test]
    fn it_is_used_until_thirty_seconds_before_its_end() -> Result<(), Error> {
        let token = Token::from_value(&json!({ "accessToken": "a", "expiresIn": 300 }), NOW)?;
        assert!(token.is_good_at(NOW + Duration::from_secs(269)));
        assert!(!token.is_good_at(NOW + Duration::from_secs(270)));
        Ok(())
    }

    #[test]
    fn one_without_an_end_is_never_held() -> Result<(), Error> {
        assert!(!Token::from_value(&json!("a"), NOW)?.is_good_at(NOW));
        Ok(())
    }

    #[test]
    fn what_is_no_token_is_refused_without_quoting_it() {
        for wrong in
            [json!(null), json!(""), json!({ "token": "s3cret" }), json!({ "accessToken": 7 }), json!(["s3cret"])]
        {
            let error = Token::from_value(&wrong, NOW).err();
            assert!(error.is_some_and(|error| !error.message.contains("s3cret")), "{wrong}");
        }
        assert!(Token::from_value(&json!({ "accessToken": "a", "expiresIn": 1e300 }), NOW).is_ok());
    }
}
