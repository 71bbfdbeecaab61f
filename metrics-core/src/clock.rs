//! The clock of a call: the CPU's invariant time-stamp counter where there is one.
//!
//! `quanta` reads the counter and has calibrated it once (under a millisecond, at the first use);
//! on a CPU without an invariant counter it reads the operating system's monotonic clock instead,
//! at about the cost of two `Instant::now()` a call.

use std::sync::LazyLock;

static CLOCK: LazyLock<quanta::Clock> = LazyLock::new(quanta::Clock::new);

/// A reading of the clock, in its own unit.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Ticks(u64);

#[inline]
pub(crate) fn now() -> Ticks {
    Ticks(CLOCK.raw())
}

/// Nanoseconds from `start` to `end`; 0 where the counter seems to have run backwards.
#[inline]
pub(crate) fn nanos_between(start: Ticks, end: Ticks) -> u64 {
    CLOCK.delta_as_nanos(start.0, end.0)
}

/// Pays for the calibration now rather than inside somebody's first call.
pub(crate) fn calibrate() {
    LazyLock::force(&CLOCK);
}
