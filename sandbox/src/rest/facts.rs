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
    facts::{self, is_group},
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
    #[serde(deserialize_with = "form::text")]
    group: String,
    source: Option<Source>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change {
    #[serde(default, deserialize_with = "form::optional_text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "form::optional_text")]
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
    #[serde(default, deserialize_with = "form::optional_text")]
    group: Option<String>,
    is_discarded: Option<bool>,
}

/// A group that the service has not is 404, for the whole request (live; for the whole: a guess).
fn known_group(group: &str) -> Result<(), ApiError> {
    let unknown = || ApiError::new(StatusCode::NOT_FOUND, format!("fact group not found: {group}"));
    is_group(group).then_some(()).ok_or_else(unknown)
}

/// Applies a change that has been checked.
fn apply(fact: &mut Fact, change: Change) {
    fact.group = change.group.unwrap_or_else(|| std::mem::take(&mut fact.group));
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
    let facts: Vec<Value> = interaction.facts.iter().filter(|fact| !fact.is_hidden).map(Fact::to_json).collect();
    Ok(Json(json!({ "facts": facts })))
}

pub(super) async fn create(
    State(app): State<App>, Extension(caller): Who, Path(id): Path<String>, Body(body): Body<Create>,
) -> Result<Json<Value>, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    if interaction.facts.len() + body.facts.len() > MAX_FACTS {
        return Err(ApiError::invalid("facts", format!("an interaction holds at most {MAX_FACTS}")));
    }
    body.facts.iter().try_for_each(|fact| known_group(&fact.group))?;
    let mut made = Vec::new();
    for fact in body.facts {
        let created_at = now();
        made.push(Fact {
            id: Uuid::new_v4(),
            text: fact.text,
            group: fact.group,
            is_discarded: false,
            source: fact.source.unwrap_or(Source::User),
            created_at,
            updated_at: created_at,
            evidence: Vec::new(),
            is_hidden: false,
        });
    }
    made.iter().for_each(|fact| interaction.note_change(fact.id));
    let answer: Vec<Value> = made.iter().map(Fact::to_created).collect();
    interaction.facts.extend(made);
    Ok(Json(json!({ "facts": answer })))
}

pub(super) async fn update(
    State(app): State<App>, Extension(caller): Who, Path((id, fact)): Path<(String, String)>,
    Body(change): Body<Change>,
) -> Result<Json<Value>, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    let fact = interaction.fact(uuid(&fact, "factId")?)?;
    if let Some(group) = &change.group {
        known_group(group)?;
    }
    apply(fact, change);
    let (id, answer) = (fact.id, fact.to_json());
    interaction.note_change(id);
    Ok(Json(answer))
}

/// Changes all of the facts or, where one cannot be changed, none.
pub(super) async fn batch_update(
    State(app): State<App>, Extension(caller): Who, Path(id): Path<String>, Body(body): Body<Batch>,
) -> Result<Json<Value>, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    for change in &body.facts {
        interaction.fact(change.fact_id)?;
        if let Some(group) = &change.group {
            known_group(group)?;
        }
    }
    let mut changed = Vec::new();
    for BatchChange { fact_id, text, group, is_discarded } in body.facts {
        let fact = interaction.fact(fact_id)?;
        apply(fact, Change { text, group, source: None, is_discarded });
        changed.push(fact.to_json());
        interaction.note_change(fact_id);
    }
    Ok(Json(json!({ "facts": changed })))
}
