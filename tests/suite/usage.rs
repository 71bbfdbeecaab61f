//! Tokens and costs of LLM calls.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_metrics::llm::Attempt;
use agent_metrics::usage::RateLimits;
use agent_metrics::{
    AgentMetrics, Call, Fault, Price, PriceTable, Status, TokenUsage, Usage, current_task, track_llm,
    track_step, track_task, track_tool,
};
use agent_metrics_tests::{ToolError, build, samples};

struct Reply(u64, u64);

impl TokenUsage for Reply {
    fn token_usage(&self) -> Option<Usage> {
        Some(Usage::new(self.0, self.1).cache_read(self.0 / 2))
    }
}

#[track_llm(model = model, metrics = metrics)]
async fn generate(metrics: &AgentMetrics, model: String, fail: bool) -> Result<Reply, ToolError> {
    if fail { Err(ToolError::Slow) } else { Ok(Reply(1_000_000, 1_000_000)) }
}

#[tokio::test]
async fn tokens_are_priced_or_counted_as_unpriced() {
    let metrics = build();
    for fail in [false, true] {
        let _ = generate(&metrics, "gemini-2.0-flash".to_owned(), fail).await;
        let _ = generate(&metrics, "unknown-model".to_owned(), fail).await;
    }
    let samples = samples(&metrics);
    let near = |series: &str, expected: f64| {
        let found = samples.value(series);
        assert!((found - expected).abs() < 1e-9, "{series} {found}");
    };
    near("agent_cost_usd_total{cost_type=\"input\",model=\"gemini-2.0-flash\"}", 0.0625);
    near("agent_cost_usd_total{cost_type=\"output\",model=\"gemini-2.0-flash\"}", 0.4);
    near("agent_cost_total_cents{cost_type=\"output\",model=\"gemini-2.0-flash\"}", 40.0);
    near("agent_llm_unpriced_tokens_total{direction=\"input\",model=\"unknown-model\"}", 1e6);
    assert_eq!(
        samples.get("agent_cost_usd_total{cost_type=\"input\",model=\"unknown-model\"}"),
        None,
        "never $0"
    );
    assert_eq!(samples.sum("agent_llm_input_tokens_count", &[]), 2.0, "a failed call observes no tokens");
    assert_eq!(samples.sum("agent_llm_token_details_total", &[("kind", "cache_read")]), 1e6);
}

fn priced() -> PriceTable {
    PriceTable::empty()
        .with("asked", Price::per_million(1.0, 10.0).cache_read(0.1))
        .with("served", Price::per_million(2.0, 20.0))
        .versioned("7", "2026-11-01")
}

#[track_tool(metrics = metrics)]
async fn between(metrics: &AgentMetrics) {
    tokio::task::yield_now().await;
    Call::current().finish_reason("said in a tool");
}

// The step makes the inner call another request.
#[track_step]
async fn inner(metrics: &AgentMetrics) -> anyhow::Result<()> {
    Box::pin(wrapper(metrics, "inner", "inner", None)).await
}

#[track_llm(model = model, metrics = metrics, usage = in_body)]
async fn wrapper(metrics: &AgentMetrics, model: &str, served: &str, cost: Option<f64>) -> anyhow::Result<()> {
    Call::current().usage(&Usage::new(7, 7)).model(served);
    between(metrics).await;
    if model == "asked" {
        inner(metrics).await?;
    }
    tokio::task::yield_now().await;
    let call = Call::current().usage(&Usage::new(1_000_000, 1_000_000).cache_read(500_000));
    if let Some(usd) = cost {
        call.cost_usd(usd).status(Status::ContentFiltered).finish_reason("refusal");
    }
    Ok(())
}

#[tokio::test]
async fn a_body_reports_facts_that_its_result_does_not_have() {
    let metrics = AgentMetrics::builder().prices(priced()).build().expect("valid");
    wrapper(&metrics, "asked", "served", None).await.expect("no failure");
    wrapper(&metrics, "asked", "asked", Some(0.5)).await.expect("no failure");
    Call::current().usage(&Usage::new(1, 1)).model("ignored").finish_reason("none"); // outside of any call
    let samples = samples(&metrics);
    assert_eq!(samples.value("agent_llm_served_model_total{model=\"asked\",served_model=\"served\"}"), 1.0);
    assert_eq!(samples.sum("agent_llm_served_model_total", &[]), 1.0, "its own name is no other");
    let finish =
        |model, reason| samples.sum("agent_llm_finish_total", &[("model", model), ("reason", reason)]);
    assert_eq!((finish("asked", "said in a tool"), finish("asked", "refusal")), (1.0, 1.0));
    assert_eq!(finish("inner", "said in a tool"), 2.0);
    let calls = |status| samples.sum("agent_llm_calls_total", &[("model", "asked"), ("status", status)]);
    assert_eq!((calls("success"), calls("content_filtered")), (1.0, 1.0));
    assert_eq!(samples.sum("agent_llm_tokens_total", &[("model", "asked"), ("direction", "input")]), 2e6);
    // The first has the price of the served model, the second the cost that its provider reports.
    let cost = samples.sum("agent_cost_usd_total", &[("model", "asked")]);
    assert!((cost - (2.0 + 20.0 + 0.5)).abs() < 1e-9, "{cost}");
    let saved = samples.value("agent_llm_cache_savings_usd_total{model=\"asked\"}");
    assert!((saved - 0.45).abs() < 1e-9, "{saved}");
    assert_eq!(samples.value("agent_llm_price_table_info{date=\"2026-11-01\",version=\"7\"}"), 1.0);
    assert_eq!(samples.value("agent_llm_price_table_timestamp_seconds"), 1_793_491_200.0);
}

#[test]
fn an_impossible_usage_is_reduced_counted_and_reported_once() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let reported = heard.clone();
    let metrics = AgentMetrics::builder()
        .on_fault(move |fault: &Fault| reported.lock().unwrap().push(fault.to_string()))
        .build()
        .expect("valid");
    for _ in 0..3 {
        let usage = Usage::new(100, 10).cache_read(150).reasoning(11);
        metrics.record_llm_call("m", usage, Duration::from_secs(1), Status::Success);
    }
    let samples = samples(&metrics);
    let anomalies = |kind| samples.sum("agent_llm_usage_anomalies_total", &[("model", "m"), ("kind", kind)]);
    assert_eq!((anomalies("cache_exceeds_input"), anomalies("reasoning_exceeds_output")), (3.0, 3.0));
    assert_eq!(anomalies("too_large"), 0.0);
    assert_eq!(samples.sum("agent_llm_token_details_total", &[("kind", "cache_read")]), 300.0);
    assert_eq!(heard.lock().unwrap().len(), 2, "once a kind");
}

#[track_task(metrics = metrics)]
async fn concurrent(metrics: &AgentMetrics) {
    let one = |tokens| async move {
        for _ in 0..3 {
            wrapper_of(metrics, tokens).await;
        }
    };
    tokio::join!(one(1), one(10), one(100));
}

#[track_llm(model = "concurrent", metrics = metrics, usage = in_body)]
async fn wrapper_of(metrics: &AgentMetrics, tokens: u64) {
    for _ in 0..tokens % 7 {
        tokio::task::yield_now().await;
        Call::current().usage(&Usage::new(tokens, 0));
    }
}

#[tokio::test]
async fn interleaved_calls_keep_separate_facts() {
    let metrics = build();
    concurrent(&metrics).await;
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_llm_tokens_total", &[("direction", "input")]), 333.0);
    assert_eq!(samples.sum("agent_llm_usage_missing_total", &[("model", "concurrent")]), 0.0);
}

#[track_llm(model = "asked", metrics = metrics)]
async fn tried_three_times(metrics: &AgentMetrics) -> anyhow::Result<Usage> {
    let mut limits = RateLimits::default();
    limits.requests = Some(0);
    let call = Call::current().attempt(Attempt::new(Status::RateLimited)).rate_limits(limits);
    // The stream was interrupted; its tokens are billed all the same.
    let cut = Attempt::new(Status::Unavailable).waited(Duration::from_millis(1500));
    call.attempt(cut.usage(Usage::new(1_000_000, 0)));
    tokio::task::yield_now().await;
    limits.requests = Some(9);
    let used = Usage::new(2_000_000, 0);
    let last = Attempt::new(Status::Success).waited(Duration::from_secs(3)).usage(used);
    Call::current().attempt(last).rate_limits(limits);
    Ok(used)
}

#[track_task(task_type = "patient", metrics = metrics)]
async fn patient(metrics: &AgentMetrics) -> anyhow::Result<f64> {
    tried_three_times(metrics).await?;
    Ok(current_task().expect("a task").cost_usd)
}

#[tokio::test]
async fn attempts_are_counted_separately_and_failed_ones_are_billed() {
    let metrics = AgentMetrics::builder().prices(priced()).build().expect("valid");
    metrics.record_llm_call("served", Usage::new(1, 1), Duration::ZERO, Status::Success);
    assert!((patient(&metrics).await.expect("an answer") - 3.0).abs() < 1e-9, "the task pays for both");
    let samples = samples(&metrics);
    let attempts = |outcome| samples.sum("agent_llm_attempts_total", &[("outcome", outcome)]);
    assert_eq!([attempts("success"), attempts("rate_limited"), attempts("unavailable")], [1.0; 3]);
    assert_eq!(samples.sum("agent_llm_calls_total", &[("model", "asked")]), 1.0);
    assert_eq!(samples.value("agent_llm_retry_wait_seconds_total{model=\"asked\"}"), 4.5);
    assert_eq!(samples.value("agent_llm_failed_attempt_cost_usd_total{model=\"asked\"}"), 1.0);
    assert_eq!(samples.value("agent_cost_usd_total{cost_type=\"input\",model=\"asked\"}"), 3.0);
    assert_eq!(samples.sum("agent_llm_tokens_total", &[("model", "asked")]), 3e6);
    assert_eq!(samples.value("agent_llm_ratelimit_remaining{kind=\"requests\",model=\"asked\"}"), 9.0);
    assert_eq!(samples.sum("agent_llm_ratelimit_remaining", &[("kind", "tokens")]), 0.0);
    assert_eq!(
        samples.get("agent_llm_ratelimit_remaining{kind=\"tokens\",model=\"asked\"}"),
        None,
        "not reported"
    );
    let unseen = "agent_llm_retry_wait_seconds_total{model=\"served\"}";
    assert_eq!(samples.get(unseen), None, "its attempts were not observed");
}

#[test]
fn what_is_missing_of_a_usage_is_counted_by_part() {
    let metrics = AgentMetrics::builder()
        .prices(PriceTable::empty().with("m", Price::per_million(1e6, 10e6)))
        .build()
        .expect("valid settings");
    let mut counted = std::collections::BTreeMap::from([("all", 0), ("input", 0), ("output", 0)]);
    let (input, output) = (Usage::default().input(5), Usage::default().output(2));
    for (usage, status, part) in [
        (Some(Usage::new(5, 2)), Status::Success, ""),
        (Some(input), Status::Success, "output"),
        (Some(output), Status::Success, "input"),
        (Some(Usage::default().cache_read(3)), Status::Success, "all"),
        (Some(Usage::default().audio_seconds(9)), Status::Success, ""),
        (Some(Usage::new(5, 1).incomplete()), Status::Cancelled, "output"),
        (Some(Usage::new(5, 1).incomplete()), Status::Unavailable, "output"),
        (None, Status::Success, "all"),
        // The request was sent, most likely.
        (None, Status::Timeout, "all"),
        (None, Status::Cancelled, "all"),
        // The provider did not process the call.
        (None, Status::Rejected, ""),
        (None, Status::RateLimited, ""),
    ] {
        let mut call = metrics.track_llm("m");
        if let Some(usage) = &usage {
            call.usage(usage);
        }
        call.finish(status);
        counted.entry(part).and_modify(|count| *count += 1);
        let samples = samples(&metrics);
        for (part, count) in &counted {
            let found = samples.sum("agent_llm_usage_missing_total", &[("part", part)]);
            assert_eq!(found, f64::from(*count), "{part} after {usage:?} and {status}");
        }
    }
    // The bill takes what is known: 5 + 5 + 5 + 5 input tokens at 1 USD, 2 + 2 + 1 + 1 output tokens at 10 USD.
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_cost_usd_total", &[("cost_type", "input")]), 20.0);
    assert_eq!(samples.sum("agent_cost_usd_total", &[("cost_type", "output")]), 60.0);
}

#[test]
fn a_later_report_completes_an_earlier_one_and_a_zero_replaces_nothing() {
    let metrics = build();
    for reports in [
        vec![Usage::new(25, 1).incomplete(), Usage::default().output(15)],
        vec![Usage::new(25, 15).total(40), Usage::new(0, 0).total(0)],
        vec![Usage::new(25, 1).incomplete().total(26), Usage::new(0, 15).total(15)],
    ] {
        let mut call = metrics.track_llm("gemini-2.0-flash");
        for usage in &reports {
            call.usage(usage);
        }
        call.finish(Status::Success);
    }
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_llm_tokens_total", &[("direction", "input")]), 75.0);
    assert_eq!(samples.sum("agent_llm_tokens_total", &[("direction", "output")]), 45.0);
    for fault in ["agent_llm_usage_missing_total", "agent_llm_usage_anomalies_total"] {
        assert_eq!(samples.sum(fault, &[]), 0.0, "{fault}");
    }
}

/// A response that reports what the provider charged.
struct Charged(Option<Usage>, f64);

impl TokenUsage for Charged {
    fn token_usage(&self) -> Option<Usage> {
        self.0
    }

    fn cost_usd(&self) -> Option<f64> {
        Some(self.1)
    }
}

#[test]
fn what_a_response_says_that_it_cost_is_billed() {
    let metrics = build();
    for charges in [vec![0.25], vec![0.25, 0.0], vec![0.125, 0.25]] {
        let mut call = metrics.track_llm("no-price");
        for usd in &charges {
            call.usage(&Charged(Some(Usage::new(10, 10)), *usd));
        }
        call.finish(Status::Success);
    }
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_cost_usd_total", &[("model", "no-price")]), 0.75);
    assert_eq!(samples.sum("agent_llm_unpriced_tokens_total", &[("model", "no-price")]), 0.0);
}
