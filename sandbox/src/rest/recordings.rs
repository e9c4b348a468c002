//! `/interactions/{id}/recordings`: audio as bytes, in and out.

use std::time::Duration;

use axum::{
    Extension, Json,
    body::to_bytes,
    extract::{Path, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::IntoResponse,
};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    auth::Who,
    error::{ApiError, uuid},
    model::Recording,
    state::App,
};

/// The largest recording that the protocol takes, in bytes: 150 MB.
pub(super) const MAX_BYTES: usize = 150_000_000;

/// How long the rest of a body that is too large may keep the server waiting.
const PATIENCE: Duration = Duration::from_secs(1);

/// The content type of an upload.
fn content_type(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_audio = |kind: &str| ["application/octet-stream", "audio/", "video/"].iter().any(|it| kind.starts_with(it));
    if kind.is_none_or(is_audio) {
        return Ok(kind.map(str::to_owned));
    }
    let detail = "A recording is uploaded as its bytes, application/octet-stream.";
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
}

/// Whether a request is an upload.
pub(crate) fn is_upload(request: &Request) -> bool {
    let path = request.uri().path().trim_end_matches('/');
    request.method() == Method::POST && path.ends_with("/recordings") && path.starts_with("/v2/interactions/")
}

/// An upload that is larger than it may be.
#[derive(Clone)]
struct TooLarge;

/// Reads an upload to its end, whatever becomes of it: a client that is still sending when it is refused would find the
/// connection broken, and no answer. What is past the limit is read too, and thrown away.
pub(crate) async fn receive(request: Request) -> Result<Request, ApiError> {
    let (mut head, body) = request.into_parts();
    let length = head.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut is_over = length.is_some_and(|length: usize| length > MAX_BYTES);
    let (mut bytes, mut size) = (Vec::new(), 0);
    let mut body = body.into_data_stream();
    loop {
        let next = match is_over {
            false => body.next().await,
            true => timeout(PATIENCE, body.next()).await.ok().flatten(),
        };
        let Some(piece) = next else { break };
        let piece = piece.map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "The upload broke off."))?;
        size += piece.len();
        is_over |= size > MAX_BYTES;
        if !is_over {
            bytes.extend_from_slice(&piece);
        } else if size > 2 * MAX_BYTES {
            break;
        }
    }
    if is_over {
        head.extensions.insert(TooLarge);
    }
    Ok(Request::from_parts(head, if is_over { Vec::new() } else { bytes }.into()))
}

pub(super) async fn upload(
    State(app): State<App>, Extension(caller): Who, Path(id): Path<String>, request: Request,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let id = uuid(&id, "id")?;
    app.store.lock().interaction(&caller.tenant, id)?;
    let content_type = content_type(request.headers())?;
    if request.extensions().get::<TooLarge>().is_some() {
        let detail = format!("A recording has at most {MAX_BYTES} bytes.");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    let bytes = to_bytes(request.into_body(), MAX_BYTES).await.unwrap_or_default();
    if bytes.is_empty() {
        return Err(ApiError::invalid("body", "must not be empty"));
    }
    let recording = Recording { id: Uuid::new_v4(), content_type, bytes };
    let answer = json!({ "recordingId": recording.id });
    app.store.lock().add_recording(&caller.tenant, id, recording)?;
    Ok((StatusCode::CREATED, Json(answer)))
}

pub(super) async fn list(
    State(app): State<App>, Extension(caller): Who, Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    let ids: Vec<Uuid> = interaction.recordings.iter().map(|recording| recording.id).collect();
    Ok(Json(json!({ "recordings": ids })))
}

pub(super) async fn get(
    State(app): State<App>, Extension(caller): Who, Path((id, recording)): Path<(String, String)>,
) -> Result<impl IntoResponse, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    let bytes = interaction.recording(uuid(&recording, "recordingId")?)?.bytes.clone();
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes))
}

pub(super) async fn delete(
    State(app): State<App>, Extension(caller): Who, Path((id, recording)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    let recording = uuid(&recording, "recordingId")?;
    // Live: one that is not there is deleted all the same.
    interaction.recordings.retain(|kept| kept.id != recording);
    Ok(StatusCode::NO_CONTENT)
}
