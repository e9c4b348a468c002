//! The sandbox's memory, and the only place where it is locked.
//!
//! Bounded in every direction, since a development server runs for days: the oldest interaction gives way to a new one
//! past [`MAX_INTERACTIONS`], and so do documents, transcripts and recordings past their bounds; a fact too many is
//! refused. Nothing is written to disk.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    Options,
    auth::Tokens,
    behaviour::Switches,
    error::ApiError,
    facts::{self, Finding},
    faults::Faults,
    library::Library,
    model::{Document, Encounter, Evidence, Fact, GuidedDocument, Patient, Recording, Source, Transcript, now},
    oauth::Codes,
    report::Reports,
    requests::Requests,
    said::Script,
    stream::{Progress, Told},
};

const MAX_INTERACTIONS: usize = 1_000;
pub(crate) const MAX_FACTS: usize = 2_000;
/// Documents of an interaction, its transcripts, and its recordings.
const MAX_DOCUMENTS: usize = 100;
/// Documents of the guided form, of all interactions and of none.
const MAX_GUIDED: usize = 1_000;
/// Bytes of all recordings, 512 MiB: three of the longest.
const MAX_RECORDED: usize = 512 << 20;

/// What every handler shares.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) script: Arc<Script>,
    pub(crate) store: Mutex<Store>,
    pub(crate) tokens: Mutex<Tokens>,
    pub(crate) codes: Mutex<Codes>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) switches: Mutex<Switches>,
    pub(crate) reports: Mutex<Reports>,
    pub(crate) requests: Mutex<Requests>,
    /// Turns true when the server stops.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl App {
    pub(crate) fn new(options: Options, script: Script, stopping: watch::Receiver<bool>) -> Self {
        let script = Arc::new(script);
        Self(Arc::new(Shared {
            store: Mutex::new(Store::new(script.clone())),
            switches: Mutex::new(Switches::new(options.behaviour.clone())),
            options,
            script,
            tokens: Mutex::default(),
            codes: Mutex::default(),
            faults: Mutex::default(),
            reports: Mutex::default(),
            requests: Mutex::default(),
            stopping,
        }))
    }
}

impl App {
    /// The life of a token that is issued now, in seconds.
    pub(crate) fn token_seconds(&self) -> u64 {
        self.faults.lock().token_seconds().unwrap_or(self.options.token_seconds)
    }
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// An interaction and all that belongs to it.
pub(crate) struct Interaction {
    pub(crate) id: Uuid,
    pub(crate) tenant: String,
    pub(crate) assigned_user_id: Uuid,
    pub(crate) encounter: Encounter,
    pub(crate) patient: Option<Patient>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) facts: Vec<Fact>,
    pub(crate) documents: Vec<Document>,
    pub(crate) recordings: Vec<Recording>,
    pub(crate) transcripts: Vec<Transcript>,
    pub(crate) progress: Progress,
    /// Which fact holds what was found under a rule's key.
    extracted: HashMap<&'static str, Uuid>,
    /// Facts that say what another one says, and are taken back in the next round.
    duplicates: Vec<Uuid>,
    /// Facts that came or changed over REST since the last round.
    changed: Vec<Uuid>,
}

pub(crate) struct Store {
    script: Arc<Script>,
    /// In the order of their making.
    interactions: Vec<Interaction>,
    guided: Vec<GuidedDocument>,
    pub(crate) library: Library,
}

/// Adds to a list that is bounded: the oldest gives way.
fn push<T>(list: &mut Vec<T>, bound: usize, new: T) {
    if list.len() >= bound {
        list.remove(0);
    }
    list.push(new);
}

impl Store {
    pub(crate) fn new(script: Arc<Script>) -> Self {
        Self { script, interactions: Vec::new(), guided: Vec::new(), library: Library::default() }
    }

    pub(crate) fn create(
        &mut self, tenant: String, assigned_user_id: Option<Uuid>, encounter: Encounter, patient: Option<Patient>,
    ) -> Uuid {
        let (id, created_at) = (Uuid::new_v4(), now());
        let interaction = Interaction {
            id,
            tenant,
            assigned_user_id: assigned_user_id.unwrap_or_else(Uuid::new_v4),
            encounter,
            patient,
            ended_at: None,
            created_at,
            updated_at: created_at,
            facts: Vec::new(),
            documents: Vec::new(),
            recordings: Vec::new(),
            transcripts: Vec::new(),
            progress: Progress::new(self.script.clone()),
            extracted: HashMap::new(),
            duplicates: Vec::new(),
            changed: Vec::new(),
        };
        push(&mut self.interactions, MAX_INTERACTIONS, interaction);
        id
    }

    /// A tenant's interaction: one that nobody has is 404, another tenant's 403.
    pub(crate) fn interaction(&mut self, tenant: &str, id: Uuid) -> Result<&mut Interaction, ApiError> {
        let found = self.interactions.iter_mut().find(|interaction| interaction.id == id);
        let found = found.ok_or_else(|| ApiError::not_found("interaction"))?;
        if found.tenant == tenant { Ok(found) } else { Err(ApiError::forbidden("interaction")) }
    }

    /// What was said in an interaction, line by line; nothing where there is no such interaction.
    pub(crate) fn spoken(&self, id: Uuid) -> Vec<Told> {
        let found = self.interactions.iter().find(|interaction| interaction.id == id);
        found.map(|interaction| interaction.progress.spoken()).unwrap_or_default()
    }

    pub(crate) fn of_tenant<'a>(&'a self, tenant: &'a str) -> impl Iterator<Item = &'a Interaction> {
        self.interactions.iter().filter(move |interaction| interaction.tenant == tenant)
    }

    pub(crate) fn delete(&mut self, tenant: &str, id: Uuid) -> Result<(), ApiError> {
        self.interaction(tenant, id)?;
        self.interactions.retain(|interaction| interaction.id != id);
        self.guided.retain(|document| document.interaction_id != Some(id));
        Ok(())
    }

    /// Keeps a recording; the first of the oldest interactions give way to one too many.
    pub(crate) fn add_recording(&mut self, tenant: &str, id: Uuid, new: Recording) -> Result<(), ApiError> {
        self.interaction(tenant, id)?;
        let held = self.interactions.iter().flat_map(|interaction| &interaction.recordings);
        let mut size: usize = held.map(|recording| recording.bytes.len()).sum::<usize>() + new.bytes.len();
        for interaction in &mut self.interactions {
            while size > MAX_RECORDED && !interaction.recordings.is_empty() {
                size -= interaction.recordings.remove(0).bytes.len();
            }
        }
        push(&mut self.interaction(tenant, id)?.recordings, MAX_DOCUMENTS, new);
        Ok(())
    }

    pub(crate) fn add_guided(&mut self, document: GuidedDocument) {
        push(&mut self.guided, MAX_GUIDED, document);
    }

    /// A tenant's document of the guided form, by the rule of [`Self::interaction`].
    pub(crate) fn guided(&mut self, tenant: &str, id: Uuid) -> Result<&mut GuidedDocument, ApiError> {
        let found = self.guided.iter_mut().find(|document| document.id == Some(id));
        let found = found.ok_or_else(|| ApiError::not_found("document"))?;
        if found.tenant == tenant { Ok(found) } else { Err(ApiError::forbidden("document")) }
    }

    /// Those of a tenant, in the order of their making.
    pub(crate) fn guided_of<'a>(&'a self, tenant: &'a str) -> impl DoubleEndedIterator<Item = &'a GuidedDocument> {
        self.guided.iter().filter(move |document| document.tenant == tenant)
    }

    pub(crate) fn delete_guided(&mut self, tenant: &str, id: Uuid) -> Result<(), ApiError> {
        self.guided(tenant, id)?;
        self.guided.retain(|document| document.id != Some(id));
        Ok(())
    }
}

impl Interaction {
    pub(crate) fn fact(&mut self, id: Uuid) -> Result<&mut Fact, ApiError> {
        self.facts.iter_mut().find(|fact| fact.id == id && !fact.is_hidden).ok_or_else(|| ApiError::not_found("fact"))
    }

    pub(crate) fn document(&mut self, id: Uuid) -> Result<&mut Document, ApiError> {
        self.documents.iter_mut().find(|document| document.id == id).ok_or_else(|| ApiError::not_found("document"))
    }

    pub(crate) fn add_document(&mut self, document: Document) {
        push(&mut self.documents, MAX_DOCUMENTS, document);
    }

    pub(crate) fn recording(&self, id: Uuid) -> Result<&Recording, ApiError> {
        self.recordings.iter().find(|recording| recording.id == id).ok_or_else(|| ApiError::not_found("recording"))
    }

    pub(crate) fn transcript(&mut self, id: Uuid) -> Result<&mut Transcript, ApiError> {
        let found = self.transcripts.iter_mut().find(|transcript| transcript.id == id);
        found.ok_or_else(|| ApiError::not_found("transcript"))
    }

    pub(crate) fn add_transcript(&mut self, transcript: Transcript) {
        push(&mut self.transcripts, MAX_DOCUMENTS, transcript);
    }

    /// A fact came or changed over REST.
    pub(crate) fn note_change(&mut self, id: Uuid) {
        if self.changed.len() < MAX_FACTS {
            self.changed.push(id);
        }
    }

    /// Facts that came or changed over REST since the last call, as the socket sends them.
    pub(crate) fn take_changed(&mut self) -> Vec<Value> {
        let changed = std::mem::take(&mut self.changed);
        self.facts.iter().filter(|fact| changed.contains(&fact.id)).map(Fact::to_stream).collect()
    }

    /// One round of extraction: looks for facts in what has been told so far, keeps them (`is_hidden`: where nothing is
    /// retained, out of sight of REST), and gives those that are new, have a new text or are taken back, as the socket
    /// sends them. A fact that a user has changed stays as the user left it.
    pub(crate) fn extract_facts(&mut self, is_hidden: bool) -> Vec<Value> {
        let told = self.progress.told();
        let text: String = told.iter().map(|line| format!("{}\n", line.text)).collect();
        let mut sent: Vec<Uuid> = std::mem::take(&mut self.duplicates);
        sent.retain(|id| {
            let duplicate = self.facts.iter_mut().find(|fact| fact.id == *id && fact.source == Source::Core);
            duplicate.is_some_and(|fact| {
                (fact.is_discarded, fact.updated_at) = (true, now());
                true
            })
        });
        for finding in facts::extract(&text) {
            // Which line it begins in.
            let mut end = 0;
            let line = told.iter().find(|line| {
                end += line.text.len() + 1;
                finding.at < end
            });
            let reference = line.map_or(0, |line| line.line).to_string();
            let evidence = Evidence { r#type: "transcript", reference, quote: finding.quote.clone() };
            sent.extend(self.keep(finding, evidence, is_hidden));
        }
        let fact = |id: Uuid| self.facts.iter().find(|fact| fact.id == id).map(Fact::to_stream);
        sent.into_iter().filter_map(fact).collect()
    }

    /// Keeps a finding; gives the fact that is new or changed by it, and its duplicate.
    fn keep(&mut self, finding: Finding, evidence: Evidence, is_hidden: bool) -> Vec<Uuid> {
        let known = self.extracted.get(finding.key);
        if let Some(fact) = known.and_then(|id| self.facts.iter_mut().find(|fact| fact.id == *id)) {
            if fact.source == Source::User || fact.text == finding.text {
                return Vec::new();
            }
            (fact.text, fact.updated_at, fact.evidence) = (finding.text, now(), vec![evidence]);
            return vec![fact.id];
        }
        let mut made = Vec::new();
        let mut make = |text: String, group: &str| {
            if self.facts.len() < MAX_FACTS {
                let created_at = now();
                self.facts.push(Fact {
                    id: Uuid::new_v4(),
                    text,
                    group: group.to_owned(),
                    is_discarded: false,
                    source: Source::Core,
                    created_at,
                    updated_at: created_at,
                    evidence: vec![evidence.clone()],
                    is_hidden,
                });
                made.extend(self.facts.last().map(|fact| fact.id));
            }
        };
        make(facts::draft(finding.key).map_or(finding.text, str::to_owned), finding.group);
        if let Some((text, group)) = facts::duplicate(finding.key) {
            make(text.to_owned(), group);
        }
        if let Some(first) = made.first() {
            self.extracted.insert(finding.key, *first);
        }
        self.duplicates.extend(made.iter().skip(1));
        made
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use axum::body::Bytes;
    use serde_json::json;

    #[test]
    fn the_first_recordings_of_the_oldest_interaction_give_way_to_one_too_many() {
        let mut store = Store::new(Arc::new(Script::load().unwrap()));
        let encounter = json!({ "identifier": "x", "status": "planned", "type": "emergency" });
        let encounter: Encounter = serde_json::from_value(encounter).unwrap();
        let [old, new] = [(); 2].map(|()| store.create("base".into(), None, encounter.clone(), None));
        // One memory for all of them: what counts is the length.
        let bytes = Bytes::from(vec![0; MAX_RECORDED / 4]);
        let mut add = |id| {
            let recording = Recording { id: Uuid::new_v4(), content_type: None, bytes: bytes.clone() };
            store.add_recording("base", id, recording).unwrap();
            [old, new].map(|id| store.interaction("base", id).unwrap().recordings.len())
        };
        assert_eq!([new, old, old, new].map(&mut add), [[0, 1], [1, 1], [2, 1], [2, 2]]);
        assert_eq!([new, new, new].map(add), [[1, 3], [0, 4], [0, 4]]);
    }
}
