//! The REST resources' shapes as they are on the wire (camelCase, ISO 8601 times), and nothing that acts on them.

use std::collections::BTreeMap;

use axum::body::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    configuration::{Participant, ParticipantRole},
    form,
};

/// Now, with a fraction of five to nine digits, as the service's timestamps have them (live).
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    let nanoseconds = now.as_nanosecond();
    let coarse = [10_000, 1_000, 100, 10, 1][(nanoseconds / 1_000 % 5).unsigned_abs() as usize];
    Timestamp::from_nanosecond(nanoseconds / coarse * coarse).unwrap_or(now)
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
    /// Which line of the transcript, counted from 0: a segment has no id of its own.
    pub(crate) reference: String,
    pub(crate) quote: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) id: Uuid,
    pub(crate) text: String,
    pub(crate) group: String,
    pub(crate) is_discarded: bool,
    pub(crate) source: Source,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) evidence: Vec<Evidence>,
    /// Found in a stream that retains nothing: REST does not know of it.
    pub(crate) is_hidden: bool,
}

impl Fact {
    /// As lists and updates have it, with the evidence where it has any.
    pub(crate) fn to_json(&self) -> Value {
        let mut fact = self.core();
        fact["createdAt"] = json!(self.created_at);
        fact["updatedAt"] = json!(self.updated_at);
        if !self.evidence.is_empty() {
            fact["evidence"] = json!(self.evidence);
        }
        fact
    }

    /// As its creation is answered: without `createdAt` (live).
    pub(crate) fn to_created(&self) -> Value {
        let mut fact = self.core();
        fact["updatedAt"] = json!(self.updated_at);
        if !self.evidence.is_empty() {
            fact["evidence"] = json!(self.evidence);
        }
        fact
    }

    /// As the socket sends it: without evidence, and without `updatedAt` until it has been changed.
    pub(crate) fn to_stream(&self) -> Value {
        let mut fact = self.core();
        fact["createdAt"] = json!(self.created_at);
        if self.updated_at != self.created_at {
            fact["updatedAt"] = json!(self.updated_at);
        }
        fact
    }

    fn core(&self) -> Value {
        json!({
            "id": self.id,
            "text": self.text,
            "group": self.group,
            "groupId": GROUP_ID,
            "isDiscarded": self.is_discarded,
            "source": self.source,
        })
    }
}

/// The `groupId` of every fact, whatever its group: it is no key (live: one for two groups).
const GROUP_ID: Uuid = Uuid::from_u128(0x5e5e_5e5e_0000_4000_8000_5e5e_5e5e_0001);

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

/// What documents, templates and sections are found by.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Label {
    #[serde(deserialize_with = "form::text")]
    pub(crate) key: String,
    pub(crate) value: String,
}

/// A section of a guided document, in the document's order.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GuidedSection {
    pub(crate) section_id: Uuid,
    pub(crate) heading: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) labels: Vec<Label>,
}

/// A document of the guided form.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GuidedDocument {
    /// Absent where the document is not kept, as are the times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<Uuid>,
    #[serde(skip)]
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) template_id: Uuid,
    pub(crate) template_version_id: Uuid,
    pub(crate) output_language: String,
    pub(crate) interaction_id: Option<Uuid>,
    /// Texts by the sections' ids.
    pub(crate) string_document: BTreeMap<Uuid, String>,
    /// Of sections whose output is no text; null where there is none.
    pub(crate) structured_document: Option<BTreeMap<Uuid, Value>>,
    pub(crate) sections: Vec<GuidedSection>,
    pub(crate) labels: Vec<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) updated_at: Option<Timestamp>,
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
    /// The speaker, or without diarization a place in the list of participants.
    pub(crate) participant: i32,
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
    pub(crate) participants_roles: Option<Vec<Speaker>>,
}

/// Who speaks on which channel of a recording; a role of any name (an unmerged description has it so).
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Speaker {
    pub(crate) channel: u32,
    #[serde(deserialize_with = "form::text")]
    pub(crate) role: String,
}

impl Speaker {
    /// As a stream knows participants; whoever is neither of the two may be anybody.
    pub(crate) fn participant(&self) -> Participant {
        let role = match self.role.as_str() {
            "doctor" => ParticipantRole::Doctor,
            "patient" => ParticipantRole::Patient,
            _ => ParticipantRole::Multiple,
        };
        Participant { channel: self.channel, role }
    }
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
