//! Registration of the families of a struct with `derive(Metrics)`: all of them, or none.

use std::fmt;
use std::sync::Arc;

use super::AgentMetrics;
use crate::error::RegisterError;
use crate::family::{Metric, Spec};
use crate::sample::Source;

/// A batch of families that are registered together.
pub struct Batch<'a> {
    metrics: Option<&'a AgentMetrics>,
    sources: Vec<Arc<dyn Source>>,
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("families", &self.sources.len()).finish_non_exhaustive()
    }
}

impl<'a> Batch<'a> {
    /// Starts a batch for an instance.
    pub fn new(metrics: &'a AgentMetrics) -> Self {
        Self { metrics: Some(metrics), sources: Vec::new() }
    }

    /// Starts a batch of families that record without being exposed.
    pub fn detached() -> Self {
        Self { metrics: None, sources: Vec::new() }
    }

    /// Creates a family.
    ///
    /// # Errors
    /// Returns an error when the name, the labels or the buckets are invalid.
    #[allow(clippy::needless_pass_by_value)] // Generated code makes the spec in place.
    pub fn add<M: Metric>(&mut self, spec: Spec) -> Result<M, RegisterError> {
        spec.check::<M>()?;
        let spec = match self.metrics {
            Some(metrics) => spec.within(&metrics.families_ref().histogram_options),
            None => spec,
        };
        let metric = M::build(&spec);
        self.sources.push(metric.handle().0);
        Ok(metric)
    }

    /// Creates a family that records without being exposed.
    pub fn add_detached<M: Metric>(&mut self, spec: Spec) -> M {
        M::build(&spec.with_usable_buckets())
    }

    /// Registers the added families.
    ///
    /// # Errors
    /// Returns an error when one of the families can't be registered; then none is.
    pub fn commit(self) -> Result<(), RegisterError> {
        self.metrics.map_or(Ok(()), |metrics| metrics.register(&self.sources))
    }
}

/// A struct with `derive(Metrics)`.
pub trait MetricsStruct: Sized + Send + Sync + 'static {
    /// Registers the families of the struct.
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc)]
    fn __register(metrics: &AgentMetrics) -> Result<Self, RegisterError>;
    /// Creates the families without registering them.
    #[doc(hidden)]
    fn __detached() -> Self;
}
