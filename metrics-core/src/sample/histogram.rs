//! The state of a histogram, as a visitor receives it.

use super::{Bounds, Exemplar, NativeCounts, Number, ReadExemplars};

/// The state of one histogram at one moment.
#[derive(Clone, Copy)]
pub(crate) struct HistogramSample<'a> {
    pub(crate) bounds: &'a Bounds,
    /// The observations in each bucket, not cumulative, including the bucket up to `+Inf`.
    pub(crate) counts: &'a [u64],
    pub(crate) sum: Number,
    /// The same observations in native buckets, if the histogram has them and the visitor wants them. Their total is
    /// then the count of the histogram.
    pub(crate) native: Option<&'a NativeCounts>,
    /// The exemplars of the buckets, if the histogram has any.
    pub(crate) exemplars: Option<&'a dyn ReadExemplars>,
}

impl<'a> HistogramSample<'a> {
    /// Returns the exemplar of a bucket, if it has one.
    pub(crate) fn exemplar(&self, bucket: usize) -> Option<Exemplar> {
        self.exemplars?.exemplar(bucket)
    }

    pub(crate) fn new(bounds: &'a Bounds, counts: &'a [u64], sum: Number) -> Self {
        Self { bounds, counts, sum, native: None, exemplars: None }
    }
}
