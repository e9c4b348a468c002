//! (f) how sockets end, (g) what load and silence do to them.

use serde_json::{Value, json};

use crate::{
    finding::Finding,
    questions::{fresh, read_socket},
    speech::Layout,
    step::{Step, configuration, configure, end, flush, say, speak},
    trail::{Trail, kind},
};

/// Bytes of a message of audio at most, by the documentation.
const MOST: usize = 64_000;
/// The dialogue again and again: more than an hour of it.
const ROUNDS: usize = 46;

/// How each of the sockets of (f) is called, and its name in the steps.
const ENDS: [(&str, &str); 8] = [
    ("after end", "end"),
    ("a language that is none", "language"),
    ("an audio format that is none", "format"),
    ("audio before the configuration", "audio"),
    ("no configuration", "none"),
    ("a first message of no known type", "first"),
    ("a later message of no known type", "later"),
    ("a second configuration", "second"),
];

pub(super) fn steps() -> Vec<Step> {
    let configuration = || configuration("facts", Layout::One);
    let changed = |pointer: &str, value: Value| {
        let mut configuration = configuration();
        if let Some(place) = configuration.pointer_mut(pointer) {
            *place = value;
        }
        configuration
    };
    let closes = |socket| Step::Await(socket, "close", 10.0);
    let mut steps = Vec::from(fresh("1", "end"));
    steps.extend(configure("end", configuration()));
    steps.push(Step::Silence("end", 1.0));
    steps.extend(end("end"));

    steps.extend(fresh("2", "language"));
    steps.extend(configure("language", changed("/transcription/primaryLanguage", json!("xx-nowhere"))));
    // What is refused closes by itself; what is accepted all the same is ended.
    steps.push(Step::Listen(3.0));
    steps.extend(end("language"));

    steps.extend(fresh("3", "format"));
    steps.extend(configure("format", changed("/audioFormat", json!("audio/midi"))));
    steps.push(Step::Listen(3.0));
    steps.extend(end("format"));

    steps.extend(fresh("4", "audio"));
    steps.extend([Step::Binary("audio", 8000), closes("audio")]);

    steps.extend(fresh("5", "none"));
    steps.push(Step::Await("none", "close", 20.0));

    steps.extend(fresh("6", "first"));
    steps.extend([say("first", "hello"), closes("first")]);

    steps.extend(fresh("7", "later"));
    steps.extend(configure("later", configuration()));
    steps.extend([say("later", "hello"), Step::Listen(3.0)]);
    steps.extend(end("later"));

    steps.extend(fresh("8", "second"));
    steps.extend(configure("second", configuration()));
    steps.extend(configure("second", configuration()));
    steps.extend(end("second"));
    steps
}

pub(super) fn read(trail: &Trail, finding: &mut Finding) {
    for (name, socket) in ENDS {
        read_socket(trail, finding, name, socket);
        let reason = trail.messages(socket).find_map(|(_, message)| message.get("reason").cloned());
        finding.note(format!("{name}: reason"), reason.unwrap_or_default());
        if let Some((_, error)) = trail.of_type(socket, "error").next() {
            finding.is(format!("{name}: keys of the error"), crate::trail::keys(&error["error"]));
        }
    }
    let opened = trail.0.iter().find(|event| event.socket == Some("none")).map(|event| event.at);
    let waited = trail.closed("none").zip(opened).map(|((at, _), opened)| at - opened);
    finding.seconds("no configuration: closed after", waited);
    let ended = trail.closed("end").zip(trail.first("end", "ENDED")).map(|((closed, _), ended)| closed - ended);
    finding.seconds("after end: closed after ENDED", ended);
}

pub(super) fn load_steps() -> Vec<Step> {
    let configuration = || configuration("facts", Layout::One);
    let mut steps = Vec::from(fresh("1", "size"));
    steps.extend(configure("size", configuration()));
    steps.extend([Step::Binary("size", MOST), Step::Listen(3.0), Step::Mark("too much")]);
    steps.extend([Step::Binary("size", MOST + 1), Step::Await("size", "close", 8.0)]);

    steps.extend(fresh("2", "fast"));
    steps.extend(configure("fast", configuration()));
    steps.push(Step::Speak { socket: "fast", lines: 0..7, layout: Layout::One, times: 10.0 });
    steps.extend(flush("fast"));
    steps.extend(end("fast"));

    let mut with_events = configuration();
    with_events["audioEvents"] = json!({ "enabled": true });
    steps.extend(fresh("3", "silent"));
    steps.extend(configure("silent", with_events));
    steps.push(Step::Silence("silent", 30.0));
    steps.extend(end("silent"));

    steps.extend(fresh("4", "idle"));
    steps.extend(configure("idle", configuration()));
    steps.push(Step::Listen(30.0));
    steps.extend(end("idle"));
    steps
}

pub(super) fn read_load(trail: &Trail, finding: &mut Finding) {
    finding.is("64,000 bytes: the socket after it", trail.before("too much").end("size"));
    let after = trail.after("too much");
    finding.is("64,001 bytes: messages", after.kinds("size"));
    finding.is("64,001 bytes: close code", after.end("size"));
    let fast = trail.segments("fast");
    finding.is("ten times the pace: messages", trail.kinds("fast"));
    finding.is("ten times the pace: close code", trail.end("fast"));
    let heard = fast.iter().map(|segment| segment.end).fold(0.0, f64::max);
    finding.note(
        "ten times the pace: seconds sent, and up to the last segment's end",
        vec![trail.audio_seconds("fast"), heard],
    );
    finding.is("silence: messages", trail.kinds("silent"));
    finding.is("silence: close code", trail.end("silent"));
    let events = ["audioEvent", "audio_event"].into_iter().flat_map(|name| trail.of_type("silent", name));
    let events: Vec<Value> = events.map(|(_, message)| message["data"]["event"].clone()).collect();
    finding.is("silence: audio events", events);
    finding.is("no audio: messages", trail.kinds("idle"));
    finding.is("no audio: close code", trail.end("idle"));
}

pub(super) fn hour_steps() -> Vec<Step> {
    let mut steps = Vec::from(fresh("visit", "long"));
    steps.extend(configure("long", configuration("transcription", Layout::One)));
    steps.extend((0..ROUNDS).map(|_| speak("long", 0..22)));
    steps.extend(flush("long"));
    steps.extend(end("long"));
    steps
}

pub(super) fn read_hour(trail: &Trail, finding: &mut Finding) {
    finding.seconds("audio that was sent", Some(trail.audio_seconds("long")));
    finding.is("close code", trail.end("long"));
    finding.is("ENDED comes", trail.first("long", "ENDED").is_some());
    let errors = trail.messages("long").filter(|(_, message)| kind(message) == "error").count();
    finding.is("errors", errors);
    finding.seconds("the last segment's end", trail.segments("long").last().map(|segment| segment.end));
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

    #[test]
    fn a_socket_without_a_configuration_is_timed_from_its_opening() {
        let mut trail = Trail::default();
        let headers = serde_json::Map::new();
        add(&mut trail, 5.0, "none", What::Upgrade { status: 101, headers, body: Value::Null });
        add(&mut trail, 15.0, "none", message("CONFIG_NOT_PROVIDED"));
        add(&mut trail, 15.1, "none", What::Closed { code: 1000, reason: String::new(), by_us: false });
        let mut finding = Finding::default();
        read(&trail, &mut finding);
        assert_eq!(finding.get("no configuration: messages"), Some(&Found::Is(json!(["CONFIG_NOT_PROVIDED"]))));
        assert_eq!(finding.get("no configuration: close code"), Some(&Found::Is(1000.into())));
        let Some(Found::Seconds(waited)) = finding.get("no configuration: closed after") else {
            unreachable!("seconds")
        };
        assert!((waited - 10.1).abs() < 0.01);
    }

    #[test]
    fn what_came_before_the_message_that_is_too_long_is_not_its_answer() {
        let mut trail = Trail::default();
        add(&mut trail, 1.0, "size", message("transcript"));
        add(&mut trail, 2.0, "", What::Mark("too much"));
        add(&mut trail, 3.0, "size", message("error"));
        add(&mut trail, 3.1, "size", What::Closed { code: 1009, reason: String::new(), by_us: false });
        let mut finding = Finding::default();
        read_load(&trail, &mut finding);
        assert_eq!(finding.get("64,000 bytes: the socket after it"), Some(&Found::Is("open".into())));
        assert_eq!(finding.get("64,001 bytes: messages"), Some(&Found::Is(json!(["error"]))));
        assert_eq!(finding.get("64,001 bytes: close code"), Some(&Found::Is(1009.into())));
    }

    #[test]
    fn the_rounds_of_the_dialogue_are_more_than_an_hour() {
        let speech = crate::speech::Speech::tones(0.37).unwrap_or_else(|error| unreachable!("{error}"));
        let seconds = speech.samples(0..22, Layout::One).len() / crate::speech::RATE;
        assert!(seconds * ROUNDS > 3600, "{seconds} s a round");
    }
}
