//! The one error: an argument outside what Opus, or this encoder of it, allows.

use std::fmt;

/// Why an encoder was not made, or a frame not encoded. Nothing of the audio is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not a rate of Opus, in Hz.
    SampleRate(u32),
    /// Neither one channel nor two.
    Channels(usize),
    /// Outside [`Encoder::BITRATES`](crate::Encoder::BITRATES), in bit/s over all channels.
    Bitrate(u32),
    /// More than 10.
    Complexity(u32),
    /// A frame is not of 20 ms. Both in samples, all channels counted; the encoder is as it was.
    FrameLength {
        /// What [`Encoder::frame_len`](crate::Encoder::frame_len) says.
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
                write!(formatter, "Opus has no sample rate {rate}: use 8000, 12000, 16000, 24000 or 48000 Hz")
            }
            Self::Channels(channels) => write!(formatter, "{channels} channels: an Opus packet holds 1 or 2"),
            Self::Bitrate(bitrate) => {
                write!(formatter, "a bit rate of {bitrate}: Opus codes speech with 6000 to 510000 bit/s")
            }
            Self::Complexity(complexity) => write!(formatter, "a complexity of {complexity}: it is 0 to 10"),
            Self::FrameLength { expected, given } => {
                write!(formatter, "a frame of {given} samples: 20 ms of all channels are {expected}")
            }
            Self::Codec => formatter.write_str("the Opus codec failed inside"),
        }
    }
}

impl std::error::Error for Refused {}
