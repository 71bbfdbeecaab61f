//! From a struct of metrics to registered families: all of them, or none.

use std::sync::{Arc, OnceLock};

use crate::catalogue::FamilyInfo;
use crate::error::{Fault, RegisterError};
use crate::faults;
use crate::label::{LabelSet, check_labels};
use crate::metric::{Counter, FloatCounter, Gauge, Histogram, HistogramShape, Info, Summary};
use crate::name::{self, Kind};
use crate::registry::{self, AgentMetrics};
use crate::stored::{Shape, Stored, ZERO_COUNTERS, ZERO_HISTOGRAMS};
use crate::visit::Source;

/// What a struct with `derive(Metrics)` says of one family.
#[derive(Clone, Debug)]
pub struct Spec {
    name: String,
    help: String,
    buckets: Option<Vec<f64>>,
    unit: Option<&'static str>,
}

impl Spec {
    /// A family of that name.
    pub fn new(name: &str, help: &str) -> Self {
        Self { name: name.to_owned(), help: help.to_owned(), buckets: None, unit: None }
    }

    /// A histogram's bucket bounds.
    #[must_use]
    pub fn buckets(mut self, bounds: &[f64]) -> Self {
        self.buckets = Some(bounds.to_vec());
        self
    }

    /// The unit that ends the name.
    #[must_use]
    pub fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    fn info(&self, kind: Kind, labels: &[&'static str]) -> FamilyInfo {
        let mut info = FamilyInfo::new(kind, &self.name, &self.help, labels);
        info.unit = self.unit.or(info.unit);
        info
    }

    fn bounds(&self) -> &[f64] {
        self.buckets.as_deref().unwrap_or(&DEFAULT_BUCKETS)
    }

    fn check<M: Metric>(&self) -> Result<(), RegisterError> {
        let invalid = |fault: name::Fault| RegisterError::Invalid { family: self.name.clone(), why: fault.0 };
        name::metric_name(M::KIND, &self.name).map_err(invalid)?;
        M::check_labels().map_err(invalid)?;
        name::buckets(self.bounds()).map_err(invalid)
    }
}

/// Bucket bounds of histograms that give none: Prometheus's own defaults, in seconds.
pub(crate) const DEFAULT_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A kind of metric that a field of a struct with `derive(Metrics)` can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a metric",
    label = "not a metric",
    note = "a field of a struct with `derive(Metrics)` is a `Counter<L>`, `FloatCounter<L>`, `Gauge<L>`, \
            `Histogram<L>`, `Summary<L>` or `Info`"
)]
pub trait Metric: Clone + 'static {
    /// What kind it is.
    const KIND: Kind;

    #[doc(hidden)]
    fn build(spec: &Spec) -> Self;
    #[doc(hidden)]
    fn check_labels() -> Result<(), name::Fault>;
    #[doc(hidden)]
    fn handle(&self) -> Handle;
}

/// A family on its way into the registry.
pub struct Handle(pub(crate) Arc<dyn Source>);

macro_rules! metric {
    ($metric:ident, $kind:expr, $shape:expr, $zero:expr) => {
        impl<L: LabelSet> Metric for $metric<L> {
            const KIND: Kind = $kind;

            fn build(spec: &Spec) -> Self {
                let (info, shape) = $shape(spec, spec.info($kind, L::NAMES));
                Self(at_zero(info, shape, $zero))
            }

            fn check_labels() -> Result<(), name::Fault> {
                check_labels::<L>()
            }

            fn handle(&self) -> Handle {
                Handle(self.0.clone())
            }
        }
    };
}

fn at_zero<L: LabelSet, S: Shape>(info: FamilyInfo, shape: S, limit: usize) -> Arc<Stored<L, S>> {
    let stored = Stored::new(info, shape);
    stored.series.start_at_zero(limit);
    stored
}

// A gauge is not there before it is set.
metric!(Counter, Kind::Counter, |_, info| (info, crate::metric::Whole), ZERO_COUNTERS);
metric!(FloatCounter, Kind::Counter, |_, info| (info, crate::metric::Amount), ZERO_COUNTERS);
metric!(Gauge, Kind::Gauge, |_, info| (info, crate::metric::Level), 0);
metric!(Summary, Kind::Summary, |_, info| (info, crate::metric::SumAndCount), ZERO_HISTOGRAMS);
metric!(
    Histogram,
    Kind::Histogram,
    |spec: &Spec, info: FamilyInfo| (info.with_buckets(spec.bounds()), HistogramShape::floats(spec.bounds())),
    ZERO_HISTOGRAMS
);

impl Metric for Info {
    const KIND: Kind = Kind::Info;

    fn build(spec: &Spec) -> Self {
        Self::new(spec.info(Kind::Info, &[]))
    }

    fn check_labels() -> Result<(), name::Fault> {
        Ok(())
    }

    fn handle(&self) -> Handle {
        Handle(self.0.clone())
    }
}

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
        let metric = M::build(&spec);
        self.sources.push(metric.handle().0);
        Ok(metric)
    }

    /// Makes a family that is exposed nowhere.
    pub fn add_detached<M: Metric>(&mut self, spec: Spec) -> M {
        let bounds = if name::buckets(spec.bounds()).is_ok() { spec } else { Spec { buckets: None, ..spec } };
        M::build(&bounds)
    }

    /// Registers what was added.
    ///
    /// # Errors
    /// When one of the families can't be; then none is.
    pub fn commit(self) -> Result<(), RegisterError> {
        self.metrics.map_or(Ok(()), |metrics| metrics.register_sources(self.sources))
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

/// The struct as registered in the global metrics, at its first use.
pub struct GlobalMetrics<M: 'static>(OnceLock<M>);

impl<M: MetricsStruct> GlobalMetrics<M> {
    /// Not registered yet.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Registers it if this is the first use. If that fails the hook is told, and the metrics record
    /// without being exposed.
    #[track_caller]
    pub fn get(&'static self) -> &'static M {
        let global = registry::global();
        self.0.get_or_init(|| {
            M::__register(global).unwrap_or_else(|error| {
                faults::report(&Fault::NotRegistered(error));
                M::__detached()
            })
        })
    }
}
