//! (k) which participants a configuration may name, and what its acceptance holds.

use serde_json::{Value, json};

use crate::{
    finding::Finding,
    questions::{fresh, read_socket},
    speech::Layout,
    step::{Step, configuration, configure, end},
    trail::{Trail, keys},
};

/// What is tried: its name, the socket's, and the participants.
fn tried() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("one speaker of many", "1", json!([{ "channel": 0, "role": "multiple" }])),
        ("no participants", "2", json!([])),
        ("two on one channel", "3", json!([{ "channel": 0, "role": "doctor" }, { "channel": 0, "role": "patient" }])),
        ("a role of one's own", "4", json!([{ "channel": 0, "role": "nurse" }])),
        ("no role", "5", json!([{ "channel": 0 }])),
        ("a channel that is not there", "6", json!([{ "channel": 1, "role": "doctor" }])),
        ("no key for participants", "7", Value::Null),
    ]
}

pub(super) fn steps() -> Vec<Step> {
    let mut steps = Vec::new();
    for (_, socket, participants) in tried() {
        let mut configuration = configuration("facts", Layout::One);
        match &mut configuration["transcription"] {
            Value::Object(transcription) if participants.is_null() => {
                transcription.remove("participants");
            }
            transcription => transcription["participants"] = participants,
        }
        steps.extend(fresh("visit", socket));
        steps.extend(configure(socket, configuration));
        // A refused socket closes by itself; of the others it is seen that they work.
        steps.push(Step::Listen(2.0));
        steps.extend(end(socket));
    }
    steps
}

pub(super) fn read(trail: &Trail, finding: &mut Finding) {
    for (name, socket, _) in tried() {
        read_socket(trail, finding, name, socket);
        let accepted = trail.of_type(socket, "CONFIG_ACCEPTED").next().map(|(_, message)| message);
        if let Some(message) = accepted {
            finding.is(format!("{name}: keys of the acceptance"), keys(message));
            let participants = message.pointer("/configuration/transcription/participants").cloned();
            finding.is(format!("{name}: participants of the acceptance"), participants.unwrap_or_default());
        }
        let reason = trail.messages(socket).find_map(|(_, message)| message.get("reason").cloned());
        finding.note(format!("{name}: reason"), reason.unwrap_or_default());
    }
    let whole = trail.of_type("1", "CONFIG_ACCEPTED").next().map(|(_, message)| message["configuration"].clone());
    finding.is("keys of the configuration that is accepted", whole.as_ref().map_or(Value::Null, keys));
}
