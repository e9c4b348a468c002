//! Tokens: the one that was given, or those that a client's id and secret get, and what a token says of its owner.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::redact::Secret;

/// A new token is asked for when less is left of the last.
const SPARE: Duration = Duration::from_secs(30);
/// The claims that tell who somebody is.
const PERSONAL: [&str; 15] = [
    "sub",
    "sid",
    "jti",
    "azp",
    "client_id",
    "clientId",
    "clientHost",
    "clientAddress",
    "preferred_username",
    "username",
    "email",
    "name",
    "given_name",
    "family_name",
    "session_state",
];

/// How a token is come by.
#[derive(Clone)]
pub enum Credentials {
    /// It was given, and there will be no other.
    Token(String),
    /// A client asks for one, as often as it needs.
    Client {
        /// Its id.
        id: String,
        /// Its secret.
        secret: String,
    },
}

/// A token, and when it expires, where that is known.
#[derive(Clone)]
pub struct Token {
    /// The token.
    pub text: String,
    expires: Option<Instant>,
    life: Option<Duration>,
}

impl Token {
    /// What is left of its life; `None` where nobody knows.
    pub fn left(&self) -> Option<Duration> {
        self.expires.map(|expires| expires.saturating_duration_since(Instant::now()))
    }

    fn is_fresh(&self) -> bool {
        // A token that lives shortly is good for half of its life.
        let spare = self.life.map_or(SPARE, |life| SPARE.min(life / 2));
        self.left().is_none_or(|left| left > spare)
    }
}

/// The tokens of one run.
pub struct Tokens {
    credentials: Credentials,
    /// The token endpoint.
    endpoint: String,
    agent: ureq::Agent,
    /// All that there were: none may be in the file.
    issued: Mutex<Vec<Token>>,
}

impl Tokens {
    /// Tokens by these credentials; `endpoint` is asked for those of a client.
    pub fn new(credentials: Credentials, endpoint: String, agent: ureq::Agent) -> Self {
        Self { credentials, endpoint, agent, issued: Mutex::new(Vec::new()) }
    }

    /// A token that lives a while yet; where there can be no other, the one there is.
    ///
    /// # Errors
    /// Where a client is refused, or nobody answers.
    pub fn token(&self) -> Result<Token> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = issued.last().filter(|token| token.is_fresh()) {
            return Ok(token.clone());
        }
        let token = match (&self.credentials, issued.last()) {
            (Credentials::Token(_), Some(only)) => return Ok(only.clone()),
            (Credentials::Token(text), None) => given(text),
            (Credentials::Client { id, secret }, _) => self.ask(id, secret)?,
        };
        issued.push(token.clone());
        Ok(token)
    }

    fn ask(&self, id: &str, secret: &str) -> Result<Token> {
        let form =
            [("grant_type", "client_credentials"), ("scope", "openid"), ("client_id", id), ("client_secret", secret)];
        let mut answer =
            self.agent.post(&self.endpoint).send_form(form).context("the token endpoint did not answer")?;
        let status = answer.status().as_u16();
        let body: Value = answer.body_mut().read_json().unwrap_or_default();
        let Some(text) = body["access_token"].as_str() else {
            let why = body["error"].as_str().unwrap_or("no reason given");
            bail!(
                "the token endpoint gave no token ({status}, {why}): look at the client's id and secret, and the tenant"
            );
        };
        let life = body["expires_in"].as_u64().map(Duration::from_secs);
        Ok(Token { text: text.to_owned(), expires: life.map(|life| Instant::now() + life), life })
    }

    /// All that there were, and what they say of their owner; the client's credentials too.
    pub fn secrets(&self) -> Vec<Secret> {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let mut secrets = Vec::new();
        let mut add = |word: &str, name| secrets.push(Secret { word: word.to_owned(), name });
        match &self.credentials {
            Credentials::Token(text) => add(text, "token"),
            Credentials::Client { id, secret } => {
                add(id, "client");
                add(secret, "secret");
            }
        }
        for token in issued.iter() {
            add(&token.text, "token");
            // A part of it is as bad; the first of a JWT is every token's.
            token.text.split('.').skip(1).filter(|part| part.len() >= 16).for_each(|part| add(part, "token"));
            let claims = claims(&token.text);
            for claim in PERSONAL.iter().filter_map(|name| claims[*name].as_str()) {
                add(claim, "owner");
            }
        }
        secrets
    }
}

fn given(text: &str) -> Token {
    let expires = claims(text)["exp"].as_u64().map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
    let left = expires.map(|expires| expires.duration_since(SystemTime::now()).unwrap_or_default());
    Token { text: text.to_owned(), expires: left.map(|left| Instant::now() + left), life: left }
}

/// What a JWT says; null where it is none.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// The tenant that a token is for, by the last part of its issuer.
pub fn tenant(token: &str) -> Option<String> {
    let claims = claims(token);
    let (_, tenant) = claims["iss"].as_str()?.split_once("/realms/")?;
    Some(tenant.trim_end_matches('/').to_owned()).filter(|tenant| !tenant.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn jwt(claims: &Value) -> String {
        format!("e30.{}.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    fn of(token: &str) -> Tokens {
        Tokens::new(Credentials::Token(token.to_owned()), String::new(), ureq::Agent::new_with_defaults())
    }

    #[test]
    fn a_given_token_says_how_long_it_lives_and_for_whom_it_is() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let token = jwt(&json!({ "exp": now + 200, "iss": "https://auth.eu.corti.app/realms/north-clinic" }));
        let left = of(&token).token().unwrap().left().unwrap();
        assert!(left > Duration::from_secs(190) && left <= Duration::from_secs(200));
        assert_eq!(tenant(&token).unwrap(), "north-clinic");
        let old = of(&jwt(&json!({ "exp": 1 }))).token().unwrap();
        assert_eq!(old.left(), Some(Duration::ZERO));
    }

    #[test]
    fn a_token_that_is_no_jwt_is_good_for_an_unknown_time() {
        for text in ["opaque", "a.b.c", "", "e30.!.x"] {
            assert_eq!(of(text).token().unwrap().left(), None);
            assert_eq!(tenant(text), None);
        }
    }

    #[test]
    fn the_token_its_parts_and_its_owner_are_secrets() {
        let token =
            jwt(&json!({ "sub": "f:1:ada", "clientAddress": "192.0.2.7", "scope": "openid", "name": "Ada Hartley" }));
        let tokens = of(&token);
        tokens.token().unwrap();
        let words: Vec<String> = tokens.secrets().into_iter().map(|secret| secret.word).collect();
        for expected in [&token, token.split('.').nth(1).unwrap(), "f:1:ada", "192.0.2.7", "Ada Hartley"] {
            assert!(words.iter().any(|word| word == expected), "{expected} in {words:?}");
        }
        assert!(!words.contains(&"openid".to_owned()));
    }
}
