//! Histograms: a sum, a count for each classic bucket, and optionally native buckets and exemplars.
//!
//! The count of all observations is not stored but added up from the buckets, so that the two can't disagree.

use std::sync::Arc;
use std::time::Duration;

use super::histogram_cells::{HistogramCells, HistogramRef};
use super::histogram_options::{HistogramExtensions, HistogramOptions};
use super::series_table::SeriesRef;
use super::user_family::{Shape, UserFamily, impl_debug};
use crate::clock;
use crate::label::{LabelSet, Labels};
use crate::sample::{Bounds, HistogramSample, Number, Visitor, is_valid_amount};
use crate::storage::{self, AnyCells, Cells};

/// A family of histograms.
///
/// A clone is a handle to the same family.
#[derive(Clone)]
pub struct Histogram<L: LabelSet = ()>(pub(crate) Arc<UserFamily<L, HistogramShape>>);

/// One histogram.
#[derive(Clone, Copy)]
pub struct HistogramSeries<'a, L: LabelSet>(&'a UserFamily<L, HistogramShape>, SeriesRef<'a>);

impl_debug!(Histogram, HistogramSeries);

/// The layout of a histogram: one cell for the sum, one for each classic bucket, and with native buckets one for the
/// window that the shard used last.
pub(crate) struct HistogramShape {
    pub(crate) bounds: Bounds,
    sum: SumEncoding,
    extensions: Option<Box<HistogramExtensions>>,
}

/// The content of the cell with the sum.
#[derive(Clone, Copy)]
enum SumEncoding {
    /// The bits of an `f64`.
    Float,
    Integer,
    /// Ticks of the clock, exposed as seconds.
    Ticks,
}

const SUM: usize = 0;
const BUCKETS: usize = 1;

impl HistogramShape {
    /// Creates the shape of a histogram of floats.
    pub(crate) fn floats(bounds: &[f64]) -> Self {
        Self::new(bounds, SumEncoding::Float)
    }

    /// Creates the shape of a histogram of integers.
    pub(crate) fn integers(bounds: &[f64]) -> Self {
        Self::new(bounds, SumEncoding::Integer)
    }

    /// Creates the shape of a histogram of durations in ticks of the clock, with bounds in seconds.
    pub(crate) fn ticks(bounds: &[f64]) -> Self {
        Self::new(bounds, SumEncoding::Ticks)
    }

    fn new(bounds: &[f64], sum: SumEncoding) -> Self {
        Self { bounds: Bounds::new(bounds), sum, extensions: None }
    }

    /// Returns the shape with the options of an instance or a family.
    pub(crate) fn with(mut self, histogram_options: &HistogramOptions) -> Self {
        self.bounds = Bounds::new(histogram_options.bounds(self.bounds.values()));
        self.extensions = HistogramExtensions::new(histogram_options);
        self
    }

    /// The number of cells of one histogram.
    pub(crate) fn cells_per_series(&self) -> usize {
        self.window() + HistogramExtensions::cells_per_series(self.extensions.as_deref())
    }

    /// The cell of the native window.
    fn window(&self) -> usize {
        BUCKETS + self.bounds.buckets()
    }

    /// Adds an observation of a histogram of floats.
    #[inline]
    pub(crate) fn observe(&self, cells: &HistogramCells, at: usize, value: f64) {
        self.observe_in(cells, at, value, |cells| cells.add_f64(SUM, value));
    }

    /// Adds an observation of a histogram of integers.
    #[inline]
    pub(crate) fn observe_integer(&self, cells: &HistogramCells, value: u64) {
        self.observe_in(cells, 0, value as f64, |cells| cells.add(SUM, value));
    }

    /// Adds a duration in ticks of the clock.
    pub(crate) fn observe_ticks(&self, cells: &HistogramCells, ticks: u64) {
        let seconds = Number::Nanos(clock::nanos(ticks)).to_f64();
        self.observe_in(cells, 0, seconds, |cells| cells.add(SUM, ticks));
    }

    #[inline]
    fn observe_in(&self, cells: &HistogramCells, at: usize, value: f64, add_sum: impl FnOnce(AnyCells)) {
        let shard = storage::current_shard();
        let in_shard = cells.in_shard(shard, at);
        let bucket = self.bounds.bucket(value);
        add_sum(in_shard);
        // The classic bucket comes last: see `native_windows`.
        let extended = self.extensions.as_ref().map(|extensions| (extensions, self.histogram(cells, at)));
        if let Some((extensions, histogram)) = extended {
            extensions.observe(histogram, shard, (in_shard, self.window()), value);
        }
        in_shard.add(BUCKETS + bucket, 1);
        // Last, since the sampler of the user may record, too.
        if let Some((extensions, histogram)) = extended {
            extensions.sample_exemplar(histogram, &self.bounds, bucket, value, false);
        }
    }

    /// Returns the histogram whose cells begin at `at`.
    fn histogram<'a>(&self, cells: &'a HistogramCells, at: usize) -> HistogramRef<'a> {
        let each = self.cells_per_series();
        // A division takes longer than the rest of an observation, and most ranges have one histogram.
        if cells.len() == each {
            return HistogramRef { cells, count: 1, index: 0 };
        }
        HistogramRef { cells, count: cells.len() / each, index: at / each }
    }

    /// Shows the histogram whose cells begin at `at`.
    pub(crate) fn show_at(
        &self,
        cells: &HistogramCells,
        at: usize,
        labels: Labels<'_>,
        visitor: &mut dyn Visitor,
    ) {
        let sum = || match self.sum {
            SumEncoding::Float => Number::Float(cells.read_f64(at + SUM)),
            SumEncoding::Integer => Number::Integer(cells.read(at + SUM)),
            SumEncoding::Ticks => Number::Nanos(clock::nanos(cells.read(at + SUM))),
        };
        let (histogram, wants_native) = (self.histogram(cells, at), visitor.wants_native());
        let read = |counts: &mut [u64]| cells.read_into(at + BUCKETS, counts);
        let show = |sample: &HistogramSample<'_>| visitor.histogram(labels, sample);
        HistogramExtensions::show(
            self.extensions.as_deref(),
            histogram,
            &self.bounds,
            wants_native,
            read,
            sum,
            show,
        );
    }
}

impl Shape for HistogramShape {
    fn cells_per_series(&self) -> usize {
        self.cells_per_series()
    }

    fn show(&self, series: SeriesRef<'_>, labels: Labels<'_>, visitor: &mut dyn Visitor) {
        if let Some((cells, at)) = series.cells() {
            self.show_at(cells, at, labels, visitor);
        }
    }
}

impl<L: LabelSet> Histogram<L> {
    /// Returns the histogram with these labels, which is created if it is new.
    #[inline]
    pub fn with(&self, labels: L) -> HistogramSeries<'_, L> {
        HistogramSeries(&self.0, self.0.series.series(&labels))
    }
}

impl<L: LabelSet> HistogramSeries<'_, L> {
    /// Adds an observation. A value that is negative, not a number or above 1e300 is refused, and counted in
    /// `agent_metrics_refused_observations_total`, since it would make the sum useless.
    #[inline]
    pub fn observe(self, value: f64) {
        match self.1.cells() {
            Some((cells, at)) if is_valid_amount(value) => self.0.shape.observe(cells, at, value),
            _ => self.0.refuse(),
        }
    }

    /// Adds a duration as seconds.
    #[inline]
    pub fn observe_duration(self, duration: Duration) {
        self.observe(duration.as_secs_f64());
    }
}
