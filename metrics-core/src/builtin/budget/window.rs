//! The amount spent in a rolling window.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::Duration;

use crate::builtin::rolling::RollingTotals;
use crate::clock::{self, Ticks};

/// A rolling window, with the total that had been spent when it began. All amounts are running totals.
///
/// No caller waits for the lock. A thread that finds it held either skips its sample, since the holder is storing one for the
/// same slot or will read a total that is at most one call older, or uses the base that the last holder stored. The base is thus
/// never newer than the window's true beginning by more than a slot, and a budget never forgets an amount early.
pub(super) struct Window {
    pub(super) length: Duration,
    begin: Ticks,
    totals: Mutex<RollingTotals<u64>>,
    /// The end of the slot of the last sample, in ticks since `begin`. Until then there is nothing to record, which is checked
    /// without the lock.
    recorded_until: AtomicU64,
    /// The last computed total at the window's beginning.
    base: AtomicU64,
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
        }
    }

    fn now(&self) -> (u64, u64) {
        let ticks = clock::now().since(self.begin);
        (ticks, clock::nanos(ticks))
    }

    /// Records the total before an amount is added to it, once per slot.
    pub(super) fn record(&self, spent: u64) {
        let (ticks, nanos) = self.now();
        if ticks >= self.recorded_until.load(Ordering::Relaxed)
            && let Ok(mut totals) = self.totals.try_lock()
        {
            let until = Duration::from_nanos(totals.end_of_slot(nanos));
            self.recorded_until.store(clock::ticks(until), Ordering::Relaxed);
            totals.record(nanos, spent);
        }
    }

    /// Returns the total that had been spent when the window began; `spent` is the total now.
    pub(super) fn base(&self, spent: u64) -> u64 {
        let mut totals = match self.totals.try_lock() {
            Ok(totals) => totals,
            Err(TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned),
            Err(TryLockError::WouldBlock) => return self.base.load(Ordering::Relaxed),
        };
        let (_, nanos) = self.now();
        totals.record(nanos, spent);
        let base = totals.base().unwrap_or(spent);
        self.base.store(base, Ordering::Relaxed);
        base
    }
}
