//! `/documents`: the newer, guided form of documents, which may belong to no interaction.
//!
//! The protocol gives the names of the three kinds of template; their insides are as the service's public guide to guided
//! synthesis shows them (`templateId`, `sectionRefs`, `generation.sections`). The reading here: the ids are the standard
//! templates' and sections' keys, and a section may be a plain text; a section of the caller's making has a heading.

use axum::{
    Extension, Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Page,
    documents::{CREDITS, Update, changed, is_kept},
};
use crate::{
    auth::Who,
    configuration::is_language,
    documents::{Context, ContextFact, Wanted, find_section, find_template, write},
    error::{ApiError, Body, Params, misfit, uuid},
    model::{GuidedDocument, now},
    state::{App, Interaction},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Generate {
    interaction_id: Option<Uuid>,
    context: Option<Vec<Value>>,
    template_ref: Option<Keyed>,
    assembly_template: Option<Assembly>,
    dynamic_template: Option<Dynamic>,
    output_language: Option<String>,
    name: Option<String>,
}

/// A template or a section by its key.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reference {
    Key(String),
    Object(Keyed),
}

#[derive(Deserialize)]
struct Keyed {
    #[serde(alias = "id", alias = "templateKey", alias = "templateId", alias = "sectionKey", alias = "sectionId")]
    key: String,
}

impl Reference {
    fn key(&self) -> &str {
        match self {
            Self::Key(key) | Self::Object(Keyed { key }) => key,
        }
    }
}

/// A choice of the sections that there are.
#[derive(Deserialize)]
struct Assembly {
    #[serde(alias = "sectionRefs", alias = "sectionKeys")]
    sections: Vec<Reference>,
    name: Option<String>,
}

/// Sections of the caller's making.
#[derive(Deserialize)]
struct Dynamic {
    #[serde(alias = "generation")]
    sections: Sections,
    name: Option<String>,
}

/// As a list, or in an object beside the template's instructions.
#[derive(Deserialize)]
#[serde(untagged)]
enum Sections {
    List(Vec<DynamicSection>),
    Generation { sections: Vec<DynamicSection> },
}

impl Sections {
    fn list(&self) -> &[DynamicSection] {
        match self {
            Self::List(sections) | Self::Generation { sections } => sections,
        }
    }
}

#[derive(Deserialize)]
struct DynamicSection {
    #[serde(alias = "title", alias = "heading")]
    name: String,
}

struct Plan {
    reference: Option<String>,
    name: String,
    sections: Vec<Wanted>,
}

fn plan(body: &Generate) -> Result<Plan, ApiError> {
    let plan = match (&body.template_ref, &body.assembly_template, &body.dynamic_template) {
        (Some(reference), None, None) => {
            let template = find_template(&reference.key)
                .ok_or_else(|| ApiError::invalid("templateRef", "is no template; see /templates/"))?;
            Plan { reference: Some(template.key.into()), name: template.name.into(), sections: template.wanted() }
        }
        (None, Some(assembly), None) => {
            let sections = assembly.sections.iter().enumerate().map(|(index, section)| {
                let found = find_section(section.key()).ok_or_else(|| {
                    let field = format!("assemblyTemplate.sections[{index}]");
                    ApiError::invalid(field, "is no section; see /templateSections/")
                })?;
                Ok(Wanted::standard(found, None))
            });
            let sections = sections.collect::<Result<_, ApiError>>()?;
            Plan { reference: None, name: assembly.name.clone().unwrap_or_else(|| "Document".into()), sections }
        }
        (None, None, Some(dynamic)) => Plan {
            reference: None,
            name: dynamic.name.clone().unwrap_or_else(|| "Document".into()),
            sections: dynamic.sections.list().iter().map(|section| Wanted::free(section.name.clone())).collect(),
        },
        _ => {
            let message = "exactly one of templateRef, assemblyTemplate and dynamicTemplate is needed";
            return Err(ApiError::invalid("templateRef", message));
        }
    };
    if plan.sections.is_empty() {
        let field = if body.assembly_template.is_some() { "assemblyTemplate" } else { "dynamicTemplate" };
        return Err(ApiError::invalid(format!("{field}.sections"), "must not be empty"));
    }
    Ok(plan)
}

/// Reads one entry: of a classic document's forms, or `{type: "text", text}`.
fn entry((index, value): (usize, Value)) -> Result<Context, ApiError> {
    if matches!(value["type"].as_str(), None | Some("text"))
        && let Some(text) = value["text"].as_str()
    {
        return Ok(Context::String(text.to_owned()));
    }
    serde_path_to_error::deserialize(value).map_err(|error| misfit(&error, &format!("context[{index}]")))
}

/// What an interaction has to tell: its facts but the discarded ones; without any, what was said.
fn told(interaction: &Interaction) -> Vec<Context> {
    let kept = interaction.facts.iter().filter(|fact| !fact.is_discarded);
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

/// 201 with the document; 200 with one that is not kept, under the retention policy `none`.
pub(super) async fn generate(
    State(app): State<App>, Extension(caller): Who, headers: HeaderMap, Body(body): Body<Generate>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let is_kept = is_kept(&headers)?;
    let language = body.output_language.clone().unwrap_or_else(|| "en".into());
    if !is_language(&language) {
        return Err(ApiError::invalid("outputLanguage", "is no language code"));
    }
    let Plan { reference, name, sections } = plan(&body)?;
    let mut store = app.store.lock();
    let own =
        body.interaction_id.map(|id| store.interaction(&caller.tenant, id).map(|found| told(found))).transpose()?;
    let context = match (body.context, own) {
        (Some(entries), _) if entries.is_empty() => return Err(ApiError::invalid("context", "must not be empty")),
        (Some(entries), _) => entries.into_iter().enumerate().map(entry).collect::<Result<_, _>>()?,
        (None, Some(own)) => own,
        (None, None) => return Err(ApiError::invalid("context", "context or interactionId is needed")),
    };
    let created_at = now();
    let document = GuidedDocument {
        id: is_kept.then(Uuid::new_v4),
        tenant: caller.tenant,
        interaction_id: body.interaction_id,
        name: body.name.unwrap_or(name),
        template_ref: reference,
        sections: write(sections, &context, created_at),
        output_language: language,
        created_at,
        updated_at: created_at,
    };
    let answer = json!({ "document": document, "usageInfo": { "creditsConsumed": CREDITS } });
    if !is_kept {
        return Ok((StatusCode::OK, Json(answer)));
    }
    store.add_guided(document);
    Ok((StatusCode::CREATED, Json(answer)))
}

/// `?interactionId&pageSize&index`, the newest first.
pub(super) async fn list(
    State(app): State<App>, Extension(caller): Who, RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = Params::parse(query.as_deref());
    let page = Page::read(&query)?;
    let interaction = query.one("interactionId").map(|id| uuid(id, "interactionId")).transpose()?;
    let store = app.store.lock();
    let found = store.guided_of(&caller.tenant).rev();
    let found = found.filter(|document| interaction.is_none() || document.interaction_id == interaction);
    Ok(Json(json!({ "data": page.of(found).collect::<Vec<_>>() })))
}

pub(super) async fn get(
    State(app): State<App>, Extension(caller): Who, Path(document): Path<String>,
) -> Result<Json<GuidedDocument>, ApiError> {
    let mut store = app.store.lock();
    Ok(Json(store.guided(&caller.tenant, uuid(&document, "documentId")?)?.clone()))
}

pub(super) async fn update(
    State(app): State<App>, Extension(caller): Who, Path(document): Path<String>, Body(body): Body<Update>,
) -> Result<Json<GuidedDocument>, ApiError> {
    let mut store = app.store.lock();
    let document = store.guided(&caller.tenant, uuid(&document, "documentId")?)?;
    document.sections = changed(document.sections.clone(), body.sections.unwrap_or_default())?;
    document.name = body.name.unwrap_or_else(|| std::mem::take(&mut document.name));
    document.updated_at = now();
    Ok(Json(document.clone()))
}

pub(super) async fn delete(
    State(app): State<App>, Extension(caller): Who, Path(document): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.store.lock().delete_guided(&caller.tenant, uuid(&document, "documentId")?)?;
    Ok(StatusCode::NO_CONTENT)
}
