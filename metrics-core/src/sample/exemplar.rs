//! Exemplars: for each bucket, one observation with the trace in which it was made.

/// One observation and the trace in which it was made.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Exemplar {
    pub(crate) trace_id: u128,
    pub(crate) span_id: u64,
    pub(crate) value: f64,
    /// Milliseconds since 1970.
    pub(crate) time: u64,
}

/// The exemplars of one histogram, wherever they are stored.
pub(crate) trait ReadExemplars {
    /// Returns the exemplar of a bucket, if it has one.
    fn exemplar(&self, bucket: usize) -> Option<Exemplar>;
}
