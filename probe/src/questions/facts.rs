//! (d) facts on the socket, around a flush and beside REST; (l) groups and their ids.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    finding::Finding,
    questions::{fresh, read_answer},
    speech::Layout,
    step::{Call, Step, configuration, configure, end, flush, speak},
    trail::{Trail, keys},
};

/// Seconds after `flushed` in which facts are waited for.
const AFTER: f64 = 12.0;

pub(super) fn stream_steps() -> Vec<Step> {
    let fact = json!({ "facts": [{ "text": "Walks with a stick.", "group": "other", "source": "user" }] });
    let mut steps = Vec::from(fresh("visit", "one"));
    steps.extend(configure("one", configuration("facts", Layout::One)));
    steps.push(speak("one", 0..6));
    steps.push(Call::post("create a fact", "/interactions/{visit}/facts/", fact).keep("fact", "/facts/0/id").step());
    steps.push(speak("one", 6..10));
    let change = json!({ "text": "Walks with two sticks." });
    steps.push(Call::post("change a fact", "/interactions/{visit}/facts/{fact}", change).method("PATCH").step());
    steps.push(speak("one", 10..14));
    steps.push(Step::Mark("flush"));
    steps.extend(flush("one"));
    steps.extend([Step::Listen(AFTER), Step::Mark("end")]);
    steps.extend(end("one"));
    steps.push(Call::get("list facts", "/interactions/{visit}/facts/").step());
    steps
}

pub(super) fn read_stream(trail: &Trail, finding: &mut Finding) {
    let facts = trail.facts("one");
    let began = trail.audio_began("one");
    finding.seconds("first facts after", facts.first().zip(began).map(|((at, _), began)| at - began));
    let (flush, ending) = (trail.after("flush").before("end"), trail.after("end"));
    let flushed = flush.first("one", "flushed");
    let when = match (flushed, flush.facts("one").iter().map(|(at, _)| *at).collect::<Vec<_>>()) {
        (None, _) => "flushed did not come",
        (_, times) if times.is_empty() => "neither before nor after",
        (Some(flushed), times) => match (times.iter().any(|at| *at < flushed), times.iter().any(|at| *at >= flushed)) {
            (true, true) => "before and after",
            (true, false) => "before",
            _ => "after",
        },
    };
    finding.is("facts come before or after flushed", when);
    let last = flushed.zip(flush.facts("one").last().map(|(at, _)| *at)).map(|(flushed, at)| (at - flushed).max(0.0));
    finding.seconds("the last facts after flushed", last);
    finding.is("facts come between end and ENDED", !ending.facts("one").is_empty());
    let made = trail.answer("create a fact").and_then(|(_, _, body)| body.pointer("/facts/0/id").cloned());
    let is_made = |fact: &Value| made.as_ref().is_some_and(|id| fact["id"] == *id);
    finding.is("a fact of REST comes on the socket", facts.iter().any(|(_, fact)| is_made(fact)));
    let mut seen = BTreeSet::new();
    let again = facts.iter().filter(|(_, fact)| !seen.insert(fact["id"].to_string())).count();
    finding.note("facts, and how many came again", vec![facts.len(), again]);
    finding.is("a fact comes again", again > 0);
    finding.is("a fact is taken back", facts.iter().any(|(_, fact)| fact["isDiscarded"] == true));
    let key = trail.of_type("one", "facts").next().map_or(Value::Null, |(_, message)| keys(message));
    finding.is("keys of the message", key);
    finding.is("keys of a fact on the socket", facts.first().map_or(Value::Null, |(_, fact)| keys(fact)));
    let listed =
        trail.answer("list facts").and_then(|(_, _, body)| body["facts"].as_array()).cloned().unwrap_or_default();
    let is_listed = |fact: &Value| listed.iter().any(|other| other["id"] == fact["id"]);
    finding.is("the facts of the socket are listed", facts.iter().all(|(_, fact)| is_listed(fact)));
    finding.is("keys of a fact in the list", listed.first().map_or(Value::Null, keys));
}

pub(super) fn group_steps() -> Vec<Step> {
    let facts = json!({ "facts": [
        { "text": "Pain in the left knee.", "group": "chief-complaint" },
        { "text": "Metformin in the morning.", "group": "medications-prior-to-visit", "source": "user" },
        { "text": "Allergic to penicillin.", "group": "allergies" },
    ] });
    let mixed = json!({ "facts": [
        { "text": "Ice three times a day.", "group": "plan" },
        { "text": "Of no group.", "group": "no-such-group" },
    ] });
    let path = "/interactions/{visit}/facts/";
    let one = "/interactions/{visit}/facts/{fact}";
    vec![
        Call::get("groups", "/factgroups/").step(),
        Step::Interaction("visit"),
        Call::get("no facts yet", path).step(),
        Call::post("create", path, facts).keep("fact", "/facts/0/id").step(),
        Call::post("one in no group", path, mixed).step(),
        Call::get("list", path).step(),
        Call::post("change the text", one, json!({ "text": "Pain in both knees." })).method("PATCH").step(),
        Call::post("discard", one, json!({ "isDiscarded": true })).method("PATCH").step(),
        Call::post("change several", path, json!({ "facts": [{ "factId": "{fact}", "isDiscarded": false }] }))
            .method("PATCH")
            .step(),
        Call::get("list at last", path).step(),
    ]
}

pub(super) fn read_groups(trail: &Trail, finding: &mut Finding) {
    let list = |label: &str, key: &str| {
        trail.answer(label).and_then(|(_, _, body)| body[key].as_array()).cloned().unwrap_or_default()
    };
    let groups = list("groups", "data");
    let keys_of: Vec<Value> = groups.iter().map(|group| group["key"].clone()).collect();
    finding.is("the groups, in their order", keys_of);
    finding.is("keys of a group", groups.first().map_or(Value::Null, keys));
    finding.is("keys of a translation", groups.first().map_or(Value::Null, |group| keys(&group["translations"][0])));
    let ids: BTreeSet<String> = groups.iter().map(|group| group["id"].to_string()).collect();
    finding.is("each group has an id of its own", ids.len() == groups.len());
    let created = list("create", "facts");
    let own = |fact: &Value| groups.iter().any(|group| group["key"] == fact["group"] && group["id"] == fact["groupId"]);
    finding.is("groupId of a created fact is its group's id", !created.is_empty() && created.iter().all(own));
    let of_facts: BTreeSet<String> = created.iter().map(|fact| fact["groupId"].to_string()).collect();
    finding.is("facts of several groups have several groupIds", of_facts.len() == created.len());
    finding.is("keys of a created fact", created.first().map_or(Value::Null, keys));
    finding.is("keys of a listed fact", list("list", "facts").first().map_or(Value::Null, keys));
    finding.is(
        "facts of a request with one in no group that are kept",
        list("list", "facts").len().saturating_sub(created.len()),
    );
    for label in ["no facts yet", "create", "one in no group", "change the text", "discard", "change several"] {
        read_answer(trail, finding, label);
    }
    let last = list("list at last", "facts");
    finding.is("what was discarded is listed", last.len() == list("list", "facts").len());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        finding::Found,
        trail::{
            What,
            build::{add, message},
        },
    };

    fn facts(ids: &[&str]) -> What {
        let facts: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "isDiscarded": false })).collect();
        What::Received(json!({ "type": "facts", "fact": facts }))
    }

    fn answer(label: &str, body: Value) -> What {
        What::Answer { label: label.to_owned(), status: 200, headers: serde_json::Map::new(), body }
    }

    #[test]
    fn facts_around_a_flush_are_told_by_their_side_of_it() {
        let of = |times: &[f64]| {
            let mut trail = Trail::default();
            add(&mut trail, 1.0, "", What::Mark("flush"));
            for at in times.iter().filter(|at| **at < 10.0) {
                add(&mut trail, *at, "one", facts(&["a"]));
            }
            add(&mut trail, 10.0, "one", message("flushed"));
            for at in times.iter().filter(|at| **at >= 10.0) {
                add(&mut trail, *at, "one", facts(&["a"]));
            }
            add(&mut trail, 30.0, "", What::Mark("end"));
            let mut finding = Finding::default();
            read_stream(&trail, &mut finding);
            finding.get("facts come before or after flushed").cloned()
        };
        for (times, expected) in [
            (&[9.0][..], "before"),
            (&[11.0], "after"),
            (&[9.0, 11.0], "before and after"),
            (&[], "neither before nor after"),
        ] {
            assert_eq!(of(times), Some(Found::Is(expected.into())), "{times:?}");
        }
    }

    #[test]
    fn a_fact_of_rest_is_known_by_its_id() {
        let of = |id: &str| {
            let mut trail = Trail::default();
            add(&mut trail, 1.0, "", answer("create a fact", json!({ "facts": [{ "id": "made" }] })));
            add(&mut trail, 2.0, "one", facts(&["other", id]));
            let mut finding = Finding::default();
            read_stream(&trail, &mut finding);
            finding.get("a fact of REST comes on the socket").cloned()
        };
        assert_eq!(of("made"), Some(Found::Is(true.into())));
        assert_eq!(of("another"), Some(Found::Is(false.into())));
    }

    #[test]
    fn one_group_id_for_two_groups_is_seen() {
        let of = |ids: [&str; 2]| {
            let mut trail = Trail::default();
            let groups = json!({ "data": [{ "id": "1", "key": "plan" }, { "id": "2", "key": "other" }] });
            add(&mut trail, 1.0, "", answer("groups", groups));
            let facts =
                json!({ "facts": [{ "group": "plan", "groupId": ids[0] }, { "group": "other", "groupId": ids[1] }] });
            add(&mut trail, 2.0, "", answer("create", facts));
            let mut finding = Finding::default();
            read_groups(&trail, &mut finding);
            ["groupId of a created fact is its group's id", "facts of several groups have several groupIds"]
                .map(|name| finding.get(name).cloned())
        };
        let (yes, no) = (Some(Found::Is(true.into())), Some(Found::Is(false.into())));
        assert_eq!(of(["1", "2"]), [yes.clone(), yes.clone()]);
        assert_eq!(of(["1", "1"]), [no.clone(), no.clone()]);
        assert_eq!(of(["2", "1"]), [no, yes]);
    }
}
