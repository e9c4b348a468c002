//! A session that hears anything, at any moment of its life: it must not panic, and its ledger must add up.
//!
//! The input is a program: a byte says what happens (see `act`), and what follows up to the next newline is its text. So
//! the messages of the corpus, one a line, are valid programs, and mutations of them are nearly valid messages.

#![no_main]

use ossicle::time::Duration;

use libfuzzer_sys::fuzz_target;
use ossicle::json::Json;
use ossicle::protocol::client::Configuration;
use ossicle::session::{Input, Options, Output, Session};
use serde_json::json;

fuzz_target!(|program: &[u8]| {
    let configuration = json!({
        "transcription": { "primaryLanguage": "en", "participants": [{ "channel": 0, "role": "multiple" }] },
        "mode": { "type": "facts", "outputLocale": "en" },
        "audioFormat": "audio/pcm; rate=16000; channels=1; bits=16",
    })
    .to_string();
    let Some(Ok(configuration)) = Json::read(&configuration).map(Configuration::read) else { return };
    let mut world = World {
        session: Session::new(Options::new(configuration), Duration::ZERO),
        now: Duration::ZERO,
        captured: Duration::ZERO,
        socket: 0,
        requests: 0,
    };
    world.drain();
    for line in program.split(|byte| *byte == b'\n').take(64) {
        world.act(line);
        world.drain();
    }
    world.input(Input::Close);
    world.drain();
    let _ = world.session.unsent_audio();
});

struct World {
    session: Session,
    now: Duration,
    captured: Duration,
    socket: u32,
    requests: u32,
}

impl World {
    fn act(&mut self, line: &[u8]) {
        let (Some(first), socket) = (line.first(), self.socket) else { return };
        match first {
            b'o' => self.input(Input::SocketOpened(socket)),
            b'a' => self.input(Input::Text(socket, r#"{"type":"CONFIG_ACCEPTED"}"#)),
            b'c' => self.input(Input::SocketClosed(socket, u16::from(*line.get(1).unwrap_or(&0)) + 1_000)),
            b'd' => self.input(Input::Diagnosed(socket, Ok(()))),
            b'f' => {
                self.requests += 1;
                self.input(Input::Flush(self.requests));
            }
            b'e' => {
                self.requests += 1;
                self.input(Input::End(self.requests));
            }
            b'p' => {
                for _ in 0..=*line.get(1).unwrap_or(&0) % 64 {
                    let (start, duration) = (self.captured, Duration::from_millis(20));
                    self.captured += duration;
                    self.input(Input::Packet(start, duration, &[7; 8]));
                }
            }
            b't' => {
                self.now += Duration::from_millis(u64::from(*line.get(1).unwrap_or(&1)) * 250);
                self.input(Input::Tick { buffered_bytes: usize::from(*line.get(2).unwrap_or(&0)) * 1_000 });
            }
            b'n' => self.input(Input::Online),
            b'l' => self.input(Input::Lull),
            b'z' => self.input(Input::Paused(line.len() > 1)),
            _ => self.input(Input::Text(socket, &String::from_utf8_lossy(line))),
        }
    }

    fn input(&mut self, input: Input<'_>) {
        self.session.handle(input, self.now);
        let ledger = self.session.ledger();
        let places = ledger.acknowledged + ledger.in_flight + ledger.buffered + ledger.dropped;
        assert_eq!(ledger.captured, places, "the ledger does not add up");
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            if let Output::Open(id) = output {
                self.socket = id;
            }
        }
        let _ = (self.session.poll_timeout(), self.session.transcript().len());
    }
}
