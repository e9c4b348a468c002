//! `/interactions/{id}/transcripts`: transcripts of recordings.
//!
//! Short audio comes completed in the answer (live). What takes longer than 25 s is `processing`, as is what was asked for
//! with `async`, which is answered with 202 (docs).

use std::time::Duration;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    task::spawn_blocking,
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::{
    audio::Format,
    auth::Who,
    behaviour::Transcripts,
    configuration::is_language,
    error::{ApiError, Body, Params, uuid},
    model::{Metadata, Phrase, Speaker, Transcript, TranscriptStatus, UsageInfo},
    state::App,
    telling::rhythm,
    transcription::{Request, transcribe},
};

/// What is not done by then is answered as `processing`.
const LIMIT: Duration = Duration::from_secs(25);
/// Seconds that a transcript is `processing` at least, once it is, at the pace of life. Guess.
const PROCESSING: f64 = 10.0;
/// What a transcript costs: an invented price, in credits a minute of audio.
const CREDITS_PER_MINUTE: f64 = 0.0224;
/// Characters of a transcript that a list shows.
const SAMPLE: usize = 80;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Create {
    recording_id: Uuid,
    primary_language: String,
    diarize: Option<bool>,
    is_multichannel: Option<bool>,
    r#async: Option<bool>,
    #[serde(rename = "isDictation")]
    _is_dictation: Option<bool>,
    participants: Option<Vec<Speaker>>,
}

/// Adds the transcript that a request asks for; gives it, and what is to be transcribed.
fn begin(app: &App, tenant: &str, id: Uuid, body: Create) -> Result<(Transcript, Request, Bytes), ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(tenant, id)?;
    if !is_language(&body.primary_language) {
        return Err(ApiError::invalid("primaryLanguage", "is no language code"));
    }
    // Live: 400.
    let has_participants = body.participants.as_ref().is_some_and(|list| !list.is_empty());
    if body.diarize == Some(true) && body.is_multichannel != Some(true) && has_participants {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "participants do not go with diarize"));
    }
    let recording = interaction.recording(body.recording_id)?;
    let declared = recording.content_type.as_deref();
    let request = Request {
        // What is uploaded as plain bytes is recognised by the first of them.
        format: Format::parse(declared).unwrap_or(Format::Container),
        diarize: body.diarize.unwrap_or(false),
        participants: body.participants.iter().flatten().map(Speaker::participant).collect(),
    };
    let bytes = recording.bytes.clone();
    let transcript = Transcript {
        id: Uuid::new_v4(),
        recording_id: recording.id,
        status: TranscriptStatus::Processing,
        metadata: Metadata { participants_roles: body.participants.filter(|list| !list.is_empty()) },
        transcripts: None,
        usage_info: UsageInfo { credits_consumed: 0.0 },
    };
    interaction.add_transcript(transcript.clone());
    Ok((transcript, request, bytes))
}

pub(super) async fn create(
    State(app): State<App>, Extension(caller): Who, Path(id): Path<String>, Body(body): Body<Create>,
) -> Result<(StatusCode, HeaderMap, Json<Transcript>), ApiError> {
    let (id, is_async) = (uuid(&id, "id")?, body.r#async == Some(true));
    let (transcript, request, bytes) = begin(&app, &caller.tenant, id, body)?;
    let behaviour = app.switches.lock().of(Some(id));
    let script = app.script.clone();
    let fails = behaviour.transcripts == Transcripts::Failed;
    // Minutes of audio are seconds of work.
    let mut work = spawn_blocking(move || transcribe(script, &request, &bytes).filter(|_| !fails));
    let (tenant, transcript_id) = (caller.tenant, transcript.id);
    if !is_async
        && behaviour.transcripts != Transcripts::Processing
        && let Ok(found) = timeout(LIMIT, &mut work).await
    {
        let mut store = app.store.lock();
        let transcript = store.interaction(&tenant, id)?.transcript(transcript_id)?;
        finish(transcript, found.ok().flatten());
        return Ok((StatusCode::CREATED, HeaderMap::new(), Json(transcript.clone())));
    }
    let path = format!("/v2/interactions/{id}/transcripts/{transcript_id}");
    let location = HeaderMap::from_iter(HeaderValue::try_from(path).map(|path| (header::LOCATION, path)));
    tokio::spawn(async move {
        sleep(rhythm::scaled(PROCESSING, behaviour.pace.get())).await;
        let found = work.await.ok().flatten();
        // Either may have been deleted in the meantime.
        let mut store = app.store.lock();
        if let Ok(interaction) = store.interaction(&tenant, id)
            && let Ok(transcript) = interaction.transcript(transcript_id)
        {
            finish(transcript, found);
        }
    });
    let status = if is_async { StatusCode::ACCEPTED } else { StatusCode::CREATED };
    Ok((status, location, Json(transcript)))
}

fn finish(transcript: &mut Transcript, found: Option<(f64, Vec<Phrase>)>) {
    match found {
        None => transcript.status = TranscriptStatus::Failed,
        Some((seconds, phrases)) => {
            transcript.status = TranscriptStatus::Completed;
            transcript.transcripts = Some(phrases);
            transcript.usage_info.credits_consumed = seconds / 60.0 * CREDITS_PER_MINUTE;
        }
    }
}

/// `?full=true` lists the whole transcripts too.
pub(super) async fn list(
    State(app): State<App>, Extension(caller): Who, Path(id): Path<String>, RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let full = match Params::parse(query.as_deref()).one("full") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(ApiError::invalid("full", "must be true or false")),
    };
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    let item = |transcript: &Transcript| {
        let phrases = transcript.transcripts.as_deref().unwrap_or_default();
        let sample: String = phrases.first().map(|first| first.text.chars().take(SAMPLE).collect()).unwrap_or_default();
        let mut item = json!({ "id": transcript.id, "transcriptSample": sample });
        if full {
            item["transcript"] = json!({ "metadata": transcript.metadata, "transcripts": phrases });
        }
        item
    };
    // Live: none is null.
    let items: Vec<Value> = interaction.transcripts.iter().map(item).collect();
    Ok(Json(json!({ "transcripts": (!items.is_empty()).then_some(items) })))
}

pub(super) async fn get(
    State(app): State<App>, Extension(caller): Who, Path((id, transcript)): Path<(String, String)>,
) -> Result<Json<Transcript>, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    Ok(Json(interaction.transcript(uuid(&transcript, "transcriptId")?)?.clone()))
}

pub(super) async fn status(
    State(app): State<App>, Extension(caller): Who, Path((id, transcript)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    Ok(Json(json!({ "status": interaction.transcript(uuid(&transcript, "transcriptId")?)?.status })))
}

pub(super) async fn delete(
    State(app): State<App>, Extension(caller): Who, Path((id, transcript)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    let transcript = interaction.transcript(uuid(&transcript, "transcriptId")?)?.id;
    interaction.transcripts.retain(|kept| kept.id != transcript);
    Ok(StatusCode::NO_CONTENT)
}
