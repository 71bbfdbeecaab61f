//! A row: the words of one series, or of a block of them.

use std::ops::Deref;

use super::allocator;
use super::shard::{self, AnyCells, Cells, ExclusiveCells, ShardHandle};
use crate::sync::Ordering;

/// Cells that belong to the holder until it is dropped.
pub(crate) struct CellRange {
    offset: CellOffset,
    words: u32,
}

/// Where a row is, for who adds to its words and reads them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct CellOffset(u32);

/// Where rows go that found no room; nothing reads it.
const SPARE: CellOffset = CellOffset(1);

impl CellRange {
    /// Takes a row of `words` words, all 0. When the plane is full it is one that nobody reads:
    /// recording goes on, the numbers are not exposed; [`CellOffset::is_real`] tells.
    pub(crate) fn new(words: usize) -> Self {
        Self::from_offset(allocator::take(words).map_or(SPARE, CellOffset), words)
    }

    fn from_offset(offset: CellOffset, words: usize) -> Self {
        Self { offset, words: u32::try_from(words).unwrap_or(u32::MAX) }
    }

    /// Releases the range without giving its cells back; the holder of the offset must
    /// [give them back](CellOffset::give_back). Returns `None` for a range that was not allocated.
    pub(crate) fn into_offset(self) -> Option<CellOffset> {
        self.is_real().then(|| std::mem::ManuallyDrop::new(self).offset)
    }

    /// How many words.
    pub(crate) fn len(&self) -> usize {
        self.words as usize
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
    /// Restores an offset from its [number](Self::number).
    #[inline]
    pub(crate) const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// The index of the first cell, below [`STORAGE_CELLS`](super::STORAGE_CELLS).
    pub(crate) fn number(self) -> u32 {
        self.0
    }

    pub(crate) fn is_real(self) -> bool {
        self != SPARE
    }

    /// Gives back what was taken as a row of so many words and given up without being dropped.
    pub(crate) fn give_back(self, words: usize) {
        drop(CellRange::from_offset(self, words));
    }

    /// The words from `from` on, in this thread's shard.
    pub(crate) fn words(self, from: usize) -> AnyCells {
        self.any(shard::writer(), from)
    }

    /// The words from `from` on, in the shard of a writer, if they are its thread's alone and near.
    #[inline]
    pub(crate) fn own(self, writer: ShardHandle, from: usize) -> Option<ExclusiveCells> {
        writer.own(self.0 + from as u32)
    }

    /// The words from `from` on, in the shard of a writer.
    pub(crate) fn any(self, writer: ShardHandle, from: usize) -> AnyCells {
        writer.any(self.0 + from as u32)
    }

    /// Adds to one word.
    #[inline]
    pub(crate) fn add(self, writer: ShardHandle, word: usize, amount: u64) {
        match self.own(writer, word) {
            Some(words) => words.add(0, amount),
            None => self.add_any(writer, word, amount),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_any(self, writer: ShardHandle, word: usize, amount: u64) {
        self.any(writer, word).add(0, amount);
    }

    /// Adds the words `from..from + out.len()` of every shard to `out`.
    pub(crate) fn read_into(self, from: usize, out: &mut [u64]) {
        self.for_each(from, out.len(), |word, value| out[word] = out[word].wrapping_add(value));
    }

    /// The sum of one word over all shards.
    pub(crate) fn read(self, word: usize) -> u64 {
        let mut sum = [0];
        self.read_into(word, &mut sum);
        sum[0]
    }

    /// The sum of one word that holds the bits of an `f64`.
    pub(crate) fn read_f64(self, word: usize) -> f64 {
        let mut sum = 0.0;
        self.for_each(word, 1, |_, value| sum += f64::from_bits(value));
        sum
    }

    /// The largest of one word over all shards.
    pub(crate) fn read_max(self, word: usize) -> u64 {
        let mut max = 0;
        self.for_each(word, 1, |_, value| max = max.max(value));
        max
    }

    #[inline]
    fn for_each(self, from: usize, count: usize, mut see: impl FnMut(usize, u64)) {
        if !self.is_real() {
            return;
        }
        for shard in shard::shards() {
            if let Some(words) = shard.recorded(self.0 + from as u32) {
                for (word, cell) in words[..count].iter().enumerate() {
                    see(word, cell.load(Ordering::Acquire));
                }
            }
        }
    }
}

impl Drop for CellRange {
    fn drop(&mut self) {
        if !self.is_real() {
            return;
        }
        for shard in shard::shards() {
            if let Some(words) = shard.recorded(self.offset.0) {
                for cell in &words[..self.words as usize] {
                    cell.store(0, Ordering::Release);
                }
            }
        }
        allocator::give_back(self.offset.0, self.words as usize);
    }
}
