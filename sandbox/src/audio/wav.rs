//! What was received as a 16-bit WAV file, for those who have no decoder.

use super::{Decoder, Format, Shape, Sink};

/// Bytes of samples in one file at most, 512 MiB: an hour and a half of mono at 48 kHz. What follows is left out.
const MAX_SAMPLES: usize = 512 << 20;

/// Decodes the bytes of a stream from its start; `None` where it is of a container that is not decoded, or holds no
/// audio. Audio whose rate or channels change in the middle ends there, since a file has one of each.
pub(crate) fn wav(format: Format, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut file = File::default();
    let mut decoder = Decoder::new(format);
    // Piece by piece, as it came: decoders then keep no more than they would of a stream.
    for piece in bytes.chunks(1 << 16) {
        decoder.push(piece, &mut file).ok()?;
    }
    (!file.samples.is_empty()).then(|| [file.header().as_slice(), &file.samples].concat())
}

#[derive(Default)]
struct File {
    shape: Shape,
    samples: Vec<u8>,
}

impl File {
    /// The size of a frame in bytes, where audio of this shape belongs in the file.
    fn frame(&mut self, shape: Shape) -> Option<usize> {
        if self.samples.is_empty() {
            self.shape = shape;
        }
        (self.shape == shape).then_some(usize::from(shape.channels) * 2)
    }

    /// RIFF, `fmt ` (16 bytes: PCM, channels, rate, bytes a second, bytes a frame, bits), `data`.
    fn header(&self) -> Vec<u8> {
        let frame = self.shape.channels * 2;
        let size = self.samples.len() as u32;
        let mut header = b"RIFF".to_vec();
        header.extend((36 + size).to_le_bytes());
        header.extend(b"WAVEfmt ");
        header.extend(16u32.to_le_bytes());
        header.extend(1u16.to_le_bytes());
        header.extend(self.shape.channels.to_le_bytes());
        header.extend(self.shape.rate.to_le_bytes());
        header.extend((self.shape.rate.saturating_mul(u32::from(frame))).to_le_bytes());
        header.extend(frame.to_le_bytes());
        header.extend(16u16.to_le_bytes());
        header.extend(b"data");
        header.extend(size.to_le_bytes());
        header
    }
}

impl Sink for File {
    fn samples(&mut self, shape: Shape, interleaved: &[i16]) {
        if self.frame(shape).is_some() {
            let room = MAX_SAMPLES.saturating_sub(self.samples.len()) / 2;
            self.samples.extend(interleaved.iter().take(room).flat_map(|sample| sample.to_le_bytes()));
        }
    }

    fn silence(&mut self, shape: Shape, frames: u64) {
        if let Some(frame) = self.frame(shape) {
            let wanted = usize::try_from(frames).unwrap_or(usize::MAX).saturating_mul(frame);
            let size = wanted.saturating_add(self.samples.len()).min(MAX_SAMPLES);
            self.samples.resize(size, 0);
        }
    }
}
