//! Facts and failures of each provider.

use std::time::Duration;

use agent_metrics::{BudgetSpent, assert_metrics};

use super::{LONG, QUICK, Service, agent, agent_with, metrics, simulated};
use crate::{
    cli::DEFAULT_SEED,
    model::{ModelError, Provider, RetryPolicy},
    simulated::{Faults, SimulatedModel},
    task::{self, TaskKind},
};

#[tokio::test]
async fn the_answer_comes_from_the_tools() {
    let cases = [
        (TaskKind::Search, "What is 12 * (3 + 4)?", &["calculator"][..], "12 * (3 + 4) = 84"),
        (TaskKind::Search, "What is 1 / 0?", &["calculator"], "division by zero at position 3"),
        (TaskKind::Search, "Summarize python.md", &["summarize_file"], "python.md has"),
        (TaskKind::Analysis, "Compare SQL with NoSQL", &["search_docs", "summarize_file"], "Choose SQL when"),
        (TaskKind::Coding, "Write a function that sorts a list", &["search_docs"], "sorted.sort()"),
        (TaskKind::Coding, "Sort 2 * 500 items", &["search_docs", "calculator"], "sorted.sort()"),
        (TaskKind::Search, "zeppelin", &["search_docs"], "say nothing about it"),
    ];
    for provider in Provider::ALL {
        let _metrics = metrics();
        let (_model, agent) = simulated(provider, Faults::none()).await;
        for (kind, prompt, tools, wanted) in cases {
            let answer = agent.run(kind, prompt).await.unwrap();
            assert_eq!(answer.tools, tools, "{provider}: {prompt}");
            assert!(answer.text.contains(wanted), "{provider}: {prompt}: {}", answer.text);
            assert!(!answer.cached && agent.run(kind, prompt).await.unwrap().cached);
        }
    }
}

/// The prices in USD of a million tokens of input, output, cache reads and cache writes.
fn list_prices(provider: Provider) -> [f64; 4] {
    match provider {
        Provider::Gemini => [0.10, 0.40, 0.025, 0.0],
        Provider::OpenAi => [0.40, 1.60, 0.10, 0.0],
        Provider::Anthropic => [1.00, 5.00, 0.10, 1.25],
    }
}

#[tokio::test]
async fn tokens_cached_ones_and_money_are_those_of_the_provider() {
    for provider in Provider::ALL {
        let metrics = metrics();
        let (_model, agent) = simulated(provider, Faults::none()).await;
        let answer = agent.run(TaskKind::Analysis, "Compare SQL with NoSQL").await.unwrap();

        let seen = metrics.snapshot();
        let sum = |name: &str, labels: &[(&str, &str)]| seen.sum(name, labels).unwrap_or(0.0);
        let [input, output] =
            ["input", "output"].map(|of| sum("agent_llm_tokens_total", &[("direction", of)]));
        let detail = |kind| sum("agent_llm_token_details_total", &[("kind", kind)]);
        let (read, written) = (detail("cache_read"), detail("cache_write"));
        assert!(read > 0.0 && read < input, "{provider}: {read} of {input}");
        assert_eq!(written > 0.0, provider == Provider::Anthropic, "{provider}");
        assert_eq!(answer.tokens as f64, input + output, "{provider}");

        let [full, out, cached, write] = list_prices(provider);
        let usd = ((input - read - written) * full + read * cached + written * write + output * out) / 1e6;
        let counted = sum("agent_cost_usd_total", &[]);
        assert!((counted - usd).abs() < 1e-12, "{provider}: {counted}, listed {usd}");
        assert!((answer.cost_usd - usd).abs() < 1e-9, "{provider}: {}, listed {usd}", answer.cost_usd);
        assert_eq!(sum("agent_task_tokens_sum", &[]), input + output, "{provider}: the ledger has all");

        let model = provider.default_model(true);
        let rerouted = if provider == Provider::Gemini { 0 } else { 5 };
        assert_metrics!(metrics, {
            agent_llm_calls_total { model = model, status = "success" } == 5,
            agent_llm_calls_total == 5,
            agent_llm_attempts_total { outcome = "success" } == 5,
            agent_llm_finish_total == 5,
            agent_tasks_total { task_type = "analysis", status = "success" } == 1,
            agent_steps_per_task_sum { task_type = "analysis" } == 3,
            agent_task_distinct_tools_sum { task_type = "analysis" } == 2,
            agent_reasoning_duration_seconds_count { task_type = "analysis" } == 1,
        });
        assert_eq!(sum("agent_llm_served_model_total", &[]) as i32, rerouted, "{provider}");
        for fault in ["unpriced_tokens", "usage_missing", "usage_anomalies"] {
            assert_eq!(sum(&format!("agent_llm_{fault}_total"), &[]), 0.0, "{provider}: {fault}");
        }
        let limits = seen.sum("agent_llm_ratelimit_remaining", &[("kind", "requests")]);
        assert_eq!(limits.is_some_and(|left| left > 9_000.0), provider != Provider::Gemini, "{provider}");
    }
}

#[tokio::test]
async fn with_the_default_seed_the_five_tasks_meet_a_rate_limit_and_succeed() {
    for provider in Provider::ALL {
        let metrics = metrics();
        let faults = Faults { median_latency: Duration::ZERO, ..Faults::busy() };
        let model = SimulatedModel::start(provider, faults, DEFAULT_SEED).await.unwrap();
        let agent = agent(provider, model.base_url(), LONG, RetryPolicy::default());
        for (kind, prompt) in task::OPENING {
            agent.run(kind, prompt).await.unwrap();
        }
        assert_metrics!(metrics, {
            agent_llm_calls_total { status = "rate_limited" } >= 1,
            agent_llm_calls_total { status = "success" } >= 18,
            agent_llm_retry_wait_seconds_total >= 1,
        });
    }
}

async fn failure(provider: Provider, faults: Faults, timeout: Duration) -> anyhow::Error {
    let model = SimulatedModel::start(provider, faults, 1).await.unwrap();
    let agent = agent(provider, model.base_url(), timeout, QUICK);
    agent.run(TaskKind::Search, "What is axum?").await.unwrap_err()
}

#[tokio::test]
async fn failures_of_the_model_are_errors_of_the_task() {
    for provider in Provider::ALL {
        let metrics = metrics();
        let of = async |faults| failure(provider, faults, LONG).await.downcast::<ModelError>().unwrap();
        let limited = of(Faults { rate_limited: 1.0, ..Faults::none() }).await;
        let second = Duration::from_secs(1);
        assert!(
            matches!(limited, ModelError::RateLimited { retry_after: Some(wait), .. } if wait == second),
            "{provider}: {limited}"
        );
        let unavailable = of(Faults { unavailable: 1.0, ..Faults::none() }).await;
        assert!(
            matches!(unavailable, ModelError::Unavailable { status: 500 | 503 | 529, .. }),
            "{provider}: {unavailable}"
        );
        let withheld = of(Faults { withheld: 1.0, ..Faults::none() }).await;
        assert!(matches!(withheld, ModelError::Withheld { .. }), "{provider}: {withheld}");
        let stalled =
            failure(provider, Faults { stalled: 1.0, ..Faults::none() }, Duration::from_millis(50)).await;
        assert!(matches!(stalled.downcast_ref(), Some(ModelError::TimedOut)), "{provider}: {stalled}");
        assert_metrics!(metrics, {
            agent_llm_calls_total { status = "rate_limited" } == 1,
            agent_llm_calls_total { status = "unavailable" } == 2,
            agent_llm_calls_total { status = "content_filtered" } == 1,
            agent_llm_calls_total { status = "timeout" } == 2,
            agent_llm_attempts_total { outcome = "unavailable" } == 2,
            // Blocked answers are billed; they are the only ones with a usage.
            agent_llm_input_tokens_count == 1,
            agent_cost_usd_total { cost_type = "input" } > 0,
            agent_tasks_total { status = "failure" } == 3,
            agent_tasks_total { status = "timeout" } == 1,
        });
    }
}

#[tokio::test]
async fn tools_that_the_model_made_up_are_one() {
    for provider in Provider::ALL {
        let metrics = metrics();
        let (_model, agent) = simulated(provider, Faults { made_up: 1.0, ..Faults::none() }).await;
        let error = agent.run(TaskKind::Search, "What is axum?").await.unwrap_err();
        assert!(error.to_string().contains("asked for tools more than 4 times"), "{error}");
        assert_metrics!(metrics, {
            agent_tool_calls_total { tool_name = "__unknown__", status = "error" } == 5,
            agent_tool_calls_total == 5,
            agent_task_tool_calls_sum == 5,
            agent_tasks_total { status = "failure" } == 1,
        });
        // An occasional unknown tool is harmless: the model gets an error and requests another tool.
        let (_model, agent) = simulated(provider, Faults { made_up: 0.3, ..Faults::none() }).await;
        agent.run(TaskKind::Search, "What is axum?").await.unwrap();
    }
}

#[tokio::test]
async fn nothing_begins_when_the_budget_is_spent() {
    let metrics = metrics();
    let model = SimulatedModel::start(Provider::Anthropic, Faults::none(), 1).await.unwrap();
    // Enough for the first call.
    let agent = agent_with(Provider::Anthropic, model.base_url(), LONG, QUICK, 1e-6);
    let error = agent.run(TaskKind::Search, "What is axum?").await.unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(ModelError::BudgetSpent(_))), "{error}");
    let error = agent.run(TaskKind::Search, "What is axum?").await.unwrap_err();
    assert!(error.is::<BudgetSpent>(), "{error}");
    assert_metrics!(metrics, {
        agent_llm_calls_total == 1,
        agent_tasks_total { status = "failure" } == 1,
        agent_tasks_total == 1,
        agent_budget_refused_total { budget = "tasks" } == 2,
    });
    assert_eq!(Service::start(agent).await.chat().await.status(), 503);
}
