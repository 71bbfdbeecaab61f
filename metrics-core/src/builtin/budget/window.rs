//! The amount spent in a rolling window.

use std::sync::{PoisonError, TryLockError};
use std::time::Duration;

use crate::builtin::rolling::RollingTotals;
use crate::clock::{self, Ticks};
use crate::sync::{AtomicU64, Mutex, Ordering};

/// A rolling window, with the total that had been spent when it began. All amounts are running totals.
///
/// # Memory ordering
/// The window moves once per slot. The holder of the lock computes the total at its beginning, stores it in `base`, and
/// then stores with `Release` until when it is valid. Until then a reader needs no lock: it loads the end of the validity
/// with `Acquire`, and then a base that is at least as new. A reader that loads the base of the next slot forgets an
/// amount earlier by less than a slot. After the validity a reader takes the lock, and so never uses the base of a window
/// that has passed.
pub(super) struct Window {
    pub(super) length: Duration,
    begin: Ticks,
    totals: Mutex<RollingTotals<u64>>,
    /// The end of the slot of the last sample, in ticks since `begin`. Until then there is nothing to record, which is checked
    /// without the lock.
    recorded_until: AtomicU64,
    /// The last computed total at the window's beginning.
    base: AtomicU64,
    /// The end of the slot for which `base` was computed, in ticks since `begin`.
    base_until: AtomicU64,
}

/// The number of slots in a window.
const SLOTS: u64 = 60;

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        let slot = u64::try_from(length.as_nanos() / u128::from(SLOTS)).unwrap_or(u64::MAX / 2);
        Self {
            length,
            begin: clock::now(),
            totals: Mutex::new(RollingTotals::new(slot, SLOTS)),
            recorded_until: AtomicU64::new(0),
            base: AtomicU64::new(0),
            base_until: AtomicU64::new(0),
        }
    }

    /// Returns the time since the window was created, in ticks.
    pub(super) fn ticks(&self) -> u64 {
        clock::now().since(self.begin)
    }

    /// Returns when an amount that is spent now leaves the window, in ticks since the window was created.
    pub(super) fn end_of_window(&self) -> u64 {
        self.ticks().saturating_add(clock::ticks(self.length)).max(1)
    }

    /// Records the total before an amount is added to it, once per slot.
    ///
    /// A thread that finds the lock held skips its sample: the holder is storing one for the same slot, or will read a total
    /// that is at most one call older.
    pub(super) fn record(&self, spent: u64) {
        let ticks = self.ticks();
        if ticks >= self.recorded_until.load(Ordering::Relaxed)
            && let Some(mut totals) = self.try_lock()
        {
            let nanos = clock::nanos(ticks);
            self.recorded_until.store(end_of_slot(&totals, nanos), Ordering::Relaxed);
            totals.record(nanos, spent);
        }
    }

    /// Returns the total that had been spent when the window began; `spent` is the total now.
    pub(super) fn base(&self, spent: u64) -> u64 {
        if self.ticks() < self.base_until.load(Ordering::Acquire) {
            return self.base.load(Ordering::Relaxed);
        }
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        let nanos = clock::nanos(self.ticks());
        totals.record(nanos, spent);
        let base = totals.base().unwrap_or(spent);
        self.base.store(base, Ordering::Relaxed);
        self.base_until.store(end_of_slot(&totals, nanos), Ordering::Release);
        base
    }

    fn try_lock(&self) -> Option<impl std::ops::DerefMut<Target = RollingTotals<u64>>> {
        match self.totals.try_lock() {
            Ok(totals) => Some(totals),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// Returns the end of the slot that contains `nanos`, in ticks.
fn end_of_slot(totals: &RollingTotals<u64>, nanos: u64) -> u64 {
    clock::ticks(Duration::from_nanos(totals.end_of_slot(nanos)))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn an_amount_leaves_the_window_for_every_thread() {
        // Slots of a millisecond: the window passes while other threads hold the lock.
        for _ in 0..50 {
            let window = Window::new(Duration::from_millis(60));
            window.record(0);
            let spent = 1_000;
            assert_eq!(window.base(spent), 0);
            std::thread::sleep(Duration::from_millis(63));
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| assert_eq!(window.base(spent), spent, "the window has passed"));
                }
            });
        }
    }
}
