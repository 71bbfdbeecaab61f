//! Prometheus's protocol buffers: messages `io.prometheus.client.MetricFamily`, each preceded by its length.
//!
//! Source: `io/prometheus/client/metrics.proto` of <https://github.com/prometheus/client_model>.

use std::ops::Range;

use super::wire::{self, Key, begin, begin_long, end, end_long, put_double, put_number, put_text};
use super::writer::{FamilyVisitor, FamilyWriter, Head};
use crate::label::{Labels, RenderedLabels};
use crate::name::MetricKind;
use crate::sample::{Exemplar, HistogramSample, NativeCounts, Number, Visitor};

const FAMILY_NAME: Key = Key::length(1);
const FAMILY_HELP: Key = Key::length(2);
const FAMILY_TYPE: Key = Key::varint(3);
const FAMILY_METRIC: Key = Key::length(4);
const FAMILY_UNIT: Key = Key::length(5);

const METRIC_LABEL: Key = Key::length(1);
const METRIC_GAUGE: Key = Key::length(2);
const METRIC_COUNTER: Key = Key::length(3);
const METRIC_SUMMARY: Key = Key::length(4);
const METRIC_UNTYPED: Key = Key::length(5);
const METRIC_TIMESTAMP: Key = Key::varint(6);
const METRIC_HISTOGRAM: Key = Key::length(7);

const LABEL_NAME: Key = Key::length(1);
const LABEL_VALUE: Key = Key::length(2);

/// The value of a counter, a gauge or an untyped metric.
const VALUE: Key = Key::double(1);

// Fields of a histogram and of a summary.
const SAMPLE_COUNT: Key = Key::varint(1);
const SAMPLE_SUM: Key = Key::double(2);

const SUMMARY_QUANTILE: Key = Key::length(3);
const QUANTILE: Key = Key::double(1);
const QUANTILE_VALUE: Key = Key::double(2);

const HISTOGRAM_BUCKET: Key = Key::length(3);
const BUCKET_COUNT: Key = Key::varint(1);
const BUCKET_BOUND: Key = Key::double(2);
const BUCKET_EXEMPLAR: Key = Key::length(3);

// Fields of an exemplar. Its labels have the key of a metric's.
const EXEMPLAR_VALUE: Key = Key::double(2);
const EXEMPLAR_TIMESTAMP: Key = Key::length(3);
const TIMESTAMP_SECONDS: Key = Key::varint(1);
const TIMESTAMP_NANOS: Key = Key::varint(2);

const NATIVE_SCHEMA: Key = Key::varint(5);
const NATIVE_ZERO_THRESHOLD: Key = Key::double(6);
const NATIVE_ZERO_COUNT: Key = Key::varint(7);
const NATIVE_SPAN: Key = Key::length(12);
const NATIVE_DELTA: Key = Key::length(13);
const SPAN_OFFSET: Key = Key::varint(1);
const SPAN_LENGTH: Key = Key::varint(2);

/// The maximum length of a message, in bytes, before a chunk may end within its family. Such a family becomes several
/// messages with the same name, which Prometheus reads as one family.
const MAX_MESSAGE: usize = 1 << 20;

/// Writes families as delimited messages.
pub(super) struct ProtobufWriter {
    out: Vec<u8>,
    /// The initial capacity of `out`, in bytes.
    capacity: usize,
    /// The labels that the registry adds to every sample, encoded.
    registry_labels: Vec<u8>,
    /// The fields of the current family before its samples, encoded.
    head: Vec<u8>,
    kind: MetricKind,
    gathered: bool,
    is_open: bool,
    /// The position in `out` at which the message of the current family begins.
    begin: usize,
    /// The position in `out` at which the samples of that message begin.
    samples: usize,
    /// The time of the next samples if they have one, in milliseconds since 1970.
    timestamp: Option<i64>,
    /// The quantiles of the next summary.
    quantiles: Vec<(f64, f64)>,
}

impl ProtobufWriter {
    /// Creates a writer whose buffer has room for `bytes`.
    pub(super) fn new(registry_labels: &RenderedLabels, bytes: usize) -> Self {
        let mut encoded = Vec::new();
        put_labels(&mut encoded, registry_labels);
        Self {
            out: Vec::with_capacity(bytes),
            capacity: bytes,
            registry_labels: encoded,
            head: Vec::new(),
            kind: MetricKind::Unknown,
            gathered: false,
            is_open: false,
            begin: 0,
            samples: 0,
            timestamp: None,
            quantiles: Vec::new(),
        }
    }

    fn begin_message(&mut self) {
        self.begin = wire::begin_delimited(&mut self.out);
        self.out.extend_from_slice(&self.head);
        self.samples = self.out.len();
    }

    fn end_message(&mut self) {
        if self.out.len() == self.samples {
            wire::cancel_delimited(&mut self.out, self.begin);
        } else {
            wire::end_delimited(&mut self.out, self.begin);
        }
    }

    /// Writes one metric: its labels and what `value` writes.
    #[inline]
    fn metric(&mut self, labels: Labels<'_>, value: impl FnOnce(&mut Vec<u8>)) {
        let metric = begin(&mut self.out, FAMILY_METRIC);
        self.fields_of_metric(labels, value);
        end(&mut self.out, metric);
    }

    #[inline]
    fn fields_of_metric(&mut self, labels: Labels<'_>, value: impl FnOnce(&mut Vec<u8>)) {
        let out = &mut self.out;
        if let Some(series) = labels.series() {
            put_labels(out, series);
        }
        if !self.gathered {
            out.extend_from_slice(&self.registry_labels);
        }
        for (name, value) in labels.extra {
            put_label(out, name.as_bytes(), value.as_bytes());
        }
        value(out);
        if let Some(milliseconds) = self.timestamp {
            put_number(out, METRIC_TIMESTAMP, milliseconds as u64);
        }
    }
}

/// Writes the labels of a series.
#[inline]
fn put_labels(out: &mut Vec<u8>, labels: &RenderedLabels) {
    let bytes = labels.as_bytes();
    for (name, value) in labels.ranges() {
        if name.len() < SHORT && value.len() < SHORT {
            let (name_length, value_length) = (name.len() as u8, value.len() as u8);
            let length = 4 + name_length + value_length;
            out.extend_from_slice(&[METRIC_LABEL.byte(), length, LABEL_NAME.byte(), name_length]);
            put_part(out, bytes, name);
            out.extend_from_slice(&[LABEL_VALUE.byte(), value_length]);
            put_part(out, bytes, value);
        } else {
            put_label(out, &bytes[name], &bytes[value]);
        }
    }
}

/// The length below which a name and a value fit into a label message of less than 128 bytes, whose length takes one
/// byte.
const SHORT: usize = 60;

/// Appends a part of a text. If the text goes on for long enough, a block of constant size is copied and then cut to the
/// part, which is much faster than a copy of a few bytes whose number is only known at run time.
#[inline]
fn put_part(out: &mut Vec<u8>, bytes: &[u8], part: Range<usize>) {
    const COPIED: usize = 16;
    match bytes.get(part.start..part.start + COPIED) {
        Some(more) if part.len() <= COPIED => {
            let end = out.len() + part.len();
            out.extend_from_slice(more);
            out.truncate(end);
        }
        _ => out.extend_from_slice(&bytes[part]),
    }
}

fn put_label(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    let label = begin(out, METRIC_LABEL);
    put_text(out, LABEL_NAME, name);
    put_text(out, LABEL_VALUE, value);
    end(out, label);
}

/// Returns the number of a kind in the enum `MetricType`. An info is a gauge there.
fn type_number(kind: MetricKind) -> u64 {
    match kind {
        MetricKind::Counter => 0,
        MetricKind::Gauge | MetricKind::Info => 1,
        MetricKind::Summary => 2,
        MetricKind::Unknown => 3,
        MetricKind::Histogram => 4,
    }
}

impl FamilyVisitor for ProtobufWriter {
    fn open(&mut self, head: &Head<'_>) {
        self.head.clear();
        put_text(&mut self.head, FAMILY_NAME, head.name.as_bytes());
        put_text(&mut self.head, FAMILY_HELP, head.help.as_bytes());
        put_number(&mut self.head, FAMILY_TYPE, type_number(head.kind));
        if let Some(unit) = head.unit {
            put_text(&mut self.head, FAMILY_UNIT, unit.as_bytes());
        }
        (self.kind, self.gathered, self.is_open) = (head.kind, head.gathered, true);
        self.begin_message();
    }

    fn set_timestamp(&mut self, milliseconds: Option<i64>) {
        self.timestamp = milliseconds;
    }

    fn close(&mut self) {
        self.end_message();
        self.is_open = false;
    }
}

impl FamilyWriter for ProtobufWriter {
    fn ready(&self) -> usize {
        let is_short = || self.out.len() - self.begin < MAX_MESSAGE;
        if self.is_open && is_short() { 0 } else { self.out.len() }
    }

    fn take(&mut self) -> Vec<u8> {
        if self.is_open {
            self.end_message();
        }
        let taken = std::mem::replace(&mut self.out, Vec::with_capacity(self.capacity));
        if self.is_open {
            self.begin_message();
        }
        taken
    }

    fn into_bytes(self: Box<Self>) -> Vec<u8> {
        self.out
    }
}

impl Visitor for ProtobufWriter {
    fn wants_native(&self) -> bool {
        true
    }

    #[inline]
    fn sample(&mut self, labels: Labels<'_>, value: Number) {
        let key = match self.kind {
            MetricKind::Counter => METRIC_COUNTER,
            MetricKind::Unknown => METRIC_UNTYPED,
            _ => METRIC_GAUGE,
        };
        self.metric(labels, |out| {
            wire::put_message(out, key, VALUE, value.to_f64());
        });
    }

    fn histogram(&mut self, labels: Labels<'_>, histogram: &HistogramSample<'_>) {
        let metric = begin_long(&mut self.out, FAMILY_METRIC);
        self.fields_of_metric(labels, |out| {
            let message = begin_long(out, METRIC_HISTOGRAM);
            put_histogram(out, histogram);
            end_long(out, message);
        });
        end_long(&mut self.out, metric);
    }

    fn quantile(&mut self, _: Labels<'_>, quantile: f64, value: f64) {
        self.quantiles.push((quantile, value));
    }

    fn summary(&mut self, labels: Labels<'_>, count: u64, sum: Number) {
        let mut quantiles = std::mem::take(&mut self.quantiles);
        self.metric(labels, |out| {
            let message = begin(out, METRIC_SUMMARY);
            put_number(out, SAMPLE_COUNT, count);
            put_double(out, SAMPLE_SUM, sum.to_f64());
            for (quantile, value) in quantiles.drain(..) {
                let at = begin(out, SUMMARY_QUANTILE);
                put_double(out, QUANTILE, quantile);
                put_double(out, QUANTILE_VALUE, value);
                end(out, at);
            }
            end(out, message);
        });
        self.quantiles = quantiles;
    }
}

/// Writes the fields of a histogram. The bucket up to `+Inf` equals the sample count, so it is only written if it has an
/// exemplar.
fn put_histogram(out: &mut Vec<u8>, histogram: &HistogramSample<'_>) {
    let HistogramSample { bounds, counts, sum, native, .. } = *histogram;
    let count = native.map_or_else(|| counts.iter().sum(), NativeCounts::total);
    put_number(out, SAMPLE_COUNT, count);
    put_double(out, SAMPLE_SUM, sum.to_f64());
    let mut cumulative = 0;
    for (bucket, (bound, count)) in bounds.values().iter().zip(counts).enumerate() {
        cumulative += count;
        put_bucket(out, cumulative, *bound, histogram.exemplar(bucket));
    }
    if let Some(exemplar) = histogram.exemplar(bounds.values().len()) {
        put_bucket(out, count, f64::INFINITY, Some(exemplar));
    }
    if let Some(native) = native {
        put_native(out, native);
    }
}

#[inline]
fn put_bucket(out: &mut Vec<u8>, cumulative: u64, bound: f64, exemplar: Option<Exemplar>) {
    if let Some(exemplar) = exemplar {
        return put_bucket_with(out, cumulative, bound, &exemplar);
    }
    wire::put_counted(out, HISTOGRAM_BUCKET, (BUCKET_COUNT, cumulative), (BUCKET_BOUND, bound));
}

#[cold]
fn put_bucket_with(out: &mut Vec<u8>, cumulative: u64, bound: f64, exemplar: &Exemplar) {
    let bucket = begin(out, HISTOGRAM_BUCKET);
    put_number(out, BUCKET_COUNT, cumulative);
    put_double(out, BUCKET_BOUND, bound);
    put_exemplar(out, exemplar);
    end(out, bucket);
}

fn put_exemplar(out: &mut Vec<u8>, exemplar: &Exemplar) {
    let Exemplar { trace_id, span_id, value, time } = *exemplar;
    let message = begin(out, BUCKET_EXEMPLAR);
    put_label(out, b"trace_id", format!("{trace_id:032x}").as_bytes());
    put_label(out, b"span_id", format!("{span_id:016x}").as_bytes());
    put_double(out, EXEMPLAR_VALUE, value);
    let timestamp = begin(out, EXEMPLAR_TIMESTAMP);
    put_number(out, TIMESTAMP_SECONDS, time / 1000);
    put_number(out, TIMESTAMP_NANOS, time % 1000 * 1_000_000);
    end(out, timestamp);
    end(out, message);
}

/// The maximum number of empty native buckets between two others that are written as zeros, since a new span would take
/// more bytes.
const MAX_GAP: i32 = 2;

/// Writes native buckets: spans of neighbouring buckets, and for each bucket the difference of its count from the bucket
/// before.
fn put_native(out: &mut Vec<u8>, native: &NativeCounts) {
    put_number(out, NATIVE_SCHEMA, wire::zigzag(i64::from(native.schema)));
    put_double(out, NATIVE_ZERO_THRESHOLD, native.zero_threshold);
    put_number(out, NATIVE_ZERO_COUNT, native.zeros);
    let mut next = 0;
    let is_one_span = |left: &(i32, u64), right: &(i32, u64)| right.0 - left.0 <= 1 + MAX_GAP;
    for buckets in native.buckets.chunk_by(is_one_span) {
        let (first, last) = (buckets[0].0, buckets[buckets.len() - 1].0);
        let span = begin(out, NATIVE_SPAN);
        put_number(out, SPAN_OFFSET, wire::zigzag(i64::from(first - next)));
        put_number(out, SPAN_LENGTH, (last - first) as u64 + 1);
        end(out, span);
        next = last + 1;
    }
    if native.buckets.is_empty() {
        return;
    }
    let deltas = begin(out, NATIVE_DELTA);
    let mut before = 0;
    let mut put = |count: u64| {
        wire::put_varint(out, wire::zigzag(count.wrapping_sub(before).cast_signed()));
        before = count;
    };
    for buckets in native.buckets.chunk_by(is_one_span) {
        let mut next = buckets[0].0;
        for (number, count) in buckets {
            (next..*number).for_each(|_| put(0));
            put(*count);
            next = number + 1;
        }
    }
    end(out, deltas);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Bounds;

    const HEAD: Head<'_> =
        Head { name: "a", kind: MetricKind::Counter, unit: None, help: "h", otel: None, gathered: false };

    #[test]
    fn a_counter_is_encoded_as_the_format_requires() {
        let mut writer = ProtobufWriter::new(&RenderedLabels::default(), 0);
        writer.open(&HEAD);
        writer.sample(Labels::new(&RenderedLabels::new([("x", "1\"")])), Number::Integer(2));
        writer.close();
        let label = [10, 7, 10, 1, b'x', 18, 2, b'1', b'"'];
        let counter = [26, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0x40];
        let head = [10, 1, b'a', 18, 1, b'h'];
        let expected = [&[28][..], &head, &[34, 20], &label, &counter].concat();
        assert_eq!(writer.take(), expected);
    }

    #[test]
    fn a_family_without_samples_is_not_written() {
        let mut writer = ProtobufWriter::new(&RenderedLabels::default(), 0);
        writer.open(&HEAD);
        assert_eq!(writer.ready(), 0);
        writer.close();
        assert!(writer.take().is_empty());
    }

    #[test]
    fn a_long_family_is_split_into_messages() {
        let mut writer = ProtobufWriter::new(&RenderedLabels::default(), 0);
        writer.open(&Head { kind: MetricKind::Histogram, ..HEAD });
        let bounds = Bounds::new(&[1.0]);
        while writer.ready() == 0 {
            writer.histogram(Labels::NONE, &HistogramSample::new(&bounds, &[1, 2], Number::Integer(3)));
        }
        let first = writer.take();
        writer.close();
        let rest = writer.take();
        assert!(first.len() > MAX_MESSAGE && rest.is_empty(), "{} {}", first.len(), rest.len());
    }
}
