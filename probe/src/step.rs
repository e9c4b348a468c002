//! What a question does, as data: the steps, and short names for those that are used often.
//!
//! Pure. Texts in braces (`{visit}`) stand for what an earlier step has kept: in paths, and anywhere in bodies.

use std::ops::Range;

use serde_json::{Value, json};

use crate::speech::Layout;

/// One step. Sockets and what is kept have names that are a question's own.
#[derive(Clone, Debug)]
pub enum Step {
    /// Makes an interaction and keeps its id under this name; it is deleted when the question is over.
    Interaction(&'static str),
    /// A request over REST.
    Call(Box<Call>),
    /// Opens a socket of an interaction.
    Open {
        /// The socket's name.
        socket: &'static str,
        /// The interaction's name, or an id.
        interaction: &'static str,
        /// Whose token it shows.
        who: Who,
    },
    /// Sends a text message.
    Say(&'static str, Value),
    /// Sends lines of the dialogue at a multiple of real time.
    Speak {
        /// On this socket.
        socket: &'static str,
        /// These lines.
        lines: Range<usize>,
        /// On these channels.
        layout: Layout,
        /// 1: as they would be spoken.
        times: f64,
    },
    /// Sends silence in real time, for so many seconds.
    Silence(&'static str, f64),
    /// Sends one binary message of so many bytes of silence.
    Binary(&'static str, usize),
    /// Listens until a message of this type has come on the socket, it is closed, or so many seconds have passed.
    Await(&'static str, &'static str, f64),
    /// Listens so many seconds, or until no socket is open.
    Listen(f64),
    /// Breaks a connection without a close frame.
    Cut(&'static str),
    /// Waits until the token that the question began with has so many seconds left, or the question's time is up.
    UntilTokenHas(f64),
    /// A place that the reader asks for.
    Mark(&'static str),
}

/// Whose token a request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Ours, a fresh one where there can be one.
    Us,
    /// The one that the question began with, however old.
    Held,
    /// None.
    Nobody,
    /// One that nobody issued.
    Stranger,
}

/// A request over REST.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its name in the question.
    pub label: &'static str,
    /// Its method.
    pub method: &'static str,
    /// Its path below the version, such as `/interactions/{visit}`.
    pub path: String,
    /// Its body, null for none.
    pub body: Value,
    /// Whose token it shows.
    pub who: Who,
    /// Another tenant than ours; empty: none at all.
    pub tenant: Option<&'static str>,
    /// Whether the service may keep what it makes.
    pub retain: bool,
    /// The names of what is kept, and where in the answer it stands.
    pub keep: Vec<(&'static str, &'static str)>,
    /// What is to be deleted when the question is over, once all that it names is kept.
    pub litter: Option<&'static str>,
}

impl Call {
    fn new(label: &'static str, method: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self {
            label,
            method,
            path: path.into(),
            body,
            who: Who::Us,
            tenant: None,
            retain: true,
            keep: Vec::new(),
            litter: None,
        }
    }

    /// Reads something.
    pub fn get(label: &'static str, path: impl Into<String>) -> Self {
        Self::new(label, "GET", path, Value::Null)
    }

    /// Makes something.
    pub fn post(label: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self::new(label, "POST", path, body)
    }

    /// Any other method.
    pub fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    /// With another's token.
    pub fn by(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    /// With this in `Tenant-Name`; empty: without it.
    pub fn tenant(mut self, tenant: &'static str) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// The service is told to keep nothing.
    pub fn unretained(mut self) -> Self {
        self.retain = false;
        self
    }

    /// Keeps what stands at a place of the answer.
    pub fn keep(mut self, name: &'static str, pointer: &'static str) -> Self {
        self.keep.push((name, pointer));
        self
    }

    /// What it made is deleted at the end.
    pub fn litter(mut self, path: &'static str) -> Self {
        self.litter = Some(path);
        self
    }

    /// As a step.
    pub fn step(self) -> Step {
        Step::Call(Box::new(self))
    }
}

/// Opens a socket with our token.
pub fn open(socket: &'static str, interaction: &'static str) -> Step {
    Step::Open { socket, interaction, who: Who::Us }
}

/// Sends a configuration and waits for its answer, longer than the service's own limit of ten seconds.
pub fn configure(socket: &'static str, configuration: Value) -> [Step; 2] {
    let message = json!({ "type": "config", "configuration": configuration });
    // Any answer ends the wait: `*` is every type.
    [Step::Say(socket, message), Step::Await(socket, "*", 12.0)]
}

/// Speaks as people speak, on one channel.
pub fn speak(socket: &'static str, lines: Range<usize>) -> Step {
    Step::Speak { socket, lines, layout: Layout::One, times: 1.0 }
}

/// Sends a message that is its type alone.
pub fn say(socket: &'static str, kind: &str) -> Step {
    Step::Say(socket, json!({ "type": kind }))
}

/// Flushes and waits for `flushed`.
pub fn flush(socket: &'static str) -> [Step; 2] {
    [say(socket, "flush"), Step::Await(socket, "flushed", 30.0)]
}

/// Ends, waits for `ENDED` and for the close behind it.
pub fn end(socket: &'static str) -> [Step; 2] {
    [say(socket, "end"), Step::Await(socket, "close", 30.0)]
}

/// A stream's configuration: what nearly all questions use, and each may change.
pub fn configuration(mode: &str, layout: Layout) -> Value {
    let (participants, is_one) = match layout {
        Layout::One => (json!([{ "channel": 0, "role": "multiple" }]), true),
        Layout::Two => (json!([{ "channel": 0, "role": "doctor" }, { "channel": 1, "role": "patient" }]), false),
    };
    let channels = layout.channels();
    let mut configuration = json!({
        "transcription": { "primaryLanguage": "en", "diarize": is_one, "isDiarization": is_one,
            "isMultichannel": !is_one, "participants": participants },
        "mode": { "type": mode },
        "audioFormat": format!("audio/pcm; rate=16000; channels={channels}; bits=16; endian=little; encoding=sint"),
    });
    if mode == "facts" {
        configuration["mode"]["outputLocale"] = "en".into();
        configuration["mode"]["factGenerationInterval"] = "fast_init".into();
    }
    configuration
}

/// An interaction's first body: nobody's.
pub fn encounter() -> Value {
    json!({
        "encounter": { "identifier": "{random}", "status": "planned", "type": "first_consultation",
            "period": { "startedAt": "2026-01-05T09:00:00Z" }, "title": "A test without a patient" },
    })
}
