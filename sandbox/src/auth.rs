//! Who may do what: the tokens that were issued, and the check before every REST call. How a token is come by is
//! `oauth`'s.
//!
//! Tokens are opaque to the server (it remembers what it issued) and shaped like a JWT, whose `exp`, `iss` and `scope` a
//! client may read; the signature is random.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    error::{ApiError, unauthorized},
    model::now,
    state::App,
};

/// Tokens remembered at once; the oldest is forgotten first.
const MAX_TOKENS: usize = 10_000;
/// How long a refresh token lives: Keycloak's default session, 30 minutes.
const REFRESH_SECONDS: u64 = 1800;
/// The scope given where none is asked for: everything.
pub(crate) const FULL_SCOPE: &str = "openid profile email";

/// What a token allows.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// The `jti` of the JWT: a name for the token that opens nothing.
    id: Uuid,
    pub(crate) tenant: String,
    pub(crate) scope: String,
    expires: Instant,
}

impl Grant {
    /// A token whose scope names `streams` or `transcribe` opens that socket and nothing else.
    fn limited_to(&self) -> Option<&str> {
        self.scope.split(' ').find(|scope| matches!(*scope, "streams" | "transcribe"))
    }

    /// When the token expires, or did.
    pub(crate) fn expires_at(&self) -> Timestamp {
        let left = self.expires.saturating_duration_since(Instant::now());
        now().saturating_add(left).unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn may_stream(&self) -> bool {
        self.limited_to() != Some("transcribe")
    }
}

/// The tokens in circulation, access and refresh apart.
#[derive(Default)]
pub(crate) struct Tokens {
    access: Issued,
    refresh: Issued,
}

#[derive(Default)]
struct Issued {
    grants: HashMap<String, Grant>,
    order: VecDeque<String>,
}

impl Issued {
    fn add(&mut self, token: String, grant: Grant) {
        if self.order.len() == MAX_TOKENS
            && let Some(oldest) = self.order.pop_front()
        {
            self.grants.remove(&oldest);
        }
        self.order.push_back(token.clone());
        self.grants.insert(token, grant);
    }

    fn find(&self, token: &str) -> Result<Grant, &'static str> {
        match self.grants.get(token) {
            None => Err("The token is unknown"),
            Some(grant) if grant.expires <= Instant::now() => Err("The token has expired"),
            Some(grant) => Ok(grant.clone()),
        }
    }
}

impl Tokens {
    /// Issues an access and a refresh token, and gives the token endpoint's answer. `seconds` may be 0: a token that
    /// has already expired.
    pub(crate) fn issue(&mut self, host: &str, tenant: &str, scope: &str, seconds: u64) -> Value {
        let ids = (Uuid::new_v4(), Uuid::new_v4());
        let access = jwt(ids.0, host, tenant, scope, seconds);
        let refresh = jwt(ids.1, host, tenant, scope, REFRESH_SECONDS);
        let grant = |id, seconds| Grant {
            id,
            tenant: tenant.to_owned(),
            scope: scope.to_owned(),
            expires: Instant::now() + Duration::from_secs(seconds),
        };
        self.access.add(access.clone(), grant(ids.0, seconds));
        self.refresh.add(refresh.clone(), grant(ids.1, REFRESH_SECONDS));
        json!({
            "access_token": access,
            "expires_in": seconds,
            "refresh_token": refresh,
            "refresh_expires_in": REFRESH_SECONDS,
            "token_type": "Bearer",
            "not-before-policy": 0,
            "scope": scope,
        })
    }

    /// A name for an access token, expired or not; `None` for one that was not issued here.
    pub(crate) fn id(&self, token: &str) -> Option<Uuid> {
        self.access.grants.get(token).map(|grant| grant.id)
    }

    /// The grant behind an access token, or the reason why there is none.
    pub(crate) fn access(&self, token: &str) -> Result<Grant, &'static str> {
        self.access.find(token)
    }

    /// A refresh token can be used once: its answer carries the next one.
    pub(crate) fn refresh(&mut self, token: &str) -> Option<Grant> {
        let grant = self.refresh.find(token).ok()?;
        self.refresh.grants.remove(token);
        self.refresh.order.retain(|known| known != token);
        Some(grant)
    }
}

fn jwt(id: Uuid, host: &str, tenant: &str, scope: &str, seconds: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = json!({
        "iss": format!("http://{host}/realms/{tenant}"),
        "iat": now,
        "exp": now + seconds,
        "jti": id,
        "scope": scope,
    });
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
    format!("{}.{}.{}", part(json!({ "alg": "HS256", "typ": "JWT" })), part(claims), URL_SAFE_NO_PAD.encode(signature))
}

/// The host that the caller used, port included: every URL that is handed out holds it.
pub(crate) fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("127.0.0.1")
}

/// Whose request it is: put into the request by [`check`].
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) tenant: String,
}

/// Runs before every REST handler: a token that is missing, unknown, expired or of another tenant is 401; one that is
/// limited to a socket is 403.
pub(crate) async fn check(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match admit(&app, request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refusal) => *refusal,
    }
}

fn admit(app: &App, headers: &HeaderMap) -> Result<Caller, Box<Response>> {
    let refuse = |reason| Box::new(unauthorized(reason));
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let token = text("authorization")
        .and_then(bearer)
        .ok_or_else(|| refuse("The Authorization header holds no bearer token"))?;
    let grant = app.tokens.lock().access(token).map_err(refuse)?;
    match text("tenant-name") {
        // Live: 403.
        None => return Err(Box::new(ApiError::new(StatusCode::FORBIDDEN, "not allowed").into_response())),
        Some(tenant) if tenant != grant.tenant => return Err(refuse("The token is for another tenant")),
        Some(_) => {}
    }
    if let Some(scope) = grant.limited_to() {
        let detail = format!("The token's scope, {scope}, does not reach this resource.");
        return Err(Box::new(ApiError::new(StatusCode::FORBIDDEN, detail).into_response()));
    }
    Ok(Caller { tenant: grant.tenant })
}

/// What stands after `Bearer `, the scheme in any case (RFC 9110, section 11.1).
pub(crate) fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The handlers' short name for the caller.
pub(crate) type Who = Extension<Caller>;
