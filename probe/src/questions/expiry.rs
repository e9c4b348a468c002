//! (e) a token that expires while its socket is open.

use crate::{
    finding::Finding,
    questions::read_answer,
    speech::Layout,
    step::{Call, Step, Who, configuration, configure, end, flush, speak},
    trail::Trail,
};

/// Seconds that the token has left when the socket is opened: more than ten lines of the dialogue take less.
const LEFT: f64 = 20.0;

pub(super) fn steps() -> Vec<Step> {
    let mut steps = vec![
        Step::UntilTokenHas(LEFT),
        Step::Interaction("visit"),
        Step::Open { socket: "one", interaction: "visit", who: Who::Held },
    ];
    steps.extend(configure("one", configuration("transcription", Layout::One)));
    steps.extend([speak("one", 0..6), Step::UntilTokenHas(0.0), Step::Mark("expired"), speak("one", 6..12)]);
    steps.extend(flush("one"));
    steps.push(Call::get("a request with the expired token", "/interactions/{visit}").by(Who::Held).step());
    steps.push(Step::Open { socket: "late", interaction: "visit", who: Who::Held });
    steps.push(Step::Listen(1.0));
    steps.extend(end("one"));
    steps
}

pub(super) fn read(trail: &Trail, finding: &mut Finding) {
    let after = trail.after("expired");
    finding.is("open when the token expires", trail.before("expired").upgrade("one") == 101);
    finding.is("the socket after that: close code", after.end("one"));
    finding.is("the socket after that: words come", !after.segments("one").is_empty());
    finding.is("the socket after that: a flush is answered", after.first("one", "flushed").is_some());
    finding.is("the socket after that: ENDED comes", after.first("one", "ENDED").is_some());
    finding.is("a new socket with the expired token: upgrade", after.upgrade("late"));
    read_answer(trail, finding, "a request with the expired token");
}
