//! The workflow against a service that is simulated: whole, failing at each step, and resumed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

const ID: &str = "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10";

/// What a service knows, and how the page's own parts of a visit do.
#[derive(Default)]
struct Service {
    status: Option<String>,
    facts: Vec<(String, String)>,
    /// `None` where there is none; else its state.
    stream: Option<&'static str>,
    log: Vec<String>,
    /// The step that fails, counted from 0, and whether what it asked for is done all the same.
    fault: Option<(usize, bool)>,
}

/// A step that failed, by its method.
type Failed = &'static str;

impl Service {
    /// Brings a visit to a goal, as `visits.js` does.
    fn reach(&mut self, visit: &mut Workflow, goal: Goal) -> Result<(), Failed> {
        let mut failure = None;
        while let Some(step) = visit.next(goal, self.stream).unwrap() {
            assert!(self.log.len() < 100, "it comes to an end: {:?}", self.log);
            match self.carry_out(&step).map(|result| visit.done(&result)) {
                Some(Ok(())) => {}
                _ => {
                    failure = failure.or(Some(step.method));
                    if !visit.failed() {
                        break;
                    }
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }

    fn carry_out(&mut self, step: &Step) -> Option<Value> {
        let fault = self.fault.filter(|(at, _)| *at == self.log.len());
        let status = step.arguments.get(1).and_then(|body| body["encounter"]["status"].as_str());
        self.log.push(status.map_or_else(|| step.method.to_owned(), |status| format!("{} {status}", step.method)));
        if fault.is_some_and(|(_, is_processed)| !is_processed) {
            return None;
        }
        let result = self.answer(step);
        if fault.is_some() { None } else { Some(result) }
    }

    fn answer(&mut self, step: &Step) -> Value {
        match step.method {
            "interactions.create" => {
                self.status = step.arguments[0]["encounter"]["status"].as_str().map(str::to_owned);
                return json!({ "interactionId": ID });
            }
            "facts.settled" => return Value::Null,
            "facts.factGroupsList" => return groups(),
            "stream.end" => {
                self.stream = Some("ended");
                // What the service finds at the end.
                self.facts.push(("Start aspirin".into(), "plan".into()));
                return Value::Null;
            }
            _ => assert_eq!(step.arguments[0], ID, "{step:?} is for the interaction"),
        }
        match step.method {
            "interactions.get" => return json!({ "id": ID, "encounter": { "status": self.status } }),
            "interactions.update" => {
                self.status = step.arguments[1]["encounter"]["status"].as_str().map(str::to_owned);
            }
            "facts.create" => {
                assert_eq!(self.stream, None, "known facts are context for a stream that opens after them");
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                let facts = step.arguments[1]["facts"].as_array().unwrap();
                self.facts.extend(facts.iter().map(|fact| (text(&fact["text"]), text(&fact["group"]))));
            }
            "facts.list" => {
                let fact =
                    |(text, group): &(String, String)| json!({ "text": text, "group": group, "isDiscarded": true });
                return json!({ "facts": self.facts.iter().map(fact).collect::<Vec<_>>() });
            }
            "stream.connect" => {
                assert_eq!(self.status.as_deref(), Some("in-progress"));
                self.stream = Some("streaming");
            }
            other => panic!("{other} is no step"),
        }
        Value::Null
    }

    /// The page is gone, and with it its stream.
    fn reload(&mut self) {
        (self.stream, self.fault) = (None, None);
        self.log.clear();
    }
}

fn options() -> Value {
    json!({
        "encounter": { "identifier": "e-1", "type": "consultation" },
        "patient": { "identifier": "p-1" },
        "knownFacts": [
            { "text": "Allergic to penicillin", "group": "allergies" },
            { "text": "Takes ramipril", "group": "medications-prior-to-visit", "source": "system" },
        ],
        "configuration": {},
    })
}

/// The groups of the live service.
fn groups() -> Value {
    let file: Value = serde_json::from_str(include_str!("../../tests/wire/live/factgroups.json")).unwrap();
    file["calls"][0]["body"].clone()
}

fn facts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

const BEGINNING: [&str; 5] = [
    "facts.factGroupsList",
    "interactions.create",
    "facts.create",
    "interactions.update in-progress",
    "stream.connect",
];

#[test]
fn a_visit_tells_what_is_known_before_its_stream_opens_and_lists_the_facts_after_its_end() {
    let (mut service, mut visit) = (Service::default(), Workflow::start(&options()).unwrap());
    for (goal, steps) in [
        (Goal::Begun, &BEGINNING[..]),
        (Goal::Ended, &["stream.end", "facts.list"]),
        (Goal::Completed, &["facts.settled", "interactions.update completed"]),
        // What is reached is reached.
        (Goal::Ended, &[]),
        (Goal::Completed, &[]),
    ] {
        service.log.clear();
        assert_eq!(service.reach(&mut visit, goal), Ok(()));
        assert_eq!(service.log, steps, "{goal:?}");
    }
    assert_eq!((visit.id(), &visit.interaction()["id"]), (Some(ID), &json!(ID)));
    assert_eq!(
        visit.interaction()["encounter"],
        json!({ "identifier": "e-1", "type": "consultation", "status": "completed" })
    );
}

#[test]
fn completing_ends_what_still_records() {
    let (mut service, mut visit) = (Service::default(), Workflow::start(&options()).unwrap());
    service.reach(&mut visit, Goal::Begun).unwrap();
    service.log.clear();
    service.reach(&mut visit, Goal::Completed).unwrap();
    assert_eq!(service.log, ["stream.end", "facts.list", "facts.settled", "interactions.update completed"]);
}

#[test]
fn a_visit_that_fails_at_any_step_goes_on_from_there_and_comes_to_the_same() {
    for goal in [Goal::Begun, Goal::Completed] {
        let steps = if goal == Goal::Begun { 5 } else { 9 };
        for (at, is_processed) in (0..steps).flat_map(|at| [(at, false), (at, true)]) {
            let mut service = Service { fault: Some((at, is_processed)), ..Service::default() };
            let mut visit = Workflow::start(&options()).unwrap();
            let begun = service.reach(&mut visit, Goal::Begun);
            let outcome = begun.and_then(|()| service.reach(&mut visit, goal));
            let failed = service.log[at].clone();
            assert!(outcome.is_err_and(|method| failed.starts_with(method)), "{failed} fails");
            service.reload();
            let mut again = match visit.id() {
                Some(id) => Workflow::resume(id, &options()).unwrap(),
                // Without an answer nobody knows the interaction: another is made, which the service has to bear.
                None => Workflow::start(&options()).unwrap(),
            };
            service.reach(&mut again, Goal::Begun).unwrap();
            if goal == Goal::Begun {
                assert_eq!(service.status.as_deref(), Some("in-progress"), "{failed}");
                assert_eq!(service.stream, Some("streaming"), "{failed}");
            }
            service.reach(&mut again, Goal::Completed).unwrap();
            assert_eq!(service.status.as_deref(), Some("completed"), "{failed}");
            let texts: Vec<String> = service.facts.iter().map(|(text, _)| text.clone()).collect();
            assert_eq!(texts[..2], facts(&["Allergic to penicillin", "Takes ramipril"]), "{failed}");
            assert!(texts[2..].iter().all(|text| text == "Start aspirin"), "{failed}: none is told twice: {texts:?}");
        }
    }
}

#[test]
fn what_is_there_already_is_not_done_again() {
    let told = ("Takes ramipril".to_owned(), "medications-prior-to-visit".to_owned());
    for (status, known, steps) in [
        (
            "planned",
            vec![],
            &[
                "interactions.get",
                "facts.list",
                "facts.factGroupsList",
                "facts.create",
                "interactions.update in-progress",
                "stream.connect",
            ][..],
        ),
        (
            "on-hold",
            vec![told.clone()],
            &[
                "interactions.get",
                "facts.list",
                "facts.factGroupsList",
                "facts.create",
                "interactions.update in-progress",
                "stream.connect",
            ],
        ),
        (
            "in-progress",
            vec![told.clone()],
            &["interactions.get", "facts.list", "facts.factGroupsList", "facts.create", "stream.connect"],
        ),
        (
            "in-progress",
            vec![told.clone(), ("Allergic to penicillin".into(), "allergies".into())],
            &["interactions.get", "facts.list", "stream.connect"],
        ),
    ] {
        let mut service = Service { status: Some(status.into()), facts: known, ..Service::default() };
        let mut visit = Workflow::resume(ID, &options()).unwrap();
        service.reach(&mut visit, Goal::Begun).unwrap();
        assert_eq!(service.log, steps, "{status}");
        assert_eq!(service.facts.len(), 2, "a fact of the same text and group is there");
    }
    // Of another group it is another fact.
    let mut service = Service {
        facts: vec![("Takes ramipril".into(), "plan".into())],
        status: Some("planned".into()),
        ..Service::default()
    };
    service.reach(&mut Workflow::resume(ID, &options()).unwrap(), Goal::Begun).unwrap();
    assert_eq!(service.facts.len(), 3);
}

#[test]
fn an_encounter_that_is_over_is_read_and_not_changed() {
    for status in OVER {
        let mut service = Service { status: Some(status.into()), ..Service::default() };
        let mut visit = Workflow::resume(ID, &options()).unwrap();
        assert!(visit.has_stream(), "what is said is kept until it is known that the visit is over");
        service.reach(&mut visit, Goal::Begun).unwrap();
        assert_eq!(service.log, ["interactions.get", "facts.list"], "{status}");
        assert!(!visit.has_stream());
        service.reach(&mut visit, Goal::Ended).unwrap();
        assert_eq!((service.log.len(), service.status.as_deref()), (2, Some(status)));
    }
}

#[test]
fn without_a_configuration_a_visit_is_resumed_for_its_review() {
    let mut service = Service { status: Some("in-progress".into()), ..Service::default() };
    let mut visit = Workflow::resume(ID, &json!({})).unwrap();
    service.reach(&mut visit, Goal::Begun).unwrap();
    assert_eq!(service.log, ["interactions.get", "facts.list"]);
    service.log.clear();
    service.reach(&mut visit, Goal::Completed).unwrap();
    assert_eq!(service.log, ["facts.settled", "interactions.update completed"]);
}

#[test]
fn a_stream_that_cannot_be_ended_is_told_once_after_the_facts_are_here_and_nothing_is_completed_then() {
    for goal in [Goal::Ended, Goal::Completed] {
        let (mut service, mut visit) = (Service::default(), Workflow::start(&options()).unwrap());
        service.reach(&mut visit, Goal::Begun).unwrap();
        (service.log, service.fault) = (Vec::new(), Some((0, false)));
        assert_eq!(service.reach(&mut visit, goal), Err("stream.end"));
        assert_eq!(service.log, ["stream.end", "facts.list"], "{goal:?}");
        assert!(!visit.has_stream());
        service.log.clear();
        service.fault = None;
        assert_eq!(service.reach(&mut visit, Goal::Completed), Ok(()));
        assert_eq!(service.log, ["facts.settled", "interactions.update completed"]);
    }
}

#[test]
fn a_stream_that_is_over_by_itself_is_not_ended_again() {
    for (state, goal, steps) in [
        ("ended", Goal::Ended, &["facts.list"][..]),
        ("ended", Goal::Completed, &["facts.list", "facts.settled", "interactions.update completed"]),
        // Whoever ends the visit is to learn that its stream failed; it can be completed all the same.
        ("failed", Goal::Ended, &["stream.end", "facts.list"]),
        ("failed", Goal::Completed, &["facts.list", "facts.settled", "interactions.update completed"]),
    ] {
        let (mut service, mut visit) = (Service::default(), Workflow::start(&options()).unwrap());
        service.reach(&mut visit, Goal::Begun).unwrap();
        (service.log, service.stream) = (Vec::new(), Some(state));
        service.reach(&mut visit, goal).unwrap();
        assert_eq!(service.log, steps, "{state} {goal:?}");
    }
}

#[test]
fn edits_that_could_not_be_saved_keep_a_visit_from_being_completed() {
    let mut service = Service { status: Some("in-progress".into()), ..Service::default() };
    let mut visit = Workflow::resume(ID, &json!({})).unwrap();
    service.reach(&mut visit, Goal::Begun).unwrap();
    (service.log, service.fault) = (Vec::new(), Some((0, false)));
    assert_eq!(service.reach(&mut visit, Goal::Completed), Err("facts.settled"));
    // They are looked at again, also when it was the status that could not be set.
    (service.log, service.fault) = (Vec::new(), Some((1, false)));
    assert_eq!(service.reach(&mut visit, Goal::Completed), Err("interactions.update"));
    (service.log, service.fault) = (Vec::new(), None);
    assert_eq!(service.reach(&mut visit, Goal::Completed), Ok(()));
    assert_eq!(service.log, ["facts.settled", "interactions.update completed"]);
}

#[test]
fn what_cannot_be_right_is_refused_before_there_is_a_step() {
    let with = |key: &str, value: Value| {
        let mut options = options();
        options[key] = value;
        options
    };
    for (options, path) in [
        (json!({}), "encounter"),
        (with("encounter", json!({ "type": "consultation" })), "encounter.identifier"),
        (
            with("encounter", json!({ "identifier": "e", "type": "consultation", "status": "completed" })),
            "encounter.status",
        ),
        (with("patient", json!({})), "patient.identifier"),
        (with("assignedUserId", json!("me")), "assignedUserId"),
        (with("knownFacts", json!({})), "knownFacts"),
        (with("knownFacts", json!([{ "text": "Smokes" }])), "knownFacts[0].group"),
    ] {
        let message = Workflow::start(&options).err().map(|error| error.message.clone()).unwrap_or_default();
        assert!(message.starts_with(path), "{message:?} names {path}");
    }
    assert!(Workflow::start(&with("knownFacts", json!([]))).is_ok());
    assert!(Workflow::resume("42", &json!({})).is_err());
    assert!(Workflow::resume(ID, &json!({ "knownFacts": [{}] })).is_err());
}

#[test]
fn a_known_fact_in_a_group_that_there_is_not_is_refused_before_anything_is_made_and_names_those_there_are() {
    let mut options = options();
    options["knownFacts"][1]["group"] = "vitals".into();
    let told = "knownFacts[1].group is no group of facts: the groups are chief-complaint, history-of-present-illness, ";
    let mut service = Service::default();
    let mut visit = Workflow::start(&options).unwrap();
    assert_eq!(visit.next(Goal::Begun, None).unwrap().unwrap().method, "facts.factGroupsList");
    let error = visit.done(&groups()).unwrap_err();
    assert_eq!(error.code, Code::InvalidRequest);
    assert!(error.message.starts_with(told) && error.message.ends_with(", actions, other"), "{}", error.message);
    // Of an interaction that is there nothing is told either.
    service.status = Some("planned".into());
    let mut visit = Workflow::resume(ID, &options).unwrap();
    assert_eq!(service.reach(&mut visit, Goal::Begun), Err("facts.factGroupsList"));
    assert_eq!((service.log.last().map(String::as_str), service.facts.len()), (Some("facts.factGroupsList"), 0));
    // A service that lists no groups judges by itself.
    let mut visit = Workflow::start(&options).unwrap();
    visit.next(Goal::Begun, None).unwrap();
    visit.done(&json!({ "data": [] })).unwrap();
    assert_eq!(visit.next(Goal::Begun, None).unwrap().unwrap().method, "interactions.create");
}

#[test]
fn an_answer_that_one_cannot_go_on_with_is_a_failure_of_its_step() {
    let mut visit = Workflow::start(&options()).unwrap();
    visit.next(Goal::Begun, None).unwrap();
    visit.done(&groups()).unwrap();
    for (answer, is_right) in
        [(Value::Null, false), (json!({ "interactionId": "42" }), false), (json!({ "interactionId": ID }), true)]
    {
        assert_eq!(visit.next(Goal::Begun, None).unwrap().unwrap().method, "interactions.create");
        let done = visit.done(&answer);
        assert_eq!(done.as_ref().err().map(|error| error.code), (!is_right).then_some(Code::Protocol));
    }
    let mut visit = Workflow::resume(ID, &options()).unwrap();
    visit.next(Goal::Begun, None).unwrap();
    assert_eq!(visit.done(&json!({ "id": ID })).map_err(|error| error.code), Err(Code::Protocol));
}

#[test]
fn a_step_prints_none_of_what_it_sends() {
    let mut visit = Workflow::start(&options()).unwrap();
    for answer in [groups(), json!({ "interactionId": ID })] {
        visit.next(Goal::Begun, None).unwrap();
        visit.done(&answer).unwrap();
    }
    let step = visit.next(Goal::Begun, None).unwrap().unwrap();
    assert!(step.arguments[1].to_string().contains("penicillin"));
    assert!(!format!("{step:?}").contains("penicillin"));
}

#[test]
fn a_visit_that_is_closed_takes_no_further_step() {
    let (mut service, mut visit) = (Service::default(), Workflow::start(&options()).unwrap());
    service.reach(&mut visit, Goal::Begun).unwrap();
    // In the middle of a step, which fails for it.
    assert_eq!(visit.next(Goal::Ended, service.stream).unwrap().unwrap().method, "stream.end");
    visit.close();
    assert!(!visit.failed(), "there is nothing to do in spite of it");
    for goal in [Goal::Begun, Goal::Ended, Goal::Completed] {
        assert_eq!(visit.next(goal, service.stream).map_err(|error| error.code), Err(Code::Aborted));
    }
}
