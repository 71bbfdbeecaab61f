//! Native histograms: sparse buckets hold the same observations over any range of values.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use agent_metrics::metric::NativeHistograms;
use agent_metrics::{
    AgentMetrics, Bounded, BuildError, CallLabels, Histogram, LabelSet, LabelValue, Metrics, Status,
};
use agent_metrics_tests::{MetricFamily, build, protobuf::Histogram as Shown};
use proptest::prelude::*;

const PROTOBUF: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

#[derive(Metrics)]
#[metrics(namespace = "sparse")]
#[allow(clippy::struct_field_names)] // A metric ends in its unit.
struct Sparse {
    /// Waiting times.
    #[metric(native, buckets = [0.001, 1.0, 30.0])]
    wait_seconds: Histogram,
    /// Waiting times by tenant.
    #[metric(native)]
    tenant_wait_seconds: Histogram<Tenant>,
    /// Waiting times without native buckets.
    plain_seconds: Histogram,
}

#[derive(Clone, Copy, LabelSet)]
struct Tenant {
    tenant: Bounded<100>,
}

fn sparse(settings: NativeHistograms) -> (AgentMetrics, Sparse) {
    let metrics = AgentMetrics::builder().native_histograms(settings).build().expect("sound settings");
    let sparse = Sparse::register(&metrics).expect("free names");
    (metrics, sparse)
}

/// Returns the histograms of a family, read from protocol buffers.
fn shown(metrics: &AgentMetrics, family: &str) -> Vec<Shown> {
    let families = MetricFamily::read(&metrics.encode(Some(PROTOBUF), None).body);
    let family = families.into_iter().find(|found| found.name == family).expect("a family");
    family.metric.into_iter().map(|metric| metric.histogram.expect("a histogram")).collect()
}

/// Returns the indices and counts of native buckets, decoded from spans and deltas.
fn buckets(histogram: &Shown) -> Vec<(i32, u64)> {
    let (mut next, mut count) = (0, 0_i64);
    let mut deltas = histogram.positive_delta.iter();
    let mut buckets = Vec::new();
    for span in &histogram.positive_span {
        next += span.offset;
        for _ in 0..span.length {
            count += deltas.next().expect("a count for each bucket");
            buckets.push((next, u64::try_from(count).expect("not negative")));
            next += 1;
        }
    }
    assert_eq!(deltas.next(), None);
    buckets
}

/// Returns `true` if a histogram holds exactly these observations.
fn check(histogram: &Shown, values: &[f64]) {
    let native = buckets(histogram);
    let zeros = values.iter().filter(|value| **value <= histogram.zero_threshold).count();
    assert_eq!(histogram.zero_count, zeros as u64);
    let growth = f64::from(-histogram.schema).exp2().exp2();
    for (number, count) in &native {
        let bound = |number: i32| (f64::from(number) * growth.log2()).exp2();
        let (below, above) = (bound(number - 1), bound(*number));
        // Bounds are rounded; a value next to a bound may fall on either side.
        let within = |slack: f64| {
            let inside = |value: &&f64| **value > below * (1.0 - slack) && **value <= above * (1.0 + slack);
            values.iter().filter(inside).filter(|value| **value > histogram.zero_threshold).count() as u64
        };
        assert!(
            (within(-1e-12)..=within(1e-12)).contains(count),
            "{count} in bucket {number} of schema {}",
            histogram.schema
        );
    }
    let counted = native.iter().map(|(_, count)| count).sum::<u64>() + histogram.zero_count;
    assert_eq!((counted, histogram.sample_count), (values.len() as u64, values.len() as u64));
    for bucket in &histogram.bucket {
        let below = values.iter().filter(|value| **value <= bucket.upper_bound).count();
        assert_eq!(bucket.cumulative_count, below as u64, "up to {}", bucket.upper_bound);
    }
}

fn span(histogram: &Shown) -> u32 {
    match &*buckets(histogram) {
        [first, .., last] => first.0.abs_diff(last.0) + 1,
        few => few.len() as u32,
    }
}

#[test]
fn classic_and_native_buckets_share_one_message() {
    let (metrics, sparse) = sparse(NativeHistograms::new());
    let values = [0.0, 0.0005, 0.001, 0.002, 1.0, 1.5, 2.0, 3.0, 50.0];
    for value in values {
        sparse.wait_seconds.with(()).observe(value);
    }
    let [histogram] = &shown(&metrics, "sparse_wait_seconds")[..] else { panic!("one histogram") };
    assert_eq!((histogram.schema, histogram.bucket.len()), (3, 3));
    check(histogram, &values);
}

#[test]
fn a_native_histogram_without_observations_is_still_native() {
    let (metrics, _sparse) = sparse(NativeHistograms::new());
    let [histogram] = &shown(&metrics, "sparse_wait_seconds")[..] else { panic!("one histogram") };
    assert_eq!((histogram.sample_count, histogram.schema), (0, 3));
    assert!(histogram.zero_threshold > 0.0 && histogram.positive_span.is_empty());
}

#[test]
fn only_histograms_that_opt_in_have_native_buckets() {
    let metrics = build();
    let sparse = Sparse::register(&metrics).expect("free names");
    sparse.plain_seconds.with(()).observe(1.0);
    sparse.wait_seconds.with(()).observe(1.0);
    metrics.track_tool("t").finish(Status::Success);
    let threshold = |family: &str| shown(&metrics, family)[0].zero_threshold;
    assert_eq!([threshold("sparse_plain_seconds"), threshold("agent_tool_call_duration_seconds")], [0.0; 2]);
    assert!(threshold("sparse_wait_seconds") > 0.0);
}

#[test]
fn built_in_histograms_have_native_buckets_when_enabled() {
    #[derive(Clone, Copy, LabelValue)]
    enum Index {
        Docs,
    }

    #[derive(Clone, Copy, CallLabels)]
    #[calls(name = "lookup", native)]
    struct Lookup {
        index: Index,
    }

    let metrics = AgentMetrics::builder()
        .native_histograms(NativeHistograms::new().growth(1.05))
        .duration_by_status()
        .build()
        .expect("sound settings");
    metrics.track_task("t").finish(Status::Success);
    metrics.track_task("u").finish(Status::Error);
    metrics.track_tool("t").finish(Status::Timeout);
    metrics.record_tool_call("t", std::time::Duration::from_millis(70), Status::Success);
    let lookups = agent_metrics::CallFamily::<Lookup>::of(&metrics).expect("a free name");
    lookups.start(Lookup { index: Index::Docs }).finish(Status::Success);
    for (family, expected) in [
        ("agent_task_duration_seconds", 2),
        ("agent_tool_call_duration_seconds", 2),
        ("agent_task_tokens", 4),
        ("lookup_call_duration_seconds", 1),
    ] {
        let shown = shown(&metrics, family);
        assert!(
            shown.iter().all(|histogram| histogram.schema == 4 && histogram.zero_threshold > 0.0),
            "{family}"
        );
        assert_eq!(shown.iter().map(|histogram| histogram.sample_count).sum::<u64>(), expected, "{family}");
        for histogram in shown {
            let native: u64 = buckets(&histogram).iter().map(|(_, count)| count).sum();
            assert_eq!(native + histogram.zero_count, histogram.sample_count, "{family}");
        }
    }
    let tool = shown(&metrics, "agent_tool_call_duration_seconds");
    let success =
        tool.iter().find(|histogram| (histogram.sample_sum - 0.07).abs() < 1e-6).expect("the long call");
    // 0.07 lies between 2^(-62/16) and 2^(-61/16).
    assert_eq!(buckets(success), [(-61, 1)]);
}

#[test]
fn without_classic_buckets_the_text_has_sum_and_count() {
    let (metrics, sparse) = sparse(NativeHistograms::new().instead_of_classic());
    for value in [0.5, 2.0] {
        sparse.wait_seconds.with(()).observe(value);
    }
    let text = metrics.to_text();
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with("sparse_wait_seconds")).collect();
    assert_eq!(
        lines,
        [
            "sparse_wait_seconds_bucket{le=\"+Inf\"} 2",
            "sparse_wait_seconds_sum 2.5",
            "sparse_wait_seconds_count 2"
        ]
    );
    check(&shown(&metrics, "sparse_wait_seconds")[0], &[0.5, 2.0]);
    let families = metrics.families();
    let info = families.iter().find(|info| info.name == "sparse_wait_seconds").expect("its facts");
    assert!(info.buckets.is_empty());
}

#[test]
fn settings_out_of_range_are_refused_with_the_allowed_range() {
    let refused =
        |settings: NativeHistograms| match AgentMetrics::builder().native_histograms(settings).build() {
            Err(BuildError::NativeHistograms { why }) => why,
            other => panic!("{other:?}"),
        };
    let new = NativeHistograms::new;
    for growth in [1.0, 0.5, -2.0, f64::NAN, f64::INFINITY] {
        assert!(refused(new().growth(growth)).contains("above 1"), "{growth}");
    }
    for count in [0, 7, 1025] {
        assert!(refused(new().max_buckets(count)).contains("from 8 to 1024"), "{count}");
    }
    for threshold in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-310] {
        assert!(refused(new().zero_threshold(threshold)).contains("positive"), "{threshold}");
    }
}

#[test]
fn no_observation_is_lost_while_a_native_histogram_widens() {
    const EACH: u32 = 4000;
    let (metrics, sparse) = sparse(NativeHistograms::new().growth(1.003).max_buckets(20));
    let done = AtomicBool::new(false);
    let mut seen = Vec::new();
    thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|thread| {
                let histogram = sparse.wait_seconds.with(());
                scope.spawn(move || {
                    for n in 0..EACH {
                        // Each thread widens the range in another direction.
                        let exponent = f64::from(n) / f64::from(EACH) * 30.0;
                        let value = exponent.exp2() * f64::from(thread + 1);
                        histogram.observe(if thread % 2 == 0 { value } else { value.recip() });
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                seen.extend(shown(&metrics, "sparse_wait_seconds"));
            }
        });
        let joined: Vec<_> = writers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        assert!(joined.iter().all(Result::is_ok));
    });
    seen.extend(shown(&metrics, "sparse_wait_seconds"));
    for histogram in &seen {
        let native: u64 = buckets(histogram).iter().map(|(_, count)| count).sum();
        assert_eq!(native + histogram.zero_count, histogram.sample_count);
        assert!(histogram.bucket.iter().all(|bucket| bucket.cumulative_count <= histogram.sample_count));
        assert!(span(histogram) <= 20, "{}", span(histogram));
    }
    assert!(
        seen.is_sorted_by(|one, next| one.sample_count <= next.sample_count && one.schema >= next.schema)
    );
    assert_eq!(seen.last().expect("the last").sample_count, u64::from(4 * EACH));
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        6 => (-6.0..6.0_f64).prop_map(|exponent| 10_f64.powf(exponent)),
        1 => (-40.0..290.0_f64).prop_map(|exponent| 10_f64.powf(exponent)),
        1 => (-30_i32..30).prop_map(|exponent| f64::from(exponent).exp2()),
        1 => Just(0.0),
        1 => Just(f64::MIN_POSITIVE),
    ];
    prop::collection::vec(value, 0..200)
}

proptest! {
    #[test]
    fn native_and_classic_buckets_agree(
        values in values(), growth in 1.002..5.0_f64, max_buckets in 8..300_u32
    ) {
        let settings = NativeHistograms::new().growth(growth).max_buckets(max_buckets);
        let (metrics, sparse) = sparse(settings);
        for (number, value) in values.iter().enumerate() {
            sparse.wait_seconds.with(()).observe(*value);
            let tenant = Tenant { tenant: (number % 3).to_string().as_str().into() };
            sparse.tenant_wait_seconds.with(tenant).observe(*value);
        }
        let histogram = &shown(&metrics, "sparse_wait_seconds")[0];
        check(histogram, &values);
        prop_assert!(span(histogram) <= max_buckets || histogram.schema == -4);
        // The resolution is the requested one, unless no schema is that fine or it would take too many buckets.
        let shown_growth = f64::from(-histogram.schema).exp2().exp2();
        let is_coarse = shown_growth > growth && histogram.schema < 8;
        prop_assert!(!is_coarse || 2 * span(histogram) + 1 > max_buckets, "{shown_growth}");
        let by_tenant: u64 =
            if values.is_empty() { 0 } else { shown(&metrics, "sparse_tenant_wait_seconds").iter().map(|histogram| histogram.sample_count).sum() };
        prop_assert_eq!(by_tenant, values.len() as u64);
    }
}
