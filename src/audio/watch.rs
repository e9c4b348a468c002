//! What a channel's levels say over time: that nothing is heard, or that it is too loud.
//!
//! ```text
//! level ─► watch ─► warnings: "silent-input", "clipping"
//! ```
//!
//! Levels go in, ten a second and channel; now and then a [`Warning`] comes out. Nothing is stored but counts, so
//! that it allocates only when it is made. A track that says itself that it is muted is the browser's matter.

use super::level::{FLOOR_DBFS, LEVELS_PER_SECOND, Level};

/// Digital silence for this long is no pause of a conversation: even a quiet room has noise. In seconds.
const SILENT_SECONDS: u32 = 5;

/// The span over which clipped samples are counted, in seconds.
const CLIPPING_SECONDS: u32 = 1;

/// More than this part of the span, in per cent, is clipping. WebRTC's gain control calls a frame of 10 ms clipped when
/// a tenth of it is at full scale (`clipped_ratio_threshold`); 1 % of a second is ten such frames. A knock on the table
/// has fewer, an overdriven voice has more.
const CLIPPING_PERCENT: u64 = 1;

/// At most one warning of clipping in this time: as long as it takes to read it and to move away. In seconds.
const CLIPPING_PAUSE_SECONDS: u32 = 10;

const SILENT_LEVELS: u32 = SILENT_SECONDS * LEVELS_PER_SECOND;
const CLIPPING_LEVELS: usize = (CLIPPING_SECONDS * LEVELS_PER_SECOND) as usize;
const CLIPPING_PAUSE_LEVELS: u32 = CLIPPING_PAUSE_SECONDS * LEVELS_PER_SECOND;

/// What is wrong with the sound of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Nothing but digital silence for 5 s: a dead microphone, or one that is muted where nobody tells.
    SilentInput,
    /// More than 1 % of the samples of a second are at full scale.
    Clipping,
}

/// Watches the levels of every channel of a stream.
#[derive(Debug)]
pub struct SignalWatch {
    /// More clipped samples than these in the span are too many.
    most_clipped: u64,
    channels: Vec<Channel>,
}

#[derive(Clone, Debug, Default)]
struct Channel {
    /// Levels at the floor, one after the other.
    silent: u32,
    /// Clipped samples of each level of the span: a ring.
    clipped: [u32; CLIPPING_LEVELS],
    next: usize,
    /// Levels until clipping may be told again.
    pause: u32,
}

impl SignalWatch {
    /// A watch over `channels` channels whose levels are measured at `sample_rate` Hz.
    #[must_use]
    pub fn new(sample_rate: u32, channels: usize) -> Self {
        let span = u64::from(sample_rate) * u64::from(CLIPPING_SECONDS);
        Self { most_clipped: span * CLIPPING_PERCENT / 100, channels: vec![Channel::default(); channels] }
    }

    /// Takes the next level of a channel, and tells what has just become true of it:
    /// `SilentInput` once a silence (sound of any strength ends one), `Clipping` at most every 10 s while it lasts.
    /// A channel that is silenced on purpose should not be fed. Of an unknown channel there is nothing to tell.
    pub fn push(&mut self, channel: usize, level: Level) -> Option<Warning> {
        let channel = self.channels.get_mut(channel)?;
        let silent = level.peak <= FLOOR_DBFS;
        channel.silent = if silent { channel.silent.saturating_add(1) } else { 0 };
        channel.clipped[channel.next] = level.clipped;
        channel.next = (channel.next + 1) % CLIPPING_LEVELS;
        channel.pause = channel.pause.saturating_sub(1);
        let clipped: u64 = channel.clipped.iter().map(|count| u64::from(*count)).sum();
        if channel.silent == SILENT_LEVELS {
            Some(Warning::SilentInput)
        } else if clipped > self.most_clipped && channel.pause == 0 {
            channel.pause = CLIPPING_PAUSE_LEVELS;
            Some(Warning::Clipping)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::level::LevelMeter;
    use super::*;

    const RATE: u32 = 16_000;

    /// One channel, measured as a stream measures it.
    struct Listener {
        meter: LevelMeter,
        watch: SignalWatch,
        tenths: u32,
        /// Tenths of a second that had gone by at each warning.
        told: Vec<(u32, Warning)>,
    }

    impl Listener {
        fn new() -> Self {
            Self { meter: LevelMeter::new(RATE), watch: SignalWatch::new(RATE, 1), tenths: 0, told: Vec::new() }
        }

        /// `tenths` tenths of a second, each with `peaks` samples at `peak` and the others at `rest`.
        fn hear(&mut self, tenths: u32, peaks: usize, peak: f32, rest: f32) {
            for _ in 0..tenths {
                let mut samples = vec![rest; RATE as usize / 10];
                samples[..peaks].fill(peak);
                self.meter.push(&samples, &mut |level| {
                    self.tenths += 1;
                    self.told.extend(self.watch.push(0, level).map(|warning| (self.tenths, warning)));
                });
            }
        }

        fn silence(&mut self, tenths: u32) {
            self.hear(tenths, 0, 0.0, 0.0);
        }
    }

    #[test]
    fn five_seconds_of_digital_silence_are_told_once() {
        let mut listener = Listener::new();
        listener.silence(49);
        assert_eq!(listener.told, []);
        listener.silence(2_000);
        assert_eq!(listener.told, [(50, Warning::SilentInput)]);
    }

    #[test]
    fn a_silence_after_a_single_sample_of_sound_is_another_one() {
        let mut listener = Listener::new();
        listener.silence(60);
        listener.hear(1, 1, 0.001, 0.0);
        listener.silence(60);
        assert_eq!(listener.told, [(50, Warning::SilentInput), (111, Warning::SilentInput)]);
    }

    #[test]
    fn a_quiet_room_and_sound_that_comes_and_goes_are_no_silent_input() {
        let mut listener = Listener::new();
        listener.hear(600, 800, 1.0 / 32_768.0, -1.0 / 32_768.0);
        for _ in 0..20 {
            listener.silence(49);
            listener.hear(1, 1, 0.001, 0.0);
        }
        assert_eq!(listener.told, []);
    }

    #[test]
    fn more_than_a_hundredth_of_a_second_at_full_scale_is_clipping() {
        let mut listener = Listener::new();
        listener.hear(100, 16, -1.0, 0.1);
        assert_eq!(listener.told, [], "exactly 1 %");
        listener.hear(1, 17, 1.0, 0.1);
        assert_eq!(listener.told, [(101, Warning::Clipping)]);
    }

    #[test]
    fn a_knock_is_not_clipping_and_neither_is_another_a_second_later() {
        let mut listener = Listener::new();
        for _ in 0..60 {
            listener.hear(1, 160, 1.0, 0.1);
            listener.hear(9, 0, 0.0, 0.1);
        }
        assert_eq!(listener.told, []);
    }

    #[test]
    fn clipping_that_lasts_or_chatters_is_told_every_ten_seconds_at_most() {
        let (mut lasting, mut chattering) = (Listener::new(), Listener::new());
        lasting.hear(300, 400, 1.0, 0.1);
        for _ in 0..150 {
            chattering.hear(1, 400, 1.0, 0.1);
            chattering.hear(1, 0, 0.0, 0.1);
        }
        for listener in [lasting, chattering] {
            assert_eq!(listener.told, [1, 101, 201].map(|tenth| (tenth, Warning::Clipping)));
        }
    }

    #[test]
    fn clipping_that_has_ended_is_not_told_again_when_its_pause_is_over() {
        let mut listener = Listener::new();
        listener.hear(85, 400, 1.0, 0.1);
        listener.hear(200, 0, 0.0, 0.1);
        assert_eq!(listener.told, [(1, Warning::Clipping)]);
    }

    #[test]
    fn channels_are_watched_apart_and_unknown_ones_not_at_all() {
        let mut watch = SignalWatch::new(RATE, 2);
        let silent = Level { rms: FLOOR_DBFS, peak: FLOOR_DBFS, clipped: 0 };
        let loud = Level { rms: -1.0, peak: 0.0, clipped: 700 };
        let mut told = Vec::new();
        for tenth in 1..=50 {
            for (channel, level) in [(0, silent), (1, loud), (2, loud)] {
                told.extend(watch.push(channel, level).map(|warning| (tenth, channel, warning)));
            }
        }
        assert_eq!(told, [(1, 1, Warning::Clipping), (50, 0, Warning::SilentInput)]);
    }
}
