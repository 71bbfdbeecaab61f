//! Dimensions: labels that calls inherit from their task.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_metrics::{
    AgentMetrics, BuildError, Fault, LabelValue, Price, PriceTable, Status, Usage, track_llm, track_task,
    track_tool,
};
use agent_metrics_tests::samples;

#[derive(Clone, Copy, LabelValue)]
enum Tier {
    Free,
    Paid,
}

#[derive(Clone, Copy, LabelValue)]
enum Region {
    Eu,
    Us,
}

#[derive(Clone, Copy, LabelValue)]
enum Stray {
    Value,
}

fn build() -> AgentMetrics {
    let prices = PriceTable::empty().with("m", Price::per_million(1.0, 10.0));
    let builder = AgentMetrics::builder().prices(prices);
    builder.dimension::<Tier>("tier").dimension::<Region>("region").build().expect("valid")
}

#[track_llm(model = "m", metrics = metrics)]
async fn ask(metrics: &AgentMetrics) -> Usage {
    tokio::task::yield_now().await;
    Usage::new(1_000_000, 0)
}

#[track_tool(metrics = metrics, cost = |()| 0.5)]
async fn tool(metrics: &AgentMetrics) {
    tokio::task::yield_now().await;
}

#[track_tool(tool_name = "far", metrics = metrics, dimensions(Region::Us))]
fn far_tool(metrics: &AgentMetrics) {}

#[track_task(metrics = metrics)]
async fn nested(metrics: &AgentMetrics) {
    ask(metrics).await;
}

#[track_task(dimensions(tier, region), metrics = metrics)]
async fn answer(metrics: &AgentMetrics, tier: Tier, region: Region) {
    tokio::join!(ask(metrics), tool(metrics), nested(metrics));
    far_tool(metrics);
    metrics.record_llm_call("m", Usage::new(1, 1), Duration::ZERO, Status::Success);
    metrics.record_tool_cost_usd(0.25);
    metrics.record_agent_steps("answer", 3);
}

#[tokio::test]
async fn calls_inherit_the_dimensions_of_their_task() {
    let metrics = build();
    tokio::join!(
        answer(&metrics, Tier::Free, Region::Eu),
        answer(&metrics, Tier::Paid, Region::Eu),
        answer(&metrics, Tier::Paid, Region::Us),
        ask(&metrics),
    );
    let samples = samples(&metrics);
    for (tier, region) in [("free", "eu"), ("paid", "eu"), ("paid", "us")] {
        let here = [("tier", tier), ("region", region)];
        let sum = |name, more| samples.sum(name, &[here[0], here[1], more]);
        assert_eq!(sum("agent_tasks_total", ("task_type", "answer")), 1.0);
        assert_eq!(sum("agent_tasks_total", ("task_type", "nested")), 1.0);
        assert_eq!(sum("agent_llm_calls_total", ("model", "m")), 3.0);
        assert_eq!(sum("agent_tool_calls_total", ("tool_name", "tool")), 1.0);
        assert!((sum("agent_cost_usd_total", ("cost_type", "input")) - 2.000_001).abs() < 1e-9);
        assert!((sum("agent_cost_usd_total", ("cost_type", "tool")) - 0.75).abs() < 1e-9);
        assert_eq!(sum("agent_steps_per_task_count", ("task_type", "answer")), 2.0, "its own, and by hand");
        assert_eq!(sum("agent_task_tokens_count", ("task_type", "answer")), 2.0, "by direction");
    }
    let far = |tier| {
        samples.sum("agent_tool_calls_total", &[("tool_name", "far"), ("tier", tier), ("region", "us")])
    };
    assert_eq!([far("free"), far("paid")], [1.0, 2.0], "its own region, its task's tier");
    let outside = [("tier", "__none__"), ("region", "__none__"), ("status", "success")];
    assert_eq!(samples.sum("agent_llm_calls_total", &outside), 1.0);
    assert_eq!(samples.sum("agent_llm_calls_total", &[]), 10.0);
    for bare in ["agent_active_tasks", "agent_llm_price_table_info"] {
        assert!(!samples.label_names(bare).contains(&"tier".to_owned()), "{bare}");
    }
}

#[tokio::test]
async fn replaced_prices_apply_to_every_dimension_value() {
    let metrics = build();
    answer(&metrics, Tier::Paid, Region::Us).await;
    metrics.set_prices(PriceTable::empty().with("m", Price::per_million(3.0, 0.0)));
    let cost = || samples(&metrics).sum("agent_cost_usd_total", &[("cost_type", "input"), ("tier", "paid")]);
    let before = cost();
    answer(&metrics, Tier::Paid, Region::Us).await;
    assert!((cost() - before - 6.000_003).abs() < 1e-9);
}

#[track_task(dimensions(Stray::Value, Tier::Paid), metrics = metrics)]
fn stray(metrics: &AgentMetrics) {}

#[test]
fn a_value_without_its_dimension_is_ignored_and_reported_once() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let hook = reported.clone();
    let metrics = AgentMetrics::builder()
        .dimension::<Tier>("tier")
        .on_fault(move |fault: &Fault| hook.lock().expect("a lock").push(fault.to_string()))
        .build()
        .expect("valid");
    stray(&metrics);
    stray(&metrics);
    assert_eq!(samples(&metrics).sum("agent_tasks_total", &[("tier", "paid")]), 2.0);
    let reported = reported.lock().expect("a lock").clone();
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert!(reported[0].contains("Stray`, which is not a dimension of its instance"), "{reported:?}");
    // Without dimensions nothing changes.
    let plain = agent_metrics_tests::build();
    stray(&plain);
    assert_eq!(samples_of(&plain), 1.0);
}

fn samples_of(metrics: &AgentMetrics) -> f64 {
    samples(metrics).value("agent_tasks_total{status=\"success\",task_type=\"stray\"}")
}

#[test]
fn invalid_dimensions_are_refused() {
    let why = |built: Result<AgentMetrics, BuildError>| built.err().map(|error| error.to_string());
    let builder = AgentMetrics::builder;
    let refused = [
        (builder().dimension::<Tier>("model").build(), "dimension `model`: a label of a built-in family"),
        (builder().dimension::<Tier>("9").build(), "dimension `9`: "),
        (builder().dimension::<Tier>("a").dimension::<Region>("a").build(), "dimension `a`: given twice"),
        (
            builder().dimension::<Tier>("a").dimension::<Tier>("b").build(),
            "dimension `b`: its enum is a dimension",
        ),
        (
            builder().dimension::<Tier>("a").dimension::<Region>("b").dimension::<Stray>("c").build(),
            "dimension `c`: an instance has at most two dimensions",
        ),
        (builder().dimension::<Tier>("a").dimension_budget(2).build(), "the dimensions have 3 combinations"),
        (
            builder().dimension::<Tier>("a").max_models(100_000).build(),
            "the series of all task types, models and tools with all dimensions could need",
        ),
        (
            builder().dimension::<Tier>("a").const_label("a", "x").build(),
            "constant label `a` collides with a label of family",
        ),
    ];
    for (built, expected) in refused {
        let why = why(built).unwrap_or_default();
        assert!(why.starts_with(expected), "{why}");
    }
}

#[test]
fn the_catalogue_lists_dimensions() {
    let catalogue = build().catalogue();
    let names: Vec<_> =
        catalogue.dimensions.iter().map(|dimension| (dimension.name, dimension.values)).collect();
    assert_eq!(names, [("tier", &["free", "paid"][..]), ("region", &["eu", "us"][..])]);
    let tools = catalogue.families.iter().find(|family| family.name == "agent_tool_calls_total");
    assert_eq!(tools.expect("a family").labels, ["tool_name", "status", "tier", "region"]);
}
