//! The declaration of a user-defined family, and the construction of each kind of metric from it.

use std::fmt;
use std::sync::Arc;

use crate::error::RegisterError;
use crate::label::{LabelSet, check_labels};
use crate::metric::{
    Counter, FloatCounter, FloatCounterShape, Gauge, GaugeShape, Histogram, HistogramOptions, HistogramShape,
    Info, IntegerCounterShape, Shape, Summary, SummaryShape, UserFamily, ZERO_COUNTERS, ZERO_HISTOGRAMS,
};
use crate::name::{self, MetricKind};
use crate::sample::{FamilyGroup, FamilyInfo, Source};

/// The declaration of one family by a struct with `derive(Metrics)`.
#[derive(Clone, Debug)]
pub struct Spec {
    name: String,
    help: String,
    buckets: Option<Vec<f64>>,
    unit: Option<&'static str>,
    native: bool,
    histogram_options: HistogramOptions,
    group: FamilyGroup,
}

impl Spec {
    /// Declares a family with a name and a help text.
    pub fn new(name: &str, help: &str) -> Self {
        Self {
            name: name.to_owned(),
            help: help.to_owned(),
            buckets: None,
            unit: None,
            native: false,
            histogram_options: HistogramOptions::default(),
            group: FamilyGroup::UserDefined,
        }
    }

    /// Sets the bucket bounds of a histogram.
    #[must_use]
    pub fn buckets(mut self, bounds: &[f64]) -> Self {
        self.buckets = Some(bounds.to_vec());
        self
    }

    /// Sets the unit, with which the name must end.
    #[must_use]
    pub fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Adds native buckets, with the settings of the instance or else the defaults.
    #[must_use]
    pub fn native(mut self) -> Self {
        self.native = true;
        self
    }

    /// Sets the options of the histogram.
    pub(crate) fn histogram_options(self, histogram_options: HistogramOptions) -> Self {
        Self { histogram_options, ..self }
    }

    /// Applies the histogram options of an instance.
    pub(crate) fn within(self, instance: &HistogramOptions) -> Self {
        let histogram_options = instance.for_user_family(self.native);
        self.histogram_options(histogram_options)
    }

    /// The group, for a built-in family.
    pub(crate) fn group(self, group: FamilyGroup) -> Self {
        Self { group, ..self }
    }

    fn info(&self, kind: MetricKind, labels: &[&'static str]) -> FamilyInfo {
        let mut info = FamilyInfo::new(kind, &self.name, &self.help, labels);
        info.unit = self.unit.or(info.unit);
        info.group = self.group;
        info
    }

    /// Replaces invalid bucket bounds by the defaults.
    pub(crate) fn with_usable_buckets(self) -> Self {
        if name::buckets(self.bounds()).is_ok() { self } else { Self { buckets: None, ..self } }
    }

    pub(crate) fn bounds(&self) -> &[f64] {
        self.buckets.as_deref().unwrap_or(&DEFAULT_BUCKETS)
    }

    /// Checks name, labels, unit and buckets for a metric of type `M`.
    pub(crate) fn check<M: Metric>(&self) -> Result<(), RegisterError> {
        let invalid =
            |fault: name::InvalidName| RegisterError::Invalid { family: self.name.clone(), why: fault.0 };
        name::metric_name(M::KIND, &self.name).map_err(invalid)?;
        M::check_labels().map_err(invalid)?;
        if let Some(unit) = self.unit {
            name::unit(M::KIND, &self.name, unit).map_err(invalid)?;
        }
        name::buckets(self.bounds()).map_err(invalid)
    }
}

/// The bucket bounds of histograms without explicit ones, in seconds: the defaults of Prometheus' client libraries.
pub(crate) const DEFAULT_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A metric type that a field of a struct with `derive(Metrics)` can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a metric",
    label = "not a metric",
    note = "a field of a struct with `derive(Metrics)` is a `Counter<L>`, `FloatCounter<L>`, `Gauge<L>`, \
            `Histogram<L>`, `Summary<L>` or `Info`"
)]
pub trait Metric: Clone + 'static {
    /// The kind of the family.
    const KIND: MetricKind;

    /// The names of the labels, without `le` and `quantile`.
    #[doc(hidden)]
    const LABELS: &'static [&'static str];

    #[doc(hidden)]
    fn build(spec: &Spec) -> Self;
    #[doc(hidden)]
    fn check_labels() -> Result<(), name::InvalidName>;
    #[doc(hidden)]
    fn handle(&self) -> Handle;
}

/// A family that is about to be registered.
pub struct Handle(pub(crate) Arc<dyn Source>);

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.families().iter().map(|family| &family.name).collect();
        f.debug_tuple("Handle").field(&names).finish()
    }
}

macro_rules! metric {
    ($metric:ident, $kind:expr, $shape:expr, $zero:expr) => {
        impl<L: LabelSet> Metric for $metric<L> {
            const KIND: MetricKind = $kind;
            const LABELS: &'static [&'static str] = L::NAMES;

            fn build(spec: &Spec) -> Self {
                let (info, shape) = $shape(spec, spec.info($kind, L::NAMES).with_domains(L::DOMAINS));
                Self(at_zero(info, shape, $zero))
            }

            fn check_labels() -> Result<(), name::InvalidName> {
                name::reserved_labels($kind, L::NAMES)?;
                check_labels::<L>()
            }

            fn handle(&self) -> Handle {
                Handle(self.0.clone())
            }
        }
    };
}

fn at_zero<L: LabelSet, S: Shape>(info: FamilyInfo, shape: S, limit: usize) -> Arc<UserFamily<L, S>> {
    let stored = UserFamily::new(info, shape);
    stored.series.start_at_zero(limit);
    stored
}

// A gauge has no series before it is set.
metric!(Counter, MetricKind::Counter, |_, info| (info, IntegerCounterShape), ZERO_COUNTERS);
metric!(FloatCounter, MetricKind::Counter, |_, info| (info, FloatCounterShape), ZERO_COUNTERS);
metric!(Gauge, MetricKind::Gauge, |_, info| (info, GaugeShape), 0);
metric!(Summary, MetricKind::Summary, |_, info| (info, SummaryShape), ZERO_HISTOGRAMS);
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

    fn check_labels() -> Result<(), name::InvalidName> {
        Ok(())
    }

    fn handle(&self) -> Handle {
        Handle(self.0.clone())
    }
}
