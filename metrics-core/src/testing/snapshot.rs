//! Snapshots of an instance's samples, and differences between them.

use std::collections::BTreeMap;
use std::fmt;

use prometheus::proto::{self, MetricType};

use crate::instance::AgentMetrics;
use crate::sample::bound_text;

/// The samples of an instance's registry at one point in time.
///
/// ```
/// use agent_metrics::{Status, testing};
///
/// let metrics = testing::isolated();
/// let before = metrics.snapshot();
/// metrics.track_task("search").finish(Status::Success);
/// let difference = metrics.snapshot().since(&before);
/// assert!((difference.growth("agent_tasks_total", &[("task_type", "search")]) - 1.0).abs() < f64::EPSILON);
/// ```
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Snapshot(BTreeMap<Series, f64>);

/// A sample's name and labels.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (index, (label, value)) in self.labels.iter().enumerate() {
            write!(f, "{}{label}={value:?}", if index == 0 { "{" } else { ", " })?;
        }
        f.write_str(if self.labels.is_empty() { "" } else { "}" })
    }
}

impl Snapshot {
    /// Takes a snapshot of an instance.
    pub fn new(metrics: &AgentMetrics) -> Self {
        let mut samples = BTreeMap::new();
        for family in metrics.registry().gather() {
            for metric in family.get_metric() {
                add(&family, metric, &mut samples);
            }
        }
        Self(samples)
    }

    /// Returns the value of the sample with this name and exactly these labels.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let exact = self.matching(name, labels).find(|(series, _)| series.labels.len() == labels.len());
        exact.map(|(_, value)| value)
    }

    /// Returns the sum of all samples with this name that have these labels, and possibly more; `None` if there are none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.matching(name, labels).map(|(_, value)| value).reduce(|sum, value| sum + value)
    }

    /// Returns the samples that are new or have changed since an earlier snapshot.
    pub fn since(&self, earlier: &Self) -> Difference {
        let changed = self.0.iter().filter_map(|(series, now)| {
            let before = earlier.0.get(series).copied();
            let unchanged = before.unwrap_or(0.0).to_bits() == now.to_bits();
            (!unchanged).then(|| (series.clone(), (before, *now)))
        });
        Difference(changed.collect())
    }

    /// Returns the series with this name that have all these labels, and their values.
    pub(super) fn matching(
        &self,
        name: &str,
        labels: &[(&str, &str)],
    ) -> impl Iterator<Item = (&Series, f64)> {
        let has = |series: &Series, (label, value): &(&str, &str)| {
            series.labels.get(*label).is_some_and(|found| found == value)
        };
        self.0
            .iter()
            .filter(move |(series, _)| series.name == name && labels.iter().all(|label| has(series, label)))
            .map(|(series, value)| (series, *value))
    }

    /// Returns the names of all samples, each once.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let mut last = "";
        self.0.keys().map(|series| series.name.as_str()).filter(move |name| {
            let new = *name != last;
            last = name;
            new
        })
    }
}

/// Adds the samples of one series.
fn add(family: &proto::MetricFamily, metric: &proto::Metric, samples: &mut BTreeMap<Series, f64>) {
    let labels: BTreeMap<_, _> =
        metric.get_label().iter().map(|pair| (pair.name().to_owned(), pair.value().to_owned())).collect();
    let mut put = |end: &str, more: Option<(&str, String)>, value: f64| {
        let mut labels = labels.clone();
        labels.extend(more.map(|(label, value)| (label.to_owned(), value)));
        samples.insert(Series { name: format!("{}{end}", family.name()), labels }, value);
    };
    match family.get_field_type() {
        MetricType::COUNTER => put("", None, metric.get_counter().get_value()),
        MetricType::GAUGE => put("", None, metric.get_gauge().get_value()),
        MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            for bucket in histogram.get_bucket() {
                let le = bound_text(bucket.upper_bound());
                put("_bucket", Some(("le", le)), bucket.cumulative_count() as f64);
            }
            put("_sum", None, histogram.get_sample_sum());
            put("_count", None, histogram.get_sample_count() as f64);
        }
        MetricType::SUMMARY => {
            let summary = metric.get_summary();
            for quantile in summary.get_quantile() {
                put("", Some(("quantile", bound_text(quantile.quantile()))), quantile.value());
            }
            put("_sum", None, summary.sample_sum());
            put("_count", None, summary.sample_count() as f64);
        }
        MetricType::UNTYPED => {}
    }
}

/// The samples that differ between two snapshots, with the values before and after. `Display` writes one line for each.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Difference(BTreeMap<Series, (Option<f64>, f64)>);

impl Difference {
    /// Returns true if no sample changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the growth of the sum of all samples with this name that have these labels, and possibly more. A new sample
    /// counts from 0.
    pub fn growth(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let now = Snapshot(self.0.iter().map(|(series, (_, now))| (series.clone(), *now)).collect());
        let before = self.0.iter().filter_map(|(series, (before, _))| Some((series.clone(), (*before)?)));
        let before = Snapshot(before.collect());
        now.sum(name, labels).unwrap_or(0.0) - before.sum(name, labels).unwrap_or(0.0)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (series, (before, now)) in &self.0 {
            match before {
                Some(before) => writeln!(f, "{series} {before} -> {now}")?,
                None => writeln!(f, "{series} new: {now}")?,
            }
        }
        Ok(())
    }
}
