//! Properties of the chunks that a session makes of any packets: on every socket whole ones, in order, within their
//! length in seconds and in bytes.

use ossicle::time::Duration;

use ossicle::audio::container::Format;
use ossicle::audio::encode::OPUS_FRAME;
use ossicle::json::Json;
use ossicle::protocol::MAX_AUDIO_MESSAGE_BYTES;
use ossicle::protocol::client::Configuration;
use ossicle::session::{Event, Input, Options, Output, Session};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use crate::run::{Kept, any_number_of_times};

/// Room for a container's headers in a chunk.
const HEADERS: usize = 4_000;

/// A session whose socket is open and configured.
fn session(format: Format, chunk: Duration, buffer: Duration) -> Session {
    let configuration = json!({
        "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
        "mode": { "type": "facts", "outputLocale": "en" },
    });
    let mut options = Options::new(Configuration::read(Json::read(&configuration.to_string()).unwrap()).unwrap());
    (options.chunk, options.buffer, options.format, options.catch_up_rate) = (chunk, buffer, format, 100.0);
    let mut session = Session::new(options, Duration::ZERO);
    connect(&mut session, Duration::ZERO);
    session
}

fn connect(session: &mut Session, now: Duration) {
    let socket = session.reconnects() + 1;
    session.handle(Input::SocketOpened(socket), now);
    session.handle(Input::Text(socket, r#"{"type":"CONFIG_ACCEPTED"}"#), now);
}

/// The audio messages that wait to be sent.
fn sent(session: &mut Session) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while let Some(output) = session.poll_output() {
        if let Output::SendAudio(bytes) = output {
            messages.push(bytes);
        }
    }
    messages
}

/// What is sent while the socket takes everything for a minute.
fn drained(session: &mut Session, now: Duration) -> Vec<Vec<u8>> {
    let messages = (0..60).flat_map(|second| {
        session.handle(Input::Tick { buffered_bytes: 0 }, now + Duration::from_secs(second));
        sent(session)
    });
    messages.collect()
}

fn all_bytes(packets: &[Kept]) -> Vec<u8> {
    packets.iter().flat_map(|packet| packet.bytes.iter().copied()).collect()
}

/// Packets of any lengths, most of them without a gap between. Their bytes count through, so that any that is lost,
/// doubled or in the wrong place shows.
fn any_packets() -> impl Strategy<Value = Vec<Kept>> {
    // Up to what 80 ms of eight channels of FLAC at 48 kHz can be; the few large ones meet the bound.
    let bytes = prop_oneof![9 => 1..=1_275_usize, 1 => 10_000..62_000_usize];
    let gap = prop_oneof![9 => Just(0), 1 => 1..500_u64];
    vec((gap, 1..=150_u64, bytes), 1..60).prop_map(|lengths| {
        let (mut end, mut count) = (Duration::ZERO, 0_u32);
        let packet = |(gap, milliseconds, bytes)| {
            let (start, duration) = (end + Duration::from_millis(gap), Duration::from_millis(milliseconds));
            end = start + duration;
            let bytes = (0..bytes).map(|_| {
                count = count.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (count >> 24) as u8
            });
            Kept { start, duration, bytes: bytes.collect() }
        };
        lengths.into_iter().map(packet).collect()
    })
}

fn length(packets: &[Kept]) -> Duration {
    packets.iter().map(|packet| packet.duration).fold(Duration::ZERO, |sum, duration| sum + duration)
}

/// Which packets a message holds, from the one that is next on: whole ones, or the test fails.
fn packets_in<'a>(message: &[u8], next: &'a [Kept]) -> &'a [Kept] {
    let mut rest = message;
    let mut count = 0;
    while !rest.is_empty() {
        rest = rest.strip_prefix(next[count].bytes.as_slice()).expect("the next whole packet");
        count += 1;
    }
    &next[..count]
}

#[test]
fn a_second_of_the_largest_opus_packets_fits_its_messages_pages_and_headers_included() {
    let format = Format::OggOpus { channels: 2, sample_rate: 16_000 };
    let mut session = session(format, Duration::from_secs(1), Duration::from_secs(120));
    for n in 0..200 {
        session.handle(Input::Packet(OPUS_FRAME * n, OPUS_FRAME, &[0x4B; 1_275]), OPUS_FRAME * n);
    }
    session.handle(Input::End(1), OPUS_FRAME * 200);
    let messages = drained(&mut session, OPUS_FRAME * 200);
    assert!(messages.iter().all(|message| message.starts_with(b"OggS") && message.len() <= MAX_AUDIO_MESSAGE_BYTES));
    assert!(messages.concat().len() > 200 * 1_275);
    assert_eq!(session.ledger().sent, OPUS_FRAME * 200);
}

proptest! {
    #![proptest_config(any_number_of_times())]

    #[test]
    fn chunks_are_whole_packets_in_order_within_their_length_and_their_bytes(
        packets in any_packets(), chunk in 100..=1_000_u64,
    ) {
        let chunk = Duration::from_millis(chunk);
        let mut session = session(Format::Raw, chunk, Duration::from_secs(120));
        let (mut now, mut messages) = (Duration::ZERO, Vec::new());
        for packet in &packets {
            now += packet.duration;
            session.handle(Input::Packet(packet.start, packet.duration, &packet.bytes), now);
            session.handle(Input::Tick { buffered_bytes: 0 }, now);
            messages.extend(sent(&mut session));
        }
        session.handle(Input::End(1), now);
        messages.extend(drained(&mut session, now));

        prop_assert!(messages.concat() == all_bytes(&packets));
        prop_assert_eq!(session.ledger().sent, length(&packets));
        let mut next = packets.as_slice();
        for message in &messages {
            let held = packets_in(message, next);
            prop_assert!(length(held) <= chunk || held.len() == 1, "{:?} in a chunk of {:?}", length(held), chunk);
            prop_assert!(held.windows(2).all(|pair| pair[0].end() == pair[1].start), "a gap in a chunk");
            prop_assert!(message.len() <= MAX_AUDIO_MESSAGE_BYTES - HEADERS || held.len() == 1);
            prop_assert!(message.len() <= MAX_AUDIO_MESSAGE_BYTES);
            next = &next[held.len()..];
        }
        prop_assert!(next.is_empty());
    }

    #[test]
    fn a_new_socket_hears_all_that_was_not_acknowledged_but_what_is_said_to_be_dropped(
        packets in any_packets(), lost in any::<prop::sample::Index>(), buffer in 1..=6_u64,
    ) {
        let buffer = Duration::from_secs(buffer);
        let mut session = session(Format::Raw, Duration::from_millis(250), buffer);
        let lost = lost.index(packets.len());
        let (mut now, mut dropped, mut before) = (Duration::ZERO, Vec::new(), Vec::new());
        let mut dropped_before = 0;
        for (index, packet) in packets.iter().enumerate() {
            if index == lost {
                dropped_before = dropped.len();
                session.handle(Input::SocketClosed(1, 1006), now);
            }
            // No time passes without a socket, so that none is sought.
            now += if index < lost { packet.duration } else { Duration::ZERO };
            session.handle(Input::Packet(packet.start, packet.duration, &packet.bytes), now);
            while let Some(output) = session.poll_output() {
                match output {
                    Output::SendAudio(bytes) => before.extend(bytes),
                    Output::Event(Event::AudioDropped { start, end, .. }) => {
                        dropped.push((Duration::from_secs_f64(start), Duration::from_secs_f64(end)));
                    }
                    _ => {}
                }
            }
            let ledger = session.ledger();
            prop_assert_eq!(ledger.captured, ledger.in_flight + ledger.buffered + ledger.dropped);
        }
        now += Duration::from_secs(60);
        session.handle(Input::Tick { buffered_bytes: 0 }, now);
        connect(&mut session, now);
        session.handle(Input::End(1), now);
        let after = drained(&mut session, now).concat();

        let is_in = |spans: &[(Duration, Duration)], packet: &Kept| {
            spans.iter().any(|(start, end)| *start <= packet.start && packet.start < *end)
        };
        let without = |spans: &[(Duration, Duration)]| -> Vec<u8> {
            let left = packets.iter().filter(|packet| !is_in(spans, packet));
            left.flat_map(|packet| packet.bytes.iter().copied()).collect()
        };
        // What is in flight on a living socket is not given up: only what waits behind it.
        prop_assert!(without(&dropped[..dropped_before]).starts_with(&before));
        prop_assert!(without(&dropped) == after, "what was said to be dropped is not what is missing: {:?}", dropped);
        let gone: Vec<usize> = (0..packets.len()).filter(|index| is_in(&dropped, &packets[*index])).collect();
        let sum = gone.iter().fold(Duration::ZERO, |sum, index| sum + packets[*index].duration);
        prop_assert_eq!(session.ledger().dropped, sum);
        let needless = gone.last().is_some_and(|last| length(&packets[*last..]) <= buffer);
        prop_assert!(!needless, "what there was room for was dropped");
    }
}
