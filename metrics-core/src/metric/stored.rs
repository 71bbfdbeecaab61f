//! A family of a user's own as the registry keeps it: series, shape and description in one.

use std::sync::Arc;

use super::{SeriesTable, Slot};
use crate::label::{Interner, LabelSet, Labels};
use crate::sample::{FamilyInfo, Source, Visitor};
use crate::storage::{CellRange, Cells};

/// What a kind of metric keeps for each series, and how it shows it.
pub(crate) trait Shape: Send + Sync + 'static {
    /// Cells of one series in the plane; 0 for one atomic.
    fn words(&self) -> usize;

    fn show(&self, slot: Slot<'_>, labels: Labels<'_>, visitor: &mut dyn Visitor);
}

pub(crate) struct Stored<L, S> {
    pub(crate) shape: S,
    pub(crate) series: SeriesTable<L>,
    refused: CellRange,
    info: [FamilyInfo; 1],
}

/// Series of a closed family that stand at 0 from the first scrape, for counters and for histograms.
pub(crate) const ZERO_COUNTERS: usize = 1024;
pub(crate) const ZERO_HISTOGRAMS: usize = 64;

impl<L: LabelSet, S: Shape> Stored<L, S> {
    pub(crate) fn new(info: FamilyInfo, shape: S) -> Arc<Self> {
        Arc::new(Self {
            series: SeriesTable::new(shape.words()),
            shape,
            refused: CellRange::new(1),
            info: [info],
        })
    }

    /// Counts an observation that cannot be added.
    #[cold]
    pub(crate) fn refuse(&self) {
        self.refused.words(0).add(0, 1);
    }
}

impl<L: LabelSet, S: Shape> Source for Stored<L, S> {
    fn families(&self) -> &[FamilyInfo] {
        &self.info
    }

    fn parts(&self, _: usize) -> usize {
        self.series.parts()
    }

    fn visit_part(&self, _: usize, part: usize, visitor: &mut dyn Visitor) {
        self.series.for_each_in(part, |labels, slot| self.shape.show(slot, Labels::new(labels), visitor));
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
