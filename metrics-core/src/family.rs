//! One family as it is asked for, and how each kind of metric is made from that.

use std::sync::Arc;

use crate::error::RegisterError;
use crate::label::{LabelSet, check_labels};
use crate::metric::{
    Amount, Counter, FloatCounter, Gauge, Histogram, HistogramOptions, HistogramShape, Info, Level, Shape,
    Stored, SumAndCount, Summary, Whole, ZERO_COUNTERS, ZERO_HISTOGRAMS,
};
use crate::name::{self, MetricKind};
use crate::sample::{FamilyInfo, Source};

/// What a struct with `derive(Metrics)` says of one family.
#[derive(Clone)]
pub struct Spec {
    name: String,
    help: String,
    buckets: Option<Vec<f64>>,
    unit: Option<&'static str>,
    native: bool,
    histogram_options: HistogramOptions,
}

impl Spec {
    /// A family of that name.
    pub fn new(name: &str, help: &str) -> Self {
        Self {
            name: name.to_owned(),
            help: help.to_owned(),
            buckets: None,
            unit: None,
            native: false,
            histogram_options: HistogramOptions::default(),
        }
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

    /// Native buckets as the instance has them, with the defaults where it has none.
    #[must_use]
    pub fn native(mut self) -> Self {
        self.native = true;
        self
    }

    /// What an instance asks of its own histograms.
    pub(crate) fn histogram_options(self, histogram_options: HistogramOptions) -> Self {
        Self { histogram_options, ..self }
    }

    /// The same in an instance that asks for so much.
    pub(crate) fn within(self, instance: &HistogramOptions) -> Self {
        let histogram_options = instance.of_family(self.native);
        self.histogram_options(histogram_options)
    }

    fn info(&self, kind: MetricKind, labels: &[&'static str]) -> FamilyInfo {
        let mut info = FamilyInfo::new(kind, &self.name, &self.help, labels);
        info.unit = self.unit.or(info.unit);
        info
    }

    /// The same with the default buckets, should its own be invalid.
    pub(crate) fn with_usable_buckets(self) -> Self {
        if name::buckets(self.bounds()).is_ok() { self } else { Self { buckets: None, ..self } }
    }

    pub(crate) fn bounds(&self) -> &[f64] {
        self.buckets.as_deref().unwrap_or(&DEFAULT_BUCKETS)
    }

    /// Whether a metric of kind `M` can be made of it.
    pub(crate) fn check<M: Metric>(&self) -> Result<(), RegisterError> {
        let invalid = |fault: name::Fault| RegisterError::Invalid { family: self.name.clone(), why: fault.0 };
        name::metric_name(M::KIND, &self.name).map_err(invalid)?;
        M::check_labels().map_err(invalid)?;
        if let Some(unit) = self.unit {
            name::unit(M::KIND, &self.name, unit).map_err(invalid)?;
        }
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
    const KIND: MetricKind;

    /// Its labels, without `le` and `quantile`.
    #[doc(hidden)]
    const LABELS: &'static [&'static str];

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
            const KIND: MetricKind = $kind;
            const LABELS: &'static [&'static str] = L::NAMES;

            fn build(spec: &Spec) -> Self {
                let (info, shape) = $shape(spec, spec.info($kind, L::NAMES).with_domains(L::DOMAINS));
                Self(at_zero(info, shape, $zero))
            }

            fn check_labels() -> Result<(), name::Fault> {
                name::own_labels($kind, L::NAMES)?;
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
metric!(Counter, MetricKind::Counter, |_, info| (info, Whole), ZERO_COUNTERS);
metric!(FloatCounter, MetricKind::Counter, |_, info| (info, Amount), ZERO_COUNTERS);
metric!(Gauge, MetricKind::Gauge, |_, info| (info, Level), 0);
metric!(Summary, MetricKind::Summary, |_, info| (info, SumAndCount), ZERO_HISTOGRAMS);
metric!(
    Histogram,
    MetricKind::Histogram,
    |spec: &Spec, info: FamilyInfo| {
        let info = info.with_buckets(spec.histogram_options.bounds(spec.bounds()));
        (info, HistogramShape::floats(spec.bounds()).with(&spec.histogram_options))
    },
    ZERO_HISTOGRAMS
);

impl Metric for Info {
    const KIND: MetricKind = MetricKind::Info;
    const LABELS: &'static [&'static str] = &[];

    fn build(spec: &Spec) -> Self {
        Self::new(spec.info(MetricKind::Info, &[]))
    }

    fn check_labels() -> Result<(), name::Fault> {
        Ok(())
    }

    fn handle(&self) -> Handle {
        Handle(self.0.clone())
    }
}
