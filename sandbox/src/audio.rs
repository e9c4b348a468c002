//! What the sandbox hears: how long the audio is, how loud, and where in it somebody speaks.
//!
//! PCM is decoded whole. Ogg gives its length by its pages' granule positions. Other containers are not decoded: their
//! length is taken from the clock while their bytes arrive, and all of it counts as speech. No words are recognised.

use std::time::Duration;

/// A window whose root mean square reaches this is speech: -45 dBFS, well over a quiet room's noise.
const SPEECH_RMS: f64 = 0.0056;
/// Length of a window, in seconds.
const WINDOW_SECONDS: f64 = 0.02;
/// Windows after speech that still count as speech: gaps between words are shorter than this 0.3 s.
const HOLD_WINDOWS: u32 = 15;
/// Where only the clock tells the length: what a first message counts for (the recommended 250 ms), in seconds…
const FIRST_MESSAGE_SECONDS: f64 = 0.25;
/// …and what a later one counts for at most, however long the pause before it.
const MAX_MESSAGE_SECONDS: f64 = 1.0;
/// The containers that the protocol names beside raw PCM; parameters such as `codecs=opus` are accepted with them.
const CONTAINERS: [&str; 9] = [
    "audio/ogg",
    "audio/webm",
    "audio/opus",
    "audio/flac",
    "audio/mpeg",
    "audio/mp4",
    "audio/wav",
    "audio/x-wav",
    "audio/aac",
];

/// The configuration's `audioFormat`, understood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Format {
    /// Little-endian signed 16-bit samples, interleaved.
    Pcm { rate: u32, channels: u16 },
    /// A container, to be recognised by its first bytes.
    Container,
}

impl Format {
    /// Reads an `audioFormat`; none means a container. An error is the reason for `CONFIG_DENIED`.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, String> {
        let Some(text) = text else { return Ok(Self::Container) };
        let mut parts = text.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        if CONTAINERS.contains(&kind.as_str()) {
            return Ok(Self::Container);
        }
        if kind != "audio/pcm" {
            return Err("audioFormat is not supported".into());
        }
        let (mut rate, mut channels, mut bits) = (None, None, None);
        for part in parts {
            match part.split_once('=').map(|(key, value)| (key.trim(), value.trim().parse::<u32>())) {
                Some(("rate", Ok(value))) => rate = Some(value),
                Some(("channels", Ok(value))) => channels = Some(value),
                Some(("bits", Ok(value))) => bits = Some(value),
                _ => return Err("audioFormat has a parameter that is not understood".into()),
            }
        }
        match (rate, channels, bits) {
            (Some(rate @ 8_000..=192_000), Some(channels @ 1..=8), Some(16)) => {
                Ok(Self::Pcm { rate, channels: channels as u16 })
            }
            (Some(_), Some(_), Some(16)) => Err("rate must be 8000 to 192000 and channels 1 to 8".into()),
            (Some(_), Some(_), Some(_)) => Err("raw PCM must have bits=16".into()),
            _ => Err("raw PCM needs all of rate, channels and bits".into()),
        }
    }
}

/// A stretch of speech, in seconds since the first audio of this socket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) start: f64,
    pub(crate) end: f64,
}

/// Listens to one socket's audio.
pub(crate) struct Meter {
    source: Source,
    seconds: f64,
}

enum Source {
    Pcm(Pcm),
    Ogg(Ogg),
    Clock {
        last: Option<Duration>,
    },
    /// A container whose first message has not come.
    Unknown,
}

impl Meter {
    pub(crate) fn new(format: Format) -> Self {
        let source = match format {
            Format::Pcm { rate, channels } => Source::Pcm(Pcm::new(rate, channels)),
            Format::Container => Source::Unknown,
        };
        Self { source, seconds: 0.0 }
    }

    /// Seconds of audio so far.
    pub(crate) fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Root mean square of all samples, 0 to 1 of full scale; `None` where the samples are not decoded.
    pub(crate) fn rms(&self) -> Option<f64> {
        match &self.source {
            Source::Pcm(pcm) if pcm.samples > 0 => Some((pcm.squares / pcm.samples as f64).sqrt()),
            _ => None,
        }
    }

    /// Takes one message's bytes, cut anywhere, that came at `now`; gives the speech in them.
    pub(crate) fn push(&mut self, bytes: &[u8], now: Duration) -> Vec<Span> {
        if matches!(self.source, Source::Unknown) {
            self.source =
                if bytes.starts_with(b"OggS") { Source::Ogg(Ogg::default()) } else { Source::Clock { last: None } };
        }
        let before = self.seconds;
        match &mut self.source {
            Source::Pcm(pcm) => {
                let spans = pcm.push(bytes);
                self.seconds = pcm.seconds();
                return spans;
            }
            Source::Ogg(ogg) => {
                ogg.push(bytes);
                self.seconds = self.seconds.max(ogg.seconds());
            }
            Source::Clock { last } => {
                self.seconds += match *last {
                    None => FIRST_MESSAGE_SECONDS,
                    Some(last) => now.saturating_sub(last).as_secs_f64().min(MAX_MESSAGE_SECONDS),
                };
                *last = Some(now);
            }
            Source::Unknown => {}
        }
        if self.seconds > before { vec![Span { start: before, end: self.seconds }] } else { Vec::new() }
    }
}

/// Raw samples, and the speech detector over them.
struct Pcm {
    rate: u32,
    channels: u16,
    /// Bytes of a frame that the last message cut.
    rest: Vec<u8>,
    frames: u64,
    samples: u64,
    squares: f64,
    /// The window that is being filled: the squares per channel, and the frames so far.
    window: Vec<f64>,
    window_frames: u32,
    hold: u32,
}

impl Pcm {
    fn new(rate: u32, channels: u16) -> Self {
        Self {
            rate,
            channels,
            rest: Vec::new(),
            frames: 0,
            samples: 0,
            squares: 0.0,
            window: vec![0.0; usize::from(channels)],
            window_frames: 0,
            hold: 0,
        }
    }

    fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.rate)
    }

    fn push(&mut self, bytes: &[u8]) -> Vec<Span> {
        let window_frames = (f64::from(self.rate) * WINDOW_SECONDS) as u32;
        let frame_bytes = usize::from(self.channels) * 2;
        let mut data = std::mem::take(&mut self.rest);
        data.extend_from_slice(bytes);
        let mut spans: Vec<Span> = Vec::new();
        let frames = data.chunks_exact(frame_bytes);
        self.rest = frames.remainder().to_vec();
        for frame in frames {
            for (squares, sample) in self.window.iter_mut().zip(frame.chunks_exact(2)) {
                let value = f64::from(i16::from_le_bytes([sample[0], sample[1]])) / 32_768.0;
                *squares += value * value;
            }
            self.frames += 1;
            self.window_frames += 1;
            if self.window_frames == window_frames {
                let start = (self.frames - u64::from(window_frames)) as f64 / f64::from(self.rate);
                if self.close_window() {
                    let end = self.seconds();
                    match spans.last_mut() {
                        Some(span) if span.end == start => span.end = end,
                        _ => spans.push(Span { start, end }),
                    }
                }
            }
        }
        spans
    }

    /// Ends a window: the loudest channel decides whether it is speech.
    fn close_window(&mut self) -> bool {
        let frames = f64::from(self.window_frames);
        let loudest = self.window.iter().copied().fold(0.0, f64::max);
        self.squares += self.window.iter().sum::<f64>();
        self.samples += u64::from(self.window_frames) * u64::from(self.channels);
        self.window.fill(0.0);
        self.window_frames = 0;
        if (loudest / frames).sqrt() >= SPEECH_RMS {
            self.hold = HOLD_WINDOWS;
            return true;
        }
        self.hold = self.hold.saturating_sub(1);
        self.hold > 0
    }
}

/// The length of an Ogg stream by the granule positions of its pages (RFC 3533, section 6); for Opus they count 48 kHz
/// samples, the header's pre-skip included (RFC 7845, section 4).
#[derive(Default)]
struct Ogg {
    /// The start of a page whose header is not complete.
    head: Vec<u8>,
    /// Bytes of the present page's body that are still to come.
    body: usize,
    pre_skip: u64,
    granule: u64,
}

impl Ogg {
    const RATE: f64 = 48_000.0;
    /// Fixed part of a page's header, in bytes; byte 26 counts the segments that follow it.
    const HEADER: usize = 27;

    fn seconds(&self) -> f64 {
        self.granule.saturating_sub(self.pre_skip) as f64 / Self::RATE
    }

    fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.body > 0 {
                let step = self.body.min(bytes.len());
                self.find_head(&bytes[..step]);
                self.body -= step;
                bytes = &bytes[step..];
                continue;
            }
            self.head.push(bytes[0]);
            bytes = &bytes[1..];
            // Garbage between pages: go on from the next byte that can begin one.
            while !self.head.is_empty() && !b"OggS".starts_with(&self.head[..self.head.len().min(4)]) {
                self.head.remove(0);
            }
            if self.head.len() < Self::HEADER {
                continue;
            }
            let segments = usize::from(self.head[26]);
            if self.head.len() < Self::HEADER + segments {
                continue;
            }
            let mut granule = [0; 8];
            granule.copy_from_slice(&self.head[6..14]);
            // All ones: no packet ends on this page.
            if granule != [0xff; 8] {
                self.granule = self.granule.max(u64::from_le_bytes(granule).min(u64::MAX / 2));
            }
            self.body = self.head[Self::HEADER..].iter().map(|size| usize::from(*size)).sum();
            self.head.clear();
        }
    }

    /// Reads the pre-skip, bytes 10 and 11 of the `OpusHead` packet; encoders write that first page in one piece.
    fn find_head(&mut self, body: &[u8]) {
        if self.granule == 0 && body.starts_with(b"OpusHead") && body.len() >= 12 {
            self.pre_skip = u64::from(u16::from_le_bytes([body[10], body[11]]));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const MONO: Format = Format::Pcm { rate: 16_000, channels: 1 };

    fn tone(seconds: f64, level: f64) -> Vec<u8> {
        let frames = (seconds * 16_000.0) as usize;
        (0..frames).flat_map(|n| ((level * 32_767.0 * (n as f64 * 0.17).sin()) as i16).to_le_bytes()).collect()
    }

    #[test]
    fn pcm_needs_all_of_rate_channels_and_bits() {
        assert_eq!(Format::parse(Some("audio/pcm; rate=16000; channels=1; bits=16")), Ok(MONO));
        assert_eq!(Format::parse(Some("audio/PCM;bits=16;channels=1;rate=16000")), Ok(MONO));
        for bad in [
            "audio/pcm",
            "audio/pcm; rate=16000; channels=1",
            "audio/pcm; rate=16000; channels=1; bits=24",
            "audio/pcm; rate=1; channels=1; bits=16",
            "audio/pcm; rate=x; channels=1; bits=16",
            "video/mp4",
            "",
        ] {
            assert!(Format::parse(Some(bad)).is_err(), "{bad}");
        }
        assert_eq!(Format::parse(Some("audio/ogg; codecs=opus")), Ok(Format::Container));
        assert_eq!(Format::parse(None), Ok(Format::Container));
    }

    #[test]
    fn the_length_and_the_level_are_those_of_the_samples_wherever_messages_cut_them() {
        let bytes = tone(1.5, 0.5);
        for size in [1, 3, 640, 8000, 64_000] {
            let mut meter = Meter::new(MONO);
            for piece in bytes.chunks(size) {
                meter.push(piece, Duration::ZERO);
            }
            assert_eq!(meter.seconds(), 1.5, "pieces of {size}");
            assert!((meter.rms().unwrap() - 0.3535).abs() < 0.001);
        }
    }

    #[test]
    fn speech_is_told_from_silence_and_a_short_gap_does_not_end_it() {
        let mut meter = Meter::new(MONO);
        let bytes = [tone(0.5, 0.0), tone(0.5, 0.3), tone(0.1, 0.0), tone(0.3, 0.3), tone(2.0, 0.0)].concat();
        let spans = meter.push(&bytes, Duration::ZERO);
        assert_eq!(spans.len(), 1);
        assert!((spans[0].start - 0.5).abs() < 0.021);
        assert!((spans[0].end - 1.7).abs() < 0.05, "speech to 1.4 s and the hold: {}", spans[0].end);
    }

    #[test]
    fn one_speaking_channel_of_two_is_speech() {
        let left = tone(0.2, 0.3);
        let bytes: Vec<u8> = left.chunks(2).flat_map(|sample| [sample[0], sample[1], 0, 0]).collect();
        let mut meter = Meter::new(Format::Pcm { rate: 16_000, channels: 2 });
        assert_eq!(meter.push(&bytes, Duration::ZERO).len(), 1);
        assert_eq!(meter.seconds(), 0.2);
    }

    fn page(granule: u64, body: &[u8]) -> Vec<u8> {
        let mut page = b"OggS\0\0".to_vec();
        page.extend(granule.to_le_bytes());
        page.extend([0; 12]);
        page.push(body.chunks(255).len() as u8);
        page.extend(body.chunks(255).map(|piece| piece.len() as u8));
        page.extend(body);
        page
    }

    #[test]
    fn the_length_of_ogg_opus_is_its_last_granule_position_less_the_pre_skip() {
        let mut head = b"OpusHead\x01\x01".to_vec();
        head.extend(312u16.to_le_bytes());
        head.extend([0; 7]);
        let stream =
            [page(0, &head), page(0, b"OpusTags"), page(48_000 + 312, &[7; 600]), page(u64::MAX, &[1; 9])].concat();
        let mut whole = Meter::new(Format::Container);
        whole.push(&stream, Duration::ZERO);
        assert_eq!(whole.seconds(), 1.0);
        let mut cut = Meter::new(Format::Container);
        cut.push(&stream[..60], Duration::ZERO);
        for byte in stream[60..].chunks(1) {
            cut.push(byte, Duration::ZERO);
        }
        assert_eq!(cut.seconds(), 1.0);
    }

    #[test]
    fn a_container_that_is_not_decoded_is_as_long_as_it_took_to_arrive() {
        let mut meter = Meter::new(Format::Container);
        for quarter in 0..8 {
            meter.push(&[0x1a, 0x45, 0xdf, 0xa3], Duration::from_millis(quarter * 250));
        }
        assert_eq!(meter.seconds(), 2.0);
        meter.push(&[0], Duration::from_secs(60));
        assert_eq!(meter.seconds(), 3.0, "a pause is not audio");
        assert_eq!(meter.rms(), None);
    }

    #[test]
    fn garbage_after_an_ogg_signature_is_no_length_and_no_panic() {
        let mut meter = Meter::new(Format::Container);
        meter.push(b"OggS", Duration::ZERO);
        meter.push(&[b'O'; 5000], Duration::ZERO);
        meter.push(&[0xff; 70_000], Duration::ZERO);
        assert!(meter.seconds().is_finite());
    }
}
