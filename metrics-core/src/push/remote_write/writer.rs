//! The requests of remote-write: series with one sample each, and the metadata of families.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::exposition::wire::{Key, begin, end, put_double, put_number, put_text};
use crate::exposition::{FamilyVisitor, Head};
use crate::instance::AgentMetrics;
use crate::label::{Labels, RenderedLabels};
use crate::name::MetricKind;
use crate::push::target::RequestBody;
use crate::sample::{Exemplar, HistogramSample, Number, Visitor, bound_text};

// Fields of the messages `WriteRequest`, `TimeSeries`, `Label` (also of an exemplar), `Sample`, `Exemplar` and
// `MetricMetadata`.
const TIMESERIES: Key = Key::length(1);
const METADATA: Key = Key::length(3);
const LABEL: Key = Key::length(1);
const SAMPLE: Key = Key::length(2);
const EXEMPLAR: Key = Key::length(3);
const LABEL_NAME: Key = Key::length(1);
const LABEL_VALUE: Key = Key::length(2);
const SAMPLE_VALUE: Key = Key::double(1);
const SAMPLE_TIMESTAMP: Key = Key::varint(2);
const EXEMPLAR_VALUE: Key = Key::double(2);
const EXEMPLAR_TIMESTAMP: Key = Key::varint(3);
const FAMILY_KIND: Key = Key::varint(1);
const FAMILY_NAME: Key = Key::length(2);
const FAMILY_HELP: Key = Key::length(4);
const FAMILY_UNIT: Key = Key::length(5);

/// The NaN that marks a series as stale.
///
/// Source: `StaleNaN` in <https://github.com/prometheus/prometheus/blob/main/model/value/value.go>.
const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// The labels of a series without its name, sorted by name.
type SortedLabels<'a> = Vec<(&'a str, &'a str)>;

/// Writes the families of a walk as requests, and starts a new request when one is full.
pub(super) struct RequestWriter<'a> {
    /// The labels that the target adds.
    labels: &'a [(String, String)],
    /// The labels that the registry adds to every sample.
    registry_labels: &'a RenderedLabels,
    max_bytes: usize,
    with_metadata: bool,
    /// Every series is marked as stale, whatever its value.
    stale: bool,
    /// The time of the push, in milliseconds since 1970.
    now: i64,
    /// The time of the next samples if they have one, in milliseconds since 1970.
    timestamp: Option<i64>,
    /// The name of the family.
    name: String,
    gathered: bool,
    request: Vec<u8>,
    samples: u64,
    done: Vec<RequestBody>,
}

impl<'a> RequestWriter<'a> {
    pub(super) fn new(labels: &'a [(String, String)], metrics: &'a AgentMetrics, max_bytes: usize) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            labels,
            registry_labels: metrics.registry_ref().additions().labels(),
            max_bytes,
            with_metadata: false,
            stale: false,
            now: now.as_millis() as i64,
            timestamp: None,
            name: String::new(),
            gathered: false,
            request: Vec::new(),
            samples: 0,
            done: Vec::new(),
        }
    }

    /// Switches the metadata of families on or off.
    pub(super) fn set_metadata(&mut self, with_metadata: bool) {
        self.with_metadata = with_metadata;
    }

    /// Marks all series as stale.
    pub(super) fn mark_stale(&mut self) {
        self.stale = true;
    }

    /// Returns the labels of a sample and those that the registry and the target add. A label of the sample replaces the
    /// target's label of the same name.
    fn sorted<'l>(&self, labels_of_sample: Labels<'l>) -> SortedLabels<'l>
    where
        'a: 'l,
    {
        let mut labels: SortedLabels<'l> = labels_of_sample.pairs().collect();
        if !self.gathered {
            labels.extend(self.registry_labels.pairs());
        }
        for (name, value) in self.labels {
            if !labels.iter().any(|(label, _)| label == name) {
                labels.push((name, value));
            }
        }
        // The protocol refuses empty values: to Prometheus they are absent labels.
        labels.retain(|(_, value)| !value.is_empty());
        labels.sort_unstable_by(|left, right| left.0.cmp(right.0));
        labels
    }

    fn series(&mut self, suffix: &str, labels: &SortedLabels<'_>, last: Option<(&str, &str)>, value: f64) {
        self.series_with(suffix, labels, last, value, None);
    }

    /// Writes a series with one sample.
    fn series_with(
        &mut self,
        suffix: &str,
        labels: &SortedLabels<'_>,
        mut last: Option<(&str, &str)>,
        value: f64,
        exemplar: Option<Exemplar>,
    ) {
        let out = &mut self.request;
        let begin_series = out.len();
        let series = begin(out, TIMESERIES);
        // The protocol requires sorted labels, so the name and `le` or `quantile` are merged into the others.
        let mut name = Some(("__name__", self.name.as_str()));
        for (label, value) in labels {
            if let Some((label, value)) = name.take_if(|(name, _)| *name < *label) {
                put_label(out, label, [value, suffix]);
            }
            if let Some((label, value)) = last.take_if(|(name, _)| *name < *label) {
                put_label(out, label, [value, ""]);
            }
            put_label(out, label, [value, ""]);
        }
        if let Some((label, value)) = name {
            put_label(out, label, [value, suffix]);
        }
        if let Some((label, value)) = last {
            put_label(out, label, [value, ""]);
        }
        let sample = begin(out, SAMPLE);
        put_double(out, SAMPLE_VALUE, if self.stale { STALE } else { value });
        put_number(out, SAMPLE_TIMESTAMP, self.timestamp.unwrap_or(self.now) as u64);
        end(out, sample);
        if let Some(exemplar) = exemplar.filter(|_| !self.stale) {
            put_exemplar(out, &exemplar);
        }
        end(out, series);
        self.split(begin_series);
        self.samples += 1;
    }

    fn metadata(&mut self, head: &Head<'_>) {
        let kind = match head.kind {
            MetricKind::Unknown => 0,
            MetricKind::Counter => 1,
            MetricKind::Gauge => 2,
            MetricKind::Histogram => 3,
            MetricKind::Summary => 5,
            MetricKind::Info => 6,
        };
        let begin_metadata = self.request.len();
        let metadata = begin(&mut self.request, METADATA);
        put_number(&mut self.request, FAMILY_KIND, kind);
        put_text(&mut self.request, FAMILY_NAME, head.name.as_bytes());
        put_text(&mut self.request, FAMILY_HELP, head.help.as_bytes());
        put_text(&mut self.request, FAMILY_UNIT, head.unit.unwrap_or_default().as_bytes());
        end(&mut self.request, metadata);
        self.split(begin_metadata);
    }

    /// Moves everything from `at` on into the next request, if it made this one too long.
    fn split(&mut self, at: usize) {
        if self.request.len() > self.max_bytes && at > 0 {
            let next = self.request.split_off(at);
            self.end_request();
            self.request = next;
        }
    }

    fn end_request(&mut self) {
        let compressed = snap::raw::Encoder::new().compress_vec(&self.request);
        let bytes = compressed.unwrap_or_else(|error| unreachable!("no request is that long: {error}"));
        self.done.push(RequestBody { method: "POST", bytes, samples: std::mem::take(&mut self.samples) });
    }

    pub(super) fn finish(mut self) -> Vec<RequestBody> {
        if !self.request.is_empty() {
            self.end_request();
        }
        self.done
    }
}

fn put_exemplar(out: &mut Vec<u8>, exemplar: &Exemplar) {
    let Exemplar { trace_id, span_id, value, time } = *exemplar;
    let message = begin(out, EXEMPLAR);
    put_label(out, "span_id", [&format!("{span_id:016x}"), ""]);
    put_label(out, "trace_id", [&format!("{trace_id:032x}"), ""]);
    put_double(out, EXEMPLAR_VALUE, value);
    put_number(out, EXEMPLAR_TIMESTAMP, time);
    end(out, message);
}

/// Writes a label. The value consists of two parts.
fn put_label(out: &mut Vec<u8>, name: &str, [value, suffix]: [&str; 2]) {
    let label = begin(out, LABEL);
    put_text(out, LABEL_NAME, name.as_bytes());
    let text = begin(out, LABEL_VALUE);
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(suffix.as_bytes());
    end(out, text);
    end(out, label);
}

impl FamilyVisitor for RequestWriter<'_> {
    fn open(&mut self, head: &Head<'_>) {
        self.name.clear();
        self.name.push_str(head.name);
        self.gathered = head.gathered;
        if self.with_metadata {
            self.metadata(head);
        }
    }

    fn set_timestamp(&mut self, milliseconds: Option<i64>) {
        self.timestamp = milliseconds;
    }

    fn close(&mut self) {}
}

impl Visitor for RequestWriter<'_> {
    fn sample(&mut self, labels: Labels<'_>, value: Number) {
        let labels = self.sorted(labels);
        self.series("", &labels, None, value.to_f64());
    }

    fn histogram(&mut self, labels: Labels<'_>, histogram: &HistogramSample<'_>) {
        let labels = self.sorted(labels);
        let mut cumulative = 0;
        for (bucket, (count, le)) in histogram.counts.iter().zip(histogram.bounds.le()).enumerate() {
            cumulative += count;
            let exemplar = histogram.exemplar(bucket);
            self.series_with("_bucket", &labels, Some(("le", le)), cumulative as f64, exemplar);
        }
        self.series("_sum", &labels, None, histogram.sum.to_f64());
        self.series("_count", &labels, None, cumulative as f64);
    }

    fn quantile(&mut self, labels: Labels<'_>, quantile: f64, value: f64) {
        let labels = self.sorted(labels);
        self.series("", &labels, Some(("quantile", &bound_text(quantile))), value);
    }

    fn summary(&mut self, labels: Labels<'_>, count: u64, sum: Number) {
        let labels = self.sorted(labels);
        self.series("_sum", &labels, None, sum.to_f64());
        self.series("_count", &labels, None, count as f64);
    }
}
