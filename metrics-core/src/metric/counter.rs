//! Counters: whole numbers, or amounts such as money.

use std::sync::Arc;

use super::Slot;
use super::{Shape, Stored};
use crate::label::{LabelSet, Labels};
use crate::sample::{LARGEST_WHOLE, Number, Visitor, is_amount};
use crate::storage::Cells;

/// A family of counters of whole numbers; its name ends in `_total`.
///
/// A clone is a handle to the same family.
#[derive(Clone)]
pub struct Counter<L: LabelSet = ()>(pub(crate) Arc<Stored<L, Whole>>);

/// One counter.
#[derive(Clone, Copy)]
pub struct CounterSeries<'a, L: LabelSet>(&'a Stored<L, Whole>, Slot<'a>);

pub(crate) struct Whole;

impl Shape for Whole {
    fn words(&self) -> usize {
        1
    }

    fn show(&self, slot: Slot<'_>, labels: Labels<'_>, visitor: &mut dyn Visitor) {
        let count = slot.row().map_or(0, |(row, at)| row.read(at));
        visitor.sample(labels, Number::Integer(count));
    }
}

impl<L: LabelSet> Counter<L> {
    /// The counter of these labels, made if it is new.
    #[inline]
    pub fn with(&self, labels: L) -> CounterSeries<'_, L> {
        CounterSeries(&self.0, self.0.series.series(&labels))
    }
}

impl<L: LabelSet> CounterSeries<'_, L> {
    /// Adds 1.
    #[inline]
    pub fn inc(self) {
        self.add(1);
    }

    /// Adds `amount`. One past 2^53 is refused, and counted in
    /// `agent_metrics_refused_observations_total`.
    #[inline]
    pub fn add(self, amount: u64) {
        match self.1.row() {
            Some((row, at)) if amount <= LARGEST_WHOLE => row.words(at).add(0, amount),
            _ => self.0.refuse(),
        }
    }

    /// The count so far.
    pub fn get(self) -> u64 {
        self.1.row().map_or(0, |(row, at)| row.read(at))
    }
}

/// A family of counters of amounts that need not be whole, such as dollars.
#[derive(Clone)]
pub struct FloatCounter<L: LabelSet = ()>(pub(crate) Arc<Stored<L, Amount>>);

/// One counter of amounts.
#[derive(Clone, Copy)]
pub struct FloatCounterSeries<'a, L: LabelSet>(&'a Stored<L, Amount>, Slot<'a>);

pub(crate) struct Amount;

impl Shape for Amount {
    fn words(&self) -> usize {
        1
    }

    fn show(&self, slot: Slot<'_>, labels: Labels<'_>, visitor: &mut dyn Visitor) {
        let amount = slot.row().map_or(0.0, |(row, at)| row.read_f64(at));
        visitor.sample(labels, Number::Float(amount));
    }
}

impl<L: LabelSet> FloatCounter<L> {
    /// The counter of these labels, made if it is new.
    #[inline]
    pub fn with(&self, labels: L) -> FloatCounterSeries<'_, L> {
        FloatCounterSeries(&self.0, self.0.series.series(&labels))
    }
}

impl<L: LabelSet> FloatCounterSeries<'_, L> {
    /// Adds `amount`. One that is negative, not a number or past 1e300 is refused, and counted in
    /// `agent_metrics_refused_observations_total`.
    #[inline]
    pub fn add(self, amount: f64) {
        match self.1.row() {
            Some((row, at)) if is_amount(amount) => row.words(at).add_f64(0, amount),
            _ => self.0.refuse(),
        }
    }

    /// The amount so far.
    pub fn get(self) -> f64 {
        self.1.row().map_or(0.0, |(row, at)| row.read_f64(at))
    }
}
