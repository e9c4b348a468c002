//! What each socket received, for tests and for the curious: `GET /sandbox/streams/{interactionId}`.
//!
//! Reports outlive their interaction. They are bounded: the last [`MAX_SOCKETS`], and of each the first
//! [`MAX_ENTRIES`] entries of its lists and the first [`MAX_AUDIO`] bytes, while all together hold [`MAX_ALL_AUDIO`];
//! counts go on past every bound.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    audio::{Meter, Span},
    model::now,
};

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
    /// When the token that opened it expires.
    token_expires_at: Timestamp,
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
    /// When each of them came, in milliseconds since the epoch.
    chunk_at: Vec<i64>,
    /// Root mean square of the samples, 0 to 1 of full scale; null where they are not decoded.
    rms: Option<f64>,
    /// The speech, in seconds of this socket's audio.
    heard: Vec<Span>,
    /// The code that the socket was closed with, by either side; 1006 where it broke; null while it is open.
    close_code: Option<u16>,
    closed_at: Option<Timestamp>,
    closed_by: Option<By>,
    /// What went wrong because it was asked for, in the words of the request.
    faults: Vec<&'static str>,
    /// The kinds of message in the order they came, repeats left out: `config`, `audio`, `flush`, `end` or another type.
    order: Vec<String>,
    #[serde(skip)]
    audio: Vec<u8>,
    /// Whether audio came that is not kept.
    audio_truncated: bool,
}

/// Who ended a socket.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum By {
    /// The client, or the network between.
    Client,
    Server,
    Fault,
}

/// An upgrade that a fault refused.
#[derive(Serialize)]
pub(crate) struct Refused {
    #[serde(skip)]
    interaction: Uuid,
    at: Timestamp,
    /// The HTTP status; null where the request was never answered.
    status: Option<u16>,
}

#[derive(Default)]
pub(crate) struct Reports {
    sockets: VecDeque<Report>,
    refused: VecDeque<Refused>,
    next: u64,
    audio_bytes: usize,
}

/// A handle to one socket's report.
#[derive(Clone, Copy)]
pub(crate) struct Key(u64);

impl Reports {
    pub(crate) fn open(&mut self, interaction: Uuid, token_expires_at: Timestamp) -> Key {
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
            token_expires_at,
            configuration: Value::Null,
            received_seconds: 0.0,
            bytes: 0,
            messages: 0,
            chunk_bytes: Vec::new(),
            chunk_at: Vec::new(),
            rms: None,
            heard: Vec::new(),
            close_code: None,
            closed_at: None,
            closed_by: None,
            faults: Vec::new(),
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
            report.chunk_at.push(now().as_millisecond());
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
        // Only the last span may have grown.
        let known = report.heard.len().saturating_sub(1);
        report.heard.truncate(known);
        report.heard.extend_from_slice(&meter.heard()[known..]);
    }

    pub(crate) fn went_wrong(&mut self, key: Key, faults: Vec<&'static str>) {
        if let Some(report) = self.get(key) {
            let room = MAX_ENTRIES - report.faults.len().min(MAX_ENTRIES);
            report.faults.extend(faults.into_iter().take(room));
        }
    }

    pub(crate) fn closed(&mut self, key: Key, code: u16, by: By) {
        if let Some(report) = self.get(key) {
            report.close_code = Some(code);
            report.closed_at = Some(now());
            report.closed_by = Some(by);
        }
    }

    pub(crate) fn refused(&mut self, interaction: Uuid, status: Option<u16>) {
        if self.refused.len() == MAX_SOCKETS {
            self.refused.pop_front();
        }
        self.refused.push_back(Refused { interaction, at: now(), status });
    }

    /// The upgrades of an interaction's sockets that a fault refused.
    pub(crate) fn refused_of(&self, interaction: Uuid) -> impl Iterator<Item = &Refused> {
        self.refused.iter().filter(move |refused| refused.interaction == interaction)
    }

    /// The reports of an interaction's sockets, the oldest first.
    pub(crate) fn of(&self, interaction: Uuid) -> impl Iterator<Item = &Report> {
        self.sockets.iter().filter(move |report| report.interaction == interaction)
    }

    /// The audio of an interaction's socket `n`, counted from 0, as it came, and the `audioFormat` it was declared as.
    pub(crate) fn audio_of(&self, interaction: Uuid, n: usize) -> Option<(Vec<u8>, Option<String>)> {
        let report = self.of(interaction).nth(n)?;
        Some((report.audio.clone(), report.configuration["audioFormat"].as_str().map(str::to_owned)))
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
