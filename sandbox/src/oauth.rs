//! How a token is come by: the identity provider's two endpoints, as Keycloak has them.
//!
//! The rule for credentials: any client id, secret, user and password are good, except an empty one or the word
//! `wrong`, which are refused as the identity provider refuses them. Nobody signs in: who asks for a code gets it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use form_urlencoded::Serializer;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    auth::{FULL_SCOPE, host},
    error::Params,
    state::App,
};

/// How long a code is good: Keycloak's default, a minute.
const CODE_LIFE: Duration = Duration::from_secs(60);
/// Codes that are remembered; the oldest is forgotten first.
const MAX_CODES: usize = 1_000;

/// An authorization code's promise: who may turn it into a token, and how.
struct Code {
    code: String,
    tenant: String,
    client: String,
    redirect: String,
    /// BASE64URL(SHA256(verifier)), where the client proves itself by PKCE (RFC 7636).
    challenge: Option<String>,
    scope: String,
    expires: Instant,
}

/// The codes that nobody has used yet.
#[derive(Default)]
pub(crate) struct Codes(VecDeque<Code>);

impl Codes {
    fn add(&mut self, code: Code) {
        if self.0.len() == MAX_CODES {
            self.0.pop_front();
        }
        self.0.push_back(code);
    }

    /// Takes a code, which is good once.
    fn take(&mut self, code: &str) -> Option<Code> {
        let index = self.0.iter().position(|known| known.code == code)?;
        self.0.remove(index).filter(|code| code.expires > Instant::now())
    }
}

fn is_good(value: Option<&str>) -> bool {
    value.is_some_and(|value| !value.is_empty() && value != "wrong")
}

/// Why there is no token: OAuth's word for it and Keycloak's sentence (RFC 6749, section 5.2).
struct Refusal(StatusCode, &'static str, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1, "error_description": self.2 }))).into_response()
    }
}

impl Refusal {
    fn client() -> Self {
        Self(StatusCode::UNAUTHORIZED, "unauthorized_client", "Invalid client or Invalid client credentials")
    }

    fn grant(description: &'static str) -> Self {
        Self(StatusCode::BAD_REQUEST, "invalid_grant", description)
    }
}

/// `POST /realms/{tenant}/protocol/openid-connect/token`, form-encoded.
pub(crate) async fn token(
    State(app): State<App>, Path(tenant): Path<String>, headers: HeaderMap, body: String,
) -> Response {
    let mut scope = match scope(&app, &tenant, &Params::parse(Some(&body))) {
        Ok(scope) => scope,
        Err(refusal) => return refusal.into_response(),
    };
    // The official client asks for «openid» alone when it wants everything.
    if scope.is_empty() || scope == "openid" {
        scope = FULL_SCOPE.to_owned();
    }
    let seconds = app.token_seconds();
    let answer = app.tokens.lock().issue(host(&headers), &tenant, &scope, seconds);
    Json(answer).into_response()
}

/// The scope of the token that a request is worth.
fn scope(app: &App, tenant: &str, form: &Params) -> Result<String, Refusal> {
    let Some(client) = form.one("client_id").filter(|id| is_good(Some(id))) else {
        return Err(Refusal(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "Invalid client or Invalid client credentials",
        ));
    };
    // Whatever the grant, a secret that is given must be good.
    let secret = form.one("client_secret");
    if secret.is_some() && !is_good(secret) {
        return Err(Refusal::client());
    }
    let asked = form.one("scope").unwrap_or_default();
    if asked.split(' ').any(|scope| scope == "wrong") {
        return Err(Refusal(StatusCode::BAD_REQUEST, "invalid_scope", "Invalid scopes"));
    }
    match form.one("grant_type") {
        Some("client_credentials") if secret.is_none() => Err(Refusal::client()),
        Some("password") if !is_good(form.one("username")) || !is_good(form.one("password")) => {
            Err(Refusal(StatusCode::UNAUTHORIZED, "invalid_grant", "Invalid user credentials"))
        }
        Some("client_credentials" | "password") => Ok(asked.to_owned()),
        Some("refresh_token") => {
            let grant = app.tokens.lock().refresh(form.one("refresh_token").unwrap_or_default());
            let grant = grant.filter(|grant| grant.tenant == tenant);
            grant.map(|grant| grant.scope).ok_or(Refusal::grant("Invalid refresh token"))
        }
        Some("authorization_code") => {
            let code = app.codes.lock().take(form.one("code").unwrap_or_default());
            let code = code.filter(|code| code.tenant == tenant && code.client == client);
            redeem(code.ok_or(Refusal::grant("Code not valid"))?, form)
        }
        Some(_) => Err(Refusal(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Unsupported grant_type")),
        None => Err(Refusal(StatusCode::BAD_REQUEST, "invalid_request", "Missing form parameter: grant_type")),
    }
}

/// Turns a code into the scope that it stands for.
fn redeem(code: Code, form: &Params) -> Result<String, Refusal> {
    if form.one("redirect_uri") != Some(&code.redirect) {
        return Err(Refusal::grant("Incorrect redirect_uri"));
    }
    match (code.challenge, form.one("code_verifier")) {
        // Without PKCE a client proves itself by its secret.
        (None, _) if form.one("client_secret").is_none() => return Err(Refusal::client()),
        (None, _) => {}
        (Some(_), None) => return Err(Refusal::grant("PKCE code verifier not specified")),
        (Some(challenge), Some(verifier)) => {
            // 43 to 128 characters: RFC 7636, section 4.1.
            if !(43..=128).contains(&verifier.len()) {
                return Err(Refusal::grant("PKCE verification failed: Invalid code verifier"));
            }
            if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != challenge {
                return Err(Refusal::grant("PKCE verification failed: Code mismatch"));
            }
        }
    }
    Ok(code.scope)
}

/// `GET /realms/{tenant}/protocol/openid-connect/auth`: sends the browser back at once, with a code, or with what is
/// wrong with the request. `login_hint=wrong` is a user who cannot sign in.
pub(crate) async fn authorize(
    State(app): State<App>, Path(tenant): Path<String>, headers: HeaderMap, RawQuery(query): RawQuery,
) -> Response {
    let query = Params::parse(query.as_deref());
    // With these two in doubt nobody is sent anywhere (RFC 6749, section 4.1.2.1).
    let Some(client) = query.one("client_id").filter(|id| is_good(Some(id))) else {
        return page("Client not found.");
    };
    let Some(redirect) = query.one("redirect_uri").filter(|uri| is_redirect(uri)) else {
        return page("Invalid parameter: redirect_uri");
    };
    let answer = match problem(&query) {
        Some((error, description)) => vec![("error", error.to_owned()), ("error_description", description.to_owned())],
        None => {
            let code = format!("{}.{}", Uuid::new_v4(), Uuid::new_v4());
            app.codes.lock().add(Code {
                code: code.clone(),
                tenant: tenant.clone(),
                client: client.to_owned(),
                redirect: redirect.to_owned(),
                challenge: query.one("code_challenge").map(str::to_owned),
                scope: query.one("scope").unwrap_or_default().to_owned(),
                expires: Instant::now() + CODE_LIFE,
            });
            vec![("session_state", Uuid::new_v4().to_string()), ("code", code)]
        }
    };
    let mut parameters = Serializer::new(String::new());
    parameters.extend_pairs(query.one("state").map(|state| ("state", state)));
    parameters.append_pair("iss", &format!("http://{}/realms/{tenant}", host(&headers)));
    parameters.extend_pairs(answer);
    let joint = if redirect.contains('?') { '&' } else { '?' };
    match HeaderValue::from_str(&format!("{redirect}{joint}{}", parameters.finish())) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => page("Invalid parameter: redirect_uri"),
    }
}

/// Keycloak's error page, in short.
fn page(sentence: &'static str) -> Response {
    (StatusCode::BAD_REQUEST, Html(format!("<!doctype html><title>Sign-in</title><p>{sentence}"))).into_response()
}

/// Absolute, of the web, and without a fragment (RFC 6749, section 3.1.2).
fn is_redirect(uri: &str) -> bool {
    (uri.starts_with("http://") || uri.starts_with("https://")) && !uri.contains('#')
}

/// What a request for a code lacks, as OAuth's word and a sentence.
fn problem(query: &Params) -> Option<(&'static str, &'static str)> {
    let challenge = query.one("code_challenge");
    if query.one("response_type") != Some("code") {
        return Some(("unsupported_response_type", "Unsupported response_type"));
    }
    if query.one("login_hint") == Some("wrong") {
        return Some(("access_denied", "The user cannot sign in"));
    }
    if challenge.is_some() && query.one("code_challenge_method") != Some("S256") {
        return Some(("invalid_request", "Invalid parameter: code_challenge_method must be S256"));
    }
    // A SHA-256 digest in base64 has 43 characters.
    if challenge.is_some_and(|challenge| challenge.len() != 43) {
        return Some(("invalid_request", "Invalid parameter: code_challenge"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(code: String, expires: Instant) -> Code {
        let text = String::new;
        Code { code, tenant: text(), client: text(), redirect: text(), challenge: None, scope: text(), expires }
    }

    #[test]
    fn a_code_is_good_once_and_not_past_its_life() {
        let mut codes = Codes::default();
        codes.add(code("late".into(), Instant::now()));
        codes.add(code("good".into(), Instant::now() + CODE_LIFE));
        assert!(codes.take("late").is_none());
        assert!(codes.take("good").is_some());
        assert!(codes.take("good").is_none());
    }

    #[test]
    fn the_oldest_code_gives_way_to_one_too_many() {
        let mut codes = Codes::default();
        (0..=MAX_CODES).for_each(|n| codes.add(code(n.to_string(), Instant::now() + CODE_LIFE)));
        assert_eq!(codes.0.len(), MAX_CODES);
        assert!(codes.take("0").is_none() && codes.take("1").is_some());
    }
}
