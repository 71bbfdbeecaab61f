//! The allocation of cell numbers: which ranges of cells are free.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Cells in a page: 32 KiB. A range lies within one page.
pub(crate) const PAGE_CELLS: usize = if cfg!(loom) { 16 } else { 4096 };

/// Pages in a shard. With [`PAGE_CELLS`] there are about eight million cells, enough for 800,000 histograms of 8 buckets.
pub(super) const PAGES: usize = if cfg!(loom) { 1 } else { 2048 };

/// Cells that all series of the process can have.
pub(crate) const STORAGE_CELLS: usize = PAGE_CELLS * PAGES;

/// The cells that no range has. All of them are 0 in every shard.
struct FreeCells {
    /// The first cell that was never allocated.
    next: u32,
    /// The free ranges below `next`: the length by the offset, and the same in the order of the lengths. A free range lies
    /// in one page, and touches no other free range of its page.
    len_by_offset: BTreeMap<u32, u32>,
    by_len: BTreeSet<(u32, u32)>,
}

impl FreeCells {
    const fn new(next: usize) -> Self {
        Self { next: next as u32, len_by_offset: BTreeMap::new(), by_len: BTreeSet::new() }
    }

    /// Takes the shortest free range that is long enough; what is left of it stays free.
    fn take(&mut self, len: u32) -> Option<u32> {
        if let Some(&(found, offset)) = self.by_len.range((len, 0)..).next() {
            self.remove(offset, found);
            self.insert(offset + len, found - len);
            return Some(offset);
        }
        let left_in_page = PAGE_CELLS as u32 - self.next % PAGE_CELLS as u32;
        if len > left_in_page {
            self.insert(self.next, left_in_page);
            self.next += left_in_page;
        }
        if (self.next + len) as usize > STORAGE_CELLS {
            return None;
        }
        let offset = self.next;
        self.next += len;
        Some(offset)
    }

    /// Adds a free range, joined with the free ranges that it touches in its page.
    fn put(&mut self, mut offset: u32, mut len: u32) {
        let page = |cell: u32| cell / PAGE_CELLS as u32;
        if let Some((&before, &length)) = self.len_by_offset.range(..offset).next_back()
            && before + length == offset
            && page(before) == page(offset)
        {
            self.remove(before, length);
            (offset, len) = (before, length + len);
        }
        if let Some(&length) = self.len_by_offset.get(&(offset + len))
            && page(offset + len) == page(offset)
        {
            self.remove(offset + len, length);
            len += length;
        }
        self.insert(offset, len);
    }

    fn insert(&mut self, offset: u32, len: u32) {
        if len > 0 {
            self.len_by_offset.insert(offset, len);
            self.by_len.insert((len, offset));
        }
    }

    fn remove(&mut self, offset: u32, len: u32) {
        self.len_by_offset.remove(&offset);
        self.by_len.remove(&(len, offset));
    }
}

/// The cells at the start that are never allocated. Cell 0 holds the id of the shard. The cells after it absorb what
/// is recorded in ranges that could not be allocated; they are never read, and they suffice for the longest range.
const RESERVED_CELLS: usize = if cfg!(loom) { 2 } else { 1 + PAGE_CELLS };

static FREE: Mutex<FreeCells> = Mutex::new(FreeCells::new(RESERVED_CELLS));

static FAILED: AtomicU64 = AtomicU64::new(0);

/// Returns the number of ranges that could not be allocated because the storage is full. Recordings in them are not
/// exposed.
pub(crate) fn failed_allocations() -> u64 {
    FAILED.load(Ordering::Relaxed)
}

/// Allocates `len` cells within one page and returns the number of the first, or `None` when the storage is full.
pub(super) fn allocate(len: usize) -> Option<u32> {
    assert!(len <= PAGE_CELLS, "a range fits in a page");
    let offset = FREE.lock().unwrap_or_else(PoisonError::into_inner).take(len as u32);
    if offset.is_none() {
        FAILED.fetch_add(1, Ordering::Relaxed);
    }
    offset
}

/// Returns a range whose cells are 0 in every shard.
pub(super) fn release(offset: u32, len: usize) {
    FREE.lock().unwrap_or_else(PoisonError::into_inner).put(offset, len as u32);
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const PAGE: u32 = PAGE_CELLS as u32;

    #[test]
    fn released_cells_are_allocated_again_in_ranges_of_other_lengths() {
        let mut free = FreeCells::new(0);
        let ranges: Vec<u32> = (0..10).map(|_| free.take(10).unwrap()).collect();
        // Released in an order in which each range touches one that is free already, or will be.
        for at in [3, 1, 2, 5, 4] {
            free.put(ranges[at], 10);
        }
        assert_eq!((free.take(50), free.take(1)), (Some(ranges[1]), Some(100)));
        assert!(free.by_len.is_empty() && free.len_by_offset.is_empty());
    }

    #[test]
    fn the_rest_of_a_page_is_used_and_no_range_lies_in_two_pages() {
        let mut free = FreeCells::new(0);
        assert_eq!(free.take(PAGE - 3), Some(0));
        assert_eq!(free.take(5), Some(PAGE), "five cells do not fit in the three that are left");
        assert_eq!(
            [free.take(2), free.take(1), free.take(1)],
            [Some(PAGE - 3), Some(PAGE - 1), Some(PAGE + 5)]
        );
        free.put(PAGE - 3, 3);
        free.put(PAGE, 5);
        assert_eq!(free.take(8), Some(PAGE + 6), "the free ranges on both sides of the boundary are two");
    }

    #[test]
    fn instances_with_ever_new_lengths_do_not_fill_the_storage() {
        let mut free = FreeCells::new(RESERVED_CELLS);
        for len in (1..=PAGE).cycle().take(100_000) {
            let offset = free.take(len).unwrap();
            free.put(offset, len);
        }
        assert!(free.next <= 3 * PAGE, "{}", free.next);
    }

    #[test]
    fn a_full_storage_allocates_again_after_a_release() {
        let mut free = FreeCells::new(0);
        let pages: Vec<u32> = std::iter::from_fn(|| free.take(PAGE)).collect();
        assert_eq!(pages.len(), PAGES);
        free.put(pages[7], PAGE);
        assert_eq!([free.take(1), free.take(PAGE)], [Some(pages[7]), None]);
    }
}
