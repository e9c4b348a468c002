//! (b) the order of segments and their corrections, (c) interims, (h) the usage that comes beside them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    finding::Finding,
    questions::fresh,
    speech::Layout,
    step::{Step, configuration, configure, end, flush, speak},
    trail::{Segment, Trail, What, keys},
};

/// The whole dialogue on one channel with speakers told apart, then half of it on two.
pub(super) fn order_steps() -> Vec<Step> {
    let mut steps = Vec::from(fresh("visit", "one"));
    steps.extend(configure("one", configuration("facts", Layout::One)));
    steps.push(speak("one", 0..22));
    steps.extend(flush("one"));
    steps.extend(end("one"));
    steps.extend(fresh("other", "two"));
    steps.extend(configure("two", configuration("facts", Layout::Two)));
    steps.push(Step::Speak { socket: "two", lines: 0..12, layout: Layout::Two, times: 1.0 });
    steps.extend(flush("two"));
    steps.extend(end("two"));
    steps
}

pub(super) fn read_order(trail: &Trail, finding: &mut Finding) {
    for (name, socket) in [("one channel, diarized", "one"), ("two channels", "two")] {
        let segments = trail.segments(socket);
        let mut is = |what: &str, value: Value| finding.is(format!("{name}: {what}"), value);
        is("id of a segment", ids(&segments, trail).into());
        is("finals only", segments.iter().all(|segment| segment.field("/final") == true).into());
        let in_message = |pair: &[Segment<'_>]| pair[0].message != pair[1].message || pair[0].start <= pair[1].start;
        is("in the order of their starts, in each message", segments.windows(2).all(in_message).into());
        is(
            "in the order of their starts, over all messages",
            segments.is_sorted_by(|one, next| one.start <= next.start).into(),
        );
        let speakers: BTreeSet<String> = segments.iter().map(Segment::speaker).collect();
        let own = |speaker: &String| {
            let own = segments.iter().filter(|segment| segment.speaker() == *speaker);
            own.map(|segment| segment.start).is_sorted()
        };
        is("in the order of their starts, each speaker by himself", speakers.iter().all(own).into());
        is("channels and speakers", speakers.iter().cloned().collect::<Vec<_>>().into());
        is("the same speaker and start come again", (again(&segments) > 0).into());
        is("segments of one channel overlap", overlap(&segments).into());
        is("keys of a segment", segments.first().map_or(Value::Null, |segment| keys(segment.wire)));
        is(
            "keys of a participant",
            segments.first().map_or(Value::Null, |segment| keys(&segment.field("/participant"))),
        );
        let began = trail.audio_began(socket);
        let first = segments.first().zip(began).map(|(segment, began)| segment.at - began);
        finding.seconds(format!("{name}: first words after"), first);
        let mut times: Vec<f64> = segments.iter().map(|segment| segment.at).collect();
        times.dedup();
        finding.seconds(format!("{name}: between two messages, usually"), median(&gaps(&times)));
        finding.note(format!("{name}: segments in each message"), sizes(&segments));
        finding.seconds(format!("{name}: flushed after"), between(trail, socket, "flush", "flushed"));
        finding.seconds(format!("{name}: ENDED after"), between(trail, socket, "end", "ENDED"));
    }
}

/// Speakers are not told apart: what interims there are come soonest so.
pub(super) fn interim_steps() -> Vec<Step> {
    let mut plain = configuration("transcription", Layout::One);
    plain["transcription"]["diarize"] = false.into();
    plain["transcription"]["isDiarization"] = false.into();
    let mut steps = Vec::from(fresh("visit", "one"));
    steps.extend(configure("one", plain));
    steps.push(speak("one", 0..8));
    steps.extend(flush("one"));
    steps.extend(end("one"));
    steps
}

pub(super) fn read_interims(trail: &Trail, finding: &mut Finding) {
    let segments = trail.segments("one");
    let is_final = |segment: &Segment<'_>| segment.field("/final") == true;
    let (finals, interims): (Vec<_>, Vec<_>) = segments.iter().partition(|segment| is_final(segment));
    finding.is("interims come", !interims.is_empty());
    let starts_with_it = |interim: &&Segment<'_>| finals.iter().any(|last| last.start == interim.start);
    finding.is("every interim has a final of its start", interims.iter().all(starts_with_it));
    finding.is("id of a segment", ids(&segments, trail));
    let speakers: BTreeSet<String> = segments.iter().map(Segment::speaker).collect();
    finding.is("channels and speakers", speakers.into_iter().collect::<Vec<_>>());
    let first = segments.first().zip(trail.audio_began("one")).map(|(segment, began)| segment.at - began);
    finding.seconds("first words after", first);
    finding.note("interims and finals", vec![interims.len(), finals.len()]);
}

pub(super) fn read_usage(trail: &Trail, finding: &mut Finding) {
    let deltas: Vec<(f64, f64)> = trail
        .of_type("one", "delta_usage")
        .filter_map(|(at, message)| Some((at, message["credits"].as_f64()?)))
        .collect();
    let usage = trail.of_type("one", "usage").next().and_then(|(_, message)| message["credits"].as_f64());
    finding.is("delta_usage comes", !deltas.is_empty());
    let times: Vec<f64> = trail.audio_began("one").into_iter().chain(deltas.iter().map(|(at, _)| *at)).collect();
    finding.seconds("between two, usually", median(&gaps(&times)));
    finding.is("its credits grow from one to the next", deltas.is_sorted_by(|one, next| one.1 < next.1));
    let sum: f64 = deltas.iter().map(|(_, credits)| credits).sum();
    let last = deltas.last().map(|(_, credits)| *credits);
    let counts = match (usage, last) {
        (Some(usage), Some(last)) if (usage - last).abs() < usage * 0.2 => "so far",
        (Some(usage), Some(_)) if (usage - sum).abs() < usage * 0.2 => "since the one before",
        (Some(_), Some(_)) => "something else",
        _ => "nothing that can be told",
    };
    finding.note("it counts", counts);
    finding.is(
        "usage comes before ENDED",
        trail.first("one", "usage").zip(trail.first("one", "ENDED")).is_some_and(|(usage, ended)| usage <= ended),
    );
    finding.note(
        "credits: of each, and in total",
        (deltas.iter().map(|(_, credits)| *credits).map(Value::from).chain([usage.into()])).collect::<Vec<_>>(),
    );
}

/// What the segments' ids are.
fn ids(segments: &[Segment<'_>], trail: &Trail) -> &'static str {
    let ids: BTreeSet<String> =
        segments.iter().filter_map(|segment| segment.wire["id"].as_str().map(str::to_owned)).collect();
    let is_interaction = |id: &String| {
        trail.0.iter().any(|event| matches!(&event.what, What::Answer { body, .. } if body["interactionId"] == **id))
    };
    match ids.len() {
        0 => "none",
        1 if ids.iter().all(is_interaction) => "the interaction's",
        1 => "one for all",
        count if count == segments.len() => "one for each",
        _ => "one for some",
    }
}

/// How many segments have the channel, the speaker and the start of one before them.
fn again(segments: &[Segment<'_>]) -> usize {
    let is_again = |(index, segment): &(usize, &Segment<'_>)| {
        segments[..*index].iter().any(|other| other.speaker() == segment.speaker() && other.start == segment.start)
    };
    segments.iter().enumerate().filter(is_again).count()
}

/// Whether two segments of one channel, by different speakers, lie over each other.
fn overlap(segments: &[Segment<'_>]) -> bool {
    let channel = |segment: &Segment<'_>| segment.field("/participant/channel");
    segments.iter().enumerate().any(|(index, one)| {
        segments[..index].iter().any(|other| {
            channel(one) == channel(other)
                && one.speaker() != other.speaker()
                && one.start < other.end
                && other.start < one.end
        })
    })
}

fn sizes(segments: &[Segment<'_>]) -> Vec<usize> {
    let mut sizes: Vec<usize> = Vec::new();
    for segment in segments {
        if sizes.len() <= segment.message {
            sizes.resize(segment.message + 1, 0);
        }
        sizes[segment.message] += 1;
    }
    sizes
}

/// Seconds between a message that was sent and the one that answers it.
fn between(trail: &Trail, socket: &str, sent: &str, came: &str) -> Option<f64> {
    let sent = trail.sent(socket, sent)?;
    let came = trail.of_type(socket, came).map(|(at, _)| at).find(|at| *at >= sent)?;
    Some(came - sent)
}

fn gaps(times: &[f64]) -> Vec<f64> {
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        finding::Found,
        trail::build::{add, transcript},
    };

    fn read(build: impl Fn(&mut Trail), reader: fn(&Trail, &mut Finding)) -> Finding {
        let mut trail = Trail::default();
        build(&mut trail);
        let mut finding = Finding::default();
        reader(&trail, &mut finding);
        finding
    }

    #[test]
    fn batches_of_two_speakers_across_each_other_are_seen_as_such() {
        let finding = read(
            |trail| {
                add(trail, 1.0, "one", What::Audio { bytes: 8000, until: 0.25 });
                add(
                    trail,
                    22.0,
                    "one",
                    transcript(&[(0, 0.5, 4.0, "One."), (0, 9.0, 12.0, "Three."), (1, 3.5, 8.5, "Two.")]),
                );
                add(trail, 37.0, "one", transcript(&[(1, 3.5, 8.5, "Two!"), (1, 13.0, 15.0, "Four.")]));
            },
            read_order,
        );
        let is = |name: &str| finding.get(&format!("one channel, diarized: {name}"));
        let no = Some(&Found::Is(false.into()));
        let yes = Some(&Found::Is(true.into()));
        assert_eq!(is("in the order of their starts, in each message"), no);
        assert_eq!(is("in the order of their starts, over all messages"), no);
        assert_eq!(is("in the order of their starts, each speaker by himself"), yes);
        assert_eq!(is("the same speaker and start come again"), yes);
        assert_eq!(is("segments of one channel overlap"), yes);
        assert_eq!(is("id of a segment"), Some(&Found::Is("one for all".into())));
        assert_eq!(is("channels and speakers"), Some(&Found::Is(json!(["0/0", "0/1"]))));
        assert_eq!(is("first words after"), Some(&Found::Seconds(21.0)));
        assert_eq!(is("between two messages, usually"), Some(&Found::Seconds(15.0)));
        assert_eq!(is("segments in each message"), Some(&Found::Note(json!([3, 2]))));
    }

    #[test]
    fn an_id_is_the_interactions_where_the_interaction_was_made_with_it() {
        let finding = read(
            |trail| {
                let body = json!({ "interactionId": "visit" });
                let label = "interaction".to_owned();
                add(trail, 0.0, "", What::Answer { label, status: 200, headers: serde_json::Map::new(), body });
                add(trail, 1.0, "one", transcript(&[(0, 0.5, 4.0, "One."), (1, 4.0, 5.0, "Two.")]));
            },
            read_order,
        );
        assert_eq!(finding.get("one channel, diarized: id of a segment"), Some(&Found::Is("the interaction's".into())));
    }

    #[test]
    fn usage_that_grows_to_its_total_counts_so_far() {
        let of = |credits: [f64; 3], total: f64| {
            let finding = read(
                |trail| {
                    for (index, credits) in credits.into_iter().enumerate() {
                        let message = json!({ "type": "delta_usage", "credits": credits });
                        add(trail, 10.0 * (index + 1) as f64, "one", What::Received(message));
                    }
                    add(trail, 31.0, "one", What::Received(json!({ "type": "usage", "credits": total })));
                },
                read_usage,
            );
            finding.get("it counts").cloned()
        };
        assert_eq!(of([1.0, 2.0, 3.0], 3.1), Some(Found::Note("so far".into())));
        assert_eq!(of([1.0, 1.0, 1.0], 3.1), Some(Found::Note("since the one before".into())));
    }

    #[test]
    fn an_interim_belongs_to_the_final_of_its_start() {
        let finding = read(
            |trail| {
                let segment = |text: &str, is_final: bool, start: f64| {
                    let data =
                        json!([{ "transcript": text, "final": is_final, "time": { "start": start, "end": 2.0 } }]);
                    What::Received(json!({ "type": "transcript", "data": data }))
                };
                add(trail, 1.0, "one", segment("Good", false, 0.5));
                add(trail, 2.0, "one", segment("Good afternoon.", true, 0.5));
            },
            read_interims,
        );
        assert_eq!(finding.get("interims come"), Some(&Found::Is(true.into())));
        assert_eq!(finding.get("every interim has a final of its start"), Some(&Found::Is(true.into())));
        assert_eq!(finding.get("id of a segment"), Some(&Found::Is("none".into())));
    }
}
