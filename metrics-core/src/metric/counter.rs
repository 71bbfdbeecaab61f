//! Counters: of integers, or of amounts such as money.

use std::sync::Arc;

use super::series_table::SeriesRef;
use super::user_family::{Shape, UserFamily, impl_debug};
use crate::label::{LabelSet, Labels};
use crate::sample::{MAX_EXACT_INTEGER, Number, Visitor, is_valid_amount};
use crate::storage::Cells;

/// A family of counters of integers. Its name ends in `_total`.
///
/// A clone is a handle to the same family.
#[derive(Clone)]
pub struct Counter<L: LabelSet = ()>(pub(crate) Arc<UserFamily<L, IntegerCounterShape>>);

/// One counter.
#[derive(Clone, Copy)]
pub struct CounterSeries<'a, L: LabelSet>(&'a UserFamily<L, IntegerCounterShape>, SeriesRef<'a>);

impl_debug!(Counter, CounterSeries);

/// The layout of a counter of integers: one cell with the count.
pub(crate) struct IntegerCounterShape;

impl Shape for IntegerCounterShape {
    fn cells_per_series(&self) -> usize {
        1
    }

    fn show(&self, series: SeriesRef<'_>, labels: Labels<'_>, visitor: &mut dyn Visitor) {
        let count = series.cells().map_or(0, |(cells, at)| cells.read(at));
        visitor.sample(labels, Number::Integer(count));
    }
}

impl<L: LabelSet> Counter<L> {
    /// Returns the counter with these labels, which is created if it is new.
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

    /// Adds `amount`. An amount above 2^53 is refused, and counted in
    /// `agent_metrics_refused_observations_total`.
    #[inline]
    pub fn add(self, amount: u64) {
        match self.1.cells() {
            Some((cells, at)) if amount <= MAX_EXACT_INTEGER => cells.cells(at).add(0, amount),
            _ => self.0.refuse(),
        }
    }

    /// Returns the count so far.
    pub fn get(self) -> u64 {
        self.1.cells().map_or(0, |(cells, at)| cells.read(at))
    }
}

/// A family of counters of amounts that need not be integers, such as dollars. Its name ends in `_total`.
///
/// A clone is a handle to the same family.
#[derive(Clone)]
pub struct FloatCounter<L: LabelSet = ()>(pub(crate) Arc<UserFamily<L, FloatCounterShape>>);

/// One counter of amounts.
#[derive(Clone, Copy)]
pub struct FloatCounterSeries<'a, L: LabelSet>(&'a UserFamily<L, FloatCounterShape>, SeriesRef<'a>);

impl_debug!(FloatCounter, FloatCounterSeries);

/// The layout of a counter of amounts: one cell with the bits of the sum.
pub(crate) struct FloatCounterShape;

impl Shape for FloatCounterShape {
    fn cells_per_series(&self) -> usize {
        1
    }

    fn show(&self, series: SeriesRef<'_>, labels: Labels<'_>, visitor: &mut dyn Visitor) {
        let amount = series.cells().map_or(0.0, |(cells, at)| cells.read_f64(at));
        visitor.sample(labels, Number::Float(amount));
    }
}

impl<L: LabelSet> FloatCounter<L> {
    /// Returns the counter with these labels, which is created if it is new.
    #[inline]
    pub fn with(&self, labels: L) -> FloatCounterSeries<'_, L> {
        FloatCounterSeries(&self.0, self.0.series.series(&labels))
    }
}

impl<L: LabelSet> FloatCounterSeries<'_, L> {
    /// Adds `amount`. An amount that is negative, not a number or above 1e300 is refused, and counted in
    /// `agent_metrics_refused_observations_total`.
    #[inline]
    pub fn add(self, amount: f64) {
        match self.1.cells() {
            Some((cells, at)) if is_valid_amount(amount) => cells.cells(at).add_f64(0, amount),
            _ => self.0.refuse(),
        }
    }

    /// Returns the amount so far.
    pub fn get(self) -> f64 {
        self.1.cells().map_or(0.0, |(cells, at)| cells.read_f64(at))
    }
}
