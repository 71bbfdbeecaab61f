//! Our families as the `prometheus` registry sees them, and the registry as we see it.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use prometheus::core::{Collector, Desc};
use prometheus::proto;

use crate::label::{Labels, RenderedLabels};
use crate::name::MetricKind;
use crate::sample::{HistogramSample, Number, Source, Visitor};

thread_local! {
    /// What our collectors answer on this thread.
    static ANSWER: Cell<Answer> = const { Cell::new(Answer::Everything) };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Their samples, to whoever gathers the registry.
    Everything,
    /// Nothing: we gather, and write ours ourselves.
    Nothing,
    /// Only the probe answers: we look what the registry adds.
    Probe,
}

fn gather_with(answer: Answer, registry: &prometheus::Registry) -> Vec<proto::MetricFamily> {
    struct Restore(Answer);
    impl Drop for Restore {
        fn drop(&mut self) {
            ANSWER.set(self.0);
        }
    }
    let _restore = Restore(ANSWER.replace(answer));
    registry.gather()
}

/// What others have in the registry, by name.
pub(crate) fn gather_others(registry: &prometheus::Registry) -> Vec<proto::MetricFamily> {
    gather_with(Answer::Nothing, registry)
}

/// One of our families in the registry.
#[derive(Clone)]
pub(crate) struct Exported {
    source: Arc<dyn Source>,
    family: usize,
    desc: Result<Desc, Arc<str>>,
}

impl Exported {
    pub(crate) fn new(source: Arc<dyn Source>, family: usize) -> Self {
        let info = &source.families()[family];
        // The registry insists on a help text.
        let help = if info.help.is_empty() { &info.name } else { &info.help };
        let labels = info.labels.iter().map(|label| (*label).to_owned()).collect();
        let desc = Desc::new(info.name.clone(), help.clone(), labels, HashMap::new());
        let desc = desc.map_err(|error| error.to_string().into());
        Self { source, family, desc }
    }
}

impl Collector for Exported {
    fn desc(&self) -> Vec<&Desc> {
        self.desc.iter().collect()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        if ANSWER.get() != Answer::Everything {
            return Vec::new();
        }
        let info = &self.source.families()[self.family];
        let mut tree = Tree { kind: info.kind, metrics: Vec::new() };
        self.source.visit(self.family, &mut tree);
        vec![family(&info.name, &info.help, tree)]
    }
}

/// # Errors
/// The registry's own words.
pub(crate) fn register(registry: &prometheus::Registry, family: &Exported) -> Result<(), String> {
    match &family.desc {
        Err(message) => Err(message.to_string()),
        Ok(_) => registry.register(Box::new(family.clone())).map_err(|error| error.to_string()),
    }
}

pub(crate) fn unregister(registry: &prometheus::Registry, family: Exported) {
    // Only what was registered a moment ago is taken back.
    let _ = registry.unregister(Box::new(family));
}

/// Builds the registry's own tree of samples.
struct Tree {
    kind: MetricKind,
    metrics: Vec<proto::Metric>,
}

fn family(name: &str, help: &str, tree: Tree) -> proto::MetricFamily {
    let mut family = proto::MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(match tree.kind {
        MetricKind::Counter => proto::MetricType::COUNTER,
        MetricKind::Histogram => proto::MetricType::HISTOGRAM,
        MetricKind::Summary => proto::MetricType::SUMMARY,
        // The crate's own text encoder panics on an untyped family.
        MetricKind::Gauge | MetricKind::Info | MetricKind::Unknown => proto::MetricType::GAUGE,
    });
    family.set_metric(tree.metrics);
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

impl Visitor for Tree {
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

/// What a registry adds to every name and sample. It doesn't tell, so it is asked with a probe.
#[derive(Default)]
pub(crate) struct RegistryAdditions {
    prefix: String,
    labels: RenderedLabels,
    names: Vec<String>,
}

const PROBE: &str = "agent_metrics_probe";

struct Probe(Desc);

impl Collector for Probe {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        if ANSWER.get() != Answer::Probe {
            return Vec::new();
        }
        let mut tree = Tree { kind: MetricKind::Gauge, metrics: Vec::new() };
        tree.sample(Labels::NONE, Number::Integer(0));
        vec![family(PROBE, PROBE, tree)]
    }
}

impl RegistryAdditions {
    pub(crate) fn of(registry: &prometheus::Registry) -> Self {
        let probe =
            || Desc::new(PROBE.to_owned(), PROBE.to_owned(), Vec::new(), HashMap::new()).map(Probe).ok();
        let (Some(registered), Some(taken_back)) = (probe(), probe()) else { return Self::default() };
        if registry.register(Box::new(registered)).is_err() {
            return Self::default();
        }
        let families = gather_with(Answer::Probe, registry);
        let _ = registry.unregister(Box::new(taken_back));
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

    pub(crate) fn name(&self, family: &str) -> String {
        format!("{}{family}", self.prefix)
    }

    /// The labels that the registry adds to every sample.
    pub(crate) fn labels(&self) -> &RenderedLabels {
        &self.labels
    }

    pub(crate) fn label_names(&self) -> &[String] {
        &self.names
    }

    /// The labels of a gathered family without those that the registry added.
    pub(crate) fn own_labels(&self, family: &proto::MetricFamily) -> Vec<String> {
        let labels = family.get_metric().first().map(proto::Metric::get_label).unwrap_or_default();
        let names = labels.iter().map(|pair| pair.name().to_owned());
        names.filter(|name| !self.names.contains(name)).collect()
    }

    /// A label of the registry's that a family has, too. `le` and `quantile` are labels of samples.
    pub(crate) fn collision(&self, labels: &[&'static str]) -> Option<String> {
        let taken =
            |name: &&String| labels.contains(&name.as_str()) || ["le", "quantile"].contains(&name.as_str());
        self.names.iter().find(taken).cloned()
    }
}
