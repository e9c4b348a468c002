//! Containers: what lies around the packets on one socket.
//!
//! Packets are kept without a container; each socket gets a fresh one, with its own headers, from whichever packet it
//! starts at. A chunk is whole packets and, in a paged container, whole pages.

mod headed;
mod ogg;
mod pages;

use super::Packet;
use crate::time::Duration;
use headed::Headed;
pub use headed::header_length;
use ogg::OggOpus;

/// How to make a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Nothing around the packets: raw PCM.
    Raw,
    /// Ogg with Opus packets, RFC 7845.
    OggOpus {
        /// Channels of the stream, 1 or 2.
        channels: u8,
        /// Rate of the encoder's input in Hz; informative.
        sample_rate: u32,
    },
    /// FLAC frames after the header that their encoder made.
    Flac {
        /// The marker and the block of stream information (RFC 9639, section 8).
        header: Vec<u8>,
    },
    /// What an app encoded itself, which is not looked into but for its headers.
    Given {
        /// What every socket begins with; see [`header_length`].
        header: Vec<u8>,
    },
}

impl Format {
    /// What `audioFormat` must declare for so many channels at so many Hz of PCM.
    #[must_use]
    pub fn mime(&self, sample_rate: u32, channels: usize) -> String {
        match self {
            Self::Raw => format!("audio/pcm; rate={sample_rate}; channels={channels}; bits=16"),
            Self::OggOpus { .. } => "audio/ogg; codecs=opus".to_owned(),
            Self::Flac { .. } => "audio/flac".to_owned(),
            // Nobody asks: whoever gives such audio has declared it.
            Self::Given { .. } => "application/octet-stream".to_owned(),
        }
    }

    /// A container for one socket. `serial` tells logical streams apart; any number will do.
    #[must_use]
    pub fn open(&self, serial: u32) -> Container {
        self.open_since(serial, Duration::ZERO)
    }

    /// The same for a stream whose encoder began at `origin` in capture time: its first packet has that start.
    #[must_use]
    pub fn open_since(&self, serial: u32, origin: Duration) -> Container {
        match self {
            Self::Raw => Container::Headed(Headed::new(Vec::new())),
            Self::OggOpus { channels, sample_rate } => {
                Container::OggOpus(Box::new(OggOpus::new(*channels, *sample_rate, serial, origin)))
            }
            Self::Flac { header } | Self::Given { header } => Container::Headed(Headed::new(header.clone())),
        }
    }
}

/// The container of one socket.
#[derive(Debug)]
pub enum Container {
    /// A header, then the packets as they are.
    Headed(Headed),
    /// See [`Format::OggOpus`].
    OggOpus(Box<OggOpus>),
}

/// Where in the stream a packet lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// More of this chunk follows.
    Within,
    /// The chunk ends with it.
    EndOfChunk,
    /// The stream ends with it.
    EndOfStream,
}

impl Container {
    /// Appends a packet to `chunk`, before the first one the headers.
    pub fn write(&mut self, packet: Packet<'_>, place: Place, chunk: &mut Vec<u8>) {
        match self {
            Self::Headed(headed) => headed.write(packet, chunk),
            Self::OggOpus(ogg) => ogg.write(packet, place, chunk),
        }
    }
}
