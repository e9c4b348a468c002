//! What is the sandbox's own, under `/sandbox`: tokens of any life and scope, faults, what each socket received, and
//! which requests came.
//!
//! No token is needed here: the server listens on the loopback interface and knows invented people only.

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

use crate::{
    audio::{Format, wav},
    auth::{FULL_SCOPE, host},
    behaviour::Behaviour,
    error::{ApiError, Body, Params, uuid},
    faults::MAX_TOKEN_SECONDS,
    pages,
    state::App,
};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/token", post(token))
        .route("/faults", post(add_fault).delete(clear_faults))
        .route("/behaviour", get(behaviour).post(change_behaviour).delete(clear_behaviour))
        .route("/requests", get(requests).delete(clear_requests))
        .route("/streams/{id}", get(streams))
        .route("/streams/{id}/audio/{n}", get(audio))
}

/// `POST /sandbox/token?expiresIn=300&scope=openid%20streams&tenant=base`, each optional.
async fn token(State(app): State<App>, headers: HeaderMap, RawQuery(query): RawQuery) -> Result<Json<Value>, ApiError> {
    let query = Params::parse(query.as_deref());
    let seconds = query.number("expiresIn", 0, app.token_seconds())?;
    if seconds > MAX_TOKEN_SECONDS {
        return Err(ApiError::invalid("expiresIn", format!("must be at most {MAX_TOKEN_SECONDS}")));
    }
    let scope = query.one("scope").unwrap_or(FULL_SCOPE);
    let tenant = query.one("tenant").unwrap_or(pages::TENANT);
    let issued = app.tokens.lock().issue(host(&headers), tenant, scope, seconds);
    Ok(Json(json!({
        "accessToken": issued["access_token"],
        "expiresIn": seconds,
        "refreshToken": issued["refresh_token"],
        "scope": scope,
        "tenantName": tenant,
    })))
}

async fn add_fault(State(app): State<App>, Body(body): Body<Map<String, Value>>) -> Result<StatusCode, ApiError> {
    app.faults.lock().add(body)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_faults(State(app): State<App>) -> StatusCode {
    app.faults.lock().clear();
    StatusCode::NO_CONTENT
}

/// `GET /sandbox/behaviour?interactionId`: the switches that hold for all, or for one interaction.
async fn behaviour(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Json<Behaviour>, ApiError> {
    let query = Params::parse(query.as_deref());
    let interaction = query.one("interactionId").map(|id| uuid(id, "interactionId")).transpose()?;
    Ok(Json(app.switches.lock().of(interaction)))
}

/// `POST /sandbox/behaviour`: switches, for all that follows or for the `interactionId` beside them.
async fn change_behaviour(
    State(app): State<App>, Body(body): Body<Map<String, Value>>,
) -> Result<StatusCode, ApiError> {
    app.switches.lock().change(body)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clear_behaviour(State(app): State<App>) -> StatusCode {
    app.switches.lock().clear();
    StatusCode::NO_CONTENT
}

/// `GET /sandbox/requests?path=/v2/documents`: all, or those whose path begins so.
async fn requests(State(app): State<App>, RawQuery(query): RawQuery) -> Json<Value> {
    let query = Params::parse(query.as_deref());
    let requests = app.requests.lock();
    let found: Vec<_> = requests.of(query.one("path").unwrap_or_default()).collect();
    Json(json!({ "requests": found }))
}

async fn clear_requests(State(app): State<App>) -> StatusCode {
    app.requests.lock().clear();
    StatusCode::NO_CONTENT
}

/// Every socket that the interaction ever had; an interaction without any is no error, since it may be gone.
async fn streams(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let id = uuid(&id, "id")?;
    let reports = app.reports.lock();
    let (sockets, refused): (Vec<_>, Vec<_>) = (reports.of(id).collect(), reports.refused_of(id).collect());
    let spoken = app.store.lock().spoken(id);
    let said: Vec<Value> =
        spoken.into_iter().map(|line| json!({ "line": line.line, "role": line.voice, "text": line.text })).collect();
    Ok(Json(json!({ "sockets": sockets, "refused": refused, "said": said })))
}

/// `GET /sandbox/streams/{id}/audio/{n}`: as it came; with `?format=wav` decoded.
async fn audio(
    State(app): State<App>, Path((id, n)): Path<(String, usize)>, RawQuery(query): RawQuery,
) -> Result<impl IntoResponse, ApiError> {
    let found = app.reports.lock().audio_of(uuid(&id, "id")?, n);
    let (bytes, declared) = found.ok_or_else(|| ApiError::not_found("socket"))?;
    match Params::parse(query.as_deref()).one("format") {
        None => Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes)),
        Some("wav") => {
            let decode = move || wav(Format::parse(declared.as_deref()).ok()?, &bytes);
            // Minutes of audio are seconds of work.
            let file = spawn_blocking(decode).await.ok().flatten();
            let refusal = "No audio came, or it came in a container that is not decoded.";
            let file = file.ok_or_else(|| ApiError::new(StatusCode::NOT_ACCEPTABLE, refusal))?;
            Ok(([(header::CONTENT_TYPE, "audio/wav")], file))
        }
        Some(_) => Err(ApiError::invalid("format", "must be wav")),
    }
}
