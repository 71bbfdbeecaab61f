//! The allocation of cell numbers: which ranges of cells are in use.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Cells in a page: 32 KiB. A range lies within one page.
pub(crate) const PAGE_CELLS: usize = if cfg!(loom) { 16 } else { 4096 };

/// Pages in a shard. With [`PAGE_CELLS`] there are about eight million cells, enough for 800,000 histograms of 8 buckets.
pub(super) const PAGES: usize = if cfg!(loom) { 1 } else { 2048 };

/// Cells that all series of the process can have.
pub(crate) const STORAGE_CELLS: usize = PAGE_CELLS * PAGES;

struct FreeCells {
    /// The first cell that was never allocated.
    next: usize,
    /// Offsets of returned ranges, whose cells are 0 in every shard, by length.
    returned: BTreeMap<usize, Vec<u32>>,
}

/// The cells at the start that are never allocated. Cell 0 holds the id of the shard. The cells after it absorb what
/// is recorded in ranges that could not be allocated; they are never read, and they suffice for the longest range.
const RESERVED_CELLS: usize = if cfg!(loom) { 2 } else { 1 + PAGE_CELLS };

static FREE: Mutex<FreeCells> = Mutex::new(FreeCells { next: RESERVED_CELLS, returned: BTreeMap::new() });

static FAILED: AtomicU64 = AtomicU64::new(0);

/// Returns the number of ranges that could not be allocated because the storage is full. Recordings in them are not
/// exposed.
pub(crate) fn failed_allocations() -> u64 {
    FAILED.load(Ordering::Relaxed)
}

/// Allocates `len` cells within one page and returns the number of the first, or `None` when the storage is full.
pub(super) fn allocate(len: usize) -> Option<u32> {
    assert!(len <= PAGE_CELLS, "a range fits in a page");
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(offset) = free.returned.get_mut(&len).and_then(Vec::pop) {
        return Some(offset);
    }
    let left_in_page = PAGE_CELLS - free.next % PAGE_CELLS;
    let offset = if len <= left_in_page { free.next } else { free.next + left_in_page };
    if offset + len > STORAGE_CELLS {
        FAILED.fetch_add(1, Ordering::Relaxed);
        return None;
    }
    free.next = offset + len;
    u32::try_from(offset).ok()
}

/// Returns a range whose cells are 0 in every shard.
pub(super) fn release(offset: u32, len: usize) {
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    free.returned.entry(len).or_default().push(offset);
}
