//! The start times of what is in flight, for readers that want the age of the oldest.
//!
//! Each ledger has a slot with the start and the kind of its task. Recording a start is two stores to memory that no
//! other thread writes. A reader loads the slots without a lock. There are as many slots as there were ledgers at the
//! same time, in chunks; the slot of a dropped ledger is used again, the first ones first, and a reader skips the chunks
//! that no ledger has a slot in. After a surge of tasks, scrapes therefore become fast again.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::clock::Ticks;

/// The start time of one ledger's task. It fills a cache line, since different threads write neighbouring slots.
#[repr(align(64))]
struct StartTimeSlot {
    /// The reading of the clock; 0 while nothing is in flight.
    start: AtomicU64,
    kind: AtomicUsize,
}

const CHUNK: usize = 64;

/// A linked list of slots.
struct Chunk {
    /// The position in the list.
    number: usize,
    /// The number of slots that ledgers have.
    used: AtomicUsize,
    slots: [StartTimeSlot; CHUNK],
    next: OnceLock<Box<Chunk>>,
}

impl Chunk {
    const fn new(number: usize) -> Self {
        let slots = [const { StartTimeSlot { start: AtomicU64::new(0), kind: AtomicUsize::new(0) } }; CHUNK];
        Self { number, used: AtomicUsize::new(0), slots, next: OnceLock::new() }
    }
}

static SLOTS: Chunk = Chunk::new(0);

/// A slot of a chunk.
#[derive(Clone, Copy)]
struct SlotRef {
    chunk: &'static Chunk,
    index: usize,
}

impl SlotRef {
    #[inline]
    fn slot(self) -> &'static StartTimeSlot {
        &self.chunk.slots[self.index]
    }

    /// The position among all slots.
    fn number(self) -> usize {
        self.chunk.number * CHUNK + self.index
    }
}

/// The slots that no ledger has. Locked only when a ledger takes a slot or is dropped.
struct UnusedSlots {
    /// The numbers of those that a ledger had.
    returned: BinaryHeap<Reverse<usize>>,
    chunks: Vec<&'static Chunk>,
    /// The number of slots that a ledger has or had.
    count: usize,
}

static UNUSED: Mutex<Option<UnusedSlots>> = Mutex::new(None);

impl UnusedSlots {
    /// Runs `change` with the unused slots locked.
    fn with<T>(change: impl FnOnce(&mut Self) -> T) -> T {
        let mut unused = UNUSED.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Self { returned: BinaryHeap::new(), chunks: vec![&SLOTS], count: 0 };
        change(unused.get_or_insert_with(new))
    }

    fn take(&mut self) -> SlotRef {
        let number = self.returned.pop().map_or(self.count, |Reverse(number)| number);
        self.count = self.count.max(number + 1);
        if number / CHUNK == self.chunks.len() {
            let last = self.chunks[self.chunks.len() - 1];
            self.chunks.push(last.next.get_or_init(|| Box::new(Chunk::new(last.number + 1))));
        }
        let chunk = self.chunks[number / CHUNK];
        // Before the slot is used: a reader that skips the chunk misses only tasks that start now.
        chunk.used.fetch_add(1, Ordering::Release);
        SlotRef { chunk, index: number % CHUNK }
    }

    fn put(&mut self, slot: SlotRef) {
        slot.chunk.used.fetch_sub(1, Ordering::Release);
        self.returned.push(Reverse(slot.number()));
    }
}

/// A ledger's handle to its slot, which it takes with its first task.
#[derive(Default)]
pub(crate) struct StartTimeCell(Option<SlotRef>);

impl StartTimeCell {
    /// Records that something of this kind started.
    #[inline]
    pub(crate) fn set(&mut self, kind: usize, start: Ticks) {
        let slot = self.0.get_or_insert_with(new_slot).slot();
        // A reader must not combine this start with the kind that the slot had before. The kind is stored first, and
        // the start is a release store: a reader that loads the new start also loads the new kind, or a later one.
        // The kind is a release store, too: see `oldest_by_kind`.
        slot.kind.store(kind, Ordering::Release);
        slot.start.store(start.reading().max(1), Ordering::Release);
    }

    /// Records that it ended.
    #[inline]
    pub(crate) fn clear(&self) {
        if let Some(slot) = self.0 {
            slot.slot().start.store(0, Ordering::Release);
        }
    }
}

#[cold]
fn new_slot() -> SlotRef {
    UnusedSlots::with(UnusedSlots::take)
}

impl Drop for StartTimeCell {
    fn drop(&mut self) {
        self.clear();
        if let Some(slot) = self.0 {
            UnusedSlots::with(|unused| unused.put(slot));
        }
    }
}

/// Returns a number that tells kinds apart: the address of their series.
#[inline]
pub(crate) fn kind_id<S>(series: &S) -> usize {
    std::ptr::from_ref(series) as usize
}

/// Returns the start of the oldest of each kind that is in flight.
pub(crate) fn oldest_by_kind() -> HashMap<usize, Ticks> {
    let mut oldest = HashMap::new();
    let chunks = std::iter::successors(Some(&SLOTS), |chunk| chunk.next.get().map(|next| &**next));
    let used = chunks.filter(|chunk| chunk.used.load(Ordering::Acquire) > 0);
    for slot in used.flat_map(|chunk| &chunk.slots) {
        let start = slot.start.load(Ordering::Acquire);
        let kind = slot.kind.load(Ordering::Acquire);
        // Between the two loads the task can end and another of a different kind can start. The old start would then
        // be attributed to the new kind. But the ledger clears the start before it stores the new kind, and the load
        // of the new kind acquires that store: the second load of the start then returns something else.
        if start == 0 || slot.start.load(Ordering::Acquire) != start {
            continue;
        }
        let start = Ticks::from_reading(start);
        oldest.entry(kind).and_modify(|known: &mut Ticks| *known = start.min(*known)).or_insert(start);
    }
    oldest
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn slots_are_used_again_from_the_first_on() {
        let start = |kind| {
            let mut cell = StartTimeCell::default();
            cell.set(kind, Ticks::from_reading(7));
            cell
        };
        let number = |cell: &StartTimeCell| cell.0.unwrap().number();
        let kind = usize::MAX; // No other test has it.
        let mut cells: Vec<_> = (0..10 * CHUNK).map(|_| start(kind)).collect();
        assert_eq!(oldest_by_kind().get(&kind), Some(&Ticks::from_reading(7)));
        cells.sort_by_key(number);
        let numbers: Vec<_> = cells.iter().map(number).collect();
        let last = cells.split_off(5).pop().unwrap();
        drop(last);
        let again = start(kind);
        assert!(number(&again) < numbers[9 * CHUNK], "{} of {numbers:?}", number(&again));
        drop((cells, again));
        assert_eq!(oldest_by_kind().get(&kind), None);
    }
}
