//! The conversion of families to the metrics and data points of OTLP.

use std::borrow::Cow;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram,
    HistogramDataPoint, Metric, NumberDataPoint, Sum, Summary, SummaryDataPoint, metric, number_data_point,
};
use prost::Message;

use super::buckets::{exemplars, positive};
use super::delta::{Cumulative, Deltas};
use super::units::ucum;
use crate::builtin::attribute_name;
use crate::exposition::{FamilyVisitor, Head};
use crate::instance::AgentMetrics;
use crate::label::{Labels, RenderedLabels};
use crate::name::MetricKind;
use crate::sample::{HistogramSample, Number, OtelName, Visitor};

/// The metrics of one request.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) metrics: Vec<Metric>,
    pub(super) points: u64,
    /// The encoded size of the metrics, without the messages around them.
    bytes: usize,
}

/// Converts the families of a walk, and starts a new batch when a request is full.
pub(super) struct Converter<'a> {
    /// The labels that the registry adds to every sample.
    registry_labels: &'a RenderedLabels,
    /// The time at which counting began, in nanoseconds since 1970.
    since: u64,
    /// The time of the push, in nanoseconds since 1970.
    now: u64,
    /// The time of the next points if they have one, in nanoseconds since 1970.
    timestamp: Option<u64>,
    deltas: Option<Deltas>,
    max_bytes: usize,
    /// The family that is being converted.
    metric: Metric,
    kind: MetricKind,
    /// The family belongs to OpenTelemetry's conventions.
    is_otel: bool,
    /// The kind of the points of `metric`.
    points: Option<PointKind>,
    gathered: bool,
    /// The encoded size of the family without its points.
    head_bytes: usize,
    quantiles: Vec<ValueAtQuantile>,
    batch: Batch,
    done: Vec<Batch>,
}

/// The kind of a data point.
#[derive(Clone, Copy, PartialEq)]
enum PointKind {
    Number,
    Histogram,
    Exponential,
    Summary,
}

/// The maximum size of a resource, a scope and the lengths of messages, apart from long attributes.
const REQUEST_OVERHEAD: usize = 256;

/// The maximum size of the key and the length of a point.
const POINT_OVERHEAD: usize = 6;

/// The maximum size of the keys and lengths of a metric.
const METRIC_OVERHEAD: usize = 16;

impl<'a> Converter<'a> {
    pub(super) fn new(
        metrics: &'a AgentMetrics,
        since: u64,
        now: u64,
        mut deltas: Option<Deltas>,
        max_bytes: usize,
    ) -> Self {
        if let Some(deltas) = &mut deltas {
            deltas.begin();
        }
        Self {
            registry_labels: metrics.registry_ref().additions().labels(),
            since,
            now,
            timestamp: None,
            deltas,
            max_bytes: max_bytes.saturating_sub(REQUEST_OVERHEAD),
            metric: Metric::default(),
            kind: MetricKind::Unknown,
            is_otel: false,
            points: None,
            gathered: false,
            head_bytes: 0,
            quantiles: Vec::new(),
            batch: Batch::default(),
            done: Vec::new(),
        }
    }

    pub(super) fn finish(mut self) -> (Vec<Batch>, Option<Deltas>) {
        if self.batch.points > 0 {
            self.end_batch();
        }
        (self.done, self.deltas)
    }

    fn end_batch(&mut self) {
        if let Some(deltas) = &mut self.deltas {
            deltas.end_request();
        }
        self.done.push(std::mem::take(&mut self.batch));
    }

    fn temporality(&self) -> i32 {
        let temporality = match self.deltas {
            Some(_) => AggregationTemporality::Delta,
            None => AggregationTemporality::Cumulative,
        };
        temporality.into()
    }

    /// The data of a family before its first point.
    fn no_data(&self, point: PointKind) -> metric::Data {
        let sum = |aggregation_temporality, is_monotonic| {
            metric::Data::Sum(Sum { data_points: Vec::new(), aggregation_temporality, is_monotonic })
        };
        let aggregation_temporality = self.temporality();
        match point {
            PointKind::Number => match self.kind {
                MetricKind::Counter => sum(aggregation_temporality, true),
                MetricKind::Info => sum(AggregationTemporality::Cumulative.into(), false),
                _ => metric::Data::Gauge(Gauge::default()),
            },
            PointKind::Histogram => {
                metric::Data::Histogram(Histogram { data_points: Vec::new(), aggregation_temporality })
            }
            PointKind::Exponential => metric::Data::ExponentialHistogram(ExponentialHistogram {
                data_points: Vec::new(),
                aggregation_temporality,
            }),
            PointKind::Summary => metric::Data::Summary(Summary::default()),
        }
    }

    fn attributes(&self, labels: Labels<'_>) -> Vec<KeyValue> {
        let family_name = |name| if self.is_otel { attribute_name(name) } else { Cow::Borrowed(name) };
        let added = (!self.gathered).then_some(self.registry_labels);
        let series = labels.series_pairs().map(|(name, value)| (family_name(name), value));
        let added = added.into_iter().flat_map(RenderedLabels::pairs);
        let added = added.map(|(name, value)| (Cow::Borrowed(name), value));
        let extra = labels.extra.iter().map(|(name, value)| (family_name(name), *value));
        // Prometheus treats an empty label as absent, and the receiver may forward the points to one.
        let present = series.chain(added).filter(|(_, value)| !value.is_empty());
        present.chain(extra).map(|(name, value)| attribute(&name, value)).collect()
    }

    fn time(&self) -> u64 {
        self.timestamp.unwrap_or(self.now)
    }

    /// Returns the growth of a series and the time since which it grew: the whole value since the beginning, unless deltas
    /// are requested. Returns `None` for a series without growth.
    fn growth(&mut self, labels: Labels<'_>, value: Cumulative) -> Option<(Cumulative, u64)> {
        let (since, time) = (self.since, self.time());
        match &mut self.deltas {
            None => Some((value, since)),
            Some(deltas) => {
                let mut series = format!("{}{{{}", self.metric.name, labels.series_text());
                for (name, value) in labels.extra {
                    series.extend([",", name, "=", value]);
                }
                deltas.growth(series, value, since, time)
            }
        }
    }

    /// Adds a point of the given encoded size to the family with `push`. If the request is full, the point goes into the
    /// next one.
    fn put(&mut self, point: PointKind, bytes: usize, push: impl FnOnce(&mut metric::Data)) {
        // The points of a metric are of one kind. A histogram family may have series with and without native buckets.
        if self.points != Some(point) {
            self.close();
        }
        let bytes = bytes + POINT_OVERHEAD;
        let head = if self.metric.data.is_none() { self.head_bytes } else { 0 };
        if self.batch.points > 0 && self.batch.bytes + head + bytes > self.max_bytes {
            self.close();
            self.end_batch();
        }
        if let Some(deltas) = &mut self.deltas {
            deltas.confirm();
        }
        if self.metric.data.is_none() {
            (self.metric.data, self.points) = (Some(self.no_data(point)), Some(point));
            self.batch.bytes += self.head_bytes;
        }
        self.metric.data.as_mut().map(push);
        self.batch.bytes += bytes;
        self.batch.points += 1;
    }

    fn number(&mut self, labels: Labels<'_>, value: Number, since: u64) {
        let value = match value {
            Number::Integer(value) => i64::try_from(value).map_or_else(
                |_| number_data_point::Value::AsDouble(value as f64),
                number_data_point::Value::AsInt,
            ),
            other => number_data_point::Value::AsDouble(other.to_f64()),
        };
        let point = NumberDataPoint {
            attributes: self.attributes(labels),
            start_time_unix_nano: since,
            time_unix_nano: self.time(),
            value: Some(value),
            ..NumberDataPoint::default()
        };
        self.put(PointKind::Number, point.encoded_len(), |data| match data {
            metric::Data::Sum(sum) => sum.data_points.push(point),
            metric::Data::Gauge(gauge) => gauge.data_points.push(point),
            _ => {}
        });
    }
}

impl FamilyVisitor for Converter<'_> {
    fn open(&mut self, head: &Head<'_>) {
        (self.kind, self.gathered, self.is_otel) = (head.kind, head.gathered, head.otel.is_some());
        let (name, unit) = match head.otel {
            Some(OtelName { name, unit }) => (name, unit.to_owned()),
            None => (head.name, ucum(head.unit.unwrap_or_default())),
        };
        self.metric =
            Metric { name: name.to_owned(), description: head.help.to_owned(), unit, ..Metric::default() };
        self.head_bytes = self.metric.encoded_len() + METRIC_OVERHEAD;
    }

    fn set_timestamp(&mut self, milliseconds: Option<i64>) {
        self.timestamp =
            milliseconds.map(|time| u64::try_from(time).unwrap_or_default().saturating_mul(1_000_000));
    }

    fn close(&mut self) {
        if let Some(data) = self.metric.data.take() {
            self.batch.metrics.push(Metric { data: Some(data), ..self.metric.clone() });
        }
    }
}

impl Visitor for Converter<'_> {
    fn sample(&mut self, labels: Labels<'_>, value: Number) {
        match self.kind {
            MetricKind::Counter => {
                if let Some((Cumulative::Number(growth), since)) =
                    self.growth(labels, Cumulative::Number(value))
                {
                    self.number(labels, growth, since);
                }
            }
            MetricKind::Info => self.number(labels, value, self.since),
            // A gauge has no start time.
            _ => self.number(labels, value, 0),
        }
    }

    fn wants_native(&self) -> bool {
        true
    }

    /// Sends native buckets where a series has them, and classic ones elsewhere: they are more precise, and a metric
    /// cannot have both.
    fn histogram(&mut self, labels: Labels<'_>, histogram: &HistogramSample<'_>) {
        let sum = histogram.sum;
        let value = match histogram.native {
            Some(native) => Cumulative::Native { counts: native.clone(), sum },
            None => Cumulative::Histogram { counts: histogram.counts.to_vec(), sum },
        };
        match self.growth(labels, value) {
            Some((Cumulative::Histogram { counts, sum }, since)) => {
                let point = HistogramDataPoint {
                    attributes: self.attributes(labels),
                    start_time_unix_nano: since,
                    time_unix_nano: self.time(),
                    count: counts.iter().sum(),
                    sum: Some(sum.to_f64()),
                    bucket_counts: counts,
                    explicit_bounds: histogram.bounds.values().to_vec(),
                    exemplars: exemplars(histogram, since),
                    ..HistogramDataPoint::default()
                };
                self.put(PointKind::Histogram, point.encoded_len(), |data| {
                    if let metric::Data::Histogram(histogram) = data {
                        histogram.data_points.push(point);
                    }
                });
            }
            Some((Cumulative::Native { counts, sum }, since)) => {
                let point = ExponentialHistogramDataPoint {
                    attributes: self.attributes(labels),
                    start_time_unix_nano: since,
                    time_unix_nano: self.time(),
                    count: counts.total(),
                    sum: Some(sum.to_f64()),
                    scale: counts.schema,
                    zero_count: counts.zeros,
                    zero_threshold: counts.zero_threshold,
                    positive: Some(positive(&counts)),
                    exemplars: exemplars(histogram, since),
                    ..ExponentialHistogramDataPoint::default()
                };
                self.put(PointKind::Exponential, point.encoded_len(), |data| {
                    if let metric::Data::ExponentialHistogram(histogram) = data {
                        histogram.data_points.push(point);
                    }
                });
            }
            Some((Cumulative::Number(_), _)) | None => {}
        }
    }

    fn quantile(&mut self, _: Labels<'_>, quantile: f64, value: f64) {
        self.quantiles.push(ValueAtQuantile { quantile, value });
    }

    /// A summary is cumulative in both temporalities, since OTLP has no delta summary.
    fn summary(&mut self, labels: Labels<'_>, count: u64, sum: Number) {
        let point = SummaryDataPoint {
            attributes: self.attributes(labels),
            start_time_unix_nano: self.since,
            time_unix_nano: self.time(),
            count,
            sum: sum.to_f64(),
            quantile_values: std::mem::take(&mut self.quantiles),
            ..SummaryDataPoint::default()
        };
        self.put(PointKind::Summary, point.encoded_len(), |data| {
            if let metric::Data::Summary(summary) = data {
                summary.data_points.push(point);
            }
        });
    }
}

/// Returns an attribute with a text value.
pub(super) fn attribute(name: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) };
    KeyValue { key: name.to_owned(), value: Some(value), ..KeyValue::default() }
}
