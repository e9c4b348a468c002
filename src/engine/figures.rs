//! What an app is told in figures.

use serde::{Deserialize, Serialize};

/// Figures of a stream, in seconds of audio and bytes. At every instant
/// `captured = acknowledged + inFlight + buffered + dropped`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
    /// Bytes held in memory for a replay.
    pub buffered_bytes: usize,
    /// Bytes of audio sent, replays included.
    pub bytes_sent: u64,
    /// Sockets opened after the first.
    pub reconnects: u32,
}

/// A time in which the app had paused the capture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pause {
    /// Where the visit's time stood still, in seconds.
    pub at: f64,
    /// How long, in seconds.
    pub seconds: f64,
}

/// A span of the visit whose audio was given up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Dropped {
    /// In seconds of the visit.
    pub start: f64,
    /// In seconds of the visit.
    pub end: f64,
}

/// What a stream came to, for whoever ended or flushed it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Credits of the whole stream, where the service said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<f64>,
    /// The figures.
    pub stats: Stats,
}
