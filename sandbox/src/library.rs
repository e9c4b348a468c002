//! Guided templates and sections: what there is, its versions, and what a template comes to once its sections and all
//! that it inherits are put in.
//!
//! Each standard template of the classic form is here once for each of its languages, with an id of its own, and so is
//! each section (live: a template is one language variant; the service has 177 of them). Those of a tenant are beside
//! them. Shapes are the types'; what is answered to deletions and to versions that cannot be is a guess where the types
//! do not say it.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    documents::{SECTIONS, TEMPLATES, find_section},
    error::ApiError,
    form,
    model::{Label, now},
};

/// Templates and sections that tenants may make; the oldest give way.
const MAX_OWN: usize = 1_000;
/// When the standard ones were made and last changed.
const MADE: &str = "2026-06-01T07:30:00Z";

/// Which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Template,
    Section,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::Section => "section",
        }
    }
}

/// A template or a section.
pub(crate) struct Resource {
    pub(crate) id: Uuid,
    kind: Kind,
    /// `None`: a standard one.
    tenant: Option<String>,
    inherited_from: Option<Uuid>,
    /// Made by a request for a document.
    auto_generated: bool,
    about: About,
    created_at: Timestamp,
    updated_at: Timestamp,
    deleted_at: Option<Timestamp>,
    versions: Vec<Version>,
    published: Option<Uuid>,
}

/// What is told of a resource.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct About {
    #[serde(deserialize_with = "form::text")]
    pub(crate) name: String,
    description: String,
    languages: Vec<String>,
    regions: Vec<String>,
    specialties: Vec<String>,
    labels: Vec<Label>,
}

/// Changes to that.
#[derive(Deserialize)]
pub(crate) struct Changes {
    #[serde(default, deserialize_with = "form::optional_text")]
    name: Option<String>,
    description: Option<String>,
    languages: Option<Vec<String>>,
    regions: Option<Vec<String>>,
    specialties: Option<Vec<String>>,
    labels: Option<Vec<Label>>,
}

/// A version, with what was written into it.
#[derive(Clone)]
pub(crate) struct Version {
    id: Uuid,
    number: usize,
    generation: Map<String, Value>,
}

/// By what a list is filtered; nothing where a list is empty.
#[derive(Default)]
pub(crate) struct Filter {
    pub(crate) languages: Vec<String>,
    pub(crate) regions: Vec<String>,
    pub(crate) specialties: Vec<String>,
    pub(crate) labels: Vec<Label>,
    pub(crate) is_published: Option<bool>,
    /// The tenant's own, or those of the service.
    pub(crate) is_own: Option<bool>,
}

/// A section as a document is written by it.
pub(crate) struct Resolved {
    pub(crate) id: Uuid,
    pub(crate) heading: String,
    pub(crate) labels: Vec<Label>,
    /// The kind of its output, `string` for text.
    pub(crate) output: String,
    /// The key of the standard section that it is, or comes from.
    pub(crate) standard: Option<&'static str>,
}

#[derive(Default)]
pub(crate) struct Library {
    /// In the order of their making, the standard ones first; empty until they are asked for.
    resources: Vec<Resource>,
}

fn standard_id(kind: Kind, index: usize, language: usize) -> Uuid {
    let kind = if kind == Kind::Template { 0xc0a1_u128 } else { 0xc0a2 };
    Uuid::from_u128(kind << 112 | 0x4000_8000 << 64 | (index as u128) << 16 | language as u128)
}

fn version_id(of: Uuid) -> Uuid {
    Uuid::from_u128(of.as_u128() ^ (0x0fff << 96))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The languages that any template is there in.
fn languages() -> &'static [&'static str] {
    TEMPLATES.first().map_or(&[], |template| template.languages)
}

fn standard(kind: Kind, id: Uuid, about: About, generation: Value) -> Resource {
    let made: Timestamp = MADE.parse().unwrap_or_default();
    let version = Version { id: version_id(id), number: 0, generation: object(generation) };
    Resource {
        id,
        kind,
        tenant: None,
        inherited_from: None,
        auto_generated: false,
        about,
        created_at: made,
        updated_at: made,
        deleted_at: None,
        published: Some(version.id),
        versions: vec![version],
    }
}

fn standards() -> Vec<Resource> {
    let about = |name: &str, description: &str, language: &str| About {
        // Everything is English here: the language stands in the name, so that it can be told.
        name: if language == "en" { name.to_owned() } else { format!("{name} ({language})") },
        description: description.to_owned(),
        languages: vec![language.to_owned()],
        ..About::default()
    };
    let mut all = Vec::new();
    for (index, section) in SECTIONS.iter().enumerate() {
        for (place, language) in languages().iter().enumerate() {
            let generation = json!({
                "heading": section.name,
                "instructions": { "contentPrompt": section.description },
                "outputSchema": { "type": "string" },
            });
            let id = standard_id(Kind::Section, index, place);
            all.push(standard(Kind::Section, id, about(section.name, section.description, language), generation));
        }
    }
    for (index, template) in TEMPLATES.iter().enumerate().filter(|(_, template)| !template.sections.is_empty()) {
        for language in template.languages {
            let place = languages().iter().position(|known| known == language).unwrap_or_default();
            let section = |(order, key): (usize, &&str)| {
                let section = SECTIONS.iter().position(|section| section.key == *key)?;
                Some(json!({ "sectionId": standard_id(Kind::Section, section, place), "orderIndex": order }))
            };
            let sections: Vec<Value> = template.sections.iter().enumerate().filter_map(section).collect();
            let generation = json!({ "instructions": { "prompt": "Short sentences." }, "sections": sections });
            let id = standard_id(Kind::Template, index, place);
            all.push(standard(Kind::Template, id, about(template.name, template.description, language), generation));
        }
    }
    all
}

impl Resource {
    fn source(&self) -> &'static str {
        if self.tenant.is_none() { "corti" } else { "project" }
    }

    fn is_seen_by(&self, tenant: &str) -> bool {
        self.tenant.as_deref().is_none_or(|own| own == tenant)
    }

    fn version(&self, id: Uuid) -> Result<&Version, ApiError> {
        self.versions.iter().find(|version| version.id == id).ok_or_else(|| ApiError::not_found("version"))
    }

    fn published(&self) -> Option<&Version> {
        self.published.and_then(|id| self.version(id).ok())
    }

    /// As a list has it: without the published version (live).
    fn to_json(&self) -> Value {
        let mut all = json!({
            "id": self.id,
            "inheritedFromId": self.inherited_from,
            "autoGenerated": self.auto_generated,
            "source": self.source(),
            "name": self.about.name,
            "description": self.about.description,
            "languages": self.about.languages,
            "regions": self.about.regions,
            "specialties": self.about.specialties,
            "labels": self.about.labels,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        });
        if let Some(at) = self.deleted_at {
            all["deletedAt"] = json!(at);
        }
        all
    }

    fn passes(&self, filter: &Filter) -> bool {
        let any = |wanted: &[String], has: &[String]| wanted.is_empty() || wanted.iter().any(|one| has.contains(one));
        any(&filter.languages, &self.about.languages)
            && any(&filter.regions, &self.about.regions)
            && any(&filter.specialties, &self.about.specialties)
            && (filter.labels.is_empty() || filter.labels.iter().any(|label| self.about.labels.contains(label)))
            && filter.is_published.is_none_or(|published| published == self.published.is_some())
            && filter.is_own.is_none_or(|own| own == self.tenant.is_some())
    }
}

impl Version {
    /// As it was written: sections by their ids, nothing inherited.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "id": self.id, "versionNumber": self.number, "generation": self.generation })
    }
}

impl Library {
    fn all(&mut self) -> &mut Vec<Resource> {
        if self.resources.is_empty() {
            self.resources = standards();
        }
        &mut self.resources
    }

    /// What there is of a kind, and a tenant sees; what was made by the way is in no list (guess).
    pub(crate) fn list(&mut self, kind: Kind, tenant: &str, filter: &Filter) -> Vec<Value> {
        let is_listed = |resource: &&Resource| {
            resource.kind == kind
                && resource.is_seen_by(tenant)
                && !resource.auto_generated
                && resource.deleted_at.is_none()
                && resource.passes(filter)
        };
        self.all().iter().filter(is_listed).map(Resource::to_json).collect()
    }

    fn find(&mut self, kind: Kind, tenant: &str, id: Uuid) -> Result<&mut Resource, ApiError> {
        let found = self.all().iter_mut().find(|it| it.kind == kind && it.id == id && it.is_seen_by(tenant));
        found.ok_or_else(|| ApiError::not_found(kind.name()))
    }

    /// One that may be changed: a standard one is nobody's (guess).
    fn own(&mut self, kind: Kind, tenant: &str, id: Uuid) -> Result<&mut Resource, ApiError> {
        let found = self.find(kind, tenant, id)?;
        match (&found.tenant, found.deleted_at) {
            (None, _) => Err(ApiError::forbidden(kind.name())),
            (Some(_), Some(_)) => Err(ApiError::not_found(kind.name())),
            (Some(_), None) => Ok(found),
        }
    }

    fn known(&self, kind: Kind, tenant: &str, id: Uuid) -> Option<&Resource> {
        self.resources.iter().find(|it| it.kind == kind && it.id == id && it.is_seen_by(tenant))
    }

    /// One with its published version, all that is inherited put in; a deleted one says so (types).
    pub(crate) fn get(&mut self, kind: Kind, tenant: &str, id: Uuid) -> Result<Value, ApiError> {
        self.find(kind, tenant, id)?;
        let Some(resource) = self.known(kind, tenant, id) else { return Err(ApiError::not_found(kind.name())) };
        let mut all = resource.to_json();
        if let Some(version) = resource.published() {
            let generation = match kind {
                Kind::Section => self.inherited(resource, version, 0),
                Kind::Template => self.expanded(tenant, resource, version),
            };
            all["publishedVersion"] =
                json!({ "id": version.id, "versionNumber": version.number, "generation": generation });
        }
        Ok(all)
    }

    /// A version's generation over that of what its resource inherits from, key by key.
    fn inherited(&self, resource: &Resource, version: &Version, depth: usize) -> Map<String, Value> {
        let parent = resource.inherited_from.and_then(|id| self.resources.iter().find(|it| it.id == id));
        let mut all = match parent.and_then(|parent| Some((parent, parent.published()?))) {
            Some((parent, published)) if depth < 8 => self.inherited(parent, published, depth + 1),
            _ => Map::new(),
        };
        all.extend(version.generation.clone());
        all
    }

    /// A template's generation with its sections in place of their ids.
    fn expanded(&self, tenant: &str, resource: &Resource, version: &Version) -> Map<String, Value> {
        let mut generation = self.inherited(resource, version, 0);
        let references = sections_of(&generation);
        let section = |id: Uuid| {
            let section = self.known(Kind::Section, tenant, id)?;
            let mut all = section.to_json();
            if let Some(version) = section.published() {
                all["publishedVersion"] = json!({
                    "id": version.id,
                    "versionNumber": version.number,
                    "generation": self.inherited(section, version, 0),
                });
            }
            Some(all)
        };
        let sections: Vec<Value> = references.into_iter().filter_map(section).collect();
        generation.insert("sections".into(), sections.into());
        generation
    }

    /// Makes one, with a first version where there is anything in it.
    pub(crate) fn create(
        &mut self, kind: Kind, tenant: &str, about: About, inherit_from: Option<Uuid>, generation: Option<Value>,
        publish: bool,
    ) -> Result<Uuid, ApiError> {
        if let Some(parent) = inherit_from {
            self.find(kind, tenant, parent)?;
        }
        let generation = object(generation.unwrap_or_default());
        self.check(tenant, &generation)?;
        let version = Version { id: Uuid::new_v4(), number: 0, generation };
        let made = Resource {
            id: Uuid::new_v4(),
            kind,
            tenant: Some(tenant.to_owned()),
            inherited_from: inherit_from,
            auto_generated: false,
            about,
            created_at: now(),
            updated_at: now(),
            deleted_at: None,
            published: publish.then_some(version.id),
            versions: vec![version],
        };
        Ok(self.add(made))
    }

    fn add(&mut self, made: Resource) -> Uuid {
        let all = self.all();
        if all.iter().filter(|it| it.tenant.is_some()).count() >= MAX_OWN
            && let Some(oldest) = all.iter().position(|it| it.tenant.is_some())
        {
            all.remove(oldest);
        }
        let id = made.id;
        all.push(made);
        id
    }

    /// Makes a template and its sections by the way, for a request that brings its own.
    pub(crate) fn make(&mut self, tenant: &str, name: &str, headings: Vec<Value>, references: Vec<Uuid>) -> Uuid {
        let mut sections = references;
        for generation in headings {
            let heading = generation["heading"].as_str().unwrap_or_default().to_owned();
            let about = About { name: heading, ..About::default() };
            let section = standard(Kind::Section, Uuid::new_v4(), about, generation);
            sections.push(self.add(Resource { tenant: Some(tenant.to_owned()), auto_generated: true, ..section }));
        }
        let entries: Vec<Value> = sections.iter().map(|id| json!({ "sectionId": id })).collect();
        let about = About { name: name.to_owned(), ..About::default() };
        let template = standard(Kind::Template, Uuid::new_v4(), about, json!({ "sections": entries }));
        self.add(Resource { tenant: Some(tenant.to_owned()), auto_generated: true, ..template })
    }

    /// Whether the sections that a generation names are there.
    fn check(&mut self, tenant: &str, generation: &Map<String, Value>) -> Result<(), ApiError> {
        let sections = sections_of(generation);
        sections.into_iter().try_for_each(|id| self.find(Kind::Section, tenant, id).map(|_| ()))
    }

    pub(crate) fn update(&mut self, kind: Kind, tenant: &str, id: Uuid, changes: Changes) -> Result<(), ApiError> {
        let found = self.own(kind, tenant, id)?;
        let about = &mut found.about;
        about.name = changes.name.unwrap_or_else(|| std::mem::take(&mut about.name));
        about.description = changes.description.unwrap_or_else(|| std::mem::take(&mut about.description));
        about.languages = changes.languages.unwrap_or_else(|| std::mem::take(&mut about.languages));
        about.regions = changes.regions.unwrap_or_else(|| std::mem::take(&mut about.regions));
        about.specialties = changes.specialties.unwrap_or_else(|| std::mem::take(&mut about.specialties));
        about.labels = changes.labels.unwrap_or_else(|| std::mem::take(&mut about.labels));
        found.updated_at = now();
        Ok(())
    }

    /// Deletes one that nothing inherits from, else 409 (types).
    pub(crate) fn delete(&mut self, kind: Kind, tenant: &str, id: Uuid) -> Result<(), ApiError> {
        self.find(kind, tenant, id)?;
        if self.resources.iter().any(|it| it.inherited_from == Some(id) && it.deleted_at.is_none()) {
            return Err(ApiError::new(StatusCode::CONFLICT, "in use"));
        }
        self.own(kind, tenant, id)?.deleted_at = Some(now());
        Ok(())
    }

    pub(crate) fn versions(&mut self, kind: Kind, tenant: &str, id: Uuid) -> Result<Vec<Value>, ApiError> {
        Ok(self.find(kind, tenant, id)?.versions.iter().map(Version::to_json).collect())
    }

    pub(crate) fn version(&mut self, kind: Kind, tenant: &str, id: Uuid, version: Uuid) -> Result<Value, ApiError> {
        self.find(kind, tenant, id)?.version(version).map(Version::to_json)
    }

    pub(crate) fn add_version(
        &mut self, kind: Kind, tenant: &str, id: Uuid, generation: Value,
    ) -> Result<Value, ApiError> {
        let generation = object(generation);
        self.check(tenant, &generation)?;
        let found = self.own(kind, tenant, id)?;
        let number = found.versions.last().map_or(0, |last| last.number + 1);
        let version = Version { id: Uuid::new_v4(), number, generation };
        let answer = version.to_json();
        found.versions.push(version);
        found.updated_at = now();
        Ok(answer)
    }

    /// A published version cannot be deleted (types; 409 is a guess).
    pub(crate) fn delete_version(&mut self, kind: Kind, tenant: &str, id: Uuid, version: Uuid) -> Result<(), ApiError> {
        let found = self.own(kind, tenant, id)?;
        found.version(version)?;
        if found.published == Some(version) {
            return Err(ApiError::new(StatusCode::CONFLICT, "the version is published"));
        }
        found.versions.retain(|kept| kept.id != version);
        Ok(())
    }

    pub(crate) fn publish(&mut self, kind: Kind, tenant: &str, id: Uuid, version: Uuid) -> Result<(), ApiError> {
        let found = self.own(kind, tenant, id)?;
        found.published = Some(found.version(version)?.id);
        found.updated_at = now();
        Ok(())
    }

    /// The version and the sections that a document is written by: the template's published one, or the one named. 422
    /// where there is none, or a section has none (types).
    pub(crate) fn resolve(
        &mut self, tenant: &str, template: Uuid, version: Option<Uuid>,
    ) -> Result<(String, Uuid, Vec<Resolved>), ApiError> {
        let unpublished = |what: &str| {
            ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, format!("the {what} has no published version"))
        };
        if self.find(Kind::Template, tenant, template)?.deleted_at.is_some() {
            return Err(ApiError::not_found("template"));
        }
        let Some(found) = self.known(Kind::Template, tenant, template) else {
            return Err(ApiError::not_found("template"));
        };
        let version = match version {
            Some(id) => found.version(id)?,
            None => found.published().ok_or_else(|| unpublished("template"))?,
        };
        let resolved = |id: Uuid| {
            let section = self.known(Kind::Section, tenant, id).ok_or_else(|| ApiError::not_found("section"))?;
            let published = section.published().ok_or_else(|| unpublished("section"))?;
            let generation = self.inherited(section, published, 0);
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            Ok(Resolved {
                id,
                heading: generation.get("heading").map(text).unwrap_or_default(),
                labels: section.about.labels.clone(),
                output: generation.get("outputSchema").map_or_else(|| "string".into(), |schema| text(&schema["type"])),
                standard: self.standard_key(section),
            })
        };
        let sections = sections_of(&self.inherited(found, version, 0));
        let sections = sections.into_iter().map(resolved).collect::<Result<Vec<_>, ApiError>>()?;
        Ok((found.about.name.clone(), version.id, sections))
    }

    /// The key of the standard section that a section is or inherits from.
    fn standard_key(&self, section: &Resource) -> Option<&'static str> {
        let id = if section.tenant.is_none() { section.id } else { section.inherited_from? };
        let index = (id.as_u128() >> 16 & 0xffff) as usize;
        let standard =
            SECTIONS.get(index).filter(|_| standard_id(Kind::Section, index, 0).as_u128() >> 16 == id.as_u128() >> 16);
        standard.and_then(|standard| find_section(standard.key)).map(|standard| standard.key)
    }
}

/// The sections of a template's generation, in their order.
fn sections_of(generation: &Map<String, Value>) -> Vec<Uuid> {
    let entries = generation.get("sections").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut sections: Vec<(u64, Uuid)> = entries
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| {
            let id = entry["sectionId"].as_str().and_then(|id| Uuid::try_parse(id).ok())?;
            Some((entry["orderIndex"].as_u64().unwrap_or(index as u64), id))
        })
        .collect();
    sections.sort_by_key(|(order, _)| *order);
    sections.into_iter().map(|(_, id)| id).collect()
}
