//! Summaries: the sum and the count of what was observed.

use std::sync::Arc;

use super::Slot;
use super::{Shape, Stored};
use crate::label::{LabelSet, Labels};
use crate::sample::{Number, Visitor, is_amount};
use crate::storage::Cells;

/// A family of summaries.
#[derive(Clone)]
pub struct Summary<L: LabelSet = ()>(pub(crate) Arc<Stored<L, SumAndCount>>);

/// One summary.
#[derive(Clone, Copy)]
pub struct SummarySeries<'a, L: LabelSet>(&'a Stored<L, SumAndCount>, Slot<'a>);

pub(crate) struct SumAndCount;

const SUM: usize = 0;
const COUNT: usize = 1;

impl Shape for SumAndCount {
    fn words(&self) -> usize {
        2
    }

    fn show(&self, slot: Slot<'_>, labels: Labels<'_>, visitor: &mut dyn Visitor) {
        if let Some((row, at)) = slot.row() {
            visitor.summary(labels, row.read(at + COUNT), Number::Float(row.read_f64(at + SUM)));
        }
    }
}

impl<L: LabelSet> Summary<L> {
    /// The summary of these labels, made if it is new.
    #[inline]
    pub fn with(&self, labels: L) -> SummarySeries<'_, L> {
        SummarySeries(&self.0, self.0.series.series(&labels))
    }
}

impl<L: LabelSet> SummarySeries<'_, L> {
    /// Adds an observation. One that is negative, not a number or past 1e300 is refused, and counted in
    /// `agent_metrics_refused_observations_total`.
    #[inline]
    pub fn observe(self, value: f64) {
        match self.1.row() {
            Some((row, at)) if is_amount(value) => {
                let words = row.words(at);
                words.add_f64(SUM, value);
                words.add(COUNT, 1);
            }
            _ => self.0.refuse(),
        }
    }
}
