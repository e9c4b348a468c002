//! What is asked of the token endpoint (OAuth 2.0, RFC 6749), and what its answers mean. Which request is next, and when:
//! [`super::tokens`].
//!
//! A form holds credentials and an answer tokens: neither prints, and no error quotes them.

use std::time::Duration;

use serde_json::Value;

use super::response::Response;
use super::token::Token;
use crate::address::encode_component;
use crate::error::{Code, Error};
use crate::redact::Secret;

/// A grant: the keys that tell it, its name in OAuth, the keys that it needs beside `clientId` with their names in OAuth.
type Kind = (&'static [&'static str], &'static str, &'static [(&'static str, &'static str)]);

/// The grants, in the order in which they are told apart: a code may come with a client's secret.
const KINDS: [Kind; 3] = [
    (&["username", "password"], "password", &[("username", "username"), ("password", "password")]),
    (&["code"], CODE, &[("code", "code"), ("redirectUri", "redirect_uri")]),
    (&["clientSecret"], "client_credentials", &[]),
];

/// A grant that is good once (RFC 6749, section 4.1.2).
const CODE: &str = "authorization_code";

const REFRESH: &str = "refresh_token";

/// The fields of a request to the token endpoint.
type Fields = Vec<(&'static str, Secret<String>)>;

/// Who asks for tokens, and for what.
#[derive(Clone, Debug)]
pub struct Client {
    id: Secret<String>,
    secret: Option<Secret<String>>,
    scope: Option<String>,
}

/// A request to the token endpoint.
#[derive(Clone, Debug)]
pub struct Grant {
    kind: &'static str,
    fields: Fields,
}

/// What an answer of the token endpoint means.
#[derive(Debug)]
pub enum Answer {
    /// It gave a token.
    Token(Token),
    /// It refused this grant for good: OAuth's word for it, and the error.
    Refused(String, Error),
    /// There was no answer to the question, now.
    Failed(Error),
}

impl Client {
    /// Reads `clientId`, `clientSecret` and `scopes` of what an app gave as `name`. `None` without a `clientId`.
    ///
    /// # Errors
    /// `invalid_request` if one of them is there and not of its form.
    pub fn from_value(name: &str, value: &Value) -> Result<Option<Self>, Error> {
        let scope = scope(name, &value["scopes"])?;
        let secret = text(name, value, "clientSecret")?;
        Ok(text(name, value, "clientId")?.map(|id| Self { id, secret, scope }))
    }

    fn grant(&self, kind: &'static str, own: Fields, scope: Option<&str>) -> Grant {
        let mut fields = vec![("grant_type", Secret(kind.to_owned())), ("client_id", self.id.clone())];
        fields.extend(self.secret.clone().map(|secret| ("client_secret", secret)));
        fields.extend(own);
        fields.extend(scope.map(|scope| ("scope", Secret(scope.to_owned()))));
        Grant { kind, fields }
    }

    /// Another token for a refresh token, of the scope it has unless one was asked for (RFC 6749, section 6).
    #[must_use]
    pub fn refresh(&self, refresh: &Secret<String>) -> Grant {
        self.grant(REFRESH, vec![("refresh_token", refresh.clone())], self.scope.as_deref())
    }
}

impl Grant {
    /// Reads credentials that an app gave as `name`; `None` if there are none.
    ///
    /// # Errors
    /// `invalid_request`, naming the key, if some are there and one is missing or no text.
    pub fn from_value(name: &str, value: &Value) -> Result<Option<(Client, Self)>, Error> {
        let kind = KINDS.into_iter().find(|(keys, ..)| keys.iter().any(|key| !value[*key].is_null()));
        let Some((_, kind, needed)) = kind else { return Ok(None) };
        let missing = |key: &str| Error::invalid(format!("{name}.{key} is missing"));
        let client = Client::from_value(name, value)?.ok_or_else(|| missing("clientId"))?;
        let mut own = Fields::new();
        for (key, field) in needed {
            own.push((*field, text(name, value, key)?.ok_or_else(|| missing(key))?));
        }
        if kind == CODE {
            let verifier = text(name, value, "codeVerifier")?;
            if verifier.is_none() && client.secret.is_none() {
                return Err(missing("codeVerifier"));
            }
            own.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        }
        // The official client always asks for `openid`; without it Keycloak gives no refresh token of a sign-in.
        let scope = client.scope.clone().unwrap_or_else(|| "openid".to_owned());
        let grant = client.grant(kind, own, Some(&scope));
        Ok(Some((client, grant)))
    }

    /// Whether it can be asked for a second time.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        self.kind != CODE
    }

    /// Whether it exchanges a refresh token.
    #[must_use]
    pub fn is_refresh(&self) -> bool {
        self.kind == REFRESH
    }

    /// The body of the request, `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn form(&self) -> Secret<String> {
        let pair = |(key, value): &(&str, Secret<String>)| format!("{key}={}", encode_component(&value.0));
        Secret(self.fields.iter().map(pair).collect::<Vec<_>>().join("&"))
    }

    /// What an answer to this request means. Nothing of its body gets into an error but OAuth's word for what is wrong:
    /// the rest may quote what was sent.
    #[must_use]
    pub fn read(&self, response: &Response, now: Duration) -> Answer {
        let status = response.status;
        let body: Option<Value> = serde_json::from_str(&response.body).ok();
        let failed = |code: Code, what: String| {
            let message = format!("the token endpoint answered {status}: {what}");
            Answer::Failed(Error::new(code, message).with_status(status))
        };
        if (200..300).contains(&status) {
            let token = body.as_ref().and_then(|body| Token::from_value(body, now).ok());
            let nothing = || failed(Code::Protocol, "but what it answered holds no token".to_owned());
            return token.map_or_else(nothing, Answer::Token);
        }
        let word = body.as_ref().and_then(|body| body["error"].as_str()).filter(|word| self.is_word(word));
        if matches!(status, 408 | 429 | 500..=599) {
            let why = word.unwrap_or("it may be busy or down for a moment").to_owned();
            return failed(Code::of_status(status), why);
        }
        let Some(word) = word else {
            let what = "not as OAuth has it; check environment.login and tenantName".to_owned();
            return failed(Code::of_status(status), what);
        };
        // RFC 6749, section 5.2.
        let code = match word {
            "invalid_request" | "invalid_scope" | "unsupported_grant_type" => Code::InvalidRequest,
            _ => Code::Unauthorized,
        };
        let message =
            format!("the token endpoint refused the {} ({status}): {word}{}", self.title(), self.advice(word));
        Answer::Refused(word.to_owned(), Error::new(code, message).with_status(status))
    }

    /// Whether a text can be OAuth's word for an error, rather than something of ours that comes back.
    fn is_word(&self, text: &str) -> bool {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let is_ours = |value: &str| value.contains(text) || value.len() > 3 && text.contains(value);
        is_plain && (3..=40).contains(&text.len()) && !self.fields.iter().any(|(_, value)| is_ours(&value.0))
    }

    fn title(&self) -> &'static str {
        match self.kind {
            "password" => "user's name and password",
            "client_credentials" => "client's credentials",
            CODE => "sign-in's code",
            _ => "refresh token",
        }
    }

    fn advice(&self, word: &str) -> &'static str {
        match word {
            "invalid_client" | "unauthorized_client" => "; check clientId, and clientSecret if there is one",
            "invalid_scope" => "; check scopes",
            "invalid_grant" if self.kind == CODE => {
                "; a code is good once, for a minute or so, with the redirectUri and the codeVerifier of its sign-in: \
                 sign in again"
            }
            _ => "",
        }
    }
}

/// A text that is not empty; `None` if the key is absent.
fn text(name: &str, value: &Value, key: &str) -> Result<Option<Secret<String>>, Error> {
    match &value[key] {
        Value::Null => Ok(None),
        Value::String(text) if !text.is_empty() => Ok(Some(Secret(text.clone()))),
        _ => Err(Error::invalid(format!("{name}.{key} must be a text that is not empty"))),
    }
}

/// `openid` and what was asked for besides, each once; `None` if nothing was.
fn scope(name: &str, value: &Value) -> Result<Option<String>, Error> {
    if value.is_null() {
        return Ok(None);
    }
    let list = value.as_array().and_then(|list| list.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    let list = list.ok_or_else(|| Error::invalid(format!("{name}.scopes must be a list of texts")))?;
    let mut scopes = vec!["openid"];
    for scope in list.iter().flat_map(|text| text.split_whitespace()) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(Some(scopes.join(" ")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use serde_json::json;

    fn grant(value: &Value) -> Grant {
        Grant::from_value("auth", value).unwrap().unwrap().1
    }

    fn answer(grant: &Grant, status: u16, body: &str) -> Answer {
        grant.read(&Response { status, body: body.to_owned(), ..Response::default() }, Duration::ZERO)
    }

    fn error(answer: Answer) -> Error {
        match answer {
            Answer::Refused(_, error) | Answer::Failed(error) => error,
            Answer::Token(_) => panic!("it is refused"),
        }
    }

    #[test]
    fn what_a_grant_lacks_is_named() {
        let code = json!({ "clientId": "c", "code": "x", "redirectUri": "https://a" });
        for (value, named) in [
            (json!({ "clientSecret": "s" }), "auth.clientId is missing"),
            (json!({ "clientId": "c", "username": "u" }), "auth.password is missing"),
            (json!({ "clientId": "c", "password": "p" }), "auth.username is missing"),
            (json!({ "clientId": "c", "code": "x", "clientSecret": "s" }), "auth.redirectUri is missing"),
            (code, "auth.codeVerifier is missing"),
            (json!({ "clientId": 7, "clientSecret": "s" }), "auth.clientId must be a text"),
            (json!({ "clientId": "c", "clientSecret": "" }), "auth.clientSecret must be a text"),
            (json!({ "clientId": "c", "clientSecret": "s", "scopes": "streams" }), "auth.scopes must be a list"),
            (json!({ "clientId": "c", "clientSecret": "s", "scopes": [7] }), "auth.scopes must be a list"),
        ] {
            let message = Grant::from_value("auth", &value).map(drop).unwrap_err().message.clone();
            assert!(message.starts_with(named), "{message}");
        }
        assert!(Grant::from_value("auth", &json!({ "clientId": "c" })).unwrap().is_none());
    }

    #[test]
    fn oauth_s_word_is_told_and_says_whose_fault_it_is() {
        let client = grant(&json!({ "clientId": "c", "clientSecret": "s3cret" }));
        for (status, word, code, told) in [
            (401, "invalid_client", Code::Unauthorized, "check clientId"),
            (400, "invalid_scope", Code::InvalidRequest, "check scopes"),
            (400, "invalid_grant", Code::Unauthorized, "client's credentials"),
            (400, "not_allowed", Code::Unauthorized, "not_allowed"),
            (503, "temporarily_unavailable", Code::ServerError, "temporarily_unavailable"),
        ] {
            let error = error(answer(&client, status, &json!({ "error": word }).to_string()));
            assert_eq!((error.code, error.status, error.body.as_ref()), (code, Some(status), None));
            assert!(error.message.contains(word) && error.message.contains(told), "{}", error.message);
            assert_eq!(error.retryable, status == 503);
        }
    }

    #[test]
    fn an_answer_that_is_not_oauth_s_says_where_to_look() {
        let client = grant(&json!({ "clientId": "c", "clientSecret": "s3cret" }));
        for (status, body, code) in [
            (404, r#"{"error":"Realm does not exist"}"#, Code::NotFound),
            (502, "<html>", Code::ServerError),
            (429, "", Code::RateLimited),
            (200, "<html>", Code::Protocol),
            (200, r#"{"token":"t"}"#, Code::Protocol),
        ] {
            let answer = answer(&client, status, body);
            assert!(matches!(answer, Answer::Failed(_)), "{body} is no refusal");
            let error = error(answer);
            assert_eq!((error.code, error.status), (code, Some(status)), "{}", error.message);
        }
    }

    #[test]
    fn nothing_that_was_given_or_answered_is_told() {
        let canary = "canary";
        let every = [
            json!({ "clientId": "cid_canary", "clientSecret": canary }),
            json!({ "clientId": "c", "username": "user_canary", "password": canary }),
            json!({ "clientId": "c", "clientSecret": "s_canary", "code": canary, "redirectUri": "https://a/canary" }),
            json!({ "clientId": "c", "codeVerifier": "v_canary", "code": canary, "redirectUri": "https://a" }),
        ];
        for value in &every {
            let (client, first) = Grant::from_value("auth", value).unwrap().unwrap();
            let refresh = client.refresh(&Secret(canary.to_owned()));
            assert!(!format!("{client:?} {first:?} {refresh:?} {:?}", first.form()).contains(canary));
            for grant in [first, refresh] {
                assert!(grant.form().0.contains(canary));
                for (status, body) in [
                    (400, json!({ "error": canary, "error_description": canary })),
                    (400, json!({ "error": "invalid_grant", "error_description": canary })),
                    (500, json!({ "error": canary })),
                    (403, json!(canary)),
                    (200, json!({ "accessToken": { "a": canary } })),
                    (200, json!({ "access_token": canary, "refresh_token": canary })),
                ] {
                    let answer = answer(&grant, status, &body.to_string());
                    assert!(!format!("{answer:?}").contains(canary), "{answer:?}");
                    if status != 200 {
                        let error = error(answer);
                        assert!(!error.message.contains(canary) && error.body.is_none(), "{}", error.message);
                    }
                }
            }
        }
    }
}
