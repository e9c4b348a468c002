//! The audio of a stream: what is attached or pushed, encoded and handed to the session, with its levels and warnings.

use crate::audio::intake::{CaptureId, Intake, Taken};
use crate::audio::lull::Lull;
use crate::audio::path::{Encoded, MAX_CHANNELS};
use crate::audio::watch::{self, SignalWatch};
use crate::audio::{AudioPath, Encoder};
use crate::error::{Code, Error};
use crate::session::{Event, Input, Session, Warning, WarningCode};
use crate::time::Duration;

/// How often to look whether something still comes from what is attached.
const LOOK: Duration = Duration::from_millis(250);

pub(super) struct Sound {
    intake: Intake,
    /// When to look, while something is attached.
    look_at: Option<Duration>,
    encoding: Encoding,
}

/// What comes after the intake.
struct Encoding {
    path: AudioPath,
    ears: Ears,
    sample_rate: u32,
    /// Whether the app was told that the encoder failed.
    failure_is_told: bool,
}

/// What the levels tell.
struct Ears {
    watch: SignalWatch,
    lull: Lull,
}

impl Sound {
    /// For a stream of which `origin` lies behind.
    ///
    /// # Errors
    /// As [`AudioPath::new`].
    pub(super) fn new(
        sample_rate: u32, channels: usize, encoder: Box<dyn Encoder>, origin: Duration,
    ) -> Result<Self, Error> {
        let path = AudioPath::new(sample_rate, channels, encoder)?.starting_at(origin);
        let ears = Ears { watch: SignalWatch::new(sample_rate, channels), lull: Lull::new(channels) };
        let encoding = Encoding { path, ears, sample_rate, failure_is_told: false };
        Ok(Self { intake: Intake::new(sample_rate, channels), look_at: None, encoding })
    }

    /// What produces or encodes audio.
    pub(super) const fn path(&self) -> &AudioPath {
        &self.encoding.path
    }

    /// # Errors
    /// As [`Intake::attach`].
    pub(super) fn attach(&mut self, id: CaptureId, channel: Option<usize>, now: Duration) -> Result<(), Error> {
        self.intake.attach(id, channel, now)?;
        self.look_at = Some(now + LOOK);
        Ok(())
    }

    /// See [`Intake::resume`].
    pub(super) fn resume(&mut self, now: Duration) {
        self.intake.resume();
        self.look_at = (!self.intake.is_empty()).then_some(now + LOOK);
    }

    /// Nothing is captured for now: nobody need look.
    pub(super) const fn pause(&mut self) {
        self.look_at = None;
    }

    /// Mutes a channel, or all, or does so no longer.
    pub(super) fn mute(&mut self, channel: Option<usize>, muted: bool) {
        let channels = channel.map_or(0..MAX_CHANNELS, |channel| channel..channel.saturating_add(1));
        channels.for_each(|channel| self.encoding.path.mute(channel, muted));
    }

    /// See [`Intake::interrupt`].
    pub(super) fn interrupt(&mut self, id: CaptureId) {
        self.intake.interrupt(id);
    }

    /// Takes frames of something attached.
    ///
    /// # Errors
    /// As [`Intake::push`].
    pub(super) fn captured(
        &mut self, id: CaptureId, planes: &[&[f32]], rate: u32, age: Duration, session: &mut Session, now: Duration,
    ) -> Result<(), Error> {
        let captured = now.saturating_sub(age);
        let encoding = &mut self.encoding;
        self.intake.push(id, planes, rate, captured, now, &mut |taken| encoding.take(&taken, session, now))
    }

    /// Takes an app's own frames; not while something is attached.
    ///
    /// # Errors
    /// As [`AudioPath::push`].
    pub(super) fn frames(
        &mut self, planes: &[&[f32]], rate: u32, session: &mut Session, now: Duration,
    ) -> Result<(), Error> {
        self.encoding.push(planes, rate, session, now)
    }

    /// See [`Intake::detach`].
    pub(super) fn detach(&mut self, id: CaptureId, session: &mut Session, now: Duration) {
        let encoding = &mut self.encoding;
        self.intake.detach(id, now, &mut |taken| encoding.take(&taken, session, now));
        if self.intake.is_empty() {
            self.look_at = None;
        }
    }

    /// Nothing follows: everything that is held is encoded.
    pub(super) fn finish(&mut self, session: &mut Session, now: Duration) {
        let encoding = &mut self.encoding;
        self.intake.finish(&mut |taken| encoding.take(&taken, session, now));
        self.look_at = None;
        encoding.path.finish(&mut |encoded| hand(&encoded, &mut encoding.ears, session, now));
    }

    /// Hands on packets of an encoder that answers later.
    pub(super) fn encoded(&mut self, session: &mut Session, now: Duration) {
        let Encoding { path, ears, .. } = &mut self.encoding;
        path.poll(&mut |encoded| hand(&encoded, ears, session, now));
    }

    /// Lets time pass.
    pub(super) fn look(&mut self, session: &mut Session, now: Duration) {
        if self.look_at.is_some_and(|at| now >= at) {
            self.look_at = Some(now + LOOK);
            let encoding = &mut self.encoding;
            self.intake.poll(now, &mut |taken| encoding.take(&taken, session, now));
        }
    }

    /// When to call [`Self::look`].
    pub(super) const fn look_at(&self) -> Option<Duration> {
        self.look_at
    }
}

impl Encoding {
    fn take(&mut self, taken: &Taken<'_>, session: &mut Session, now: Duration) {
        let warning = match *taken {
            Taken::Frames(frames) => {
                let mut planes: [&[f32]; MAX_CHANNELS] = [&[]; MAX_CHANNELS];
                planes.iter_mut().zip(frames).for_each(|(plane, frames)| *plane = frames);
                let count = frames.len().min(MAX_CHANNELS);
                // The intake's frames are the path's: there is nothing about them to refuse.
                let _ = self.push(&planes[..count], self.sample_rate, session, now);
                return;
            }
            Taken::Stalled(channel) => Warning { channel: Some(channel), ..Warning::new(WarningCode::Stalled) },
            Taken::Gap { channel, length, filled } => Warning {
                channel: Some(channel),
                start: Some(self.path.position().as_secs_f64()),
                seconds: Some(length.as_secs_f64()),
                filled: Some(filled),
                ..Warning::new(WarningCode::Gap)
            },
        };
        session.announce(Event::Warning(warning));
    }

    fn push(&mut self, planes: &[&[f32]], rate: u32, session: &mut Session, now: Duration) -> Result<(), Error> {
        let Self { path, ears, .. } = self;
        path.push(planes, rate, &mut |encoded| hand(&encoded, ears, session, now))?;
        if path.has_failed() && !std::mem::replace(&mut self.failure_is_told, true) {
            let message = "the encoder failed: what it could not encode is missing from the stream";
            session.announce(Event::Error(Error::new(Code::AudioUnsupported, message)));
        }
        Ok(())
    }
}

fn hand(encoded: &Encoded<'_>, ears: &mut Ears, session: &mut Session, now: Duration) {
    match *encoded {
        Encoded::Packet(packet) => {
            session.handle(Input::Packet(packet.start, packet.duration, packet.bytes), now);
        }
        Encoded::Level(channel, level, is_muted) => {
            let (rms, peak, clipped) = (level.rms, level.peak, level.clipped);
            session.announce(Event::Level { channel, rms, peak, clipped });
            if ears.lull.push(channel, level, is_muted) {
                session.handle(Input::Lull, now);
            }
            // What is silenced on purpose is nothing to warn of.
            if is_muted {
                return;
            }
            let code = match ears.watch.push(channel, level) {
                Some(watch::Warning::SilentInput) => WarningCode::SilentInput,
                Some(watch::Warning::Clipping) => WarningCode::Clipping,
                None => return,
            };
            session.announce(Event::Warning(Warning { channel: Some(channel), ..Warning::new(code) }));
        }
    }
}
