//! `/documents/templates` and `/documents/sections`, with their versions. Lists are bare arrays (live).
//!
//! A creation is answered with 201, which is a guess: nobody recorded it.

use axum::{
    Extension, Json, Router,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    routing::{MethodRouter, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::wrong_method;
use crate::{
    auth::Who,
    error::{ApiError, Body, Params, misfit, uuid},
    form,
    library::{About, Changes, Filter, Kind},
    model::Label,
    state::App,
};

/// The routes of one of the two kinds.
pub(super) fn routes(kind: Kind) -> Vec<(String, MethodRouter<App>)> {
    let base = format!("/documents/{}s", kind.name());
    let all = get(move |app, who, query| list(kind, app, who, query))
        .post(move |app, who, body| create(kind, app, who, body));
    let one = get(move |app, who, path| read(kind, app, who, path))
        .patch(move |app, who, path, body| update(kind, app, who, path, body))
        .delete(move |app, who, path| delete(kind, app, who, path));
    let versions = get(move |app, who, path| versions(kind, app, who, path))
        .post(move |app, who, path, body| add_version(kind, app, who, path, body));
    let version = get(move |app, who, path| version(kind, app, who, path))
        .delete(move |app, who, path| delete_version(kind, app, who, path));
    let publish = post(move |app, who, path| publish(kind, app, who, path));
    vec![
        (base.clone(), all),
        (format!("{base}/{{id}}"), one),
        (format!("{base}/{{id}}/versions"), versions),
        (format!("{base}/{{id}}/versions/{{version}}"), version),
        (format!("{base}/{{id}}/versions/{{version}}/publish"), publish),
    ]
}

/// Adds the routes of both kinds, with and without their last slash.
pub(super) fn add(mut router: Router<App>) -> Router<App> {
    for (path, methods) in [Kind::Template, Kind::Section].into_iter().flat_map(routes) {
        let methods = methods.fallback(wrong_method);
        router = router.route(&path, methods.clone()).route(&format!("{path}/"), methods);
    }
    router
}

fn id(kind: Kind, text: &str) -> Result<Uuid, ApiError> {
    uuid(text, &format!("{}Id", kind.name()))
}

/// Labels of a query, as in `label=team:knees`.
pub(super) fn labels(query: &Params) -> Result<Vec<Label>, ApiError> {
    let label = |text: &str| {
        let (key, value) = text.split_once(':').ok_or_else(|| ApiError::invalid("label", "must be key:value"))?;
        Ok(Label { key: key.to_owned(), value: value.to_owned() })
    };
    query.all("label").map(label).collect()
}

type Given = Path<String>;
type GivenVersion = Path<(String, String)>;

async fn list(
    kind: Kind, State(app): State<App>, Extension(caller): Who, RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = Params::parse(query.as_deref());
    let all = |key: &str| query.all(key).map(str::to_owned).collect();
    let is_published = match query.one("published") {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(ApiError::invalid("published", "must be true or false")),
    };
    let is_own = match query.one("source") {
        None => None,
        Some("user") => Some(true),
        Some("corti") => Some(false),
        Some(_) => return Err(ApiError::invalid("source", "must be user or corti")),
    };
    let filter = Filter {
        languages: all("lang"),
        regions: all("region"),
        specialties: all("specialty"),
        labels: labels(&query)?,
        is_published,
        is_own,
    };
    Ok(Json(app.store.lock().library.list(kind, &caller.tenant, &filter).into()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    inherit_from_id: Option<Uuid>,
    generation: Option<Value>,
    publish: Option<bool>,
}

/// How a section is written, checked and nothing more.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the form is checked; what it says stays as it was sent")]
struct SectionForm {
    #[serde(deserialize_with = "form::text")]
    heading: String,
    instructions: SectionInstructions,
    output_schema: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the form is checked")]
struct SectionInstructions {
    #[serde(deserialize_with = "form::text")]
    content_prompt: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "the form is checked")]
struct TemplateForm {
    instructions: Option<serde_json::Map<String, Value>>,
    sections: Option<Vec<TemplateSection>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the form is checked")]
struct TemplateSection {
    section_id: Uuid,
    order_index: Option<u64>,
}

/// Checks what is written into a version; one that inherits may leave things out.
pub(super) fn check(kind: Kind, generation: &Value, field: &str, inherits: bool) -> Result<(), ApiError> {
    let checked = match kind {
        Kind::Template => serde_path_to_error::deserialize::<_, TemplateForm>(generation).map(|_| ()),
        Kind::Section if inherits => {
            return if generation.is_object() { Ok(()) } else { Err(ApiError::invalid(field, "must be an object")) };
        }
        Kind::Section => serde_path_to_error::deserialize::<_, SectionForm>(generation).map(|_| ()),
    };
    checked.map_err(|error| misfit(&error, field))
}

async fn create(
    kind: Kind, State(app): State<App>, Extension(caller): Who, Body(body): Body<Value>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let wanted: Create = serde_path_to_error::deserialize(&body).map_err(|error| misfit(&error, ""))?;
    if body.get("name").is_none() {
        return Err(ApiError::invalid("name", "is missing"));
    }
    let about: About = serde_path_to_error::deserialize(&body).map_err(|error| misfit(&error, ""))?;
    let inherits = wanted.inherit_from_id.is_some();
    match &wanted.generation {
        None if !inherits => return Err(ApiError::invalid("generation", "generation or inheritFromId is needed")),
        None => {}
        Some(generation) => check(kind, generation, "generation", inherits)?,
    }
    let mut store = app.store.lock();
    let library = &mut store.library;
    let publish = wanted.publish.unwrap_or(true);
    let id = library.create(kind, &caller.tenant, about, wanted.inherit_from_id, wanted.generation, publish)?;
    Ok((StatusCode::CREATED, Json(library.get(kind, &caller.tenant, id)?)))
}

async fn read(
    kind: Kind, State(app): State<App>, Extension(caller): Who, Path(given): Given,
) -> Result<Json<Value>, ApiError> {
    app.store.lock().library.get(kind, &caller.tenant, id(kind, &given)?).map(Json)
}

async fn update(
    kind: Kind, State(app): State<App>, Extension(caller): Who, Path(given): Given, Body(changes): Body<Changes>,
) -> Result<Json<Value>, ApiError> {
    let id = id(kind, &given)?;
    let mut store = app.store.lock();
    store.library.update(kind, &caller.tenant, id, changes)?;
    store.library.get(kind, &caller.tenant, id).map(Json)
}

async fn delete(
    kind: Kind, State(app): State<App>, Extension(caller): Who, Path(given): Given,
) -> Result<StatusCode, ApiError> {
    app.store.lock().library.delete(kind, &caller.tenant, id(kind, &given)?)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn versions(
    kind: Kind, State(app): State<App>, Extension(caller): Who, Path(given): Given,
) -> Result<Json<Value>, ApiError> {
    let versions = app.store.lock().library.versions(kind, &caller.tenant, id(kind, &given)?)?;
    Ok(Json(versions.into()))
}

#[derive(Deserialize)]
struct NewVersion {
    generation: Value,
}

async fn add_version(
    kind: Kind, State(app): State<App>, Extension(caller): Who, Path(given): Given, Body(body): Body<NewVersion>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    check(kind, &body.generation, "generation", false)?;
    let made = app.store.lock().library.add_version(kind, &caller.tenant, id(kind, &given)?, body.generation)?;
    Ok((StatusCode::CREATED, Json(made)))
}

async fn version(
    kind: Kind, State(app): State<App>, Extension(caller): Who, Path((given, version)): GivenVersion,
) -> Result<Json<Value>, ApiError> {
    let (id, version) = (id(kind, &given)?, uuid(&version, "versionId")?);
    app.store.lock().library.version(kind, &caller.tenant, id, version).map(Json)
}

async fn delete_version(
    kind: Kind, State(app): State<App>, Extension(caller): Who, Path((given, version)): GivenVersion,
) -> Result<StatusCode, ApiError> {
    let (id, version) = (id(kind, &given)?, uuid(&version, "versionId")?);
    app.store.lock().library.delete_version(kind, &caller.tenant, id, version)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn publish(
    kind: Kind, State(app): State<App>, Extension(caller): Who, Path((given, version)): GivenVersion,
) -> Result<Json<Value>, ApiError> {
    let (id, version) = (id(kind, &given)?, uuid(&version, "versionId")?);
    app.store.lock().library.publish(kind, &caller.tenant, id, version)?;
    Ok(Json(json!({ "status": "published" })))
}
