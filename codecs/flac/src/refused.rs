//! The one error: an argument outside what this encoder allows.

use std::fmt;

/// Why an encoder was not made, or a block not encoded. Nothing of the audio is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Outside [`Encoder::SAMPLE_RATES`](crate::Encoder::SAMPLE_RATES), or without a whole block of 80 ms, in Hz.
    SampleRate(u32),
    /// Outside [`Encoder::CHANNELS`](crate::Encoder::CHANNELS).
    Channels(usize),
    /// A block is not of 80 ms. Both in samples, all channels counted; the encoder is as it was.
    BlockLength {
        /// What [`Encoder::block_len`](crate::Encoder::block_len) says.
        expected: usize,
        /// What was passed.
        given: usize,
    },
    /// The codec itself failed: no input is known that makes it.
    Codec,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SampleRate(rate) => {
                write!(formatter, "a sample rate of {rate}: use 8000 to 48000 Hz, a multiple of 25")
            }
            Self::Channels(channels) => write!(formatter, "{channels} channels: a FLAC stream holds 1 to 8"),
            Self::BlockLength { expected, given } => {
                write!(formatter, "a block of {given} samples: 80 ms of all channels are {expected}")
            }
            Self::Codec => formatter.write_str("the FLAC codec failed inside"),
        }
    }
}

impl std::error::Error for Refused {}
