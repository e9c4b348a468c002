//! What a page needs beside the service: its own files, its settings, and a token.
//!
//! `POST /token` stands for the token endpoint of the electronic health record that embeds the page: in a real
//! deployment it is behind that system's sign-in, so that client secrets never reach a browser.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::{Value, json};
use tower_http::services::ServeDir;

use crate::{
    Options,
    auth::{FULL_SCOPE, host},
    error::ApiError,
    state::App,
};

/// The sandbox's tenant: the name that the service gives its default one.
pub(crate) const TENANT: &str = "base";
/// How long the service's own tokens live; what is said of a token that came from outside.
const SERVICE_TOKEN_SECONDS: u64 = 300;

pub(crate) fn router(options: &Options) -> Router<App> {
    let mut router = Router::new().route("/settings.json", get(settings)).route("/token", post(token));
    if let Some(pkg) = &options.pkg {
        router = router.nest_service("/pkg", ServeDir::new(pkg));
    }
    match &options.www {
        Some(www) => router.fallback_service(ServeDir::new(www)),
        None => router.fallback(async || ApiError::not_found("page").into_response()),
    }
}

/// `GET /settings.json`: what to give to the client's constructor, and whether the transcripts are scripted: then also
/// the pace of the service's delays, 1 being life.
async fn settings(State(app): State<App>, headers: HeaderMap) -> Json<Value> {
    let host = host(&headers);
    Json(match &app.options.service {
        None => json!({
            "environment": {
                "base": format!("http://{host}/v2"),
                "wss": format!("ws://{host}/audio-bridge/v2"),
                "login": format!("http://{host}"),
            },
            "tenantName": TENANT,
            "sandbox": true,
            "pace": app.switches.lock().of(None).pace.get(),
        }),
        Some(service) => json!({
            "environment": service.region.name(),
            "tenantName": service.tenant,
            "sandbox": false,
        }),
    })
}

async fn token(State(app): State<App>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    match &app.options.service {
        None => {
            let seconds = app.token_seconds();
            let issued = app.tokens.lock().issue(host(&headers), TENANT, FULL_SCOPE, seconds);
            Ok(Json(json!({ "accessToken": issued["access_token"], "expiresIn": seconds })))
        }
        Some(service) => match &service.access_token {
            Some(token) => Ok(Json(json!({ "accessToken": token, "expiresIn": SERVICE_TOKEN_SECONDS }))),
            None => Err(ApiError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "There is no token: set OSSICLE_ACCESS_TOKEN and start the server again.",
            )),
        },
    }
}
