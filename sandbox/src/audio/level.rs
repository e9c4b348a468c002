//! How long decoded audio is, how loud, and where in it somebody speaks: by energy, over windows of 20 ms.

use serde::Serialize;

use super::{Mark, Shape, Sink, marks::Marks};

/// A window whose root mean square reaches this is speech: -45 dBFS, well over a quiet room's noise.
const SPEECH_RMS: f64 = 0.0056;
/// Length of a window, in seconds.
const WINDOW_SECONDS: f64 = 0.02;
/// Windows after speech that still count as speech: gaps between words are shorter than this 0.3 s.
const HOLD_WINDOWS: u32 = 15;

/// A stretch of speech, in seconds since the first audio of this socket.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Span {
    pub(crate) start: f64,
    pub(crate) end: f64,
}

/// The length, the level and the speech of what has been decoded so far.
#[derive(Default)]
pub(super) struct Level {
    shape: Shape,
    /// Seconds of audio that came in another shape, before this one.
    before: f64,
    /// Frames in this shape.
    frames: u64,
    samples: u64,
    squares: f64,
    /// The window that is being filled: the squares per channel, and the frames so far.
    window: Vec<f64>,
    window_frames: u32,
    hold: u32,
    /// Speech that has not been taken.
    spans: Vec<Span>,
    marks: Marks,
}

impl Level {
    pub(super) fn seconds(&self) -> f64 {
        self.at(self.frames)
    }

    /// Root mean square of all samples of whole windows, 0 to 1 of full scale; `None` before the first.
    pub(super) fn rms(&self) -> Option<f64> {
        (self.samples > 0).then(|| (self.squares / self.samples as f64).sqrt())
    }

    /// The speech since the last call, in order; spans that touch are one.
    pub(super) fn take_speech(&mut self) -> Vec<Span> {
        std::mem::take(&mut self.spans)
    }

    /// The marks since the last call, in order.
    pub(super) fn take_marks(&mut self) -> Vec<Mark> {
        self.marks.take()
    }

    fn at(&self, frame: u64) -> f64 {
        match self.shape.rate {
            0 => self.before,
            rate => self.before + frame as f64 / f64::from(rate),
        }
    }

    fn set_shape(&mut self, shape: Shape) {
        if shape != self.shape {
            self.before = self.seconds();
            self.shape = shape;
            self.frames = 0;
            self.window = vec![0.0; usize::from(shape.channels)];
            self.window_frames = 0;
        }
    }

    /// Frames of a window; 1 at least, whatever rate a stream claims.
    fn window_size(&self) -> u32 {
        ((f64::from(self.shape.rate) * WINDOW_SECONDS) as u32).max(1)
    }

    /// Ends a window: the loudest channel decides whether it is speech.
    fn close_window(&mut self) -> bool {
        let frames = f64::from(self.window_frames);
        let loudest = self.window.iter().copied().fold(0.0, f64::max);
        self.squares += self.window.iter().sum::<f64>();
        self.samples += u64::from(self.window_frames) * u64::from(self.shape.channels);
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

impl Sink for Level {
    fn samples(&mut self, shape: Shape, interleaved: &[i16]) {
        self.set_shape(shape);
        let size = self.window_size();
        for frame in interleaved.chunks_exact(usize::from(shape.channels).max(1)) {
            for (squares, sample) in self.window.iter_mut().zip(frame) {
                let value = f64::from(*sample) / 32_768.0;
                *squares += value * value;
            }
            self.frames = self.frames.saturating_add(1);
            self.window_frames += 1;
            let (before, rate, frames) = (self.before, self.shape.rate, self.frames);
            self.marks.frame(frame, || before + frames as f64 / f64::from(rate.max(1)));
            if self.window_frames == size {
                let start = self.at(self.frames - u64::from(size));
                if self.close_window() {
                    let end = self.seconds();
                    join(&mut self.spans, Span { start, end });
                }
            }
        }
    }

    fn packet(&mut self, shape: Shape, print: u64, ahead: u64) {
        self.set_shape(shape);
        self.marks.packet(print, self.at(self.frames.saturating_add(ahead)));
    }

    fn silence(&mut self, shape: Shape, frames: u64) {
        self.set_shape(shape);
        self.frames = self.frames.saturating_add(frames);
        self.samples = self.samples.saturating_add(frames.saturating_mul(u64::from(shape.channels)));
        self.window.fill(0.0);
        self.window_frames = 0;
        self.hold = 0;
    }
}

/// Adds a span to others, as the same one where it begins at the last one's end.
pub(super) fn join(spans: &mut Vec<Span>, span: Span) {
    match spans.last_mut() {
        Some(last) if last.end == span.start => last.end = span.end,
        _ => spans.push(span),
    }
}
