//! Every format exposes the same samples, whole or in chunks, compressed or not.

use std::io::Read;

use agent_metrics::{
    AgentMetrics, Bounded, Counter, FloatCounter, Gauge, Histogram, Info, LabelSet, Metrics, Status, Summary,
};
use agent_metrics_tests::{MetricFamily, Samples, build};
use prometheus::core::{Collector, Desc};
use prometheus::proto;
use proptest::prelude::*;

const PROTOBUF: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0";
const TEXT_1: &str = "text/plain;version=1.0.0;escaping=allow-utf-8";
const TEXT: &str = "text/plain;version=0.0.4";

#[derive(Clone, Copy, LabelSet)]
struct Tenant {
    tenant: Bounded<2000>,
}

#[derive(Metrics)]
#[metrics(namespace = "kinds")]
struct Kinds {
    /// An integer counter.
    #[metric(help = "Quote \" and \\ and \n feed.")]
    whole_total: Counter<Tenant>,
    /// A float counter.
    parts_total: FloatCounter<Tenant>,
    /// A gauge.
    level: Gauge<Tenant>,
    /// A histogram.
    #[metric(buckets = [0.001, 1.0, 1e6])]
    size_bytes: Histogram<Tenant>,
    /// A summary.
    time_seconds: Summary<Tenant>,
    /// An info.
    build_info: Info,
}

impl Kinds {
    fn record(&self, tenant: &str, value: f64) {
        let tenant = || Tenant { tenant: tenant.into() };
        self.whole_total.with(tenant()).add(value as u64);
        self.parts_total.with(tenant()).add(value);
        self.level.with(tenant()).set(-value);
        self.size_bytes.with(tenant()).observe(value);
        self.time_seconds.with(tenant()).observe(value);
    }
}

/// Creates an instance with a user-defined family of every kind.
fn kinds() -> (AgentMetrics, Kinds) {
    let metrics = build();
    let kinds = Kinds::register(&metrics).expect("free names");
    kinds.build_info.set(&[("version", "1 \"beta\"")]).expect("a fact");
    metrics.track_task("t").finish(Status::Success);
    metrics.track_llm("gemini-2.0-flash").finish(Status::Error);
    (metrics, kinds)
}

/// A foreign collector with arbitrary families.
struct Odd(Desc, Vec<proto::MetricFamily>);

impl Collector for Odd {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        self.1.clone()
    }
}

fn family(
    name: &str,
    kind: proto::MetricType,
    labels: &[(&str, &str)],
    fill: impl FnOnce(&mut proto::Metric),
) -> proto::MetricFamily {
    let pairs = labels.iter().map(|(name, value)| {
        let mut pair = proto::LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    });
    let mut metric = proto::Metric::from_label(pairs.collect());
    fill(&mut metric);
    let mut family = proto::MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help("Of another's.".to_owned());
    family.set_field_type(kind);
    family.set_metric(vec![metric]);
    family
}

/// Adds a foreign collector with a summary of quantiles, a timestamp, and names that the formats can't carry.
fn add_odd(metrics: &AgentMetrics) {
    let desc = Desc::new("odd".into(), "Odd.".into(), Vec::new(), std::collections::HashMap::new());
    let gauge = |value| {
        move |metric: &mut proto::Metric| {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
    };
    let families = vec![
        family(
            "http.requests",
            proto::MetricType::GAUGE,
            &[("route.name", "/a\"b"), ("route_name", "2")],
            gauge(1.5),
        ),
        family("größe", proto::MetricType::GAUGE, &[("größe", "x")], gauge(f64::INFINITY)),
        family("odd_time", proto::MetricType::GAUGE, &[], |metric| {
            gauge(3.0)(metric);
            metric.set_timestamp_ms(1_700_000_000_123);
        }),
        family("odd_summary", proto::MetricType::SUMMARY, &[("a", "b")], |metric| {
            let mut quantile = proto::Quantile::default();
            quantile.set_quantile(0.5);
            quantile.set_value(7.25);
            let mut summary = proto::Summary::default();
            summary.set_quantile(vec![quantile]);
            summary.set_sample_count(3);
            summary.set_sample_sum(21.5);
            metric.set_summary(summary);
        }),
    ];
    metrics.registry().register(Box::new(Odd(desc.expect("a valid name"), families))).expect("a new one");
    let histogram = prometheus::HistogramOpts::new("their_size", "Theirs.").buckets(vec![1.0, 2.0]);
    let histogram = prometheus::Histogram::with_opts(histogram).expect("valid");
    for value in [0.5, 1.5, 9.0] {
        histogram.observe(value);
    }
    metrics.registry().register(Box::new(histogram)).expect("a new one");
}

fn body(metrics: &AgentMetrics, accept: &str) -> Vec<u8> {
    metrics.encode(Some(accept), None).body
}

/// Reads the samples of a body in any format except OpenMetrics, whose sample names differ.
fn samples(accept: &str, body: &[u8]) -> Samples {
    let samples = if accept == PROTOBUF {
        Samples::of_families(body)
    } else {
        // The reader doesn't accept timestamps.
        let text = std::str::from_utf8(body).expect("UTF-8").replace(" 1700000000123\n", "\n");
        Samples::parse(&text).with_plain_bounds()
    };
    samples.without_scrapes()
}

#[test]
fn all_formats_expose_the_same_samples() {
    let (metrics, kinds) = kinds();
    add_odd(&metrics);
    for (tenant, value) in
        [("a", 0.0), ("quote\"", 0.25), ("back\\", 17.0), ("line\nfeed", 2e9), ("ünï🦀", 1.0)]
    {
        kinds.record(tenant, value);
    }
    let text = samples(TEXT, &body(&metrics, TEXT));
    assert_eq!(text, samples(TEXT_1, &body(&metrics, TEXT_1)));
    assert_eq!(text, samples(PROTOBUF, &body(&metrics, PROTOBUF)));
    assert_eq!(text.value("kinds_whole_total{tenant=\"back\\\\\"}"), 17.0);
    // Names that a format can't carry are escaped in every format.
    assert_eq!(text.value("http_requests{route_name=\"/a\\\"b\",route_name_=\"2\"}"), 1.5);
    assert_eq!(text.value("gr__e{gr__e=\"x\"}"), f64::INFINITY);
    assert_eq!(text.value("odd_summary{a=\"b\",quantile=\"0.5\"}"), 7.25);
    assert_eq!(text.value("their_size_bucket{le=\"2\"}"), 2.0);
}

#[test]
fn protobuf_carries_units_kinds_and_timestamps() {
    let (metrics, kinds) = kinds();
    add_odd(&metrics);
    kinds.record("a", 2.0);
    let families = MetricFamily::read(&body(&metrics, PROTOBUF));
    let found = |name: &str| families.iter().find(|family| family.name == name).expect("a family");
    assert_eq!(found("kinds_size_bytes").unit, "bytes");
    assert_eq!(found("kinds_whole_total").help, "Quote \" and \\ and \n feed.");
    assert_eq!(found("kinds_build_info").kind, 1);
    assert_eq!(found("agent_cost_total_cents").kind, 3);
    assert_eq!(found("odd_time").metric[0].timestamp_ms, 1_700_000_000_123);
    let names: Vec<_> = families.iter().map(|family| &family.name).collect();
    assert!(names.is_sorted(), "{names:?}");
}

#[test]
fn content_types_match_the_encoded_format() {
    let metrics = build();
    for (accept, content_type) in [
        (
            PROTOBUF,
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
        ),
        (OPEN_METRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        (TEXT_1, "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"),
        (TEXT, "text/plain; version=0.0.4; charset=utf-8"),
    ] {
        assert_eq!(metrics.encode(Some(accept), None).content_type, content_type);
        assert_eq!(metrics.encode_chunks(Some(accept), None).content_type, content_type);
    }
}

fn unpacked(encoding: Option<&str>, packed: Vec<u8>) -> Vec<u8> {
    let mut body = Vec::new();
    match encoding {
        None => return packed,
        Some("gzip") => flate2::read::GzDecoder::new(&*packed).read_to_end(&mut body),
        Some("zstd") => zstd::stream::read::Decoder::new(&*packed).expect("a frame").read_to_end(&mut body),
        Some(other) => panic!("{other}"),
    }
    .expect("what was packed");
    body
}

#[test]
fn joined_chunks_equal_the_whole_exposition() {
    let (metrics, kinds) = kinds();
    add_odd(&metrics);
    for tenant in 0..1500 {
        kinds.record(&format!("tenant-{tenant}"), f64::from(tenant));
    }
    for (accept, encoding) in [TEXT, TEXT_1, OPEN_METRICS, PROTOBUF]
        .into_iter()
        .flat_map(|accept| [None, Some("gzip"), Some("zstd")].map(|encoding| (accept, encoding)))
    {
        let chunks = metrics.encode_chunks(Some(accept), encoding);
        assert_eq!(chunks.content_encoding, encoding);
        let chunks: Vec<_> = chunks.collect();
        assert!(
            chunks.len() > 1 && chunks.iter().all(|chunk| !chunk.is_empty()),
            "{} {accept}",
            chunks.len()
        );
        let whole = metrics.encode(Some(accept), encoding);
        let [chunks, whole] = [chunks.concat(), whole.body].map(|packed| unpacked(encoding, packed));
        if accept == OPEN_METRICS {
            let lines = |body: &[u8]| {
                let text = String::from_utf8(body.to_vec()).expect("UTF-8");
                text.lines().filter(|line| !line.contains("scrape")).map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!(lines(&chunks), lines(&whole));
            assert!(chunks.ends_with(b"# EOF\n"));
        } else {
            assert_eq!(samples(accept, &chunks), samples(accept, &whole));
        }
    }
}

#[test]
fn a_short_exposition_has_a_known_length() {
    let metrics = build();
    let chunks = metrics.encode_chunks(None, None);
    let length = chunks.remaining_bytes().expect("one chunk");
    assert_eq!(chunks.map(|chunk| chunk.len()).sum::<usize>(), length);
}

proptest! {
    #[test]
    fn whatever_is_recorded_reads_back_from_protobuf(
        recorded in prop::collection::vec(("(?s).{0,12}", 0.0..1e12_f64), 1..30)
    ) {
        let (metrics, kinds) = kinds();
        for (tenant, value) in &recorded {
            kinds.record(tenant, *value);
        }
        let text = Samples::parse(&metrics.to_text()).with_plain_bounds().without_scrapes();
        prop_assert_eq!(text, Samples::of_families(&body(&metrics, PROTOBUF)).without_scrapes());
    }
}
