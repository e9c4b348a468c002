//! The templates and sections that the service brings: those of the classic form, once for each language.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{About, Kind, Resource, Version, object};
use crate::documents::{SECTIONS, TEMPLATES};

/// When they were made and last changed.
const MADE: &str = "2026-06-01T07:30:00Z";

/// The id of a standard one, fixed so that it is the same after a restart.
pub(super) fn standard_id(kind: Kind, index: usize, language: usize) -> Uuid {
    let kind = if kind == Kind::Template { 0xc0a1_u128 } else { 0xc0a2 };
    Uuid::from_u128(kind << 112 | 0x4000_8000 << 64 | (index as u128) << 16 | language as u128)
}

fn version_id(of: Uuid) -> Uuid {
    Uuid::from_u128(of.as_u128() ^ (0x0fff << 96))
}

/// The languages that any template is there in.
fn languages() -> &'static [&'static str] {
    TEMPLATES.first().map_or(&[], |template| template.languages)
}

/// One with a single version, published.
pub(super) fn standard(kind: Kind, id: Uuid, about: About, generation: Value) -> Resource {
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

/// All that the service brings.
pub(super) fn standards() -> Vec<Resource> {
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
