//! The clock of a call: the CPU's invariant time-stamp counter where there is one.
//!
//! `quanta` reads the counter and has calibrated it once (under a millisecond, at the first use);
//! on a CPU without an invariant counter it reads the operating system's monotonic clock instead,
//! at about the cost of two `Instant::now()` a call.
//!
//! Durations are recorded in the clock's own ticks, and become nanoseconds when they are read.

use std::sync::LazyLock;
use std::time::Duration;

static CLOCK: LazyLock<quanta::Clock> = LazyLock::new(quanta::Clock::new);

/// A reading of the clock.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ticks(u64);

impl Ticks {
    pub(crate) const ZERO: Self = Self(0);

    /// Ticks from `start` to this reading; 0 where the counter seems to have run backwards, as it
    /// can between processors.
    #[inline]
    pub(crate) fn since(self, start: Self) -> u64 {
        self.0.saturating_sub(start.0)
    }

    /// The counter's own number, to be kept in a word.
    #[inline]
    pub(crate) fn reading(self) -> u64 {
        self.0
    }

    /// What was kept.
    pub(crate) fn at(reading: u64) -> Self {
        Self(reading)
    }

    #[cfg(test)]
    pub(crate) fn plus(self, ticks: u64) -> Self {
        Self(self.0.saturating_add(ticks))
    }
}

#[inline]
pub(crate) fn now() -> Ticks {
    Ticks(CLOCK.raw())
}

/// A number of ticks in nanoseconds.
pub(crate) fn nanos(ticks: u64) -> u64 {
    CLOCK.delta_as_nanos(0, ticks)
}

/// What one tick is.
pub(crate) fn seconds_per_tick() -> f64 {
    const SAMPLE: u64 = 1 << 40;
    nanos(SAMPLE) as f64 / SAMPLE as f64 / 1e9
}

/// A duration in ticks.
pub(crate) fn ticks(duration: Duration) -> u64 {
    ticks_of_seconds(duration.as_secs_f64())
}

/// Seconds in ticks; more than the clock can count is as much as it can.
pub(crate) fn ticks_of_seconds(seconds: f64) -> u64 {
    (seconds / seconds_per_tick()).round() as u64
}

/// Pays for the calibration now rather than inside somebody's first call.
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
    fn a_clock_that_runs_backwards_gives_nothing() {
        assert_eq!(Ticks(3).since(Ticks(5)), 0);
    }
}
