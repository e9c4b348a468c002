//! What each socket received, for tests and for the curious: `GET /sandbox/streams/{interactionId}`.
//!
//! Reports outlive their interaction. They are bounded: the sockets of the last [`MAX_SOCKETS`], and of each the first
//! [`MAX_ENTRIES`] entries of its lists and the first [`MAX_AUDIO`] bytes, while all together hold [`MAX_ALL_AUDIO`];
//! counts go on past every bound.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{audio::Meter, model::now};

const MAX_SOCKETS: usize = 500;
/// An hour of 250 ms messages is 14,400.
const MAX_ENTRIES: usize = 20_000;
/// 16 MiB: nearly nine minutes of 16 kHz mono PCM.
const MAX_AUDIO: usize = 16 << 20;
const MAX_ALL_AUDIO: usize = 256 << 20;

/// One socket's story.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    #[serde(skip)]
    key: u64,
    #[serde(skip)]
    interaction: Uuid,
    opened_at: Timestamp,
    /// The configuration as it came, accepted or not.
    configuration: Value,
    /// Seconds of audio.
    received_seconds: f64,
    /// Bytes of audio.
    bytes: u64,
    /// Messages of any kind.
    messages: u64,
    /// Size of each audio message, in bytes.
    chunk_bytes: Vec<usize>,
    /// Root mean square of the samples, 0 to 1 of full scale; null for containers, which are not decoded.
    rms: Option<f64>,
    /// The code that the socket was closed with, by either side; 1006 where it broke; null while it is open.
    close_code: Option<u16>,
    /// The kinds of message in the order they came, repeats left out: `config`, `audio`, `flush`, `end` or another type.
    order: Vec<String>,
    #[serde(skip)]
    audio: Vec<u8>,
    /// Whether audio came that is not kept.
    audio_truncated: bool,
}

#[derive(Default)]
pub(crate) struct Reports {
    sockets: VecDeque<Report>,
    next: u64,
    audio_bytes: usize,
}

/// A handle to one socket's report.
#[derive(Clone, Copy)]
pub(crate) struct Key(u64);

impl Reports {
    pub(crate) fn open(&mut self, interaction: Uuid) -> Key {
        if self.sockets.len() == MAX_SOCKETS
            && let Some(oldest) = self.sockets.pop_front()
        {
            self.audio_bytes -= oldest.audio.len();
        }
        let key = self.next;
        self.next += 1;
        self.sockets.push_back(Report {
            key,
            interaction,
            opened_at: now(),
            configuration: Value::Null,
            received_seconds: 0.0,
            bytes: 0,
            messages: 0,
            chunk_bytes: Vec::new(),
            rms: None,
            close_code: None,
            order: Vec::new(),
            audio: Vec::new(),
            audio_truncated: false,
        });
        Key(key)
    }

    fn get(&mut self, key: Key) -> Option<&mut Report> {
        self.sockets.iter_mut().rev().find(|report| report.key == key.0)
    }

    pub(crate) fn text(&mut self, key: Key, text: &str) {
        let Some(report) = self.get(key) else { return };
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        let kind = message["type"].as_str().unwrap_or("unreadable").chars().take(50).collect();
        if kind == "config" && report.configuration.is_null() {
            report.configuration = message["configuration"].clone();
        }
        report.count(kind);
    }

    pub(crate) fn audio(&mut self, key: Key, bytes: &[u8]) {
        let room = MAX_ALL_AUDIO.saturating_sub(self.audio_bytes);
        let Some(report) = self.get(key) else { return };
        report.count("audio".into());
        report.bytes += bytes.len() as u64;
        if report.chunk_bytes.len() < MAX_ENTRIES {
            report.chunk_bytes.push(bytes.len());
        }
        let kept = bytes.len().min(MAX_AUDIO - report.audio.len()).min(room);
        report.audio.extend_from_slice(&bytes[..kept]);
        report.audio_truncated |= kept < bytes.len();
        self.audio_bytes += kept;
    }

    pub(crate) fn heard(&mut self, key: Key, meter: &Meter) {
        let Some(report) = self.get(key) else { return };
        report.received_seconds = meter.seconds();
        report.rms = meter.rms();
    }

    pub(crate) fn closed(&mut self, key: Key, code: u16) {
        if let Some(report) = self.get(key) {
            report.close_code.get_or_insert(code);
        }
    }

    /// The reports of an interaction's sockets, the oldest first.
    pub(crate) fn of(&self, interaction: Uuid) -> impl Iterator<Item = &Report> {
        self.sockets.iter().filter(move |report| report.interaction == interaction)
    }

    /// The audio of an interaction's socket `n`, counted from 0, as it came.
    pub(crate) fn audio_of(&self, interaction: Uuid, n: usize) -> Option<Vec<u8>> {
        self.of(interaction).nth(n).map(|report| report.audio.clone())
    }
}

impl Report {
    fn count(&mut self, kind: String) {
        self.messages += 1;
        if self.order.len() < MAX_ENTRIES && self.order.last() != Some(&kind) {
            self.order.push(kind);
        }
    }
}
