//! When faults happen, on a simulated clock.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;

/// A line with the faults of one socket, as they are asked for.
fn line(faults: Value) -> Line {
    Line::new(serde_json::from_value(faults).unwrap(), ErrorFields::Few)
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// The stream says something of this type.
fn say(line: &mut Line, now: Duration, kind: &str) {
    line.output(now, Output::Send(json!({ "type": kind })));
}

/// What is to be done by now: the `type` of what is sent, or the act.
fn due(line: &mut Line, now: Duration) -> Vec<String> {
    line.receive(now, &Input::Tick);
    let name = |act| match act {
        Act::Send(Message::Text(text)) => kind(&text).unwrap(),
        act => format!("{act:?}"),
    };
    std::iter::from_fn(|| line.poll(now)).map(name).collect()
}

#[test]
fn an_answer_to_the_configuration_comes_so_late_and_not_before() {
    let mut line = line(json!({ "configurationAfterSeconds": 4 }));
    say(&mut line, ms(100), "CONFIG_ACCEPTED");
    assert_eq!(line.next_timeout(), Some(ms(4_100)));
    assert!(due(&mut line, ms(4_099)).is_empty());
    assert_eq!(due(&mut line, ms(4_100)), ["CONFIG_ACCEPTED"]);
}

#[test]
fn all_that_is_said_after_it_comes_so_late_and_in_its_order() {
    let mut line = line(json!({ "delaySeconds": 2.5 }));
    say(&mut line, ms(0), "CONFIG_ACCEPTED");
    assert_eq!(due(&mut line, ms(0)), ["CONFIG_ACCEPTED"], "which is not late itself");
    say(&mut line, ms(1_000), "transcript");
    say(&mut line, ms(2_000), "flushed");
    assert_eq!(line.next_timeout(), Some(ms(3_500)));
    assert!(due(&mut line, ms(3_499)).is_empty());
    assert_eq!(due(&mut line, ms(3_500)), ["transcript"]);
    assert_eq!(due(&mut line, ms(4_500)), ["flushed"]);
}

#[test]
fn an_event_of_a_time_happens_so_long_after_the_configuration_was_accepted() {
    for faults in [json!({ "dropAfterSeconds": 3 }), json!({ "events": [{ "afterSeconds": 3, "do": "drop" }] })] {
        let mut line = line(faults);
        assert_eq!(line.next_timeout(), None, "nothing happens before that");
        say(&mut line, ms(500), "CONFIG_ACCEPTED");
        assert_eq!(due(&mut line, ms(500)), ["CONFIG_ACCEPTED"]);
        assert_eq!(line.next_timeout(), Some(ms(3_500)));
        assert!(due(&mut line, ms(3_499)).is_empty());
        assert_eq!(due(&mut line, ms(3_500)), ["Drop"]);
        assert_eq!(line.next_timeout(), None);
    }
}
