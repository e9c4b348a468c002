//! One behaviour a test.

use ossicle::time::Duration;

use ossicle::session::{Event, Input, State, WarningCode};
use ossicle::{Code, Error};
use serde_json::json;

use crate::world::{END, Fault, SLOT, World, ms, options, s};

pub(crate) fn streaming() -> World {
    let mut world = World::new(options());
    world.run_until_it("streaming", s(5), |world| world.session.state() == State::Streaming);
    world
}

pub(crate) fn ended(mut world: World) -> World {
    world.end();
    world.run_until_it("the end", s(60), |world| world.answer(END).is_some());
    assert_eq!(world.answer(END), Some(&Ok(())));
    world
}

/// All that was captured was heard, and its transcript came once.
pub(crate) fn nothing_is_missing(world: &World) {
    assert!(world.heard().into_iter().eq(0..world.captured()), "audio is missing");
    world.no_word_is_lost(|_| false);
    world.every_word_is_in_its_place();
}

#[test]
fn a_quiet_visit_goes_through_all_states_and_loses_nothing() {
    let mut world = streaming();
    assert_eq!(world.connected, Some(Ok(())));
    world.run_for(s(20));
    let world = ended(world);
    assert_eq!(world.states(), [State::Configuring, State::Streaming, State::Ending, State::Ended]);
    assert_eq!(world.orders(), [["config", "audio", "flush", "end"]]);
    nothing_is_missing(&world);
    assert!(matches!(world.events.last(), Some(Event::Ended { usage: Some(usage) }) if *usage == 0.5));
    assert_eq!(world.session.ledger().acknowledged, world.session.ledger().captured);
}

#[test]
fn audio_that_was_captured_before_the_configuration_was_accepted_is_sent() {
    let mut world = World::new(options());
    world.faults.push_back((Duration::ZERO, Fault::Refuse(s(4))));
    world.run_until_it("streaming", s(15), |world| world.session.state() == State::Streaming);
    assert!(world.captured() > 400);
    nothing_is_missing(&ended(world));
}

#[test]
fn after_a_drop_only_what_was_not_acknowledged_is_sent_again() {
    let mut world = streaming();
    world.run_for(s(15));
    world.flush(1);
    world.faults.push_back((s(20), Fault::Drop(1006)));
    world.run_for(s(40));
    let world = ended(world);
    nothing_is_missing(&world);
    let orders = [["config", "audio", "flush", "audio"].as_slice(), &["config", "audio", "flush", "end"]];
    assert_eq!(world.orders(), orders);
    let replayed = world.session.ledger().replayed;
    assert!(replayed > s(4) && replayed < s(7), "{replayed:?}");
    assert_eq!(world.session.reconnects(), 1);
}

#[test]
fn held_audio_is_sent_no_faster_than_the_catch_up_rate() {
    let mut world = streaming();
    world.faults.push_back((s(10), Fault::Drop(1006)));
    world.faults.push_back((s(10), Fault::Refuse(s(30))));
    world.run_until_it("a new connection", s(60), |world| {
        world.session.state() == State::Streaming && world.session.reconnects() > 0 && world.now > s(40)
    });
    let held = world.session.ledger().buffered;
    assert!(held > s(25));
    world.run_for(s(10));
    let sent = held + s(10) - world.session.ledger().buffered;
    assert!(sent > s(14) && sent < s(17), "{sent:?} of audio went in 10 s");
    world.run_for(s(100));
    assert!(world.session.ledger().buffered < s(1));
    nothing_is_missing(&ended(world));
}

#[test]
fn a_socket_that_takes_nothing_is_replaced() {
    let mut world = streaming();
    world.faults.push_back((s(10), Fault::Stall(s(600))));
    world.run_until_it("a new attempt", s(30), |world| world.session.state() == State::Reconnecting);
    world.faults.push_back((world.now, Fault::Stall(Duration::ZERO)));
    world.run_for(s(30));
    nothing_is_missing(&ended(world));
}

#[test]
fn a_flush_is_answered_after_all_audio_before_it() {
    let mut world = streaming();
    world.run_for(ms(10_110));
    world.flush(1);
    let before = world.captured();
    world.run_until_it("the answer", s(5), |world| world.answer(1).is_some());
    world.no_word_is_lost(|slot| slot >= before);
    assert_eq!(world.session.state(), State::Streaming);
    nothing_is_missing(&ended(world));
}

#[test]
fn a_flush_that_was_under_way_when_the_socket_dropped_is_asked_again() {
    let mut world = streaming();
    world.run_for(s(5));
    world.flush(1);
    world.faults.push_back((world.now, Fault::Drop(1011)));
    world.run_until_it("the answer", s(20), |world| world.answer(1).is_some());
    assert_eq!(world.answer(1), Some(&Ok(())));
}

#[test]
fn an_end_during_an_outage_reconnects_and_sends_what_is_held() {
    let mut world = streaming();
    world.run_for(s(10));
    world.faults.push_back((world.now, Fault::Refuse(s(8))));
    world.faults.push_back((world.now, Fault::Drop(1006)));
    world.run_for(s(2));
    assert_eq!(world.session.state(), State::Reconnecting);
    let world = ended(world);
    nothing_is_missing(&world);
    assert_eq!(world.states().into_iter().rev().take(2).collect::<Vec<_>>(), [State::Ended, State::Ending]);
}

#[test]
fn an_end_that_cannot_be_reached_is_rejected_with_the_seconds_that_are_unsent() {
    let mut world = streaming();
    world.run_for(s(10));
    world.faults.push_back((world.now, Fault::Refuse(s(3_600))));
    world.faults.push_back((world.now, Fault::Drop(1006)));
    world.run_for(s(2));
    world.end();
    world.run_until_it("the answer", s(60), |world| world.answer(END).is_some());
    let error = world.answer(END).unwrap().clone().unwrap_err();
    let unsent = world.session.ledger().buffered.as_secs_f64();
    assert_eq!(error.code, Code::Timeout);
    assert!(error.message.contains(&format!("{unsent:.1} s of audio are unsent")), "{}", error.message);
    assert_eq!(world.session.state(), State::Failed);
}

#[test]
fn a_refused_configuration_is_final() {
    for status in ["CONFIG_DENIED", "CONFIG_REJECTED", "CONFIG_MISSING", "CONFIG_NOT_PROVIDED", "CONFIG_TIMEOUT"] {
        let mut world = World::new(options());
        world.verdict = json!({ "type": status, "reason": "language unavailable" });
        world.run_for(s(60));
        let error = world.connected.clone().unwrap().unwrap_err();
        assert_eq!(error.code, Code::ConfigRejected);
        assert!(error.message.contains(status) && error.message.contains("language unavailable"));
        assert_eq!((world.session.state(), world.session.reconnects()), (State::Failed, 0));
    }
}

#[test]
fn a_service_that_is_not_there_is_a_failure_within_the_time_limit() {
    let mut world = World::new(options());
    world.faults.push_back((Duration::ZERO, Fault::Refuse(s(3_600))));
    world.diagnosis = Err(Error::new(Code::Network, "the request did not get through"));
    world.run_for(ms(15_100));
    assert_eq!(world.connected.clone().unwrap().unwrap_err().code, Code::Network);
    assert_eq!(world.session.state(), State::Failed);
}

#[test]
fn a_service_that_never_answers_the_configuration_is_a_failure_within_the_time_limit() {
    let mut world = World::new(options());
    world.faults.push_back((Duration::ZERO, Fault::Silent(s(3_600))));
    world.run_for(ms(15_100));
    assert_eq!(world.connected.clone().unwrap().unwrap_err().code, Code::Timeout);
}

#[test]
fn an_unknown_interaction_is_told_at_once_and_a_refused_token_after_a_fresh_one() {
    for (code, sockets) in [(Code::NotFound, 0), (Code::Unauthorized, 1)] {
        let mut world = World::new(options());
        world.faults.push_back((Duration::ZERO, Fault::Refuse(s(3_600))));
        world.diagnosis = Err(Error::new(code, "no"));
        world.run_for(s(2));
        assert_eq!(world.connected.clone().unwrap().unwrap_err().code, code);
        assert_eq!(world.session.reconnects(), sockets);
    }
}

#[test]
fn attempts_are_counted_and_end() {
    let mut options = options();
    (options.reconnect_attempts, options.reconnect_for) = (3, Duration::ZERO);
    let mut world = World::new(options);
    world.run_for(s(5));
    world.faults.push_back((world.now, Fault::Refuse(s(3_600))));
    world.faults.push_back((world.now, Fault::Drop(1006)));
    world.run_for(s(60));
    assert_eq!((world.session.state(), world.session.reconnects()), (State::Failed, 3));
    assert_eq!(world.errors(), [Code::ConnectionLost]);
}

#[test]
fn beyond_the_buffer_the_oldest_audio_is_dropped_and_named() {
    let mut options = options();
    options.buffer = s(10);
    let mut world = World::new(options);
    world.run_for(s(5));
    world.faults.push_back((world.now, Fault::Refuse(s(20))));
    world.faults.push_back((world.now, Fault::Drop(1006)));
    world.run_for(s(90));
    world.end();
    world.run_until_it("the end", s(60), |world| world.answer(END).is_some());
    let mut named = 0.0;
    let mut dropped = std::collections::BTreeSet::new();
    for event in &world.events {
        if let Event::AudioDropped { start, end, .. } = event {
            named += end - start;
            dropped.extend((start * 100.0).round() as u32..(end * 100.0).round() as u32);
        }
    }
    assert!((named - world.session.ledger().dropped.as_secs_f64()).abs() < 1e-6);
    assert!(named > 5.0);
    let heard = world.heard();
    assert!((0..world.captured()).all(|slot| heard.contains(&slot) || dropped.contains(&slot)));
}

#[test]
fn the_app_is_warned_before_the_buffer_is_full_and_once() {
    let mut options = options();
    options.buffer = s(20);
    let mut world = World::new(options);
    world.run_for(s(5));
    world.faults.push_back((world.now, Fault::Refuse(s(30))));
    world.faults.push_back((world.now, Fault::Drop(1006)));
    world.run_for(s(60));
    let at = |wanted: fn(&Event) -> bool| world.events.iter().position(wanted);
    let warned = at(|event| matches!(event, Event::Warning(warning) if warning.code == WarningCode::BufferHigh));
    let dropped = at(|event| matches!(event, Event::AudioDropped { .. }));
    assert!(warned.is_some() && warned < dropped, "{warned:?} {dropped:?}");
    let warnings = world.events.iter().filter(|event| matches!(event, Event::Warning { .. })).count();
    assert_eq!(warnings, 1);
}

#[test]
fn the_service_s_own_end_is_a_drop_unless_an_error_came_with_it() {
    let mut world = streaming();
    world.faults.push_back((s(10), Fault::Ended));
    world.run_for(s(20));
    assert_eq!(world.session.reconnects(), 1);
    nothing_is_missing(&ended(world));

    let mut world = streaming();
    let error = json!({ "type": "error", "error": { "status": 403, "title": "no credits", "requestid": "r-1" } });
    world.faults.push_back((s(10), Fault::Say(error.to_string())));
    world.faults.push_back((s(10), Fault::Ended));
    world.run_for(s(20));
    assert_eq!((world.session.state(), world.session.reconnects()), (State::Failed, 0));
    assert_eq!(world.errors(), [Code::Forbidden, Code::Forbidden]);
}

#[test]
fn close_settles_everything_at_once() {
    let mut world = World::new(options());
    world.run_for(ms(40));
    world.close();
    assert_eq!(world.connected.clone().unwrap().unwrap_err().code, Code::Aborted);

    let mut world = streaming();
    world.flush(1);
    world.end();
    world.close();
    for id in [1, END] {
        assert_eq!(world.answer(id).unwrap().clone().unwrap_err().code, Code::Aborted);
    }
    world.flush(3);
    assert_eq!(world.answer(3).unwrap().clone().unwrap_err().code, Code::Conflict);
    assert_eq!(world.session.state(), State::Ended);
    assert_eq!(world.session.poll_timeout(), None);
}

#[test]
fn a_second_end_is_refused_and_does_not_disturb_the_first() {
    let mut world = streaming();
    world.run_for(s(1));
    world.end();
    world.end_as(2);
    assert_eq!(world.answer(2).unwrap().clone().unwrap_err().code, Code::Conflict);
    world.run_until_it("the end", s(5), |world| world.answer(END) == Some(&Ok(())));
}

#[test]
fn what_cannot_be_read_is_reported_without_its_text_and_changes_nothing() {
    let mut world = streaming();
    for text in ["penicillin", "[]", "{}", r#"{"type":7}"#, r#"{"type":"transcript","data":[{"id":"penicillin"}]}"#] {
        world.faults.push_back((world.now, Fault::Say(text.to_owned())));
    }
    world.faults.push_back((world.now, Fault::Say(r#"{"type":"brandNew","x":1}"#.to_owned())));
    world.run_for(s(1));
    assert_eq!(world.errors(), [Code::Protocol; 5]);
    assert!(!format!("{:?}", world.events).contains("penicillin"));
    assert_eq!(world.session.state(), State::Streaming);
}

#[test]
fn news_of_an_old_socket_are_ignored() {
    let mut world = streaming();
    world.faults.push_back((s(2), Fault::Drop(1006)));
    world.run_for(s(10));
    assert_eq!(world.session.reconnects(), 1);
    world.session.handle(Input::SocketClosed(1, 1000), world.now);
    world.session.handle(Input::Text(1, r#"{"type":"ENDED"}"#), world.now);
    assert_eq!(world.session.state(), State::Streaming);
}

#[test]
fn a_token_provider_that_fails_for_a_while_only_delays() {
    let mut world = streaming();
    world.faults.push_back((s(5), Fault::NoToken(s(5))));
    world.faults.push_back((s(5), Fault::Drop(1001)));
    world.run_for(s(30));
    nothing_is_missing(&ended(world));
}

#[test]
fn it_does_not_give_up_while_there_is_room_for_the_audio() {
    let mut options = options();
    (options.reconnect_attempts, options.reconnect_for, options.buffer) = (3, s(3_600), s(3_600));
    let mut world = World::new(options);
    world.run_for(s(5));
    world.faults.push_back((world.now, Fault::Refuse(s(3_500))));
    world.faults.push_back((world.now, Fault::Drop(1012)));
    world.run_for(s(3_520));
    assert_eq!(world.session.state(), State::Streaming);
    world.end();
    world.run_until_it("the end", s(4_000), |world| world.answer(END).is_some());
    nothing_is_missing(&world);
    assert_eq!(world.session.ledger().dropped, Duration::ZERO);
}

#[test]
fn a_visit_that_nobody_waits_for_can_start_offline() {
    let mut options = options();
    options.is_awaited = false;
    let mut world = World::new(options);
    world.faults.push_back((Duration::ZERO, Fault::Refuse(s(60))));
    world.run_for(s(59));
    assert_eq!((world.session.state(), &world.connected), (State::Connecting, &None));
    world.run_until_it("streaming", s(20), |world| world.session.state() == State::Streaming);
    assert_eq!(world.connected, Some(Ok(())));
    nothing_is_missing(&ended(world));
}

#[test]
fn what_is_forbidden_is_not_tried_again_even_in_the_middle_of_a_visit() {
    for code in [Code::Forbidden, Code::NotFound] {
        let mut world = streaming();
        world.run_for(s(5));
        world.diagnosis = Err(Error::new(code, "no"));
        world.faults.push_back((world.now, Fault::Refuse(s(60))));
        world.faults.push_back((world.now, Fault::Drop(1006)));
        world.run_for(s(10));
        assert_eq!((world.session.state(), world.session.reconnects()), (State::Failed, 1));
        assert_eq!(world.errors(), [code]);
    }
}

#[test]
fn after_a_failure_the_audio_that_was_not_acknowledged_is_there_as_a_file() {
    let mut world = streaming();
    world.run_for(s(5));
    world.diagnosis = Err(Error::new(Code::Forbidden, "no"));
    world.faults.push_back((world.now, Fault::Refuse(s(60))));
    world.faults.push_back((world.now, Fault::Drop(1006)));
    world.run_for(s(10));
    assert_eq!(world.session.state(), State::Failed);
    let ledger = world.session.ledger();
    let file = world.session.unsent_audio();
    let slots: Vec<u32> = file.chunks_exact(4).map(|slot| u32::from_le_bytes(slot.try_into().unwrap())).collect();
    let first = (ledger.acknowledged.as_millis() / SLOT.as_millis()) as u32;
    let last = (ledger.captured.as_millis() / SLOT.as_millis()) as u32;
    assert!(slots.iter().copied().eq(first..last), "{first}..{last}, not {:?}..{:?}", slots.first(), slots.last());
}

#[test]
fn what_waits_to_fill_a_chunk_goes_out_when_the_app_pauses() {
    let mut world = streaming();
    world.run_for(ms(1_110));
    world.capture_until = world.now;
    world.run_for(s(1));
    assert!(!world.session.ledger().buffered.is_zero());
    world.pause(true);
    world.run_for(s(1));
    assert_eq!(world.session.ledger().buffered, Duration::ZERO);
    world.pause(false);
    world.capture_on();
    world.run_for(s(2));
    nothing_is_missing(&ended(world));
}

#[test]
fn after_a_sleep_what_was_sent_before_it_is_not_taken_to_have_been_heard() {
    let mut world = streaming();
    world.run_for(s(10));
    // The last of it is lost with the network, and then the machine sleeps: nobody hears of the socket's end.
    world.faults.push_back((world.now, Fault::Lose));
    world.run_for(s(2));
    world.sleep(s(600));
    world.faults.push_back((world.now + s(1), Fault::Drop(1006)));
    world.run_for(s(30));
    nothing_is_missing(&ended(world));
}

#[test]
fn a_socket_that_swallows_everything_is_found_out_and_replaced() {
    let mut world = streaming();
    world.run_for(s(10));
    world.faults.push_back((world.now, Fault::Lose));
    world.run_for(s(60));
    assert_eq!((world.session.state(), world.session.reconnects()), (State::Streaming, 1));
    nothing_is_missing(&ended(world));
}

#[test]
fn an_end_that_nobody_answers_is_asked_for_again_on_another_socket() {
    let mut world = streaming();
    world.run_for(s(10));
    world.faults.push_back((world.now, Fault::Lose));
    world.run_for(s(2));
    world.end();
    world.run_until_it("the end", s(60), |world| world.answer(END).is_some());
    assert_eq!(world.answer(END), Some(&Ok(())));
    assert_eq!(world.session.reconnects(), 1);
    nothing_is_missing(&world);
}

#[test]
fn an_end_that_is_never_answered_is_given_up_and_says_how_much_may_be_missing() {
    let mut world = streaming();
    world.run_for(s(10));
    world.is_mute = true;
    world.end();
    world.run_until_it("the end", s(300), |world| world.answer(END).is_some());
    let error = world.answer(END).unwrap().clone().unwrap_err();
    assert_eq!(error.code, Code::Timeout);
    assert!(error.message.contains("of audio are unsent, or not known to have arrived"), "{}", error.message);
    assert_eq!(world.session.state(), State::Failed);
}

#[test]
fn in_a_silence_the_service_is_asked_now_and_then_and_what_it_has_heard_is_let_go() {
    let mut world = streaming();
    world.is_deaf = true;
    world.run_for(s(300));
    let ledger = world.session.ledger();
    assert!(ledger.captured - ledger.acknowledged < s(61), "{ledger:?}");
    assert_eq!(world.session.reconnects(), 0);
    let asked = world.orders()[0].iter().filter(|kind| **kind == "flush").count();
    assert!((5..=12).contains(&asked), "{asked} times");
    assert!(!world.events.contains(&Event::Flushed), "the app asked for nothing");
}
