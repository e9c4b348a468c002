//! A host without a browser: what it is to do, act by act.

#![allow(clippy::panic, clippy::expect_used)]

use std::rc::Rc;

use serde_json::{Value, json};

use super::*;
use crate::engine::Command;
use crate::engine::codec::Answer;
use crate::error::Code;
use crate::redact::Secret;
use crate::session::State;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Answers as it is told to, with the number of the frame.
struct Scripted {
    answers: VecDeque<Answer>,
    frame: u8,
    flushes: Rc<std::cell::Cell<usize>>,
}

impl Outside for Scripted {
    fn encode(&mut self, _: &[f32], packet: &mut Vec<u8>) -> Answer {
        assert!(packet.is_empty(), "nothing of the packet before is left");
        self.frame += 1;
        packet.push(self.frame);
        self.answers.pop_front().unwrap_or(Answer::Later)
    }

    fn flush(&mut self) {
        self.flushes.set(self.flushes.get() + 1);
    }
}

struct World {
    hosted: Hosted,
    flushes: Rc<std::cell::Cell<usize>>,
}

fn world(options: Value, codec: Codec, answers: &[Answer]) -> World {
    let mut settings = json!({
        "id": "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10",
        "configuration": {
            "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
            "mode": { "type": "transcription" },
        },
        "catchUpRate": 100,
    });
    for (key, value) in options.as_object().expect("options") {
        settings[key] = value.clone();
    }
    let settings = Settings::read(&settings.to_string(), 0).expect("settings");
    let flushes = Rc::default();
    let outside = Scripted { answers: answers.iter().copied().collect(), frame: 0, flushes: Rc::clone(&flushes) };
    let hosted = Hosted::new(&settings, codec, b"fLaC".to_vec(), Box::new(outside), ms(0)).expect("an engine");
    World { hosted, flushes }
}

fn pcm() -> Hosted {
    world(json!({}), Codec::Pcm, &[]).hosted
}

fn acts(hosted: &mut Hosted) -> Vec<Act> {
    std::iter::from_fn(|| hosted.poll()).collect()
}

fn news(hosted: &mut Hosted) -> Vec<News> {
    let told = |act| match act {
        Act::Tell(news) => Some(news),
        _ => None,
    };
    acts(hosted).into_iter().filter_map(told).collect()
}

fn order(hosted: &mut Hosted, order: Order, at: u64) -> Option<CaptureId> {
    hosted.take(order, &[], &[], ms(at))
}

fn address() -> Address {
    Address { url: Secret("wss://x/?token=eyJ0".to_owned()), protocols: Vec::new() }
}

/// Streaming, with nothing left to do.
fn connected(hosted: &mut Hosted) {
    acts(hosted);
    order(hosted, Order::Address(1, Ok(address())), 0);
    hosted.opened(ms(0));
    hosted.message(r#"{"type":"CONFIG_ACCEPTED"}"#, ms(0));
    assert_eq!(hosted.view().state, State::Streaming);
    acts(hosted);
}

fn frames(samples: &[f32], age: Duration) -> Frames<'_> {
    Frames { samples, stride: samples.len(), count: samples.len(), rate: None, age }
}

#[test]
fn a_socket_is_opened_where_the_page_says_after_the_one_before_is_hung_up() {
    let mut hosted = pcm();
    assert_eq!(acts(&mut hosted), [Act::HangUp, Act::Tell(News::Address(1))]);
    order(&mut hosted, Order::Address(1, Ok(address())), 0);
    assert_eq!(acts(&mut hosted), [Act::Open(address())]);
}

#[test]
fn an_address_that_comes_too_late_opens_nothing() {
    let mut hosted = pcm();
    acts(&mut hosted);
    order(&mut hosted, Order::Address(7, Ok(address())), 0);
    assert_eq!(acts(&mut hosted), []);
    order(&mut hosted, Order::Command(Command::Close), 0);
    order(&mut hosted, Order::Address(1, Ok(address())), 0);
    assert!(!acts(&mut hosted).iter().any(|act| matches!(act, Act::Open(_))));
}

#[test]
fn a_socket_that_the_browser_refuses_fails_the_stream_and_nothing_of_the_address_is_told() {
    let mut hosted = pcm();
    acts(&mut hosted);
    order(&mut hosted, Order::Address(1, Ok(address())), 0);
    acts(&mut hosted);
    hosted.refused("SyntaxError", ms(0));
    let acts = acts(&mut hosted);
    let error = acts.iter().find_map(|act| match act {
        Act::Tell(News::Connected(Err(error))) => Some(error),
        _ => None,
    });
    let error = error.expect("the first connection will never stand");
    assert_eq!(error.code, Code::InvalidRequest);
    assert!(error.message.contains("SyntaxError"));
    assert!(!format!("{acts:?}").contains("eyJ0"));
    assert_eq!(acts.last(), Some(&Act::Over));
}

#[test]
fn why_there_is_no_address_reaches_whoever_waits() {
    let mut hosted = pcm();
    acts(&mut hosted);
    order(&mut hosted, Order::Address(1, Err(Error::new(Code::Unauthorized, "no token"))), 0);
    let is_told = |news: &News| matches!(news, News::Connected(Err(error)) if error.code == Code::Unauthorized);
    assert!(news(&mut hosted).iter().any(is_told));
}

#[test]
fn levels_are_told_to_whoever_wants_them_and_to_nobody_else() {
    let mut hosted = pcm();
    connected(&mut hosted);
    let levels = |hosted: &mut Hosted, at| {
        hosted.take(Order::Frames(16_000), &[], &[&[0.1; 16_000]], ms(at));
        news(hosted).iter().filter(|news| matches!(news, News::Event(Event::Level { .. }))).count()
    };
    assert_eq!(levels(&mut hosted, 1_000), 0);
    order(&mut hosted, Order::Want { levels: true, messages: false }, 1_000);
    assert_eq!(levels(&mut hosted, 2_000), 10);
    order(&mut hosted, Order::Want { levels: false, messages: false }, 2_000);
    assert_eq!(levels(&mut hosted, 3_000), 0);
}

#[test]
fn a_message_is_told_as_it_came_before_what_is_made_of_it_if_anybody_wants_it() {
    let mut hosted = pcm();
    connected(&mut hosted);
    let text = r#"{"type":"usage","credits":0.1}"#;
    hosted.message(text, ms(1));
    assert!(matches!(news(&mut hosted)[..], [News::Event(Event::Usage { .. })]));
    order(&mut hosted, Order::Want { levels: false, messages: true }, 1);
    hosted.message(text, ms(2));
    let told = news(&mut hosted);
    assert_eq!(told[0], News::Message(text.to_owned()));
    assert!(matches!(told[1..], [News::Event(Event::Usage { .. })]));
}

#[test]
fn what_the_engine_refuses_is_told_and_no_port_is_listened_to() {
    let mut hosted = pcm();
    connected(&mut hosted);
    assert_eq!(order(&mut hosted, Order::Attach(3, None, 48_000), 1), Some(3));
    assert_eq!(order(&mut hosted, Order::Attach(4, Some(7), 48_000), 1), None);
    hosted.take(Order::Frames(1), &[], &[&[0.1]], ms(1));
    hosted.take(Order::Bytes, &[1], &[], ms(1));
    let told = news(&mut hosted);
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|news| matches!(news, News::Error(_))));
}

#[test]
fn a_source_goes_on_at_the_rate_of_its_new_device_unless_its_frames_say_another() {
    let mut hosted = pcm();
    connected(&mut hosted);
    assert_eq!(order(&mut hosted, Order::Attach(3, None, 16_000), 0), Some(3));
    let captured = |hosted: &Hosted| hosted.view().position;
    hosted.captured(3, frames(&[0.1; 1_600], ms(0)), ms(100));
    assert!((captured(&hosted) - 0.1).abs() < 0.02, "{}", captured(&hosted));
    assert_eq!(order(&mut hosted, Order::Move(3, 32_000), 100), Some(3));
    hosted.captured(3, frames(&[0.1; 3_200], ms(0)), ms(200));
    assert!((captured(&hosted) - 0.2).abs() < 0.02, "{}", captured(&hosted));
    hosted.captured(3, Frames { rate: Some(8_000), ..frames(&[0.1; 800], ms(0)) }, ms(300));
    assert!((captured(&hosted) - 0.3).abs() < 0.02, "{}", captured(&hosted));
    assert_eq!(order(&mut hosted, Order::Move(9, 8_000), 300), None, "there is no such source");
}

/// Has a source hand out what is wanted when it is, in whole milliseconds of 48 kHz: how many milliseconds each batch had, and how many
/// messages to the service came of it.
fn batches(hosted: &mut Hosted, count: usize) -> Vec<(usize, usize)> {
    let (mut now, mut wanted) = (0, 10);
    let batch = |_| {
        now += wanted as u64;
        hosted.tick(0, ms(now));
        let taken = wanted;
        let wait = hosted.captured(3, frames(&vec![0.1; 48 * wanted], ms(0)), ms(now));
        wanted = (wait.as_micros().div_ceil(1_000) as usize).max(1);
        (taken, acts(hosted).iter().filter(|act| matches!(act, Act::Bytes(_))).count())
    };
    (0..count).map(batch).collect()
}

fn attached(codec: Codec, audio: Value) -> Hosted {
    let mut hosted = world(json!({ "audio": audio }), codec, &[Answer::Packet; 500]).hosted;
    connected(&mut hosted);
    order(&mut hosted, Order::Attach(3, None, 48_000), 0);
    hosted
}

#[test]
fn frames_are_wanted_when_they_complete_a_message() {
    for (codec, chunk, length) in
        [(Codec::Pcm, 250, 250), (Codec::OpusWasm, 250, 240), (Codec::OpusWasm, 200, 200), (Codec::Flac, 200, 160)]
    {
        let batches = batches(&mut attached(codec, json!({ "chunkMs": chunk })), 20);
        // The first packet is shorter by the encoder's delay, and the filters of the first block are still empty.
        let steady = &batches[4..];
        assert!(steady.iter().all(|batch| *batch == (length, 1)), "{codec:?}, {chunk} ms: {batches:?}");
    }
}

#[test]
fn frames_are_wanted_seldom_while_nothing_comes_of_them() {
    let mut hosted = attached(Codec::Pcm, json!({}));
    // Ten milliseconds more would fill a message.
    let full = |hosted: &mut Hosted, at| hosted.captured(3, frames(&[0.1; 48 * 240], ms(0)), ms(at));
    assert!(full(&mut hosted, 240) < ms(20));
    order(&mut hosted, Order::Command(Command::Pause), 240);
    assert_eq!(full(&mut hosted, 480), ms(250));
    order(&mut hosted, Order::Command(Command::Resume), 480);
    assert!(full(&mut hosted, 720) < ms(250));
}

#[test]
fn frames_are_wanted_more_often_where_more_than_messages_comes_of_them() {
    let longest = |hosted: &mut Hosted| batches(hosted, 20).into_iter().map(|(length, _)| length).max();
    // Figures are to be current, even if messages are long.
    assert_eq!(longest(&mut attached(Codec::Pcm, json!({ "chunkMs": 1_000 }))), Some(250));
    let mut hosted = attached(Codec::Pcm, json!({}));
    order(&mut hosted, Order::Want { levels: true, messages: false }, 0);
    assert_eq!(longest(&mut hosted), Some(100));
    let mut hosted = attached(Codec::Pcm, json!({}));
    order(&mut hosted, Order::Attach(4, None, 48_000), 0);
    assert_eq!(longest(&mut hosted), Some(100));
}

#[test]
fn a_detach_is_answered_when_the_source_has_handed_out_its_last_frames() {
    let mut hosted = pcm();
    connected(&mut hosted);
    order(&mut hosted, Order::Attach(3, None, 16_000), 0);
    hosted.captured(3, frames(&[0.1; 1_600], ms(0)), ms(100));
    order(&mut hosted, Order::Detach(3, 11), 100);
    order(&mut hosted, Order::Detach(3, 12), 100);
    let drains = acts(&mut hosted).into_iter().filter(|act| *act == Act::Drain(3)).count();
    assert_eq!(drains, 2);
    hosted.captured(3, frames(&[0.1; 800], ms(0)), ms(150));
    assert!(news(&mut hosted).is_empty(), "not yet");
    hosted.drained(3, ms(160));
    let told = news(&mut hosted);
    let [News::Answered(11, Ok(summary)), News::Answered(12, Ok(_))] = told[..] else { panic!("{told:?}") };
    assert!((summary.stats.captured_seconds - 0.15).abs() < 0.02);
    hosted.drained(3, ms(170));
    hosted.captured(3, frames(&[0.1; 800], ms(0)), ms(200));
    assert!(news(&mut hosted).is_empty(), "it is no source any longer");
}

#[test]
fn frames_of_any_shape_and_age_do_no_harm() {
    let mut hosted = pcm();
    connected(&mut hosted);
    order(&mut hosted, Order::Attach(3, None, 16_000), 0);
    for (stride, count) in [(0, 0), (0, 9), (9, 0), (3, 9), (100, 100), (1, 1)] {
        let shape = Frames { stride, count, age: Duration::MAX, ..frames(&[0.1; 90], ms(0)) };
        hosted.captured(3, shape, ms(1));
    }
    hosted.captured(3, Frames { rate: Some(0), ..frames(&[0.1; 90], ms(0)) }, ms(2));
    hosted.captured(99, frames(&[0.1; 90], ms(0)), ms(2));
    acts(&mut hosted);
    assert_eq!(hosted.view().state, State::Streaming);
}

#[test]
fn the_end_is_told_once_and_last_and_what_is_asked_later_is_refused() {
    let mut hosted = pcm();
    connected(&mut hosted);
    order(&mut hosted, Order::Command(Command::Close), 1);
    let all = acts(&mut hosted);
    assert!(all.contains(&Act::HangUp));
    assert_eq!(all.iter().position(|act| *act == Act::Over), Some(all.len() - 1));
    order(&mut hosted, Order::Command(Command::Flush(5)), 2);
    let late = acts(&mut hosted);
    let [Act::Tell(News::Answered(5, Err(error)))] = &late[..] else { panic!("{late:?}") };
    assert_eq!(error.code, Code::Conflict);
    assert_eq!(hosted.timeout(), None, "nobody need come back");
}

fn sent(hosted: &mut Hosted) -> Vec<u8> {
    let bytes = |act| match act {
        Act::Bytes(bytes) => Some(bytes),
        _ => None,
    };
    acts(hosted).into_iter().filter_map(bytes).flatten().collect()
}

/// Pushes so many frames of 20 ms.
fn push(hosted: &mut Hosted, count: usize, at: u64) {
    hosted.take(Order::Frames(16_000), &[], &[&vec![0.1; 320 * count]], ms(at));
}

#[test]
fn packets_that_come_later_are_sent_in_their_order_and_the_end_waits_for_them() {
    let World { mut hosted, flushes } = world(json!({}), Codec::OpusNative, &[]);
    assert_eq!(hosted.audio_format(), "audio/ogg; codecs=opus");
    connected(&mut hosted);
    push(&mut hosted, 13, 260);
    assert!(sent(&mut hosted).is_empty());
    order(&mut hosted, Order::Command(Command::End(1)), 270);
    assert_eq!(flushes.get(), 1);
    assert!(!acts(&mut hosted).contains(&Act::Text(r#"{"type":"end"}"#.to_owned())));
    // Of 60 ms each; the last one is filled up, and has room for the delay.
    for packet in 1..=5 {
        hosted.packet(&[packet; 40], ms(280));
    }
    let all = acts(&mut hosted);
    let audio: Vec<u8> = all
        .iter()
        .filter_map(|act| match act {
            Act::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    let at = |packet: u8| audio.windows(40).position(|window| window == [packet; 40]);
    let places: Vec<usize> = (1..=5).filter_map(at).collect();
    assert!(places.len() == 5 && places.is_sorted(), "{places:?}");
    // First what is pending, then the end.
    assert!(all.contains(&Act::Text(r#"{"type":"flush"}"#.to_owned())));
    hosted.message(r#"{"type":"flushed"}"#, ms(300));
    assert!(acts(&mut hosted).contains(&Act::Text(r#"{"type":"end"}"#.to_owned())));
}

#[test]
fn a_lost_packet_stands_in_for_a_frame_that_failed_and_it_is_told_once() {
    let (packet, failed) = (Answer::Packet, Answer::Failed);
    let World { mut hosted, .. } = world(json!({}), Codec::OpusWasm, &[packet, failed, failed, packet]);
    connected(&mut hosted);
    push(&mut hosted, 4, 80);
    let told = news(&mut hosted);
    let errors: Vec<Code> = told
        .iter()
        .filter_map(|news| match news {
            News::Error(error) => Some(error.code),
            _ => None,
        })
        .collect();
    assert_eq!(errors, [Code::AudioUnsupported]);
    assert!((hosted.view().stats.captured_seconds - 0.0735).abs() < 1e-3, "the time stays true");
    order(&mut hosted, Order::Command(Command::Flush(1)), 90);
    let audio = sent(&mut hosted);
    assert!(audio.ends_with(&[1, 9 << 3, 9 << 3, 4]), "{:?}", &audio[audio.len().saturating_sub(8)..]);
}

#[test]
fn a_flac_stream_begins_with_what_its_encoder_made() {
    let audio = json!({ "audio": { "encoding": "flac" } });
    let World { mut hosted, .. } = world(audio, Codec::Flac, &[Answer::Packet; 8]);
    assert_eq!(hosted.audio_format(), "audio/flac");
    connected(&mut hosted);
    push(&mut hosted, 32, 640);
    assert!(sent(&mut hosted).starts_with(b"fLaC\x01\x02"));
}
