//! The service's side of a socket: what it hears and what it says.

use ossicle::time::Duration;
use std::collections::VecDeque;

use ossicle::session::SocketId;
use serde_json::{Value, json};

use crate::world::World;

/// Slots in a transcript segment: three seconds.
const SEGMENT_SLOTS: usize = 300;

#[derive(Debug)]
pub(crate) enum Frame {
    Open,
    Text(String),
    Audio(Vec<u8>),
    Close(u16),
}

/// One socket, both ends.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: SocketId,
    pub(crate) up: VecDeque<(Duration, Frame)>,
    pub(crate) down: VecDeque<(Duration, Frame)>,
    /// Nobody reads or writes any more.
    pub(crate) is_dead: bool,
    /// Bytes that have not left the client.
    pub(crate) buffered: VecDeque<usize>,
    pub(crate) configured: bool,
    pub(crate) is_silent: bool,
    pub(crate) loses: bool,
    pub(crate) last_words: Option<String>,
    pub(crate) log: Vec<&'static str>,
    pub(crate) heard: Vec<u32>,
    pub(crate) transcribed: usize,
}

impl World {
    /// The service's side of a socket.
    pub(crate) fn serve(&mut self, frame: Frame) {
        let Some(link) = &mut self.link else { return };
        if link.is_silent || link.loses {
            return;
        }
        match frame {
            Frame::Text(text) => {
                let message: Value = serde_json::from_str(&text).unwrap();
                match message["type"].as_str().unwrap() {
                    "config" => {
                        assert!(link.log.is_empty(), "the configuration is not the first message");
                        link.log.push("config");
                        link.configured = true;
                        let verdict = self.verdict.to_string();
                        self.say(verdict);
                    }
                    "flush" => {
                        link.log.push("flush");
                        self.transcribe(1);
                        self.say(json!({ "type": "flushed" }).to_string());
                    }
                    "end" => {
                        link.log.push("end");
                        if self.is_mute {
                            return;
                        }
                        self.transcribe(1);
                        self.say(json!({ "type": "usage", "credits": 0.5 }).to_string());
                        self.say(json!({ "type": "ENDED" }).to_string());
                    }
                    other => panic!("the client sent a {other}"),
                }
            }
            Frame::Audio(bytes) => {
                assert!(link.configured, "audio before the configuration was accepted");
                assert!(link.log.last() != Some(&"end"), "audio after the end");
                link.log.push("audio");
                for slot in bytes.chunks_exact(4) {
                    link.heard.push(u32::from_le_bytes(slot.try_into().unwrap()));
                }
                self.transcribe(SEGMENT_SLOTS);
            }
            Frame::Open | Frame::Close(_) => {}
        }
    }

    /// Makes final segments of what was heard, if it is at least `least` slots; before that now and then an interim one.
    fn transcribe(&mut self, least: usize) {
        let Some(link) = self.link.as_mut().filter(|_| !self.is_deaf) else { return };
        let mut messages = Vec::new();
        loop {
            let (from, heard) = (link.transcribed, link.heard.len());
            let is_final = heard - from >= least;
            let is_interim = self.interim && !is_final && (heard - from) % 70 > 50;
            if !is_final && !is_interim {
                break;
            }
            let to = heard.min(from + SEGMENT_SLOTS);
            if is_final {
                link.transcribed = to;
                self.segments_made += 1;
            }
            let id = if is_final { format!("segment {}", self.segments_made) } else { "interim".to_owned() };
            let message = json!({ "type": "transcript", "data": [{
                "id": id, "final": is_final, "speakerId": -1,
                "transcript": format!("{}-{}", link.heard[from], link.heard[to - 1]),
                "participant": { "channel": 0 },
                "time": { "start": from as f64 / 100.0, "end": to as f64 / 100.0 },
            }] });
            messages.push(message.to_string());
            if !is_final {
                break;
            }
        }
        link.last_words = messages.last().cloned().or(link.last_words.take());
        messages.into_iter().for_each(|message| self.say(message));
    }

    pub(crate) fn say(&mut self, text: String) {
        let due = self.now + self.latency;
        if let Some(link) = self.link.as_mut().filter(|link| !link.is_dead && !link.loses) {
            link.down.push_back((due, Frame::Text(text)));
        }
    }
}
