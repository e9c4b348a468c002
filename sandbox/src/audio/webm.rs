//! WebM with Opus in it, as `MediaRecorder` sends it: element by element (EBML, RFC 8794; Matroska, RFC 9559) as bytes
//! arrive.
//!
//! A live stream has a segment and clusters of unknown size, so nesting is not kept: the few elements that hold others
//! are entered, the few values of interest are told by their ids, and the rest is passed over. Audio is as long as its
//! packets: the blocks' own times are those of a wall clock, in milliseconds. Nothing is kept but one element.

use super::{Sink, Undecoded, marks::print, opus::Opus};

/// Elements that are entered (RFC 9559, section 5).
const SEGMENT: u32 = 0x1853_8067;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK_ENTRY: u32 = 0xae;
const CLUSTER: u32 = 0x1f43_b675;
const BLOCK_GROUP: u32 = 0xa0;
/// Elements that are read.
const EBML: u32 = 0x1a45_dfa3;
const TRACK_NUMBER: u32 = 0xd7;
const CODEC_ID: u32 = 0x86;
const CODEC_PRIVATE: u32 = 0x63a2;
const SIMPLE_BLOCK: u32 = 0xa3;
const BLOCK: u32 = 0xa1;
/// An element that is read may be this long, in bytes; a longer one is passed over.
const MAX_ELEMENT: usize = 1 << 17;
/// Samples per channel at 48 kHz of the longest packet: 120 ms.
const MAX_PACKET_FRAMES: usize = 5760;

#[derive(Default)]
pub(super) struct WebM {
    /// What has come of the next element.
    buffer: Vec<u8>,
    /// Bytes still to come of an element that is of no interest.
    skip: u64,
    /// The track that is being described.
    track: Track,
    listening: Option<Listening>,
}

#[derive(Default)]
struct Track {
    number: u64,
    is_opus: bool,
    head: Vec<u8>,
}

struct Listening {
    track: u64,
    opus: Opus,
    /// Samples per channel that are still to be left out.
    pre_skip: u64,
}

/// The start of an element: its id, the size of its content (`None`: unknown), and its own size.
struct Header {
    id: u32,
    size: Option<u64>,
    length: usize,
}

impl WebM {
    /// Takes bytes cut anywhere.
    ///
    /// # Errors
    /// Where there is no track of Opus, or the bytes are no EBML.
    pub(super) fn push(&mut self, bytes: &[u8], sink: &mut dyn Sink) -> Result<(), Undecoded> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(size) = self.step(&buffer[at..], sink)? {
            at += size;
        }
        buffer.drain(..at);
        self.buffer = buffer;
        Ok(())
    }

    /// Takes one thing from the start of the bytes, and gives its size; `None` where more must come first.
    fn step(&mut self, bytes: &[u8], sink: &mut dyn Sink) -> Result<Option<usize>, Undecoded> {
        if self.skip > 0 {
            let size = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
            self.skip -= size as u64;
            return Ok((size > 0).then_some(size));
        }
        let Some(header) = Header::read(bytes)? else { return Ok(None) };
        match (header.id, header.size) {
            (SEGMENT | TRACKS | BLOCK_GROUP, _) => return Ok(Some(header.length)),
            (TRACK_ENTRY | CLUSTER, _) => {
                self.choose();
                if header.id == CLUSTER && self.listening.is_none() {
                    return Err(Undecoded);
                }
                return Ok(Some(header.length));
            }
            // A recorder that was started again.
            (EBML, _) => (self.track, self.listening) = (Track::default(), None),
            _ => {}
        }
        // Only what holds others may be of unknown size (RFC 8794, section 6.2).
        let size = header.size.ok_or(Undecoded)?;
        let is_read = matches!(header.id, TRACK_NUMBER | CODEC_ID | CODEC_PRIVATE | SIMPLE_BLOCK | BLOCK);
        match usize::try_from(size) {
            Ok(size) if is_read && size <= MAX_ELEMENT => {
                let Some(content) = bytes.get(header.length..header.length + size) else { return Ok(None) };
                self.read(header.id, content, sink);
                Ok(Some(header.length + size))
            }
            _ => {
                self.skip = size;
                Ok(Some(header.length))
            }
        }
    }

    fn read(&mut self, id: u32, content: &[u8], sink: &mut dyn Sink) {
        match id {
            TRACK_NUMBER => self.track.number = content.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
            CODEC_ID => self.track.is_opus = content == b"A_OPUS",
            CODEC_PRIVATE => self.track.head = content.to_vec(),
            _ => {
                if let Some(listening) = &mut self.listening {
                    listening.block(content, sink);
                }
            }
        }
    }

    /// The description of a track is complete: the first one of Opus is listened to.
    fn choose(&mut self) {
        let track = std::mem::take(&mut self.track);
        if track.is_opus
            && self.listening.is_none()
            && let Ok(opus) = Opus::new(&track.head)
        {
            self.listening = Some(Listening { track: track.number, pre_skip: opus.pre_skip, opus });
        }
    }
}

impl Listening {
    /// A block: the track, a time of two bytes, flags, the packet (RFC 9559, section 10).
    fn block(&mut self, content: &[u8], sink: &mut dyn Sink) {
        let Some((track, length)) = number(content) else { return };
        let Some((&[_, _, flags], packet)) = content[length..].split_first_chunk() else { return };
        // Several packets in a block (lacing) are for files, where sizes count more than time.
        if track != Some(self.track) || flags & 0x06 != 0 {
            return;
        }
        let mut samples = Vec::with_capacity(MAX_PACKET_FRAMES);
        self.opus.decode(packet, &mut samples);
        let channels = usize::from(self.opus.shape.channels).max(1);
        let frames = samples.len() / channels;
        let skipped = frames.min(usize::try_from(self.pre_skip).unwrap_or(usize::MAX));
        self.pre_skip -= skipped as u64;
        sink.packet(self.opus.shape, print(packet), 0);
        sink.samples(self.opus.shape, &samples[skipped * channels..]);
    }
}

impl Header {
    /// `None` where more must come first.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Undecoded> {
        let Some(first) = bytes.first() else { return Ok(None) };
        // An id is of at most four bytes, and keeps its marker (RFC 8794, section 5).
        let width = first.leading_zeros() as usize + 1;
        if width > 4 {
            return Err(Undecoded);
        }
        let Some((id, rest)) = bytes.split_at_checked(width) else { return Ok(None) };
        match (rest.first(), number(rest)) {
            // A size has at most eight bytes.
            (Some(0), _) => Err(Undecoded),
            (_, None) => Ok(None),
            (_, Some((size, length))) => {
                let id = id.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
                Ok(Some(Self { id, size, length: width + length }))
            }
        }
    }
}

/// A number of variable size (RFC 8794, section 4), and the bytes that it takes; all ones are «unknown», `None`. No
/// number at all where bytes are missing.
fn number(bytes: &[u8]) -> Option<(Option<u64>, usize)> {
    let width = bytes.first()?.leading_zeros() as usize + 1;
    let digits = bytes.get(..width).filter(|_| width <= 8)?;
    let value = digits.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    let mask = (1u64 << (7 * width)) - 1;
    Some(((value & mask != mask).then_some(value & mask), width))
}
