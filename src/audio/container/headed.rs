//! A header, then packets as they are: FLAC (RFC 9639) with its encoder's header, raw PCM with none, and whatever an app
//! encoded itself.
//!
//! The header of our FLAC promises neither a number of samples nor a digest, so it is right wherever the stream starts
//! and ends.

use crate::audio::Packet;

/// The container of one socket.
#[derive(Debug)]
pub struct Headed {
    /// What the stream begins with, until it has begun.
    header: Vec<u8>,
}

impl Headed {
    pub(super) const fn new(header: Vec<u8>) -> Self {
        Self { header }
    }

    pub(super) fn write(&mut self, packet: Packet<'_>, chunk: &mut Vec<u8>) {
        chunk.append(&mut self.header);
        chunk.extend_from_slice(packet.bytes);
    }
}

/// How many of the first bytes of a file are headers, which every socket needs: all of them if no audio is found behind.
/// None of a format that has no headers, or is not known here.
#[must_use]
pub fn header_length(bytes: &[u8]) -> usize {
    let length = match bytes {
        // Matroska and WebM: up to the first Cluster (RFC 9559, section 5.1.3).
        [0x1A, 0x45, 0xDF, 0xA3, ..] => bytes.windows(4).position(|id| id == [0x1F, 0x43, 0xB6, 0x75]),
        [b'O', b'g', b'g', b'S', ..] => ogg(bytes),
        [b'f', b'L', b'a', b'C', ..] => flac(bytes),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => mp4(bytes),
        _ => Some(0),
    };
    length.unwrap_or(bytes.len())
}

/// Header pages have the granule position 0 (RFC 7845, section 4, and RFC 3533, section 6).
fn ogg(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let page = bytes.get(at..)?;
        let (granule, segments) = (page.get(6..14)?, usize::from(*page.get(26)?));
        if granule.iter().any(|byte| *byte != 0) {
            return Some(at);
        }
        at += 27 + segments + page.get(27..27 + segments)?.iter().map(|length| usize::from(*length)).sum::<usize>();
    }
}

/// Blocks of metadata, the last of which says so (RFC 9639, section 8.1).
fn flac(bytes: &[u8]) -> Option<usize> {
    let mut at = 4;
    loop {
        let [flags, a, b, c] = *bytes.get(at..)?.first_chunk()?;
        at += 4 + u32::from_be_bytes([0, a, b, c]) as usize;
        if flags & 0x80 != 0 {
            return (at <= bytes.len()).then_some(at);
        }
    }
}

/// Boxes before the first that holds or announces audio (ISO/IEC 14496-12, sections 4.2 and 8.8).
fn mp4(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let [a, b, c, d, kind @ ..] = *bytes.get(at..)?.first_chunk::<8>()?;
        if [*b"moof", *b"mdat", *b"styp", *b"sidx"].contains(&kind) {
            return Some(at);
        }
        // A box of no length, or of one beyond 4 GB, is no header.
        at = at.checked_add((u32::from_be_bytes([a, b, c, d]) as usize).max(8))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(granule: u64, body: &[u8]) -> Vec<u8> {
        let mut page = b"OggS\0\0".to_vec();
        page.extend(granule.to_le_bytes());
        page.extend([0; 12]);
        page.extend([1, body.len() as u8]);
        page.extend(body);
        page
    }

    #[test]
    fn headers_end_where_audio_begins() {
        let ogg = [page(0, b"OpusHead"), page(0, b"OpusTags"), page(960, b"audio")].concat();
        assert_eq!(header_length(&ogg), 2 * 36);
        let webm = [&[0x1A, 0x45, 0xDF, 0xA3, 1, 2][..], &[0x1F, 0x43, 0xB6, 0x75, 9]].concat();
        assert_eq!(header_length(&webm), 6);
        let flac = [b"fLaC\x00\x00\x00\x02ab\x84\x00\x00\x01c".as_slice(), b"\xFF\xF8"].concat();
        assert_eq!(header_length(&flac), 15);
        let mp4 = b"\0\0\0\x0cftypisom\0\0\0\x08moov\0\0\0\x10moof".as_slice();
        assert_eq!(header_length(mp4), 20);
    }

    #[test]
    fn what_has_no_headers_begins_at_once_and_what_is_all_headers_is_taken_whole() {
        assert_eq!((header_length(&[]), header_length(&[0; 640]), header_length(b"ID3")), (0, 0, 0));
        let ogg = page(0, b"OpusHead");
        assert_eq!(header_length(&ogg), ogg.len());
        assert_eq!(header_length(&ogg[..20]), 20);
        assert_eq!(header_length(b"fLaC\x00\x00"), 6);
        assert_eq!(header_length(b"\0\0\0\0ftyp"), 8);
    }
}
