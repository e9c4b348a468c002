//! The groups that facts belong to, and what the live service does with facts: its answers are without the time of their making, it
//! takes facts back, and it says what they were taken from.

use ossicle::visit::facts::FactList;
use serde_json::{Value, json};

use crate::cases::{A, B, edit, fates, methods, text, with};
use crate::world::{Fate, World, ms};

#[test]
fn groups_that_could_not_be_had_are_asked_for_again_and_nothing_waits_for_them() {
    let mut world = with(&["Cough"]);
    fates(&mut world, [Fate::Lost, Fate::Refused(503), Fate::Answered]);
    world.act(|list, _| list.ask_groups());
    world.settle();
    assert_eq!(methods(&world), ["facts.factGroupsList"; 3]);
    assert!(!world.list.groups().is_empty() && world.failures.is_empty());
    let mut world = with(&["Cough"]);
    fates(&mut world, [Fate::Refused(403), Fate::Answered]);
    world.act(|list, _| list.ask_groups());
    world.settle();
    assert_eq!(methods(&world), ["facts.factGroupsList"], "a token that may not list them will not be let later");
    world.act(|list, now| list.add(&json!({ "text": "Fever", "group": "plan" }), now)).unwrap();
    world.settle();
    assert_eq!(world.list.items().len(), 2);
}

#[test]
fn a_group_that_the_service_has_not_is_refused_before_anything_is_sent() {
    let mut world = with(&["Cough"]);
    world.list.grouped(&crate::service::groups());
    let wrong = json!({ "text": "Fever", "group": "vitals" });
    let errors = [world.act(|list, now| list.add(&wrong, now)), world.act(|list, now| list.edit(A, &wrong, now))];
    for error in errors {
        let message = error.err().unwrap().message.clone();
        assert!(
            message.starts_with("the fact's group is no group of facts: the groups are chief-complaint, "),
            "{message}"
        );
    }
    world.settle();
    assert_eq!((text(&world, A, "text"), methods(&world).len()), (json!("Cough"), 0));
}

#[test]
fn a_fact_that_the_service_takes_back_is_discarded_unless_the_clinician_has_edited_it() {
    let mut world = with(&["Cough", "Fever"]);
    edit(&mut world, B, json!({ "text": "No fever" }));
    world.settle();
    let taken = [world.service.take_back(0), world.service.take_back(1)];
    world.hear(ms(0), taken.to_vec());
    world.settle();
    let is_discarded = |id: &str| world.list.item(id).unwrap()["isDiscarded"].clone();
    assert_eq!([is_discarded(A), is_discarded(B)], [json!(true), json!(false)]);
    assert_eq!(world.service.facts[1]["isDiscarded"], false, "the service is told that the clinician keeps it");
    world.act(|list, now| list.restore(A, now)).unwrap();
    world.settle();
    assert_eq!(world.service.facts[0]["isDiscarded"], false, "and it can be restored");
}

#[test]
fn an_addition_whose_answer_does_not_say_when_it_was_made_keeps_its_place_and_evidence_comes_with_the_list() {
    let mut world = World::new();
    world.service.hides_creation = true;
    for words in ["One", "Two", "Three"] {
        world.is_shared = true;
        world.act(|list, now| list.add(&json!({ "text": words, "group": "plan" }), now)).unwrap();
        world.settle();
    }
    let order = |world: &World| -> Vec<Value> { world.list.items().iter().map(|item| item["text"].clone()).collect() };
    assert_eq!(order(&world), ["One", "Two", "Three"]);
    assert!(world.list.items().iter().all(|item| item["createdAt"].is_null()));
    let first = world.list.items()[0]["id"].as_str().unwrap().to_owned();
    edit(&mut world, &first, json!({ "text": "One more" }));
    world.settle();
    assert_eq!(order(&world), ["One more", "Two", "Three"], "an edit does not move it");
    // The list says when, and what it was taken from.
    world.service.facts[0]
        .insert("evidence".to_owned(), json!([{ "type": "transcript", "reference": "0", "quote": "one" }]));
    world.reload(ms(0), ms(1));
    world.settle();
    assert_eq!(order(&world), ["One more", "Two", "Three"]);
    let item = world.list.item(&first).unwrap();
    assert_eq!((item["evidence"][0]["quote"].clone(), item["createdAt"].is_string()), (json!("one"), true));
    world.compare();
}

#[test]
fn answers_of_the_live_service_are_taken_in_as_they_are() {
    let file: Value = serde_json::from_str(include_str!("../wire/live/facts-create.json")).unwrap();
    let list = |index: usize| file["calls"][index]["body"]["facts"].as_array().unwrap().clone();
    let mut facts = FactList::new();
    facts.heard(&list(1), ms(0));
    let texts = |facts: &FactList| -> Vec<Value> { facts.items().iter().map(|item| item["text"].clone()).collect() };
    facts.grouped(&crate::service::groups());
    assert_eq!(texts(&facts), ["Walks with a stick since the spring.", "Pulse 92."]);
    facts.listed(&list(4), ms(1));
    let items = facts.items();
    assert_eq!(items.len(), 3, "one that the list lacks stays");
    assert_eq!(items[1]["evidence"], list(4)[1]["evidence"], "what it was taken from reaches the app");
    // Two groups with one id are two groups.
    assert_eq!(
        items.iter().map(|item| item["group"].clone()).collect::<Vec<_>>(),
        ["functional-status", "medications-prior-to-visit", "vital-signs"]
    );
}
