//! How loud it is: RMS, peak and clipping of a channel, ten times a second.

/// Windows a second.
pub const LEVELS_PER_SECOND: u32 = 10;

/// From this magnitude on a sample counts as clipped: the highest that 16 bits can hold.
const CLIPPED: f32 = 32_767.0 / 32_768.0;

/// What silence is reported as, in dBFS: below the floor of 16 bits.
pub const FLOOR_DBFS: f64 = -120.0;

/// The level of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Root mean square in dBFS, where a full-scale square wave is 0.
    pub rms: f64,
    /// Highest magnitude in dBFS.
    pub peak: f64,
    /// Samples at full scale.
    pub clipped: u32,
}

/// Measures one channel.
#[derive(Debug)]
pub struct LevelMeter {
    window: u32,
    count: u32,
    squares: f64,
    peak: f32,
    clipped: u32,
}

impl LevelMeter {
    /// A meter for samples at `sample_rate` Hz.
    #[must_use]
    pub fn new(sample_rate: u32) -> Self {
        let window = (sample_rate / LEVELS_PER_SECOND).max(1);
        Self { window, count: 0, squares: 0.0, peak: 0.0, clipped: 0 }
    }

    /// Takes samples and hands out the level of every window that they complete.
    pub fn push(&mut self, samples: &[f32], sink: &mut dyn FnMut(Level)) {
        for &sample in samples {
            let magnitude = sample.abs();
            self.squares += f64::from(sample) * f64::from(sample);
            self.peak = self.peak.max(magnitude);
            self.clipped += u32::from(magnitude >= CLIPPED);
            self.count += 1;
            if self.count == self.window {
                let rms = (self.squares / f64::from(self.count)).sqrt();
                sink(Level { rms: dbfs(rms), peak: dbfs(f64::from(self.peak)), clipped: self.clipped });
                (self.count, self.squares, self.peak, self.clipped) = (0, 0.0, 0.0, 0);
            }
        }
    }
}

fn dbfs(magnitude: f64) -> f64 {
    (20.0 * magnitude.log10()).max(FLOOR_DBFS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(samples: &[f32]) -> Vec<Level> {
        let mut levels = Vec::new();
        LevelMeter::new(16_000).push(samples, &mut |level| levels.push(level));
        levels
    }

    #[test]
    fn a_window_is_a_tenth_of_a_second() {
        assert_eq!(measure(&[0.5; 16_000]).len(), 10);
        assert_eq!(measure(&[0.5; 1_599]).len(), 0);
    }

    #[test]
    fn half_scale_is_six_decibels_down_and_silence_is_the_floor() {
        let half = measure(&[-0.5; 1_600])[0];
        assert!((half.rms + 6.02).abs() < 0.01 && (half.peak + 6.02).abs() < 0.01);
        assert_eq!(measure(&[0.0; 1_600])[0], Level { rms: FLOOR_DBFS, peak: FLOOR_DBFS, clipped: 0 });
    }

    #[test]
    fn samples_at_full_scale_are_counted_as_clipped() {
        let mut samples = [0.1; 1_600];
        samples[..3].copy_from_slice(&[1.0, -1.2, 0.999]);
        assert_eq!(measure(&samples)[0].clipped, 2);
    }
}
