//! What the chunks of a socket hold, and what bits are spent.

use crate::codecs::Coding;
use crate::matrix::captured;
use crate::run::{packets, socket};

#[test]
fn a_chunk_is_whole_pages_and_the_first_alone_holds_the_headers() {
    let (encoder, format) = Coding::Opus(24_000).start(1);
    let chunks = socket(&packets(encoder, &captured(48_000, 1, 3.0), 48_000, 960), &format, 12);
    assert_eq!(chunks.len(), 13);
    for (index, chunk) in chunks.iter().enumerate() {
        assert!(chunk.starts_with(b"OggS") && chunk.len() <= 64_000);
        assert_eq!(chunk.windows(8).any(|window| window == b"OpusHead"), index == 0);
    }
}

#[test]
fn a_chunk_of_flac_is_whole_frames_and_the_first_alone_holds_the_header() {
    let (encoder, format) = Coding::Flac.start(2);
    let packets = packets(encoder, &captured(48_000, 2, 1.0), 48_000, 960);
    let chunks = socket(&packets, &format, 3);
    assert!(chunks[0].starts_with(b"fLaC") && chunks.len() == 5);
    for (chunk, kept) in chunks.iter().zip(packets.chunks(3)).skip(1) {
        assert!(kept.iter().flat_map(|packet| &packet.bytes).eq(chunk));
    }
}

#[test]
fn a_higher_bitrate_is_spent_and_none_is_exceeded() {
    let mut spent = 0.0;
    for bitrate in [12_000, 24_000, 64_000] {
        let packets = packets(Coding::Opus(bitrate).start(1).0, &captured(16_000, 1, 10.0), 16_000, 320);
        let bits = 8.0 * packets.iter().map(|packet| packet.bytes.len()).sum::<usize>() as f64 / 10.0;
        assert!(bits > spent * 1.3 && bits < f64::from(bitrate) * 1.1, "{bits} bit/s of {bitrate}");
        spent = bits;
    }
}
