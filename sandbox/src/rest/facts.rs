//! `/interactions/{id}/facts` and `/factgroups`.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    auth::Who,
    error::{ApiError, Body, uuid},
    facts::{self, group_id},
    form,
    model::{Fact, Source, now},
    state::{App, MAX_FACTS},
};

#[derive(Deserialize)]
pub(super) struct Create {
    #[serde(deserialize_with = "form::list")]
    facts: Vec<NewFact>,
}

#[derive(Deserialize)]
struct NewFact {
    #[serde(deserialize_with = "form::text")]
    text: String,
    group: String,
    source: Option<Source>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change {
    #[serde(default, deserialize_with = "form::optional_text")]
    text: Option<String>,
    group: Option<String>,
    source: Option<Source>,
    is_discarded: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Batch {
    #[serde(deserialize_with = "form::list")]
    facts: Vec<BatchChange>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchChange {
    fact_id: Uuid,
    #[serde(default, deserialize_with = "form::optional_text")]
    text: Option<String>,
    group: Option<String>,
    is_discarded: Option<bool>,
}

/// A group's id, or the error that names the field.
fn known_group(group: &str, field: impl Fn() -> String) -> Result<Uuid, ApiError> {
    group_id(group).ok_or_else(|| ApiError::invalid(field(), "is no fact group; see /factgroups/"))
}

/// Applies a change that has been checked.
fn apply(fact: &mut Fact, change: Change) {
    if let Some(group) = change.group
        && let Some(id) = group_id(&group)
    {
        fact.group = group;
        fact.group_id = id;
    }
    fact.text = change.text.unwrap_or_else(|| std::mem::take(&mut fact.text));
    fact.source = change.source.unwrap_or(fact.source);
    fact.is_discarded = change.is_discarded.unwrap_or(fact.is_discarded);
    fact.updated_at = now();
}

pub(super) async fn groups() -> Json<Value> {
    Json(facts::groups())
}

pub(super) async fn list(
    State(app): State<App>, Extension(caller): Who, Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    Ok(Json(json!({ "facts": interaction.facts })))
}

pub(super) async fn create(
    State(app): State<App>, Extension(caller): Who, Path(id): Path<String>, Body(body): Body<Create>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    if interaction.facts.len() + body.facts.len() > MAX_FACTS {
        return Err(ApiError::invalid("facts", format!("an interaction holds at most {MAX_FACTS}")));
    }
    let mut made = Vec::new();
    for (index, fact) in body.facts.into_iter().enumerate() {
        let created_at = now();
        made.push(Fact {
            id: Uuid::new_v4(),
            group_id: known_group(&fact.group, || format!("facts[{index}].group"))?,
            text: fact.text,
            group: fact.group,
            is_discarded: false,
            source: fact.source.unwrap_or(Source::User),
            created_at,
            updated_at: created_at,
            evidence: Vec::new(),
        });
    }
    interaction.facts.extend_from_slice(&made);
    Ok((StatusCode::CREATED, Json(json!({ "facts": made }))))
}

pub(super) async fn update(
    State(app): State<App>, Extension(caller): Who, Path((id, fact)): Path<(String, String)>,
    Body(change): Body<Change>,
) -> Result<Json<Fact>, ApiError> {
    let mut store = app.store.lock();
    let fact = store.interaction(&caller.tenant, uuid(&id, "id")?)?.fact(uuid(&fact, "factId")?)?;
    if let Some(group) = &change.group {
        known_group(group, || "group".into())?;
    }
    apply(fact, change);
    Ok(Json(fact.clone()))
}

/// Changes all of the facts or, where one cannot be changed, none.
pub(super) async fn batch_update(
    State(app): State<App>, Extension(caller): Who, Path(id): Path<String>, Body(body): Body<Batch>,
) -> Result<Json<Value>, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    for (index, change) in body.facts.iter().enumerate() {
        interaction.fact(change.fact_id)?;
        if let Some(group) = &change.group {
            known_group(group, || format!("facts[{index}].group"))?;
        }
    }
    let mut changed = Vec::new();
    for BatchChange { fact_id, text, group, is_discarded } in body.facts {
        let fact = interaction.fact(fact_id)?;
        apply(fact, Change { text, group, source: None, is_discarded });
        changed.push(fact.clone());
    }
    Ok(Json(json!({ "facts": changed })))
}
