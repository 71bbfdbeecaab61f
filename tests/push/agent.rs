//! An instance with metrics of every kind, and the samples that it exposes.

use std::collections::BTreeMap;
use std::time::Duration;

use agent_metrics::{
    AgentMetrics, Bounded, Counter, Fault, Histogram, Info, LabelSet, Metrics, Status, Summary, Usage,
};
use agent_metrics_tests::Samples;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

#[derive(Clone, Copy, LabelSet)]
#[allow(non_snake_case, reason = "a name that sorts before `__name__`")]
pub struct OddLabels {
    A: Bounded<4>,
    z: Bounded<4>,
}

#[derive(Clone, Metrics)]
#[metrics(namespace = "user")]
pub struct UserFamilies {
    /// Retrieved.
    pub retrieved_total: Counter<OddLabels>,
    /// Scores.
    #[metric(buckets = [0.1, 0.5, 2.5e6])]
    pub score: Histogram<OddLabels>,
    /// Seconds waited.
    pub wait_seconds: Summary<OddLabels>,
    /// The build.
    pub build_info: Info,
}

pub struct Agent {
    pub metrics: AgentMetrics,
    user: UserFamilies,
    foreign: IntCounterVec,
}

impl Agent {
    /// Creates an instance in a registry with a prefix and a label, beside foreign collectors.
    pub fn new() -> Self {
        Self::with_fault_hook(|_| {})
    }

    /// Creates the instance of [`new`](Self::new) with a fault hook.
    pub fn with_fault_hook(hook: impl Fn(&Fault) + Send + Sync + 'static) -> Self {
        let labels = [("region".to_owned(), "eu/1".to_owned())].into();
        let registry = Registry::new_custom(Some("shop".to_owned()), Some(labels)).expect("a registry");
        let foreign = IntCounterVec::new(Opts::new("orders_total", "Orders."), &["kind"]).expect("a counter");
        let times =
            HistogramVec::new(HistogramOpts::new("pay_seconds", "Paying.").buckets(vec![0.5, 1.0]), &["by"]);
        let times = times.expect("a histogram");
        registry.register(Box::new(foreign.clone())).expect("registered");
        registry.register(Box::new(times.clone())).expect("registered");
        times.with_label_values(&["card"]).observe(0.7);
        times.with_label_values(&["card"]).observe(30.0);
        let builder = AgentMetrics::builder().registry(registry).on_fault(hook);
        let metrics = builder.build().expect("built");
        let user = UserFamilies::register(&metrics).expect("registered");
        user.build_info.set(&[("version", "1.2"), ("commit", "ab\"c")]).expect("facts");
        let agent = Self { metrics, user, foreign };
        agent.work(3);
        agent
    }

    /// Records every kind of metric the given number of times.
    pub fn work(&self, times: u32) {
        for turn in 0..times {
            self.metrics.track_task("search").finish(Status::Success);
            self.metrics.record_tool_call("look/up", Duration::from_millis(30), Status::Error);
            let usage = Usage::new(1_000 + u64::from(turn), 20);
            self.metrics.record_llm_call(
                "gpt-5",
                usage,
                Duration::from_nanos(1_234_567_891),
                Status::Success,
            );
            let odd = OddLabels { A: "quoted \"back\\slash\"\nünï".into(), z: "".into() };
            self.user.retrieved_total.with(odd).inc();
            self.user.score.with(odd).observe(0.1 * f64::from(turn));
            self.user.wait_seconds.with(odd).observe(1.1);
            self.foreign.with_label_values(&["book"]).inc();
        }
    }

    /// Returns all exposed samples that do not change while nothing is recorded.
    pub fn samples(&self) -> BTreeMap<String, f64> {
        stable(
            Samples::parse(&self.metrics.to_text()).iter().map(|(series, value)| (series.to_owned(), value)),
        )
    }

    pub fn value(&self, series: &str) -> f64 {
        Samples::parse(&self.metrics.to_text()).value(series)
    }
}

/// Leaves out the samples about scrapes and pushes, which change with each of them.
pub fn stable(samples: impl Iterator<Item = (String, f64)>) -> BTreeMap<String, f64> {
    samples.filter(|(series, _)| !series.starts_with("shop_agent_metrics_")).collect()
}

/// Formats a series as `name{labels by name}`, as `Samples` does.
pub fn series(name: &str, labels: &BTreeMap<String, String>) -> String {
    if labels.is_empty() {
        return name.to_owned();
    }
    let labels: Vec<_> = labels
        .iter()
        .map(|(label, value)| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            format!("{label}=\"{value}\"")
        })
        .collect();
    format!("{name}{{{}}}", labels.join(","))
}
