//! `/interactions/{id}/transcripts`: transcripts of recordings, which take a moment.

use std::time::Duration;

use axum::{
    Extension, Json,
    extract::{Path, RawQuery, State},
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{task::spawn_blocking, time::sleep};
use uuid::Uuid;

use crate::{
    audio::Format,
    auth::Who,
    configuration::{Participant, is_language},
    error::{ApiError, Body, Params, uuid},
    model::{Metadata, Phrase, Transcript, TranscriptStatus, UsageInfo},
    state::App,
    transcription::{Request, transcribe},
};

/// How long a transcript is `processing` at least, so that a client has to wait for it.
const PROCESSING: Duration = Duration::from_millis(500);
/// What a transcript costs: an invented price, in credits a minute of audio.
const CREDITS_PER_MINUTE: f64 = 0.1;
/// Characters of a transcript that a list shows.
const SAMPLE: usize = 80;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Create {
    recording_id: Uuid,
    primary_language: String,
    diarize: Option<bool>,
    #[serde(rename = "isMultichannel")]
    _is_multichannel: Option<bool>,
    #[serde(rename = "isDictation")]
    _is_dictation: Option<bool>,
    participants: Option<Vec<Participant>>,
}

pub(super) async fn create(
    State(app): State<App>, Extension(caller): Who, Path(id): Path<String>, Body(body): Body<Create>,
) -> Result<impl IntoResponse, ApiError> {
    let id = uuid(&id, "id")?;
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, id)?;
    if !is_language(&body.primary_language) {
        return Err(ApiError::invalid("primaryLanguage", "is no language code"));
    }
    let recording = interaction.recording(body.recording_id)?;
    let declared = recording.content_type.as_deref();
    let request = Request {
        // What is uploaded as plain bytes is recognised by the first of them.
        format: Format::parse(declared).unwrap_or(Format::Container),
        diarize: body.diarize.unwrap_or(false),
        participants: body.participants.clone().unwrap_or_default(),
    };
    let bytes = recording.bytes.clone();
    let transcript = Transcript {
        id: Uuid::new_v4(),
        recording_id: recording.id,
        status: TranscriptStatus::Processing,
        metadata: Metadata { participants_roles: body.participants },
        transcripts: None,
        usage_info: UsageInfo { credits_consumed: 0.0 },
    };
    interaction.add_transcript(transcript.clone());
    drop(store);

    let (tenant, transcript_id) = (caller.tenant, transcript.id);
    let location = format!("/v2/interactions/{id}/transcripts/{transcript_id}");
    tokio::spawn(async move {
        let script = app.script.clone();
        // Minutes of audio are seconds of work.
        let work = spawn_blocking(move || transcribe(script, &request, &bytes));
        sleep(PROCESSING).await;
        let found = work.await.ok().flatten();
        // Either may have been deleted in the meantime.
        let mut store = app.store.lock();
        if let Ok(interaction) = store.interaction(&tenant, id)
            && let Ok(transcript) = interaction.transcript(transcript_id)
        {
            finish(transcript, found);
        }
    });
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(transcript)))
}

fn finish(transcript: &mut Transcript, found: Option<(f64, Vec<Phrase>)>) {
    match found {
        None => transcript.status = TranscriptStatus::Failed,
        Some((seconds, phrases)) => {
            transcript.status = TranscriptStatus::Completed;
            transcript.transcripts = Some(phrases);
            transcript.usage_info.credits_consumed = (seconds / 60.0 * CREDITS_PER_MINUTE * 1e6).round() / 1e6;
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
    Ok(Json(json!({ "transcripts": interaction.transcripts.iter().map(item).collect::<Vec<_>>() })))
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
