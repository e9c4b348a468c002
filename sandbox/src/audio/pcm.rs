//! Raw samples, little-endian signed 16-bit, interleaved.

use super::{Shape, Sink};

/// Puts together the frames that messages cut.
pub(super) struct Pcm {
    shape: Shape,
    rest: Vec<u8>,
}

impl Pcm {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, rest: Vec::new() }
    }

    pub(super) fn push(&mut self, bytes: &[u8], sink: &mut dyn Sink) {
        let mut data = std::mem::take(&mut self.rest);
        data.extend_from_slice(bytes);
        let whole = data.len() - data.len() % (usize::from(self.shape.channels).max(1) * 2);
        self.rest = data.split_off(whole);
        let samples: Vec<i16> = data.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        sink.samples(self.shape, &samples);
    }
}
