//! The audio path allocates nothing per block once it is warm, containers little per chunk, and nothing grows with time.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ossicle::time::Duration;

use ossicle::audio::container::{Format, Place};
use ossicle::audio::encode::pcm::PcmEncoder;
use ossicle::audio::encode::{Encoder, FrameCodec, Framed, OPUS_FRAME};
use ossicle::audio::mixer::{Mixed, Mixer, SourceId};
use ossicle::audio::path::Encoded;
use ossicle::audio::{AudioPath, Packet};
use ossicle::engine::Settings;
use ossicle::engine::codec::{Answer, Codec, Outside};
use ossicle::engine::hosted::{Act, Frames, Hosted};
use ossicle::engine::wire::{Address, Order};
use ossicle::json::Json;
use ossicle::protocol::client::Configuration;
use ossicle::redact::Secret;
use ossicle::session::{Input, Options, Output, Session};
use serde_json::json;

/// What 250 ms of Opus are.
const PACKETS_A_CHUNK: u64 = 12;

/// A codec of no cost: what is counted is the path's own.
struct Mute;

impl FrameCodec for Mute {
    fn encode(&mut self, _: &[f32], sink: &mut dyn FnMut(&[u8])) {
        sink(&[0x48]);
    }

    fn flush(&mut self) {}

    fn poll(&mut self, _: &mut dyn FnMut(&[u8])) {}
}

#[test]
fn a_warm_path_allocates_nothing_whatever_the_rate_and_the_channels() {
    for rate in [16_000, 44_100, 48_000] {
        for channels in [1, 2] {
            let encoders: [Box<dyn Encoder>; 2] = [
                Box::new(PcmEncoder::new(16_000, channels)),
                Box::new(Framed::new(Mute, 16_000, channels, OPUS_FRAME, 104)),
            ];
            for encoder in encoders {
                let mut path = AudioPath::new(16_000, channels, encoder).unwrap();
                let block = vec![0.1; 1_024];
                let planes: Vec<&[f32]> = vec![&block; channels];
                let mut packets = 0;
                let mut push = |path: &mut AudioPath| {
                    let mut sink = |encoded: Encoded<'_>| {
                        packets += usize::from(matches!(encoded, Encoded::Packet(Packet { .. })))
                    };
                    path.push(&planes, rate, &mut sink).unwrap();
                };
                (0..50).for_each(|_| push(&mut path));
                let counted = allocation_counter::measure(|| (0..500).for_each(|_| push(&mut path)));
                assert_eq!(counted.count_total, 0, "{rate} Hz, {channels} channels");
                assert!(packets > 400);
            }
        }
    }
}

#[test]
fn a_container_allocates_nothing_for_a_chunk_or_twice_a_packet_for_ogg_and_keeps_none_of_it() {
    // For each packet a copy and what the `ogg` crate makes and drops, for each page its header.
    let opus = Format::OggOpus { channels: 1, sample_rate: 16_000 };
    let flac = Format::Flac { header: vec![0; 42] };
    for (format, a_packet, a_chunk) in [(Format::Raw, 0, 0), (flac, 0, 0), (opus, 2, 1)] {
        let mut container = format.open(1);
        let (mut start, mut chunk, bytes) = (Duration::ZERO, Vec::new(), [0x48; 100]);
        let mut write = |chunk: &mut Vec<u8>| {
            chunk.clear();
            for within in 1..=PACKETS_A_CHUNK {
                let place = if within == PACKETS_A_CHUNK { Place::EndOfChunk } else { Place::Within };
                container.write(Packet { start, duration: OPUS_FRAME, bytes: &bytes }, place, chunk);
                start += OPUS_FRAME;
            }
        };
        (0..10).for_each(|_| write(&mut chunk));
        let counted = allocation_counter::measure(|| (0..100).for_each(|_| write(&mut chunk)));
        let most = 100 * (PACKETS_A_CHUNK * a_packet + a_chunk);
        assert!(counted.count_total <= most, "{format:?}: {} allocations of {most}", counted.count_total);
        assert_eq!(counted.bytes_current, 0, "{format:?}");
    }
}

impl Outside for Mute {
    fn encode(&mut self, _: &[f32], packet: &mut Vec<u8>) -> Answer {
        packet.push(0x48);
        Answer::Packet
    }

    fn flush(&mut self) {}
}

#[test]
fn from_a_source_s_frames_to_the_message_that_is_sent_a_host_allocates_nothing_per_batch() {
    let settings = json!({
        "id": "7b6f1f3e-6b0c-4a53-9f0a-2f6c9a1f3f10",
        "configuration": {
            "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
            "mode": { "type": "transcription" },
        },
    });
    let settings = Settings::read(&settings.to_string(), 0).unwrap();
    let start = Duration::ZERO;
    let mut hosted = Hosted::new(&settings, Codec::Flac, Vec::new(), Box::new(Mute), start).unwrap();
    let address = Address { url: Secret("wss://service".to_owned()), protocols: Vec::new() };
    while hosted.poll().is_some() {}
    hosted.take(Order::Address(1, Ok(address)), &[], &[], start);
    hosted.opened(start);
    hosted.message(r#"{"type":"CONFIG_ACCEPTED"}"#, start);
    assert_eq!(hosted.take(Order::Attach(7, None, 48_000), &[], &[], start), Some(7));
    let (mut now, mut sent, samples) = (start, 0, vec![0.1; 960]);
    let mut batch = || {
        now += Duration::from_millis(20);
        let frames = Frames { samples: &samples, stride: 960, count: 960, rate: None, age: Duration::ZERO };
        hosted.captured(7, frames, now);
        while let Some(act) = hosted.poll() {
            sent += u64::from(matches!(act, Act::Bytes(_)));
        }
    };
    (0..500).for_each(|_| batch());
    let counted = allocation_counter::measure(|| (0..500).for_each(|_| batch()));
    assert!((60..=100).contains(&sent), "{sent}");
    // What is sent leaves for good, and half of it was sent before. There are twelve batches to a message.
    let most = 8 * (sent / 2);
    assert!(counted.count_total <= most, "{} allocations of {most}", counted.count_total);
}

/// A microphone at 8 kHz, mixed, encoded and sent; what left the socket is acknowledged after a while.
struct Visit {
    mixer: Mixer,
    source: SourceId,
    path: AudioPath,
    session: Session,
    now: Duration,
    sent: usize,
}

impl Visit {
    const RATE: u32 = 8_000;
    const BLOCK: Duration = Duration::from_millis(20);

    fn new() -> Self {
        let mut mixer = Mixer::new(Self::RATE, 1);
        let source = mixer.attach(0, Duration::ZERO).unwrap();
        let encoder = Framed::new(Mute, Self::RATE, 1, OPUS_FRAME, 52);
        let configuration = json!({
            "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
            "mode": { "type": "facts", "outputLocale": "en" },
        });
        let mut options = Options::new(Configuration::read(Json::read(&configuration.to_string()).unwrap()).unwrap());
        options.format = Format::OggOpus { channels: 1, sample_rate: Self::RATE };
        let mut session = Session::new(options, Duration::ZERO);
        session.handle(Input::SocketOpened(1), Duration::ZERO);
        session.handle(Input::Text(1, r#"{"type":"CONFIG_ACCEPTED"}"#), Duration::ZERO);
        let path = AudioPath::new(Self::RATE, 1, Box::new(encoder)).unwrap();
        Self { mixer, source, path, session, now: Duration::ZERO, sent: 0 }
    }

    fn run_for(&mut self, duration: Duration) {
        let until = self.now + duration;
        while self.now < until {
            self.now += Self::BLOCK;
            let (now, path, session) = (self.now, &mut self.path, &mut self.session);
            let mut packets = |encoded: Encoded<'_>| {
                if let Encoded::Packet(packet) = encoded {
                    session.handle(Input::Packet(packet.start, packet.duration, packet.bytes), now);
                }
            };
            let mut mixed = |mixed: Mixed<'_>| {
                if let Mixed::Frames(planes) = mixed {
                    path.push(&[&planes[0]], Self::RATE, &mut packets).unwrap();
                }
            };
            self.mixer.push(self.source, &[0.1; 160], Self::RATE, now, now, &mut mixed).unwrap();
            self.session.handle(Input::Tick { buffered_bytes: 0 }, now);
            while let Some(output) = self.session.poll_output() {
                match output {
                    Output::SendAudio(_) => self.sent += 1,
                    // Nobody speaks, so the session asks now and then whether the service is there.
                    Output::SendText(text) if text.contains("flush") => {
                        self.session.handle(Input::Text(1, r#"{"type":"flushed"}"#), now);
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn twelve_hours_take_no_more_memory_than_two_minutes() {
    let mut visit = Visit::new();
    visit.run_for(Duration::from_secs(120));
    let counted = allocation_counter::measure(|| visit.run_for(Duration::from_secs(12 * 3_600 - 120)));
    assert_eq!(counted.bytes_current, 0);
    let ledger = visit.session.ledger();
    assert!(ledger.captured > Duration::from_secs(12 * 3_600 - 1), "{ledger:?}");
    assert!(ledger.captured - ledger.acknowledged < Duration::from_secs(60), "{ledger:?}");
    assert!(ledger.dropped.is_zero(), "{ledger:?}");
    assert_eq!(visit.session.reconnects(), 0);
    assert!(visit.sent > 170_000, "{}", visit.sent);
}
