//! The series of a family by label set, found by a dense index: without a hash and without a lock.
//!
//! # Memory ordering
//! The text of a bounded label value belongs to the interner, and the bit that makes a series visible belongs to its
//! block. A scrape that sees the bit must also see the text, since it keeps what it renders: with the text missing, the
//! series would be shown under `__other__` for as long as the process runs. So the bit is set with `Release` after the
//! value got its slot, and scrapes load the bits with `Acquire`. A thread that finds the bit set need not set it again:
//! whoever set it had found the text.

use std::marker::PhantomData;

use once_cell::race::OnceBox;

use super::histogram_cells::HistogramCells;
use crate::label::{Domains, LabelSet, RenderedLabels, cardinality};
use crate::storage::PAGE_CELLS;
use crate::sync::{AtomicU64, OnceLock, Ordering};

/// The series of one family, created when they are first used.
pub(crate) struct SeriesTable<L> {
    domains: Domains,
    /// Cells of one series, or 0 for series that are one atomic each.
    cells_per_series: usize,
    /// The binary logarithm of the number of series in a block.
    block_bits: u32,
    blocks: Box<[OnceBox<Block>]>,
    /// The block of every index past `blocks`: all series of a label set over its budget. It is never exposed.
    outside: OnceBox<Block>,
    labels: PhantomData<fn(L)>,
}

/// Up to 64 series with neighbouring indices.
struct Block {
    cells: Option<HistogramCells>,
    /// The values of series that are one atomic each.
    values: Box<[AtomicU64]>,
    /// A bit for each series that exists.
    present: AtomicU64,
    /// The rendered labels of each series.
    labels: Box<[OnceLock<RenderedLabels>]>,
}

/// A reference to one series.
#[derive(Clone, Copy)]
pub(crate) struct SeriesRef<'a> {
    block: &'a Block,
    /// The position in the block.
    lane: usize,
    cells_per_series: usize,
}

impl<'a> SeriesRef<'a> {
    /// Returns the cells of the block and the position of the series' first cell among them.
    #[inline]
    pub(crate) fn cells(self) -> Option<(&'a HistogramCells, usize)> {
        self.block.cells.as_ref().map(|cells| (cells, self.lane * self.cells_per_series))
    }

    /// Returns the atomic of a series that is one.
    #[inline]
    pub(crate) fn value(self) -> &'a AtomicU64 {
        &self.block.values[self.lane]
    }
}

impl<L: LabelSet> SeriesTable<L> {
    /// Creates a table for series of `cells_per_series` cells each, or of one atomic each when that is 0.
    pub(crate) fn new(cells_per_series: usize) -> Self {
        let mut block_bits: u32 = 6;
        while block_bits > 0 && cells_per_series << block_bits > PAGE_CELLS {
            block_bits -= 1;
        }
        let series = cardinality(L::DOMAINS);
        while block_bits > 0 && 1 << (block_bits - 1) >= series {
            block_bits -= 1;
        }
        let blocks = if series > L::BUDGET { 0 } else { series.div_ceil(1 << block_bits) };
        Self {
            domains: Domains::new::<L>(),
            cells_per_series,
            block_bits,
            blocks: (0..blocks).map(|_| OnceBox::new()).collect(),
            outside: OnceBox::new(),
            labels: PhantomData,
        }
    }

    pub(crate) fn domains(&self) -> &Domains {
        &self.domains
    }

    /// Returns the index of a label set.
    #[inline]
    pub(crate) fn index(&self, labels: &L) -> usize {
        labels.index(&self.domains)
    }

    /// Returns the series with these labels, which is created if it is new.
    #[inline]
    pub(crate) fn series(&self, labels: &L) -> SeriesRef<'_> {
        self.at(self.index(labels))
    }

    /// Returns the series with this index, which is created if it is new.
    #[inline]
    pub(crate) fn at(&self, index: usize) -> SeriesRef<'_> {
        let block = self.blocks.get(index >> self.block_bits).unwrap_or(&self.outside);
        let block = match block.get() {
            Some(block) => block,
            None => self.new_block(block),
        };
        let lane = index & ((1 << self.block_bits) - 1);
        if block.present.load(Ordering::Relaxed) & (1 << lane) == 0 {
            block.present.fetch_or(1 << lane, Ordering::Release);
        }
        SeriesRef { block, lane, cells_per_series: self.cells_per_series }
    }

    #[cold]
    fn new_block<'a>(&self, block: &'a OnceBox<Block>) -> &'a Block {
        block.get_or_init(|| {
            let series = 1 << self.block_bits;
            Box::new(Block {
                cells: (self.cells_per_series > 0)
                    .then(|| HistogramCells::new(self.cells_per_series * series)),
                values: (0..if self.cells_per_series == 0 { series } else { 0 })
                    .map(|_| AtomicU64::new(0))
                    .collect(),
                present: AtomicU64::new(0),
                labels: (0..series).map(|_| OnceLock::new()).collect(),
            })
        })
    }

    /// Creates every series of a closed family that has at most `limit`, so that they are exposed at 0.
    pub(crate) fn start_at_zero(&self, limit: usize) {
        let series = cardinality(L::DOMAINS);
        if self.domains.is_closed() && series <= limit.min(L::BUDGET) {
            for index in 0..series {
                self.at(index);
            }
        }
    }

    /// Returns the number of parts in which the series are shown.
    pub(crate) fn parts(&self) -> usize {
        self.blocks.len()
    }

    /// Visits the existing series of one part, at most 64.
    pub(crate) fn for_each_in<'a>(
        &'a self,
        part: usize,
        mut visit: impl FnMut(&'a RenderedLabels, SeriesRef<'a>),
    ) {
        let Some(block) = self.blocks.get(part).and_then(OnceBox::get) else { return };
        let mut present = block.present.load(Ordering::Acquire);
        while present != 0 {
            let lane = present.trailing_zeros() as usize;
            present &= present - 1;
            let labels = block.labels[lane].get_or_init(|| self.render(part << self.block_bits | lane));
            visit(labels, SeriesRef { block, lane, cells_per_series: self.cells_per_series });
        }
    }

    #[cold]
    fn render(&self, index: usize) -> RenderedLabels {
        RenderedLabels::new(L::NAMES.iter().copied().zip(self.domains.texts(index)))
    }
}

/// Run with the models of the shards.
#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;
    use crate::label::{Bounded, Domain, LabelField as _, OTHER};

    #[derive(Clone, Copy)]
    struct Tenant(Bounded<1>);

    impl LabelSet for Tenant {
        const NAMES: &'static [&'static str] = &["tenant"];
        const DOMAINS: &'static [Domain] = &[Bounded::<1>::DOMAIN];

        fn index(&self, domains: &Domains) -> usize {
            domains.fold(0, 0, &self.0)
        }
    }

    #[test]
    fn a_scrape_that_sees_a_series_sees_its_label_value() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(2);
        builder.check(|| {
            let table = Arc::new(SeriesTable::<Tenant>::new(0));
            // The block is created here, since the cell that publishes it is not one that loom knows.
            let other = table.series(&Tenant(Bounded::from(OTHER))).lane;
            let recorders = [0, 1].map(|_| {
                let table = table.clone();
                thread::spawn(move || drop(table.series(&Tenant(Bounded::from("acme")))))
            });
            // Started last: in the first order that loom tries, a thread runs after those started before it. From an order
            // in which the scrape comes first loom would find no other one, since the recorders load the bits before they
            // change them, and loom compares each access with the last one only.
            let scrape = thread::spawn(move || {
                table.for_each_in(0, |labels, series| {
                    let expected = if series.lane == other { OTHER } else { "acme" };
                    assert!(labels.text().contains(expected), "{}", labels.text());
                });
            });
            for thread in recorders.into_iter().chain([scrape]) {
                thread.join().unwrap();
            }
        });
    }
}
