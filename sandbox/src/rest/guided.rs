//! `/documents`: documents of the guided form, which may belong to no interaction. Shapes are the types' and, where a
//! document is saved, were found to fit live.
//!
//! Guesses: whether `context` and `interactionId` may both be there (they may: the context is used), and whether an empty
//! section is a missing key or an empty text (a switch).

use std::collections::BTreeMap;

use axum::{
    Extension, Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{documents::is_kept, library};
use crate::{
    auth::Who,
    configuration::is_language,
    documents::{Context, ContextFact, Wanted, assemble, find_section},
    error::{ApiError, Body, Params, uuid},
    form,
    library::{Kind, Resolved},
    model::{GuidedDocument, GuidedSection, Label, now},
    state::{App, Interaction},
};

/// What a document costs: an invented price.
const CREDITS: f64 = 0.005390000000000001;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Generate {
    interaction_id: Option<Uuid>,
    context: Option<Vec<Entry>>,
    template_ref: Option<TemplateRef>,
    assembly_template: Option<Assembly>,
    dynamic_template: Option<Dynamic>,
    #[serde(deserialize_with = "form::text")]
    output_language: String,
    name: Option<String>,
    #[serde(default)]
    labels: Vec<Label>,
}

/// A template that there is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TemplateRef {
    template_id: Uuid,
    template_version_id: Option<Uuid>,
    overrides: Option<Overrides>,
}

/// What is other than in the template; sections must be its own.
#[derive(Deserialize)]
struct Overrides {
    #[serde(default)]
    sections: Vec<SectionRef>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SectionRef {
    section_id: Uuid,
    #[serde(default)]
    overrides: Map<String, Value>,
}

/// A choice of the sections that there are.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assembly {
    #[serde(deserialize_with = "form::text")]
    name: String,
    #[serde(deserialize_with = "form::list")]
    section_refs: Vec<SectionRef>,
}

/// Sections of the caller's making.
#[derive(Deserialize)]
struct Dynamic {
    #[serde(deserialize_with = "form::text")]
    name: String,
    generation: Generation,
}

#[derive(Deserialize)]
struct Generation {
    #[serde(deserialize_with = "form::list")]
    sections: Vec<Value>,
}

/// One entry of the context.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Entry {
    Text {
        #[serde(deserialize_with = "form::text")]
        text: String,
    },
    Facts {
        #[serde(deserialize_with = "form::list")]
        facts: Vec<ContextFact>,
    },
    Transcript {
        transcript: Spoken,
    },
}

#[derive(Deserialize)]
struct Spoken {
    #[serde(deserialize_with = "form::list")]
    transcripts: Vec<Phrase>,
}

#[derive(Deserialize)]
struct Phrase {
    #[serde(deserialize_with = "form::text")]
    text: String,
}

impl From<Entry> for Vec<Context> {
    fn from(entry: Entry) -> Self {
        match entry {
            Entry::Text { text } => vec![Context::String(text)],
            Entry::Facts { facts } => vec![Context::Facts(facts)],
            Entry::Transcript { transcript } => {
                transcript.transcripts.into_iter().map(|phrase| Context::String(phrase.text)).collect()
            }
        }
    }
}

/// What an interaction has to tell: its facts but the discarded ones; without any, what was said.
fn told(interaction: &Interaction) -> Vec<Context> {
    let kept = interaction.facts.iter().filter(|fact| !fact.is_discarded && !fact.is_hidden);
    let facts: Vec<_> = kept
        .map(|fact| ContextFact {
            text: fact.text.clone(),
            group: Some(fact.group.clone()),
            _source: Some(fact.source),
        })
        .collect();
    if !facts.is_empty() {
        return vec![Context::Facts(facts)];
    }
    interaction.progress.told().into_iter().map(|line| Context::String(line.text)).collect()
}

/// The template to write by, its version, its name and its sections; what the request brings itself is made first.
fn plan(app: &App, tenant: &str, body: &Generate) -> Result<(Uuid, Uuid, String, Vec<Resolved>), ApiError> {
    let library = &mut app.store.lock().library;
    let (template, version, changes) = match (&body.template_ref, &body.assembly_template, &body.dynamic_template) {
        (Some(reference), None, None) => {
            let changes = reference.overrides.as_ref().map(|overrides| overrides.sections.as_slice());
            (reference.template_id, reference.template_version_id, changes.unwrap_or_default())
        }
        (None, Some(assembly), None) => {
            let references: Vec<Uuid> = assembly.section_refs.iter().map(|section| section.section_id).collect();
            for id in &references {
                library.get(Kind::Section, tenant, *id)?;
            }
            (library.make(tenant, &assembly.name, Vec::new(), references), None, assembly.section_refs.as_slice())
        }
        (None, None, Some(dynamic)) => {
            for (index, section) in dynamic.generation.sections.iter().enumerate() {
                let field = format!("dynamicTemplate.generation.sections[{index}]");
                library::check(Kind::Section, section, &field, false)?;
            }
            let sections = dynamic.generation.sections.clone();
            (library.make(tenant, &dynamic.name, sections, Vec::new()), None, [].as_slice())
        }
        _ => {
            let message = "exactly one of templateRef, assemblyTemplate and dynamicTemplate is needed";
            return Err(ApiError::invalid("templateRef", message));
        }
    };
    let (name, version, mut sections) = library.resolve(tenant, template, version)?;
    for change in changes {
        let foreign =
            || ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "an override is for a section of another template");
        let section = sections.iter_mut().find(|it| it.id == change.section_id).ok_or_else(foreign)?;
        if let Some(Value::String(heading)) = change.overrides.get("heading") {
            section.heading.clone_from(heading);
        }
    }
    Ok((template, version, name, sections))
}

/// 201 with the document; 200 with one that is not kept, under the retention policy `none`.
pub(super) async fn generate(
    State(app): State<App>, Extension(caller): Who, headers: HeaderMap, Body(body): Body<Generate>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let is_kept = is_kept(&headers)?;
    if !is_language(&body.output_language) {
        return Err(ApiError::invalid("outputLanguage", "is no language code"));
    }
    let own = match body.interaction_id {
        Some(id) => Some(told(app.store.lock().interaction(&caller.tenant, id)?)),
        None => None,
    };
    if body.context.as_ref().is_some_and(Vec::is_empty) {
        return Err(ApiError::invalid("context", "must not be empty"));
    }
    if own.is_none() && body.context.is_none() {
        return Err(ApiError::invalid("context", "context or interactionId is needed"));
    }
    let (template_id, template_version_id, name, sections) = plan(&app, &caller.tenant, &body)?;
    let context = match body.context {
        Some(entries) => entries.into_iter().flat_map(Vec::<Context>::from).collect(),
        None => own.unwrap_or_default(),
    };
    let has_empty = app.switches.lock().of(body.interaction_id).empty_guided_section;
    let (string_document, structured_document) = write(&sections, &context, has_empty);
    let created_at = is_kept.then(now);
    let section =
        |section: Resolved| GuidedSection { section_id: section.id, heading: section.heading, labels: section.labels };
    let document = GuidedDocument {
        id: is_kept.then(Uuid::new_v4),
        tenant: caller.tenant,
        interaction_id: body.interaction_id,
        name: body.name.unwrap_or(name),
        template_id,
        template_version_id,
        output_language: body.output_language,
        string_document,
        structured_document,
        sections: sections.into_iter().map(section).collect(),
        labels: body.labels,
        created_at,
        updated_at: created_at,
    };
    let answer = json!({ "document": document, "usageInfo": { "creditsConsumed": CREDITS } });
    if !is_kept {
        return Ok((StatusCode::OK, Json(answer)));
    }
    app.store.lock().add_guided(document);
    Ok((StatusCode::CREATED, Json(answer)))
}

type Written = (BTreeMap<Uuid, String>, Option<BTreeMap<Uuid, Value>>);

/// The texts of the sections, and what of them is no text by its schema.
fn write(sections: &[Resolved], context: &[Context], has_empty: bool) -> Written {
    let wanted = |section: &Resolved| match section.standard.and_then(find_section) {
        Some(standard) => Wanted::standard(standard, Some(section.heading.clone())),
        None => Wanted::free(section.heading.clone()),
    };
    let wanted: Vec<Wanted> = sections.iter().map(wanted).collect();
    let (mut texts, mut structured) = (BTreeMap::new(), BTreeMap::new());
    for (section, text) in sections.iter().zip(assemble(&wanted, context)) {
        match section.output.as_str() {
            "array" => drop(structured.insert(section.id, json!(text.lines().collect::<Vec<_>>()))),
            "object" => drop(structured.insert(section.id, json!({ "text": text }))),
            _ => {}
        }
        if has_empty || !text.is_empty() {
            texts.insert(section.id, text);
        }
    }
    (texts, (!structured.is_empty()).then_some(structured))
}

/// `?templateId&interactionId&label`, a bare array (types), the newest first (guess).
pub(super) async fn list(
    State(app): State<App>, Extension(caller): Who, RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = Params::parse(query.as_deref());
    let id = |key: &str| query.one(key).map(|id| uuid(id, key)).transpose();
    let (interaction, template, labels) = (id("interactionId")?, id("templateId")?, library::labels(&query)?);
    let store = app.store.lock();
    let is_wanted = |document: &&GuidedDocument| {
        interaction.is_none_or(|id| document.interaction_id == Some(id))
            && template.is_none_or(|id| document.template_id == id)
            && (labels.is_empty() || labels.iter().any(|label| document.labels.contains(label)))
    };
    let found: Vec<&GuidedDocument> = store.guided_of(&caller.tenant).rev().filter(is_wanted).collect();
    Ok(Json(json!(found)))
}

pub(super) async fn get(
    State(app): State<App>, Extension(caller): Who, Path(document): Path<String>,
) -> Result<Json<GuidedDocument>, ApiError> {
    let mut store = app.store.lock();
    Ok(Json(store.guided(&caller.tenant, uuid(&document, "documentId")?)?.clone()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Update {
    name: Option<String>,
    string_document: Option<BTreeMap<Uuid, String>>,
    structured_document: Option<BTreeMap<Uuid, Value>>,
    labels: Option<Vec<Label>>,
}

/// Changes what is named: of the texts those of the sections that are there, and no others.
pub(super) async fn update(
    State(app): State<App>, Extension(caller): Who, Path(document): Path<String>, Body(body): Body<Update>,
) -> Result<Json<GuidedDocument>, ApiError> {
    let mut store = app.store.lock();
    let document = store.guided(&caller.tenant, uuid(&document, "documentId")?)?;
    let texts = body.string_document.unwrap_or_default();
    let is_own = |id: &Uuid| document.sections.iter().any(|section| section.section_id == *id);
    if let Some(foreign) = texts.keys().find(|id| !is_own(id)) {
        return Err(ApiError::invalid(format!("stringDocument.{foreign}"), "is no section of this document"));
    }
    document.string_document.extend(texts);
    if let Some(structured) = body.structured_document {
        document.structured_document.get_or_insert_default().extend(structured);
    }
    document.name = body.name.unwrap_or_else(|| std::mem::take(&mut document.name));
    document.labels = body.labels.unwrap_or_else(|| std::mem::take(&mut document.labels));
    document.updated_at = Some(now());
    Ok(Json(document.clone()))
}

pub(super) async fn delete(
    State(app): State<App>, Extension(caller): Who, Path(document): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.store.lock().delete_guided(&caller.tenant, uuid(&document, "documentId")?)?;
    Ok(StatusCode::NO_CONTENT)
}
