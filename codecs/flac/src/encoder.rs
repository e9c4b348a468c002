//! The encoder: 16-bit samples in blocks of one length, so that each frame can be decoded on its own.

use std::ops::RangeInclusive;

use flacenc::bitsink::ByteSink;
use flacenc::component::{BitRepr, Stream, StreamInfo};
use flacenc::error::{Verified, Verify};
use flacenc::source::{Fill, FrameBuf};

use crate::Refused;

/// A block is a second divided by this, times two: 80 ms. On speech at 16 kHz that makes half of PCM.
const PAIRS_OF_BLOCKS_PER_SECOND: u32 = 25;
const BITS: usize = 16;
/// What fits into a frame's number in a stream of fixed blocks (RFC 9639, section 9.1.5).
const LAST_NUMBER: usize = (1 << 31) - 1;

/// Encodes one stream, block by block, in order.
pub struct Encoder {
    config: Verified<flacenc::config::Encoder>,
    info: StreamInfo,
    header: Vec<u8>,
    /// The block as the codec gets it: interleaved, full scale ±32,768.
    samples: Vec<i32>,
    block: FrameBuf,
    number: usize,
    frame: ByteSink,
}

impl Encoder {
    /// Sample rates, in Hz: those of which a block stays within the format's subset for streaming, 4,608 samples a channel
    /// up to 48 kHz (RFC 9639, section 7).
    pub const SAMPLE_RATES: RangeInclusive<u32> = 8_000..=48_000;

    /// How many channels a stream may have (RFC 9639, section 8.2).
    pub const CHANNELS: RangeInclusive<usize> = 1..=8;

    /// An encoder for 16-bit samples at `sample_rate` in Hz.
    ///
    /// # Errors
    ///
    /// [`Refused`] names a rate or a number of channels outside [`SAMPLE_RATES`](Self::SAMPLE_RATES) and
    /// [`CHANNELS`](Self::CHANNELS), and a rate at which 80 ms are no whole number of samples.
    pub fn new(sample_rate: u32, channels: usize) -> Result<Self, Refused> {
        if !Self::SAMPLE_RATES.contains(&sample_rate) || !sample_rate.is_multiple_of(PAIRS_OF_BLOCKS_PER_SECOND) {
            return Err(Refused::SampleRate(sample_rate));
        }
        if !Self::CHANNELS.contains(&channels) {
            return Err(Refused::Channels(channels));
        }
        let length = (2 * sample_rate / PAIRS_OF_BLOCKS_PER_SECOND) as usize;
        let mut config = flacenc::config::Encoder::default();
        config.block_size = length;
        let config = config.into_verified().map_err(|_| Refused::Codec)?;
        let mut info = StreamInfo::new(sample_rate as usize, channels, BITS).map_err(|_| Refused::Codec)?;
        info.set_block_sizes(length, length).map_err(|_| Refused::Codec)?;
        // Zero says that they are not known, as do the number of samples and the digest.
        info.set_frame_sizes(0, 0).map_err(|_| Refused::Codec)?;
        let mut header = ByteSink::new();
        Stream::with_stream_info(info.clone()).write(&mut header).map_err(|_| Refused::Codec)?;
        let block = FrameBuf::with_size(channels, length).map_err(|_| Refused::Codec)?;
        let samples = vec![0; length * channels];
        Ok(Self { config, info, header: header.into_inner(), samples, block, number: 0, frame: ByteSink::new() })
    }

    /// What a stream begins with: the marker and the block of stream information (RFC 9639, section 8.2), 42 bytes. The
    /// frames that follow may begin with any.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Encodes one block: [`block_len`](Self::block_len) samples, the channels interleaved, full scale ±1, rounded to
    /// 16 bits. What is louder is clipped, and NaN is silence. The frame is valid until the next call.
    ///
    /// # Errors
    ///
    /// [`Refused::BlockLength`] for a block of another length; the stream can go on.
    pub fn encode(&mut self, interleaved: &[f32]) -> Result<&[u8], Refused> {
        if interleaved.len() != self.samples.len() {
            return Err(Refused::BlockLength { expected: self.samples.len(), given: interleaved.len() });
        }
        for (place, sample) in self.samples.iter_mut().zip(interleaved) {
            // A cast saturates, and makes zero of NaN.
            *place = i32::from((sample * 32_768.0).round() as i16);
        }
        self.block.fill_interleaved(&self.samples).map_err(|_| Refused::Codec)?;
        let frame = flacenc::encode_fixed_size_frame(&self.config, &self.block, self.number, &self.info)
            .map_err(|_| Refused::Codec)?;
        self.frame.clear();
        frame.write(&mut self.frame).map_err(|_| Refused::Codec)?;
        self.number = if self.number == LAST_NUMBER { 0 } else { self.number + 1 };
        Ok(self.frame.as_slice())
    }

    /// Samples in a block, all channels counted: 1,280 at 16 kHz with one channel.
    pub fn block_len(&self) -> usize {
        self.samples.len()
    }
}
