//! A FLAC stream, RFC 9639: the encoder's header, then its frames as they are.
//!
//! The header promises neither a number of samples nor a digest, so it is right wherever the stream starts and ends.

use crate::audio::Packet;

/// The container of one socket.
#[derive(Debug)]
pub struct Flac {
    /// What the stream begins with, until it has begun.
    header: Vec<u8>,
}

impl Flac {
    pub(super) const fn new(header: Vec<u8>) -> Self {
        Self { header }
    }

    pub(super) fn write(&mut self, packet: Packet<'_>, chunk: &mut Vec<u8>) {
        chunk.append(&mut self.header);
        chunk.extend_from_slice(packet.bytes);
    }
}
