//! Families of foreign collectors, as the registry gathers them.

use prometheus::proto::{Bucket, LabelPair, Metric, MetricFamily, MetricType};

use super::writer::FamilyVisitor;
use crate::label::{Labels, RenderedLabels};
use crate::name::{MetricKind, metric_name};
use crate::registry::collector;
use crate::sample::{Bounds, HistogramSample, Number};

/// A gathered family. The registry has already added its prefix and labels.
pub(super) struct Gathered(pub(super) MetricFamily);

impl Gathered {
    pub(super) fn kind(&self) -> MetricKind {
        collector::kind(&self.0)
    }

    /// Shows its samples to a writer.
    pub(super) fn write(&self, writer: &mut dyn FamilyVisitor) {
        for metric in self.0.get_metric() {
            let timestamp = metric.timestamp_ms();
            writer.set_timestamp((timestamp != 0).then_some(timestamp));
            self.write_metric(metric, writer);
        }
        writer.set_timestamp(None);
    }

    fn write_metric(&self, metric: &Metric, writer: &mut dyn FamilyVisitor) {
        let labels = labels(self.kind(), metric.get_label());
        let labels = Labels::new(&labels);
        match self.0.get_field_type() {
            MetricType::COUNTER => writer.sample(labels, Number::Float(metric.get_counter().get_value())),
            MetricType::GAUGE => writer.sample(labels, Number::Float(metric.get_gauge().get_value())),
            MetricType::HISTOGRAM => {
                let histogram = metric.get_histogram();
                let finite = histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite());
                let bounds: Vec<f64> = finite.clone().map(Bucket::upper_bound).collect();
                let mut below = 0;
                let mut counts: Vec<u64> = finite
                    .map(|bucket| {
                        let count = bucket.cumulative_count();
                        count.saturating_sub(std::mem::replace(&mut below, count))
                    })
                    .collect();
                counts.push(histogram.get_sample_count().saturating_sub(below));
                let sum = Number::Float(histogram.get_sample_sum());
                writer.histogram(labels, &HistogramSample::new(&Bounds::new(&bounds), &counts, sum));
            }
            MetricType::SUMMARY => {
                let summary = metric.get_summary();
                for quantile in summary.get_quantile() {
                    writer.quantile(labels, quantile.quantile(), quantile.value());
                }
                writer.summary(labels, summary.sample_count(), Number::Float(summary.sample_sum()));
            }
            MetricType::UNTYPED => {}
        }
    }
}

pub(super) fn is_valid_name(family: &str) -> bool {
    metric_name(MetricKind::Unknown, family).is_ok()
}

/// Replaces every character that is invalid in a name by `_`, as Prometheus does for `escaping=underscores`. A foreign
/// collector may use any text as a name, and one invalid name would break the whole scrape.
fn escaped(name: &str, colon: bool) -> String {
    let is_valid = |(at, character): (usize, char)| {
        character.is_ascii_alphabetic()
            || character == '_'
            || (colon && character == ':')
            || (at > 0 && character.is_ascii_digit())
    };
    let escaped: String =
        name.chars().enumerate().map(|each| if is_valid(each) { each.1 } else { '_' }).collect();
    if escaped.is_empty() { "_".to_owned() } else { escaped }
}

/// Escapes the name of a family, and appends `_` until no other family has it.
pub(super) fn free_name(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut free = escaped(name, true);
    while is_taken(&free) {
        free.push('_');
    }
    free
}

/// Renders the labels of a sample. Appends `_` to a label that occurs twice or that the formats write themselves.
fn labels(kind: MetricKind, pairs: &[LabelPair]) -> RenderedLabels {
    let reserved = match kind {
        MetricKind::Histogram => ["__name__", "le"],
        MetricKind::Summary => ["__name__", "quantile"],
        _ => ["__name__"; 2],
    };
    let mut names: Vec<String> = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let mut name = escaped(pair.name(), false);
        while reserved.contains(&name.as_str()) || names.contains(&name) {
            name.push('_');
        }
        names.push(name);
    }
    RenderedLabels::new(names.iter().map(String::as_str).zip(pairs.iter().map(LabelPair::value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_characters_of_names_become_underscores() {
        for (name, expected) in [
            ("fine_name", "fine_name"),
            ("http.requests", "http_requests"),
            ("9lives", "_lives"),
            ("", "_"),
            ("größe", "gr__e"),
        ] {
            assert_eq!(escaped(name, true), expected);
        }
        assert_eq!(free_name("a.b", |name| name == "a_b"), "a_b_");
    }

    #[test]
    fn repeated_and_reserved_labels_get_an_underscore() {
        let pairs = [("a.b", "1"), ("a_b", "2"), ("le", "3"), ("__name__", "4")].map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name(name.to_owned());
            pair.set_value(value.to_owned());
            pair
        });
        assert_eq!(labels(MetricKind::Histogram, &pairs).text(), r#"a_b="1",a_b_="2",le_="3",__name___="4""#);
        assert_eq!(labels(MetricKind::Gauge, &pairs[2..3]).text(), r#"le="3""#);
    }
}
