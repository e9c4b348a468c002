//! `/interactions`: create, list, get, update, delete.

use std::cmp::Ordering;

use axum::{
    Extension, Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Page;
use crate::{
    auth::{Who, host},
    error::{ApiError, Body, Params, misfit, uuid},
    model::{Encounter, EncounterStatus, Gender, Patient, now},
    state::{App, Interaction},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Create {
    assigned_user_id: Option<Uuid>,
    encounter: Encounter,
    patient: Option<Patient>,
}

fn websocket_url(host: &str, interaction: Uuid, tenant: &str) -> String {
    let tenant: String = form_urlencoded::byte_serialize(tenant.as_bytes()).collect();
    format!("ws://{host}/audio-bridge/v2/interactions/{interaction}/streams?tenant-name={tenant}")
}

/// A time that nobody told.
const NO_TIME: &str = "0001-01-01T00:00:00Z";
/// What stands for each text of a patient whom nobody named.
const NOBODY: &str = "-";

/// An interaction as lists and all else have it (live for lists, for all else a guess): nothing is left out, and what was
/// not told is «-», an empty text or the year 1.
fn to_json(interaction: &Interaction, host: &str) -> Value {
    let encounter = &interaction.encounter;
    let started = encounter.period.as_ref().map(|period| period.started_at.to_string());
    let patient = match &interaction.patient {
        None => json!({
            "identifier": NOBODY, "name": NOBODY, "gender": "unknown", "birthDate": NO_TIME, "pronouns": NOBODY,
        }),
        Some(patient) => {
            let birth = patient.birth_date.as_deref().unwrap_or(NO_TIME);
            let birth = if birth.contains('T') { birth.to_owned() } else { format!("{birth}T00:00:00Z") };
            json!({
                "identifier": patient.identifier,
                "name": patient.name.as_deref().unwrap_or_default(),
                "gender": patient.gender.unwrap_or(Gender::Unknown),
                "birthDate": birth,
                "pronouns": patient.pronouns.as_deref().unwrap_or_default(),
            })
        }
    };
    json!({
        "id": interaction.id,
        "assignedUserId": interaction.assigned_user_id,
        "encounter": {
            "identifier": encounter.identifier,
            "status": encounter.status,
            "type": encounter.r#type,
            "period": {
                "startedAt": started.as_deref().unwrap_or(NO_TIME),
                "endedAt": encounter.period.as_ref().and_then(|period| period.ended_at),
            },
            "title": encounter.title.as_deref().unwrap_or_default(),
        },
        "patient": patient,
        "endedAt": interaction.ended_at,
        "createdAt": interaction.created_at,
        "updatedAt": interaction.updated_at,
        "websocketUrl": websocket_url(host, interaction.id, &interaction.tenant),
        "lastUpdated": interaction.updated_at,
        "deletionReason": "",
        "scheduleDeletionAt": null,
        "deletedAt": null,
    })
}

pub(super) async fn create(
    State(app): State<App>, Extension(caller): Who, headers: HeaderMap, Body(body): Body<Create>,
) -> Result<Json<Value>, ApiError> {
    let id = app.store.lock().create(caller.tenant.clone(), body.assigned_user_id, body.encounter, body.patient);
    let url = websocket_url(host(&headers), id, &caller.tenant);
    Ok(Json(json!({ "interactionId": id, "websocketUrl": url })))
}

/// Reads a status from the query.
fn status(text: &str) -> Result<EncounterStatus, ApiError> {
    serde_json::from_value(text.into()).map_err(|_| ApiError::invalid("encounterStatus", "is no encounter status"))
}

type Order = fn(&Interaction, &Interaction) -> Ordering;

fn order(sort: &str) -> Option<Order> {
    fn patient(interaction: &Interaction) -> Option<&str> {
        interaction.patient.as_ref().map(|patient| patient.identifier.as_str())
    }
    match sort {
        "id" => Some(|a, b| a.id.cmp(&b.id)),
        "assignedUserId" => Some(|a, b| a.assigned_user_id.cmp(&b.assigned_user_id)),
        "patient" => Some(|a, b| patient(a).cmp(&patient(b))),
        // The store is in the order of making, and the sort below is stable.
        "createdAt" => Some(|_, _| Ordering::Equal),
        "endedAt" => Some(|a, b| a.ended_at.cmp(&b.ended_at)),
        "updatedAt" => Some(|a, b| a.updated_at.cmp(&b.updated_at)),
        _ => None,
    }
}

pub(super) async fn list(
    State(app): State<App>, Extension(caller): Who, headers: HeaderMap, RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = Params::parse(query.as_deref());
    let order = order(query.one("sort").unwrap_or("createdAt"))
        .ok_or_else(|| ApiError::invalid("sort", "is no field to sort by"))?;
    let descending = match query.one("direction") {
        None | Some("desc") => true,
        Some("asc") => false,
        Some(_) => return Err(ApiError::invalid("direction", "must be asc or desc")),
    };
    let page = Page::read(&query)?;
    let statuses = query.all("encounterStatus").map(status).collect::<Result<Vec<_>, _>>()?;
    // Live: several do not work. That they are refused is a guess.
    if statuses.len() > 1 {
        return Err(ApiError::invalid("encounterStatus", "must be one status"));
    }
    let patient = query.one("patient");

    let store = app.store.lock();
    let mut found: Vec<&Interaction> = store
        .of_tenant(&caller.tenant)
        .filter(|interaction| statuses.is_empty() || statuses.contains(&interaction.encounter.status))
        .filter(|interaction| {
            patient.is_none_or(|id| interaction.patient.as_ref().is_some_and(|patient| patient.identifier == id))
        })
        .collect();
    found.sort_by(|a, b| order(a, b));
    if descending {
        found.reverse();
    }
    let page = page.of(found.into_iter()).map(|found| to_json(found, host(&headers)));
    Ok(Json(json!({ "interactions": page.collect::<Vec<_>>() })))
}

pub(super) async fn get(
    State(app): State<App>, Extension(caller): Who, headers: HeaderMap, Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    Ok(Json(to_json(interaction, host(&headers))))
}

/// Changes what the body names and nothing else, objects within objects included (RFC 7396).
fn merge(into: &mut Value, change: &Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (key, value) in change {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, change) => *into = change.clone(),
    }
}

/// `current` with `change` merged in, checked as a whole.
fn merged<T: DeserializeOwned>(current: Value, change: &Value, field: &str) -> Result<T, ApiError> {
    let mut value = current;
    merge(&mut value, change);
    serde_path_to_error::deserialize(value).map_err(|error| misfit(&error, field))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Update {
    assigned_user_id: Option<Uuid>,
    encounter: Option<Value>,
    patient: Option<Value>,
}

pub(super) async fn update(
    State(app): State<App>, Extension(caller): Who, headers: HeaderMap, Path(id): Path<String>,
    Body(body): Body<Update>,
) -> Result<Json<Value>, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    let encounter: Encounter = match &body.encounter {
        None => interaction.encounter.clone(),
        Some(change) => merged(json!(interaction.encounter), change, "encounter")?,
    };
    let patient: Option<Patient> = match &body.patient {
        None => interaction.patient.clone(),
        Some(change) => Some(merged(json!(interaction.patient), change, "patient")?),
    };
    let over = matches!(encounter.status, EncounterStatus::Completed | EncounterStatus::Cancelled);
    interaction.updated_at = now();
    interaction.ended_at = if over { interaction.ended_at.or(Some(interaction.updated_at)) } else { None };
    interaction.encounter = encounter;
    interaction.patient = patient;
    interaction.assigned_user_id = body.assigned_user_id.unwrap_or(interaction.assigned_user_id);
    Ok(Json(to_json(interaction, host(&headers))))
}

pub(super) async fn delete(
    State(app): State<App>, Extension(caller): Who, Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.store.lock().delete(&caller.tenant, uuid(&id, "id")?)?;
    Ok(StatusCode::NO_CONTENT)
}
