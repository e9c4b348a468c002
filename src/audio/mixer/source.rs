//! One source: its resampler, its queue at the stream's rate, and the place at which the queue is read.
//!
//! All that is counted here is counted in frames at the stream's rate; the time of a source is how many it has counted.

use super::super::resample::Resampler;
use super::SourceId;
use super::clock::Clock;
use super::fraction::{self, HALF, TAPS};
use crate::time::Duration;

/// Where a source stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is waited for while its offset is being learnt.
    Joining,
    /// It is mixed, and waited for.
    Live,
    /// It is silent, and nobody waits for it.
    Late,
}

/// One source.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) id: SourceId,
    pub(super) channel: usize,
    pub(super) state: State,
    /// Nothing follows what is in the queue.
    pub(super) ended: bool,
    /// When it was first heard of since it (re)started, and when last, in the page's running time.
    pub(super) since: Option<Duration>,
    pub(super) heard: Duration,
    /// Whether it was told to be late, and for how many frames its channel has been silent since.
    pub(super) missed: Option<u64>,
    pub(super) clock: Clock,
    rate: u32,
    resampler: Resampler,
    queue: Vec<f32>,
    /// The source's time of the queue's first frame.
    start: f64,
    /// The place in the queue that is read next. May lie past its end.
    head: f64,
    /// Frames of silence to put out before that.
    silence: u64,
    /// The source's time: all that was pushed, what is still in the resampler included.
    time: f64,
}

impl Source {
    pub(super) fn new(id: SourceId, channel: usize, rate: u32, heard: Duration) -> Self {
        let mut source = Self {
            id,
            channel,
            state: State::Joining,
            ended: false,
            since: None,
            heard,
            missed: None,
            clock: Clock::default(),
            rate,
            resampler: Resampler::new(rate, rate),
            queue: Vec::new(),
            start: 0.0,
            head: 0.0,
            silence: 0,
            time: 0.0,
        };
        source.restart();
        source
    }

    /// Takes samples at `from` Hz into the queue at `to` Hz. Of more than `most` frames the oldest become silence.
    pub(super) fn push(&mut self, samples: &[f32], from: u32, to: u32, most: usize) {
        if from != self.rate {
            self.drain();
            (self.rate, self.resampler) = (from, Resampler::new(from, to));
        }
        self.resampler.process(samples, &mut self.queue);
        self.time += samples.len() as f64 * f64::from(to) / f64::from(from);
        let excess = self.queue.len().saturating_sub(most);
        if excess > 0 {
            self.queue.drain(..excess);
            self.start += excess as f64;
            self.silence = self.silence.saturating_add(excess as u64);
        }
    }

    /// Nothing follows: the resampler's tail comes into the queue.
    pub(super) fn end(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        self.drain();
        if !self.is_exact() {
            self.queue.resize(self.queue.len() + HALF, 0.0);
        }
    }

    fn drain(&mut self) {
        self.resampler.finish(&mut self.queue);
        self.time = self.start + self.queue.len() as f64;
    }

    /// Gives up what is queued: what comes next is of another time.
    pub(super) fn restart(&mut self) {
        self.drain();
        self.queue.clear();
        // Before the first frame there is silence, as far back as a value between two frames needs.
        self.queue.resize(HALF - 1, 0.0);
        (self.head, self.silence) = ((HALF - 1) as f64, 0);
        self.start = self.time - self.head;
        self.since = None;
        self.clock.forget();
    }

    /// The source's time of what is put out next.
    pub(super) fn place(&self) -> f64 {
        self.start + self.head - self.silence as f64
    }

    /// Frames of silence before the next frame that it captured.
    pub(super) const fn silence(&self) -> u64 {
        self.silence
    }

    /// The source's time, in frames.
    pub(super) const fn time(&self) -> f64 {
        self.time
    }

    /// Frames held.
    pub(super) const fn held(&self) -> usize {
        self.queue.len()
    }

    /// Moves the place that is put out next by so many frames: forwards by leaving some out, backwards by silence, of
    /// which there are `most` frames at most: no clock goes back by more than is held.
    pub(super) fn shift(&mut self, frames: f64, most: usize) {
        let ahead = frames - self.silence as f64;
        let silence = (-ahead).ceil().max(0.0);
        self.head += ahead + silence;
        self.silence = (silence as u64).min(most as u64);
    }

    /// Frames that can be put out now.
    pub(super) fn ready(&self) -> usize {
        let queued = if self.is_exact() {
            self.queue.len().saturating_sub(self.head as usize)
        } else {
            // The last of n frames is read at `head + (n − 1) speed` and needs HALF frames after it.
            let room = self.queue.len() as f64 - (HALF + 1) as f64 - self.head;
            if room < 0.0 { 0 } else { (room / self.clock.speed()) as usize + 1 }
        };
        queued.saturating_add(usize::try_from(self.silence).unwrap_or(usize::MAX))
    }

    /// Adds the next frames to `output`. What is not there is silence.
    pub(super) fn mix(&mut self, output: &mut [f32]) {
        let count = self.ready().min(output.len());
        let silent = usize::try_from(self.silence).unwrap_or(usize::MAX).min(count);
        self.silence -= silent as u64;
        let output = &mut output[silent..count];
        if self.is_exact() {
            let first = self.head as usize;
            for (sum, sample) in output.iter_mut().zip(self.queue.iter().skip(first)) {
                *sum += sample;
            }
            self.head += output.len() as f64;
        } else {
            let speed = self.clock.speed();
            for sum in output {
                let window = (self.head as usize + 1).checked_sub(HALF).and_then(|first| self.queue.get(first..));
                if let Some(window) = window.and_then(<[f32]>::first_chunk::<TAPS>) {
                    *sum += fraction::between(window, self.head.fract());
                }
                self.head += speed;
            }
        }
        let done = (self.head as usize).saturating_sub(HALF - 1).min(self.queue.len());
        self.queue.drain(..done);
        self.start += done as f64;
        self.head -= done as f64;
    }

    /// Whether frames are put out as they are: for the lead, unless it has followed another one.
    fn is_exact(&self) -> bool {
        self.clock.speed() == 1.0 && self.head.fract() == 0.0
    }

    /// Floats that memory is reserved for.
    #[cfg(test)]
    pub(super) const fn capacity(&self) -> usize {
        self.queue.capacity()
    }
}
