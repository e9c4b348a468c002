//! The forms of orders and news in JSON, which JavaScript writes and reads as well.

use serde_json::{Value, json};

use super::*;
use crate::error::Code;
use crate::protocol::server::{Fact, Segment};
use crate::session::WarningCode;

/// One of each kind. A new kind does not compile here until there is one of it below.
fn every_order() -> Vec<Order> {
    let named = |order: &Order| match order {
        Order::Command(_)
        | Order::Address(..)
        | Order::Diagnosed(..)
        | Order::Warn(_)
        | Order::Move(..)
        | Order::Attach(..)
        | Order::Detach(..)
        | Order::Frames(_)
        | Order::Bytes
        | Order::Want { .. } => true,
    };
    let commands = [
        Command::Flush(1),
        Command::End(2),
        Command::Pause,
        Command::Resume,
        Command::Mute(None),
        Command::Mute(Some(1)),
        Command::Unmute(Some(0)),
        Command::Unmute(None),
        Command::Begin,
        Command::Close,
    ];
    let address = Address { url: Secret("wss://x/?token=eyJ0".to_owned()), protocols: vec!["eyJ1".to_owned()] };
    let mut error = Error::new(Code::Network, "no network");
    (error.status, error.request_id) = (Some(503), Some("r-1".to_owned()));
    error.body = Raw::read(r#"{ "title": "penicillin" }"#.to_owned());
    let gap = Warning {
        channel: Some(1),
        start: Some(2.5),
        seconds: Some(0.1),
        filled: Some(true),
        ..Warning::new(WarningCode::Gap)
    };
    let others = [
        Order::Address(3, Ok(address)),
        Order::Address(3, Err(error.clone())),
        Order::Diagnosed(4, Ok(())),
        Order::Diagnosed(4, Err(error)),
        Order::Warn(Warning::new(WarningCode::DeviceLost)),
        Order::Warn(gap),
        Order::Move(5, 48_000),
        Order::Attach(6, None, 44_100),
        Order::Attach(6, Some(1), 16_000),
        Order::Detach(6, 7),
        Order::Frames(96_000),
        Order::Bytes,
        Order::Want { levels: true, messages: false },
    ];
    commands.into_iter().map(Order::Command).chain(others).filter(named).collect()
}

#[test]
fn every_order_comes_out_of_its_text_as_it_went_in() {
    for order in every_order() {
        assert_eq!(Order::read(&order.to_json()), Some(order));
    }
}

#[test]
fn an_order_has_the_form_that_the_page_writes() {
    let texts = [
        r#"{"command":{"flush":1}}"#,
        r#"{"command":{"end":2}}"#,
        r#"{"command":"pause"}"#,
        r#"{"command":"resume"}"#,
        r#"{"command":{"mute":null}}"#,
        r#"{"command":{"mute":1}}"#,
        r#"{"command":{"unmute":0}}"#,
        r#"{"command":{"unmute":null}}"#,
        r#"{"command":"begin"}"#,
        r#"{"command":"close"}"#,
        r#"{"address":[3,{"Ok":{"url":"wss://x/?token=eyJ0","protocols":["eyJ1"]}}]}"#,
        r#"{"address":[3,{"Err":{"code":"network","message":"no network","status":503,"requestId":"r-1","body":{ "title": "penicillin" },"retryable":true}}]}"#,
        r#"{"diagnosed":[4,{"Ok":null}]}"#,
        r#"{"diagnosed":[4,{"Err":{"code":"network","message":"no network","status":503,"requestId":"r-1","body":{ "title": "penicillin" },"retryable":true}}]}"#,
        r#"{"warn":{"code":"device-lost"}}"#,
        r#"{"warn":{"code":"gap","channel":1,"start":2.5,"seconds":0.1,"filled":true}}"#,
        r#"{"move":[5,48000]}"#,
        r#"{"attach":[6,null,44100]}"#,
        r#"{"attach":[6,1,16000]}"#,
        r#"{"detach":[6,7]}"#,
        r#"{"frames":96000}"#,
        r#""bytes""#,
        r#"{"want":{"levels":true,"messages":false}}"#,
    ];
    assert_eq!(every_order().iter().map(ToJson::to_json).collect::<Vec<_>>(), texts);
}

#[test]
fn news_has_the_form_that_the_page_reads() {
    let json = |text| Json::read(text).unwrap_or(Json::NULL);
    let event = |event: Event, expected: Value| (News::Event(event), json!({ "event": expected }));
    let (state, previous) = (State::Reconnecting, State::Streaming);
    let stats =
        Stats { captured_seconds: 0.1, buffered_bytes: 7, bytes_sent: 1 << 40, reconnects: 2, ..Stats::default() };
    let figures = json!({
        "capturedSeconds": 0.1, "sentSeconds": 0, "acknowledgedSeconds": 0, "inFlightSeconds": 0, "replayedSeconds": 0,
        "droppedSeconds": 0, "bufferedSeconds": 0, "untranscribedSeconds": 0, "bufferedBytes": 7, "bytesSent": 1_u64 << 40, "reconnects": 2,
    });
    let failure = json!({
        "code": "timeout", "message": "late", "status": null, "requestId": null, "body": null, "retryable": true,
    });
    let segment = json(
        r#"{"id":"a","new":1.50,"transcript":"x","final":true,"speakerId":0,"participant":{"role":"doctor"},"time":{"start":1,"end":2}}"#,
    );
    let mut segment = Segment::read(segment).map(|segment| vec![segment]).unwrap_or_default();
    for segment in &mut segment {
        (segment.key, segment.speaker, segment.start, segment.overlaps) = ("k".to_owned(), 2, 601.25, true);
    }
    let words = json!([{ "id": "a", "new": 1.5, "transcript": "x", "final": true, "speakerId": 0, "key": "k", "speaker": 2,
        "participant": { "role": "doctor", "channel": 0 }, "time": { "start": 601.25, "end": 2 }, "overlaps": true }]);
    let fact = Fact::read(json(r#"{"id":"f","text":"y","evidence":[]}"#)).map(|fact| vec![fact]).unwrap_or_default();
    let facts = json!([{ "id": "f", "text": "y", "evidence": [], "group": "", "isDiscarded": false }]);
    let pairs = [
        event(
            Event::State { state, previous, reason: None },
            json!({ "type": "state", "state": "reconnecting", "previous": "streaming" }),
        ),
        event(
            Event::State { state, previous, reason: Some("x".to_owned()) },
            json!({ "type": "state", "state": "reconnecting", "previous": "streaming", "reason": "x" }),
        ),
        event(
            Event::Transcript { segments: segment, replaced: vec!["b".to_owned()] },
            json!({ "type": "transcript", "segments": words, "replaced": ["b"] }),
        ),
        event(Event::Facts { facts: fact }, json!({ "type": "facts", "facts": facts })),
        event(Event::Flushed, json!({ "type": "flushed" })),
        event(Event::Usage { credits: 0.25, total: true }, json!({ "type": "usage", "credits": 0.25, "total": true })),
        event(Event::AudioEvent { data: json("[null]").to_raw() }, json!({ "type": "audioEvent", "data": [null] })),
        event(
            Event::Level { channel: 1, rms: f64::NEG_INFINITY, peak: -0.5, clipped: 3 },
            json!({ "type": "level", "channel": 1, "rms": null, "peak": -0.5, "clipped": 3 }),
        ),
        event(
            Event::Warning(Warning::new(WarningCode::BufferHigh)),
            json!({ "type": "warning", "code": "buffer-high" }),
        ),
        event(Event::Pause { at: 1.0 }, json!({ "type": "pause", "at": 1 })),
        event(
            Event::Resume { at: 1.0, seconds: 0.000_062_5 },
            json!({ "type": "resume", "at": 1, "seconds": 0.000_062_5 }),
        ),
        event(
            Event::AudioDropped { start: 0.0, end: 0.5, reason: "full" },
            json!({ "type": "audioDropped", "start": 0, "end": 0.5, "reason": "full" }),
        ),
        event(Event::Ended { usage: None }, json!({ "type": "ended" })),
        event(Event::Ended { usage: Some(2.0) }, json!({ "type": "ended", "usage": 2 })),
        (News::Error(Error::new(Code::Timeout, "late")), json!({ "error": failure })),
        (News::Message("\"\\\u{1}\n é".to_owned()), json!({ "message": "\"\\\u{1}\n é" })),
        (News::Connected(Ok(())), json!({ "connected": { "Ok": null } })),
        (News::Connected(Err(Error::new(Code::Timeout, "late"))), json!({ "connected": { "Err": failure } })),
        (
            News::Answered(1, Ok(Summary { usage: None, stats })),
            json!({ "answered": [1, { "Ok": { "stats": figures } }] }),
        ),
        (News::Answered(1, Err(Error::new(Code::Timeout, "late"))), json!({ "answered": [1, { "Err": failure }] })),
        (News::Address(2), json!({ "address": 2 })),
        (News::Diagnose(2), json!({ "diagnose": 2 })),
        (News::Over, json!("over")),
    ];
    for (news, expected) in pairs {
        let read: Value = serde_json::from_str(&news.to_json()).unwrap_or_default();
        assert_eq!(with_floats(read), with_floats(expected), "{news:?}");
    }
}

/// JSON does not tell 4 from 4.0.
fn with_floats(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(list) => list.into_iter().map(with_floats).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, with_floats(value))).collect(),
        other => other,
    }
}

#[test]
fn a_view_comes_out_of_its_text_as_it_went_in() {
    for state in ["connecting", "configuring", "streaming", "reconnecting", "ending", "ended", "failed"] {
        let text = format!("\"{state}\"");
        let state = Json::read(&text).and_then(State::read);
        assert_eq!(state.map(|state| state.to_json()), Some(text));
        let stats =
            Stats { captured_seconds: 601.123_456_789, bytes_sent: 1 << 50, buffered_bytes: 9, ..Stats::default() };
        let view = state.map(|state| View { state, stats, position: 0.000_062_5, pushed: 86_399.999_999_999 });
        assert_eq!(view.and_then(|view| View::read(&view.to_json())), view);
    }
    assert_eq!(View::read(r#"{"state":"asleep","stats":{},"position":0,"pushed":0}"#), None);
}

#[test]
fn no_order_prints_a_credential_or_what_the_service_answered() {
    let printed = format!("{:?}", every_order());
    for secret in ["eyJ0", "eyJ1", "wss", "penicillin"] {
        assert!(!printed.contains(secret), "{secret} is in {printed}");
    }
}

#[test]
fn an_order_of_another_version_is_an_error() {
    for text in [r#"{"brandNew":1}"#, r#"{"frames":-1}"#, r#"{"attach":[1]}"#, "\"detach\"", "", "null"] {
        assert_eq!(Order::read(text), None, "{text}");
    }
}

#[test]
fn what_a_lost_engine_held_is_dropped_and_the_figures_still_add_up() {
    let stats = Stats {
        captured_seconds: 30.0,
        acknowledged_seconds: 20.0,
        in_flight_seconds: 6.0,
        buffered_seconds: 3.0,
        dropped_seconds: 1.0,
        ..Stats::default()
    };
    let mut view = View { state: State::Streaming, stats, position: 30.0, pushed: 0.0 };
    assert_eq!(view.lose(State::Failed), (21.0, 30.0));
    let Stats { captured_seconds, acknowledged_seconds, dropped_seconds, .. } = view.stats;
    assert_eq!((view.state, captured_seconds, acknowledged_seconds + dropped_seconds), (State::Failed, 30.0, 30.0));
}
