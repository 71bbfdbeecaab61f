//! Summaries: the sum and the count of observations.

use std::sync::Arc;

use super::series_table::SeriesRef;
use super::user_family::{Shape, UserFamily, impl_debug};
use crate::label::{LabelSet, Labels};
use crate::sample::{Number, Visitor, is_valid_amount};
use crate::storage::Cells;

/// A family of summaries.
///
/// A clone is a handle to the same family.
#[derive(Clone)]
pub struct Summary<L: LabelSet = ()>(pub(crate) Arc<UserFamily<L, SummaryShape>>);

/// One summary.
#[derive(Clone, Copy)]
pub struct SummarySeries<'a, L: LabelSet>(&'a UserFamily<L, SummaryShape>, SeriesRef<'a>);

impl_debug!(Summary, SummarySeries);

/// The layout of a summary: one cell with the bits of the sum, one with the count.
pub(crate) struct SummaryShape;

const SUM: usize = 0;
const COUNT: usize = 1;

impl Shape for SummaryShape {
    fn cells_per_series(&self) -> usize {
        2
    }

    fn show(&self, series: SeriesRef<'_>, labels: Labels<'_>, visitor: &mut dyn Visitor) {
        if let Some((cells, at)) = series.cells() {
            visitor.summary(labels, cells.read(at + COUNT), Number::Float(cells.read_f64(at + SUM)));
        }
    }
}

impl<L: LabelSet> Summary<L> {
    /// Returns the summary with these labels, which is created if it is new.
    #[inline]
    pub fn with(&self, labels: L) -> SummarySeries<'_, L> {
        SummarySeries(&self.0, self.0.series.series(&labels))
    }
}

impl<L: LabelSet> SummarySeries<'_, L> {
    /// Adds an observation. A value that is negative, not a number or above 1e300 is refused, and counted in
    /// `agent_metrics_refused_observations_total`.
    #[inline]
    pub fn observe(self, value: f64) {
        match self.1.cells() {
            Some((cells, at)) if is_valid_amount(value) => {
                let cells = cells.cells(at);
                cells.add_f64(SUM, value);
                cells.add(COUNT, 1);
            }
            _ => self.0.refuse(),
        }
    }
}
