//! Families of collectors that are not ours, as the registry gathers them.

use prometheus::proto::{Metric, MetricFamily, MetricType};

use super::text::TextWriter;
use crate::label::{Labels, render};
use crate::metric::{Bounds, Number};
use crate::name::Kind;
use crate::visit::Visitor;

pub(super) fn kind(family: &MetricFamily) -> Kind {
    match family.get_field_type() {
        MetricType::COUNTER => Kind::Counter,
        MetricType::GAUGE => Kind::Gauge,
        MetricType::HISTOGRAM => Kind::Histogram,
        MetricType::SUMMARY => Kind::Summary,
        MetricType::UNTYPED => Kind::Unknown,
    }
}

/// Writes a gathered family; the registry has put its prefix and labels on it.
pub(crate) fn write(family: &MetricFamily, writer: &mut TextWriter<'_>) {
    writer.without_outer_labels(|writer| {
        writer.open_family(family.name(), kind(family), None, family.help());
        for metric in family.get_metric() {
            let timestamp = metric.timestamp_ms();
            writer.set_timestamp((timestamp != 0).then_some(timestamp));
            write_metric(metric, family.get_field_type(), writer);
        }
        writer.set_timestamp(None);
    });
}

fn write_metric(metric: &Metric, kind: MetricType, writer: &mut TextWriter<'_>) {
    let labels = render(metric.get_label().iter().map(|pair| (pair.name(), pair.value())));
    let labels = Labels::of(&labels);
    match kind {
        MetricType::COUNTER => writer.sample(labels, Number::Float(metric.get_counter().get_value())),
        MetricType::GAUGE => writer.sample(labels, Number::Float(metric.get_gauge().get_value())),
        MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            let buckets = histogram.get_bucket();
            let finite = buckets.iter().filter(|bucket| bucket.upper_bound().is_finite());
            let bounds: Vec<f64> = finite.clone().map(prometheus::proto::Bucket::upper_bound).collect();
            let mut below = 0;
            let mut counts: Vec<u64> = finite
                .map(|bucket| {
                    bucket.cumulative_count() - std::mem::replace(&mut below, bucket.cumulative_count())
                })
                .collect();
            counts.push(histogram.get_sample_count().saturating_sub(below));
            let sum = Number::Float(histogram.get_sample_sum());
            writer.histogram(labels, &Bounds::new(&bounds), &counts, sum);
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
