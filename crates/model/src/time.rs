//! Points in time and the windows that they fall into.

use std::fmt;

/// A point in time: nanoseconds since the Unix epoch (UTC). Good until the year 2554.
///
/// The kernel stamps events with `CLOCK_MONOTONIC`; the probe turns that into wall-clock time once, at its edge, so that
/// every stage after it and every file speaks of one clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Timestamp(u64);

impl Timestamp {
    /// The earliest representable time, 1970-01-01T00:00:00Z.
    pub const MIN: Self = Self(0);
    /// The latest representable time.
    pub const MAX: Self = Self(u64::MAX);

    /// A timestamp from nanoseconds since the Unix epoch.
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn as_ns(self) -> u64 {
        self.0
    }

    /// Nanoseconds from `earlier` to `self`; zero where `earlier` is the later one, as clocks of two CPUs may differ.
    pub const fn ns_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The time `ns` nanoseconds later, at most [`Timestamp::MAX`].
    pub const fn plus_ns(self, ns: u64) -> Self {
        Self(self.0.saturating_add(ns))
    }

    /// The time `ns` nanoseconds earlier, at least [`Timestamp::MIN`].
    pub const fn minus_ns(self, ns: u64) -> Self {
        Self(self.0.saturating_sub(ns))
    }
}

impl fmt::Display for Timestamp {
    /// Seconds since the Unix epoch with nine decimals, as `1700000000.000000001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

/// A half-open span of time, `[start, start + length_ns)`. What happens at its end belongs to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Window {
    /// First nanosecond of the window.
    pub start: Timestamp,
    /// Length in nanoseconds.
    pub length_ns: u64,
}

impl Window {
    /// The length that Geophone aggregates into unless told otherwise: ten seconds.
    pub const DEFAULT_LENGTH_NS: u64 = 10_000_000_000;

    /// The window of `length_ns` that contains `at`, where windows start at multiples of their length since the epoch.
    /// A length of zero is taken as one nanosecond.
    pub const fn containing(at: Timestamp, length_ns: u64) -> Self {
        let length_ns = if length_ns == 0 { 1 } else { length_ns };
        Self { start: Timestamp(at.0 - at.0 % length_ns), length_ns }
    }

    /// The first time after the window.
    pub const fn end(self) -> Timestamp {
        self.start.plus_ns(self.length_ns)
    }

    /// Whether `at` falls into the window.
    pub const fn contains(self, at: Timestamp) -> bool {
        self.start.0 <= at.0 && at.0 < self.end().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_half_open_and_aligned() {
        let window = Window::containing(Timestamp::from_ns(29), 10);
        assert_eq!((window.start.as_ns(), window.end().as_ns()), (20, 30));
        assert!(window.contains(Timestamp::from_ns(20)) && window.contains(Timestamp::from_ns(29)));
        assert!(!window.contains(Timestamp::from_ns(30)) && !window.contains(Timestamp::from_ns(19)));
    }

    #[test]
    fn a_length_of_zero_does_not_divide_by_zero() {
        assert_eq!(Window::containing(Timestamp::from_ns(7), 0).start.as_ns(), 7);
    }

    #[test]
    fn differences_saturate() {
        assert_eq!(Timestamp::from_ns(5).ns_since(Timestamp::from_ns(9)), 0);
        assert_eq!(Timestamp::MAX.plus_ns(1), Timestamp::MAX);
    }
}
