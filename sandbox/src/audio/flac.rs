//! A FLAC stream (RFC 9639), frame by frame as bytes arrive, by the crate `claxon`.
//!
//! A frame carries checksums, so what is broken is passed over until the next place where a frame begins. Nothing is
//! kept but one frame.

use std::io::{Cursor, ErrorKind};

use claxon::{
    Block, Error,
    frame::FrameReader,
    metadata::{MetadataBlock, StreamInfo, read_metadata_block},
};

use super::{Shape, Sink, Undecoded};

/// A frame may be this long, in bytes: encoders' blocks of 4,608 samples in eight channels of 24 bits are a tenth.
const MAX_FRAME: usize = 1 << 20;
/// Length of the `STREAMINFO` block, in bytes (RFC 9639, section 8.2).
const INFO: usize = 34;

#[derive(Default)]
pub(super) struct Flac {
    /// What has come of the next block or frame.
    buffer: Vec<u8>,
    /// Bytes still to come of a block of metadata that is of no interest.
    skip: usize,
    info: Option<StreamInfo>,
    has_metadata: bool,
    has_signature: bool,
    scratch: Vec<i32>,
}

impl Flac {
    /// Takes bytes cut anywhere.
    ///
    /// # Errors
    /// Where the metadata is not a FLAC stream's.
    pub(super) fn push(&mut self, bytes: &[u8], sink: &mut dyn Sink) -> Result<(), Undecoded> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.extend_from_slice(bytes);
        let mut at = 0;
        if !self.has_signature {
            // The caller has looked at the signature already.
            self.has_signature = true;
            at = b"fLaC".len();
        }
        while let Some(size) = self.step(buffer.get(at..).unwrap_or_default(), sink)? {
            at += size;
        }
        buffer.drain(..at.min(buffer.len()));
        self.buffer = buffer;
        Ok(())
    }

    /// Takes one thing from the start of the bytes, and gives its size; `None` where more must come first.
    fn step(&mut self, bytes: &[u8], sink: &mut dyn Sink) -> Result<Option<usize>, Undecoded> {
        if self.skip > 0 {
            let size = self.skip.min(bytes.len());
            self.skip -= size;
            return Ok((size > 0).then_some(size));
        }
        match &self.info {
            Some(info) if self.has_metadata => {
                let shape = Shape { rate: info.sample_rate, channels: 0 };
                let depth = info.bits_per_sample;
                Ok(self.frame(bytes, shape, depth, sink))
            }
            _ => self.metadata(bytes),
        }
    }

    /// One block of metadata: RFC 9639, section 8.1.
    fn metadata(&mut self, bytes: &[u8]) -> Result<Option<usize>, Undecoded> {
        let Some(&[kind, a, b, c]) = bytes.first_chunk() else { return Ok(None) };
        let size = u32::from_be_bytes([0, a, b, c]) as usize;
        let is_last = kind & 0x80 != 0;
        if kind & 0x7f == 0 {
            let Some(block) = bytes.get(4..4 + INFO) else { return Ok(None) };
            match read_metadata_block(&mut Cursor::new(block), 0, size as u32) {
                Ok(MetadataBlock::StreamInfo(info)) if info.sample_rate > 0 => self.info = Some(info),
                _ => return Err(Undecoded),
            }
        }
        if is_last && self.info.is_none() {
            return Err(Undecoded);
        }
        self.has_metadata = is_last;
        self.skip = size;
        Ok(Some(4))
    }

    fn frame(&mut self, bytes: &[u8], shape: Shape, depth: u32, sink: &mut dyn Sink) -> Option<usize> {
        // A frame begins with 15 bits of its own (RFC 9639, section 9.1).
        let starts = |pair: &[u8]| pair[0] == 0xff && pair[1] & 0xfe == 0xf8;
        match bytes.windows(2).position(starts) {
            Some(0) => {}
            Some(garbage) => return Some(garbage),
            // The last byte may be the first of a frame.
            None => return Some(bytes.len().saturating_sub(1)).filter(|size| *size > 0),
        }
        let mut reader = FrameReader::new(Cursor::new(bytes));
        match reader.read_next_or_eof(std::mem::take(&mut self.scratch)) {
            Ok(Some(block)) => {
                let shape = Shape { channels: block.channels() as u16, ..shape };
                sink.samples(shape, &interleave(&block, depth));
                self.scratch = block.into_buffer();
                Some(reader.into_inner().position() as usize)
            }
            Ok(None) => None,
            Err(Error::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof && bytes.len() < MAX_FRAME => None,
            Err(_) => Some(1),
        }
    }
}

/// A block's samples frame by frame, as 16 bits.
fn interleave(block: &Block, depth: u32) -> Vec<i16> {
    let channels = block.channels();
    let sixteen = |sample: i32| {
        let sample = if depth > 16 { sample >> (depth - 16) } else { sample << (16 - depth) };
        sample.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
    };
    (0..block.duration()).flat_map(|n| (0..channels).map(move |channel| sixteen(block.sample(channel, n)))).collect()
}
