//! One behaviour a test.

use std::time::Duration;

use ossicle::Code;
use ossicle::visit::facts::{FIRST_PAUSE, MAX_FACTS, MAX_STEPS};
use serde_json::{Value, json};

use crate::world::{Fate, World, id, ms};

pub(crate) const A: &str = "00000000-0000-4000-8000-000000000001";
pub(crate) const B: &str = "00000000-0000-4000-8000-000000000002";
const C: &str = "00000000-0000-4000-8000-000000000003";

/// A world with facts that were heard.
pub(crate) fn with(texts: &[&str]) -> World {
    let mut world = World::new();
    let items = texts.iter().map(|text| world.service.find(text, "plan")).collect();
    world.hear(ms(0), items);
    world.settle();
    world.calls.clear();
    world
}

pub(crate) fn edit(world: &mut World, id: &str, change: Value) {
    world.act(|list, now| list.edit(id, &change, now)).unwrap();
}

/// The next calls have these fates, the others are answered.
pub(crate) fn fates<const N: usize>(world: &mut World, fates: [Fate; N]) {
    let mut fates = fates.into_iter();
    world.network = Box::new(move |_| (fates.next().unwrap_or(Fate::Answered), ms(10), ms(10)));
}

pub(crate) fn text(world: &World, id: &str, key: &str) -> Value {
    world.list.item(id).unwrap()[key].clone()
}

/// The names of the methods that were called.
pub(crate) fn methods(world: &World) -> Vec<&str> {
    world.calls.iter().map(|(method, _)| *method).collect()
}

#[test]
fn an_edit_is_shown_at_once_and_sent_after_200_ms_as_the_users() {
    let mut world = with(&["Cough"]);
    edit(&mut world, A, json!({ "text": "No cough" }));
    assert_eq!((text(&world, A, "text"), text(&world, A, "isPending")), (json!("No cough"), json!(true)));
    world.run_for(ms(199));
    assert!(world.calls.is_empty());
    world.run_for(ms(1));
    assert_eq!(world.calls, [("facts.update", vec![json!(A), json!({ "text": "No cough", "source": "user" })])]);
    world.settle();
    assert_eq!((text(&world, A, "source"), text(&world, A, "isPending")), (json!("user"), json!(false)));
    assert_eq!(world.saved, 1);
}

#[test]
fn edits_within_200_ms_are_one_batch_and_are_signed_alone_where_a_batch_takes_no_source() {
    for signs_batches in [true, false] {
        let mut world = with(&["Cough", "Fever", "Asthma"]);
        world.service.signs_batches = signs_batches;
        edit(&mut world, A, json!({ "text": "No cough" }));
        world.run_for(ms(150));
        edit(&mut world, B, json!({ "group": "vital-signs" }));
        edit(&mut world, A, json!({ "group": "vital-signs" }));
        world.act(|list, now| list.discard(C, now)).unwrap();
        world.run_for(ms(60));
        let sent = json!({ "facts": [
            { "factId": A, "text": "No cough", "group": "vital-signs", "source": "user" },
            { "factId": B, "group": "vital-signs", "source": "user" },
            { "factId": C, "isDiscarded": true },
        ] });
        assert_eq!(world.calls, [("facts.batchUpdate", vec![sent])]);
        world.settle();
        assert_eq!([A, B, C].map(|id| text(&world, id, "source")), [json!("user"), json!("user"), json!("core")]);
        assert_eq!(world.calls.len(), if signs_batches { 1 } else { 3 });
    }
}

#[test]
fn a_later_edit_of_a_fact_under_way_waits_for_the_answer_and_goes_after_it() {
    let mut world = with(&["Cough"]);
    world.network = Box::new(|_| (Fate::Answered, ms(500), ms(500)));
    edit(&mut world, A, json!({ "text": "One" }));
    world.run_for(ms(300));
    edit(&mut world, A, json!({ "text": "Two" }));
    world.run_for(ms(800));
    assert_eq!(world.calls.len(), 1);
    assert_eq!(text(&world, A, "text"), "Two");
    world.run_for(ms(200));
    assert_eq!(world.calls[1].1[1]["text"], "Two");
    world.settle();
}

#[test]
fn a_refused_edit_is_rolled_back_and_told_and_a_later_edit_stays() {
    let mut world = with(&["Cough"]);
    fates(&mut world, [Fate::Refused(422)]);
    edit(&mut world, A, json!({ "text": "No cough" }));
    world.run_for(ms(205));
    edit(&mut world, A, json!({ "group": "vital-signs" }));
    world.run_for(ms(100));
    assert_eq!((text(&world, A, "text"), text(&world, A, "group")), (json!("Cough"), json!("vital-signs")));
    let [(item, error, false)] = &world.failures[..] else { panic!("{} failures", world.failures.len()) };
    assert_eq!((item["id"].as_str(), item["text"].as_str()), (Some(A), Some("No cough")));
    assert_eq!((error.code, error.status), (Code::InvalidRequest, Some(422)));
    world.settle();
    assert_eq!((text(&world, A, "text"), text(&world, A, "group")), (json!("Cough"), json!("vital-signs")));
}

#[test]
fn of_a_batch_only_the_fact_that_is_refused_is_rolled_back() {
    let mut world = with(&["Cough", "Fever"]);
    edit(&mut world, A, json!({ "text": "No cough" }));
    edit(&mut world, B, json!({ "group": "no group" }));
    world.settle();
    assert_eq!(methods(&world), ["facts.batchUpdate", "facts.update", "facts.update"]);
    assert_eq!((text(&world, A, "text"), text(&world, B, "group")), (json!("No cough"), json!("plan")));
    assert_eq!(world.failures.len(), 1);
}

#[test]
fn what_may_heal_stays_on_the_list_and_is_sent_again_after_growing_pauses_or_when_the_app_says_so() {
    let mut world = with(&["Cough"]);
    fates(&mut world, [Fate::Lost, Fate::Refused(401), Fate::Unheard, Fate::Refused(503)]);
    edit(&mut world, A, json!({ "text": "No cough" }));
    let mut sent = Vec::new();
    for pause in [ms(200), FIRST_PAUSE, FIRST_PAUSE * 2] {
        world.run_for(pause - ms(1));
        sent.push(world.calls.len());
        world.run_for(ms(21));
        sent.push(world.calls.len());
        assert_eq!((text(&world, A, "text"), text(&world, A, "isPending")), (json!("No cough"), json!(true)));
    }
    assert_eq!(sent, [0, 1, 1, 2, 2, 3]);
    world.act(|list, now| list.flush(now));
    world.run_for(ms(20));
    assert_eq!((world.calls.len(), world.list.pending()), (4, 1));
    world.act(|list, now| list.flush(now));
    world.run_for(ms(20));
    assert_eq!((world.calls.len(), world.list.pending()), (5, 0));
    assert!(world.failures.iter().all(|(item, _, is_kept)| *is_kept && item["text"] == "No cough"));
}

#[test]
fn an_addition_is_shown_at_once_under_a_temporary_id_and_edits_made_meanwhile_go_after_its_answer() {
    let mut world = World::new();
    world.act(|list, now| list.add(&json!({ "text": "Cough", "group": "plan", "mine": 1 }), now)).unwrap();
    let temporary = id(&world.list.items()[0]);
    assert_eq!(
        world.calls[0].1[0]["facts"],
        json!([{ "text": "Cough", "group": "plan", "mine": 1, "source": "user" }])
    );
    edit(&mut world, &temporary, json!({ "text": "No cough" }));
    world.run_for(ms(20));
    assert_eq!((id(&world.list.items()[0]), world.list.items().len()), (A.to_owned(), 1));
    edit(&mut world, &temporary, json!({ "group": "vital-signs" }));
    world.settle();
    assert_eq!(methods(&world), ["facts.create", "facts.update", "facts.update"]);
    assert_eq!((text(&world, &temporary, "text"), text(&world, A, "group")), (json!("No cough"), json!("vital-signs")));
}

#[test]
fn an_addition_that_is_refused_is_taken_out_and_told() {
    let mut world = World::new();
    fates(&mut world, [Fate::Refused(403)]);
    world.act(|list, now| list.add(&json!({ "text": "Cough", "group": "plan" }), now)).unwrap();
    world.settle();
    assert!(world.list.items().is_empty() && !world.list.can_undo());
    assert_eq!((&world.failures[0].0["text"], world.failures[0].2), (&json!("Cough"), false));
    assert!(world.changed.contains(&"new-1".to_owned()));
}

#[test]
fn an_addition_that_may_have_arrived_is_looked_for_before_it_is_sent_again() {
    for (fate, calls) in [
        (Fate::Unheard, vec!["facts.create", "facts.list"]),
        (Fate::Lost, vec!["facts.create", "facts.list", "facts.create"]),
        (Fate::Refused(429), vec!["facts.create", "facts.create"]),
    ] {
        let mut world = World::new();
        fates(&mut world, [fate]);
        world.act(|list, now| list.add(&json!({ "text": "Cough", "group": "plan" }), now)).unwrap();
        world.settle();
        assert_eq!(methods(&world), calls);
        assert_eq!(world.service.facts.len(), 1);
    }
}

#[test]
fn two_additions_that_say_the_same_are_two_facts_whatever_is_listed_in_between() {
    let mut world = World::new();
    world.network = Box::new(|_| (Fate::Answered, ms(100), ms(100)));
    for _ in 0..2 {
        world.act(|list, now| list.add(&json!({ "text": "Cough", "group": "plan" }), now)).unwrap();
    }
    world.reload(ms(120), ms(10));
    world.run_for(ms(150));
    assert_eq!(world.list.items().len(), 2);
    world.settle();
    assert_eq!(world.service.facts.len(), 2);
    world.compare();
}

#[test]
fn an_update_of_an_edited_fact_is_a_suggestion_and_the_edit_is_sent_again() {
    let mut world = with(&["Cough"]);
    world.service.overwrites = true;
    edit(&mut world, A, json!({ "text": "No cough" }));
    world.settle();
    let update = world.service.reword(0, "Cough for a week").unwrap();
    for _ in 0..2 {
        world.hear(ms(0), vec![update.clone()]);
        world.settle();
    }
    let suggestion = json!({ "text": "Cough for a week", "group": "plan" });
    assert_eq!(world.suggested, [(A.to_owned(), suggestion.clone())]);
    assert_eq!((text(&world, A, "text"), text(&world, A, "suggestion")), (json!("No cough"), suggestion));
    assert_eq!(world.service.facts[0]["text"], "No cough");

    world.act(|list, now| list.accept(A, now)).unwrap();
    world.settle();
    assert_eq!((text(&world, A, "text"), text(&world, A, "suggestion")), (json!("Cough for a week"), Value::Null));
    world.act(|list, now| assert!(list.undo(now)));
    world.settle();
    assert_eq!(world.service.facts[0]["text"], "No cough");
}

#[test]
fn a_dismissed_suggestion_is_not_made_again_and_another_is() {
    let mut world = with(&["Cough"]);
    world.service.overwrites = true;
    edit(&mut world, A, json!({ "text": "No cough" }));
    world.settle();
    for (words, suggestions) in [("Cough for a week", 1), ("Cough for a week", 1), ("Cough for a month", 2)] {
        let update = world.service.reword(0, words).unwrap();
        world.hear(ms(0), vec![update]);
        world.settle();
        world.act(|list, now| list.dismiss(A, now)).unwrap();
        world.settle();
        assert_eq!((world.suggested.len(), text(&world, A, "suggestion")), (suggestions, Value::Null));
        assert_eq!(text(&world, A, "text"), "No cough");
    }
}

#[test]
fn a_fact_nobody_has_edited_takes_its_updates_and_an_older_one_that_comes_late_changes_nothing() {
    let mut world = with(&["Cough"]);
    let [older, newer] = ["One", "Two"].map(|words| world.service.reword(0, words).unwrap());
    world.hear(ms(2), vec![older.clone(), older]);
    world.hear(ms(1), vec![newer]);
    world.settle();
    assert_eq!((text(&world, A, "text"), world.suggested.len()), (json!("Two"), 0));
    assert!(world.calls.is_empty());
}

#[test]
fn a_discarded_fact_stays_so_when_the_socket_repeats_it_and_has_its_new_words_when_it_is_restored() {
    let mut world = with(&["Cough"]);
    world.act(|list, now| list.discard(A, now)).unwrap();
    world.settle();
    let mut update = world.service.reword(0, "No cough").unwrap();
    // As if the extraction knew nothing of it.
    update["isDiscarded"] = json!(false);
    world.hear(ms(0), vec![update]);
    world.settle();
    assert_eq!((text(&world, A, "isDiscarded"), text(&world, A, "text")), (json!(true), json!("No cough")));
    world.act(|list, now| list.restore(A, now)).unwrap();
    world.settle();
    assert_eq!((text(&world, A, "isDiscarded"), text(&world, A, "source")), (json!(false), json!("core")));
}

#[test]
fn a_fact_that_was_edited_in_an_earlier_session_is_protected_too() {
    let mut world = with(&["Cough"]);
    world.service.overwrites = true;
    world.service.call("facts.update", &[json!(A), json!({ "text": "No cough", "source": "user" })]).unwrap();
    world.reload(ms(0), ms(0));
    world.settle();
    let update = world.service.reword(0, "Cough for a week").unwrap();
    world.hear(ms(0), vec![update]);
    world.settle();
    assert_eq!((text(&world, A, "text"), world.suggested.len()), (json!("No cough"), 1));
}

#[test]
fn a_list_brings_what_somebody_else_has_changed_but_for_what_is_still_to_be_answered() {
    let mut world = with(&["Cough", "Fever"]);
    world.is_shared = true;
    edit(&mut world, A, json!({ "text": "Mine" }));
    world.settle();
    for id in [A, B] {
        world.service.call("facts.update", &[json!(id), json!({ "text": "Theirs", "source": "user" })]).unwrap();
    }
    edit(&mut world, B, json!({ "text": "Mine" }));
    world.reload(ms(0), ms(0));
    world.settle();
    assert_eq!((text(&world, A, "text"), text(&world, B, "text")), (json!("Theirs"), json!("Mine")));
    world.compare();
}

#[test]
fn undo_takes_back_edits_discards_restores_and_additions_one_by_one_and_nothing_more() {
    let mut world = with(&["Cough"]);
    edit(&mut world, A, json!({ "text": "One", "group": "vital-signs" }));
    edit(&mut world, A, json!({ "text": "Two" }));
    world.act(|list, now| list.discard(A, now)).unwrap();
    world.act(|list, now| list.restore(A, now)).unwrap();
    world.act(|list, now| list.add(&json!({ "text": "Fever", "group": "plan" }), now)).unwrap();
    world.settle();
    let shown = |world: &World| ["text", "group", "isDiscarded"].map(|key| text(world, A, key));
    for expected in [
        json!(["Two", "vital-signs", false]),
        json!(["Two", "vital-signs", true]),
        json!(["Two", "vital-signs", false]),
        json!(["One", "vital-signs", false]),
        json!(["Cough", "plan", false]),
    ] {
        assert!(world.list.can_undo() && world.act(|list, now| list.undo(now)));
        world.settle();
        assert_eq!(Value::from(shown(&world).to_vec()), expected);
    }
    assert_eq!(text(&world, B, "isDiscarded"), true);
    assert!(!world.list.can_undo() && !world.act(|list, now| list.undo(now)));
}

#[test]
fn an_edit_that_was_refused_is_not_undone_a_second_time() {
    let mut world = with(&["Cough"]);
    edit(&mut world, A, json!({ "text": "One" }));
    world.settle();
    fates(&mut world, [Fate::Refused(409)]);
    edit(&mut world, A, json!({ "text": "Two" }));
    world.settle();
    assert!(world.act(|list, now| list.undo(now)));
    assert_eq!(text(&world, A, "text"), "Cough");
}

#[test]
fn facts_are_in_the_order_of_their_groups_and_then_of_their_making() {
    let mut world = World::new();
    let mut items = Vec::new();
    for (words, group) in [("One", "plan"), ("Two", "zebra"), ("Three", "allergies"), ("Four", "plan"), ("Five", "ape")]
    {
        items.push(world.service.find(words, group));
    }
    items.reverse();
    world.hear(ms(0), items);
    world.run_for(ms(1));
    world.act(|list, now| list.add(&json!({ "text": "Six", "group": "plan" }), now)).unwrap();
    let order = |world: &World| -> Vec<Value> { world.list.items().iter().map(|item| item["text"].clone()).collect() };
    assert_eq!(
        order(&world),
        ["Three", "Five", "One", "Four", "Six", "Two"],
        "by the keys, until the groups are there"
    );
    world.act(|list, _| list.ask_groups());
    world.settle();
    assert_eq!(order(&world), ["Three", "One", "Four", "Six", "Five", "Two"], "in the service's order, others last");
    assert_eq!(world.list.groups().name("plan", world.list.language()), "Plan");
    let asked = methods(&world).into_iter().filter(|method| *method == "facts.factGroupsList").count();
    world.act(|list, _| list.ask_groups());
    world.settle();
    assert_eq!((asked, methods(&world).into_iter().filter(|method| *method == "facts.factGroupsList").count()), (1, 1));
}

#[test]
fn what_cannot_be_right_is_refused_at_once_without_a_word_of_the_fact() {
    let mut world = with(&["Cough"]);
    world.act(|list, now| {
        let errors = [
            list.edit(A, &json!({ "text": " " }), now),
            list.edit(A, &json!({ "note": "penicillin" }), now),
            list.edit(A, &json!("penicillin"), now),
            list.add(&json!({ "text": "penicillin" }), now),
            list.add(&json!({ "text": ["penicillin"], "group": "plan" }), now),
            list.discard("penicillin", now),
        ]
        .map(|result| result.expect_err("it is wrong"));
        let codes = errors.each_ref().map(|error| error.code);
        assert_eq!(codes[..5], [Code::InvalidRequest; 5]);
        assert_eq!(codes[5], Code::NotFound);
        assert!(!format!("{errors:?}").contains("penicillin"));
    });
    edit(&mut world, A, json!({ "text": "Cough" }));
    world.run_for(Duration::from_secs(1));
    assert!(world.calls.is_empty(), "what is shown already is no edit");
    // From the service anything may come.
    let odd = [json!(null), json!({}), json!({ "id": 7 }), json!({ "id": B, "text": null, "updatedAt": 3 })];
    world.list.heard(&odd, world.now);
    assert_eq!(world.list.items().len(), 2);
}

#[test]
fn the_list_and_what_can_be_undone_are_bounded_and_the_list_says_so() {
    let mut world = World::new();
    for number in 0..=MAX_FACTS {
        let item = world.service.find(&format!("Fact {number}"), "plan");
        world.list.heard(&[item], world.now);
    }
    assert_eq!(world.list.items().len(), MAX_FACTS);
    assert!(world.list.add(&json!({ "text": "One more", "group": "plan" }), world.now).is_err());
    for number in 0..=MAX_STEPS {
        world.list.edit(A, &json!({ "text": number.to_string() }), world.now).unwrap();
    }
    let undone = (0..).take_while(|_| world.list.undo(world.now)).count();
    assert_eq!((undone, world.list.item(A).unwrap()["text"].clone()), (MAX_STEPS, json!("0")));
    world.run_for(ms(0));
    world.act(|_, _| ());
    assert_eq!(world.failures.len(), 1);
    assert_eq!(world.failures[0].0["text"], format!("Fact {MAX_FACTS}"));
}
