//! Callbacks at the end of tasks.

use std::sync::{Arc, Mutex};

use agent_metrics::task::EndedTask;
use agent_metrics::{AgentMetrics, Price, PriceTable, Status, Usage, track_llm, track_task, track_tool};
use agent_metrics_tests::samples;

#[track_llm(model = "m", metrics = metrics)]
async fn ask(metrics: &AgentMetrics) -> Usage {
    Usage::new(1000, 10)
}

#[track_tool(metrics = metrics)]
async fn look_up(metrics: &AgentMetrics) {}

#[track_task(metrics = metrics)]
async fn inner(metrics: &AgentMetrics) -> Result<(), String> {
    ask(metrics).await;
    Err("asked to".to_owned())
}

#[track_task(metrics = metrics)]
async fn outer(metrics: &AgentMetrics) -> Result<(), String> {
    look_up(metrics).await;
    let _ = inner(metrics).await;
    ask(metrics).await;
    Ok(())
}

fn build() -> AgentMetrics {
    let prices = PriceTable::empty().with("m", Price::per_million(1.0, 10.0));
    AgentMetrics::builder().prices(prices).build().expect("valid")
}

#[tokio::test]
async fn a_callback_gets_the_status_and_the_totals_of_each_task() {
    let metrics = build();
    let ended: Arc<Mutex<Vec<EndedTask>>> = Arc::default();
    let seen = ended.clone();
    metrics.on_task_end(move |task| seen.lock().expect("no panic").push(task.clone()));
    outer(&metrics).await.expect("it succeeds");
    let waiting = metrics.track_task("dropped");
    drop(waiting);
    let ended = ended.lock().expect("no panic");
    let facts: Vec<_> =
        ended.iter().map(|task| (task.task_type.as_str(), task.status, task.is_root)).collect();
    assert_eq!(
        facts,
        [
            ("inner", Status::Error, false),
            ("outer", Status::Success, true),
            ("dropped", Status::Cancelled, true)
        ]
    );
    let totals = ended.iter().map(|task| (task.totals.input_tokens, task.totals.tool_calls));
    assert_eq!(totals.collect::<Vec<_>>(), [(1000, 0), (2000, 1), (0, 0)]);
    assert!((ended[1].totals.cost_usd - 0.0022).abs() < 1e-12, "{:?}", ended[1]);
    assert!(ended[1].duration >= ended[0].duration);
}

#[tokio::test]
async fn a_callback_that_panics_or_runs_tasks_does_not_reach_the_task() {
    let metrics = build();
    let again = metrics.clone();
    metrics.on_task_end(move |task| {
        if task.task_type == "outer" {
            again.track_task("after").finish(Status::Success);
        }
        panic!("in a callback");
    });
    outer(&metrics).await.expect("it succeeds");
    let samples = samples(&metrics);
    let of = |task: &str| samples.sum("agent_tasks_total", &[("task_type", task)]);
    assert_eq!([of("outer"), of("inner"), of("after")].map(|count| count as u64), [1, 1, 1]);
    assert!(samples.value("agent_metrics_callback_panics_total") >= 3.0);
    assert!(samples.value("agent_active_tasks").abs() < f64::EPSILON);
}
