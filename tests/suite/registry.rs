//! The registry is the user's: what goes in, what comes out, what is refused.

use std::collections::HashMap;

use agent_metrics::{
    AgentMetrics, Bounded, BuildError, Counter, FloatCounter, Gauge, Histogram, LabelSet, Metrics,
    RegisterError, Status, Summary,
};
use agent_metrics_tests::Samples;
use prometheus::{Encoder, IntCounter, TextEncoder};

#[derive(Clone, Copy, LabelSet)]
struct ByTenant {
    tenant: Bounded<4>,
}

#[derive(Metrics)]
#[metrics(namespace = "app")]
#[allow(dead_code)]
struct First {
    /// Orders.
    orders_total: Counter,
}

#[derive(Metrics)]
#[metrics(namespace = "app")]
#[allow(dead_code)]
struct Second {
    /// Something new.
    new_total: Counter,
    /// Orders, with other labels.
    orders_total: Counter<ByTenant>,
}

fn build() -> AgentMetrics {
    AgentMetrics::builder().build().expect("the defaults are valid")
}

#[test]
fn a_second_family_of_a_name_is_refused_whole() {
    let metrics = build();
    First::register(&metrics).expect("new");
    let before = metrics.families().len();
    let gathered = metrics.registry().gather().len();
    let Err(RegisterError::Duplicate { name, labels, existing_labels }) = Second::register(&metrics) else {
        panic!("registered twice");
    };
    assert_eq!((name.as_str(), labels.len(), existing_labels.len()), ("app_orders_total", 1, 0));
    assert_eq!(labels, ["tenant"]);
    assert_eq!(metrics.families().len(), before, "half registered");
    assert_eq!(metrics.registry().gather().len(), gathered);
    assert!(!metrics.to_text().contains("app_new_total"));
    assert!(matches!(First::register(&metrics), Err(RegisterError::Duplicate { .. })));
}

#[test]
fn a_name_that_the_user_has_taken_is_refused() {
    let metrics = build();
    let taken = IntCounter::new("app_orders_total", "Orders of another kind.").expect("a valid name");
    metrics.registry().register(Box::new(taken)).expect("a new collector");
    let error = Second::register(&metrics).err().expect("a name twice");
    let RegisterError::Registry { family, .. } = &error else { panic!("{error}") };
    assert_eq!(family, "app_orders_total");
    assert!(!metrics.to_text().contains("app_new_total"), "half registered");
}

#[test]
fn a_constant_label_must_not_be_a_familys_own() {
    let error = AgentMetrics::builder().const_label("model", "x").build().expect_err("a collision");
    let BuildError::Register(RegisterError::LabelCollision { label, family }) = &error else {
        panic!("{error}")
    };
    assert_eq!((label.as_str(), family.starts_with("agent_")), ("model", true), "{error}");
    assert!(error.to_string().contains("`model`"), "{error}");
    for label in ["le", "a-b", ""] {
        assert!(matches!(
            AgentMetrics::builder().const_label(label, "x").build(),
            Err(BuildError::ConstLabel { .. })
        ));
    }
    let twice = AgentMetrics::builder().const_label("zone", "a").const_label("zone", "b").build();
    assert!(matches!(twice, Err(BuildError::ConstLabel { .. })));

    let metrics = AgentMetrics::builder().const_label("tenant", "x").build().expect("no family has it");
    assert!(matches!(Second::register(&metrics), Err(RegisterError::LabelCollision { .. })));
}

#[test]
fn the_users_collectors_come_out_once_with_prefix_and_labels() {
    let labels = HashMap::from([("zone".to_owned(), "b\"1".to_owned())]);
    let registry = prometheus::Registry::new_custom(Some("my".to_owned()), Some(labels)).expect("a registry");
    let orders = IntCounter::new("orders_total", "Orders.").expect("a valid name");
    let odd = IntCounter::new("visits", "A counter without the suffix.").expect("a valid name");
    let sizes = prometheus::Histogram::with_opts(
        prometheus::HistogramOpts::new("sizes", "Sizes.").buckets(vec![1.0, 2.0]),
    )
    .expect("valid");
    for collector in [Box::new(orders.clone()) as Box<dyn prometheus::core::Collector>, Box::new(odd.clone())]
    {
        registry.register(collector).expect("new");
    }
    registry.register(Box::new(sizes.clone())).expect("new");
    let metrics = AgentMetrics::builder().registry(registry).build().expect("no collision");
    orders.inc_by(7);
    odd.inc();
    sizes.observe(1.5);
    metrics.track_task("t").finish(Status::Success);

    let samples = Samples::parse(&metrics.to_text());
    assert_eq!(samples.value("my_orders_total{zone=\"b\\\"1\"}"), 7.0);
    assert_eq!(samples.value("my_sizes_bucket{le=\"2.0\",zone=\"b\\\"1\"}"), 1.0);
    assert_eq!(
        samples.value("my_agent_tasks_total{status=\"success\",task_type=\"t\",zone=\"b\\\"1\"}"),
        1.0
    );
    assert!(samples.iter().all(|(series, _)| series.starts_with("my_") && series.contains("zone=")));

    let open = metrics.encode(Some("application/openmetrics-text;version=1.0.0"), None);
    let open = String::from_utf8(open.body).expect("UTF-8");
    assert!(open.contains("# TYPE my_orders counter\n") && open.contains("my_orders_total{"), "{open}");
    // A counter without the suffix is none in OpenMetrics, and must keep its name.
    assert!(open.contains("# TYPE my_visits unknown\n") && open.contains("\nmy_visits{"), "{open}");
}

#[test]
fn any_exporter_of_the_registry_shows_our_families() {
    let metrics = build();
    metrics.track_llm("gemini-2.0-flash").finish(Status::Success);
    let mut text = Vec::new();
    TextEncoder::new().encode(&metrics.registry().gather(), &mut text).expect("an exposition");
    let theirs = String::from_utf8(text).expect("UTF-8");
    for part in [
        "agent_llm_calls_total{model=\"gemini-2.0-flash\",status=\"success\"} 1",
        "agent_llm_call_duration_seconds_bucket{model=\"gemini-2.0-flash\",le=\"0.5\"} 1",
        "agent_cost_total_cents",
        "agent_active_tasks 0",
    ] {
        assert!(theirs.contains(part), "{part} is not in {theirs}");
    }
}

#[derive(Metrics)]
#[metrics(namespace = "kinds")]
struct Kinds {
    /// USD.
    paid_usd_total: FloatCounter,
    /// A level.
    level: Gauge,
    /// Sizes.
    #[metric(buckets = [1.0, 2.0])]
    sizes: Histogram,
    /// Ages.
    age_seconds: Summary,
}

#[test]
fn what_cannot_be_added_is_refused_and_counted() {
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

#[test]
fn a_dropped_instance_gives_its_series_back() {
    for round in 0..50 {
        let metrics = build();
        metrics.track_tool("t").finish(Status::Success);
        let samples = Samples::parse(&metrics.to_text());
        assert_eq!(samples.sum("agent_tool_calls_total", &[]), 1.0, "round {round}");
    }
}

#[test]
fn facts_and_rates_are_checked() {
    let metrics = build();
    assert!(metrics.set_app_info(&[("version", "1"), ("version", "2")]).is_err());
    assert!(metrics.set_app_info(&[("a-b", "1")]).is_err());
    assert!(metrics.update_completion_rate("2h", 0.5).is_err());
    assert!(metrics.update_completion_rate("1h", 1.5).is_err());
    assert!(metrics.update_completion_rate("1h", f64::NAN).is_err());
    assert!(!metrics.to_text().contains("agent_app_info"));
    assert!(!metrics.to_text().contains("agent_task_completion_rate"));
}
