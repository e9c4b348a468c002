//! The REST resources' shapes as they are on the wire (camelCase, ISO 8601 times), and nothing that acts on them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
    pub(crate) identifier: String,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) gender: Option<Gender>,
    /// A date or a timestamp; kept as it was sent.
    #[serde(default)]
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
