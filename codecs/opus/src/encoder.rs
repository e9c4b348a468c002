//! The encoder: settings that suit speech, arguments checked before the codec sees them, memory taken once.

use std::ops::RangeInclusive;

use opus_pure::{Application, MAX_PACKET_BYTES, OpusEncoder, RateControl, Signal};

use crate::Refused;

/// Frames a second: 20 ms each, the length Opus is tuned for (RFC 6716, section 2.1).
const FRAMES_PER_SECOND: u32 = 50;

/// Encodes one stream of speech, frame by frame, in order.
pub struct Encoder {
    codec: OpusEncoder,
    /// The frame as the codec gets it: 20 ms, interleaved, nothing but numbers within ±1.
    frame: Vec<f32>,
    /// Samples a channel in a frame.
    samples: usize,
    packet: Vec<u8>,
}

impl Encoder {
    /// Sample rates that Opus takes, in Hz (RFC 6716, section 2, table 1). It codes up to half of it, so that at 16 kHz it
    /// keeps all that a speech recogniser hears.
    pub const SAMPLE_RATES: [u32; 5] = [8_000, 12_000, 16_000, 24_000, 48_000];

    /// Bit rates that Opus takes, in bit/s over all channels (RFC 6716, section 2.1).
    pub const BITRATES: RangeInclusive<u32> = 6_000..=510_000;

    /// From quick to good (RFC 6716, section 2.1).
    pub const COMPLEXITIES: RangeInclusive<u32> = 0..=10;

    /// An encoder for voice, with a constrained variable bit rate: single packets differ in size, a second of them hardly
    /// does. `sample_rate` is in Hz, `bitrate` in bit/s over all channels. Pauses take less than it: over
    /// speech with many of them a fifth less was measured, with libopus as with this codec. One channel takes at most
    /// 300,000 bit/s, whatever more is asked for.
    ///
    /// # Errors
    ///
    /// [`Refused`] names the first argument that is none of [`SAMPLE_RATES`](Self::SAMPLE_RATES), neither 1 nor 2
    /// channels, or outside [`BITRATES`](Self::BITRATES) or [`COMPLEXITIES`](Self::COMPLEXITIES).
    pub fn new(sample_rate: u32, channels: usize, bitrate: u32, complexity: u32) -> Result<Self, Refused> {
        if !Self::SAMPLE_RATES.contains(&sample_rate) {
            return Err(Refused::SampleRate(sample_rate));
        }
        if !(1..=2).contains(&channels) {
            return Err(Refused::Channels(channels));
        }
        if !Self::BITRATES.contains(&bitrate) {
            return Err(Refused::Bitrate(bitrate));
        }
        if !Self::COMPLEXITIES.contains(&complexity) {
            return Err(Refused::Complexity(complexity));
        }
        // All of them are far below what 31 bits hold.
        let mut codec =
            OpusEncoder::new(sample_rate as i32, channels, Application::Voip).map_err(|_| Refused::Codec)?;
        codec.bitrate_bps = bitrate as i32;
        codec.complexity = complexity as i32;
        codec.rate_control = RateControl::ConstrainedVbr;
        codec.signal_type = Some(Signal::Voice);
        let samples = (sample_rate / FRAMES_PER_SECOND) as usize;
        Ok(Self { codec, frame: vec![0.0; samples * channels], samples, packet: vec![0; MAX_PACKET_BYTES] })
    }

    /// Encodes one frame: [`frame_len`](Self::frame_len) samples, the channels interleaved, full scale ±1. What is louder
    /// is clipped, and what is no number (NaN, infinity) is silence. The packet is valid until the next call.
    ///
    /// Nothing is allocated for it here; the codec takes three blocks of 2.6 kB together at 16 kHz, and gives them back
    /// before it returns.
    ///
    /// # Errors
    ///
    /// [`Refused::FrameLength`] for a frame of another length; the stream can go on.
    pub fn encode(&mut self, interleaved: &[f32]) -> Result<&[u8], Refused> {
        if interleaved.len() != self.frame.len() {
            return Err(Refused::FrameLength { expected: self.frame.len(), given: interleaved.len() });
        }
        for (place, sample) in self.frame.iter_mut().zip(interleaved) {
            *place = if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 };
        }
        let length = self.codec.encode(&self.frame, self.samples, &mut self.packet).map_err(|_| Refused::Codec)?;
        self.packet.get(..length).ok_or(Refused::Codec)
    }

    /// Samples in a frame, all channels counted: 320 at 16 kHz with one channel.
    pub fn frame_len(&self) -> usize {
        self.frame.len()
    }

    /// How far the decoded audio lags behind the input, in samples a channel at the input's rate: 104 at 16 kHz. It is
    /// 6.5 ms at every rate, which is the pre-skip of 312 samples at 48 kHz that a container declares (RFC 7845,
    /// section 5.1).
    pub fn lookahead(&self) -> usize {
        self.codec.lookahead()
    }
}
