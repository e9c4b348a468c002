//! A whole run: the questions in their lanes, beside each other, and what came of them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError, atomic::AtomicBool},
    thread,
    time::Instant,
};

use crate::{
    finding::{Finding, Findings},
    questions::{Question, Reads, all},
    speech::Speech,
    subject::Subject,
    trail::Trail,
    walk::{Setting, walk},
};

/// How to run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// All waits are multiplied by this: 1 is life.
    pub pace: f64,
    /// Whether the question that takes an hour is asked too.
    pub hour: bool,
    /// Whether only one question is asked at a time.
    pub one_by_one: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { pace: 1.0, hour: false, one_by_one: false }
    }
}

/// What came of a run.
#[derive(Default)]
pub struct Outcome {
    /// What happened, by question.
    pub trails: BTreeMap<&'static str, Trail>,
    /// What was found, by question.
    pub findings: Findings,
    /// Paths of what could not be deleted.
    pub left: Vec<String>,
    /// Seconds that it took.
    pub seconds: f64,
}

/// Asks a subject all questions. `told` hears of each that is over.
pub fn run(
    subject: &Subject, speech: &Speech, options: Options, stop: &AtomicBool, told: &(dyn Fn(&Question, &Trail) + Sync),
) -> Outcome {
    let started = Instant::now();
    let setting = Setting { subject, speech, pace: options.pace, started, stop };
    let questions: Vec<Question> =
        all().into_iter().filter(|question| options.hour || !question.takes_an_hour).collect();
    let mut lanes: BTreeMap<u8, Vec<&Question>> = BTreeMap::new();
    for question in &questions {
        lanes.entry(if options.one_by_one { 0 } else { question.lane }).or_default().push(question);
    }
    let outcome = Mutex::new(Outcome::default());
    let ask = |lane: &[&Question]| {
        for question in lane {
            let Reads::Steps(steps) = &question.reads else { continue };
            let walked = walk(&setting, steps, question.limit);
            told(question, &walked.trail);
            let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
            outcome.trails.insert(question.letter, walked.trail);
            outcome.left.extend(walked.left);
        }
    };
    thread::scope(|scope| {
        for lane in lanes.values() {
            scope.spawn(|| ask(lane));
        }
    });
    let mut outcome = outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome.findings = read(&questions, &outcome.trails);
    outcome.seconds = started.elapsed().as_secs_f64();
    outcome
}

/// The findings of all questions, read from their trails.
fn read(questions: &[Question], trails: &BTreeMap<&'static str, Trail>) -> Findings {
    let mut findings = Findings::new();
    for question in questions {
        let trail = match question.reads {
            Reads::Steps(_) => trails.get(question.letter),
            Reads::TrailOf(other) => trails.get(other),
        };
        let Some(trail) = trail else { continue };
        let mut finding = Finding::default();
        (question.read)(trail, &mut finding);
        finding.is("asked", trail.ending());
        let troubles = trail.troubles();
        if !troubles.is_empty() {
            finding.is("troubles", troubles);
        }
        let unknown = trail.unknown_kinds();
        if !unknown.is_empty() {
            finding.note("messages of types that the protocol does not know", unknown);
        }
        findings.insert(question.letter, finding);
    }
    findings
}
