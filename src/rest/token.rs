//! A token and how long it is good. How one is come by: [`super::grant`].

use std::time::Duration;

use serde_json::Value;

use crate::error::{Code, Error};
use crate::redact::Secret;

/// A token is not used for a new request this short before its end: the request would arrive too late.
const MARGIN: Duration = Duration::from_secs(30);

/// An access token, and what may bring the next one.
#[derive(Clone, Debug)]
pub struct Token {
    /// What goes behind `Bearer`.
    pub access: Secret<String>,
    /// When it ends, where that is known.
    ends: Option<Duration>,
    /// What it can be exchanged for another with, and when that ends, where that is known.
    refresh: Option<(Secret<String>, Option<Duration>)>,
}

impl Token {
    /// Reads a token as text, or `{ accessToken, expiresIn?, refreshToken?, refreshExpiresIn? }` with seconds; the
    /// names of OAuth (`access_token`, …) are as good: an app's endpoint may pass on what it got.
    ///
    /// # Errors
    /// `unauthorized` if it is neither. The value is not in the message.
    pub fn from_value(value: &Value, now: Duration) -> Result<Self, Error> {
        let access = value.as_str().or_else(|| either(value, "accessToken", "access_token").as_str());
        let Some(access) = filled(access) else {
            let message = "no token was given: answer a text, or { accessToken, expiresIn }";
            return Err(Error::new(Code::Unauthorized, message));
        };
        let end = |name, wire| {
            let seconds = either(value, name, wire).as_f64();
            let life = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            life.and_then(|life| now.checked_add(life))
        };
        let refresh_ends = end("refreshExpiresIn", "refresh_expires_in");
        let refresh = filled(either(value, "refreshToken", "refresh_token").as_str());
        Ok(Self {
            access: Secret(access),
            ends: end("expiresIn", "expires_in"),
            // Keycloak says 0 of a refresh token without an end (an offline one).
            refresh: refresh.map(|refresh| (Secret(refresh), refresh_ends.filter(|end| *end > now))),
        })
    }

    /// Whether a request that starts now may use it, as far as is known: `None` if it does not say when it ends.
    #[must_use]
    pub fn is_good_at(&self, now: Duration) -> Option<bool> {
        self.ends.map(|end| now + MARGIN < end)
    }

    /// Whether it is past its end for certain.
    #[must_use]
    pub fn is_over_at(&self, now: Duration) -> bool {
        self.ends.is_some_and(|end| end <= now)
    }

    /// What it can be exchanged for another with, while that lives.
    #[must_use]
    pub fn refresh_at(&self, now: Duration) -> Option<&Secret<String>> {
        self.refresh.as_ref().filter(|(_, end)| end.is_none_or(|end| now < end)).map(|(refresh, _)| refresh)
    }

    /// Takes over the refresh token of the one before, if it came without: then that one goes on being good (RFC 6749,
    /// section 6).
    #[must_use]
    pub fn after(mut self, before: Option<Self>) -> Self {
        self.refresh = self.refresh.or_else(|| before.and_then(|before| before.refresh));
        self
    }

    /// The refresh token was refused.
    pub fn forget_refresh(&mut self) {
        self.refresh = None;
    }
}

fn either<'a>(value: &'a Value, name: &str, wire: &str) -> &'a Value {
    if value[name].is_null() { &value[wire] } else { &value[name] }
}

fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Duration = Duration::from_secs(1_000);

    fn later(seconds: u64) -> Duration {
        NOW + Duration::from_secs(seconds)
    }

    #[test]
    fn it_is_used_until_thirty_seconds_before_its_end() -> Result<(), Error> {
        let token = Token::from_value(&json!({ "accessToken": "a", "expiresIn": 300 }), NOW)?;
        assert_eq!((token.is_good_at(later(269)), token.is_good_at(later(270))), (Some(true), Some(false)));
        assert_eq!((token.is_over_at(later(299)), token.is_over_at(later(300))), (false, true));
        Ok(())
    }

    #[test]
    fn of_one_without_an_end_nothing_is_known() -> Result<(), Error> {
        let token = Token::from_value(&json!("a"), NOW)?;
        assert_eq!((token.is_good_at(NOW), token.is_over_at(NOW)), (None, false));
        Ok(())
    }

    #[test]
    fn a_refresh_token_is_good_until_its_own_end_if_it_has_one() -> Result<(), Error> {
        let of = |value: Value| Token::from_value(&value, NOW);
        let short = of(json!({ "access_token": "a", "refresh_token": "r", "refresh_expires_in": 60 }))?;
        assert!(short.refresh_at(later(59)).is_some() && short.refresh_at(later(60)).is_none());
        let endless = of(json!({ "accessToken": "a", "refreshToken": "r", "refreshExpiresIn": 0 }))?;
        assert!(endless.refresh_at(later(1_000_000)).is_some());
        assert!(of(json!({ "accessToken": "a", "refreshToken": "" }))?.refresh_at(NOW).is_none());
        Ok(())
    }

    #[test]
    fn an_answer_without_a_refresh_token_leaves_the_one_before_in_place() -> Result<(), Error> {
        let of = |value: Value| Token::from_value(&value, NOW);
        let before = of(json!({ "accessToken": "a", "refreshToken": "r" }))?;
        let refresh = |token: Token| token.refresh_at(NOW).map(|refresh| refresh.0.clone());
        assert_eq!(refresh(of(json!("b"))?.after(Some(before.clone()))).as_deref(), Some("r"));
        let next = of(json!({ "accessToken": "b", "refreshToken": "s" }))?;
        assert_eq!(refresh(next.after(Some(before))).as_deref(), Some("s"));
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
