//! Invalid input is refused and counted. It changes no other series, blocks no thread and never panics.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_metrics::{
    AgentMetrics, Bounded, BuildError, CallLabels, Counter, Fault, FloatCounter, Gauge, Histogram, LabelSet,
    LabelValue, Metrics, RegisterError, Status, Summary, Usage, track, track_tool,
};
use agent_metrics_tests::{Samples, build, samples, tools};

#[derive(Metrics)]
#[metrics(namespace = "kinds")]
struct Kinds {
    /// Spent USD.
    paid_usd_total: FloatCounter,
    /// A gauge.
    level: Gauge,
    /// Sizes.
    #[metric(buckets = [1.0, 2.0])]
    sizes: Histogram,
    /// Ages.
    age_seconds: Summary,
}

#[test]
fn invalid_amounts_are_refused_and_counted() {
    let metrics = build();
    let kinds = Kinds::register(&metrics).expect("new");
    for bad in [f64::NAN, -1.0, f64::INFINITY, f64::NEG_INFINITY] {
        kinds.paid_usd_total.with(()).add(bad);
        kinds.sizes.with(()).observe(bad);
        kinds.age_seconds.with(()).observe(bad);
        metrics.record_user_satisfaction(bad);
    }
    kinds.paid_usd_total.with(()).add(0.5);
    kinds.sizes.with(()).observe(1.5);
    kinds.age_seconds.with(()).observe(2.5);
    kinds.level.with(()).set(-3.5);
    for bad in [f64::NAN, f64::INFINITY] {
        kinds.level.with(()).add(bad);
    }
    kinds.level.with(()).add(1.0);
    let samples = Samples::parse(&metrics.to_text());
    assert_eq!(samples.value("kinds_paid_usd_total"), 0.5);
    assert_eq!((samples.value("kinds_sizes_sum"), samples.value("kinds_sizes_count")), (1.5, 1.0));
    assert_eq!(
        (samples.value("kinds_age_seconds_sum"), samples.value("kinds_age_seconds_count")),
        (2.5, 1.0)
    );
    assert_eq!(samples.value("kinds_level"), -2.5);
    assert_eq!(samples.value("agent_user_satisfaction_score_count"), 0.0);
    for family in
        ["kinds_paid_usd_total", "kinds_sizes", "kinds_age_seconds", "agent_user_satisfaction_score"]
    {
        assert_eq!(
            samples.sum("agent_metrics_refused_observations_total", &[("family", family)]),
            4.0,
            "{family}"
        );
    }
}

fn refused(samples: &Samples, family: &str) -> f64 {
    samples.value(&format!("agent_metrics_refused_observations_total{{family=\"{family}\"}}"))
}

#[derive(Metrics)]
#[metrics(namespace = "large")]
struct Large {
    /// Things.
    things_total: Counter,
}

#[test]
fn huge_amounts_never_decrease_a_counter() {
    let metrics = build();
    let large = Large::register(&metrics).expect("new");
    for round in 1..=2 {
        large.things_total.with(()).inc();
        large.things_total.with(()).add(u64::MAX);
        metrics.record_agent_steps("t", u64::MAX);
        metrics.record_tool_cost_usd(f64::NAN);
        metrics.record_tool_call("t", Duration::MAX, Status::Success);
        metrics.record_llm_call("m", Usage::new(u64::MAX, 1), Duration::MAX, Status::Success);
        let samples = samples(&metrics);
        let rounds = f64::from(round);
        assert_eq!(samples.value("large_things_total"), rounds);
        // The other number of the usage is still recorded.
        assert_eq!(samples.sum("agent_llm_tokens_total", &[("direction", "input")]), 0.0);
        assert_eq!(samples.sum("agent_llm_tokens_total", &[("direction", "output")]), rounds);
        assert_eq!(samples.sum("agent_llm_usage_anomalies_total", &[("kind", "too_large")]), rounds);
        assert_eq!(samples.sum("agent_steps_per_task_sum", &[]), 0.0);
        for family in ["large_things_total", "agent_steps_per_task", "agent_cost_usd_total"] {
            assert_eq!(refused(&samples, family), rounds, "{family}");
        }
        // A duration is never refused, since its call took place; it is limited to one year.
        let year = 366.0 * 86_400.0;
        let lasted = samples.value("agent_tool_call_duration_seconds_sum{tool_name=\"t\"}");
        assert!((lasted / (rounds * year) - 1.0).abs() < 1e-6, "{lasted}");
    }
}

#[test]
fn a_limit_out_of_range_is_an_error() {
    let error = AgentMetrics::builder().max_models(usize::MAX).build().expect_err("no room");
    let BuildError::Limit { limit, given, .. } = &error else { panic!("{error}") };
    assert_eq!((*limit, *given), ("max_models", usize::MAX));
}

#[derive(Clone, Copy)]
struct Wrong;

impl LabelValue for Wrong {
    const VALUES: &'static [&'static str] = &["right"];

    fn index(self) -> usize {
        7
    }
}

#[derive(Clone, Copy, LabelSet)]
struct ByWrong {
    wrong: Wrong,
    tenant: Bounded<2>,
}

#[derive(Metrics)]
#[metrics(namespace = "wrong")]
struct OfWrong {
    /// Things.
    things_total: Counter<ByWrong>,
}

#[track_tool(tool_name = value, metrics = metrics)]
fn wrongly_named(metrics: &AgentMetrics, value: Wrong) {}

#[test]
fn a_label_value_with_a_wrong_index_reaches_no_other_series() {
    let metrics = build();
    let families = OfWrong::register(&metrics).expect("new");
    families.things_total.with(ByWrong { wrong: Wrong, tenant: "a".into() }).inc();
    wrongly_named(&metrics, Wrong);
    let samples = samples(&metrics);
    assert_eq!(samples.value("wrong_things_total{tenant=\"a\",wrong=\"right\"}"), 1.0);
    assert_eq!(tools(&metrics, "__other__", "success"), 1.0);
}

#[derive(Clone, Copy, LabelSet)]
struct Vast<A: LabelValue> {
    a: A,
    b: Bounded<1_000_000>,
    c: Bounded<1_000_000>,
    d: Bounded<1_000_000>,
}

#[derive(Metrics)]
#[metrics(namespace = "vast")]
struct OfVast {
    /// Things.
    things_total: Counter<Vast<bool>>,
}

#[test]
fn a_label_set_over_its_budget_is_refused_and_not_recorded() {
    let metrics = build();
    let error = OfVast::register(&metrics).err().expect("too many series");
    assert!(
        matches!(&error, RegisterError::Invalid { family, .. } if family == "vast_things_total"),
        "{error}"
    );
    let labels = Vast { a: true, b: "b".into(), c: "c".into(), d: "d".into() };
    OfVast::global().things_total.with(labels).inc();
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "taken")]
struct Taken {}

#[track(Taken, metrics = metrics)]
fn taken(metrics: &AgentMetrics) {}

#[track_tool(metrics = metrics, status = |()| panic!("in a callback"))]
fn misjudged(metrics: &AgentMetrics) {}

#[test]
fn faults_reach_the_hook_of_their_instance_which_may_record() {
    let reported = |name: &'static str, heard: &Arc<Mutex<Vec<(&'static str, String)>>>| {
        let heard = heard.clone();
        move |fault: &Fault| heard.lock().unwrap().push((name, fault.to_string()))
    };
    let heard = Arc::default();
    let first = AgentMetrics::builder().on_fault(reported("first", &heard)).build().expect("valid");
    let second = AgentMetrics::builder().on_fault(reported("second", &heard)).build().expect("valid");
    let name = prometheus::IntCounter::new("taken_calls_total", "Of the user's.").expect("a valid name");
    second.registry().register(Box::new(name)).expect("new");
    misjudged(&first);
    taken(&first);
    taken(&second);
    let heard = heard.lock().unwrap();
    let whose: Vec<_> = heard.iter().map(|(name, _)| *name).collect();
    assert_eq!(whose, ["first", "second"], "{heard:?}");
    assert!(heard[0].1.contains("in a callback") && heard[1].1.contains("taken_calls_total"), "{heard:?}");
    let panics = "agent_metrics_callback_panics_total";
    assert_eq!((samples(&first).value(panics), samples(&second).value(panics)), (1.0, 0.0));
}

/// A collector that records metrics while it is collected.
struct Curious(AgentMetrics, prometheus::core::Desc);

impl prometheus::core::Collector for Curious {
    fn desc(&self) -> Vec<&prometheus::core::Desc> {
        vec![&self.1]
    }

    fn collect(&self) -> Vec<prometheus::proto::MetricFamily> {
        taken(&self.0);
        misjudged(&self.0);
        Vec::new()
    }
}

#[test]
fn a_scrape_and_a_first_call_do_not_deadlock() {
    let metrics = build();
    taken(&metrics);
    let desc = prometheus::core::Desc::new("curious".into(), "Asks.".into(), Vec::new(), HashMap::new());
    let curious = Curious(metrics.clone(), desc.expect("a valid name"));
    metrics.registry().register(Box::new(curious)).expect("new");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|_| drop(metrics.to_text())));
            scope.spawn(|| (0..50).for_each(|_| drop(AgentMetrics::builder().build())));
        }
    });
    assert!(samples(&metrics).sum("taken_calls_total", &[]) > 200.0);
}

#[test]
fn threads_beyond_the_exclusive_shards_lose_nothing_and_get_one_later() {
    let metrics = build();
    let threads = 80;
    let barrier = std::sync::Barrier::new(threads);
    for _ in 0..2 {
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    metrics.record_tool_call("t", Duration::from_millis(1), Status::Success);
                    barrier.wait();
                    metrics.record_tool_call("t", Duration::from_millis(1), Status::Success);
                });
            }
        });
    }
    assert_eq!(tools(&metrics, "t", "success"), 4.0 * threads as f64);
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "doubled")]
struct First {}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "doubled")]
struct Second {}

#[track(First, metrics = metrics)]
fn first(metrics: &AgentMetrics) {}

#[track(Second, metrics = metrics)]
fn second(metrics: &AgentMetrics) {}

#[test]
fn a_refused_family_is_reported_once_to_a_hook_that_may_use_it() {
    let heard = Arc::new(Mutex::new((0, None::<AgentMetrics>)));
    let reported = heard.clone();
    let metrics = AgentMetrics::builder()
        .on_fault(move |_| {
            let metrics = {
                let mut heard = reported.lock().unwrap();
                heard.0 += 1;
                heard.1.clone()
            };
            second(&metrics.expect("set before the first call"));
        })
        .build()
        .expect("valid");
    heard.lock().unwrap().1 = Some(metrics.clone());
    first(&metrics);
    for _ in 0..1000 {
        second(&metrics);
    }
    let faults = std::mem::take(&mut *heard.lock().unwrap()).0;
    assert_eq!(faults, 1);
    assert_eq!(samples(&metrics).sum("doubled_calls_total", &[]), 1.0, "the first is exposed");
}

/// A panic payload.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[track_tool(metrics = metrics, status = |_: &u8| std::panic::panic_any(Bomb))]
fn bombed(metrics: &AgentMetrics) -> u8 {
    7
}

#[track_tool(metrics = metrics, cost = |_: &u8| -> f64 { std::panic::panic_any(Bomb) })]
async fn bombed_async(metrics: &AgentMetrics) -> u8 {
    7
}

#[tokio::test]
async fn a_panic_payload_that_panics_on_drop_is_contained() {
    let metrics = build();
    assert_eq!((bombed(&metrics), bombed_async(&metrics).await), (7, 7));
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_tool_calls_in_progress", &[]), 0.0);
    assert_eq!(samples.value("agent_metrics_callback_panics_total"), 2.0);
    assert_eq!((tools(&metrics, "bombed", "error"), tools(&metrics, "bombed_async", "success")), (1.0, 1.0));
}

/// A collector that waits until the test lets it go on, and uses a family for the first time.
struct Slow {
    desc: prometheus::core::Desc,
    collecting: std::sync::mpsc::SyncSender<()>,
    released: Mutex<std::sync::mpsc::Receiver<()>>,
    metrics: AgentMetrics,
}

impl prometheus::core::Collector for Slow {
    fn desc(&self) -> Vec<&prometheus::core::Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<prometheus::proto::MetricFamily> {
        let _ = OfCollector::register(&self.metrics);
        let _ = self.collecting.send(());
        let _ = self.released.lock().expect("a lock").recv();
        Vec::new()
    }
}

#[derive(Metrics)]
#[metrics(namespace = "collector")]
#[allow(dead_code)]
struct OfCollector {
    /// Uses.
    uses_total: Counter,
}

#[test]
fn a_first_use_does_not_wait_for_a_scrape() {
    let metrics = build();
    let (collecting, is_collecting) = std::sync::mpsc::sync_channel(0);
    let (release, released) = std::sync::mpsc::channel();
    let desc = prometheus::core::Desc::new("slow".into(), "Slow.".into(), Vec::new(), HashMap::new());
    let slow = Slow {
        desc: desc.expect("valid"),
        collecting,
        released: Mutex::new(released),
        metrics: metrics.clone(),
    };
    metrics.registry().register(Box::new(slow)).expect("a new collector");
    std::thread::scope(|scope| {
        let scrape = scope.spawn(|| metrics.to_text());
        is_collecting.recv().expect("the scrape has begun");
        Kinds::register(&metrics).expect("new").level.with(()).set(7.0);
        assert!(!scrape.is_finished());
        drop(release);
        scrape.join().expect("no panic");
    });
    drop(is_collecting);
    assert_eq!(Samples::parse(&metrics.to_text()).value("kinds_level"), 7.0);
    let gathered = metrics.registry().gather();
    for name in ["kinds_level", "collector_uses_total"] {
        assert_eq!(gathered.iter().filter(|family| family.name() == name).count(), 1, "{name}");
    }
}

/// A collector that panics.
struct Panicking(prometheus::core::Desc);

impl prometheus::core::Collector for Panicking {
    fn desc(&self) -> Vec<&prometheus::core::Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<prometheus::proto::MetricFamily> {
        panic!("no database")
    }
}

#[test]
fn a_collector_that_panics_does_not_break_the_scrape() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let hook = reported.clone();
    let metrics = AgentMetrics::builder()
        .on_fault(move |fault: &Fault| hook.lock().expect("a lock").push(fault.to_string()))
        .build()
        .expect("valid");
    let desc = prometheus::core::Desc::new("broken".into(), "Broken.".into(), Vec::new(), HashMap::new());
    metrics.registry().register(Box::new(Panicking(desc.expect("valid")))).expect("a new collector");
    metrics.record_tool_call("t", Duration::from_millis(1), Status::Success);
    let samples = Samples::parse(&metrics.to_text());
    assert_eq!(samples.value("agent_tool_calls_total{status=\"success\",tool_name=\"t\"}"), 1.0);
    assert_eq!(samples.value("agent_metrics_callback_panics_total"), 1.0);
    assert_eq!(*reported.lock().expect("a lock"), ["a user-defined closure panicked: no database"]);
    Kinds::register(&metrics).expect("the registry is not locked");
}

#[test]
fn a_sum_that_reaches_the_largest_number_stays_there() {
    let metrics = build();
    let most = 1 << 53;
    let year = Duration::from_secs(366 * 86_400);
    let (mut tokens, mut seconds) = (0.0, 0.0);
    for _ in 0..5 {
        for _ in 0..600 {
            metrics.record_llm_call("m", Usage::new(most, 0), Duration::MAX, Status::Success);
        }
        let samples = samples(&metrics);
        let now = samples.sum("agent_llm_tokens_total", &[("direction", "input")]);
        assert!(now >= tokens, "{now} after {tokens}");
        tokens = now;
        let now = samples.sum("agent_llm_call_duration_seconds_sum", &[]);
        assert!(now >= seconds, "{now} after {seconds}");
        seconds = now;
    }
    assert_eq!(tokens, u64::MAX as f64);
    assert!(seconds > 100.0 * year.as_secs_f64(), "{seconds}");
    assert!(samples(&metrics).value("agent_metrics_saturated_additions_total") > 0.0);
}
