//! What the service is asked: flushes of the app and of the session, signs of life; and what is acknowledged by it, or by time.

use ossicle::session::{Event, Input, State};
use ossicle::time::Duration;
use serde_json::json;

use crate::cases::{ended, nothing_is_missing, streaming};
use crate::merged::Line;
use crate::speech::Speech;
use crate::world::{END, Fault, World, ms, options, s};

fn flushes(world: &World) -> usize {
    world.links().map(|link| link.log.iter().filter(|kind| **kind == "flush").count()).sum()
}

/// Unbroken speech, so that nothing but time acknowledges.
fn unbroken() -> World {
    streaming()
}

#[test]
fn words_acknowledge_nothing_and_time_only_what_is_older_than_any_word_that_may_still_come() {
    let mut world = unbroken();
    world.run_for(s(55));
    assert!(world.events.iter().any(|event| matches!(event, Event::Transcript { .. })));
    assert_eq!(world.session.ledger().acknowledged, Duration::ZERO);
    world.run_for(s(245));
    let ledger = world.session.ledger();
    assert!(ledger.in_flight > s(59) && ledger.in_flight < s(95), "{ledger:?}");
    // What is acknowledged was said: nothing of it is missing if the socket is lost now.
    let acknowledged = (ledger.acknowledged.as_millis() / 10) as u32;
    world.no_word_is_lost(|slot| slot >= acknowledged);
    assert_eq!((flushes(&world), world.session.reconnects()), (0, 0));
}

#[test]
fn where_the_conversation_pauses_what_is_pending_is_asked_for_and_no_more_often_than_every_ten_seconds() {
    let mut world = World::new(options());
    (world.speech, world.hears_lulls) = (Speech::new(1, 2, 2, 3), true);
    world.run_for(s(300));
    let asked = flushes(&world);
    assert!((10..=30).contains(&asked), "{asked} times");
    assert!(world.session.ledger().in_flight < s(60), "{:?}", world.session.ledger());
    assert!(!world.events.contains(&Event::Flushed), "the app asked for nothing");
    let untranscribed = world.session.untranscribed();
    assert!(untranscribed < s(40), "{untranscribed:?}");
    nothing_is_missing(&ended(world));
    let mut options = options();
    options.flush_at_pauses = false;
    let mut world = World::new(options);
    (world.speech, world.hears_lulls) = (Speech::new(1, 2, 2, 3), true);
    world.run_for(s(120));
    assert_eq!(flushes(&world), 0);
}

#[test]
fn a_pause_of_the_app_asks_for_what_is_pending() {
    let mut world = streaming();
    world.run_for(s(8));
    world.pause(true);
    world.capture_until = world.now;
    world.run_for(s(3));
    assert_eq!((flushes(&world), world.session.ledger().in_flight), (1, Duration::ZERO));
    assert_eq!(world.session.untranscribed(), Duration::ZERO);
    world.no_word_is_lost(|_| false);
}

#[test]
fn untranscribed_is_what_lies_behind_the_latest_words() {
    let mut world = streaming();
    world.run_for(s(20));
    assert!(world.session.untranscribed() > s(19));
    world.run_for(s(10));
    let words = world.screen.segments().iter().map(|segment| segment.end).fold(0.0, f64::max);
    let captured = world.session.ledger().captured.as_secs_f64();
    assert!((world.session.untranscribed().as_secs_f64() - (captured - words)).abs() < 0.01);
    world.flush(1);
    world.run_for(s(1));
    assert!(world.session.untranscribed() < ms(1_100));
}

#[test]
fn a_dead_connection_is_left_within_forty_seconds_while_somebody_speaks() {
    for at in [1, 9, 20, 22, 24, 35, 50, 77] {
        let mut world = streaming();
        world.run_for(s(at));
        world.faults.push_back((world.now, Fault::Lose));
        let since = world.now;
        world.run_until_it("a new attempt", s(40), |world| world.session.state() == State::Reconnecting);
        assert!(world.now - since <= s(40));
        world.run_for(s(300));
        nothing_is_missing(&ended(world));
    }
}

#[test]
fn a_service_that_is_only_slow_is_not_left() {
    let mut world = streaming();
    (world.answers_after, world.is_deaf) = (s(12), true);
    world.run_for(s(300));
    assert_eq!((world.session.state(), world.session.reconnects()), (State::Streaming, 0));
    assert!(world.session.ledger().acknowledged > s(250));
}

#[test]
fn a_question_that_waits_behind_a_backlog_does_not_cost_a_healthy_socket() {
    // An outage, then a flush of the app that waits until all that is held has gone; the service hears nothing to say.
    let mut options = options();
    (options.catch_up_rate, options.answer_time_limit) = (1.1, s(2_000));
    let mut world = World::new(options);
    world.run_for(s(5));
    world.is_deaf = true;
    world.faults.push_back((world.now, Fault::Refuse(s(90))));
    world.faults.push_back((world.now, Fault::Drop(1006)));
    world.run_until_it("a new connection", s(120), |world| world.session.state() == State::Streaming);
    world.run_until_it("a new connection", s(120), |world| {
        world.session.state() == State::Streaming && world.now > s(90)
    });
    let before = world.session.reconnects();
    world.flush(1);
    world.run_for(s(300));
    assert_eq!((world.session.reconnects(), world.session.ledger().dropped), (before, Duration::ZERO));
    world.run_until_it("the answer", s(900), |world| world.answer(1).is_some());
    assert_eq!((world.answer(1), world.session.reconnects()), (Some(&Ok(())), before));
}

#[test]
fn a_late_answer_is_not_taken_for_that_of_the_next_flush() {
    let mut line = Line::new(options());
    line.talk(20);
    line.input(Input::Flush(1));
    // The service is busy, and there.
    for _ in 0..4 {
        line.talk(10);
        line.says(&json!({ "type": "facts", "fact": [] }));
    }
    assert_eq!(line.answers, [(1, false)], "its time is over");
    line.input(Input::Flush(2));
    line.says(&json!({ "type": "flushed" }));
    assert_eq!(line.answers, [(1, false)], "that was the answer to the first");
    assert_eq!(line.session.ledger().acknowledged, s(20));
    line.talk(1);
    line.says(&json!({ "type": "flushed" }));
    assert_eq!((line.answers.last(), line.session.ledger().acknowledged), (Some(&(2, true)), s(60)));
}

#[test]
fn the_session_s_own_flushes_and_the_app_s_are_answered_in_their_order() {
    let mut line = Line::new(options());
    line.talk(20);
    line.input(Input::Lull);
    line.talk(5);
    line.input(Input::Flush(1));
    assert_eq!(line.texts.iter().filter(|text| text.contains("flush")).count(), 2);
    line.says(&json!({ "type": "flushed" }));
    assert!(line.answers.is_empty() && !line.events.contains(&Event::Flushed));
    assert_eq!(line.session.ledger().acknowledged, s(20));
    line.says(&json!({ "type": "flushed" }));
    assert_eq!((line.answers.as_slice(), line.session.ledger().acknowledged), ([(1, true)].as_slice(), s(25)));
    assert!(line.events.contains(&Event::Flushed));
}

#[test]
fn the_end_waits_for_the_answer_of_a_flush_but_not_for_ever() {
    let mut world = streaming();
    world.run_for(s(10));
    world.answers_after = s(2);
    let world = ended(world);
    assert_eq!(world.orders(), [["config", "audio", "flush", "end"]]);
    nothing_is_missing(&world);
    let mut world = streaming();
    world.run_for(s(10));
    world.answers_no_flush = true;
    let since = world.now;
    let world = ended(world);
    assert!(world.now - since < s(7) && world.session.reconnects() == 0);
    nothing_is_missing(&world);
}

/// Two participants of whom the second says nothing.
fn one_is_silent(participants: serde_json::Value) -> World {
    let configuration = json!({
        "transcription": { "primaryLanguage": "en", "isMultichannel": true, "participants": participants },
        "mode": { "type": "facts", "outputLocale": "en" },
        "audioFormat": "audio/pcm; rate=16000; channels=2; bits=16",
    });
    let mut options = options();
    let configuration = configuration.to_string();
    let read = ossicle::json::Json::read(&configuration).map(ossicle::protocol::client::Configuration::read);
    options.configuration = read.unwrap().unwrap();
    let mut world = World::new(options);
    (world.is_diarized, world.speech) = (false, Speech::new(1, 1, 0, 5));
    world
}

#[test]
fn with_a_participant_who_is_silent_an_outage_shorter_than_the_buffer_drops_nothing_nor_does_a_second_loss() {
    let participant = |channel: u32| json!({ "channel": channel, "role": "multiple" });
    for participants in
        [json!([participant(0), participant(1)]), json!([participant(0), participant(0)]), json!([participant(1)])]
    {
        let mut world = one_is_silent(participants);
        world.run_for(s(100));
        world.faults.push_back((world.now, Fault::Refuse(s(80))));
        world.faults.push_back((world.now, Fault::Drop(1006)));
        world.run_for(s(120));
        world.faults.push_back((world.now, Fault::Drop(1006)));
        world.run_for(s(300));
        assert_eq!((world.session.ledger().dropped, world.session.reconnects() > 1), (Duration::ZERO, true));
        // What is acknowledged is so on every channel, whoever speaks on it.
        assert!(world.session.ledger().in_flight < s(125), "{:?}", world.session.ledger());
        nothing_is_missing(&ended(world));
    }
}

#[test]
fn in_a_quiet_room_a_small_buffer_drops_nothing_without_an_outage() {
    let mut options = options();
    options.buffer = s(5);
    let mut world = World::new(options);
    world.is_deaf = true;
    world.run_for(s(300));
    assert_eq!(world.session.ledger().dropped, Duration::ZERO);
    assert!(!world.events.iter().any(|event| matches!(event, Event::AudioDropped { .. } | Event::Warning(_))));
}

#[test]
fn a_flush_before_a_drop_spares_all_that_came_before_it_a_second_hearing() {
    let mut world = streaming();
    world.run_for(s(40));
    world.flush(1);
    world.run_for(s(2));
    world.faults.push_back((world.now, Fault::Drop(1011)));
    world.run_for(s(20));
    let replayed = world.session.ledger().replayed;
    assert!(replayed < s(3), "{replayed:?}");
    nothing_is_missing(&ended(world));
}

#[test]
fn an_end_is_answered_though_its_flush_was_lost_with_the_socket() {
    let mut world = streaming();
    world.run_for(s(10));
    world.answers_after = s(2);
    world.end();
    world.faults.push_back((world.now + s(1), Fault::Drop(1006)));
    world.run_until_it("the end", s(30), |world| world.answer(END).is_some());
    assert_eq!(world.answer(END), Some(&Ok(())));
    nothing_is_missing(&world);
}
