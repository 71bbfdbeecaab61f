//! Calls: the number of started calls, the number of ended calls by status, and a histogram of durations.
//!
//! The cells of a series are: the started calls, the ended calls of each status, and the cells of one histogram. With
//! `by_status` there is a histogram for each status. A histogram has a cell for the sum in ticks of the clock, one for
//! each classic bucket, and with native buckets one for the window that the shard used last.
//!
//! The number of calls in flight is not stored: it is the number of started calls less the number of ended calls.
//! A recording thread counts the start of a call before its end, and the end before its bucket. A reader loads the
//! ends before the starts: otherwise it could miss the start of a call whose end it sees, and show fewer calls in
//! flight than there are. The storage makes every addition a release operation and every read an acquire operation, so
//! that a reader that sees the end sees the start, even if they were recorded in the shards of two threads.

use super::histogram_cells::{HistogramCells, HistogramRef};
use super::histogram_options::{HistogramExtensions, HistogramOptions};
use crate::clock;
use crate::label::{Labels, RenderedLabels};
use crate::sample::{Bounds, Number, Visitor};
use crate::storage::{Cells, ShardHandle};

/// The layout of the series of calls.
pub(crate) struct CallShape {
    pub(crate) statuses: &'static [&'static str],
    pub(crate) bounds: Bounds,
    /// The bounds in ticks of the clock.
    bounds_ticks: Box<[u64]>,
    /// The first cell of the first histogram.
    first: usize,
    /// Cells from the histogram of one status to the next, or 0 when all statuses share one.
    stride: usize,
    extensions: Option<Box<HistogramExtensions>>,
    seconds_per_tick: f64,
    /// Every call of at least this many ticks gets an exemplar, if a trace is active.
    long: u64,
}

/// Seconds from which a call is so long that looking for its trace takes about a hundredth of the time.
const LONG: f64 = 20e-6;

/// The largest number of statuses of a kind of call.
const MAX_STATUSES: usize = 10;

const STARTED: usize = 0;
const ENDED: usize = 1;

// The methods are inlined into the one function per kind of call that uses them.
#[allow(clippy::inline_always)]
impl CallShape {
    pub(crate) fn new(statuses: &'static [&'static str], bounds: &[f64], by_status: bool) -> Self {
        let bounds = Bounds::new(bounds);
        let stride = if by_status { bounds.buckets() + 1 } else { 0 };
        Self {
            statuses,
            first: ENDED + statuses.len(),
            bounds_ticks: bounds.ticks(),
            bounds,
            stride,
            extensions: None,
            seconds_per_tick: clock::seconds_per_tick(),
            long: clock::ticks_from_seconds(LONG),
        }
    }

    /// Returns the shape with the options of an instance or a family.
    pub(crate) fn with(self, histogram_options: &HistogramOptions) -> Self {
        let mut shape =
            Self::new(self.statuses, histogram_options.bounds(self.bounds.values()), self.by_status());
        shape.extensions = HistogramExtensions::new(histogram_options);
        shape.stride = if self.by_status() { shape.cells_per_histogram() } else { 0 };
        shape
    }

    pub(crate) fn by_status(&self) -> bool {
        self.stride != 0
    }

    /// The number of histograms of one series.
    fn histograms(&self) -> usize {
        if self.by_status() { self.statuses.len() } else { 1 }
    }

    /// The number of cells of one series.
    pub(crate) fn cells_per_series(&self) -> usize {
        self.first + self.histograms() * self.cells_per_histogram()
    }

    fn cells_per_histogram(&self) -> usize {
        1 + self.bounds.buckets() + HistogramExtensions::cells_per_series(self.extensions.as_deref())
    }

    /// Returns the first cell of the histogram of a status.
    #[inline(always)]
    fn first_cell(&self, status: usize) -> usize {
        if self.by_status() { self.first + self.stride * status } else { self.first }
    }

    /// Counts a start in the series whose cells begin at `at`.
    #[inline(always)]
    pub(crate) fn start(shard: ShardHandle, cells: &HistogramCells, at: usize) {
        cells.add(shard, at + STARTED, 1);
    }

    /// Counts an end.
    #[inline(always)]
    pub(crate) fn end(
        &self,
        shard: ShardHandle,
        cells: &HistogramCells,
        at: usize,
        status: usize,
        ticks: u64,
    ) {
        if let Some(extensions) = &self.extensions {
            self.observe_extensions(extensions, shard, cells, at, status, ticks);
        }
        match cells.exclusive(shard, at) {
            Some(cells) => self.end_in(cells, status, ticks),
            None => self.end_in_any(shard, cells, at, status, ticks),
        }
    }

    /// Counts an end without an observation, for a call that goes on in another series. `status` is one that is not
    /// exposed.
    pub(crate) fn withdraw(shard: ShardHandle, cells: &HistogramCells, at: usize, status: usize) {
        cells.add(shard, at + ENDED + status, 1);
    }

    #[cold]
    #[inline(never)]
    fn end_in_any(&self, shard: ShardHandle, cells: &HistogramCells, at: usize, status: usize, ticks: u64) {
        self.end_in(cells.in_shard(shard, at), status, ticks);
    }

    #[inline(always)]
    fn end_in(&self, cells: impl Cells, status: usize, ticks: u64) {
        let sum = self.first_cell(status);
        cells.add(ENDED + status, 1);
        cells.add(sum, ticks);
        cells.add(sum + 1 + self.bucket(ticks), 1);
    }

    #[inline(always)]
    fn bucket(&self, ticks: u64) -> usize {
        let bounds = &self.bounds_ticks;
        bounds.iter().position(|bound| ticks <= *bound).unwrap_or(bounds.len())
    }

    /// Counts an end in the native buckets and stores an exemplar of it. The caller counts it in its classic bucket
    /// afterwards: see `native_windows`.
    #[inline(never)]
    fn observe_extensions(
        &self,
        extensions: &HistogramExtensions,
        shard: ShardHandle,
        cells: &HistogramCells,
        at: usize,
        status: usize,
        ticks: u64,
    ) {
        let (histogram, seconds) = (self.histogram(cells, at, status), ticks as f64 * self.seconds_per_tick);
        let window = self.first_cell(status) + 1 + self.bounds.buckets();
        match cells.exclusive(shard, at) {
            Some(exclusive) => extensions.observe(histogram, shard, (exclusive, window), seconds),
            None => extensions.observe(histogram, shard, (cells.in_shard(shard, at), window), seconds),
        }
        let bucket = self.bucket(ticks);
        extensions.sample_exemplar(histogram, &self.bounds, bucket, seconds, ticks >= self.long);
    }

    /// Returns the histogram of a status in the series whose cells begin at `at`.
    fn histogram<'a>(&self, cells: &'a HistogramCells, at: usize, status: usize) -> HistogramRef<'a> {
        let (each, histograms) = (self.cells_per_series(), self.histograms());
        let index = if self.by_status() { status } else { 0 };
        // A division takes longer than counting, and most ranges have one series.
        if cells.len() == each {
            return HistogramRef { cells, count: histograms, index };
        }
        HistogramRef { cells, count: cells.len() / each * histograms, index: at / each * histograms + index }
    }

    /// Shows the number of calls that ended with each status.
    pub(crate) fn show_ended(
        &self,
        cells: &HistogramCells,
        at: usize,
        labels: &RenderedLabels,
        visitor: &mut dyn Visitor,
    ) {
        let mut ends = [0; MAX_STATUSES];
        let ends = &mut ends[..self.statuses.len()];
        cells.read_into(at + ENDED, ends);
        for (status, count) in self.statuses.iter().copied().zip(ends) {
            visitor.sample(Labels::with(labels, &[("status", status)]), Number::Integer(*count));
        }
    }

    /// Shows the durations of the calls.
    pub(crate) fn show_durations(
        &self,
        cells: &HistogramCells,
        at: usize,
        labels: &RenderedLabels,
        visitor: &mut dyn Visitor,
    ) {
        for status in 0..self.histograms() {
            let more: &[_] = if self.by_status() { &[("status", self.statuses[status])] } else { &[] };
            let first = at + self.first_cell(status);
            let (histogram, wants_native) = (self.histogram(cells, at, status), visitor.wants_native());
            let read = |counts: &mut [u64]| cells.read_into(first + 1, counts);
            let sum = || Number::Nanos(clock::nanos(cells.read(first)));
            HistogramExtensions::show(
                self.extensions.as_deref(),
                histogram,
                &self.bounds,
                wants_native,
                read,
                sum,
                |histogram| {
                    visitor.histogram(Labels::with(labels, more), histogram);
                },
            );
        }
    }

    /// Shows the number of calls in flight.
    pub(crate) fn show_in_flight(
        &self,
        cells: &HistogramCells,
        at: usize,
        labels: &RenderedLabels,
        visitor: &mut dyn Visitor,
    ) {
        let ended = || {
            let mut ends = [0; MAX_STATUSES];
            let ends = &mut ends[..self.statuses.len()];
            cells.read_into(at + ENDED, ends);
            ends.iter().sum()
        };
        let in_flight = in_flight(ended, || cells.read(at + STARTED));
        visitor.sample(Labels::new(labels), Number::Integer(in_flight));
    }
}

/// Returns the number of started calls less the number of ended calls.
///
/// The ends are read first, so that the result is never too small. It is too large by the calls that start and end
/// between the two reads, so both are read again until the result does not become smaller.
pub(crate) fn in_flight(ended: impl Fn() -> u64, started: impl Fn() -> u64) -> u64 {
    let read = || {
        let ended = ended();
        started().saturating_sub(ended)
    };
    let mut smallest = read();
    loop {
        match read() {
            smaller if smaller < smallest => smallest = smaller,
            _ => return smallest,
        }
    }
}
