//! Everything that is attached to a stream, brought together on its channels and on its one time.
//!
//! ```text
//! blocks of a source: any number of planes ─► finite, downmix ─► gaps become silence ─┐
//! blocks of a source: any number of planes ─► finite, downmix ─► gaps become silence ─┴─► mixer ─► frames
//! ```
//!
//! Blocks come with the instant at which their last frame was captured, as a worklet knows it: a page that was busy
//! hands them on late, and that is no gap. A short gap is filled with silence, so that what follows is where it belongs;
//! a long one (a laptop that slept) is only named, since nobody listens to minutes of silence.

use super::mixer::{Mixed, Mixer, SourceId};
use super::planes::{average, pick};
use crate::error::Error;
use crate::time::Duration;

mod gaps;
#[cfg(test)]
mod tests;

use gaps::Gaps;

/// The longest gap that is filled with silence: longer than a device takes to be exchanged.
pub const LONGEST_FILLED: Duration = Duration::from_secs(5);

/// Gaps in place of which the mixer put silence are told from this length on; beyond what clocks differ by.
const SHORTEST_TOLD: Duration = Duration::from_millis(100);

/// The name of an attachment, given by whoever attaches.
pub type CaptureId = u32;

/// What comes out.
#[derive(Debug)]
pub enum Taken<'a> {
    /// The next frames: one `Vec` a channel, all of one length.
    Frames(&'a [Vec<f32>]),
    /// Nothing has come for half a second from the source of this channel.
    Stalled(usize),
    /// From the source of this channel nothing was captured for a while.
    Gap {
        /// Which channel.
        channel: usize,
        /// How long.
        length: Duration,
        /// Whether silence of that length is in its place. If not, the stream's time stood still meanwhile.
        filled: bool,
    },
}

/// The sources of a stream.
#[derive(Debug)]
pub struct Intake {
    mixer: Mixer,
    channels: usize,
    captures: Vec<Capture>,
    lanes: Vec<Lane>,
    /// A plane on its way to the mixer.
    plane: Vec<f32>,
}

/// What was attached.
#[derive(Debug)]
struct Capture {
    id: CaptureId,
    gaps: Gaps,
}

/// One plane of it, or the average of all: a source of the mixer.
#[derive(Debug)]
struct Lane {
    capture: CaptureId,
    source: SourceId,
    channel: usize,
    /// While the mixer goes on without the source: what was found missing since.
    stalled: Option<Duration>,
}

impl Intake {
    /// For `channels` channels at `sample_rate` Hz.
    #[must_use]
    pub fn new(sample_rate: u32, channels: usize) -> Self {
        let mixer = Mixer::new(sample_rate, channels);
        Self { mixer, channels, captures: Vec::new(), lanes: Vec::new(), plane: Vec::new() }
    }

    /// Whether nothing is attached.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.captures.is_empty()
    }

    /// A new source: for one channel, or without one for all of them, plane after plane. In a stream of one channel
    /// these are the same. `now` is the page's monotonic time.
    ///
    /// # Errors
    /// `invalid_request` if there is no such channel, or there are too many sources.
    pub fn attach(&mut self, id: CaptureId, channel: Option<usize>, now: Duration) -> Result<(), Error> {
        for channel in channel.map_or(0..self.channels, |channel| channel..channel.saturating_add(1)) {
            match self.mixer.attach(channel, now) {
                Ok(source) => self.lanes.push(Lane { capture: id, source, channel, stalled: None }),
                Err(error) => {
                    // None of them has had a frame: nothing comes out.
                    self.detach(id, now, &mut |_| {});
                    return Err(error);
                }
            }
        }
        self.captures.push(Capture { id, gaps: Gaps::default() });
        Ok(())
    }

    /// The source is interrupted: what comes next may be from another device.
    pub fn interrupt(&mut self, id: CaptureId) {
        self.captures.iter_mut().filter(|capture| capture.id == id).for_each(|capture| capture.gaps.interrupt());
    }

    /// After a time in which nothing was to be captured: that is no gap.
    pub fn resume(&mut self) {
        self.captures.iter_mut().for_each(|capture| capture.gaps.resume());
    }

    /// Takes a block of a source: one slice a plane, at `rate` Hz, whose last frame was captured at `captured`.
    /// Blocks of an unknown source are what a worklet still had to say, and are ignored.
    ///
    /// # Errors
    /// `invalid_request` if no device has such a rate, or the planes differ in length.
    pub fn push(
        &mut self, id: CaptureId, planes: &[&[f32]], rate: u32, captured: Duration, now: Duration,
        sink: &mut dyn FnMut(Taken<'_>),
    ) -> Result<(), Error> {
        let Some(capture) = self.captures.iter_mut().find(|capture| capture.id == id) else { return Ok(()) };
        let frames = planes.first().map_or(0, |plane| plane.len());
        if planes.iter().any(|plane| plane.len() != frames) {
            return Err(Error::invalid("planes must all have the same length"));
        }
        if frames == 0 || rate == 0 {
            return Ok(());
        }
        let length = frames as f64 / f64::from(rate);
        let missing = capture.gaps.before(length, captured.as_secs_f64());
        let missing = Duration::from_secs_f64(missing);
        let began = captured.saturating_sub(Duration::from_secs_f64(length));
        self.miss(id, missing, sink);
        let alone = self.lanes.iter().filter(|lane| lane.capture == id).count() == 1;
        let mut index = 0;
        for at in 0..self.lanes.len() {
            let Lane { capture, source, .. } = self.lanes[at];
            if capture != id {
                continue;
            }
            let Self { mixer, lanes, plane, .. } = self;
            let mut hear = |mixed: Mixed<'_>| hear(lanes, &mixed, sink);
            if !missing.is_zero() && missing <= LONGEST_FILLED {
                plane.clear();
                plane.resize((missing.as_secs_f64() * f64::from(rate)).round() as usize, 0.0);
                mixer.push(source, plane, rate, began, now, &mut hear)?;
            }
            if alone {
                average(planes, 0..frames, plane);
            } else {
                pick(planes, index, 0..frames, plane);
            }
            mixer.push(source, plane, rate, captured, now, &mut hear)?;
            index += 1;
        }
        Ok(())
    }

    /// The source is no longer wanted: what it has pushed still comes out.
    pub fn detach(&mut self, id: CaptureId, now: Duration, sink: &mut dyn FnMut(Taken<'_>)) {
        self.captures.retain(|capture| capture.id != id);
        let Self { mixer, lanes, .. } = self;
        for at in 0..lanes.len() {
            let Lane { capture, source, .. } = lanes[at];
            if capture == id {
                mixer.detach(source, now, &mut |mixed| hear(lanes, &mixed, sink));
            }
        }
        lanes.retain(|lane| lane.capture != id);
    }

    /// Lets time pass: a few times a second while something is attached, so that a source is told to be stalled.
    pub fn poll(&mut self, now: Duration, sink: &mut dyn FnMut(Taken<'_>)) {
        let Self { mixer, lanes, .. } = self;
        mixer.poll(now, &mut |mixed| hear(lanes, &mixed, sink));
    }

    /// Nothing is attached any longer; everything that is held comes out.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Taken<'_>)) {
        let Self { mixer, lanes, captures, .. } = self;
        mixer.finish(&mut |mixed| hear(lanes, &mixed, sink));
        lanes.clear();
        captures.clear();
    }

    /// So much was not captured. Of a stalled source that is told when it is back: whether silence is in its place
    /// depends on whether another source went on meanwhile.
    fn miss(&mut self, id: CaptureId, missing: Duration, sink: &mut dyn FnMut(Taken<'_>)) {
        if missing.is_zero() {
            return;
        }
        for lane in self.lanes.iter_mut().filter(|lane| lane.capture == id) {
            match &mut lane.stalled {
                Some(before) => *before = before.saturating_add(missing),
                None => {
                    let filled = missing <= LONGEST_FILLED;
                    sink(Taken::Gap { channel: lane.channel, length: missing, filled });
                }
            }
        }
    }
}

/// Passes on what the mixer says.
fn hear(lanes: &mut [Lane], mixed: &Mixed<'_>, sink: &mut dyn FnMut(Taken<'_>)) {
    let lane = |source: SourceId, lanes: &mut [Lane]| lanes.iter().position(|lane| lane.source == source);
    match *mixed {
        Mixed::Frames(planes) => sink(Taken::Frames(planes)),
        Mixed::Late(source) => {
            let Some(at) = lane(source, lanes) else { return };
            lanes[at].stalled = Some(Duration::ZERO);
            sink(Taken::Stalled(lanes[at].channel));
        }
        Mixed::Back { source, silence } => {
            let Some(at) = lane(source, lanes) else { return };
            let missing = lanes[at].stalled.take().unwrap_or_default();
            let length = missing.max(silence);
            if length >= SHORTEST_TOLD {
                let filled = missing <= LONGEST_FILLED || silence >= missing / 2;
                sink(Taken::Gap { channel: lanes[at].channel, length, filled });
            }
        }
    }
}
