//! The share of tasks that succeed, over rolling windows: what was added to the totals since the window began.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::notes::RollingTotals;
use crate::clock::{self, Ticks};

/// Tasks so far.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub(crate) struct Totals {
    /// Those that ended, cancelled ones aside.
    pub(crate) counted: u64,
    /// Those of them that succeeded.
    pub(crate) succeeded: u64,
}

struct Window {
    name: &'static str,
    notes: RollingTotals<Totals>,
    manual: Option<f64>,
}

pub(crate) struct Completion {
    windows: Mutex<[Window; 3]>,
    begin: Ticks,
    /// When the minute of the last note ends, in ticks since the beginning: tasks that end before
    /// look no further.
    noted_until: AtomicU64,
}

const MINUTE: u64 = 60;
/// In nanoseconds.
const SECOND: u64 = 1_000_000_000;

impl Completion {
    pub(crate) fn new(begin: Ticks) -> Self {
        let window = |name, slot_seconds, slots| Window {
            name,
            notes: RollingTotals::new(slot_seconds * SECOND, slots),
            manual: None,
        };
        Self {
            windows: Mutex::new([
                window("1h", MINUTE, 60),
                window("24h", 15 * MINUTE, 96),
                window("7d", 60 * MINUTE, 168),
            ]),
            begin,
            noted_until: AtomicU64::new(0),
        }
    }

    /// Notes the totals, as they are before what happens `now` is counted in them.
    #[inline]
    pub(crate) fn note(&self, now: Ticks, totals: impl FnOnce() -> Totals) {
        if now.since(self.begin) >= self.noted_until.load(Ordering::Relaxed) {
            self.note_slots(self.nanos(now), totals());
        }
    }

    /// Nanoseconds since the beginning.
    fn nanos(&self, now: Ticks) -> u64 {
        clock::nanos(now.since(self.begin))
    }

    #[cold]
    fn note_slots(&self, now: u64, totals: Totals) {
        // Whoever holds the lock is noting the same, or reads: no task waits for that.
        if let Ok(mut windows) = self.windows.try_lock() {
            let minute = MINUTE * SECOND;
            let next_minute = Duration::from_nanos((now / minute + 1) * minute);
            self.noted_until.store(clock::ticks(next_minute), Ordering::Relaxed);
            for window in windows.iter_mut() {
                window.notes.note(now, totals);
            }
        }
    }

    /// The rate of each window in which a task ended.
    pub(crate) fn rates(&self, now: Ticks, totals: Totals) -> Vec<(&'static str, f64)> {
        let now = self.nanos(now);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.iter_mut().filter_map(|window| Some((window.name, window.rate(now, totals)?))).collect()
    }

    /// Fixes a window's rate by hand. `false` when there is no such window.
    pub(crate) fn set(&self, window: &str, rate: f64) -> bool {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let found = windows.iter_mut().find(|candidate| candidate.name == window);
        found.map(|window| window.manual = Some(rate)).is_some()
    }
}

impl Window {
    fn rate(&mut self, now: u64, totals: Totals) -> Option<f64> {
        if self.manual.is_some() {
            return self.manual;
        }
        self.notes.note(now, totals);
        let base = self.notes.base()?;
        let counted = totals.counted.saturating_sub(base.counted);
        // A task may end between the two readings of a note.
        let succeeded = totals.succeeded.saturating_sub(base.succeeded).min(counted);
        (counted > 0).then(|| succeeded as f64 / counted as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 60 * MINUTE;

    fn at(second: u64) -> Ticks {
        // Half a second on, so that rounding stays in the second.
        Ticks::default().plus(clock::ticks(Duration::from_millis(second * 1000 + 500)))
    }

    /// Tasks that end one after another, each at its second.
    fn run(completion: &Completion, totals: &mut Totals, ends: impl IntoIterator<Item = (u64, bool)>) {
        for (second, success) in ends {
            completion.note(at(second), || *totals);
            totals.counted += 1;
            totals.succeeded += u64::from(success);
        }
    }

    #[test]
    fn a_window_without_an_end_has_no_rate() {
        let completion = Completion::new(Ticks::default());
        let mut totals = Totals::default();
        assert!(completion.rates(at(10), totals).is_empty());
        run(&completion, &mut totals, [(20, true), (30, false)]);
        assert_eq!(completion.rates(at(40), totals), [("1h", 0.5), ("24h", 0.5), ("7d", 0.5)]);
        assert_eq!(completion.rates(at(3 * HOUR), totals), [("24h", 0.5), ("7d", 0.5)]);
        assert_eq!(completion.rates(at(48 * HOUR), totals), [("7d", 0.5)]);
        assert!(completion.rates(at(9 * 24 * HOUR), totals).is_empty());
    }

    #[test]
    fn what_is_older_than_the_window_does_not_count() {
        let completion = Completion::new(Ticks::default());
        let mut totals = Totals::default();
        run(&completion, &mut totals, (0..10).map(|n| (n * MINUTE, false)));
        run(&completion, &mut totals, (90..100).map(|n| (n * MINUTE, true)));
        let rates = completion.rates(at(100 * MINUTE), totals);
        assert_eq!(rates, [("1h", 1.0), ("24h", 0.5), ("7d", 0.5)]);
    }

    #[test]
    fn memory_is_bounded() {
        let completion = Completion::new(Ticks::default());
        let mut totals = Totals::default();
        run(&completion, &mut totals, (0..30 * 24 * 60).map(|n| (n * MINUTE, true)));
        let windows = completion.windows.lock().unwrap();
        for window in windows.iter() {
            let (notes, slots) = window.notes.len();
            assert!(notes as u64 <= slots + 1, "{}", window.name);
        }
    }

    #[test]
    fn a_rate_set_by_hand_stays() {
        let completion = Completion::new(Ticks::default());
        assert!(completion.set("24h", 0.25));
        assert!(!completion.set("2h", 0.25));
        assert_eq!(completion.rates(at(0), Totals::default()), [("24h", 0.25)]);
    }
}
