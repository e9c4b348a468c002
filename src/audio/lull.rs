//! Whether a conversation pauses, from the levels of all its channels: the cheapest sign there is, and one that may be wrong.
//!
//! ```text
//! levels ─► lull ─► "nobody has spoken for a second and a half"
//! ```
//!
//! A channel is quiet if it is hardly louder than it ever is. In a noisy room no pause may be found, and then nothing comes of
//! it; a voice that is hardly louder than the room may be taken for a pause, and a sentence may then be cut in two.

use super::level::{LEVELS_PER_SECOND, Level};

/// Nobody has spoken for so many levels: a second and a half. Turns of a conversation follow each other within half a second.
const PAUSE: u32 = LEVELS_PER_SECOND * 3 / 2;

/// So many levels somebody must have spoken for before another pause: a knock on the table is no speech.
const SPEECH: u32 = LEVELS_PER_SECOND * 3 / 10;

/// How fast the floor follows a room that gets louder, in dB a level: 1 dB a second. It follows one that gets quieter at once.
const RISE: f64 = 0.1;

/// So much louder than its floor a channel is still quiet, in dB…
const MARGIN: f64 = 8.0;

/// …and it is in any case below the first of these, and in no case above the second, in dBFS.
const SURELY_QUIET: f64 = -65.0;
const SURELY_LOUD: f64 = -30.0;

/// Watches the levels of every channel of a stream.
#[derive(Debug)]
pub struct Lull {
    channels: Vec<Channel>,
    /// Since somebody spoke.
    is_due: bool,
}

#[derive(Clone, Debug)]
struct Channel {
    /// How loud it is when nobody speaks, in dBFS.
    floor: f64,
    /// Levels that were quiet, and those that were not, one after the other.
    quiet: u32,
    loud: u32,
}

impl Lull {
    /// For so many channels, on which nobody has spoken.
    #[must_use]
    pub fn new(channels: usize) -> Self {
        Self { channels: vec![Channel { floor: f64::INFINITY, quiet: 0, loud: 0 }; channels], is_due: false }
    }

    /// Takes a level of a channel, a tenth of a second long; one that is muted is quiet. Whether a pause begins to count with
    /// it: once for each.
    pub fn push(&mut self, channel: usize, level: Level, is_muted: bool) -> bool {
        let Some(one) = self.channels.get_mut(channel) else { return false };
        if !is_muted {
            one.floor = level.rms.min(one.floor + RISE);
        }
        let is_quiet = is_muted || level.rms < (one.floor + MARGIN).clamp(SURELY_QUIET, SURELY_LOUD);
        (one.quiet, one.loud) =
            if is_quiet { (one.quiet.saturating_add(1), 0) } else { (0, one.loud.saturating_add(1)) };
        self.is_due |= one.loud >= SPEECH;
        let pauses = self.is_due && self.channels.iter().all(|one| one.quiet >= PAUSE);
        self.is_due &= !pauses;
        pauses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At which tenths of a second a pause is found: in each, the level of each channel in dBFS.
    fn pauses<const N: usize>(levels: impl IntoIterator<Item = [f64; N]>) -> Vec<usize> {
        let mut lull = Lull::new(N);
        let mut found = Vec::new();
        for (at, levels) in levels.into_iter().enumerate() {
            for (channel, rms) in levels.into_iter().enumerate() {
                if lull.push(channel, Level { rms, peak: rms, clipped: 0 }, false) {
                    found.push(at);
                }
            }
        }
        found
    }

    /// So many tenths of a second of speech, with its gaps, and of a room.
    fn speech(tenths: usize) -> impl Iterator<Item = f64> {
        (0..tenths).map(|tenth| if tenth % 5 == 4 { -48.0 } else { -22.0 })
    }

    fn room(tenths: usize) -> impl Iterator<Item = f64> {
        (0..tenths).map(|tenth| if tenth % 2 == 0 { -50.0 } else { -49.0 })
    }

    #[test]
    fn a_pause_is_found_once_after_a_second_and_a_half_and_again_only_after_speech() {
        let all = room(50).chain(speech(100)).chain(room(100)).chain(speech(30)).chain(room(40));
        assert_eq!(pauses(all.map(|level| [level])), [163, 293]);
    }

    #[test]
    fn nobody_pauses_while_anybody_speaks() {
        assert_eq!(pauses(speech(600).map(|level| [level])), [] as [usize; 0]);
        let both = room(20).chain(speech(60)).chain(room(60)).zip(room(60).chain(speech(60)).chain(room(20)));
        assert_eq!(pauses(both.map(|(one, other)| [one, other])), [133]);
    }

    #[test]
    fn what_is_muted_is_quiet_and_a_knock_is_no_speech() {
        let mut lull = Lull::new(1);
        let level = |rms| Level { rms, peak: rms, clipped: 0 };
        assert!(!(0..30).any(|_| lull.push(0, level(-20.0), false)));
        assert_eq!((0..30).position(|_| lull.push(0, level(-120.0), true)), Some(14));
        let knock = room(30).chain([-10.0, -12.0]).chain(room(30));
        assert_eq!(pauses(knock.map(|level| [level])), [] as [usize; 0]);
    }

    #[test]
    fn a_loud_room_is_got_used_to_and_a_steady_voice_is_not() {
        // After the gaps of the speech the floor needs two seconds to be that of the room again.
        let hum = std::iter::repeat_n(-38.0, 400).chain(speech(50)).chain(std::iter::repeat_n(-38.0, 40));
        assert_eq!(pauses(hum.map(|level| [level])).last(), Some(&483));
        assert_eq!(pauses(std::iter::repeat_n([-25.0], 3_000)), [] as [usize; 0]);
    }
}
