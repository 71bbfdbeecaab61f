//! What is stored of the calls of one kind: how many started, how they ended, how long they took.
//!
//! A row is `started`, a count for each status, then a histogram: the sum in ticks of the clock and
//! the buckets, and with native ones the window that fits; or, with `by_status`, one such histogram for
//! each status. What is in flight is not stored: it is what started less what ended.

use super::HistogramOptions;
use super::histogram_cells::{HistogramCells, HistogramRef};
use super::histogram_options::Kept;
use crate::clock;
use crate::label::{Labels, RenderedLabels};
use crate::sample::{Bounds, Number, Visitor};
use crate::storage::{Cells, ShardHandle};

pub(crate) struct CallShape {
    pub(crate) statuses: &'static [&'static str],
    pub(crate) bounds: Bounds,
    bounds_ticks: Box<[u64]>,
    /// Where the first histogram begins.
    first: usize,
    /// Cells from one status's histogram to the next: 0 when they share one.
    stride: usize,
    kept: Option<Box<Kept>>,
    seconds_per_tick: f64,
    /// Calls of so many ticks and more may be asked for their trace each: that takes a hundredth of them.
    long: u64,
}

/// Seconds.
const LONG: f64 = 20e-6;

/// The most statuses that a kind of call tells apart.
const MAX_STATUSES: usize = 10;

const STARTED: usize = 0;
const ENDED: usize = 1;

// Always inlined into the one function per kind of call that uses it.
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
            kept: None,
            seconds_per_tick: clock::seconds_per_tick(),
            long: clock::ticks_of_seconds(LONG),
        }
    }

    /// The same with what an instance asks of its histograms.
    pub(crate) fn with(self, histogram_options: &HistogramOptions) -> Self {
        let mut shape =
            Self::new(self.statuses, histogram_options.bounds(self.bounds.values()), self.by_status());
        shape.kept = Kept::new(histogram_options);
        shape.stride = if self.by_status() { shape.histogram_words() } else { 0 };
        shape
    }

    pub(crate) fn by_status(&self) -> bool {
        self.stride != 0
    }

    fn histograms(&self) -> usize {
        if self.by_status() { self.statuses.len() } else { 1 }
    }

    pub(crate) fn words(&self) -> usize {
        self.first + self.histograms() * self.histogram_words()
    }

    fn histogram_words(&self) -> usize {
        1 + self.bounds.buckets() + Kept::words(self.kept.as_deref())
    }

    /// Where the histogram of a status begins.
    #[inline(always)]
    fn histogram(&self, status: usize) -> usize {
        if self.by_status() { self.first + self.stride * status } else { self.first }
    }

    /// Counts a start in the series whose words begin at `at`.
    #[inline(always)]
    pub(crate) fn start(writer: ShardHandle, row: &HistogramCells, at: usize) {
        row.add(writer, at + STARTED, 1);
    }

    /// Counts an end.
    #[inline(always)]
    pub(crate) fn end(
        &self,
        writer: ShardHandle,
        row: &HistogramCells,
        at: usize,
        status: usize,
        ticks: u64,
    ) {
        if let Some(kept) = &self.kept {
            self.keep(kept, writer, row, at, status, ticks);
        }
        match row.own(writer, at) {
            Some(words) => self.end_in(words, status, ticks),
            None => self.end_in_any(writer, row, at, status, ticks),
        }
    }

    /// Counts an end that is no observation: the call goes on in another series, and `status` is not shown.
    pub(crate) fn withdraw(writer: ShardHandle, row: &HistogramCells, at: usize, status: usize) {
        row.add(writer, at + ENDED + status, 1);
    }

    #[cold]
    #[inline(never)]
    fn end_in_any(&self, writer: ShardHandle, row: &HistogramCells, at: usize, status: usize, ticks: u64) {
        self.end_in(row.any(writer, at), status, ticks);
    }

    #[inline(always)]
    fn end_in(&self, words: impl Cells, status: usize, ticks: u64) {
        let sum = self.histogram(status);
        words.add(ENDED + status, 1);
        words.add(sum, ticks);
        words.add(sum + 1 + self.bucket(ticks), 1);
    }

    #[inline(always)]
    fn bucket(&self, ticks: u64) -> usize {
        let bounds = &self.bounds_ticks;
        bounds.iter().position(|bound| ticks <= *bound).unwrap_or(bounds.len())
    }

    /// Counts an end in native buckets and makes an exemplar of it, before it is in its classic bucket.
    #[inline(never)]
    fn keep(
        &self,
        kept: &Kept,
        writer: ShardHandle,
        row: &HistogramCells,
        at: usize,
        status: usize,
        ticks: u64,
    ) {
        let (of, seconds) = (self.of(row, at, status), ticks as f64 * self.seconds_per_tick);
        let window = self.histogram(status) + 1 + self.bounds.buckets();
        match row.own(writer, at) {
            Some(words) => kept.observe(of, writer, (words, window), seconds),
            None => kept.observe(of, writer, (row.any(writer, at), window), seconds),
        }
        kept.exemplify(of, &self.bounds, self.bucket(ticks), seconds, ticks >= self.long);
    }

    fn of<'a>(&self, row: &'a HistogramCells, at: usize, status: usize) -> HistogramRef<'a> {
        let (words, histograms) = (self.words(), self.histograms());
        let number = if self.by_status() { status } else { 0 };
        // Dividing takes longer than counting, and most rows are of one kind of call.
        if row.len() == words {
            return HistogramRef { cells: row, count: histograms, index: number };
        }
        HistogramRef {
            cells: row,
            count: row.len() / words * histograms,
            index: at / words * histograms + number,
        }
    }

    /// Shows how many calls ended with each status.
    pub(crate) fn show_ended(
        &self,
        row: &HistogramCells,
        at: usize,
        labels: &RenderedLabels,
        visitor: &mut dyn Visitor,
    ) {
        let mut ends = [0; MAX_STATUSES];
        let ends = &mut ends[..self.statuses.len()];
        row.read_into(at + ENDED, ends);
        for (status, count) in self.statuses.iter().copied().zip(ends) {
            visitor.sample(Labels::with(labels, &[("status", status)]), Number::Integer(*count));
        }
    }

    /// Shows how long they took.
    pub(crate) fn show_durations(
        &self,
        row: &HistogramCells,
        at: usize,
        labels: &RenderedLabels,
        visitor: &mut dyn Visitor,
    ) {
        for status in 0..self.histograms() {
            let more: &[_] = if self.by_status() { &[("status", self.statuses[status])] } else { &[] };
            let begin = at + self.histogram(status);
            let (of, wants_native) = (self.of(row, at, status), visitor.wants_native());
            let read = |counts: &mut [u64]| row.read_into(begin + 1, counts);
            let sum = || Number::Nanos(clock::nanos(row.read(begin)));
            Kept::show(self.kept.as_deref(), of, &self.bounds, wants_native, read, sum, |histogram| {
                visitor.histogram(Labels::with(labels, more), histogram);
            });
        }
    }

    /// Shows how many run now.
    pub(crate) fn show_in_flight(
        &self,
        row: &HistogramCells,
        at: usize,
        labels: &RenderedLabels,
        visitor: &mut dyn Visitor,
    ) {
        let ended = || {
            let mut ends = [0; MAX_STATUSES];
            let ends = &mut ends[..self.statuses.len()];
            row.read_into(at + ENDED, ends);
            ends.iter().sum()
        };
        let in_flight = in_flight(ended, || row.read(at + STARTED));
        visitor.sample(Labels::new(labels), Number::Integer(in_flight));
    }
}

/// What started less what ended. Ends are read first, so that it is never too little; what passes
/// between the two readings makes it too much, so it is read again until it doesn't get less.
pub(crate) fn in_flight(ended: impl Fn() -> u64, started: impl Fn() -> u64) -> u64 {
    let read = || {
        let ended = ended();
        started().saturating_sub(ended)
    };
    let mut least = read();
    loop {
        match read() {
            less if less < least => least = less,
            _ => return least,
        }
    }
}
