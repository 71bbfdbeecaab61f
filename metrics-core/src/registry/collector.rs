//! The families of this crate as collectors of a `prometheus` registry, and the prefix and labels that the registry adds.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto;

use crate::label::{Labels, RenderedLabels};
use crate::name::MetricKind;
use crate::sample::{FamilyInfo, HistogramSample, Number, Source, Visitor};

thread_local! {
    /// The answer of this crate's collectors on the current thread.
    static COLLECT_MODE: Cell<CollectMode> = const { Cell::new(CollectMode::Samples) };
}

/// The answer of this crate's collectors when the registry is gathered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CollectMode {
    /// They return their samples: a caller outside this crate gathers the registry.
    Samples,
    /// They return nothing: this crate gathers the foreign collectors and writes its own families itself.
    Foreign,
    /// Only the [`Probe`] returns a sample.
    Probe,
}

fn gather_with(mode: CollectMode, registry: &prometheus::Registry) -> Vec<proto::MetricFamily> {
    struct Restore(CollectMode);
    impl Drop for Restore {
        fn drop(&mut self) {
            COLLECT_MODE.set(self.0);
        }
    }
    let _restore = Restore(COLLECT_MODE.replace(mode));
    registry.gather()
}

/// Gathers the families of foreign collectors, sorted by name.
pub(crate) fn gather_foreign(registry: &prometheus::Registry) -> Vec<proto::MetricFamily> {
    gather_with(CollectMode::Foreign, registry)
}

/// One family of a source, as a collector of the registry.
#[derive(Clone)]
pub(crate) struct FamilyCollector {
    source: Arc<dyn Source>,
    family: usize,
    desc: Result<Desc, Arc<str>>,
}

impl FamilyCollector {
    pub(crate) fn new(source: Arc<dyn Source>, family: usize) -> Self {
        let info = &source.families()[family];
        // The registry refuses an empty help text.
        let help = if info.help.is_empty() { &info.name } else { &info.help };
        let labels = info.labels.iter().map(|label| (*label).to_owned()).collect();
        let desc = Desc::new(info.name.clone(), help.clone(), labels, HashMap::new());
        let desc = desc.map_err(|error| error.to_string().into());
        Self { source, family, desc }
    }

    /// Returns whether its name, labels and help text are valid.
    pub(crate) fn is_valid(&self) -> bool {
        self.desc.is_ok()
    }

    pub(crate) fn info(&self) -> &FamilyInfo {
        &self.source.families()[self.family]
    }
}

/// Returns the kind of a gathered family.
pub(crate) fn kind(family: &proto::MetricFamily) -> MetricKind {
    match family.get_field_type() {
        proto::MetricType::COUNTER => MetricKind::Counter,
        proto::MetricType::GAUGE => MetricKind::Gauge,
        proto::MetricType::HISTOGRAM => MetricKind::Histogram,
        proto::MetricType::SUMMARY => MetricKind::Summary,
        proto::MetricType::UNTYPED => MetricKind::Unknown,
    }
}

impl Collector for FamilyCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.desc.iter().collect()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        if COLLECT_MODE.get() != CollectMode::Samples {
            return Vec::new();
        }
        let info = &self.source.families()[self.family];
        let mut samples = ProtoMetrics { kind: info.kind, metrics: Vec::new() };
        self.source.visit(self.family, &mut samples);
        vec![family(&info.name, &info.help, samples)]
    }
}

/// Registers families, or none of them.
///
/// # Errors
/// The collector that was refused, and the message of the registry.
pub(crate) fn register_all(
    registry: &prometheus::Registry,
    families: Vec<FamilyCollector>,
) -> Result<(), Box<(FamilyCollector, String)>> {
    let mut registered = Vec::with_capacity(families.len());
    for family in families {
        let result = match &family.desc {
            Err(message) => Err(message.to_string()),
            Ok(_) => registry.register(Box::new(family.clone())).map_err(|error| error.to_string()),
        };
        if let Err(message) = result {
            for family in registered {
                unregister(registry, family);
            }
            return Err(Box::new((family, message)));
        }
        registered.push(family);
    }
    Ok(())
}

pub(crate) fn unregister(registry: &prometheus::Registry, family: FamilyCollector) {
    // The family was registered before, so this cannot fail.
    let _ = registry.unregister(Box::new(family));
}

/// Builds the samples of one family as the registry represents them.
struct ProtoMetrics {
    kind: MetricKind,
    metrics: Vec<proto::Metric>,
}

fn family(name: &str, help: &str, samples: ProtoMetrics) -> proto::MetricFamily {
    let mut family = proto::MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(match samples.kind {
        MetricKind::Counter => proto::MetricType::COUNTER,
        MetricKind::Histogram => proto::MetricType::HISTOGRAM,
        MetricKind::Summary => proto::MetricType::SUMMARY,
        // The text encoder of `prometheus` panics on an untyped family.
        MetricKind::Gauge | MetricKind::Info | MetricKind::Unknown => proto::MetricType::GAUGE,
    });
    family.set_metric(samples.metrics);
    family
}

fn label(name: &str, value: &str) -> proto::LabelPair {
    let mut pair = proto::LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}

fn metric(labels: Labels<'_>) -> proto::Metric {
    proto::Metric::from_label(labels.pairs().map(|(name, value)| label(name, value)).collect())
}

impl Visitor for ProtoMetrics {
    fn sample(&mut self, labels: Labels<'_>, value: Number) {
        let mut metric = metric(labels);
        if self.kind == MetricKind::Counter {
            let mut counter = proto::Counter::default();
            counter.set_value(value.to_f64());
            metric.set_counter(counter);
        } else {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(value.to_f64());
            metric.set_gauge(gauge);
        }
        self.metrics.push(metric);
    }

    fn histogram(&mut self, labels: Labels<'_>, histogram: &HistogramSample<'_>) {
        let HistogramSample { bounds, counts, sum, .. } = *histogram;
        let mut cumulative = 0;
        let buckets = bounds.values().iter().zip(counts).map(|(bound, count)| {
            cumulative += count;
            let mut bucket = proto::Bucket::default();
            bucket.set_upper_bound(*bound);
            bucket.set_cumulative_count(cumulative);
            bucket
        });
        let mut histogram = proto::Histogram::default();
        histogram.set_bucket(buckets.collect());
        histogram.set_sample_count(counts.iter().sum());
        histogram.set_sample_sum(sum.to_f64());
        let mut metric = metric(labels);
        metric.set_histogram(histogram);
        self.metrics.push(metric);
    }

    fn summary(&mut self, labels: Labels<'_>, count: u64, sum: Number) {
        let mut summary = proto::Summary::default();
        summary.set_sample_count(count);
        summary.set_sample_sum(sum.to_f64());
        let mut metric = metric(labels);
        metric.set_summary(summary);
        self.metrics.push(metric);
    }
}

/// The prefix and the constant labels that a registry adds to every family.
///
/// A `prometheus::Registry` has no accessor for them, so they are read from the family of a collector that is registered
/// for that purpose, [`Probe`].
#[derive(Default)]
pub(crate) struct RegistryAdditions {
    prefix: String,
    labels: RenderedLabels,
    names: Vec<String>,
}

/// The name of the probe's family.
const PROBE: &str = "agent_metrics_probe";

/// A collector that returns one sample while [`CollectMode::Probe`] is set.
struct Probe(Desc);

impl Collector for Probe {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        if COLLECT_MODE.get() != CollectMode::Probe {
            return Vec::new();
        }
        let mut samples = ProtoMetrics { kind: MetricKind::Gauge, metrics: Vec::new() };
        samples.sample(Labels::NONE, Number::Integer(0));
        vec![family(PROBE, PROBE, samples)]
    }
}

impl RegistryAdditions {
    /// Reads the additions of a registry. They count as empty if the probe cannot be registered.
    pub(crate) fn probe(registry: &prometheus::Registry) -> Self {
        let probe =
            || Desc::new(PROBE.to_owned(), PROBE.to_owned(), Vec::new(), HashMap::new()).map(Probe).ok();
        let (Some(registered), Some(unregistered)) = (probe(), probe()) else { return Self::default() };
        if registry.register(Box::new(registered)).is_err() {
            return Self::default();
        }
        let families = gather_with(CollectMode::Probe, registry);
        let _ = registry.unregister(Box::new(unregistered));
        let Some(family) = families.iter().find(|family| family.name().ends_with(PROBE)) else {
            return Self::default();
        };
        let mut pairs: Vec<_> = family.get_metric().iter().flat_map(proto::Metric::get_label).collect();
        pairs.sort_by_key(|pair| pair.name());
        Self {
            prefix: family.name().strip_suffix(PROBE).unwrap_or_default().to_owned(),
            labels: RenderedLabels::new(pairs.iter().map(|pair| (pair.name(), pair.value()))),
            names: pairs.iter().map(|pair| pair.name().to_owned()).collect(),
        }
    }

    /// Returns the name of a family with the prefix.
    pub(crate) fn name(&self, family: &str) -> String {
        format!("{}{family}", self.prefix)
    }

    /// The labels that the registry adds to every sample.
    pub(crate) fn labels(&self) -> &RenderedLabels {
        &self.labels
    }

    /// The names of these labels.
    pub(crate) fn label_names(&self) -> &[String] {
        &self.names
    }

    /// Returns the label names of a gathered family without those that the registry added.
    pub(crate) fn labels_without_additions(&self, family: &proto::MetricFamily) -> Vec<String> {
        let labels = family.get_metric().first().map(proto::Metric::get_label).unwrap_or_default();
        let names = labels.iter().map(|pair| pair.name().to_owned());
        names.filter(|name| !self.names.contains(name)).collect()
    }

    /// Returns a label of the registry that a family has, too, or that the formats reserve: `le` and `quantile`.
    pub(crate) fn collision(&self, labels: &[&'static str]) -> Option<String> {
        let is_taken =
            |name: &&String| labels.contains(&name.as_str()) || ["le", "quantile"].contains(&name.as_str());
        self.names.iter().find(is_taken).cloned()
    }
}
