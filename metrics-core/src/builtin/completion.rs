//! The share of tasks that succeed in rolling windows: the tasks that were added to the totals since the window began.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::rolling::RollingTotals;
use crate::clock::{self, Ticks};

/// Numbers of tasks since the start of the program.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub(crate) struct Totals {
    /// Tasks that ended, without cancelled ones.
    pub(crate) counted: u64,
    /// The successful tasks among them.
    pub(crate) succeeded: u64,
}

struct Window {
    name: &'static str,
    totals: RollingTotals<Totals>,
    /// The rate that was set by hand, which replaces the computed one.
    manual: Option<f64>,
}

/// The names of the windows.
pub(super) const WINDOW_NAMES: [&str; 3] = ["1h", "24h", "7d"];

pub(crate) struct Completion {
    windows: Mutex<[Window; WINDOW_NAMES.len()]>,
    begin: Ticks,
    /// The end of the minute of the last sample, in ticks since `begin`. A task that ends before then has nothing to record and
    /// takes no lock.
    recorded_until: AtomicU64,
}

const MINUTE: u64 = 60;
/// In nanoseconds.
const SECOND: u64 = 1_000_000_000;

impl Completion {
    pub(crate) fn new(begin: Ticks) -> Self {
        let window = |name, slot_seconds, slots| Window {
            name,
            totals: RollingTotals::new(slot_seconds * SECOND, slots),
            manual: None,
        };
        let [hour, day, week] = WINDOW_NAMES;
        Self {
            windows: Mutex::new([
                window(hour, MINUTE, 60),
                window(day, 15 * MINUTE, 96),
                window(week, 60 * MINUTE, 168),
            ]),
            begin,
            recorded_until: AtomicU64::new(0),
        }
    }

    /// Records the totals once per minute. `now` is the end of a task that is not in the totals yet.
    ///
    /// All loads and stores are relaxed. If two threads pass the comparison in one minute, both record, and a slot keeps the
    /// first of the two samples; the samples differ by the few tasks that end between the two readings.
    #[inline]
    pub(crate) fn record(&self, now: Ticks, totals: impl FnOnce() -> Totals) {
        if now.since(self.begin) >= self.recorded_until.load(Ordering::Relaxed) {
            self.record_slots(self.nanos(now), totals());
        }
    }

    /// Returns the nanoseconds since `begin`.
    fn nanos(&self, now: Ticks) -> u64 {
        clock::nanos(now.since(self.begin))
    }

    #[cold]
    fn record_slots(&self, now: u64, totals: Totals) {
        // No task waits for the lock. Its holder either records the sample of this minute or is a scrape, which records one too.
        if let Ok(mut windows) = self.windows.try_lock() {
            let minute = MINUTE * SECOND;
            let next_minute = Duration::from_nanos((now / minute + 1) * minute);
            self.recorded_until.store(clock::ticks(next_minute), Ordering::Relaxed);
            for window in windows.iter_mut() {
                window.totals.record(now, totals);
            }
        }
    }

    /// Returns the rate of each window in which a task ended.
    pub(crate) fn rates(&self, now: Ticks, totals: Totals) -> Vec<(&'static str, f64)> {
        let now = self.nanos(now);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.iter_mut().filter_map(|window| Some((window.name, window.rate(now, totals)?))).collect()
    }

    /// Sets a window's rate by hand. Returns `false` if there is no such window.
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
        self.totals.record(now, totals);
        let base = self.totals.base()?;
        let counted = totals.counted.saturating_sub(base.counted);
        // The two totals are read one after the other, and a task can end in between: then `succeeded` is one more than the
        // tasks in `counted` allow. The minimum keeps the rate at 1 or below.
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

    /// Ends tasks one after another, each at its second.
    fn run(completion: &Completion, totals: &mut Totals, ends: impl IntoIterator<Item = (u64, bool)>) {
        for (second, success) in ends {
            completion.record(at(second), || *totals);
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
    fn tasks_from_before_the_window_do_not_count() {
        let completion = Completion::new(Ticks::default());
        let mut totals = Totals::default();
        run(&completion, &mut totals, (0..10).map(|n| (n * MINUTE, false)));
        run(&completion, &mut totals, (90..100).map(|n| (n * MINUTE, true)));
        let rates = completion.rates(at(100 * MINUTE), totals);
        assert_eq!(rates, [("1h", 1.0), ("24h", 0.5), ("7d", 0.5)]);
    }

    #[test]
    fn the_number_of_samples_is_bounded() {
        let completion = Completion::new(Ticks::default());
        let mut totals = Totals::default();
        run(&completion, &mut totals, (0..30 * 24 * 60).map(|n| (n * MINUTE, true)));
        let windows = completion.windows.lock().unwrap();
        for window in windows.iter() {
            let (samples, slots) = window.totals.len();
            assert!(samples as u64 <= slots + 1, "{}", window.name);
        }
    }

    #[test]
    fn a_rate_set_by_hand_replaces_the_computed_one() {
        let completion = Completion::new(Ticks::default());
        assert!(completion.set("24h", 0.25));
        assert!(!completion.set("2h", 0.25));
        assert_eq!(completion.rates(at(0), Totals::default()), [("24h", 0.25)]);
    }
}
