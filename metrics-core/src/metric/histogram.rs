//! Histograms with classic buckets: a sum and a count for each bucket. The count of all
//! observations is not stored but added up from the buckets, so that the two can't disagree.

use std::sync::Arc;
use std::time::Duration;

use super::{Bounds, Number, is_amount};
use crate::clock;
use crate::family::Slot;
use crate::label::{LabelSet, Labels};
use crate::plane::{Row, Words};
use crate::stored::{Shape, Stored};
use crate::visit::{HistogramSample, Visitor};

/// A family of histograms.
#[derive(Clone)]
pub struct Histogram<L: LabelSet = ()>(pub(crate) Arc<Stored<L, HistogramShape>>);

/// One histogram.
#[derive(Clone, Copy)]
pub struct HistogramSeries<'a, L: LabelSet>(&'a Stored<L, HistogramShape>, Slot<'a>);

/// The words of one histogram: the sum, then the buckets.
pub(crate) struct HistogramShape {
    pub(crate) bounds: Bounds,
    sum: SumOf,
}

/// How the word of the sum is to be read.
#[derive(Clone, Copy)]
enum SumOf {
    Floats,
    WholeNumbers,
    Ticks,
    PicoUsd,
}

const SUM: usize = 0;
const BUCKETS: usize = 1;

impl HistogramShape {
    pub(crate) fn floats(bounds: &[f64]) -> Self {
        Self { bounds: Bounds::new(bounds), sum: SumOf::Floats }
    }

    pub(crate) fn whole_numbers(bounds: &[f64]) -> Self {
        Self { bounds: Bounds::new(bounds), sum: SumOf::WholeNumbers }
    }

    /// For durations in ticks of the clock, with bounds in seconds.
    pub(crate) fn ticks(bounds: &[f64]) -> Self {
        Self { bounds: Bounds::new(bounds), sum: SumOf::Ticks }
    }

    /// For USD, summed in millionths of a millionth.
    pub(crate) fn pico_usd(bounds: &[f64]) -> Self {
        Self { bounds: Bounds::new(bounds), sum: SumOf::PicoUsd }
    }

    /// Adds an amount of money.
    pub(crate) fn observe_pico_usd(&self, row: &Row, pico_usd: u64) {
        let words = row.words(0);
        words.add(SUM, pico_usd);
        words.add(BUCKETS + self.bounds.bucket(pico_usd as f64 / 1e12), 1);
    }

    /// Adds an observation of a histogram of floats.
    #[inline]
    fn observe(&self, row: &Row, at: usize, value: f64) {
        let words = row.words(at);
        words.add_f64(SUM, value);
        words.add(BUCKETS + self.bounds.bucket(value), 1);
    }

    /// Adds an observation of a histogram of whole numbers.
    #[inline]
    pub(crate) fn observe_whole(&self, row: &Row, value: u64) {
        let words = row.words(0);
        words.add(SUM, value);
        words.add(BUCKETS + self.bounds.bucket(value as f64), 1);
    }

    /// Adds a duration.
    pub(crate) fn observe_ticks(&self, row: &Row, ticks: u64) {
        let words = row.words(0);
        words.add(SUM, ticks);
        words.add(BUCKETS + self.bounds.bucket(Number::Nanos(clock::nanos(ticks)).to_f64()), 1);
    }

    pub(crate) fn show_row(&self, row: &Row, at: usize, labels: Labels<'_>, visitor: &mut dyn Visitor) {
        Bounds::with_words(self.bounds.buckets(), |counts| {
            row.read_into(at + BUCKETS, counts);
            let sum = match self.sum {
                SumOf::Floats => Number::Float(row.read_f64(at + SUM)),
                SumOf::WholeNumbers => Number::Integer(row.read(at + SUM)),
                SumOf::PicoUsd => Number::Float(row.read(at + SUM) as f64 / 1e12),
                SumOf::Ticks => Number::Nanos(clock::nanos(row.read(at + SUM))),
            };
            visitor.histogram(labels, &HistogramSample::new(&self.bounds, counts, sum));
        });
    }
}

impl Shape for HistogramShape {
    fn words(&self) -> usize {
        BUCKETS + self.bounds.buckets()
    }

    fn show(&self, slot: Slot<'_>, labels: Labels<'_>, visitor: &mut dyn Visitor) {
        if let Some((row, at)) = slot.row() {
            self.show_row(row, at, labels, visitor);
        }
    }
}

impl<L: LabelSet> Histogram<L> {
    /// The histogram of these labels, made if it is new.
    #[inline]
    pub fn with(&self, labels: L) -> HistogramSeries<'_, L> {
        HistogramSeries(&self.0, self.0.series.series(&labels))
    }
}

impl<L: LabelSet> HistogramSeries<'_, L> {
    /// Adds an observation. One that is negative, not a number or past 1e300 is refused, and counted in
    /// `agent_metrics_refused_observations_total`: it would spoil the sum for good.
    #[inline]
    pub fn observe(self, value: f64) {
        match self.1.row() {
            Some((row, at)) if is_amount(value) => self.0.shape.observe(row, at, value),
            _ => self.0.refuse(),
        }
    }

    /// Adds a duration, in seconds.
    #[inline]
    pub fn observe_duration(self, duration: Duration) {
        self.observe(duration.as_secs_f64());
    }
}
