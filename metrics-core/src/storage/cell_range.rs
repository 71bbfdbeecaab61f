//! A row: the words of one series, or of a block of them.

use std::ops::Deref;

use once_cell::race::OnceBox;

use super::allocator;
use super::exemplars::Exemplars;
use super::shard::{self, AnyCells, Cells, ExclusiveCells, ShardHandle};
use super::windows::Windows;
use crate::sync::Ordering;

/// Cells that belong to the holder until it is dropped.
pub(crate) struct CellRange {
    place: Place,
    words: u32,
    /// Of each histogram in it, if they have such.
    windows: OnceBox<Box<[Windows]>>,
    exemplars: OnceBox<Box<[OnceBox<Exemplars>]>>,
}

/// Where a row is, for who adds to its words and reads them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place(pub(super) u32);

/// Where rows go that found no room; nothing reads it.
const SPARE: Place = Place(1);

impl CellRange {
    /// Takes a row of `words` words, all 0. When the plane is full it is one that nobody reads:
    /// recording goes on, the numbers are not exposed; [`Place::is_real`] tells.
    pub(crate) fn new(words: usize) -> Self {
        Self::own(allocator::take(words).map_or(SPARE, Place), words)
    }

    fn own(place: Place, words: usize) -> Self {
        Self {
            place,
            words: u32::try_from(words).unwrap_or(u32::MAX),
            windows: OnceBox::new(),
            exemplars: OnceBox::new(),
        }
    }

    /// Gives up owning the row, if it is one: who has the place now must [give it back](Place::give_back).
    pub(super) fn give_up(self) -> Option<Place> {
        self.is_real().then(|| std::mem::ManuallyDrop::new(self).place)
    }

    /// How many words.
    pub(crate) fn len(&self) -> usize {
        self.words as usize
    }

    /// The windows of one of its `histograms`, made if they are new.
    pub(crate) fn windows(&self, histograms: usize, number: usize) -> &Windows {
        let new = || Box::new((0..histograms).map(|_| Windows::new()).collect());
        &self.windows.get_or_init(new)[number]
    }

    /// The exemplars of one of its `histograms`, each of so many `buckets`, made if they are new.
    pub(crate) fn exemplars(&self, histograms: usize, number: usize, buckets: usize) -> &Exemplars {
        let new = || Box::new((0..histograms).map(|_| OnceBox::new()).collect());
        self.exemplars.get_or_init(new)[number].get_or_init(|| Box::new(Exemplars::new(buckets)))
    }

    /// The exemplars of one of its histograms, if it has any.
    pub(crate) fn made_exemplars(&self, number: usize) -> Option<&Exemplars> {
        self.exemplars.get()?.get(number)?.get()
    }

    /// The windows of one of its histograms, if it has any.
    pub(crate) fn made_windows(&self, number: usize) -> Option<&Windows> {
        self.windows.get()?.get(number)
    }
}

impl Deref for CellRange {
    type Target = Place;

    #[inline]
    fn deref(&self) -> &Place {
        &self.place
    }
}

impl Place {
    pub(crate) fn is_real(self) -> bool {
        self != SPARE
    }

    /// Gives back what was taken as a row of so many words and given up without being dropped.
    pub(super) fn give_back(self, words: usize) {
        drop(CellRange::own(self, words));
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
            if let Some(words) = shard.recorded(self.place.0) {
                for cell in &words[..self.words as usize] {
                    cell.store(0, Ordering::Release);
                }
            }
        }
        allocator::give_back(self.place.0, self.words as usize);
    }
}
