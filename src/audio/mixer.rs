//! Several sources on the channels of one stream, in step although their clocks differ: a telehealth visit has the
//! microphone on channel 0 and the remote participant on channel 1, and an hour of either is not an hour of the other.
//!
//! ```text
//! blocks of a source ─► resample ─► queue ─► read at its own speed ─┐
//! blocks of a source ─► resample ─► queue ─► read at its own speed ─┴─► blocks of all channels, in step
//! ```
//!
//! One source is the *lead*, the first that was attached: its frames pass as they are, and how many there were is the
//! time of all. Each other one is read a little faster or slower than 1, so that what leaves the mixer at the same time
//! was captured at the same time (`clock`), between its samples where need be (`fraction`). When the lead ends or falls
//! silent the next live source takes over from where it is.
//!
//! The mixer waits for the message that comes last, up to [`PATIENCE`]. A source that is later is told by its id and is
//! silent until it comes back. Sound that a source lost is silence of its length; when the lead lost some, all channels
//! get that silence, so that nothing that another captured meanwhile is left out.
//!
//! An hour of clocks at +200 and −150 ppm with messages late by up to 30 ms stays within 3 ms (asserted in the tests).
//!
//! While there is no live source the time stands still: what a gap between two visits of a device means is the
//! caller's to say. How long a device takes before its frames reach the page nobody can know: sources are aligned by
//! when they arrive there. No clock lives here: times are the page's, told with every call. Samples should be finite.

use std::ops::RangeInclusive;

use crate::error::Error;
use crate::time::Duration;

mod clock;
mod source;
#[cfg(test)]
mod tests;

use super::resample::fraction;
use source::{Source, State};

/// How long a source may be silent before the others go on without it: longer than a device or a busy page stutters,
/// shorter than anybody waits for words. It is measured in time in which the page was seen running.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// How long a new source is listened to before it is mixed: a dozen messages, the least late of which is late by two or
/// three milliseconds if each is by up to 30. The others wait meanwhile: shorter than [`PATIENCE`].
const LEARNING: Duration = Duration::from_millis(250);

/// Between two calls no more than this counts as time in which the page was running. When it stood still, the messages
/// of all sources are late, and are yet to come.
const MOST_BETWEEN_CALLS: Duration = Duration::from_millis(100);

/// The most that is held of a source, in seconds; older frames become silence of the same length.
const HELD_SECONDS: usize = 10;

/// From this much held of one source on, in seconds, nobody is waited for: a source that delivers less than it says.
const CROWDED_SECONDS: usize = 5;

/// The most sources at a time: far more than there are channels.
const MOST_SOURCES: usize = 32;

/// Rates, in Hz: those of capture devices, and half the lowest of them. Beyond there is no device, and filters are long.
const RATES: RangeInclusive<u32> = 4_000..=192_000;

/// The name of a source. No other source of the same mixer has it, before or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceId(u32);

/// What leaves the mixer.
#[derive(Debug)]
pub enum Mixed<'a> {
    /// The next frames: one `Vec` a channel, all of one length, a tenth of a second at most.
    Frames(&'a [Vec<f32>]),
    /// Nothing came from this source for longer than [`PATIENCE`]: it is silent from here on. While no other source is
    /// live the time stands still.
    Late(SourceId),
    /// A source that was late is mixed again.
    Back {
        /// Which.
        source: SourceId,
        /// How long the silence in its place was.
        silence: Duration,
    },
}

/// Mixes sources to the channels of a stream. Its buffers are reused: in steady state it does not allocate.
#[derive(Debug)]
pub struct Mixer {
    rate: u32,
    /// In the order in which they were attached.
    sources: Vec<Source>,
    lead: Option<SourceId>,
    next_id: u32,
    output: Vec<Vec<f32>>,
    /// The page's time, as far as it was told.
    now: Duration,
    /// For how long the page was seen running.
    running: Duration,
    /// When the errors are measured next.
    window_end: Duration,
}

/// Whether there is room for one more source, for this one of so many channels, where there are so many sources.
///
/// # Errors
/// As [`Mixer::attach`].
pub fn room_for(channel: usize, channels: usize, sources: usize) -> Result<(), Error> {
    if channel >= channels {
        return Err(Error::invalid(format!("channel {channel} does not exist: there are {channels}")));
    }
    if sources >= MOST_SOURCES {
        return Err(Error::invalid(format!("more than {MOST_SOURCES} sources cannot be attached at a time")));
    }
    Ok(())
}

impl Mixer {
    /// A mixer to `channels` channels at `rate` Hz, of 4,000 to 192,000.
    #[must_use]
    pub fn new(rate: u32, channels: usize) -> Self {
        Self {
            rate: rate.clamp(*RATES.start(), *RATES.end()),
            sources: Vec::new(),
            lead: None,
            next_id: 0,
            output: vec![Vec::new(); channels],
            now: Duration::ZERO,
            running: Duration::ZERO,
            window_end: Duration::ZERO,
        }
    }

    /// A new source for a channel; several sources of one channel are added. `now` is the page's monotonic time.
    ///
    /// # Errors
    /// `invalid_request` if there is no such channel, or there are 32 sources already.
    pub fn attach(&mut self, channel: usize, now: Duration) -> Result<SourceId, Error> {
        room_for(channel, self.output.len(), self.sources.len())?;
        self.pass(now);
        let id = SourceId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        self.sources.push(Source::new(id, channel, self.rate, self.running));
        Ok(id)
    }

    /// Takes a block of a source, at `rate` Hz, whose last sample was captured at `captured`, as well as the page knows:
    /// what the worklet says, or else when its message came, which is `now`. Hands out what can be mixed.
    ///
    /// # Errors
    /// `invalid_request` if there is no such source, or no device has such a rate.
    pub fn push(
        &mut self, source: SourceId, samples: &[f32], rate: u32, captured: Duration, now: Duration,
        sink: &mut dyn FnMut(Mixed<'_>),
    ) -> Result<(), Error> {
        if !RATES.contains(&rate) {
            return Err(Error::invalid(format!(
                "sampleRate must be {} to {} Hz, not {rate}",
                RATES.start(),
                RATES.end()
            )));
        }
        if !self.sources.iter().any(|known| known.id == source && !known.ended) {
            return Err(Error::invalid("the source is not attached"));
        }
        self.pass(now);
        let (to, running, most) = (self.rate, self.running, self.most_held());
        let mut following = samples.len();
        // A second at a time, so that what comes at once need not be held at once.
        for block in samples.chunks(rate as usize) {
            following -= block.len();
            let Some(known) = self.sources.iter_mut().find(|known| known.id == source) else { break };
            if known.state == State::Late {
                known.state = State::Joining;
            }
            known.heard = running;
            known.since.get_or_insert(running);
            known.push(block, rate, to, most);
            let captured = captured.as_secs_f64() - following as f64 / f64::from(rate);
            known.clock.observe(captured - known.time() / f64::from(to));
            self.advance(sink);
        }
        Ok(())
    }

    /// The source has ended, or is no longer wanted: what it has pushed is still mixed, then its channel is silent.
    /// An unknown source is ignored.
    pub fn detach(&mut self, source: SourceId, now: Duration, sink: &mut dyn FnMut(Mixed<'_>)) {
        self.pass(now);
        self.sources.iter_mut().filter(|known| known.id == source).for_each(Source::end);
        self.advance(sink);
    }

    /// Lets time pass: a few times a second, so that a source is told to be late although nothing comes from any other.
    pub fn poll(&mut self, now: Duration, sink: &mut dyn FnMut(Mixed<'_>)) {
        self.pass(now);
        self.advance(sink);
    }

    /// Ends all sources, and hands out everything that is held, without waiting.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Mixed<'_>)) {
        self.sources.iter_mut().for_each(Source::end);
        self.advance(sink);
        self.sources.clear();
        self.lead = None;
    }

    /// In frames.
    const fn most_held(&self) -> usize {
        HELD_SECONDS * self.rate as usize
    }

    fn leading(&self) -> Option<&Source> {
        self.sources.iter().find(|source| Some(source.id) == self.lead)
    }

    /// The page's time goes on.
    fn pass(&mut self, now: Duration) {
        self.running += now.saturating_sub(self.now).min(MOST_BETWEEN_CALLS);
        self.now = self.now.max(now);
        if self.now >= self.window_end {
            self.window_end = self.now.saturating_add(clock::WINDOW);
            self.correct();
            self.sources.iter_mut().for_each(|source| source.clock.turn());
        }
    }

    /// Measures how far the sources are from the lead, and has them read faster or slower, or makes a step.
    fn correct(&mut self) {
        let (lead, rate, most) = (self.lead, f64::from(self.rate), self.most_held());
        let Some((place, offset)) = self.leading().and_then(|lead| Some((lead.place(), lead.clock.fresh()?))) else {
            return;
        };
        let captured = offset + place / rate;
        let mut lost = 0.0_f64;
        let live = |source: &&mut Source| source.state == State::Live;
        for source in self.sources.iter_mut().filter(live).filter(|source| Some(source.id) != lead) {
            if let Some(offset) = source.clock.fresh() {
                lost = lost.max(source.clock.correct(captured - (offset + source.place() / rate)));
            }
        }
        // If some source is behind, it is the lead that lost frames: instead of leaving out what that source captured
        // meanwhile, all others wait. Whole frames, so that the lead's still pass as they are.
        let lost = (lost * rate).round();
        for source in self.sources.iter_mut().filter(live) {
            let step = source.clock.take_step() * rate;
            source.shift(step - lost, most);
        }
    }

    /// Hands out all that can be, and gives up whom it is no use to wait for.
    fn advance(&mut self, sink: &mut dyn FnMut(Mixed<'_>)) {
        loop {
            self.elect();
            self.join(sink);
            let waited = self.sources.iter().filter(|source| source.state != State::Late);
            match waited.map(Self::ready).min() {
                Some(0) | None if !self.give_up(sink) => return,
                Some(0) | None => {}
                Some(frames) => self.emit(frames, sink),
            }
        }
    }

    /// Frames of a source that can be mixed now.
    fn ready(source: &Source) -> usize {
        if source.state == State::Live { source.ready() } else { 0 }
    }

    /// Finds a lead if there is none: a live source rather than one that has yet to join.
    fn elect(&mut self) {
        if self.leading().is_some_and(|lead| lead.state == State::Live) {
            return;
        }
        let first = |state| self.sources.iter().position(|source: &Source| source.state == state);
        let Some(index) = first(State::Live).or_else(|| first(State::Joining)) else {
            self.lead = None;
            return;
        };
        let (id, drift) = (self.sources[index].id, self.sources[index].clock.drift());
        self.lead = Some(id);
        for source in &mut self.sources {
            if source.id == id { source.clock.lead() } else { source.clock.follow(drift) }
        }
    }

    /// Aligns sources of which enough is known, and mixes them from here on.
    fn join(&mut self, sink: &mut dyn FnMut(Mixed<'_>)) {
        let (lead, rate, running, most) = (self.lead, f64::from(self.rate), self.running, self.most_held());
        let known = |source: &Source| {
            let learnt = source.since.is_some_and(|since| running.saturating_sub(since) >= LEARNING) || source.ended;
            source.clock.offset().filter(|_| learnt).map(|offset| offset + source.place() / rate)
        };
        let captured = self.leading().and_then(known);
        for source in self.sources.iter_mut().filter(|source| source.state == State::Joining) {
            if Some(source.id) != lead {
                let Some((captured, own)) = captured.zip(known(source)) else { continue };
                source.shift((captured - own) * rate, most);
            }
            source.state = State::Live;
            if let Some(missed) = source.missed.take() {
                let silence = duration(missed.saturating_add(source.silence()), self.rate);
                sink(Mixed::Back { source: source.id, silence });
            }
        }
    }

    /// Stops waiting for sources that have nothing. Tells whether there were any.
    fn give_up(&mut self, sink: &mut dyn FnMut(Mixed<'_>)) -> bool {
        let before = self.sources.len();
        self.sources.retain(|source| {
            let unheard = source.state == State::Late || source.since.is_none();
            !(source.ended && (unheard || source.state == State::Live && source.ready() == 0))
        });
        let mut gave_up = self.sources.len() < before;
        let crowded = CROWDED_SECONDS * self.rate as usize;
        let crowded = self.sources.iter().any(|source| source.state == State::Live && source.held() >= crowded);
        for source in self.sources.iter_mut().filter(|source| source.state != State::Late && Self::ready(source) == 0) {
            if crowded || self.running.saturating_sub(source.heard) >= PATIENCE {
                source.state = State::Late;
                source.restart();
                gave_up = true;
                if source.missed.is_none() {
                    source.missed = Some(0);
                    sink(Mixed::Late(source.id));
                }
            }
        }
        gave_up
    }

    /// Hands out the next frames, a tenth of a second of them at most.
    fn emit(&mut self, frames: usize, sink: &mut dyn FnMut(Mixed<'_>)) {
        let frames = frames.min((self.rate as usize / 10).max(1));
        for plane in &mut self.output {
            plane.clear();
            plane.resize(frames, 0.0);
        }
        for source in &mut self.sources {
            if source.state == State::Live {
                source.mix(&mut self.output[source.channel]);
            } else if let Some(missed) = &mut source.missed {
                *missed += frames as u64;
            }
        }
        sink(Mixed::Frames(&self.output));
    }
}

/// How long so many frames are. Every number has an answer, which `Duration::from_secs_f64` does not promise.
fn duration(frames: u64, rate: u32) -> Duration {
    let rate = u64::from(rate);
    Duration::from_secs(frames / rate) + Duration::from_nanos(frames % rate * 1_000_000_000 / rate)
}
