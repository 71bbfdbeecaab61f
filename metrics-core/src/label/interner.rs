//! Texts to small numbers, up to a cap, without a lock for texts seen before.

use std::hash::Hasher;
use std::sync::{OnceLock, PoisonError};

use rustc_hash::FxHasher;

use super::{MAX_LEN, OTHER};
use crate::storage::{CellRange, Cells};
use crate::sync::{AtomicU64, Mutex, Ordering};

/// Gives each text a slot: 1 to `cap` in the order of arrival, 0 (`__other__`) for all further ones
/// and for those that are too long.
pub struct Interner {
    /// Open addressing, at most half full, never emptied: 0, or the hash's upper half and the slot.
    table: Box<[AtomicU64]>,
    names: Box<[OnceLock<Box<str>>]>,
    /// How many slots are given out. Taken only for a text not seen before.
    taken: Mutex<usize>,
    /// Not 0 once all are: then what isn't found needs no lock to be refused.
    full: AtomicU64,
    overflow: CellRange,
}

const SLOT_BITS: u32 = 32;

/// An entry of the table.
fn entry(hash: u64, slot: usize) -> u64 {
    hash >> SLOT_BITS << SLOT_BITS | slot as u64
}

impl Interner {
    pub(crate) fn new(cap: usize) -> Self {
        let table: Box<[AtomicU64]> =
            (0..(cap * 2 + 2).next_power_of_two()).map(|_| AtomicU64::new(0)).collect();
        let names: Box<[OnceLock<Box<str>>]> = (0..=cap).map(|_| OnceLock::new()).collect();
        names[0].get_or_init(|| OTHER.into());
        let other = hash(OTHER.as_bytes());
        table[other as usize & (table.len() - 1)].store(entry(other, 0), Ordering::Relaxed);
        let full = AtomicU64::new(u64::from(cap == 0));
        Self { table, names, taken: Mutex::new(0), full, overflow: CellRange::new(1) }
    }

    /// Slots, `__other__` among them.
    pub(crate) fn slots(&self) -> usize {
        self.names.len()
    }

    /// The text of a slot that was given out.
    pub(crate) fn name(&self, slot: usize) -> Option<&str> {
        self.names.get(slot)?.get().map(AsRef::as_ref)
    }

    /// How often a value found no slot.
    pub(crate) fn overflows(&self) -> u64 {
        self.overflow.read(0)
    }

    /// The text's slot, taking one if it has none; 0, counted, when all are taken.
    #[inline]
    pub(crate) fn slot(&self, text: &str) -> usize {
        self.slot_of(text.as_bytes())
    }

    /// The text's slot, if it has one.
    #[inline]
    pub(crate) fn get(&self, text: &str) -> Option<usize> {
        self.find(hash(text.as_bytes()), text.as_bytes()).ok()
    }

    /// The same as [`slot`](Self::slot) for the bytes of a text.
    #[inline]
    pub(super) fn slot_of(&self, text: &[u8]) -> usize {
        let hash = hash(text);
        match self.find(hash, text) {
            Ok(slot) => slot,
            Err(_) if text.len() > MAX_LEN => self.overflow(),
            Err(_) if self.full.load(Ordering::Acquire) != 0 => self.find_last(hash, text),
            Err(_) => self.insert(hash, text),
        }
    }

    /// Looks once more, as who sees that all slots are taken sees all entries.
    #[cold]
    fn find_last(&self, hash: u64, text: &[u8]) -> usize {
        self.find(hash, text).unwrap_or_else(|_| self.overflow())
    }

    /// Counts a value that gets no slot.
    #[cold]
    pub(super) fn overflow(&self) -> usize {
        self.overflow.cells(0).add(0, 1);
        0
    }

    /// Looks a text up; where it isn't, the place at which the search ended.
    #[inline]
    fn find(&self, hash: u64, text: &[u8]) -> Result<usize, usize> {
        let mask = self.table.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            let entry = self.table[place].load(Ordering::Acquire);
            if entry == 0 {
                return Err(place);
            }
            let slot = (entry & u64::from(u32::MAX)) as usize;
            if entry >> SLOT_BITS == hash >> SLOT_BITS
                && self.name(slot).is_some_and(|name| name.as_bytes() == text)
            {
                return Ok(slot);
            }
            place = (place + 1) & mask;
        }
    }

    #[cold]
    fn insert(&self, hash: u64, text: &[u8]) -> usize {
        let text = std::str::from_utf8(text).unwrap_or(OTHER);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let place = match self.find(hash, text.as_bytes()) {
            Ok(slot) => return slot,
            Err(place) => place,
        };
        if *taken + 1 == self.names.len() {
            drop(taken);
            return self.overflow();
        }
        *taken += 1;
        let slot = *taken;
        self.names[slot].get_or_init(|| text.into());
        self.table[place].store(entry(hash, slot), Ordering::Release);
        if slot + 1 == self.names.len() {
            self.full.store(1, Ordering::Release);
        }
        slot
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
    fn a_text_keeps_its_slot_and_the_rest_is_other() {
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
    fn a_long_text_is_other_and_counted() {
        let interner = Interner::new(2);
        assert_eq!(interner.slot(&"x".repeat(MAX_LEN)), 1);
        assert_eq!(interner.slot(&"x".repeat(MAX_LEN + 1)), 0);
        assert_eq!(interner.overflows(), 1);
        assert_ne!(entry(hash(OTHER.as_bytes()), 0), 0, "0 is an empty place");
    }

    #[test]
    fn threads_agree_on_slots() {
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
    fn two_threads_never_give_one_text_two_slots() {
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
