//! The standard templates, and how a document is put together from what the request brings.
//!
//! No text is generated: each fact of the context becomes a line of the section that its group belongs to, transcripts
//! and strings go through the rules of `facts.rs` first. Facts are used as they were sent, discarded or not: leaving
//! those out is the client's part.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    behaviour::EmptySection,
    facts, form,
    model::{Section, Source},
};

/// A section of a document: what it is called and which fact groups it gathers.
pub(crate) struct SectionKind {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    groups: &'static [&'static str],
}

/// A standard template: an ordered choice of sections.
pub(crate) struct Template {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) sections: &'static [&'static str],
    /// In which languages it is there (live).
    pub(crate) languages: &'static [&'static str],
}

/// The languages that every template is there in, with the two that some lack: Arabic and Swiss French.
const ALL: &[&str] =
    &["ar", "da", "de", "de-CH", "en", "en-GB", "en-US", "es", "fr", "fr-CH", "it", "nl", "no", "pt", "sv"];
const WITHOUT_SWISS_FRENCH: &[&str] =
    &["ar", "da", "de", "de-CH", "en", "en-GB", "en-US", "es", "fr", "it", "nl", "no", "pt", "sv"];
const WITHOUT_BOTH: &[&str] = &["da", "de", "de-CH", "en", "en-GB", "en-US", "es", "fr", "it", "nl", "no", "pt", "sv"];

const fn section(
    key: &'static str, name: &'static str, description: &'static str, groups: &'static [&'static str],
) -> SectionKind {
    SectionKind { key, name, description, groups }
}

const OBJECTIVE: &[&str] =
    &["vital-signs", "normal-physical-findings", "abnormal-physical-findings", "laboratory-results", "imaging-results"];

pub(crate) const SECTIONS: [SectionKind; 18] = [
    section(
        "corti-subjective",
        "Subjective",
        "What the patient reports.",
        &[
            "demographics",
            "chief-complaint",
            "history-of-present-illness",
            "past-medical-history",
            "family-history",
            "social-history",
            "functional-status",
            "medications-prior-to-visit",
            "denials-of-symptoms",
            "concerns-and-expectations",
            "allergies",
            "other",
        ],
    ),
    section("corti-objective", "Objective", "What was observed and measured.", OBJECTIVE),
    section("corti-assessment", "Assessment", "What the clinician makes of it.", &["assessment"]),
    section("corti-plan", "Plan", "What is to be done.", &["plan", "actions"]),
    section("corti-actions", "Actions", "What was done.", &["actions"]),
    section("corti-demographics", "Demographics", "Who the patient is.", &["demographics"]),
    section("corti-chief-complaint", "Chief Complaint", "Why the patient came.", &["chief-complaint"]),
    section(
        "corti-hpi",
        "History of Present Illness",
        "How the complaint developed.",
        &["history-of-present-illness", "denials-of-symptoms"],
    ),
    section(
        "corti-past-medical-history",
        "Past Medical History",
        "Earlier and lasting conditions.",
        &["past-medical-history"],
    ),
    section("corti-family-history", "Family History", "Conditions in the family.", &["family-history"]),
    section("corti-social-history", "Social History", "Habits, work and home.", &["social-history"]),
    section("corti-medications", "Medications", "What the patient takes.", &["medications-prior-to-visit"]),
    section("corti-allergies", "Allergies", "Allergies and reactions.", &["allergies"]),
    section("corti-vitals", "Vitals", "Vital signs.", &["vital-signs"]),
    section(
        "corti-physical-exam",
        "Physical Exam",
        "Findings of the examination.",
        &["normal-physical-findings", "abnormal-physical-findings"],
    ),
    section(
        "corti-diagnostic-results",
        "Diagnostic Results",
        "Results of tests.",
        &["laboratory-results", "imaging-results"],
    ),
    section(
        "corti-history",
        "History",
        "The patient's history in short.",
        &[
            "demographics",
            "chief-complaint",
            "history-of-present-illness",
            "past-medical-history",
            "family-history",
            "social-history",
            "other",
        ],
    ),
    section("corti-findings", "Findings", "Vital signs, examination and tests.", OBJECTIVE),
];

/// The eleven templates of the service, in its order (live); the sections of all but one are invented.
pub(crate) const TEMPLATES: [Template; 11] = [
    Template {
        key: "corti-soap",
        name: "SOAP Note",
        description: "Subjective, objective, assessment and plan.",
        sections: &["corti-subjective", "corti-objective", "corti-assessment", "corti-plan"],
        languages: ALL,
    },
    Template {
        key: "corti-h-and-p",
        name: "History and Physical",
        description: "A full history and examination.",
        sections: &[
            "corti-demographics",
            "corti-chief-complaint",
            "corti-hpi",
            "corti-past-medical-history",
            "corti-family-history",
            "corti-social-history",
            "corti-medications",
            "corti-allergies",
            "corti-vitals",
            "corti-physical-exam",
            "corti-diagnostic-results",
            "corti-assessment",
            "corti-plan",
        ],
        languages: ALL,
    },
    Template {
        key: "corti-patient-summary",
        name: "Patient Summary",
        description: "The visit in words for the patient.",
        sections: &["corti-history", "corti-findings", "corti-assessment", "corti-plan"],
        languages: ALL,
    },
    Template {
        key: "corti-nursing-note",
        name: "Nursing Note",
        description: "Observations and care.",
        sections: &["corti-objective", "corti-actions", "corti-plan"],
        languages: ALL,
    },
    Template {
        key: "corti-referral",
        name: "Referral",
        description: "A letter to another clinic.",
        sections: &[
            "corti-chief-complaint",
            "corti-hpi",
            "corti-past-medical-history",
            "corti-medications",
            "corti-findings",
            "corti-assessment",
        ],
        languages: ALL,
    },
    Template {
        key: "corti-outpatient-visit-note",
        name: "Outpatient Visit Note",
        description: "A note of an outpatient visit.",
        sections: &[
            "corti-chief-complaint",
            "corti-hpi",
            "corti-past-medical-history",
            "corti-medications",
            "corti-allergies",
            "corti-vitals",
            "corti-physical-exam",
            "corti-assessment",
            "corti-plan",
        ],
        languages: WITHOUT_SWISS_FRENCH,
    },
    Template {
        key: "corti-emergency-note",
        name: "Emergency Note",
        description: "A note of an emergency visit.",
        sections: &[
            "corti-chief-complaint",
            "corti-hpi",
            "corti-allergies",
            "corti-medications",
            "corti-vitals",
            "corti-physical-exam",
            "corti-diagnostic-results",
            "corti-assessment",
            "corti-plan",
        ],
        languages: WITHOUT_SWISS_FRENCH,
    },
    Template {
        key: "corti-brief-clinical-note",
        name: "Brief Clinical Note",
        description: "A short note of a visit.",
        sections: &[
            "corti-history",
            "corti-medications",
            "corti-allergies",
            "corti-findings",
            "corti-assessment",
            "corti-plan",
        ],
        languages: WITHOUT_SWISS_FRENCH,
    },
    Template {
        key: "corti-emergency-response-note",
        name: "Emergency Response Note",
        description: "A note of an emergency call.",
        sections: &["corti-chief-complaint", "corti-vitals", "corti-findings", "corti-actions"],
        languages: WITHOUT_BOTH,
    },
    Template {
        key: "corti-epic-avr",
        name: "After Visit Summary",
        description: "What the patient takes home.",
        sections: &["corti-history", "corti-assessment", "corti-plan"],
        languages: ALL,
    },
    Template { key: "summary-of-notes", name: "Summary of Notes", description: "", sections: &[], languages: &[] },
];

pub(crate) fn find_section(key: &str) -> Option<&'static SectionKind> {
    SECTIONS.iter().find(|section| section.key == key)
}

pub(crate) fn find_template(key: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.key == key)
}

impl SectionKind {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "updatedAt": UPDATED,
            "name": self.name,
            "alternateName": self.name,
            "key": self.key,
            "description": self.description,
            "defaultWritingStyle": { "name": "Short sentences" },
            "defaultFormatRule": { "name": "List" },
            "additionalInstructions": "",
            "content": "",
            "documentationMode": "global_sequential",
            "type": "text",
            "translations": [{ "languageId": "en", "name": self.name, "description": self.description }],
        })
    }
}

impl Template {
    pub(crate) fn to_json(&self) -> Value {
        let sections: Vec<Value> = self
            .sections
            .iter()
            .filter_map(|key| find_section(key))
            .enumerate()
            .map(|(sort, section)| json!({ "sort": sort, "section": section.to_json() }))
            .collect();
        let translation =
            |language: &&str| json!({ "languageId": language, "name": self.name, "description": self.description });
        json!({
            "updatedAt": if self.sections.is_empty() { None } else { Some(UPDATED) },
            "name": self.name,
            "description": self.description,
            "additionalInstructions": null,
            "key": self.key,
            "status": "published",
            "documentationMode": "global_sequential",
            "templateSections": sections,
            "translations": self.languages.iter().map(translation).collect::<Vec<_>>(),
        })
    }
}

/// When the standard templates and sections were last changed.
const UPDATED: &str = "2026-03-02T10:00:00Z";

/// One entry of a document request's `context`.
#[derive(Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
pub(crate) enum Context {
    Facts(#[serde(deserialize_with = "form::list")] Vec<ContextFact>),
    Transcript(ContextTranscript),
    String(#[serde(deserialize_with = "form::text")] String),
}

#[derive(Deserialize)]
pub(crate) struct ContextFact {
    #[serde(deserialize_with = "form::text")]
    pub(crate) text: String,
    #[serde(default, deserialize_with = "form::optional_text")]
    pub(crate) group: Option<String>,
    #[serde(rename = "source")]
    pub(crate) _source: Option<Source>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContextTranscript {
    #[serde(deserialize_with = "form::text")]
    text: String,
    #[serde(flatten)]
    _place: Place,
}

/// Where in the recording a segment is; its form is checked and nothing more.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "what the protocol names is read, and no document depends on it")]
struct Place {
    channel: Option<f64>,
    participant: Option<f64>,
    speaker_id: Option<f64>,
    start: Option<f64>,
    end: Option<f64>,
}

/// A section that a request asks for.
pub(crate) struct Wanted {
    pub(crate) key: String,
    pub(crate) name: String,
    /// The fact groups that it gathers.
    groups: &'static [&'static str],
}

impl Wanted {
    /// A standard section, under its own name or another.
    pub(crate) fn standard(section: &SectionKind, name: Option<String>) -> Self {
        let name = name.unwrap_or_else(|| section.name.to_owned());
        Self { key: section.key.to_owned(), name, groups: section.groups }
    }

    /// A section of the caller's making: it gathers what the standard one of that name does, or nothing.
    pub(crate) fn free(name: String) -> Self {
        let like = SECTIONS.iter().find(|section| section.name.eq_ignore_ascii_case(name.trim()));
        let key = name.trim().to_lowercase().replace(' ', "-");
        Self { key, name, groups: like.map_or(&[], |section| section.groups) }
    }
}

impl Template {
    pub(crate) fn wanted(&self) -> Vec<Wanted> {
        let sections = self.sections.iter().filter_map(|key| find_section(key));
        sections.map(|section| Wanted::standard(section, None)).collect()
    }
}

/// The sections with their texts; an empty one is empty, or its heading and nothing more.
pub(crate) fn write(wanted: Vec<Wanted>, context: &[Context], at: Timestamp, empty: EmptySection) -> Vec<Section> {
    let section = |(sort, (text, Wanted { key, name, .. })): (usize, (String, Wanted))| Section {
        text: if text.is_empty() && empty == EmptySection::Heading { format!("{name}:") } else { text },
        key,
        name,
        sort: sort as i64,
        created_at: at,
        updated_at: at,
    };
    assemble(&wanted, context).into_iter().zip(wanted).enumerate().map(section).collect()
}

/// The texts of the sections, in their order. Each line of the context is in exactly one of them: the first that
/// gathers its group, or the first of all.
pub(crate) fn assemble(sections: &[Wanted], context: &[Context]) -> Vec<String> {
    let mut lines: Vec<Vec<String>> = sections.iter().map(|_| Vec::new()).collect();
    let mut put = |group: &str, text: String| {
        let home = sections.iter().position(|section| section.groups.contains(&group)).unwrap_or(0);
        if let Some(lines) = lines.get_mut(home) {
            lines.push(text);
        }
    };
    let mut spoken = String::new();
    for entry in context {
        match entry {
            Context::Facts(facts) => {
                for fact in facts {
                    put(fact.group.as_deref().unwrap_or("other"), fact.text.clone());
                }
            }
            Context::Transcript(ContextTranscript { text, .. }) | Context::String(text) => {
                spoken.push_str(text);
                spoken.push('\n');
            }
        }
    }
    let found = facts::extract(&spoken);
    if found.is_empty() && !spoken.trim().is_empty() {
        put("other", spoken.trim().to_owned());
    }
    for finding in found {
        put(finding.group, finding.text);
    }
    lines.into_iter().map(|lines| lines.join("\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(group: Option<&str>, text: &str) -> ContextFact {
        ContextFact { text: text.into(), group: group.map(Into::into), _source: None }
    }

    #[test]
    fn every_template_names_sections_that_exist_and_every_section_groups_that_exist() {
        for template in &TEMPLATES {
            assert!(template.sections.iter().all(|key| find_section(key).is_some()), "{}", template.key);
        }
        for section in &SECTIONS {
            assert!(section.groups.iter().all(|group| facts::is_group(group)), "{}", section.key);
        }
    }

    #[test]
    fn no_fact_is_lost_whatever_its_group() {
        for template in TEMPLATES.iter().filter(|template| !template.sections.is_empty()) {
            let sections = template.wanted();
            let facts = vec![fact(Some("plan"), "rest"), fact(Some("no-such"), "odd"), fact(None, "bare")];
            let texts = assemble(&sections, &[Context::Facts(facts)]);
            let all = texts.join("\n");
            assert!(["rest", "odd", "bare"].iter().all(|text| all.contains(text)), "{}: {all}", template.key);
        }
    }

    #[test]
    fn a_transcript_is_reduced_to_facts_and_a_string_without_any_is_kept_as_it_is() {
        let sections = ["Subjective", "Objective"].map(|name| Wanted::free(name.into()));
        let transcript = Context::Transcript(ContextTranscript {
            text: "Your pulse is 78 and regular.".into(),
            _place: Place::default(),
        });
        assert_eq!(assemble(&sections, &[transcript]), ["", "Pulse 78 per minute"]);
        let string = Context::String("Came with her daughter.".into());
        assert_eq!(assemble(&sections, &[string]), ["Came with her daughter.", ""]);
    }
}
