//! The sandbox's memory, and the only place where it is locked.
//!
//! Bounded in every direction, since a development server runs for days: the oldest interaction gives way to a new one
//! past [`MAX_INTERACTIONS`], the oldest document past [`MAX_DOCUMENTS`]; a fact too many is refused. Nothing is
//! written to disk.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    Options,
    auth::Tokens,
    error::ApiError,
    facts::{self, Finding},
    faults::Faults,
    model::{Document, Encounter, Evidence, Fact, Patient, Source, now},
    report::Reports,
    script::Script,
    stream::Progress,
};

const MAX_INTERACTIONS: usize = 1_000;
pub(crate) const MAX_FACTS: usize = 2_000;
const MAX_DOCUMENTS: usize = 100;

/// What every handler shares.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) script: Arc<Script>,
    pub(crate) store: Mutex<Store>,
    pub(crate) tokens: Mutex<Tokens>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) reports: Mutex<Reports>,
    /// Turns true when the server stops.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl App {
    pub(crate) fn new(options: Options, script: Script, stopping: watch::Receiver<bool>) -> Self {
        Self(Arc::new(Shared {
            options,
            script: Arc::new(script),
            store: Mutex::default(),
            tokens: Mutex::default(),
            faults: Mutex::default(),
            reports: Mutex::default(),
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
    pub(crate) progress: Progress,
    /// Which fact holds what was found under a rule's key.
    extracted: HashMap<&'static str, Uuid>,
}

#[derive(Default)]
pub(crate) struct Store {
    /// In the order of their making.
    interactions: Vec<Interaction>,
}

impl Store {
    pub(crate) fn create(
        &mut self, tenant: String, assigned_user_id: Option<Uuid>, encounter: Encounter, patient: Option<Patient>,
    ) -> Uuid {
        if self.interactions.len() == MAX_INTERACTIONS {
            self.interactions.remove(0);
        }
        let (id, created_at) = (Uuid::new_v4(), now());
        self.interactions.push(Interaction {
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
            progress: Progress::default(),
            extracted: HashMap::new(),
        });
        id
    }

    /// A tenant's interaction; another tenant's does not exist for it.
    pub(crate) fn interaction(&mut self, tenant: &str, id: Uuid) -> Result<&mut Interaction, ApiError> {
        self.interactions
            .iter_mut()
            .find(|interaction| interaction.id == id && interaction.tenant == tenant)
            .ok_or_else(|| ApiError::not_found("interaction"))
    }

    pub(crate) fn of_tenant<'a>(&'a self, tenant: &'a str) -> impl Iterator<Item = &'a Interaction> {
        self.interactions.iter().filter(move |interaction| interaction.tenant == tenant)
    }

    pub(crate) fn delete(&mut self, tenant: &str, id: Uuid) -> Result<(), ApiError> {
        self.interaction(tenant, id)?;
        self.interactions.retain(|interaction| interaction.id != id);
        Ok(())
    }
}

/// A fact as the socket sends it: without the evidence that REST adds.
#[derive(Serialize)]
pub(crate) struct StreamFact(Fact);

impl Interaction {
    pub(crate) fn fact(&mut self, id: Uuid) -> Result<&mut Fact, ApiError> {
        self.facts.iter_mut().find(|fact| fact.id == id).ok_or_else(|| ApiError::not_found("fact"))
    }

    pub(crate) fn document(&mut self, id: Uuid) -> Result<&mut Document, ApiError> {
        self.documents.iter_mut().find(|document| document.id == id).ok_or_else(|| ApiError::not_found("document"))
    }

    pub(crate) fn add_document(&mut self, document: Document) {
        if self.documents.len() == MAX_DOCUMENTS {
            self.documents.remove(0);
        }
        self.documents.push(document);
    }

    /// Looks for facts in what was said so far, keeps them, and gives those that are new or have a new text. A fact
    /// that a user has changed stays as the user left it.
    pub(crate) fn extract_facts(&mut self) -> Vec<StreamFact> {
        let mut text = String::new();
        for said in &self.progress.said {
            text.push_str(&said.text);
            text.push(if said.ends_line { '\n' } else { ' ' });
        }
        let found = facts::extract(&text);
        found.into_iter().filter_map(|finding| self.keep(finding)).collect()
    }

    fn keep(&mut self, finding: Finding) -> Option<StreamFact> {
        let evidence = self.evidence(&finding);
        let full = self.facts.len() == MAX_FACTS;
        let id = self.extracted.get(finding.key);
        let known = id.and_then(|id| self.facts.iter_mut().find(|fact| fact.id == *id));
        let fact = match known {
            Some(fact) if fact.source == Source::User || fact.text == finding.text => return None,
            Some(fact) => {
                fact.text = finding.text;
                fact.updated_at = now();
                fact.evidence = evidence;
                fact
            }
            None if full => return None,
            None => {
                let (id, created_at) = (Uuid::new_v4(), now());
                self.extracted.insert(finding.key, id);
                self.facts.push(Fact {
                    id,
                    text: finding.text,
                    group: finding.group.to_owned(),
                    group_id: facts::group_id(finding.group)?,
                    is_discarded: false,
                    source: Source::Core,
                    created_at,
                    updated_at: created_at,
                    evidence,
                });
                self.facts.last_mut()?
            }
        };
        Some(StreamFact(Fact { evidence: Vec::new(), ..fact.clone() }))
    }

    /// The segment in which a finding begins.
    fn evidence(&self, finding: &Finding) -> Vec<Evidence> {
        let mut end = 0;
        let segment = self.progress.said.iter().find(|said| {
            end += said.text.len() + 1;
            finding.at < end
        });
        let evidence = |id| Evidence { r#type: "transcript", reference: id, quote: finding.quote.clone() };
        segment.map(|said| evidence(said.id)).into_iter().collect()
    }
}
