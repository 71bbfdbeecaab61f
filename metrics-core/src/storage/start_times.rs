//! The start times of what is in flight, for readers that want the age of the oldest.
//!
//! Each ledger has a slot with the start and the kind of its task. Recording a start is two stores to memory that no
//! other thread writes. A reader loads all slots without a lock. There are as many slots as there were ledgers at the
//! same time; the slot of a dropped ledger is used again.

use std::collections::HashMap;
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
    slots: [StartTimeSlot; CHUNK],
    next: OnceLock<Box<Chunk>>,
}

impl Chunk {
    const fn new() -> Self {
        let slots = [const { StartTimeSlot { start: AtomicU64::new(0), kind: AtomicUsize::new(0) } }; CHUNK];
        Self { slots, next: OnceLock::new() }
    }
}

static SLOTS: Chunk = Chunk::new();

/// The slots that no ledger has. Locked only when a ledger is made or dropped.
struct UnusedSlots {
    returned: Vec<&'static StartTimeSlot>,
    /// The chunk of the next slot that was never used.
    chunk: &'static Chunk,
    next: usize,
}

static UNUSED: Mutex<UnusedSlots> = Mutex::new(UnusedSlots { returned: Vec::new(), chunk: &SLOTS, next: 0 });

/// A ledger's handle to its slot, which it takes with its first task.
#[derive(Default)]
pub(crate) struct StartTimeCell(Option<&'static StartTimeSlot>);

impl StartTimeCell {
    /// Records that something of this kind started.
    #[inline]
    pub(crate) fn set(&mut self, kind: usize, start: Ticks) {
        let slot = self.0.get_or_insert_with(new_slot);
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
            slot.start.store(0, Ordering::Release);
        }
    }
}

#[cold]
fn new_slot() -> &'static StartTimeSlot {
    let mut unused = UNUSED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(slot) = unused.returned.pop() {
        return slot;
    }
    if unused.next == CHUNK {
        unused.chunk = unused.chunk.next.get_or_init(|| Box::new(Chunk::new()));
        unused.next = 0;
    }
    unused.next += 1;
    &unused.chunk.slots[unused.next - 1]
}

impl Drop for StartTimeCell {
    fn drop(&mut self) {
        self.clear();
        if let Some(slot) = self.0 {
            UNUSED.lock().unwrap_or_else(PoisonError::into_inner).returned.push(slot);
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
    for slot in chunks.flat_map(|chunk| &chunk.slots) {
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
