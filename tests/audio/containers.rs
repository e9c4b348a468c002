//! Properties of the containers, for packets of any bytes and lengths, wherever a socket starts and its chunks end.

use ossicle::time::Duration;
use std::io::Cursor;

use ogg::PacketReader;
use ossicle::audio::container::Format;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::run::{Kept, any_number_of_times, socket};

/// The most bytes of an Opus packet (RFC 6716, section 3.4).
const MOST_OPUS_BYTES: usize = 1_275;

/// Frames of one length as an encoder that is late by 6.5 ms makes them: the first shorter by that, the last by anything. With
/// them the length, in samples at 48 kHz.
fn opus_packets() -> impl Strategy<Value = (u64, Vec<Kept>)> {
    // By the first byte (RFC 6716, section 3.1): 20 ms, 60 ms, both SILK; 20 ms of both.
    let kind = prop_oneof![Just((9_u8 << 3, 320_u32)), Just((11 << 3, 960)), Just((15 << 3, 320))];
    // Small ones, which are the rule, and any.
    let size = prop_oneof![3 => 1..100_usize, 1 => 1..=MOST_OPUS_BYTES, 1 => Just(254_usize), 1 => Just(255_usize)];
    let bytes = (size, any::<u8>()).prop_map(|(length, seed)| (0..length).map(|n| n as u8 ^ seed).collect());
    (kind, vec(bytes, 1..120), 1..=320_u32).prop_map(|((first, frame), packets, last): (_, Vec<Vec<u8>>, u32)| {
        let count = packets.len();
        let mut end = 0;
        let span = |(index, mut bytes): (usize, Vec<u8>)| {
            bytes[0] = first;
            let start = end;
            let frames = if index == 0 { frame - 104 } else { frame };
            end += if index + 1 == count { last.min(frames) } else { frames };
            Kept { start: at(start), duration: at(end) - at(start), bytes }
        };
        (3 * u64::from(frame), packets.into_iter().enumerate().map(span).collect())
    })
}

/// The time of a frame at 16 kHz.
fn at(frame: u32) -> Duration {
    Duration::from_micros(u64::from(frame) * 125 / 2)
}

/// Samples at 48 kHz.
fn granules(duration: Duration) -> u64 {
    (duration.as_micros() * 48).div_ceil(1_000)
}

/// A page of Ogg, by hand, for what a reader of packets does not tell: RFC 3533, section 6.
struct Page {
    is_first: bool,
    is_last: bool,
    is_continued: bool,
    granule: u64,
    serial: u32,
    number: u32,
    /// Whether a packet goes on in the next page.
    is_open: bool,
}

/// The pages that these bytes are, and nothing else.
fn pages(mut bytes: &[u8]) -> Vec<Page> {
    let mut pages = Vec::new();
    while !bytes.is_empty() {
        assert!(bytes.starts_with(b"OggS\0"), "no page begins here");
        let number = |from: usize| u32::from_le_bytes(bytes[from..from + 4].try_into().unwrap());
        let lacing = &bytes[27..27 + usize::from(bytes[26])];
        pages.push(Page {
            is_continued: bytes[5] & 1 != 0,
            is_first: bytes[5] & 2 != 0,
            is_last: bytes[5] & 4 != 0,
            granule: u64::from_le_bytes(bytes[6..14].try_into().unwrap()),
            serial: number(14),
            number: number(18),
            is_open: lacing.last() == Some(&255),
        });
        bytes = &bytes[27 + lacing.len() + lacing.iter().map(|lace| usize::from(*lace)).sum::<usize>()..];
    }
    pages
}

proptest! {
    #![proptest_config(any_number_of_times())]

    #[test]
    fn ogg_holds_exactly_the_packets_after_two_headers_and_at_most_one_frame_to_skip(
        (_, packets) in opus_packets(), start in any::<prop::sample::Index>(), chunk in 1..60_usize, channels in 1..=2_u8,
    ) {
        let start = start.index(packets.len());
        let kept = &packets[start..];
        let bytes = socket(kept, &Format::OggOpus { channels, sample_rate: 16_000 }, chunk).concat();
        // The reader refuses a page with a wrong checksum.
        let mut reader = PacketReader::new(Cursor::new(bytes));
        let mut next = || reader.read_packet().unwrap().map(|packet| packet.data);
        let head = next().unwrap();
        prop_assert!(head.starts_with(b"OpusHead\x01"));
        prop_assert_eq!(head[9], channels);
        prop_assert!(next().unwrap().starts_with(b"OpusTags"));
        let rest: Vec<Vec<u8>> = std::iter::from_fn(next).collect();
        // The encoder's first packet holds what is to be skipped; any other has a frame without data before it.
        let padding = rest.len() - kept.len();
        prop_assert_eq!(padding, usize::from(start > 0));
        prop_assert!(rest.iter().take(padding).all(|packet| packet.len() == 1));
        prop_assert!(rest[padding..].iter().eq(kept.iter().map(|packet| &packet.bytes)));
    }

    #[test]
    fn ogg_chunks_are_whole_pages_whose_positions_are_the_time_that_was_sent(
        (frame, packets) in opus_packets(), start in any::<prop::sample::Index>(), chunk in 1..60_usize,
    ) {
        let start = start.index(packets.len());
        let kept = &packets[start..];
        let chunks = socket(kept, &Format::OggOpus { channels: 1, sample_rate: 16_000 }, chunk);
        let head = chunks[0].windows(8).position(|window| window == b"OpusHead").unwrap();
        let pre_skip = u64::from(u16::from_le_bytes([chunks[0][head + 10], chunks[0][head + 11]]));
        prop_assert_eq!(pre_skip, if start == 0 { frame - granules(kept[0].duration) } else { frame });

        let (mut number, mut highest) = (0, 0);
        for (index, chunk_bytes) in chunks.iter().enumerate() {
            let pages = pages(chunk_bytes);
            let open: Vec<bool> = pages.iter().map(|page| page.is_open).collect();
            prop_assert_eq!(open.last(), Some(&false), "a packet is cut by the end of a chunk");
            for (page, was_open) in pages.iter().zip(std::iter::once(false).chain(open.iter().copied())) {
                prop_assert_eq!((page.serial, page.number, page.is_first), (7, number, number == 0));
                prop_assert_eq!(page.is_continued, was_open);
                // No position where no packet ends; RFC 3533 has all bits set there.
                if page.granule != u64::MAX {
                    prop_assert!(page.granule >= highest, "{} after {}", page.granule, highest);
                    highest = page.granule;
                }
                number += 1;
            }
            let last_of_chunk = &kept[kept.len().min((index + 1) * chunk) - 1];
            let sent = granules(last_of_chunk.end()) - granules(kept[0].start);
            prop_assert_eq!(highest, pre_skip + sent, "chunk {}", index);
            let last_of_stream: Vec<bool> = pages.iter().map(|page| page.is_last).collect();
            let ends = index + 1 == chunks.len();
            prop_assert!(last_of_stream.iter().rev().enumerate().all(|(n, is_last)| *is_last == (ends && n == 0)));
        }
    }

    #[test]
    fn flac_is_the_header_once_and_then_the_frames_as_they_are(
        header in vec(any::<u8>(), 1..100), frames in vec(vec(any::<u8>(), 0..300), 1..40), chunk in 1..12_usize,
    ) {
        let kept: Vec<Kept> = frames
            .iter()
            .zip(0_u32..)
            .map(|(bytes, n)| Kept { start: at(n * 1_280), duration: at(1_280), bytes: bytes.clone() })
            .collect();
        let chunks = socket(&kept, &Format::Flac { header: header.clone() }, chunk);
        for (index, (bytes, frames)) in chunks.iter().zip(frames.chunks(chunk)).enumerate() {
            let expected = if index == 0 { [header.clone(), frames.concat()].concat() } else { frames.concat() };
            prop_assert!(*bytes == expected, "chunk {index}");
        }
    }
}
