//! Opus packets to samples at 48 kHz, by the crate `opus-pure`, whatever container they came in.

use opus_pure::{OpusDecoder, OpusMSDecoder, packet};

use super::{Shape, Undecoded};

/// Opus counts time in samples at 48 kHz whatever was encoded (RFC 7845, section 4), and decodes to them without
/// another resampling.
pub(super) const RATE: u32 = 48_000;

/// More channels than this are not decoded: as many as raw PCM may have here.
const MAX_CHANNELS: u8 = 8;

/// The decoder of one stream.
pub(super) struct Opus {
    decoder: Decoder,
    pub(super) shape: Shape,
    /// Samples per channel at 48 kHz with which the decoder's output begins and that are no audio.
    pub(super) pre_skip: u64,
}

enum Decoder {
    /// Mono and stereo: mapping family 0.
    Plain(Box<OpusDecoder>),
    /// More channels, or discrete ones.
    Multistream(Box<OpusMSDecoder>),
}

impl Opus {
    /// Reads an `OpusHead` packet (RFC 7845, section 5.1). Its output gain is left out: what is measured is what was
    /// recorded.
    pub(super) fn new(head: &[u8]) -> Result<Self, Undecoded> {
        let fixed: &[u8; 19] = head.first_chunk().ok_or(Undecoded)?;
        // The upper four bits are the major version, and there is only 0.
        let (channels, family) = (fixed[9], fixed[18]);
        if !fixed.starts_with(b"OpusHead") || fixed[8] >> 4 != 0 || channels > MAX_CHANNELS {
            return Err(Undecoded);
        }
        let decoder = if family == 0 {
            let decoder = OpusDecoder::new(RATE as i32, usize::from(channels)).map_err(|_| Undecoded)?;
            Decoder::Plain(Box::new(decoder))
        } else {
            let decoder = OpusMSDecoder::new(RATE as i32, usize::from(channels), family).map_err(|_| Undecoded)?;
            // The crate decodes the usual layout of so many channels; another one would be heard on wrong channels.
            let layout = decoder.layout();
            let usual =
                [&[layout.nb_streams as u8, layout.nb_coupled_streams as u8], layout.mapping.as_slice()].concat();
            if head.get(19..) != Some(&usual) {
                return Err(Undecoded);
            }
            Decoder::Multistream(Box::new(decoder))
        };
        let pre_skip = u64::from(u16::from_le_bytes([fixed[10], fixed[11]]));
        Ok(Self { decoder, shape: Shape { rate: RATE, channels: u16::from(channels) }, pre_skip })
    }

    /// Appends what a packet decodes to, interleaved. A broken packet is silence of the length that it claims, or
    /// nothing where even that cannot be read.
    pub(super) fn decode(&mut self, packet: &[u8], out: &mut Vec<i16>) {
        // A multistream packet begins with a packet of its first stream, whose header tells the same.
        let Ok(frames) = packet::samples_48k(packet) else { return };
        let from = out.len();
        out.resize(from + frames * usize::from(self.shape.channels), 0);
        let decoded = match &mut self.decoder {
            Decoder::Plain(decoder) => decoder.decode_s16(packet, frames, &mut out[from..]),
            Decoder::Multistream(decoder) => decoder.decode_s16(packet, frames, &mut out[from..]),
        };
        if decoded.ok() != Some(frames) {
            out[from..].fill(0);
        }
    }
}
