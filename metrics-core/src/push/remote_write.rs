//! Prometheus remote-write 1.0: protocol buffers, compressed by snappy.
//!
//! Source: <https://prometheus.io/docs/specs/prw/remote_write_spec/>.

use std::borrow::Cow;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::PushError;
use super::address::Address;
use super::target::{Body, Encoder, Prepared, Target, check_labels, sealed, walk};
use crate::AgentMetrics;
use crate::exposition::wire::{Key, begin, end, put_double, put_number, put_text};
use crate::exposition::{FamilyVisitor, Head};
use crate::label::{Labels, Pairs};
use crate::metric::{Number, bound_text};
use crate::name::Kind;
use crate::visit::{HistogramSample, Visitor};

/// Prometheus remote-write 1.0, as Prometheus (`--web.enable-remote-write-receiver`), Mimir, Thanos and
/// VictoriaMetrics take it.
///
/// A histogram is its series `_bucket`, `_sum` and `_count`, as if it had been scraped. All samples of a push have
/// one time. What a family is and its help go along once a minute.
#[derive(Clone, Debug)]
#[must_use = "a target does nothing until it is pushed to"]
pub struct RemoteWrite {
    url: String,
    labels: Vec<(String, String)>,
    stale_at_end: bool,
}

impl RemoteWrite {
    /// To the whole URL of a receiver, such as `http://prometheus:9090/api/v1/write`. `job` becomes the label of
    /// that name, which a scrape would have added.
    pub fn new(url: impl Into<String>, job: impl Into<String>) -> Self {
        let labels = vec![("job".to_owned(), job.into())];
        Self { url: url.into(), labels, stale_at_end: false }
    }

    /// A label on every sample that has none of that name. Give each process of a job an `instance` of its own, or
    /// their samples are taken for those of one.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.push((name.into(), value.into()));
        self
    }

    /// Says at the end that the series have ended, as Prometheus notes of a target that is gone: gauges vanish at
    /// once rather than after five minutes. For services; the totals of a job are mostly asked for when it has ended.
    pub fn stale_at_end(mut self) -> Self {
        self.stale_at_end = true;
        self
    }
}

impl sealed::Sealed for RemoteWrite {}

impl Target for RemoteWrite {
    fn prepare(self) -> Result<Prepared, PushError> {
        let address = Address::parse(&self.url)?;
        if address.path().is_empty() {
            let why = "there is no path in it: Prometheus takes remote-write at `/api/v1/write`, Mimir at `/api/v1/push`";
            return Err(PushError::Address { address: address.to_string(), why });
        }
        check_labels("RemoteWrite::label", &self.labels)?;
        Ok(Prepared {
            name: "remote_write",
            address,
            headers: &[
                ("Content-Type", "application/x-protobuf"),
                ("Content-Encoding", "snappy"),
                ("X-Prometheus-Remote-Write-Version", "0.1.0"),
            ],
            max_request_bytes: 1 << 20,
            encoder: Box::new(RemoteWriter {
                labels: self.labels,
                stale_at_end: self.stale_at_end,
                metadata_sent: None,
            }),
        })
    }
}

struct RemoteWriter {
    labels: Vec<(String, String)>,
    stale_at_end: bool,
    metadata_sent: Option<Instant>,
}

/// How often Prometheus itself sends what families are.
const METADATA_INTERVAL: Duration = Duration::from_secs(60);

impl Encoder for RemoteWriter {
    fn read(&mut self, metrics: &AgentMetrics, max_bytes: usize) -> Vec<Body> {
        let with_metadata = self.metadata_sent.is_none_or(|sent| sent.elapsed() >= METADATA_INTERVAL);
        if with_metadata {
            self.metadata_sent = Some(Instant::now());
        }
        let mut writer = Writer::new(&self.labels, metrics, max_bytes);
        writer.with_metadata = with_metadata;
        walk(metrics, &mut writer);
        writer.finish()
    }

    fn farewell(&mut self, metrics: &AgentMetrics, max_bytes: usize) -> Vec<Body> {
        if !self.stale_at_end {
            return Vec::new();
        }
        let mut writer = Writer::new(&self.labels, metrics, max_bytes);
        writer.stale = true;
        walk(metrics, &mut writer);
        writer.finish()
    }

    fn refused(&mut self) {
        self.metadata_sent = None;
    }
}

// Fields of the messages `WriteRequest`, `TimeSeries`, `Label`, `Sample` and `MetricMetadata`.
const TIMESERIES: Key = Key::length(1);
const METADATA: Key = Key::length(3);
const LABEL: Key = Key::length(1);
const SAMPLE: Key = Key::length(2);
const LABEL_NAME: Key = Key::length(1);
const LABEL_VALUE: Key = Key::length(2);
const SAMPLE_VALUE: Key = Key::double(1);
const SAMPLE_TIMESTAMP: Key = Key::varint(2);
const FAMILY_KIND: Key = Key::varint(1);
const FAMILY_NAME: Key = Key::length(2);
const FAMILY_HELP: Key = Key::length(4);
const FAMILY_UNIT: Key = Key::length(5);

/// The value that says that a series has ended: one certain NaN.
const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// The labels of a series without its name, by name.
type Sorted<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// Writes requests, one when the one before is full.
struct Writer<'a> {
    /// Those that the target adds.
    labels: &'a [(String, String)],
    /// Those of the registry, rendered.
    outer_labels: &'a str,
    max_bytes: usize,
    with_metadata: bool,
    /// Every value says that its series has ended.
    stale: bool,
    /// In milliseconds since 1970: of the push, and of the next samples where they have one of their own.
    now: i64,
    timestamp: Option<i64>,
    /// The family's.
    name: String,
    gathered: bool,
    request: Vec<u8>,
    samples: u64,
    done: Vec<Body>,
}

impl<'a> Writer<'a> {
    fn new(labels: &'a [(String, String)], metrics: &'a AgentMetrics, max_bytes: usize) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            labels,
            outer_labels: metrics.registry_ref().outer().labels(),
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

    /// The labels of a sample, with those that the registry and the target add where it has none of that name.
    fn sorted<'l>(&self, own: Labels<'l>) -> Sorted<'l>
    where
        'a: 'l,
    {
        let outer = if self.gathered { "" } else { self.outer_labels };
        let mut labels: Sorted<'l> = Pairs::of(own.series).chain(Pairs::of(outer)).collect();
        labels.extend(own.more.iter().map(|(name, value)| (*name, Cow::Borrowed(*value))));
        for (name, value) in self.labels {
            if !labels.iter().any(|(known, _)| known == name) {
                labels.push((name, Cow::Borrowed(value)));
            }
        }
        // An empty value is no label, and refused by the protocol.
        labels.retain(|(_, value)| !value.is_empty());
        labels.sort_unstable_by(|left, right| left.0.cmp(right.0));
        labels
    }

    /// Writes a series with its one sample.
    fn series(&mut self, suffix: &str, labels: &Sorted<'_>, last: Option<(&str, &str)>, value: f64) {
        let begin_series = self.request.len();
        let series = begin(&mut self.request, TIMESERIES);
        // The name and the label of a bucket or quantile take their places among the others.
        let mut last = last;
        let mut name = Some(["__name__", self.name.as_str()]);
        for (label, value) in labels {
            if let Some([label, value]) = name.take_if(|[name, _]| *name < *label) {
                put_label(&mut self.request, label, [value, suffix]);
            }
            if let Some((label, value)) = last.take_if(|(name, _)| *name < *label) {
                put_label(&mut self.request, label, [value, ""]);
            }
            put_label(&mut self.request, label, [value, ""]);
        }
        if let Some([label, value]) = name {
            put_label(&mut self.request, label, [value, suffix]);
        }
        if let Some((label, value)) = last {
            put_label(&mut self.request, label, [value, ""]);
        }
        let sample = begin(&mut self.request, SAMPLE);
        put_double(&mut self.request, SAMPLE_VALUE, if self.stale { STALE } else { value });
        put_number(&mut self.request, SAMPLE_TIMESTAMP, self.timestamp.unwrap_or(self.now) as u64);
        end(&mut self.request, sample);
        end(&mut self.request, series);
        self.split(begin_series);
        self.samples += 1;
    }

    fn metadata(&mut self, head: &Head<'_>) {
        let kind = match head.kind {
            Kind::Unknown => 0,
            Kind::Counter => 1,
            Kind::Gauge => 2,
            Kind::Histogram => 3,
            Kind::Summary => 5,
            Kind::Info => 6,
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

    /// Begins the next request with what was written from here on, if it made this one too long.
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
        self.done.push(Body { method: "POST", bytes, samples: std::mem::take(&mut self.samples) });
    }

    fn finish(mut self) -> Vec<Body> {
        if !self.request.is_empty() {
            self.end_request();
        }
        self.done
    }
}

/// Writes a label, its value in two parts.
fn put_label(out: &mut Vec<u8>, name: &str, [value, suffix]: [&str; 2]) {
    let label = begin(out, LABEL);
    put_text(out, LABEL_NAME, name.as_bytes());
    let text = begin(out, LABEL_VALUE);
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(suffix.as_bytes());
    end(out, text);
    end(out, label);
}

impl FamilyVisitor for Writer<'_> {
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

impl Visitor for Writer<'_> {
    fn sample(&mut self, labels: Labels<'_>, value: Number) {
        let labels = self.sorted(labels);
        self.series("", &labels, None, value.to_f64());
    }

    fn histogram(&mut self, labels: Labels<'_>, histogram: &HistogramSample<'_>) {
        let labels = self.sorted(labels);
        let mut cumulative = 0;
        for (count, le) in histogram.counts.iter().zip(histogram.bounds.le()) {
            cumulative += count;
            self.series("_bucket", &labels, Some(("le", le)), cumulative as f64);
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
