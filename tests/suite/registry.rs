//! The registry belongs to the user: registration, exposition and refusals.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_metrics::recording::CompletionWindow;
use agent_metrics::{
    AgentMetrics, Bounded, BuildError, Counter, Fault, Gauge, Info, LabelSet, Metrics, RegisterError, Status,
};
use agent_metrics_tests::{Samples, build, python};
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
    /// Another family.
    new_total: Counter,
    /// Orders, with other labels.
    orders_total: Counter<ByTenant>,
}

#[test]
fn a_batch_with_a_duplicate_family_registers_nothing() {
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
fn a_name_already_in_the_registry_is_refused() {
    let metrics = build();
    let taken = IntCounter::new("app_orders_total", "Orders of another kind.").expect("a valid name");
    metrics.registry().register(Box::new(taken)).expect("a new collector");
    let error = Second::register(&metrics).err().expect("a name twice");
    let RegisterError::Duplicate { name, labels, existing_labels } = &error else { panic!("{error}") };
    assert_eq!((name.as_str(), labels.len(), existing_labels.len()), ("app_orders_total", 1, 0));
    assert!(!metrics.to_text().contains("app_new_total"), "half registered");
}

#[test]
fn a_constant_label_must_not_collide_with_a_family_label() {
    let error = AgentMetrics::builder().const_label("model", "x").build().expect_err("a collision");
    let BuildError::Register(RegisterError::LabelCollision { label, family }) = &error else {
        panic!("{error}")
    };
    assert_eq!((label.as_str(), family.starts_with("agent_")), ("model", true), "{error}");
    assert!(error.to_string().contains("`model`"), "{error}");
    for label in ["status", "le"] {
        let error = AgentMetrics::builder().const_label(label, "x").build().expect_err("a collision");
        assert!(matches!(error, BuildError::Register(RegisterError::LabelCollision { .. })), "{error}");
    }
    for label in ["__name", "a-b", ""] {
        assert!(matches!(
            AgentMetrics::builder().const_label(label, "x").build(),
            Err(BuildError::ConstLabel { .. })
        ));
    }
    let twice = AgentMetrics::builder().const_label("zone", "a").const_label("zone", "b").build();
    assert!(matches!(twice, Err(BuildError::ConstLabel { .. })));

    let metrics = AgentMetrics::builder().const_label("tenant", "x").build().expect("no family has it");
    assert!(matches!(Second::register(&metrics), Err(RegisterError::LabelCollision { .. })));
    let error = metrics.set_app_info(&[("version", "1"), ("tenant", "y")]).expect_err("a label twice");
    assert_eq!((error.name.as_str(), error.to_string().contains("constant label")), ("tenant", true));
    let given =
        AgentMetrics::builder().registry(prometheus::Registry::new()).const_label("zone", "a").build();
    assert!(matches!(given, Err(BuildError::ConstLabel { label, .. }) if label == "zone"));
}

#[test]
fn foreign_collectors_are_exposed_once_with_prefix_and_labels() {
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
    // OpenMetrics requires the suffix, so a counter without it is exposed as unknown under its name.
    assert!(open.contains("# TYPE my_visits unknown\n") && open.contains("\nmy_visits{"), "{open}");
    assert_eq!(samples.kind("my_visits"), Some("counter"));
}

#[derive(Metrics)]
#[metrics(namespace = "near")]
#[allow(dead_code)]
struct Namesakes {
    /// A gauge.
    load: Gauge,
    /// The number of views.
    load_total: Counter,
    /// Facts about the thing.
    load_info: Info,
}

#[derive(Metrics)]
#[metrics(namespace = "near")]
struct Near {
    /// Loads.
    load_total: Counter,
}

#[derive(Metrics)]
#[metrics(namespace = "agent")]
#[allow(dead_code)]
struct Taken {
    /// Tasks.
    tasks: Gauge,
}

#[test]
fn families_with_a_name_in_common_are_refused() {
    let metrics = build();
    let error =
        Namesakes::register(&metrics).err().expect("a counter and a gauge of one name in OpenMetrics");
    let RegisterError::NameCollision { family, existing, name } = &error else { panic!("{error}") };
    assert_eq!([family, existing, name], ["near_load_total", "near_load", "near_load"]);
    assert_eq!(
        error.to_string(),
        "family `near_load_total` collides with family `near_load`, since both would expose `near_load`; use another name"
    );
    let error = Taken::register(&metrics).err().expect("the name of a built-in counter without its suffix");
    assert!(
        matches!(&error, RegisterError::NameCollision { existing, .. } if existing == "agent_tasks_total")
    );
    assert!(!metrics.to_text().contains("near_"));
}

#[test]
fn a_foreign_family_with_a_sample_of_another_family_is_left_out_and_counted() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let hook = reported.clone();
    let metrics = AgentMetrics::builder()
        .on_fault(move |fault: &Fault| hook.lock().expect("a lock").push(fault.to_string()))
        .build()
        .expect("valid");
    for name in ["agent_task_duration_seconds_count", "agent_steps_per_task_bucket", "app_fine"] {
        let gauge = prometheus::Gauge::new(name, "A gauge of the user's.").expect("a valid name");
        metrics.registry().register(Box::new(gauge)).expect("a new collector");
    }
    for accept in ["text/plain", "application/openmetrics-text"] {
        let body = String::from_utf8(metrics.encode(Some(accept), None).body).expect("text");
        assert!(
            body.contains("app_fine") && !body.contains("A gauge of the user's.\n# TYPE agent_"),
            "{accept}"
        );
    }
    let samples = Samples::parse(&metrics.to_text());
    // The scrapes above left out two each, and this one had done so before it wrote its count.
    assert_eq!(samples.value("agent_metrics_skipped_families_total"), 6.0);
    let reported = reported.lock().expect("a lock");
    assert_eq!(reported.len(), 2, "each once: {reported:?}");
    assert!(
        reported[0].contains("`agent_steps_per_task_bucket` is a sample of family `agent_steps_per_task`")
    );
}

#[test]
fn a_foreign_family_that_differs_only_by_a_suffix_stays_separate() {
    let metrics = build();
    let near = Near::register(&metrics).expect("new");
    near.load_total.with(()).inc();
    for name in ["near_load", "near_load_info", "agent_tasks"] {
        let gauge = prometheus::Gauge::new(name, "A gauge of the user's.").expect("a valid name");
        metrics.registry().register(Box::new(gauge)).expect("a new collector");
    }
    metrics.record_tool_call("t", Duration::from_millis(1), Status::Success);
    let body = metrics.encode(Some("application/openmetrics-text"), None).body;
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("namesakes.txt");
    std::fs::write(&file, body).expect("a file");
    let script = format!(
        "from prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n\
         print(*sorted(f.name + ' ' + f.type for f in read(open({:?}).read()) if 'load' in f.name), sep='\\n')",
        file.display().to_string()
    );
    let Some(families) = python(&script) else { return };
    assert_eq!(
        families.lines().collect::<Vec<_>>(),
        ["near_load gauge", "near_load_info gauge", "near_load_total unknown"]
    );
}

#[test]
fn other_exporters_of_the_registry_show_the_built_in_families() {
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

#[test]
fn a_dropped_instance_releases_its_series() {
    for round in 0..50 {
        let metrics = build();
        metrics.track_tool("t").finish(Status::Success);
        let samples = Samples::parse(&metrics.to_text());
        assert_eq!(samples.sum("agent_tool_calls_total", &[]), 1.0, "round {round}");
    }
}

#[test]
fn app_info_facts_and_completion_rates_are_validated() {
    let metrics = build();
    assert!(metrics.set_app_info(&[("version", "1"), ("version", "2")]).is_err());
    assert!(metrics.set_app_info(&[("a-b", "1")]).is_err());
    assert!(metrics.update_completion_rate(CompletionWindow::OneHour, 1.5).is_err());
    assert!(metrics.update_completion_rate(CompletionWindow::OneHour, f64::NAN).is_err());
    assert!(!metrics.to_text().contains("agent_app_info"));
    assert!(!metrics.to_text().contains("agent_task_completion_rate"));
}
