//! `/interactions/{id}/documents`: the classic form of documents.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    auth::Who,
    configuration::is_language,
    documents::{Context, Wanted, find_section, find_template, write},
    error::{ApiError, Body, uuid},
    form,
    model::{Document, Section, UsageInfo, now},
    state::App,
};

/// What a document costs: an invented price.
const CREDITS: f64 = 0.0034299999999999995;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Create {
    context: Vec<Context>,
    #[serde(default, deserialize_with = "form::optional_text")]
    template_key: Option<String>,
    template: Option<Template>,
    output_language: String,
    name: Option<String>,
    #[serde(rename = "documentationMode")]
    _documentation_mode: Option<Mode>,
    #[serde(rename = "disableGuardrails")]
    _disable_guardrails: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    GlobalSequential,
    RoutedParallel,
}

/// A template made by the caller: exactly one of the two lists.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Template {
    section_keys: Option<Vec<String>>,
    sections: Option<Vec<SectionOverride>>,
    document_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SectionOverride {
    key: String,
    name_override: Option<String>,
}

/// The sections that a request asks for, and the template's key and name.
struct Plan {
    reference: String,
    name: String,
    sections: Vec<Wanted>,
}

/// Whether a document is to be kept, by the header `X-Corti-Retention-Policy`.
pub(super) fn is_kept(headers: &HeaderMap) -> Result<bool, ApiError> {
    const NAME: &str = "x-corti-retention-policy";
    match headers.get(NAME).map(|value| value.as_bytes()) {
        None | Some(b"retain") => Ok(true),
        Some(b"none") => Ok(false),
        Some(_) => Err(ApiError::invalid(NAME, "must be retain or none")),
    }
}

fn plan(body: &Create) -> Result<Plan, ApiError> {
    // The key wins where both are there (live).
    if let Some(key) = &body.template_key {
        let template = find_template(key).ok_or_else(|| ApiError::not_found("template"))?;
        let name = body.name.clone().unwrap_or_else(|| template.name.to_owned());
        return Ok(Plan { reference: key.clone(), name, sections: template.wanted() });
    }
    let Some(template) = &body.template else {
        return Err(ApiError::invalid("templateKey", "templateKey or template is needed"));
    };
    let named: Vec<(&String, Option<&String>)> = match (&template.section_keys, &template.sections) {
        (Some(keys), None) => keys.iter().map(|key| (key, None)).collect(),
        (None, Some(list)) => list.iter().map(|each| (&each.key, each.name_override.as_ref())).collect(),
        _ => return Err(ApiError::invalid("template", "needs one of sectionKeys and sections")),
    };
    if named.is_empty() {
        return Err(ApiError::invalid("template", "has no section"));
    }
    let sections = named.into_iter().map(|(key, name)| {
        let section = find_section(key).ok_or_else(|| ApiError::not_found("section"))?;
        Ok(Wanted::standard(section, name.cloned()))
    });
    let sections = sections.collect::<Result<Vec<_>, ApiError>>()?;
    let name = template.document_name.as_deref().unwrap_or("Document");
    let reference = "custom".to_owned();
    Ok(Plan { reference, name: body.name.clone().unwrap_or_else(|| name.to_owned()), sections })
}

pub(super) async fn create(
    State(app): State<App>, Extension(caller): Who, Path(id): Path<String>, headers: HeaderMap,
    Body(body): Body<Create>,
) -> Result<(StatusCode, Json<Document>), ApiError> {
    let (id, is_kept) = (uuid(&id, "id")?, is_kept(&headers)?);
    app.store.lock().interaction(&caller.tenant, id)?;
    match body.context.as_slice() {
        [] => return Err(ApiError::invalid("context", "must not be empty")),
        [_] => {}
        several if several.iter().all(|entry| matches!(entry, Context::Transcript(_))) => {}
        _ => return Err(ApiError::invalid("context", "several entries are accepted for transcripts only")),
    }
    if !is_language(&body.output_language) {
        return Err(ApiError::invalid("outputLanguage", "is no language code"));
    }
    let plan = plan(&body)?;
    let created_at = now();
    let document = Document {
        id: Uuid::new_v4(),
        name: plan.name,
        template_ref: plan.reference,
        is_stream: false,
        sections: write(plan.sections, &body.context, created_at, app.switches.lock().of(Some(id)).empty_section),
        created_at,
        updated_at: created_at,
        output_language: body.output_language,
        usage_info: UsageInfo { credits_consumed: CREDITS },
    };
    if !is_kept {
        return Ok((StatusCode::OK, Json(document)));
    }
    app.store.lock().interaction(&caller.tenant, id)?.add_document(document.clone());
    Ok((StatusCode::CREATED, Json(document)))
}

pub(super) async fn list(
    State(app): State<App>, Extension(caller): Who, Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    Ok(Json(json!({ "data": interaction.documents })))
}

pub(super) async fn get(
    State(app): State<App>, Extension(caller): Who, Path((id, document)): Path<(String, String)>,
) -> Result<Json<Document>, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    Ok(Json(interaction.document(uuid(&document, "documentId")?)?.clone()))
}

#[derive(Deserialize)]
pub(super) struct Update {
    name: Option<String>,
    sections: Option<Vec<SectionChange>>,
}

#[derive(Deserialize)]
pub(super) struct SectionChange {
    key: String,
    name: Option<String>,
    text: Option<String>,
    sort: Option<i64>,
}

/// Changes the sections that are named by their key; a section that the document lacks is an error, not an addition.
fn changed(mut sections: Vec<Section>, changes: Vec<SectionChange>) -> Result<Vec<Section>, ApiError> {
    for (index, change) in changes.into_iter().enumerate() {
        let Some(section) = sections.iter_mut().find(|section| section.key == change.key) else {
            return Err(ApiError::invalid(format!("sections[{index}].key"), "is no section of this document"));
        };
        section.name = change.name.unwrap_or_else(|| std::mem::take(&mut section.name));
        section.text = change.text.unwrap_or_else(|| std::mem::take(&mut section.text));
        section.sort = change.sort.unwrap_or(section.sort);
        section.updated_at = now();
    }
    sections.sort_by_key(|section| section.sort);
    Ok(sections)
}

pub(super) async fn update(
    State(app): State<App>, Extension(caller): Who, Path((id, document)): Path<(String, String)>,
    Body(body): Body<Update>,
) -> Result<Json<Document>, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    let document = interaction.document(uuid(&document, "documentId")?)?;
    document.sections = changed(document.sections.clone(), body.sections.unwrap_or_default())?;
    document.name = body.name.unwrap_or_else(|| std::mem::take(&mut document.name));
    document.updated_at = now();
    Ok(Json(document.clone()))
}

pub(super) async fn delete(
    State(app): State<App>, Extension(caller): Who, Path((id, document)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let mut store = app.store.lock();
    let interaction = store.interaction(&caller.tenant, uuid(&id, "id")?)?;
    let document = interaction.document(uuid(&document, "documentId")?)?.id;
    interaction.documents.retain(|kept| kept.id != document);
    Ok(StatusCode::NO_CONTENT)
}
