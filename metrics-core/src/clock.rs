//! The clock that measures calls: the CPU's invariant time-stamp counter where there is one.
//!
//! `quanta` reads the counter, and calibrates it at the first use, which takes less than a millisecond. On a CPU
//! without an invariant counter it reads the operating system's monotonic clock instead, and a call then costs about
//! two `Instant::now()`.
//!
//! Durations are recorded in ticks of the clock and converted to nanoseconds when they are read.

use std::sync::LazyLock;
use std::time::Duration;

static CLOCK: LazyLock<quanta::Clock> = LazyLock::new(quanta::Clock::new);

/// A reading of the clock.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ticks(u64);

impl Ticks {
    pub(crate) const ZERO: Self = Self(0);

    /// Returns the ticks from `start` to this reading, or 0 if the counter seems to have run backwards, as it can
    /// between processors.
    #[inline]
    pub(crate) fn since(self, start: Self) -> u64 {
        self.0.saturating_sub(start.0)
    }

    /// Returns the number of the counter, to be stored in a cell.
    #[inline]
    pub(crate) fn reading(self) -> u64 {
        self.0
    }

    /// Restores a reading from its number.
    pub(crate) fn from_reading(reading: u64) -> Self {
        Self(reading)
    }

    #[cfg(test)]
    pub(crate) fn plus(self, ticks: u64) -> Self {
        Self(self.0.saturating_add(ticks))
    }
}

/// Reads the clock.
#[inline]
pub(crate) fn now() -> Ticks {
    Ticks(CLOCK.raw())
}

/// Converts ticks to nanoseconds; more than the result can hold becomes its largest number.
pub(crate) fn nanos(ticks: u64) -> u64 {
    // A sum of ticks can be so large that `delta_as_nanos`, which cuts the upper bits off, would return a small number.
    if ticks as f64 * nanos_per_tick() >= u64::MAX as f64 {
        return u64::MAX;
    }
    CLOCK.delta_as_nanos(0, ticks)
}

/// Returns the length of one tick in nanoseconds.
fn nanos_per_tick() -> f64 {
    const SAMPLE: u64 = 1 << 40;
    CLOCK.delta_as_nanos(0, SAMPLE) as f64 / SAMPLE as f64
}

/// Returns the length of one tick in seconds.
pub(crate) fn seconds_per_tick() -> f64 {
    nanos_per_tick() / 1e9
}

/// Converts a duration to ticks.
pub(crate) fn ticks(duration: Duration) -> u64 {
    ticks_from_seconds(duration.as_secs_f64())
}

/// Converts seconds to ticks; more than the clock can count becomes its largest number.
pub(crate) fn ticks_from_seconds(seconds: f64) -> u64 {
    (seconds / seconds_per_tick()).round() as u64
}

/// Calibrates the clock now, so that the first recorded call does not have to.
pub(crate) fn calibrate() {
    LazyLock::force(&CLOCK);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_and_nanoseconds_agree() {
        for seconds in [0.000_001, 0.5, 60.0, 3600.0, 86_400.0 * 365.0] {
            let duration = Duration::from_secs_f64(seconds);
            let back = nanos(ticks(duration)) as f64 / 1e9;
            assert!((back - seconds).abs() <= seconds * 1e-9 + 1e-9, "{seconds} {back}");
        }
    }

    #[test]
    fn a_clock_that_runs_backwards_measures_zero() {
        assert_eq!(Ticks(3).since(Ticks(5)), 0);
    }
}
