//! A socket's bytes decoded in this process to planes at [`RATE`]: quick enough for the whole matrix. FLAC is decoded by
//! other hands than encoded it; of Opus the decoder only comes from the same crate, which is why `outside` exists.

use std::io::Cursor;

use ogg::PacketReader;
use opus_pure::OpusDecoder;

use crate::RATE;
use crate::codecs::Coding;

/// Samples at 48 kHz, in which Ogg Opus counts, for each at [`RATE`].
const GRANULES: usize = 48_000 / RATE as usize;

/// Planes of full scale ±1.
pub(crate) fn decode(bytes: &[u8], coding: Coding, channels: usize) -> Vec<Vec<f32>> {
    match coding {
        Coding::Pcm | Coding::Flac => scaled(&sixteen_bits(bytes, coding, channels)),
        Coding::Opus(_) => opus(bytes, channels),
    }
}

/// The samples of an encoding that loses nothing, as planes.
pub(crate) fn sixteen_bits(bytes: &[u8], coding: Coding, channels: usize) -> Vec<Vec<i16>> {
    let samples: Vec<i16> = match coding {
        Coding::Pcm => bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect(),
        Coding::Flac => {
            let mut reader = claxon::FlacReader::new(Cursor::new(bytes)).unwrap();
            let info = reader.streaminfo();
            assert_eq!((info.sample_rate, info.channels as usize, info.bits_per_sample), (RATE, channels, 16));
            reader.samples().map(|sample| i16::try_from(sample.unwrap()).unwrap()).collect()
        }
        Coding::Opus(_) => panic!("Opus loses something"),
    };
    assert!(samples.len().is_multiple_of(channels), "half a frame");
    planes(&samples, channels)
}

/// By the rules of RFC 7845: pre-skip at the beginning, the last granule position for the end.
fn opus(bytes: &[u8], channels: usize) -> Vec<Vec<f32>> {
    let mut reader = PacketReader::new(Cursor::new(bytes));
    let head = reader.read_packet().unwrap().unwrap().data;
    assert!(head.starts_with(b"OpusHead\x01") && usize::from(head[9]) == channels, "{head:?}");
    let pre_skip = usize::from(u16::from_le_bytes([head[10], head[11]]));
    let tags = reader.read_packet().unwrap().unwrap().data;
    assert!(tags.starts_with(b"OpusTags"));
    let mut decoder = OpusDecoder::new(RATE as i32, channels).unwrap();
    let (mut samples, mut end) = (Vec::new(), 0);
    let mut frame = vec![0.0; RATE as usize / 50 * channels];
    while let Some(packet) = reader.read_packet().unwrap() {
        let frames = decoder.decode(&packet.data, RATE as usize / 50, &mut frame).unwrap();
        samples.extend_from_slice(&frame[..frames * channels]);
        end = packet.absgp_page() as usize;
    }
    assert!(end.is_multiple_of(GRANULES) && pre_skip.is_multiple_of(GRANULES));
    planes(&samples[pre_skip / GRANULES * channels..end / GRANULES * channels], channels)
}

pub(crate) fn planes<T: Copy>(interleaved: &[T], channels: usize) -> Vec<Vec<T>> {
    (0..channels).map(|channel| interleaved.iter().skip(channel).step_by(channels).copied().collect()).collect()
}

fn scaled(planes: &[Vec<i16>]) -> Vec<Vec<f32>> {
    planes.iter().map(|plane| plane.iter().map(|sample| f32::from(*sample) / 32_768.0).collect()).collect()
}
