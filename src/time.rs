//! Spans of time, in whole nanoseconds: the standard library's [`Duration`](std::time::Duration) with its names, in one number
//! in place of two. Nearly everything in a stream adds and compares times, and in wasm that was a twentieth of its code.
//!
//! There is no overflow, and so no panic: sums end at 584 years, differences at nothing.

use std::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};

const A_SECOND: u64 = 1_000_000_000;

/// A span of time, or an instant as the span since another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(u64);

impl Duration {
    /// None.
    pub const ZERO: Self = Self(0);
    /// The longest: 584 years.
    pub const MAX: Self = Self(u64::MAX);

    /// So many seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(A_SECOND))
    }

    /// So many milliseconds.
    #[must_use]
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds.saturating_mul(1_000_000))
    }

    /// So many microseconds.
    #[must_use]
    pub const fn from_micros(microseconds: u64) -> Self {
        Self(microseconds.saturating_mul(1_000))
    }

    /// So many nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// To the nearest nanosecond. What is negative, or no number, is nothing.
    #[must_use]
    pub const fn from_secs_f64(seconds: f64) -> Self {
        Self((seconds * A_SECOND as f64 + 0.5) as u64)
    }

    /// In seconds.
    #[must_use]
    pub const fn as_secs_f64(self) -> f64 {
        self.0 as f64 / A_SECOND as f64
    }

    /// Whole seconds.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / A_SECOND
    }

    /// Whole milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Whole microseconds.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0 / 1_000
    }

    /// Nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// What is beyond the whole seconds, in nanoseconds.
    #[must_use]
    pub const fn subsec_nanos(self) -> u32 {
        (self.0 % A_SECOND) as u32
    }

    /// What is beyond the whole seconds, in milliseconds.
    #[must_use]
    pub const fn subsec_millis(self) -> u32 {
        self.subsec_nanos() / 1_000_000
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum; every sum is so.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; every difference is so.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Multiplied.
    #[must_use]
    pub const fn mul_f64(self, factor: f64) -> Self {
        Self::from_secs_f64(self.as_secs_f64() * factor)
    }

    /// Divided.
    #[must_use]
    pub const fn div_f64(self, divisor: f64) -> Self {
        Self::from_secs_f64(self.as_secs_f64() / divisor)
    }

    /// How many of the other it is.
    #[must_use]
    pub const fn div_duration_f64(self, other: Self) -> f64 {
        self.0 as f64 / other.0 as f64
    }
}

/// The earliest of those that there are.
#[must_use]
pub fn earliest(times: &[Option<Duration>]) -> Option<Duration> {
    let earlier = |one: Option<Duration>, other: &Option<Duration>| match (one, *other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    times.iter().fold(None, earlier)
}

impl From<std::time::Duration> for Duration {
    fn from(duration: std::time::Duration) -> Self {
        Self::from_secs(duration.as_secs()) + Self(u64::from(duration.subsec_nanos()))
    }
}

impl Add for Duration {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

impl Sub for Duration {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.saturating_sub(other)
    }
}

impl AddAssign for Duration {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Duration {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Mul<u32> for Duration {
    type Output = Self;

    fn mul(self, factor: u32) -> Self {
        Self(self.0.saturating_mul(u64::from(factor)))
    }
}

impl Div<u32> for Duration {
    type Output = Self;

    /// By nothing it is nothing.
    fn div(self, divisor: u32) -> Self {
        Self(self.0.checked_div(u64::from(divisor)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_come_and_go_to_the_nanosecond() {
        for nanos in [0, 1, 62_500, 999_999_999, 1_000_000_001, 86_400_000_000_001, 4_000_000_123_456_789] {
            let time = Duration::from_nanos(nanos);
            assert_eq!(Duration::from_secs_f64(time.as_secs_f64()), time);
            let std = std::time::Duration::from_nanos(nanos);
            assert_eq!((Duration::from(std), time.as_secs()), (time, std.as_secs()));
            assert_eq!((u128::from(time.as_millis()), time.subsec_millis()), (std.as_millis(), std.subsec_millis()));
            assert!((time.as_secs_f64() - std.as_secs_f64()).abs() < 1e-9);
        }
    }

    #[test]
    fn the_earliest_is_found_among_those_that_there_are() {
        let times = [None, Some(Duration::from_secs(2)), Some(Duration::from_secs(1)), None];
        assert_eq!((earliest(&times), earliest(&[None, None]), earliest(&[])), (times[2], None, None));
    }

    #[test]
    fn what_is_no_time_is_nothing_and_what_is_too_long_is_the_longest() {
        for seconds in [-1.0, -1e300, f64::NAN, f64::NEG_INFINITY, 0.0, -0.0, 4e-10] {
            assert_eq!(Duration::from_secs_f64(seconds), Duration::ZERO, "{seconds}");
        }
        for seconds in [1e300, f64::INFINITY] {
            assert_eq!(Duration::from_secs_f64(seconds), Duration::MAX);
        }
        let second = Duration::from_secs(1);
        assert_eq!(
            (Duration::MAX + second, second - Duration::MAX, second / 0),
            (Duration::MAX, Duration::ZERO, Duration::ZERO)
        );
        assert_eq!((Duration::MAX * 2, Duration::from_secs(u64::MAX)), (Duration::MAX, Duration::MAX));
    }
}
