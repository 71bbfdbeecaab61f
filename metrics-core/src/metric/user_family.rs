//! User-defined families as the registry holds them: the series, their shape and the description in one type.

use std::fmt;
use std::sync::Arc;

use super::series_table::{SeriesRef, SeriesTable};
use crate::label::{Interner, LabelSet, Labels};
use crate::sample::{FamilyInfo, Source, Visitor};
use crate::storage::{CellRange, Cells};

/// The layout of one series of a kind of metric, and how it is shown to a visitor.
pub(crate) trait Shape: Send + Sync + 'static {
    /// The number of cells of one series, or 0 for a series that is one atomic shared by all threads.
    fn cells_per_series(&self) -> usize;

    fn show(&self, series: SeriesRef<'_>, labels: Labels<'_>, visitor: &mut dyn Visitor);
}

/// A user-defined family.
pub(crate) struct UserFamily<L, S> {
    pub(crate) shape: S,
    pub(crate) series: SeriesTable<L>,
    refused: CellRange,
    info: [FamilyInfo; 1],
}

/// The largest number of series with which a closed family of counters is exposed at 0 from the first scrape.
pub(crate) const ZERO_COUNTERS: usize = 1024;
/// The largest number of series with which a closed family of histograms is exposed at 0 from the first scrape.
pub(crate) const ZERO_HISTOGRAMS: usize = 64;

impl<L: LabelSet, S: Shape> UserFamily<L, S> {
    pub(crate) fn new(info: FamilyInfo, shape: S) -> Arc<Self> {
        Arc::new(Self {
            series: SeriesTable::new(shape.cells_per_series()),
            shape,
            refused: CellRange::new(1),
            info: [info],
        })
    }

    /// Counts an observation that cannot be added.
    #[cold]
    pub(crate) fn refuse(&self) {
        self.refused.cells(0).add(0, 1);
    }

    /// Writes the `Debug` form of a handle to this family or to one of its series.
    pub(crate) fn debug_handle(&self, handle: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(handle)
            .field("name", &self.info[0].name)
            .field("labels", &L::NAMES)
            .finish_non_exhaustive()
    }
}

/// Implements `Debug` for the handle to a family and the handle to one of its series: they print the name of the
/// family and of its labels, not the storage.
macro_rules! impl_debug {
    ($family:ident, $series:ident) => {
        impl<L: LabelSet> std::fmt::Debug for $family<L> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.debug_handle(stringify!($family), f)
            }
        }

        impl<L: LabelSet> std::fmt::Debug for $series<'_, L> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.debug_handle(stringify!($series), f)
            }
        }
    };
}
pub(super) use impl_debug;

impl<L: LabelSet, S: Shape> Source for UserFamily<L, S> {
    fn families(&self) -> &[FamilyInfo] {
        &self.info
    }

    fn parts(&self, _: usize) -> usize {
        self.series.parts()
    }

    fn visit_part(&self, _: usize, part: usize, visitor: &mut dyn Visitor) {
        self.series.for_each_in(part, |labels, series| self.shape.show(series, Labels::new(labels), visitor));
    }

    fn interners(&self) -> Vec<(&str, &str, &Arc<Interner>)> {
        let domains = self.series.domains();
        domains
            .interners()
            .map(|(at, interner)| (self.info[0].name.as_str(), L::NAMES[at], interner))
            .collect()
    }

    fn refused(&self) -> Vec<(&str, u64)> {
        vec![(self.info[0].name.as_str(), self.refused.read(0))]
    }
}
