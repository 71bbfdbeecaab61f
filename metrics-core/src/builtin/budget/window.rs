//! What was spent in the last time up to now.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::Duration;

use crate::builtin::notes::RollingTotals;
use crate::clock::{self, Ticks};

/// The last time, and what had been spent when it began. All amounts are running totals.
pub(super) struct Window {
    pub(super) length: Duration,
    begin: Ticks,
    notes: Mutex<RollingTotals<u64>>,
    /// When the slot of the last note ends, in ticks since the beginning.
    noted_until: AtomicU64,
    /// What was last found to have been spent when the window began.
    base: AtomicU64,
}

/// Slots of a window.
const SLOTS: u64 = 60;

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        let slot = u64::try_from(length.as_nanos() / u128::from(SLOTS)).unwrap_or(u64::MAX / 2);
        Self {
            length,
            begin: clock::now(),
            notes: Mutex::new(RollingTotals::new(slot, SLOTS)),
            noted_until: AtomicU64::new(0),
            base: AtomicU64::new(0),
        }
    }

    fn now(&self) -> (u64, u64) {
        let ticks = clock::now().since(self.begin);
        (ticks, clock::nanos(ticks))
    }

    /// Notes what was spent before now. Whoever holds the lock notes the same, or reads: nobody waits for that.
    pub(super) fn note(&self, spent: u64) {
        let (ticks, nanos) = self.now();
        if ticks >= self.noted_until.load(Ordering::Relaxed)
            && let Ok(mut notes) = self.notes.try_lock()
        {
            let until = Duration::from_nanos(notes.end_of_slot(nanos));
            self.noted_until.store(clock::ticks(until), Ordering::Relaxed);
            notes.note(nanos, spent);
        }
    }

    /// What had been spent when the window began; by what somebody else just found, if he is looking.
    pub(super) fn base(&self, spent: u64) -> u64 {
        let mut notes = match self.notes.try_lock() {
            Ok(notes) => notes,
            Err(TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned),
            Err(TryLockError::WouldBlock) => return self.base.load(Ordering::Relaxed),
        };
        let (_, nanos) = self.now();
        notes.note(nanos, spent);
        let base = notes.base().unwrap_or(spent);
        self.base.store(base, Ordering::Relaxed);
        base
    }
}
