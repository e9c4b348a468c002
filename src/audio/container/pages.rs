//! Pages of Ogg, RFC 3533: packets go in, bytes come out, a page at a time. Knows nothing of what the packets hold.
//!
//! Our own, since a page is little more than a header: the usual writer, with its map of streams and its table of 256
//! checksums, is 2 kB more in brotli.

use std::fmt;

use super::Place;

/// The most segments of a page (section 6: their number is a byte), and the most bytes of a segment.
const MOST_SEGMENTS: usize = 255;
const SEGMENT: usize = 255;

/// What the header's flags mean (section 6).
const CONTINUED: u8 = 1;
const FIRST: u8 = 2;
const LAST: u8 = 4;

/// The granule position of a page on which no packet ends (section 6).
const NO_PACKET_ENDS: u64 = u64::MAX;

/// Where a page's checksum is, which is computed as if there were zeros.
const CHECKSUM_AT: usize = 22;

/// One logical stream.
pub(super) struct Pages {
    serial: u32,
    /// The next page's number.
    number: u32,
    /// The lengths of the segments of the page that is being filled, and their bytes.
    lacing: Vec<u8>,
    body: Vec<u8>,
    /// The granule position of the last packet that ends on it.
    granule: u64,
    /// Whether it begins within a packet.
    is_continued: bool,
}

/// Without the audio.
impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("serial", &self.serial).field("number", &self.number).finish_non_exhaustive()
    }
}

impl Pages {
    pub(super) const fn new(serial: u32) -> Self {
        Self { serial, number: 0, lacing: Vec::new(), body: Vec::new(), granule: NO_PACKET_ENDS, is_continued: false }
    }

    /// Takes a packet that ends at `granule`. The pages that are full, and those that `place` says are, go to `out`.
    pub(super) fn put(&mut self, packet: &[u8], granule: u64, place: Place, out: &mut Vec<u8>) {
        let mut rest = packet;
        loop {
            if self.lacing.len() == MOST_SEGMENTS {
                self.write(0, out);
                self.is_continued = rest.len() < packet.len();
            }
            let segment;
            (segment, rest) = rest.split_at(rest.len().min(SEGMENT));
            self.lacing.push(segment.len() as u8);
            self.body.extend_from_slice(segment);
            // A packet ends with a segment that is not full, if need be an empty one.
            if segment.len() < SEGMENT {
                break;
            }
        }
        self.granule = granule;
        match place {
            Place::Within => {}
            Place::EndOfChunk => self.write(0, out),
            Place::EndOfStream => self.write(LAST, out),
        }
    }

    fn write(&mut self, mut flags: u8, out: &mut Vec<u8>) {
        if self.is_continued {
            flags |= CONTINUED;
        }
        if self.number == 0 {
            flags |= FIRST;
        }
        let start = out.len();
        out.extend_from_slice(b"OggS\0");
        out.push(flags);
        out.extend_from_slice(&self.granule.to_le_bytes());
        out.extend_from_slice(&self.serial.to_le_bytes());
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.push(self.lacing.len() as u8);
        out.append(&mut self.lacing);
        out.append(&mut self.body);
        let checksum = checksum(&out[start..]).to_le_bytes();
        out[start + CHECKSUM_AT..][..4].copy_from_slice(&checksum);
        self.number = self.number.wrapping_add(1);
        self.granule = NO_PACKET_ENDS;
        self.is_continued = false;
    }
}

/// The generator polynomial of the checksum (section 6).
const POLYNOMIAL: u32 = 0x04c1_1db7;

/// What four bits contribute to it. A table for whole bytes would be sixteen times as large, for 3 kB of speech a second.
const NIBBLES: [u32; 16] = {
    let mut table = [0; 16];
    let mut nibble = 0;
    while nibble < 16 {
        let mut value = (nibble as u32) << 28;
        let mut bit = 0;
        while bit < 4 {
            value = (value << 1) ^ if value >> 31 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        table[nibble] = value;
        nibble += 1;
    }
    table
};

fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, nibble: u32| (sum << 4) ^ NIBBLES[((sum >> 28) ^ nibble) as usize & 15];
    bytes.iter().fold(0, |sum, byte| step(step(sum, u32::from(byte >> 4)), u32::from(byte & 15)))
}

// proptest and the ogg crate are for this machine alone.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ::ogg::{PacketWriteEndInfo, PacketWriter};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Packets that fill segments and pages exactly, and any.
    fn packets() -> impl Strategy<Value = Vec<(usize, u64, Place)>> {
        let length =
            prop_oneof![3 => 0..100_usize, 1 => 0..70_000_usize, 1 => (0..=256_usize).prop_map(|full| full * SEGMENT)];
        let place = prop_oneof![4 => Just(Place::Within), 1 => Just(Place::EndOfChunk)];
        vec((length, any::<u64>(), place), 1..60)
    }

    proptest! {
        #[test]
        fn pages_are_those_of_the_ogg_crate(mut packets in packets(), serial in any::<u32>()) {
            packets.iter_mut().last().unwrap().2 = Place::EndOfStream;
            let (mut pages, mut out) = (Pages::new(serial), Vec::new());
            let mut writer = PacketWriter::new(Vec::new());
            for (length, granule, place) in packets {
                let packet: Vec<u8> = (0..length).map(|n| (n * n + length) as u8).collect();
                pages.put(&packet, granule, place, &mut out);
                let end = match place {
                    Place::Within => PacketWriteEndInfo::NormalPacket,
                    Place::EndOfChunk => PacketWriteEndInfo::EndPage,
                    Place::EndOfStream => PacketWriteEndInfo::EndStream,
                };
                writer.write_packet(packet, serial, end, granule).unwrap();
            }
            prop_assert!(out == writer.into_inner());
        }
    }
}
