//! Cell ranges: the cells of one series, or of a block of series.

use std::mem::ManuallyDrop;
use std::ops::Deref;

use super::allocator;
use super::cells::{AnyCells, Cells, ExclusiveCells};
use super::current;
use super::shard::ShardHandle;
use crate::sync::Ordering;

/// Cells that belong to the holder until it is dropped; then they are set to 0 and can be allocated again.
pub(crate) struct CellRange {
    offset: CellOffset,
    len: u32,
}

/// The number of a range's first cell, which suffices to add to its cells and to read them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct CellOffset(u32);

/// The offset of every range that could not be allocated. The cells there are never read.
const UNALLOCATED: CellOffset = CellOffset(1);

impl CellRange {
    /// Allocates `len` cells, all 0. When the storage is full, the range is not [allocated](CellOffset::is_allocated):
    /// recording goes on, but reads return 0.
    pub(crate) fn new(len: usize) -> Self {
        Self::from_offset(allocator::allocate(len).map_or(UNALLOCATED, CellOffset), len)
    }

    fn from_offset(offset: CellOffset, len: usize) -> Self {
        Self { offset, len: u32::try_from(len).unwrap_or(u32::MAX) }
    }

    /// Gives the cells up without releasing them; the holder of the offset must [release](CellOffset::release) them.
    /// Returns `None` for a range that is not allocated.
    pub(crate) fn into_offset(self) -> Option<CellOffset> {
        self.is_allocated().then(|| ManuallyDrop::new(self).offset)
    }

    /// The number of cells.
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }
}

impl Deref for CellRange {
    type Target = CellOffset;

    #[inline]
    fn deref(&self) -> &CellOffset {
        &self.offset
    }
}

impl CellOffset {
    /// Restores an offset from its [index](Self::index).
    #[inline]
    pub(crate) const fn from_index(index: u32) -> Self {
        Self(index)
    }

    /// The index of the first cell, below [`STORAGE_CELLS`](super::STORAGE_CELLS).
    pub(crate) fn index(self) -> u32 {
        self.0
    }

    pub(crate) fn is_allocated(self) -> bool {
        self != UNALLOCATED
    }

    /// Releases `len` cells that were given up by [`CellRange::into_offset`].
    pub(crate) fn release(self, len: usize) {
        drop(CellRange::from_offset(self, len));
    }

    /// Returns the cells from `from` on in the current thread's shard.
    pub(crate) fn cells(self, from: usize) -> AnyCells {
        self.in_shard(current::current_shard(), from)
    }

    /// Returns the cells from `from` on in a shard, if they are near and no other thread writes them.
    #[inline]
    pub(crate) fn exclusive(self, shard: ShardHandle, from: usize) -> Option<ExclusiveCells> {
        shard.exclusive(self.0 + from as u32)
    }

    /// Returns the cells from `from` on in a shard.
    pub(crate) fn in_shard(self, shard: ShardHandle, from: usize) -> AnyCells {
        shard.cells(self.0 + from as u32)
    }

    /// Adds to one cell.
    #[inline]
    pub(crate) fn add(self, shard: ShardHandle, cell: usize, amount: u64) {
        match self.exclusive(shard, cell) {
            Some(cells) => cells.add(0, amount),
            None => self.add_in_any(shard, cell, amount),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_in_any(self, shard: ShardHandle, cell: usize, amount: u64) {
        self.in_shard(shard, cell).add(0, amount);
    }

    /// Adds the cells `from..from + out.len()` of every shard to `out`.
    pub(crate) fn read_into(self, from: usize, out: &mut [u64]) {
        self.for_each(from, out.len(), |cell, value| out[cell] = out[cell].saturating_add(value));
    }

    /// Returns the sum of one cell over all shards.
    pub(crate) fn read(self, cell: usize) -> u64 {
        let mut sum = [0];
        self.read_into(cell, &mut sum);
        sum[0]
    }

    /// Returns the sum over all shards of one cell that holds the bits of an `f64`.
    pub(crate) fn read_f64(self, cell: usize) -> f64 {
        let mut sum = 0.0;
        self.for_each(cell, 1, |_, value| sum += f64::from_bits(value));
        sum
    }

    /// Returns the largest value of one cell over all shards.
    pub(crate) fn read_max(self, cell: usize) -> u64 {
        let mut max = 0;
        self.for_each(cell, 1, |_, value| max = max.max(value));
        max
    }

    #[inline]
    fn for_each(self, from: usize, count: usize, mut visit: impl FnMut(usize, u64)) {
        if !self.is_allocated() {
            return;
        }
        for shard in current::shards() {
            if let Some(cells) = shard.recorded(self.0 + from as u32) {
                for (cell, value) in cells[..count].iter().enumerate() {
                    // Acquire, so that what was recorded before this value is visible to the caller's next reads.
                    visit(cell, value.load(Ordering::Acquire));
                }
            }
        }
    }
}

impl Drop for CellRange {
    fn drop(&mut self) {
        if !self.is_allocated() {
            return;
        }
        // No thread records in these cells any more, since the range that it would need is being dropped. So these
        // stores can't meet the plain load and store of an addition. The mutex in `release` makes the zeros visible
        // to the next owner of the cells.
        for shard in current::shards() {
            if let Some(cells) = shard.recorded(self.offset.0) {
                for cell in &cells[..self.len as usize] {
                    cell.store(0, Ordering::Release);
                }
            }
        }
        allocator::release(self.offset.0, self.len as usize);
    }
}
