//! Exemplars link a bucket to the trace of an observation, and never break a format.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use agent_metrics::metric::TraceContext;
use agent_metrics::{AgentMetrics, Fault, Histogram, Metrics, Status};
use agent_metrics_tests::{Exemplar, MetricFamily, Samples, python, until};

const PROTOBUF: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

thread_local! {
    static TRACE: Cell<Option<TraceContext>> = const { Cell::new(None) };
}

fn traced() -> AgentMetrics {
    AgentMetrics::builder().exemplars(|| TRACE.get()).build().expect("the defaults are valid")
}

#[derive(Metrics)]
#[metrics(namespace = "traced")]
struct Traced {
    /// Sizes with classic buckets.
    #[metric(buckets = [1.0, 10.0])]
    size: Histogram,
    /// Sizes in native buckets.
    #[metric(native, buckets = [1.0, 10.0])]
    native_size: Histogram,
}

fn exemplars(metrics: &AgentMetrics, family: &str) -> Vec<(f64, Exemplar)> {
    let families = MetricFamily::read(&metrics.encode(Some(PROTOBUF), None).body);
    let family = families.into_iter().find(|found| found.name == family).expect("a family");
    let histograms = family.metric.into_iter().filter_map(|metric| metric.histogram);
    let buckets = histograms.flat_map(|histogram| histogram.bucket);
    buckets.filter_map(|bucket| Some((bucket.upper_bound, bucket.exemplar?))).collect()
}

fn labels(exemplar: &Exemplar) -> Vec<(&str, &str)> {
    exemplar.label.iter().map(|pair| (&*pair.name, &*pair.value)).collect()
}

#[test]
fn a_bucket_shows_the_trace_of_an_observation() {
    let metrics = traced();
    let traced = Traced::register(&metrics).expect("free names");
    TRACE.set(Some(TraceContext::new(0xab, 0xc)));
    for value in [0.5, 20.0] {
        // Frequent observations are sampled.
        until("an exemplar of it", || {
            traced.size.with(()).observe(value);
            traced.native_size.with(()).observe(value);
            let has =
                |family| exemplars(&metrics, family).iter().any(|(_, exemplar)| exemplar.value == value);
            (has("traced_size") && has("traced_native_size")).then_some(())
        });
    }
    let ids = [("trace_id", "000000000000000000000000000000ab"), ("span_id", "000000000000000c")];
    for family in ["traced_size", "traced_native_size"] {
        let exemplars = exemplars(&metrics, family);
        let found: Vec<_> = exemplars.iter().map(|(bound, exemplar)| (*bound, exemplar.value)).collect();
        assert_eq!(found, [(1.0, 0.5), (f64::INFINITY, 20.0)], "{family}");
        for (_, exemplar) in &exemplars {
            assert_eq!(labels(exemplar), ids);
            let time = exemplar.timestamp.as_ref().expect("a time");
            let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
            assert!(now.abs_diff(time.seconds as u64) < 600 && time.nanos < 1_000_000_000, "{time:?}");
        }
    }
    let open =
        String::from_utf8(metrics.encode(Some("application/openmetrics-text"), None).body).expect("UTF-8");
    let line =
        open.lines().find(|line| line.starts_with("traced_size_bucket{le=\"1.0\"}")).expect("a bucket");
    let ids = "trace_id=\"000000000000000000000000000000ab\",span_id=\"000000000000000c\"";
    assert!(line.starts_with(&format!("traced_size_bucket{{le=\"1.0\"}} 1 # {{{ids}}} 0.5 1")), "{line}");
    // Text 0.0.4 has no exemplars; one would break the scrape.
    assert!(!metrics.to_text().contains(" # "));
    Samples::parse(&metrics.to_text());
}

#[test]
fn exemplars_of_calls_are_read_by_strict_parsers() {
    let metrics = traced();
    TRACE.set(Some(TraceContext::new(u128::MAX, u64::MAX)));
    for millis in [1, 70, 700, 7000] {
        metrics.record_tool_call("t", Duration::from_millis(millis), Status::Success);
    }
    TRACE.set(None);
    metrics.record_tool_call("t", Duration::from_millis(70), Status::Success);
    let exemplars = exemplars(&metrics, "agent_tool_call_duration_seconds");
    let bounds: Vec<_> = exemplars.iter().map(|(bound, _)| *bound).collect();
    assert_eq!(bounds, [0.01, 0.1, 1.0, 10.0]);
    assert!((exemplars[1].1.value - 0.07).abs() < 1e-6);
    let body = metrics.encode(Some("application/openmetrics-text"), None).body;
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("exemplars.txt");
    std::fs::write(&file, body).expect("a file");
    let script = format!(
        "from prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n\
         print(*[s.labels['le'] + ' ' + s.exemplar.labels['span_id'] for f in read(open({:?}).read()) for s in f.samples if s.exemplar], sep='\\n')",
        file.display().to_string()
    );
    let Some(read) = python(&script) else { return };
    let expected = ["0.01", "0.1", "1.0", "10.0"].map(|le| format!("{le} ffffffffffffffff"));
    assert_eq!(read.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn observations_without_a_trace_have_no_exemplar() {
    let metrics = traced();
    TRACE.set(Some(TraceContext::new(0, 1)));
    metrics.record_tool_call("t", Duration::from_secs(1), Status::Success);
    TRACE.set(Some(TraceContext::new(1, 0)));
    metrics.record_tool_call("t", Duration::from_secs(1), Status::Success);
    TRACE.set(None);
    metrics.record_tool_call("t", Duration::from_secs(1), Status::Success);
    assert!(exemplars(&metrics, "agent_tool_call_duration_seconds").is_empty());
}

#[test]
fn frequent_observations_are_sampled_and_slow_calls_always_get_an_exemplar() {
    let asked = Arc::new(AtomicU64::new(0));
    let count = asked.clone();
    let metrics = AgentMetrics::builder()
        .exemplars(move || {
            count.fetch_add(1, Ordering::Relaxed);
            None
        })
        .build()
        .expect("the defaults are valid");
    let traced = Traced::register(&metrics).expect("free names");
    std::thread::spawn(move || (0..100_000).for_each(|_| traced.size.with(()).observe(1.0)))
        .join()
        .expect("no panic");
    let sampled = asked.swap(0, Ordering::Relaxed);
    assert!((1..20_000).contains(&sampled), "{sampled}");
    (0..100).for_each(|_| metrics.record_tool_call("t", Duration::from_millis(1), Status::Success));
    assert_eq!(asked.load(Ordering::Relaxed), 100);
}

#[test]
fn a_trace_function_may_panic_or_record_metrics() {
    let faults = Arc::new(AtomicU64::new(0));
    let count = faults.clone();
    let metrics = AgentMetrics::builder()
        .exemplars(|| {
            // The function's own recordings don't call it again.
            agent_metrics::global().record_tool_call("inner", Duration::from_secs(1), Status::Success);
            panic!("no trace today")
        })
        .on_fault(move |fault| {
            assert!(matches!(fault, Fault::CallbackPanicked { .. }), "{fault}");
            count.fetch_add(1, Ordering::Relaxed);
        })
        .build()
        .expect("the defaults are valid");
    metrics.record_tool_call("t", Duration::from_secs(1), Status::Success);
    let samples = Samples::parse(&metrics.to_text());
    assert_eq!(samples.sum("agent_tool_call_duration_seconds_count", &[]), 1.0);
    assert_eq!(samples.value("agent_metrics_callback_panics_total"), 1.0);
    assert_eq!(faults.load(Ordering::Relaxed), 1);
}
