//! The messages of Prometheus's protocol buffers, independent of the code that writes them: from
//! `io/prometheus/client/metrics.proto`, as far as an exposition has them.

use std::collections::BTreeMap;

use prost::Message;

use crate::Samples;

/// One family.
#[derive(Clone, PartialEq, Message)]
pub struct MetricFamily {
    /// The name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The help text.
    #[prost(string, tag = "2")]
    pub help: String,
    /// The type.
    #[prost(enumeration = "MetricType", tag = "3")]
    pub kind: i32,
    /// The samples.
    #[prost(message, repeated, tag = "4")]
    pub metric: Vec<Metric>,
    /// The unit.
    #[prost(string, tag = "5")]
    pub unit: String,
}

/// The type of a family.
#[derive(Clone, Copy, PartialEq, Eq, Debug, prost::Enumeration)]
#[repr(i32)]
#[allow(missing_docs)]
pub enum MetricType {
    Counter = 0,
    Gauge = 1,
    Summary = 2,
    Untyped = 3,
    Histogram = 4,
}

/// One series with its value.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct Metric {
    #[prost(message, repeated, tag = "1")]
    pub label: Vec<LabelPair>,
    #[prost(message, tag = "2")]
    pub gauge: Option<Value>,
    #[prost(message, tag = "3")]
    pub counter: Option<Value>,
    #[prost(message, tag = "4")]
    pub summary: Option<Summary>,
    #[prost(message, tag = "5")]
    pub untyped: Option<Value>,
    #[prost(int64, tag = "6")]
    pub timestamp_ms: i64,
    #[prost(message, tag = "7")]
    pub histogram: Option<Histogram>,
}

/// A label.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct LabelPair {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

/// A counter, a gauge or an untyped value.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct Value {
    #[prost(double, tag = "1")]
    pub value: f64,
}

/// A summary.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct Summary {
    #[prost(uint64, tag = "1")]
    pub sample_count: u64,
    #[prost(double, tag = "2")]
    pub sample_sum: f64,
    #[prost(message, repeated, tag = "3")]
    pub quantile: Vec<Quantile>,
}

/// A quantile.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct Quantile {
    #[prost(double, tag = "1")]
    pub quantile: f64,
    #[prost(double, tag = "2")]
    pub value: f64,
}

/// A histogram: classic, native or both.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct Histogram {
    #[prost(uint64, tag = "1")]
    pub sample_count: u64,
    #[prost(double, tag = "2")]
    pub sample_sum: f64,
    #[prost(message, repeated, tag = "3")]
    pub bucket: Vec<Bucket>,
    #[prost(sint32, tag = "5")]
    pub schema: i32,
    #[prost(double, tag = "6")]
    pub zero_threshold: f64,
    #[prost(uint64, tag = "7")]
    pub zero_count: u64,
    #[prost(message, repeated, tag = "12")]
    pub positive_span: Vec<BucketSpan>,
    #[prost(sint64, repeated, tag = "13")]
    pub positive_delta: Vec<i64>,
}

/// A classic bucket.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct Bucket {
    #[prost(uint64, tag = "1")]
    pub cumulative_count: u64,
    #[prost(double, tag = "2")]
    pub upper_bound: f64,
    #[prost(message, tag = "3")]
    pub exemplar: Option<Exemplar>,
}

/// A gap followed by a number of native buckets.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct BucketSpan {
    #[prost(sint32, tag = "1")]
    pub offset: i32,
    #[prost(uint32, tag = "2")]
    pub length: u32,
}

/// An exemplar of a bucket.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct Exemplar {
    #[prost(message, repeated, tag = "1")]
    pub label: Vec<LabelPair>,
    #[prost(double, tag = "2")]
    pub value: f64,
    #[prost(message, tag = "3")]
    pub timestamp: Option<Timestamp>,
}

/// A time since 1970.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct Timestamp {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

impl MetricFamily {
    /// Reads an exposition of families, each after its length.
    ///
    /// # Panics
    /// Panics when it is malformed.
    pub fn read(mut bytes: &[u8]) -> Vec<Self> {
        let mut families = Vec::new();
        while !bytes.is_empty() {
            let family = Self::decode_length_delimited(&mut bytes).unwrap_or_else(|error| panic!("{error}"));
            assert!(!family.metric.is_empty(), "`{}` has no samples", family.name);
            families.push(family);
        }
        families
    }

    /// Returns the samples as the text format has them.
    fn show(&self, mut see: impl FnMut(&str, &[(&str, &str)], f64)) {
        for metric in &self.metric {
            let labels: Vec<_> =
                metric.label.iter().map(|pair| (pair.name.as_str(), pair.value.as_str())).collect();
            if let Some(Value { value }) =
                metric.gauge.as_ref().or(metric.counter.as_ref()).or(metric.untyped.as_ref())
            {
                see("", &labels, *value);
            }
            if let Some(Summary { sample_count, sample_sum, quantile }) = &metric.summary {
                for Quantile { quantile, value } in quantile {
                    let text = quantile.to_string();
                    see("", &[&labels[..], &[("quantile", &text)]].concat(), *value);
                }
                see("_count", &labels, *sample_count as f64);
                see("_sum", &labels, *sample_sum);
            }
            if let Some(Histogram { sample_count, sample_sum, bucket, .. }) = &metric.histogram {
                let infinite =
                    Bucket { cumulative_count: *sample_count, upper_bound: f64::INFINITY, exemplar: None };
                let finite = bucket.iter().filter(|bucket| bucket.upper_bound.is_finite());
                for bucket in finite.chain([&infinite]) {
                    let text = bucket.upper_bound.to_string();
                    see("_bucket", &[&labels[..], &[("le", &text)]].concat(), bucket.cumulative_count as f64);
                }
                see("_count", &labels, *sample_count as f64);
                see("_sum", &labels, *sample_sum);
            }
        }
    }
}

impl Samples {
    /// Reads the samples of an exposition in protocol buffers. Bounds and quantiles are numbers there, written as by
    /// [`with_plain_bounds`](Self::with_plain_bounds).
    ///
    /// # Panics
    /// Panics when it is malformed or has a duplicate sample.
    pub fn of_families(bytes: &[u8]) -> Self {
        let mut samples = Self::default();
        for family in MetricFamily::read(bytes) {
            let kind = match MetricType::try_from(family.kind).expect("a known type") {
                MetricType::Counter => "counter",
                MetricType::Gauge => "gauge",
                MetricType::Summary => "summary",
                MetricType::Untyped => "untyped",
                MetricType::Histogram => "histogram",
            };
            samples.set_kind(&family.name, kind);
            family.show(|suffix, labels, value| {
                let labels: BTreeMap<_, _> =
                    labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
                samples.add(&format!("{}{suffix}", family.name), &labels, value);
            });
        }
        samples
    }
}
