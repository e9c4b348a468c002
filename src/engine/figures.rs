//! What an app is told in figures.

use crate::json::{Json, ToJson, object};

/// Figures of a stream, in seconds of audio and bytes. At every instant
/// `captured = acknowledged + inFlight + buffered + dropped`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Audio that was captured.
    pub captured_seconds: f64,
    /// Audio handed to a socket, each second counted once.
    pub sent_seconds: f64,
    /// Audio that the service has heard for certain.
    pub acknowledged_seconds: f64,
    /// Audio handed to the present socket and not acknowledged.
    pub in_flight_seconds: f64,
    /// Audio handed to a socket again after a reconnect.
    pub replayed_seconds: f64,
    /// Audio given up at the bound, or lost with a worker.
    pub dropped_seconds: f64,
    /// Audio that waits to be sent.
    pub buffered_seconds: f64,
    /// Captured audio of which no words have come, as far as is known: see
    /// [`Session::untranscribed`](crate::session::Session::untranscribed).
    pub untranscribed_seconds: f64,
    /// Bytes held in memory for a replay.
    pub buffered_bytes: usize,
    /// Bytes of audio sent, replays included.
    pub bytes_sent: u64,
    /// Sockets opened after the first.
    pub reconnects: u32,
}

impl Stats {
    /// Reads them; what is not said, or cannot be, is nothing.
    #[must_use]
    pub fn read(json: Json<'_>) -> Self {
        let number = |key: &str| json.get(key).number().unwrap_or(0.0);
        Self {
            captured_seconds: number("capturedSeconds"),
            sent_seconds: number("sentSeconds"),
            acknowledged_seconds: number("acknowledgedSeconds"),
            in_flight_seconds: number("inFlightSeconds"),
            replayed_seconds: number("replayedSeconds"),
            dropped_seconds: number("droppedSeconds"),
            buffered_seconds: number("bufferedSeconds"),
            untranscribed_seconds: number("untranscribedSeconds"),
            buffered_bytes: number("bufferedBytes") as usize,
            bytes_sent: number("bytesSent") as u64,
            reconnects: number("reconnects") as u32,
        }
    }
}

impl ToJson for Stats {
    fn write(&self, json: &mut String) {
        object(
            json,
            &[
                ("capturedSeconds", &self.captured_seconds),
                ("sentSeconds", &self.sent_seconds),
                ("acknowledgedSeconds", &self.acknowledged_seconds),
                ("inFlightSeconds", &self.in_flight_seconds),
                ("replayedSeconds", &self.replayed_seconds),
                ("droppedSeconds", &self.dropped_seconds),
                ("bufferedSeconds", &self.buffered_seconds),
                ("untranscribedSeconds", &self.untranscribed_seconds),
                ("bufferedBytes", &self.buffered_bytes),
                ("bytesSent", &self.bytes_sent),
                ("reconnects", &self.reconnects),
            ],
        );
    }
}

/// A time in which the app had paused the capture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pause {
    /// Where the visit's time stood still, in seconds.
    pub at: f64,
    /// How long, in seconds.
    pub seconds: f64,
}

impl ToJson for Pause {
    fn write(&self, json: &mut String) {
        object(json, &[("at", &self.at), ("seconds", &self.seconds)]);
    }
}

/// A span of the visit whose audio was given up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropped {
    /// In seconds of the visit.
    pub start: f64,
    /// In seconds of the visit.
    pub end: f64,
}

impl ToJson for Dropped {
    fn write(&self, json: &mut String) {
        object(json, &[("start", &self.start), ("end", &self.end)]);
    }
}

/// What a stream came to, for whoever ended or flushed it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Credits of the whole stream, where the service said so.
    pub usage: Option<f64>,
    /// The figures.
    pub stats: Stats,
}

impl ToJson for Summary {
    fn write(&self, json: &mut String) {
        object(json, &[("usage", &self.usage), ("stats", &self.stats)]);
    }
}
