//! Histograms: a sum and a count for each bucket, and native buckets beside them if they are asked for. The count of
//! all observations is not stored but added up from the buckets, so that the two can't disagree.

use std::sync::Arc;
use std::time::Duration;

use super::HistogramOptions;
use super::Slot;
use super::histogram_cells::{HistogramCells, HistogramRef};
use super::histogram_options::Kept;
use super::{Shape, Stored};
use crate::clock;
use crate::label::{LabelSet, Labels};
use crate::sample::{Bounds, HistogramSample, Number, Visitor, is_amount};
use crate::storage::{self, AnyCells, Cells};

/// A family of histograms.
#[derive(Clone)]
pub struct Histogram<L: LabelSet = ()>(pub(crate) Arc<Stored<L, HistogramShape>>);

/// One histogram.
#[derive(Clone, Copy)]
pub struct HistogramSeries<'a, L: LabelSet>(&'a Stored<L, HistogramShape>, Slot<'a>);

/// The words of one histogram: the sum, the classic buckets, and with native ones the window that fits.
pub(crate) struct HistogramShape {
    pub(crate) bounds: Bounds,
    sum: SumOf,
    kept: Option<Box<Kept>>,
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
        Self::new(bounds, SumOf::Floats)
    }

    pub(crate) fn whole_numbers(bounds: &[f64]) -> Self {
        Self::new(bounds, SumOf::WholeNumbers)
    }

    /// For durations in ticks of the clock, with bounds in seconds.
    pub(crate) fn ticks(bounds: &[f64]) -> Self {
        Self::new(bounds, SumOf::Ticks)
    }

    /// For USD, summed in millionths of a millionth.
    pub(crate) fn pico_usd(bounds: &[f64]) -> Self {
        Self::new(bounds, SumOf::PicoUsd)
    }

    fn new(bounds: &[f64], sum: SumOf) -> Self {
        Self { bounds: Bounds::new(bounds), sum, kept: None }
    }

    /// The same with what an instance asks of its histograms.
    pub(crate) fn with(mut self, histogram_options: &HistogramOptions) -> Self {
        self.bounds = Bounds::new(histogram_options.bounds(self.bounds.values()));
        self.kept = Kept::new(histogram_options);
        self
    }

    /// Cells of one histogram.
    pub(crate) fn words(&self) -> usize {
        self.window() + Kept::words(self.kept.as_deref())
    }

    fn window(&self) -> usize {
        BUCKETS + self.bounds.buckets()
    }

    /// Adds an amount of money.
    pub(crate) fn observe_pico_usd(&self, row: &HistogramCells, pico_usd: u64) {
        self.observe_in(row, 0, pico_usd as f64 / 1e12, |words| words.add(SUM, pico_usd));
    }

    /// Adds an observation of a histogram of floats.
    #[inline]
    fn observe(&self, row: &HistogramCells, at: usize, value: f64) {
        self.observe_in(row, at, value, |words| words.add_f64(SUM, value));
    }

    /// Adds an observation of a histogram of whole numbers.
    #[inline]
    pub(crate) fn observe_whole(&self, row: &HistogramCells, value: u64) {
        self.observe_in(row, 0, value as f64, |words| words.add(SUM, value));
    }

    /// Adds a duration.
    pub(crate) fn observe_ticks(&self, row: &HistogramCells, ticks: u64) {
        let seconds = Number::Nanos(clock::nanos(ticks)).to_f64();
        self.observe_in(row, 0, seconds, |words| words.add(SUM, ticks));
    }

    #[inline]
    fn observe_in(&self, row: &HistogramCells, at: usize, value: f64, add_sum: impl FnOnce(AnyCells)) {
        let writer = storage::writer();
        let words = row.any(writer, at);
        let bucket = self.bounds.bucket(value);
        add_sum(words);
        if let Some(kept) = &self.kept {
            let of = self.of(row, at);
            kept.observe(of, writer, (words, self.window()), value);
            kept.exemplify(of, &self.bounds, bucket, value, false);
        }
        words.add(BUCKETS + bucket, 1);
    }

    fn of<'a>(&self, row: &'a HistogramCells, at: usize) -> HistogramRef<'a> {
        let words = self.words();
        // Dividing takes longer than all else that is done with an observation, and most rows are of one histogram.
        if row.len() == words {
            return HistogramRef { cells: row, count: 1, index: 0 };
        }
        HistogramRef { cells: row, count: row.len() / words, index: at / words }
    }

    pub(crate) fn show_row(
        &self,
        row: &HistogramCells,
        at: usize,
        labels: Labels<'_>,
        visitor: &mut dyn Visitor,
    ) {
        let sum = || match self.sum {
            SumOf::Floats => Number::Float(row.read_f64(at + SUM)),
            SumOf::WholeNumbers => Number::Integer(row.read(at + SUM)),
            SumOf::PicoUsd => Number::Float(row.read(at + SUM) as f64 / 1e12),
            SumOf::Ticks => Number::Nanos(clock::nanos(row.read(at + SUM))),
        };
        let (of, wants_native) = (self.of(row, at), visitor.wants_native());
        let read = |counts: &mut [u64]| row.read_into(at + BUCKETS, counts);
        let show = |sample: &HistogramSample<'_>| visitor.histogram(labels, sample);
        Kept::show(self.kept.as_deref(), of, &self.bounds, wants_native, read, sum, show);
    }
}

impl Shape for HistogramShape {
    fn words(&self) -> usize {
        self.words()
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
