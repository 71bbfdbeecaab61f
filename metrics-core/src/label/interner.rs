//! The mapping of label values to small numbers, up to a cap and without a lock for known values.

use std::fmt;
use std::hash::Hasher;
use std::sync::PoisonError;

use rustc_hash::FxHasher;

use super::{MAX_LEN, OTHER};
use crate::storage::{CellRange, Cells};
use crate::sync::{AtomicU64, Mutex, OnceLock, Ordering};

/// Maps each value of a bounded label to a slot: 1 to the cap in the order of arrival, and 0 (`__other__`) for all further
/// values and for values that are too long.
///
/// # Memory ordering
///
/// Looking up a known value takes no lock, so a reader may run beside a thread that inserts. Two things could go wrong.
///
/// A reader could find the entry of a slot whose name is not there yet. It cannot: `insert` sets the name first and then
/// stores the entry with `Release`, and `find` loads entries with `Acquire`. A reader that sees the entry therefore sees the
/// name.
///
/// A reader could miss the entry of a value, see that the table is full, and count the value as an overflow although it
/// has a slot. The check of `full` alone does not prevent that: the last entry may have been stored after the reader passed
/// its position and before it loaded `full`. Therefore a reader that misses a value and then sees `full` looks a second
/// time. `insert` stores `full` with `Release` after the last entry, all entries are stored under the lock that orders
/// the inserting threads, and the reader loads `full` with `Acquire`. The second look therefore sees every entry that will
/// ever be stored, and its result is final.
///
/// A reader that misses a value and does not see `full` takes the lock and looks again before it inserts, so one value
/// never gets two slots.
pub struct Interner {
    /// A hash table with open addressing, at most half full. An entry is 0 if it is free, or else the upper half of the
    /// hash and the slot. Entries are never removed.
    table: Box<[AtomicU64]>,
    /// The value of each slot.
    names: Box<[OnceLock<Box<str>>]>,
    /// The number of slots given out. The lock is taken only for a value that was not found.
    used: Mutex<usize>,
    /// 1 when all slots are given out, otherwise 0. It saves the lock for values without a slot.
    full: AtomicU64,
    /// The number of times that a value got no slot.
    overflow: CellRange,
}

/// The bits of an entry that hold the slot.
const SLOT_BITS: u32 = 32;

/// Packs an entry of the table.
fn entry(hash: u64, slot: usize) -> u64 {
    hash >> SLOT_BITS << SLOT_BITS | slot as u64
}

impl Interner {
    /// Creates an interner with `cap` slots besides `__other__`.
    pub(crate) fn new(cap: usize) -> Self {
        let table: Box<[AtomicU64]> =
            (0..(cap * 2 + 2).next_power_of_two()).map(|_| AtomicU64::new(0)).collect();
        let names: Box<[OnceLock<Box<str>>]> = (0..=cap).map(|_| OnceLock::new()).collect();
        names[0].get_or_init(|| OTHER.into());
        let other = hash(OTHER.as_bytes());
        table[other as usize & (table.len() - 1)].store(entry(other, 0), Ordering::Relaxed);
        let full = AtomicU64::new(u64::from(cap == 0));
        Self { table, names, used: Mutex::new(0), full, overflow: CellRange::new(1) }
    }

    /// The number of slots, including that of `__other__`.
    pub(crate) fn slots(&self) -> usize {
        self.names.len()
    }

    /// Returns the value of a slot, if the slot is given out.
    pub(crate) fn name(&self, slot: usize) -> Option<&str> {
        self.names.get(slot)?.get().map(AsRef::as_ref)
    }

    /// Returns how many times a value got no slot.
    pub(crate) fn overflows(&self) -> u64 {
        self.overflow.read(0)
    }

    /// Returns the slot of a value, and gives it one if it has none. If all are given out, counts an overflow and returns 0.
    #[inline]
    pub(crate) fn slot(&self, text: &str) -> usize {
        self.slot_of_bytes(text.as_bytes())
    }

    /// Returns the slot of a value, if it has one.
    #[inline]
    pub(crate) fn get(&self, text: &str) -> Option<usize> {
        self.find(hash(text.as_bytes()), text.as_bytes()).ok()
    }

    /// Does the work of [`slot`](Self::slot) for the bytes of a value.
    #[inline]
    pub(super) fn slot_of_bytes(&self, text: &[u8]) -> usize {
        let hash = hash(text);
        match self.find(hash, text) {
            Ok(slot) => slot,
            Err(_) if text.len() > MAX_LEN => self.overflow(),
            Err(_) if self.full.load(Ordering::Acquire) != 0 => self.find_again(hash, text),
            Err(_) => self.insert(hash, text),
        }
    }

    /// Looks a value up after `full` was seen: now all entries are visible, see "Memory ordering".
    #[cold]
    fn find_again(&self, hash: u64, text: &[u8]) -> usize {
        self.find(hash, text).unwrap_or_else(|_| self.overflow())
    }

    /// Counts a value that gets no slot.
    #[cold]
    pub(super) fn overflow(&self) -> usize {
        self.overflow.cells(0).add(0, 1);
        0
    }

    /// Looks a value up. Returns its slot, or the position of the free entry at which the search ended.
    #[inline]
    fn find(&self, hash: u64, text: &[u8]) -> Result<usize, usize> {
        let mask = self.table.len() - 1;
        let mut position = hash as usize & mask;
        loop {
            let entry = self.table[position].load(Ordering::Acquire);
            if entry == 0 {
                return Err(position);
            }
            let slot = (entry & u64::from(u32::MAX)) as usize;
            if entry >> SLOT_BITS == hash >> SLOT_BITS
                && self.name(slot).is_some_and(|name| name.as_bytes() == text)
            {
                return Ok(slot);
            }
            position = (position + 1) & mask;
        }
    }

    /// Gives a value a slot, unless another thread has done so or all are given out.
    #[cold]
    fn insert(&self, hash: u64, text: &[u8]) -> usize {
        let text = std::str::from_utf8(text).unwrap_or(OTHER);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let position = match self.find(hash, text.as_bytes()) {
            Ok(slot) => return slot,
            Err(position) => position,
        };
        if *used + 1 == self.names.len() {
            drop(used);
            return self.overflow();
        }
        *used += 1;
        let slot = *used;
        // The name before the entry: a reader that sees the entry must see the name.
        self.names[slot].get_or_init(|| text.into());
        self.table[position].store(entry(hash, slot), Ordering::Release);
        if slot + 1 == self.names.len() {
            // `full` after the last entry: a reader that sees `full` must see all entries.
            self.full.store(1, Ordering::Release);
        }
        slot
    }
}

impl fmt::Debug for Interner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interner").field("slots", &self.slots()).finish_non_exhaustive()
    }
}

#[inline]
fn hash(text: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text);
    hasher.finish()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_its_slot_and_values_past_the_cap_are_other() {
        let interner = Interner::new(2);
        assert_eq!(interner.slot("a"), 1);
        assert_eq!(interner.slot("b"), 2);
        assert_eq!(interner.slot("a"), 1);
        assert_eq!(interner.slot("c"), 0);
        assert_eq!(interner.slot("d"), 0);
        assert_eq!(interner.name(2), Some("b"));
        assert_eq!(interner.overflows(), 2);
        assert_eq!(interner.slot(OTHER), 0);
        assert_eq!(interner.overflows(), 2, "`__other__` itself is not an overflow");
    }

    #[test]
    fn a_value_that_is_too_long_is_other_and_counts_as_an_overflow() {
        let interner = Interner::new(2);
        assert_eq!(interner.slot(&"x".repeat(MAX_LEN)), 1);
        assert_eq!(interner.slot(&"x".repeat(MAX_LEN + 1)), 0);
        assert_eq!(interner.overflows(), 1);
        assert_ne!(entry(hash(OTHER.as_bytes()), 0), 0, "0 is a free entry");
    }

    #[test]
    fn all_threads_get_the_same_slot_for_a_value() {
        let interner = Interner::new(200);
        let slots: Vec<Vec<usize>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..200).map(|n| interner.slot(&n.to_string())).collect()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(slots.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(interner.overflows(), 0);
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use loom::sync::Arc;

    #[test]
    fn two_threads_never_give_one_value_two_slots() {
        loom::model(|| {
            let interner = Arc::new(Interner::new(2));
            let other = interner.clone();
            let thread = loom::thread::spawn(move || (other.slot("a"), other.slot("b")));
            let here = (interner.slot("b"), interner.slot("a"));
            let there = thread.join().unwrap();
            assert_eq!((here.1, here.0), there);
            assert_ne!(here.0, here.1);
        });
    }
}
