//! From a label set to its series: a dense number, no hash, no lock.

use std::marker::PhantomData;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use once_cell::race::OnceBox;

use super::histogram_cells::HistogramCells;
use crate::label::{Domains, LabelSet, RenderedLabels, cardinality};
use crate::storage::PAGE_CELLS;

/// The series of one family, made as they are used.
pub(crate) struct SeriesTable<L> {
    domains: Domains,
    /// Cells of one series in the plane; 0 where the value is one atomic of its own.
    words: usize,
    /// Series in a block, as a power of two.
    block_bits: u32,
    blocks: Box<[OnceBox<Block>]>,
    /// For what is past `blocks`: all of a set over its budget, which is never exposed.
    outside: OnceBox<Block>,
    labels: PhantomData<fn(L)>,
}

/// Up to 64 series with neighbouring numbers.
struct Block {
    row: Option<HistogramCells>,
    values: Box<[AtomicU64]>,
    /// A bit for each series that exists.
    present: AtomicU64,
    labels: Box<[OnceLock<RenderedLabels>]>,
}

/// One series.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'a> {
    block: &'a Block,
    lane: usize,
    words: usize,
}

impl<'a> Slot<'a> {
    /// The series' row, and where in it its words begin.
    #[inline]
    pub(crate) fn row(self) -> Option<(&'a HistogramCells, usize)> {
        self.block.row.as_ref().map(|row| (row, self.lane * self.words))
    }

    /// The series' own atomic.
    #[inline]
    pub(crate) fn value(self) -> &'a AtomicU64 {
        &self.block.values[self.lane]
    }
}

impl<L: LabelSet> SeriesTable<L> {
    /// For series of `words` words in the plane, or of one atomic each when that is 0.
    pub(crate) fn new(words: usize) -> Self {
        let mut block_bits: u32 = 6;
        while block_bits > 0 && words << block_bits > PAGE_CELLS {
            block_bits -= 1;
        }
        let series = cardinality(L::DOMAINS);
        while block_bits > 0 && 1 << (block_bits - 1) >= series {
            block_bits -= 1;
        }
        let blocks = if series > L::BUDGET { 0 } else { series.div_ceil(1 << block_bits) };
        Self {
            domains: Domains::of::<L>(),
            words,
            block_bits,
            blocks: (0..blocks).map(|_| OnceBox::new()).collect(),
            outside: OnceBox::new(),
            labels: PhantomData,
        }
    }

    pub(crate) fn domains(&self) -> &Domains {
        &self.domains
    }

    /// The number of a combination of labels.
    #[inline]
    pub(crate) fn index(&self, labels: &L) -> usize {
        labels.index(&self.domains)
    }

    /// The series of these labels, made if it is new.
    #[inline]
    pub(crate) fn series(&self, labels: &L) -> Slot<'_> {
        self.at(self.index(labels))
    }

    #[inline]
    pub(crate) fn at(&self, index: usize) -> Slot<'_> {
        let cell = self.blocks.get(index >> self.block_bits).unwrap_or(&self.outside);
        let block = match cell.get() {
            Some(block) => block,
            None => self.new_block(cell),
        };
        let lane = index & ((1 << self.block_bits) - 1);
        if block.present.load(Ordering::Relaxed) & (1 << lane) == 0 {
            block.present.fetch_or(1 << lane, Ordering::Relaxed);
        }
        Slot { block, lane, words: self.words }
    }

    #[cold]
    fn new_block<'a>(&self, cell: &'a OnceBox<Block>) -> &'a Block {
        cell.get_or_init(|| {
            let series = 1 << self.block_bits;
            Box::new(Block {
                row: (self.words > 0).then(|| HistogramCells::new(self.words * series)),
                values: (0..if self.words == 0 { series } else { 0 }).map(|_| AtomicU64::new(0)).collect(),
                present: AtomicU64::new(0),
                labels: (0..series).map(|_| OnceLock::new()).collect(),
            })
        })
    }

    /// Makes every series of a closed family of at most `limit`, so that they are seen at 0.
    pub(crate) fn start_at_zero(&self, limit: usize) {
        let series = cardinality(L::DOMAINS);
        if self.domains.is_closed() && series <= limit.min(L::BUDGET) {
            for index in 0..series {
                self.at(index);
            }
        }
    }

    /// In how many parts its series are shown.
    pub(crate) fn parts(&self) -> usize {
        self.blocks.len()
    }

    /// The series of one part: up to 64.
    pub(crate) fn for_each_in<'a>(&'a self, part: usize, mut see: impl FnMut(&'a RenderedLabels, Slot<'a>)) {
        let Some(block) = self.blocks.get(part).and_then(OnceBox::get) else { return };
        let mut present = block.present.load(Ordering::Relaxed);
        while present != 0 {
            let lane = present.trailing_zeros() as usize;
            present &= present - 1;
            let labels = block.labels[lane].get_or_init(|| self.render(part << self.block_bits | lane));
            see(labels, Slot { block, lane, words: self.words });
        }
    }

    #[cold]
    fn render(&self, index: usize) -> RenderedLabels {
        RenderedLabels::new(L::NAMES.iter().copied().zip(self.domains.texts(index)))
    }
}
