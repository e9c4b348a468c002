//! Ogg Opus, RFC 7845: what is in the pages.
//!
//! Granule positions count samples at 48 kHz, whatever the encoder's input rate (section 4). A packet's capture span is
//! that of the audio it decodes to: an encoder's first packet is therefore shorter than its frame by the encoder's
//! delay, and that difference is the pre-skip (section 4.2). The last packet is shorter again, which the last granule
//! position tells (section 4.4).

use super::Place;
use super::pages::Pages;
use crate::audio::Packet;
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
            let is_first = packet.start == self.origin && length < decoded(packet.bytes);
            let filler = empty_frame(packet.bytes);
            let pre_skip = if is_first { decoded(packet.bytes) - length } else { decoded(&filler) };
            let head = self.head(u16::try_from(pre_skip).unwrap_or(0));
            self.pages.put(&head, 0, Place::EndOfChunk, chunk);
            self.pages.put(&tags(), 0, Place::EndOfChunk, chunk);
            self.granule = pre_skip;
            if !is_first {
                self.pages.put(&filler, self.granule, Place::Within, chunk);
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

/// To how many samples a packet decodes, by its first byte and, if that says so, its second (RFC 6716, sections 3.1 and 3.2).
fn decoded(packet: &[u8]) -> u64 {
    let first = packet.first().copied().unwrap_or(9 << 3);
    let (config, code) = (first >> 3, first & 3);
    let frame = match config {
        0..12 => [480, 960, 1_920, 2_880][usize::from(config % 4)], // SILK
        12..16 => [480, 960][usize::from(config % 2)],              // both
        _ => [120, 240, 480, 960][usize::from(config % 4)],         // CELT
    };
    let frames = match code {
        0 => 1,
        1 | 2 => 2,
        _ => packet.get(1).map_or(1, |count| count & 63),
    };
    frame * u64::from(frames)
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
    fn begun(bytes: &[u8], origin: Duration, start: Duration, duration: Duration) -> (u16, u64) {
        let mut file = Vec::new();
        let packet = Packet { start, duration, bytes };
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
            assert_eq!(begun(&[9 << 3, 1], origin, origin, ms(15)), (240, 960));
            assert_eq!(begun(&[9 << 3, 1], origin, origin + ms(15), ms(20)), (960, 1_920));
        }
    }

    #[test]
    fn how_long_a_packet_s_frames_are_is_its_own_to_say() {
        // One SILK frame of 60 ms; three hybrid ones of 20 ms, of which the one that goes before is alone.
        let (silk, hybrid): (&[u8], &[u8]) = (&[11 << 3, 1], &[(15 << 3) | 3, 3, 1]);
        for packet in [silk, hybrid] {
            assert_eq!(begun(packet, ms(0), ms(0), ms(55)), (240, 2_880));
        }
        assert_eq!(begun(silk, ms(0), ms(55), ms(60)), (2_880, 5_760));
        assert_eq!(begun(hybrid, ms(0), ms(55), ms(60)), (960, 3_840));
    }

    #[test]
    fn durations_follow_the_table_of_rfc_6716() {
        let of = |config: u8| decoded(&[config << 3]);
        let all: Vec<u64> = (0..32).map(of).collect();
        let (silk, both, celt) = ([480, 960, 1_920, 2_880], [480, 960], [120, 240, 480, 960]);
        let table = [silk.repeat(3), both.repeat(2), celt.repeat(4)].concat();
        assert_eq!(all, table);
        assert_eq!(
            (decoded(&[(9 << 3) | 1]), decoded(&[(9 << 3) | 2]), decoded(&[(9 << 3) | 3, 0x80 | 3])),
            (1_920, 1_920, 2_880)
        );
        assert_eq!((decoded(&[]), decoded(&[(9 << 3) | 3])), (960, 960));
    }
}
