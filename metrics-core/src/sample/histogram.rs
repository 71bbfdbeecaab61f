//! A histogram at one moment.

use super::{Bounds, Exemplar, NativeCounts, Number, ReadExemplars};

/// The state of one histogram at one moment.
#[derive(Clone, Copy)]
pub(crate) struct HistogramSample<'a> {
    pub(crate) bounds: &'a Bounds,
    /// The observations in each bucket alone, the one up to `+Inf` among them.
    pub(crate) counts: &'a [u64],
    pub(crate) sum: Number,
    /// The same observations in native buckets, if there are any and they are wanted. Their total is the count.
    pub(crate) native: Option<&'a NativeCounts>,
    /// An observation of each bucket, perhaps.
    pub(crate) exemplars: Option<&'a dyn ReadExemplars>,
}

impl<'a> HistogramSample<'a> {
    /// The exemplar of a bucket.
    pub(crate) fn exemplar(&self, bucket: usize) -> Option<Exemplar> {
        self.exemplars?.exemplar(bucket)
    }

    pub(crate) fn new(bounds: &'a Bounds, counts: &'a [u64], sum: Number) -> Self {
        Self { bounds, counts, sum, native: None, exemplars: None }
    }
}
