//! The cost of a task itself, and whether the task has ended: one word.
//!
//! Detached work can spend while its task ends. What it spends must be in the total that the task's end reads, or be counted
//! as late, and never both or neither. With the total and the mark of the end in one word this holds without a lock: every
//! addition comes either before the mark, and is in the total that set it, or after the mark, and sees it.

use crate::sync::{AtomicU64, Ordering};

/// The cost of a task without the tasks inside it, in millionths of a millionth of a USD, and the mark of its end.
pub(super) struct OwnCost(AtomicU64);

const ENDED: u64 = 1 << 63;

impl Default for OwnCost {
    fn default() -> Self {
        Self(AtomicU64::new(0))
    }
}

impl OwnCost {
    /// Adds an amount; a total over nine million USD stays there. Returns `true` if the task had ended, so that the amount
    /// is late.
    pub(super) fn add(&self, pico: u64) -> bool {
        let add = |word: u64| {
            let sum = (word & !ENDED).saturating_add(pico).min(ENDED - 1);
            Some(word & ENDED | sum)
        };
        // `add` always returns a value, so the update succeeds.
        let before =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).unwrap_or_else(|word| word);
        before & ENDED != 0
    }

    /// Marks the end of the task. Returns the cost up to it.
    pub(super) fn end(&self) -> u64 {
        self.0.fetch_or(ENDED, Ordering::Relaxed) & !ENDED
    }

    pub(super) fn has_ended(&self) -> bool {
        self.0.load(Ordering::Relaxed) & ENDED != 0
    }

    /// Returns the cost, with what was added after the end.
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed) & !ENDED
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_cost_over_the_largest_one_stays_and_keeps_the_mark() {
        let own = OwnCost::default();
        assert!(!own.add(ENDED - 2));
        assert!(!own.add(5));
        assert_eq!((own.get(), own.has_ended()), (ENDED - 1, false));
        assert_eq!(own.end(), ENDED - 1);
        assert!(own.add(1));
        assert_eq!((own.get(), own.has_ended()), (ENDED - 1, true));
    }
}

/// Run with the models of the shards.
#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    #[test]
    fn every_amount_is_in_the_total_or_late() {
        loom::model(|| {
            let own = Arc::new(OwnCost::default());
            let spending = [1, 2].map(|pico| {
                let own = own.clone();
                thread::spawn(move || if own.add(pico) { pico } else { 0 })
            });
            let total = own.end();
            let late: u64 = spending.into_iter().map(|thread| thread.join().unwrap()).sum();
            assert_eq!(total + late, 3);
        });
    }
}
