//! From a struct of metrics to registered families: all of them, or none.

use std::sync::Arc;

use super::AgentMetrics;
use crate::error::RegisterError;
use crate::family::{Metric, Spec};
use crate::sample::Source;

/// Families that are registered together.
pub struct Batch<'a> {
    metrics: Option<&'a AgentMetrics>,
    sources: Vec<Arc<dyn Source>>,
}

impl<'a> Batch<'a> {
    /// For an instance.
    pub fn new(metrics: &'a AgentMetrics) -> Self {
        Self { metrics: Some(metrics), sources: Vec::new() }
    }

    /// For families that record but are exposed nowhere.
    pub fn detached() -> Self {
        Self { metrics: None, sources: Vec::new() }
    }

    /// Makes a family.
    ///
    /// # Errors
    /// When its name, labels or buckets are invalid.
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

    /// Makes a family that is exposed nowhere.
    pub fn add_detached<M: Metric>(&mut self, spec: Spec) -> M {
        M::build(&spec.with_usable_buckets())
    }

    /// Registers what was added.
    ///
    /// # Errors
    /// When one of the families can't be; then none is.
    pub fn commit(self) -> Result<(), RegisterError> {
        self.metrics.map_or(Ok(()), |metrics| metrics.register(&self.sources))
    }
}

/// A struct with `derive(Metrics)`.
pub trait MetricsStruct: Sized + Send + Sync + 'static {
    /// Registers its families.
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc)]
    fn __register(metrics: &AgentMetrics) -> Result<Self, RegisterError>;
    /// Makes them without registering.
    #[doc(hidden)]
    fn __detached() -> Self;
}
