//! Ogg Opus, RFC 7845: what is in the pages.
//!
//! Granule positions count samples at 48 kHz, whatever the encoder's input rate (section 4). A packet's capture span is
//! that of the audio it decodes to: an encoder's first packet is therefore shorter than its frame by the encoder's
//! delay, and that difference is the pre-skip (section 4.2). The last packet is shorter again, which the last granule
//! position tells (section 4.4).

use super::Place;
use super::pages::Pages;
use crate::audio::Packet;
use crate::audio::encode::OPUS_FRAME;
use crate::time::Duration;

/// The rate that granule positions count in.
const GRANULE_RATE: u64 = 48_000;

/// Who made the stream, for those who look at it.
const VENDOR: &[u8] = b"ossicle";

/// The container of one socket.
#[derive(Debug)]
pub struct OggOpus {
    pages: Pages,
    channels: u8,
    sample_rate: u32,
    /// Capture time of the encoder's first packet.
    origin: Duration,
    granule: u64,
    has_headers: bool,
}

impl OggOpus {
    pub(super) fn new(channels: u8, sample_rate: u32, serial: u32, origin: Duration) -> Self {
        Self { pages: Pages::new(serial), channels, sample_rate, origin, granule: 0, has_headers: false }
    }

    pub(super) fn write(&mut self, packet: Packet<'_>, place: Place, chunk: &mut Vec<u8>) {
        let length = samples(packet.duration);
        if !self.has_headers {
            self.has_headers = true;
            // The encoder's very first packet lacks what the encoder is late by. Any other has nothing to skip, which
            // decoders find implausible (and so it is: a decoder that starts in the middle needs a moment): a frame
            // without data goes before it and is skipped.
            let frame = samples(OPUS_FRAME);
            let is_first = packet.start == self.origin && length < frame;
            let pre_skip = if is_first { frame - length } else { frame };
            let head = self.head(u16::try_from(pre_skip).unwrap_or(0));
            self.pages.put(&head, 0, Place::EndOfChunk, chunk);
            self.pages.put(&tags(), 0, Place::EndOfChunk, chunk);
            self.granule = pre_skip;
            if !is_first {
                self.pages.put(&empty_frame(packet.bytes), self.granule, Place::Within, chunk);
            }
        }
        self.granule += length;
        self.pages.put(packet.bytes, self.granule, place, chunk);
    }

    /// The identification header, section 5.1.
    fn head(&self, pre_skip: u16) -> Vec<u8> {
        let mut head = b"OpusHead\x01".to_vec();
        head.push(self.channels);
        head.extend(pre_skip.to_le_bytes());
        head.extend(self.sample_rate.to_le_bytes());
        head.extend([0, 0]); // output gain
        head.push(0); // mapping family 0: mono or stereo
        head
    }
}

/// The comment header, section 5.2: a vendor, no comments.
fn tags() -> Vec<u8> {
    let length = u32::try_from(VENDOR.len()).unwrap_or(0);
    [b"OpusTags".as_slice(), &length.to_le_bytes(), VENDOR, &0_u32.to_le_bytes()].concat()
}

/// A packet of the same kind without data, which decodes as a lost one does (RFC 6716, section 3.1: the first byte
/// holds mode, bandwidth, frame size and channels in its upper six bits, and 0 in the lower two means one frame).
fn empty_frame(packet: &[u8]) -> [u8; 1] {
    [packet.first().copied().unwrap_or(9 << 3) & !3]
}

fn samples(duration: Duration) -> u64 {
    let rest = (u64::from(duration.subsec_nanos()) * GRANULE_RATE + 500_000_000) / 1_000_000_000;
    duration.as_secs() * GRANULE_RATE + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// The pre-skip of a file that begins with a packet of such a span, and the granule position of its only page of audio,
    /// in samples at 48 kHz.
    fn begun(origin: Duration, start: Duration, duration: Duration) -> (u16, u64) {
        let mut file = Vec::new();
        let packet = Packet { start, duration, bytes: &[9 << 3, 1] };
        OggOpus::new(1, 16_000, 1, origin).write(packet, Place::EndOfChunk, &mut file);
        let (mut pre_skip, mut granule) = (0, 0);
        // A page's granule position is at 6 (RFC 3533, section 6), an identification header's pre-skip at 10.
        for at in (0..file.len()).filter(|at| file[*at..].starts_with(b"OggS")) {
            granule = file[at + 6..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        }
        for at in (0..file.len()).filter(|at| file[*at..].starts_with(b"OpusHead")) {
            pre_skip = file[at + 10..].first_chunk().map_or(0, |bytes| u16::from_le_bytes(*bytes));
        }
        (pre_skip, granule)
    }

    #[test]
    fn an_encoder_s_first_packet_is_skipped_into_wherever_in_the_visit_the_encoder_began() {
        for origin in [ms(0), ms(600_000)] {
            assert_eq!(begun(origin, origin, ms(15)), (240, 960));
            assert_eq!(begun(origin, origin + ms(15), ms(20)), (960, 1_920));
        }
    }
}
