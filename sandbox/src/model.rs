//! The REST resources' shapes as they are on the wire (camelCase, ISO 8601 times), and nothing that acts on them.

use axum::body::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{configuration::Participant, form};

/// Now, to the millisecond: what the service's timestamps carry.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millisecond(Timestamp::now().as_millisecond()).unwrap_or_default()
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EncounterStatus {
    Planned,
    InProgress,
    OnHold,
    Completed,
    Cancelled,
    Deleted,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EncounterType {
    FirstConsultation,
    Consultation,
    Emergency,
    Inpatient,
    Outpatient,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Period {
    pub(crate) started_at: Timestamp,
    #[serde(default)]
    pub(crate) ended_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Encounter {
    #[serde(deserialize_with = "form::text")]
    pub(crate) identifier: String,
    pub(crate) status: EncounterStatus,
    pub(crate) r#type: EncounterType,
    #[serde(default)]
    pub(crate) period: Option<Period>,
    #[serde(default)]
    pub(crate) title: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Gender {
    Male,
    Female,
    Unknown,
    Other,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Patient {
    #[serde(deserialize_with = "form::text")]
    pub(crate) identifier: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) gender: Option<Gender>,
    /// A date or a timestamp; kept as it was sent.
    #[serde(default, deserialize_with = "form::optional_date")]
    pub(crate) birth_date: Option<String>,
    #[serde(default)]
    pub(crate) pronouns: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    Core,
    System,
    User,
}

/// Where in the transcript a fact was found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Evidence {
    pub(crate) r#type: &'static str,
    /// The id of the transcript's segment.
    pub(crate) reference: Uuid,
    pub(crate) quote: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fact {
    pub(crate) id: Uuid,
    pub(crate) text: String,
    pub(crate) group: String,
    pub(crate) group_id: Uuid,
    pub(crate) is_discarded: bool,
    pub(crate) source: Source,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) evidence: Vec<Evidence>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Section {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) sort: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageInfo {
    pub(crate) credits_consumed: f64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) template_ref: String,
    pub(crate) is_stream: bool,
    pub(crate) sections: Vec<Section>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) output_language: String,
    pub(crate) usage_info: UsageInfo,
}

/// A document of the guided form.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GuidedDocument {
    /// Absent where the document is not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<Uuid>,
    #[serde(skip)]
    pub(crate) tenant: String,
    pub(crate) interaction_id: Option<Uuid>,
    pub(crate) name: String,
    pub(crate) template_ref: Option<String>,
    pub(crate) sections: Vec<Section>,
    pub(crate) output_language: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// Audio that was uploaded, as it came.
pub(crate) struct Recording {
    pub(crate) id: Uuid,
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: Bytes,
}

#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TranscriptStatus {
    Processing,
    Completed,
    Failed,
}

/// What one person says in one go.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Phrase {
    pub(crate) channel: u32,
    /// A place in the list of participants.
    pub(crate) participant: usize,
    /// -1: no diarization.
    pub(crate) speaker_id: i32,
    pub(crate) text: String,
    /// In milliseconds, like `end`: so the official client documents it.
    pub(crate) start: u64,
    pub(crate) end: u64,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) participants_roles: Option<Vec<Participant>>,
}

/// The transcript of a recording.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transcript {
    pub(crate) id: Uuid,
    pub(crate) recording_id: Uuid,
    pub(crate) status: TranscriptStatus,
    pub(crate) metadata: Metadata,
    /// `None` until it is completed.
    pub(crate) transcripts: Option<Vec<Phrase>>,
    pub(crate) usage_info: UsageInfo,
}
