//! Ogg with Opus in it (RFC 3533, RFC 7845), page by page as bytes arrive.
//!
//! Granule positions are the authority for time: they tell how much of the first packets is to be skipped, how much of
//! the last one is audio, and how long what is missing was, which is heard as silence. The `ogg` crate checks pages;
//! what does not add up is passed over until the next page. Nothing is kept but one page and one cut packet.

use ogg::reading::PageParser;

use super::{Shape, Sink, Undecoded, marks::print, opus::Opus};

/// Fixed part of a page's header, in bytes; byte 26 counts the lacing values that follow it.
const HEADER: usize = 27;
/// A packet over pages may be this long, in bytes; 48 frames of 1,275 bytes, the most Opus has, are less.
const MAX_PACKET: usize = 1 << 16;
/// What a page has for a granule position where no packet ends on it.
const NO_GRANULE: u64 = u64::MAX;

#[derive(Default)]
pub(super) struct Ogg {
    /// What has come of the next page.
    buffer: Vec<u8>,
    stream: Option<Stream>,
}

/// The logical stream that is listened to.
struct Stream {
    serial: u32,
    opus: Opus,
    /// The start of a packet that goes on in the next page.
    cut: Vec<u8>,
    /// The number of the last page.
    sequence: u32,
    has_tags: bool,
    clock: Option<Clock>,
}

/// Where the stream is, in samples at 48 kHz as granule positions count them.
struct Clock {
    /// The next sample's.
    position: u64,
    /// The first one that is audio: what precedes it is the pre-skip.
    audio_from: u64,
}

/// One page, checked.
struct Page<'a> {
    continues: bool,
    begins_stream: bool,
    granule: u64,
    serial: u32,
    sequence: u32,
    laces: &'a [u8],
    body: &'a [u8],
}

impl Ogg {
    /// Takes bytes cut anywhere.
    ///
    /// # Errors
    /// Where the stream is not Opus, or a kind of it that is not decoded.
    pub(super) fn push(&mut self, bytes: &[u8], sink: &mut dyn Sink) -> Result<(), Undecoded> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            at += garbage(&buffer[at..]);
            let Some(size) = page_size(&buffer[at..]) else { break };
            match Page::read(&buffer[at..at + size]) {
                Some(page) => {
                    at += size;
                    self.page(&page, sink)?;
                }
                // No page after all, or a broken one: go on from the next place that looks like one.
                None => at += 1,
            }
        }
        buffer.drain(..at);
        self.buffer = buffer;
        Ok(())
    }

    fn page(&mut self, page: &Page<'_>, sink: &mut dyn Sink) -> Result<(), Undecoded> {
        if page.begins_stream {
            match Opus::new(page.body) {
                // Another stream after the first is heard after it (a chain, RFC 7845, section 3).
                Ok(opus) => {
                    let (serial, sequence, cut) = (page.serial, page.sequence, Vec::new());
                    self.stream = Some(Stream { serial, opus, cut, sequence, has_tags: false, clock: None });
                }
                Err(undecoded) if self.stream.is_none() => return Err(undecoded),
                Err(_) => {}
            }
            return Ok(());
        }
        if let Some(stream) = self.stream.as_mut().filter(|stream| stream.serial == page.serial) {
            stream.page(page, sink);
        }
        Ok(())
    }
}

/// How many bytes precede what is, or may become, the start of a page.
fn garbage(bytes: &[u8]) -> usize {
    let starts = |at: &usize| b"OggS".starts_with(&bytes[*at..bytes.len().min(*at + 4)]);
    (0..bytes.len()).find(starts).unwrap_or(bytes.len())
}

/// The size of the page that the bytes begin with; `None` until all of it has come.
fn page_size(bytes: &[u8]) -> Option<usize> {
    let laces = usize::from(*bytes.get(HEADER - 1)?);
    let body: usize = bytes.get(HEADER..HEADER + laces)?.iter().map(|lace| usize::from(*lace)).sum();
    let size = HEADER + laces + body;
    (bytes.len() >= size).then_some(size)
}

impl<'a> Page<'a> {
    /// Reads a page of the right size; `None` if its version or its checksum is wrong.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let header: &[u8; HEADER] = bytes.first_chunk()?;
        let (laces, body) = bytes[HEADER..].split_at_checked(usize::from(header[HEADER - 1]))?;
        let (mut parser, _) = PageParser::new(*header).ok()?;
        parser.parse_segments(laces.to_vec());
        parser.parse_packet_data(body.to_vec()).ok()?;
        Some(Self {
            continues: header[5] & 1 != 0,
            begins_stream: header[5] & 2 != 0,
            granule: u64::from_le_bytes(*header[6..].first_chunk()?),
            serial: u32::from_le_bytes(*header[14..].first_chunk()?),
            sequence: u32::from_le_bytes(*header[18..].first_chunk()?),
            laces,
            body,
        })
    }
}

impl Stream {
    fn page(&mut self, page: &Page<'_>, sink: &mut dyn Sink) {
        let mut samples = Vec::new();
        // Of each packet its print, and where its samples begin.
        let mut prints = Vec::new();
        self.packets(page, |stream, packet| {
            if !stream.has_tags && packet.starts_with(b"OpusTags") {
                stream.has_tags = true;
            } else {
                prints.push((print(packet), samples.len()));
                stream.opus.decode(packet, &mut samples);
            }
        });
        if page.granule != NO_GRANULE && (!prints.is_empty() || self.clock.is_some()) {
            self.place(page.granule, &samples, &prints, sink);
        }
    }

    /// Calls with each packet that ends on the page. One whose start has been lost is left out.
    fn packets(&mut self, page: &Page<'_>, mut each: impl FnMut(&mut Self, &[u8])) {
        if page.sequence != self.sequence.wrapping_add(1) {
            self.cut.clear();
        }
        self.sequence = page.sequence;
        let mut lost = page.continues && self.cut.is_empty();
        let mut packet = if page.continues { std::mem::take(&mut self.cut) } else { Vec::new() };
        self.cut.clear();
        let mut rest = page.body;
        for lace in page.laces {
            let (piece, later) = rest.split_at(rest.len().min(usize::from(*lace)));
            rest = later;
            lost |= packet.len() + piece.len() > MAX_PACKET;
            if !lost {
                packet.extend_from_slice(piece);
            }
            // 255 says that the packet goes on (RFC 3533, section 6).
            if *lace < 255 {
                if !lost {
                    each(self, &packet);
                }
                lost = false;
                packet.clear();
            }
        }
        if !lost {
            self.cut = packet;
        }
    }

    /// Gives out a page's samples, of which `granule` is the end, and silence for what was lost before them.
    fn place(&mut self, granule: u64, samples: &[i16], prints: &[(u64, usize)], sink: &mut dyn Sink) {
        let Shape { channels, .. } = self.opus.shape;
        let frames = (samples.len() / usize::from(channels).max(1)) as u64;
        let clock = self.clock.get_or_insert_with(|| {
            // A first page that ends before its samples do is also the last, and its end is cut off (RFC 7845, 4.4);
            // one that ends later is of a recording that had begun before (section 4.3).
            let position = granule.saturating_sub(frames);
            Clock { position, audio_from: position.saturating_add(self.opus.pre_skip) }
        });
        let start = granule.saturating_sub(frames).max(clock.position);
        let missing = start.saturating_sub(clock.position.max(clock.audio_from));
        if missing > 0 {
            sink.silence(self.opus.shape, missing);
        }
        let end = granule.min(start.saturating_add(frames));
        let from = clock.audio_from.clamp(start, end.max(start)) - start;
        let until = end.saturating_sub(start).max(from);
        let at = |frame: u64| frame as usize * usize::from(channels);
        for (print, begins) in prints {
            let begins = (begins / usize::from(channels).max(1)) as u64;
            sink.packet(self.opus.shape, *print, begins.saturating_sub(from));
        }
        if until > from {
            sink.samples(self.opus.shape, &samples[at(from)..at(until)]);
        }
        clock.position = clock.position.max(granule);
    }
}
