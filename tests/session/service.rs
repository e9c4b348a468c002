//! The service's side of a socket: what it hears and what it says, in the rhythm of the live one.
//!
//! Diarized, its first words come after 21 s of audio, others 13 to 18 s later; each speaker is finalized apart from the others,
//! and may wait for the next batch; what is not over yet waits until it is, or is cut after 13 s. Not diarized, an utterance
//! comes 2 to 3.5 s after its end. On another socket it cuts elsewhere, and numbers speakers as it meets them. All segments
//! have one id.

use std::collections::{BTreeMap, VecDeque};

use ossicle::session::SocketId;
use ossicle::time::Duration;
use serde_json::{Value, json};

use crate::speech::{Random, Voice, WORD};
use crate::world::{World, ms};

#[derive(Debug)]
pub(crate) enum Frame {
    Open,
    Text(String),
    Audio(Vec<u8>),
    Close(u16),
}

/// A word that was heard: its slot, where in the socket's audio, and in which utterance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    slot: u32,
    at: usize,
    utterance: usize,
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
    /// What was heard and not said, of each voice.
    pub(crate) pending: BTreeMap<Voice, Vec<Word>>,
    /// Where in the audio the next batch is due.
    pub(crate) batch_at: usize,
    /// Whether a voice was passed over in the last batch.
    pub(crate) waits: BTreeMap<Voice, bool>,
    /// The numbers that were given to people, in each channel in the order in which they were met.
    pub(crate) met: Vec<Voice>,
    /// What it counts from.
    pub(crate) base: usize,
    pub(crate) random: Random,
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
                        self.batch(true);
                        if !self.answers_no_flush {
                            self.say_after(json!({ "type": "flushed" }).to_string(), self.answers_after);
                        }
                    }
                    "end" => {
                        link.log.push("end");
                        if self.is_mute {
                            return;
                        }
                        self.batch(true);
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
                    let slot = u32::from_le_bytes(slot.try_into().unwrap());
                    self.speech.extend(slot);
                    for (utterance, one) in self.speech.begins(slot).filter(|_| !self.is_deaf) {
                        if !link.met.contains(&one.voice) {
                            link.met.push(one.voice);
                        }
                        let word = Word { slot, at: link.heard.len(), utterance };
                        link.pending.entry(one.voice).or_default().push(word);
                    }
                    link.heard.push(slot);
                }
                if self.interim {
                    self.guess();
                }
                self.batch(false);
            }
            Frame::Open | Frame::Close(_) => {}
        }
    }

    /// Says what is over by now, or all that was heard.
    fn batch(&mut self, all: bool) {
        let Some(link) = &mut self.link else { return };
        let heard = link.heard.len();
        if self.is_diarized && !all && heard < link.batch_at {
            return;
        }
        if heard >= link.batch_at {
            link.batch_at = heard + 1_300 + link.random.below(500) as usize;
        }
        let mut segments = Vec::new();
        // Somebody is heard in every batch.
        let mut others = link.pending.values().filter(|words| !words.is_empty()).count();
        for (voice, words) in &mut link.pending {
            others -= usize::from(!words.is_empty());
            // Of two batches in a row a voice comes with one.
            let waits = link.waits.entry(*voice).or_default();
            *waits = self.is_diarized
                && !all
                && !*waits
                && (others > 0 || !segments.is_empty())
                && link.random.below(3) == 0;
            if *waits {
                continue;
            }
            let delay = if self.is_diarized { link.random.below(100) } else { 200 + link.random.below(150) } as usize;
            while let Some(first) = words.first() {
                let longest = 5 + link.random.below(60) as usize;
                let together = words.iter().take_while(|word| word.utterance == first.utterance).count();
                let utterance = &self.speech.utterances[first.utterance];
                let last = words[together - 1];
                let is_over = last.slot + WORD >= utterance.to && last.at + delay <= heard;
                if !all && !is_over && together < 65 {
                    break;
                }
                segments.push((*voice, words.drain(..together.min(longest)).collect::<Vec<_>>()));
            }
        }
        // In no order.
        for place in (1..segments.len()).rev() {
            segments.swap(place, link.random.below(place as u64 + 1) as usize);
        }
        if segments.is_empty() {
            return;
        }
        self.segments_made += segments.len() as u32;
        let data: Vec<Value> =
            segments.iter().map(|(voice, words)| segment(link, *voice, words, true, self.is_diarized)).collect();
        let message = json!({ "type": "transcript", "data": data }).to_string();
        link.last_words = Some(message.clone());
        self.say_after(message, if all { self.answers_after } else { Duration::ZERO });
    }

    /// Says what it has understood of what is not over.
    fn guess(&mut self) {
        let Some(link) = &mut self.link else { return };
        let Some((voice, words)) = link.pending.iter().find(|(_, words)| words.len() % 7 == 5) else { return };
        let first = words.iter().rposition(|word| word.utterance != words[words.len() - 1].utterance);
        let data = segment(link, *voice, &words[first.map_or(0, |first| first + 1)..], false, self.is_diarized);
        self.say(json!({ "type": "transcript", "data": [data] }).to_string());
    }

    pub(crate) fn say(&mut self, text: String) {
        self.say_after(text, Duration::ZERO);
    }

    /// What is said later holds up all that is said after it.
    pub(crate) fn say_after(&mut self, text: String, delay: Duration) {
        let due = self.now + self.latency + delay;
        if let Some(link) = self.link.as_mut().filter(|link| !link.is_dead && !link.loses) {
            let due = link.down.back().map_or(due, |(last, _)| due.max(*last));
            link.down.push_back((due, Frame::Text(text)));
        }
    }
}

fn segment(link: &Link, voice: Voice, words: &[Word], is_final: bool, is_diarized: bool) -> Value {
    let number =
        |voice: Voice| link.met.iter().filter(|met| met.channel == voice.channel).position(|met| *met == voice);
    let (first, last) = (words[0], words[words.len() - 1]);
    // A word that is cut is as long as what was heard of it.
    let end = (last.at + WORD as usize).min(link.heard.len());
    let text: Vec<String> = words.iter().map(|word| voice.word(word.slot)).collect();
    json!({
        "id": "4b0c7a52-6f1e-4d38-9a27-e05d3c81b6f4",
        "transcript": text.join(" "),
        "final": is_final,
        "speakerId": if is_diarized { number(voice).map_or(-1, |number| number as i64) } else { -1 },
        "participant": { "channel": voice.channel },
        "time": { "start": (link.base + first.at) as f64 / 100.0, "end": (link.base + end) as f64 / 100.0 },
    })
}

impl Link {
    /// A socket that opens, or is refused, after `due`.
    pub(crate) fn new(id: SocketId, due: Duration, is_refused: bool, is_silent: bool, base: usize, seed: u64) -> Self {
        let frame = if is_refused { Frame::Close(1006) } else { Frame::Open };
        Self {
            id,
            up: VecDeque::new(),
            down: VecDeque::from([(due, frame)]),
            is_dead: is_refused,
            buffered: VecDeque::new(),
            configured: false,
            is_silent,
            loses: false,
            last_words: None,
            log: Vec::new(),
            heard: Vec::new(),
            pending: BTreeMap::new(),
            batch_at: (ms(21_000).as_millis() / 10) as usize,
            waits: BTreeMap::new(),
            met: Vec::new(),
            base,
            random: Random(seed ^ u64::from(id) << 32),
        }
    }
}
