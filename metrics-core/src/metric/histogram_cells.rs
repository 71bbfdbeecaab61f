//! The storage of histograms: their cells, native windows and exemplars.

use std::ops::Deref;

use once_cell::race::OnceBox;

use super::exemplar_slots::ExemplarSlots;
use super::native_windows::NativeWindows;
use crate::storage::CellRange;

/// The cells of one histogram, or of several with the same shape, with their native windows and their exemplars. Both
/// are allocated at their first use, so that a histogram without them has two null pointers.
pub(crate) struct HistogramCells {
    cells: CellRange,
    /// The native windows of each histogram.
    windows: OnceBox<Box<[NativeWindows]>>,
    /// The exemplars of each histogram.
    exemplars: OnceBox<Box<[OnceBox<ExemplarSlots>]>>,
}

impl HistogramCells {
    /// Allocates `len` cells, all 0, as [`CellRange::new`] does.
    pub(crate) fn new(len: usize) -> Self {
        Self { cells: CellRange::new(len), windows: OnceBox::new(), exemplars: OnceBox::new() }
    }
}

impl Deref for HistogramCells {
    type Target = CellRange;

    #[inline]
    fn deref(&self) -> &CellRange {
        &self.cells
    }
}

/// One of the histograms in [`HistogramCells`].
#[derive(Clone, Copy)]
pub(crate) struct HistogramRef<'a> {
    pub(crate) cells: &'a HistogramCells,
    /// The number of histograms in `cells`.
    pub(crate) count: usize,
    /// The position of this one among them.
    pub(crate) index: usize,
}

impl<'a> HistogramRef<'a> {
    /// Returns the native windows, which are allocated if this is the first use.
    pub(crate) fn windows(self) -> &'a NativeWindows {
        let new = || Box::new((0..self.count).map(|_| NativeWindows::new()).collect());
        &self.cells.windows.get_or_init(new)[self.index]
    }

    /// Returns the native windows, if they were ever used.
    pub(crate) fn existing_windows(self) -> Option<&'a NativeWindows> {
        self.cells.windows.get()?.get(self.index)
    }

    /// Returns the exemplars, a slot for each of `buckets`, which are allocated if this is the first use.
    pub(crate) fn exemplars(self, buckets: usize) -> &'a ExemplarSlots {
        let new = || Box::new((0..self.count).map(|_| OnceBox::new()).collect());
        self.cells.exemplars.get_or_init(new)[self.index]
            .get_or_init(|| Box::new(ExemplarSlots::new(buckets)))
    }

    /// Returns the exemplars, if they were ever used.
    pub(crate) fn existing_exemplars(self) -> Option<&'a ExemplarSlots> {
        self.cells.exemplars.get()?.get(self.index)?.get()
    }
}
