//! What an instance held at one moment, and what changed since.

use std::collections::BTreeMap;
use std::fmt;

use prometheus::proto::{self, MetricType};

use crate::instance::AgentMetrics;
use crate::sample::bound_text;

/// Every sample in an instance's registry at one moment.
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
        for (place, (label, value)) in self.labels.iter().enumerate() {
            write!(f, "{}{label}={value:?}", if place == 0 { "{" } else { ", " })?;
        }
        f.write_str(if self.labels.is_empty() { "" } else { "}" })
    }
}

impl Snapshot {
    /// What an instance holds now.
    pub fn of(metrics: &AgentMetrics) -> Self {
        let mut samples = BTreeMap::new();
        for family in metrics.registry().gather() {
            for metric in family.get_metric() {
                add(&family, metric, &mut samples);
            }
        }
        Self(samples)
    }

    /// The sample of that name with exactly these labels.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let exact = self.matching(name, labels).find(|(series, _)| series.labels.len() == labels.len());
        exact.map(|(_, value)| value)
    }

    /// The sum of the samples of that name that have all these labels; `None` if there is none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.matching(name, labels).map(|(_, value)| value).reduce(|sum, value| sum + value)
    }

    /// What is other in this snapshot than in an earlier one.
    pub fn since(&self, earlier: &Self) -> Difference {
        let changed = self.0.iter().filter_map(|(series, now)| {
            let before = earlier.0.get(series).copied();
            let same = before.unwrap_or(0.0).to_bits() == now.to_bits();
            (!same).then(|| (series.clone(), (before, *now)))
        });
        Difference(changed.collect())
    }

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

    /// The names of all samples, each once.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let mut last = "";
        self.0.keys().map(|series| series.name.as_str()).filter(move |name| {
            let new = *name != last;
            last = name;
            new
        })
    }
}

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

/// Samples that are new or other, each with its value before and after. Prints a line for each.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Difference(BTreeMap<Series, (Option<f64>, f64)>);

impl Difference {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// By how much the samples of that name with all these labels grew together.
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
