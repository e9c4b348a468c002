//! What happened while a question was asked, in order and with times; and what readers of it look for.
//!
//! Pure. A trail is what the file holds (after `redact`), so a finding can be read from it again, later and elsewhere.

use serde::Serialize;
use serde_json::{Map, Value};

/// The types of messages that the protocol knows.
const KNOWN: [&str; 17] = [
    "CONFIG_ACCEPTED",
    "CONFIG_ALREADY_RECEIVED",
    "CONFIG_DENIED",
    "CONFIG_MISSING",
    "CONFIG_NOT_PROVIDED",
    "CONFIG_REJECTED",
    "CONFIG_TIMEOUT",
    "ENDED",
    "audioEvent",
    "audio_event",
    "delta_usage",
    "ended",
    "error",
    "facts",
    "flushed",
    "transcript",
    "usage",
];

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Seconds since the run began.
    pub at: f64,
    /// The socket's name within its question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<&'static str>,
    /// What it was.
    #[serde(flatten)]
    pub what: What,
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum What {
    /// A socket's upgrade was answered: 101, or a status that refuses it with what came with it.
    Upgrade {
        /// 101 where it was opened.
        status: u16,
        /// Some of the headers.
        headers: Map<String, Value>,
        /// What a refusal says.
        body: Value,
    },
    /// A text message went out.
    Sent(Value),
    /// A binary message of audio went out.
    Audio {
        /// Its size.
        bytes: usize,
        /// Seconds of audio on this socket, this message included.
        until: f64,
    },
    /// A text message came; one that is no JSON is a text.
    Received(Value),
    /// A binary message of so many bytes came.
    Binary(usize),
    /// A ping of so many bytes came.
    Ping(usize),
    /// The socket is over.
    Closed {
        /// 1005: a close frame without a code, 1006: none.
        code: u16,
        /// The close frame's reason.
        reason: String,
        /// Whether the probe did it.
        by_us: bool,
    },
    /// A request went out.
    Request {
        /// Its name within the question.
        label: String,
        /// Its method.
        method: &'static str,
        /// Its path, with what it asks for.
        path: String,
        /// Its body.
        body: Value,
    },
    /// Its answer came.
    Answer {
        /// The request's name.
        label: String,
        /// Its status.
        status: u16,
        /// Some of its headers.
        headers: Map<String, Value>,
        /// Its body.
        body: Value,
    },
    /// A place in the question that its reader asks for.
    Mark(&'static str),
    /// A step was left out, and why.
    LeftOut(String),
    /// Something could not be done, and why.
    Failed(String),
    /// The question ended before its last step, and why.
    Ended(&'static str),
}

/// All that happened in one question.
#[derive(Clone, Debug, Default)]
pub struct Trail(pub Vec<Event>);

/// A segment of a transcript as it came.
#[derive(Clone, Debug)]
pub struct Segment<'a> {
    /// When its message came.
    pub at: f64,
    /// Which message it came in, from 0.
    pub message: usize,
    /// The segment as it is on the wire.
    pub wire: &'a Value,
    /// Seconds of audio.
    pub start: f64,
    /// Seconds of audio.
    pub end: f64,
}

impl Segment<'_> {
    /// A field of it.
    pub fn field(&self, pointer: &str) -> Value {
        self.wire.pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    /// Its words.
    pub fn text(&self) -> &str {
        self.wire["transcript"].as_str().unwrap_or_default()
    }

    /// Its channel and speaker, as text.
    pub fn speaker(&self) -> String {
        format!("{}/{}", self.field("/participant/channel"), self.field("/speakerId"))
    }
}

impl Trail {
    /// What came after a mark; nothing where it was not reached.
    pub fn after(&self, mark: &str) -> Self {
        self.mark(mark).map_or_else(Self::default, |place| Self(self.0[place + 1..].to_vec()))
    }

    /// What came before a mark; all where it was not reached.
    pub fn before(&self, mark: &str) -> Self {
        self.mark(mark).map_or_else(|| self.clone(), |place| Self(self.0[..place].to_vec()))
    }

    fn mark(&self, mark: &str) -> Option<usize> {
        self.0.iter().position(|event| matches!(event.what, What::Mark(name) if name == mark))
    }

    fn on<'a>(&'a self, socket: &'a str) -> impl Iterator<Item = &'a Event> {
        self.0.iter().filter(move |event| event.socket == Some(socket))
    }

    /// The status and body that a request was answered with.
    pub fn answer(&self, label: &str) -> Option<(u16, &Map<String, Value>, &Value)> {
        self.0.iter().find_map(|event| match &event.what {
            What::Answer { label: own, status, headers, body } if own == label => Some((*status, headers, body)),
            _ => None,
        })
    }

    /// The status of a socket's upgrade; null where there was no answer.
    pub fn upgrade(&self, socket: &str) -> Value {
        let status = self.on(socket).find_map(|event| match event.what {
            What::Upgrade { status, .. } => Some(status),
            _ => None,
        });
        status.map_or(Value::Null, Value::from)
    }

    /// The text messages of a socket, with their times.
    pub fn messages<'a>(&'a self, socket: &'a str) -> impl Iterator<Item = (f64, &'a Value)> {
        self.on(socket).filter_map(|event| match &event.what {
            What::Received(message) => Some((event.at, message)),
            _ => None,
        })
    }

    /// Those of one type.
    pub fn of_type<'a>(&'a self, socket: &'a str, kind: &'a str) -> impl Iterator<Item = (f64, &'a Value)> {
        self.messages(socket).filter(move |(_, message)| message["type"] == kind)
    }

    /// When the first of a type came.
    pub fn first(&self, socket: &str, kind: &str) -> Option<f64> {
        self.of_type(socket, kind).next().map(|(at, _)| at)
    }

    /// The types of a socket's messages in their order, without repeats, without those that the protocol does not know, and
    /// without the usage so far, which comes in between when its time has come.
    pub fn kinds(&self, socket: &str) -> Vec<String> {
        let mut kinds: Vec<String> = self.messages(socket).map(|(_, message)| kind(message)).collect();
        kinds.retain(|kind| KNOWN.contains(&kind.as_str()) && kind != "delta_usage");
        kinds.dedup();
        kinds
    }

    /// The type of the first message of a socket, null where there is none.
    pub fn first_kind(&self, socket: &str) -> Value {
        self.kinds(socket).into_iter().next().into()
    }

    /// The types of messages that the protocol does not know, on any socket, each once.
    pub fn unknown_kinds(&self) -> Vec<String> {
        let mut kinds: Vec<String> = Vec::new();
        for event in &self.0 {
            if let What::Received(message) = &event.what {
                let kind = kind(message);
                if !KNOWN.contains(&kind.as_str()) && !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
        }
        kinds
    }

    /// How a socket ended: its close code, or that it was open still.
    pub fn end(&self, socket: &str) -> Value {
        self.closed(socket).map_or_else(|| "open".into(), |(_, code)| code.into())
    }

    /// When the service closed a socket, and with which code.
    pub fn closed(&self, socket: &str) -> Option<(f64, u16)> {
        self.on(socket).find_map(|event| match event.what {
            What::Closed { code, by_us: false, .. } => Some((event.at, code)),
            _ => None,
        })
    }

    /// When the first text message of a type was sent.
    pub fn sent(&self, socket: &str, kind: &str) -> Option<f64> {
        self.on(socket).find_map(|event| match &event.what {
            What::Sent(message) if message["type"] == kind => Some(event.at),
            _ => None,
        })
    }

    /// When a socket's first audio was sent.
    pub fn audio_began(&self, socket: &str) -> Option<f64> {
        self.on(socket).find_map(|event| matches!(event.what, What::Audio { .. }).then_some(event.at))
    }

    /// Seconds of audio that were sent on a socket.
    pub fn audio_seconds(&self, socket: &str) -> f64 {
        let until = self.on(socket).filter_map(|event| match event.what {
            What::Audio { until, .. } => Some(until),
            _ => None,
        });
        until.fold(0.0, f64::max)
    }

    /// The segments of all transcripts of a socket, as they came.
    pub fn segments<'a>(&'a self, socket: &'a str) -> Vec<Segment<'a>> {
        let mut segments = Vec::new();
        for (message, (at, value)) in self.of_type(socket, "transcript").enumerate() {
            // One object where a list is expected is read as a list of one.
            let items = value["data"].as_array().map_or(std::slice::from_ref(&value["data"]), Vec::as_slice);
            segments.extend(items.iter().map(|wire| {
                let time = |name: &str| wire["time"][name].as_f64().unwrap_or(-1.0);
                Segment { at, message, wire, start: time("start"), end: time("end") }
            }));
        }
        segments
    }

    /// The facts of a socket, with their times.
    pub fn facts<'a>(&'a self, socket: &'a str) -> Vec<(f64, &'a Value)> {
        let of = |(at, message): (f64, &'a Value)| {
            let list = ["fact", "facts", "data"].iter().find_map(|key| message[*key].as_array());
            list.into_iter().flatten().map(move |fact| (at, fact))
        };
        self.of_type(socket, "facts").flat_map(of).collect()
    }

    /// How the question ended: `to the end`, or what ended it.
    pub fn ending(&self) -> &'static str {
        let ended = self.0.iter().find_map(|event| match event.what {
            What::Ended(why) => Some(why),
            _ => None,
        });
        ended.unwrap_or("to the end")
    }

    /// What failed or was left out, each once.
    pub fn troubles(&self) -> Vec<String> {
        let mut troubles: Vec<String> = Vec::new();
        for event in &self.0 {
            if let What::Failed(why) | What::LeftOut(why) = &event.what
                && !troubles.contains(why)
            {
                troubles.push(why.clone());
            }
        }
        troubles
    }
}

/// A message's type.
pub fn kind(message: &Value) -> String {
    message["type"].as_str().unwrap_or("(no type)").to_owned()
}

/// The keys of an object, sorted; null of anything else.
pub fn keys(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort_unstable();
            keys.into_iter().cloned().collect::<Vec<_>>().into()
        }
        _ => Value::Null,
    }
}

/// What a JSON value is.
pub fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
pub(crate) mod build {
    //! Trails for the tests of readers.

    use super::*;

    /// Adds an event.
    pub(crate) fn add(trail: &mut Trail, at: f64, socket: &'static str, what: What) {
        trail.0.push(Event { at, socket: (!socket.is_empty()).then_some(socket), what });
    }

    /// A transcript message with segments of `(speaker, start, end, words)` on channel 0.
    pub(crate) fn transcript(segments: &[(i64, f64, f64, &str)]) -> What {
        let data: Vec<Value> = segments
            .iter()
            .map(|(speaker, start, end, text)| {
                serde_json::json!({ "id": "visit", "transcript": text, "final": true, "speakerId": speaker,
                    "participant": { "channel": 0 }, "time": { "start": start, "end": end } })
            })
            .collect();
        What::Received(serde_json::json!({ "type": "transcript", "data": data }))
    }

    /// A message that is its type alone.
    pub(crate) fn message(kind: &str) -> What {
        What::Received(serde_json::json!({ "type": kind }))
    }
}

#[cfg(test)]
mod tests {
    use super::build::{add, message, transcript};
    use super::*;

    #[test]
    fn a_socket_ends_as_the_service_ended_it() {
        let mut trail = Trail::default();
        add(&mut trail, 1.0, "one", message("ENDED"));
        assert_eq!(trail.end("one"), "open");
        add(&mut trail, 2.0, "one", What::Closed { code: 1006, reason: String::new(), by_us: true });
        add(&mut trail, 2.0, "two", What::Closed { code: 1000, reason: String::new(), by_us: false });
        assert_eq!((trail.end("one"), trail.end("two")), ("open".into(), 1000.into()));
    }

    #[test]
    fn a_mark_parts_a_trail() {
        let mut trail = Trail::default();
        add(&mut trail, 1.0, "one", message("flushed"));
        add(&mut trail, 2.0, "", What::Mark("half"));
        add(&mut trail, 3.0, "one", transcript(&[(0, 0.5, 2.0, "Hello."), (1, 1.0, 2.0, "Hi.")]));
        add(&mut trail, 4.0, "one", transcript(&[(0, 2.5, 3.0, "Well.")]));
        assert_eq!(trail.before("half").kinds("one"), ["flushed"]);
        assert_eq!(trail.after("half").kinds("one"), ["transcript"]);
        assert_eq!(trail.after("nowhere").kinds("one"), [""; 0]);
        let messages: Vec<usize> = trail.segments("one").iter().map(|segment| segment.message).collect();
        assert_eq!(messages, [0, 0, 1]);
    }

    #[test]
    fn facts_are_found_under_each_of_their_keys() {
        let mut trail = Trail::default();
        for key in ["fact", "facts", "data"] {
            add(&mut trail, 1.0, "one", What::Received(serde_json::json!({ "type": "facts", key: [{ "id": key }] })));
        }
        assert_eq!(trail.facts("one").len(), 3);
    }
}
