//! What the sandbox hears: how long the audio is, how loud, and where in it somebody speaks. No words are recognised.
//!
//! Bytes come as messages cut anywhere; a `Decoder` makes samples of them and gives them to a `Sink`: to `level` while
//! the stream runs, to `wav` when somebody asks for the file. Decoded are PCM, WAV, FLAC, and Opus in Ogg or WebM; of
//! other containers the length is taken from the clock while their bytes arrive, and all of it counts as speech.
//!
//! Whatever the bytes are, a decoder keeps no more of them than one page or frame, and none panics.

mod flac;
mod format;
mod level;
mod marks;
mod ogg;
mod opus;
mod pcm;
mod riff;
mod wav;
mod webm;

use std::time::Duration;

use level::Level;
pub(crate) use {format::Format, level::Span, marks::Mark, wav::wav};

/// Where only the clock tells the length: what a first message counts for (the recommended 250 ms), in seconds…
const FIRST_MESSAGE_SECONDS: f64 = 0.25;
/// …and what a later one counts for at most, however long the pause before it.
const MAX_MESSAGE_SECONDS: f64 = 1.0;
/// Spans of speech that are remembered of one socket.
const MAX_SPANS: usize = 20_000;

/// The shape of decoded audio: frames a second, and samples in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Shape {
    rate: u32,
    channels: u16,
}

/// Takes decoded audio in its order.
trait Sink {
    /// Whole frames, interleaved.
    fn samples(&mut self, shape: Shape, interleaved: &[i16]);
    /// So many frames are missing.
    fn silence(&mut self, shape: Shape, frames: u64);
    /// An encoded packet begins, with this print of its bytes, `ahead` frames after what has been given so far.
    fn packet(&mut self, _shape: Shape, _print: u64, _ahead: u64) {}
}

/// What came is not audio that can be decoded here.
#[derive(Debug, PartialEq)]
struct Undecoded;

enum Decoder {
    Pcm(pcm::Pcm),
    /// A container, too little of which has come to tell which.
    Unknown(Vec<u8>),
    Ogg(ogg::Ogg),
    Flac(flac::Flac),
    Wav(riff::Riff),
    WebM(webm::WebM),
}

impl Decoder {
    fn new(format: Format) -> Self {
        match format {
            Format::Pcm { rate, channels } => Self::Pcm(pcm::Pcm::new(Shape { rate, channels })),
            Format::Container => Self::Unknown(Vec::new()),
        }
    }

    /// Takes one message's bytes.
    fn push(&mut self, bytes: &[u8], sink: &mut dyn Sink) -> Result<(), Undecoded> {
        match self {
            Self::Pcm(pcm) => pcm.push(bytes, sink),
            Self::Ogg(ogg) => ogg.push(bytes, sink)?,
            Self::Flac(flac) => flac.push(bytes, sink)?,
            Self::Wav(riff) => riff.push(bytes, sink)?,
            Self::WebM(webm) => webm.push(bytes, sink)?,
            Self::Unknown(start) => {
                start.extend_from_slice(bytes);
                // Four bytes tell containers apart; the declared format may leave open what is inside.
                let Some(signature) = start.first_chunk::<4>() else { return Ok(()) };
                let decoder = match signature {
                    b"OggS" => Self::Ogg(ogg::Ogg::default()),
                    b"RIFF" => Self::Wav(riff::Riff::default()),
                    b"fLaC" => Self::Flac(flac::Flac::default()),
                    [0x1a, 0x45, 0xdf, 0xa3] => Self::WebM(webm::WebM::default()),
                    _ => return Err(Undecoded),
                };
                let start = std::mem::take(start);
                *self = decoder;
                self.push(&start, sink)?;
            }
        }
        Ok(())
    }
}

/// A whole recording: its length in seconds, and the speech in it. `None` where it is of a container that is not
/// decoded, or holds no audio.
pub(crate) fn listen(format: Format, bytes: &[u8]) -> Option<(f64, Vec<Span>)> {
    let (mut decoder, mut level, mut heard) = (Decoder::new(format), Level::default(), Vec::new());
    // Piece by piece, as it came: decoders then keep no more than they would of a stream.
    for piece in bytes.chunks(1 << 16) {
        decoder.push(piece, &mut level).ok()?;
        level.take_marks();
        for span in level.take_speech() {
            if heard.len() < MAX_SPANS {
                level::join(&mut heard, span);
            }
        }
    }
    (level.seconds() > 0.0).then(|| (level.seconds(), heard))
}

/// Listens to one socket's audio.
pub(crate) struct Meter {
    source: Source,
    level: Level,
    /// Seconds that the clock has told, after those that were decoded.
    by_clock: f64,
    heard: Vec<Span>,
}

enum Source {
    Decoded(Box<Decoder>),
    Clock { last: Option<Duration> },
}

impl Meter {
    pub(crate) fn new(format: Format) -> Self {
        let source = Source::Decoded(Box::new(Decoder::new(format)));
        Self { source, level: Level::default(), by_clock: 0.0, heard: Vec::new() }
    }

    /// Seconds of audio so far.
    pub(crate) fn seconds(&self) -> f64 {
        self.level.seconds() + self.by_clock
    }

    /// Root mean square of all samples, 0 to 1 of full scale; `None` where none were decoded.
    pub(crate) fn rms(&self) -> Option<f64> {
        self.level.rms()
    }

    /// The speech so far, in order; at most the first [`MAX_SPANS`] spans.
    pub(crate) fn heard(&self) -> &[Span] {
        &self.heard
    }

    /// The marks in the audio since the last call.
    pub(crate) fn take_marks(&mut self) -> Vec<Mark> {
        self.level.take_marks()
    }

    /// Takes one message's bytes, cut anywhere, that came at `now`; gives the speech in them.
    pub(crate) fn push(&mut self, bytes: &[u8], now: Duration) -> Vec<Span> {
        let spans = self.listen(bytes, now);
        for span in &spans {
            if self.heard.len() < MAX_SPANS {
                level::join(&mut self.heard, *span);
            }
        }
        spans
    }

    fn listen(&mut self, bytes: &[u8], now: Duration) -> Vec<Span> {
        if let Source::Decoded(decoder) = &mut self.source {
            match decoder.push(bytes, &mut self.level) {
                Ok(()) => return self.level.take_speech(),
                Err(Undecoded) => self.source = Source::Clock { last: None },
            }
        }
        let start = self.seconds();
        if let Source::Clock { last } = &mut self.source {
            self.by_clock += match *last {
                None => FIRST_MESSAGE_SECONDS,
                Some(last) => now.saturating_sub(last).as_secs_f64().min(MAX_MESSAGE_SECONDS),
            };
            *last = Some(now);
        }
        let end = self.seconds();
        if end > start { vec![Span { start, end }] } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests;
