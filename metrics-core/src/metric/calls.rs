//! What is stored of the calls of one kind: how many started, how they ended, how long they took.
//!
//! A row is `started`, a count for each status, then a histogram: the sum in ticks of the clock and
//! the buckets; or, with `by_status`, one such histogram for each status. What is in flight is not
//! stored: it is what started less what ended.

use super::{Bounds, Number};
use crate::clock;
use crate::label::Labels;
use crate::plane::{Row, Words, Writer};
use crate::visit::{HistogramSample, Visitor};

pub(crate) struct CallShape {
    pub(crate) statuses: &'static [&'static str],
    pub(crate) bounds: Bounds,
    bounds_ticks: Box<[u64]>,
    /// Where the first histogram begins.
    first: usize,
    /// Words from one status's histogram to the next: 0 when they share one.
    stride: usize,
}

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
        Self { statuses, first: ENDED + statuses.len(), bounds_ticks: bounds.ticks(), bounds, stride }
    }

    pub(crate) fn by_status(&self) -> bool {
        self.stride != 0
    }

    fn histograms(&self) -> usize {
        if self.by_status() { self.statuses.len() } else { 1 }
    }

    pub(crate) fn words(&self) -> usize {
        self.first + self.histograms() * (self.bounds.buckets() + 1)
    }

    /// Counts a start in the series whose words begin at `at`.
    #[inline(always)]
    pub(crate) fn start(writer: Writer, row: &Row, at: usize) {
        row.add(writer, at + STARTED, 1);
    }

    /// Counts an end.
    #[inline(always)]
    pub(crate) fn end(&self, writer: Writer, row: &Row, at: usize, status: usize, ticks: u64) {
        match row.own(writer, at) {
            Some(words) => self.end_in(words, status, ticks),
            None => self.end_in_any(writer, row, at, status, ticks),
        }
    }

    #[cold]
    #[inline(never)]
    fn end_in_any(&self, writer: Writer, row: &Row, at: usize, status: usize, ticks: u64) {
        self.end_in(row.any(writer, at), status, ticks);
    }

    #[inline(always)]
    fn end_in(&self, words: impl Words, status: usize, ticks: u64) {
        let sum = if self.by_status() { self.first + self.stride * status } else { self.first };
        let bounds = &self.bounds_ticks;
        let bucket = bounds.iter().position(|bound| ticks <= *bound).unwrap_or(bounds.len());
        words.add(ENDED + status, 1);
        words.add(sum, ticks);
        words.add(sum + 1 + bucket, 1);
    }

    /// Shows how many calls ended with each status.
    pub(crate) fn show_ended(&self, row: &Row, at: usize, labels: &str, visitor: &mut dyn Visitor) {
        let mut ends = [0; MAX_STATUSES];
        let ends = &mut ends[..self.statuses.len()];
        row.read_into(at + ENDED, ends);
        for (status, count) in self.statuses.iter().copied().zip(ends) {
            visitor.sample(Labels::with(labels, &[("status", status)]), Number::Integer(*count));
        }
    }

    /// Shows how long they took.
    pub(crate) fn show_durations(&self, row: &Row, at: usize, labels: &str, visitor: &mut dyn Visitor) {
        for histogram in 0..self.histograms() {
            let more: &[_] = if self.by_status() { &[("status", self.statuses[histogram])] } else { &[] };
            Bounds::with_words(1 + self.bounds.buckets(), |words| {
                row.read_into(at + self.first + self.stride * histogram, words);
                let sum = Number::Nanos(clock::nanos(words[0]));
                let histogram = HistogramSample::new(&self.bounds, &words[1..], sum);
                visitor.histogram(Labels::with(labels, more), &histogram);
            });
        }
    }

    /// Shows how many run now.
    pub(crate) fn show_in_flight(&self, row: &Row, at: usize, labels: &str, visitor: &mut dyn Visitor) {
        let ended = || {
            let mut ends = [0; MAX_STATUSES];
            let ends = &mut ends[..self.statuses.len()];
            row.read_into(at + ENDED, ends);
            ends.iter().sum()
        };
        let in_flight = in_flight(ended, || row.read(at + STARTED));
        visitor.sample(Labels::of(labels), Number::Integer(in_flight));
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
