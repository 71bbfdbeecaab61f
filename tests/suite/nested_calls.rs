//! An LLM call directly inside another one is billed once.

use std::pin::Pin;
use std::time::Duration;

use agent_metrics::{
    AgentMetrics, Call, Price, PriceTable, Status, Usage, current_task, track_llm, track_step, track_task,
    track_tool,
};
use agent_metrics_tests::{Samples, samples};
use futures_util::{Stream, StreamExt as _, stream};

fn build() -> AgentMetrics {
    let prices = PriceTable::empty()
        .with("outer", Price::per_million(1.0, 1.0))
        .with("inner", Price::per_million(1.0, 1.0));
    AgentMetrics::builder().prices(prices).build().expect("valid")
}

fn tokens(samples: &Samples, model: &str) -> f64 {
    samples.sum("agent_llm_tokens_total", &[("model", model)])
}

fn usd(samples: &Samples) -> f64 {
    samples.sum("agent_cost_usd_total", &[])
}

fn nested(samples: &Samples) -> f64 {
    samples.sum("agent_llm_usage_anomalies_total", &[("kind", "nested_call")])
}

fn missing(samples: &Samples) -> f64 {
    samples.sum("agent_llm_usage_missing_total", &[])
}

struct Provider {
    metrics: AgentMetrics,
}

#[track_llm(model = "outer", metrics = self.metrics, usage = |_| Usage::new(500_000, 500_000))]
impl Provider {
    async fn ask(&self) -> Result<String, String> {
        self.chat().await
    }

    async fn chat(&self) -> Result<String, String> {
        tokio::task::yield_now().await;
        self.chat_with_tools()
    }

    fn chat_with_tools(&self) -> Result<String, String> {
        Ok("an answer".to_owned())
    }
}

#[track_task(metrics = provider.metrics)]
async fn answer(provider: &Provider) -> (u64, f64, u64) {
    let _ = provider.ask().await;
    let totals = current_task().expect("a task");
    (totals.input_tokens, totals.cost_usd, totals.steps)
}

#[tokio::test]
async fn methods_that_call_each_other_bill_one_response_once() {
    let provider = Provider { metrics: build() };
    provider.ask().await.expect("an answer");
    let found = samples(&provider.metrics);
    assert_eq!((tokens(&found, "outer"), usd(&found)), (1e6, 1.0));
    assert_eq!(found.sum("agent_llm_calls_total", &[]), 3.0, "each is a call");
    assert_eq!((nested(&found), missing(&found)), (2.0, 0.0));
    assert_eq!(found.sum("agent_llm_orphan_calls_total", &[]), 1.0, "they are one call outside of a task");
    assert_eq!(answer(&provider).await, (500_000, 1.0, 1), "the ledger has one response and one step");
    assert_eq!(usd(&samples(&provider.metrics)), 2.0);
}

/// The kind of function between the two calls.
#[derive(Clone, Copy)]
enum Between {
    Nothing,
    Step,
    Tool,
    Task,
}

#[track_llm(model = "inner", metrics = metrics, usage = |()| Usage::new(0, 1_000_000))]
async fn inner(metrics: &AgentMetrics) -> Result<(), String> {
    tokio::task::yield_now().await;
    Ok(())
}

#[track_step]
async fn step(metrics: &AgentMetrics) -> Result<(), String> {
    inner(metrics).await
}

#[track_tool(metrics = metrics)]
async fn tool(metrics: &AgentMetrics) -> Result<(), String> {
    inner(metrics).await
}

#[track_task(metrics = metrics)]
async fn task(metrics: &AgentMetrics) -> Result<(), String> {
    inner(metrics).await
}

#[track_llm(model = "outer", metrics = metrics, usage = |()| Usage::new(1_000_000, 0))]
async fn outer(metrics: &AgentMetrics, between: Between) -> Result<(), String> {
    match between {
        Between::Nothing => inner(metrics).await,
        Between::Step => step(metrics).await,
        Between::Tool => tool(metrics).await,
        Between::Task => task(metrics).await,
    }
}

#[tokio::test]
async fn a_step_a_tool_or_a_task_between_two_calls_makes_them_two_responses() {
    for (between, expected) in [
        (Between::Nothing, (0.0, 1e6, 1.0, 1.0)),
        (Between::Step, (1e6, 1e6, 2.0, 0.0)),
        (Between::Tool, (1e6, 1e6, 2.0, 0.0)),
        (Between::Task, (1e6, 1e6, 2.0, 0.0)),
    ] {
        let metrics = build();
        outer(&metrics, between).await.expect("no failure");
        let found = samples(&metrics);
        assert_eq!((tokens(&found, "outer"), tokens(&found, "inner"), usd(&found), nested(&found)), expected);
    }
}

#[track_llm(model = "inner", metrics = metrics)]
async fn failing(metrics: &AgentMetrics) -> Result<Usage, String> {
    metrics.record_llm_call("inner", None, Duration::ZERO, Status::Error);
    Err("overloaded".to_owned())
}

#[track_llm(model = "outer", metrics = metrics)]
async fn with_fallback(metrics: &AgentMetrics) -> Result<Usage, String> {
    failing(metrics).await.or(Ok(Usage::new(7, 0)))
}

#[tokio::test]
async fn a_call_inside_without_a_usage_leaves_the_bill_to_the_call_around_it() {
    let metrics = build();
    with_fallback(&metrics).await.expect("the fallback");
    let found = samples(&metrics);
    assert_eq!((tokens(&found, "outer"), tokens(&found, "inner"), nested(&found)), (7.0, 0.0, 0.0));
}

#[track_llm(model = "outer", metrics = metrics, usage = in_body)]
async fn text_only(metrics: &AgentMetrics, recorded: bool) -> Result<(), String> {
    if recorded {
        metrics.record_llm_call("inner", Usage::new(0, 1_000_000), Duration::ZERO, Status::Success);
    } else {
        let mut guard = metrics.track_llm("inner");
        guard.usage(&Usage::new(0, 1_000_000));
        guard.finish(Status::Success);
    }
    Call::current().finish_reason("stop");
    Ok(())
}

#[tokio::test]
async fn a_call_recorded_by_hand_inside_another_one_has_the_usage_of_both() {
    for recorded in [true, false] {
        let metrics = build();
        text_only(&metrics, recorded).await.expect("no failure");
        let found = samples(&metrics);
        assert_eq!(
            (usd(&found), missing(&found)),
            (1.0, 0.0),
            "the usage is not missing from the outer call"
        );
        assert_eq!(found.sum("agent_llm_orphan_calls_total", &[]), 1.0);
    }
}

#[track_llm(stream, model = "inner", metrics = metrics, usage = |usage: &Usage| *usage)]
fn chunks(metrics: &AgentMetrics) -> impl Stream<Item = Usage> + use<> {
    let _ = metrics;
    stream::iter([Usage::new(1_000_000, 0)])
}

#[track_llm(stream, model = "outer", metrics = metrics, usage = |usage: &Usage| *usage)]
async fn chat_stream(metrics: &AgentMetrics) -> Result<Pin<Box<dyn Stream<Item = Usage> + Send>>, String> {
    Ok(Box::pin(chunks(metrics)))
}

#[tokio::test]
async fn a_stream_inside_a_stream_is_billed_once() {
    let metrics = build();
    let stream = chat_stream(&metrics).await.expect("a stream");
    assert_eq!(stream.count().await, 1);
    let found = samples(&metrics);
    assert_eq!((tokens(&found, "outer"), tokens(&found, "inner"), usd(&found)), (0.0, 1e6, 1.0));
    assert_eq!(nested(&found), 1.0);
}

#[track_llm(model = "outer", metrics = metrics, usage = |()| Usage::new(1_000_000, 0))]
async fn elsewhere(metrics: &AgentMetrics, other: &AgentMetrics) -> Result<(), String> {
    inner(other).await
}

#[tokio::test]
async fn two_instances_each_have_the_whole_bill() {
    let (metrics, other) = (build(), build());
    elsewhere(&metrics, &other).await.expect("no failure");
    assert_eq!((usd(&samples(&metrics)), usd(&samples(&other))), (1.0, 1.0));
}

#[track_llm(model = "inner", operation = "embeddings", metrics = metrics, usage = |()| Usage::new(1_000_000, 0))]
async fn embed(metrics: &AgentMetrics) {}

#[track_llm(model = "outer", metrics = metrics, usage = |()| Usage::new(1_000_000, 0))]
async fn chat_with_search(metrics: &AgentMetrics) {
    embed(metrics).await;
}

#[tokio::test]
async fn calls_with_two_operations_are_two_responses() {
    let metrics = build();
    chat_with_search(&metrics).await;
    let found = samples(&metrics);
    assert_eq!((tokens(&found, "outer"), tokens(&found, "inner"), nested(&found)), (1e6, 1e6, 0.0));
}
