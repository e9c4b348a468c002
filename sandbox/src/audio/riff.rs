//! A WAV file, as far as it holds 16-bit PCM: what recorders write, and `wav.rs` too.

use super::{Shape, Sink, Undecoded, pcm::Pcm};

/// Bytes before the samples at most: cover art and the like may stand there.
const MAX_HEADER: usize = 1 << 20;
/// The format tag of PCM, and the one that says that the tag is further on.
const PCM: u16 = 1;
const EXTENSIBLE: u16 = 0xfffe;

#[derive(Default)]
pub(super) struct Riff {
    /// What has come before the samples.
    header: Vec<u8>,
    samples: Option<Samples>,
}

struct Samples {
    pcm: Pcm,
    /// Bytes of samples still to come.
    left: u64,
}

impl Riff {
    /// Takes bytes cut anywhere.
    ///
    /// # Errors
    /// Where the file holds anything but 16-bit PCM.
    pub(super) fn push(&mut self, bytes: &[u8], sink: &mut dyn Sink) -> Result<(), Undecoded> {
        if let Some(samples) = &mut self.samples {
            samples.push(bytes, sink);
            return Ok(());
        }
        self.header.extend_from_slice(bytes);
        match read(&self.header)? {
            Some(Start { shape, at, size }) => {
                let mut samples = Samples { pcm: Pcm::new(shape), left: size };
                samples.push(self.header.get(at..).unwrap_or_default(), sink);
                self.samples = Some(samples);
                self.header = Vec::new();
                Ok(())
            }
            None if self.header.len() > MAX_HEADER => Err(Undecoded),
            None => Ok(()),
        }
    }
}

impl Samples {
    /// What follows the samples is of no interest.
    fn push(&mut self, bytes: &[u8], sink: &mut dyn Sink) {
        let size = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= size as u64;
        self.pcm.push(&bytes[..size], sink);
    }
}

/// Where the samples begin.
struct Start {
    shape: Shape,
    at: usize,
    /// In bytes.
    size: u64,
}

/// Goes through the chunks up to `data`; `None` where more must come first.
fn read(file: &[u8]) -> Result<Option<Start>, Undecoded> {
    if file.len() < 12 {
        return Ok(None);
    }
    if &file[8..12] != b"WAVE" {
        return Err(Undecoded);
    }
    let (mut at, mut shape) = (12, None);
    while let Some((id, size)) = file.get(at..).and_then(chunk) {
        let body = at + 8;
        if id == b"data" {
            // A recorder that cannot go back to write the size leaves 0, or the largest there is.
            let size = if matches!(size, 0 | u32::MAX) { u64::MAX } else { u64::from(size) };
            return shape.ok_or(Undecoded).map(|shape| Some(Start { shape, at: body, size }));
        }
        let end = body.saturating_add(size as usize);
        if id == b"fmt " {
            let Some(format) = file.get(body..end) else { break };
            shape = Some(pcm(format).ok_or(Undecoded)?);
        }
        // Chunks begin at even places.
        at = end.saturating_add(size as usize % 2);
    }
    Ok(None)
}

fn chunk(bytes: &[u8]) -> Option<(&[u8; 4], u32)> {
    let (id, rest) = bytes.split_first_chunk()?;
    Some((id, u32::from_le_bytes(*rest.first_chunk()?)))
}

/// Reads `fmt `: tag, channels, rate, bytes a second, bytes a frame, bits, and where the tag is elsewhere, that.
fn pcm(format: &[u8]) -> Option<Shape> {
    let short = |at: usize| Some(u16::from_le_bytes(*format.get(at..)?.first_chunk()?));
    let tag = match short(0)? {
        EXTENSIBLE => short(24)?,
        tag => tag,
    };
    let rate = u32::from_le_bytes(*format.get(4..)?.first_chunk()?);
    let (channels, bits) = (short(2)?, short(14)?);
    let fits = tag == PCM && bits == 16 && (1..=8).contains(&channels) && (8_000..=192_000).contains(&rate);
    fits.then_some(Shape { rate, channels })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{Format, Span, listen, wav};

    /// Two seconds in stereo at 8 kHz: one of silence, one of sound.
    fn file() -> Vec<u8> {
        let frames = [0, 9_000].iter().flat_map(|sample: &i16| std::iter::repeat_n(*sample, 16_000));
        let bytes: Vec<u8> = frames.flat_map(i16::to_le_bytes).collect();
        wav(Format::Pcm { rate: 8_000, channels: 2 }, &bytes).unwrap()
    }

    #[test]
    fn a_wav_file_is_as_long_as_its_samples_and_speaks_where_it_is_loud() {
        let (seconds, heard) = listen(Format::Container, &file()).unwrap();
        assert_eq!((seconds, heard), (2.0, vec![Span { start: 1.0, end: 2.0 }]));
    }

    #[test]
    fn chunks_before_and_after_the_samples_are_passed_over() {
        let mut padded = file();
        padded.extend(b"LIST\x04\0\0\0junk".repeat(500));
        padded.splice(12..12, *b"LIST\x03\0\0\0odd\0");
        assert_eq!(listen(Format::Container, &padded).unwrap().0, 2.0);
    }

    #[test]
    fn what_is_no_16_bit_pcm_is_not_decoded_and_no_cut_or_flipped_byte_ends_badly() {
        let good = file();
        let mut float = good.clone();
        float[20] = 3;
        assert!(listen(Format::Container, &float).is_none());
        for at in 0..44 {
            listen(Format::Container, &good[..at]);
            let mut bad = good.clone();
            bad[at] ^= 0xff;
            listen(Format::Container, &bad);
        }
        assert!(listen(Format::Container, &good[..44]).is_none(), "no samples, no audio");
    }
}
