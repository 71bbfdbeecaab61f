//! The agent end to end: the service, real HTTP to the simulated model of each provider, real tools.

#![expect(clippy::float_cmp, reason = "counts are whole numbers")]

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use agent_metrics::{
    AgentMetrics, Budget, BudgetSpent, assert_metrics,
    testing::{Isolated, isolated_by},
};
use futures_util::StreamExt as _;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    agent::{Agent, Part},
    cli::{BUDGET_WINDOW, DEFAULT_SEED},
    model::{Model, ModelConfig, ModelError, Provider, RetryPolicy, http_client},
    server,
    simulated::{Faults, SimulatedModel},
    task::{self, TaskKind},
    tools::{ToolName, Toolbox, library::Library},
};

/// More than anything here takes.
const LONG: Duration = Duration::from_secs(30);
const QUICK: RetryPolicy = RetryPolicy {
    attempts: 2,
    first_wait: Duration::from_millis(1),
    longest_backoff: Duration::from_millis(1),
    longest_asked: Duration::ZERO,
};
const QUESTION: &str = "Tell me about histograms in Prometheus";

/// Metrics of the test's own, with the tools registered.
fn metrics() -> Isolated {
    isolated_by(AgentMetrics::builder().known_tools(ToolName::ALL)).unwrap()
}

fn agent(provider: Provider, base_url: String, timeout: Duration, retry: RetryPolicy) -> Agent {
    agent_with(provider, base_url, timeout, retry, 10.0)
}

fn agent_with(
    provider: Provider,
    base_url: String,
    timeout: Duration,
    retry: RetryPolicy,
    budget_usd: f64,
) -> Agent {
    let model = provider.default_model(true).to_owned();
    let model = Model::new(ModelConfig { provider, base_url, model, key: None, timeout, retry }).unwrap();
    let budget = Budget::rolling("tasks", BUDGET_WINDOW, budget_usd).unwrap();
    Agent::new(model, Toolbox::new(Library::built_in()), budget, agent_metrics::global())
}

async fn simulated(provider: Provider, faults: Faults) -> (SimulatedModel, Agent) {
    let model = SimulatedModel::start(provider, faults, 1).await.unwrap();
    let agent = agent(provider, model.base_url(), LONG, QUICK);
    (model, agent)
}

/// Waits until something is there.
async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            match look() {
                Some(found) => return found,
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    tokio::time::timeout(LONG, found).await.unwrap_or_else(|_| panic!("never: {what}"))
}

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

/// USD per million tokens of input, output, cache reads and cache writes. Of the Gemini model only two prices are known,
/// so what the cache gave costs as the rest.
fn list_prices(provider: Provider) -> [f64; 4] {
    match provider {
        Provider::Gemini => [0.075, 0.30, 0.075, 0.0],
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
            // What was withheld is billed: the only answers that tell a usage.
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
        // Now and then is no harm: the model is told, and asks for another.
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

/// Serves an agent, and stops when it's dropped.
struct Service {
    base: String,
    client: Client,
    server: tokio::task::JoinHandle<()>,
}

impl Service {
    async fn start(agent: Agent) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let client = http_client(&base.parse().unwrap(), LONG).unwrap();
        let router = server::router(agent, agent_metrics::global());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, client, server }
    }

    async fn send(&self, path: &str, body: &str) -> Response {
        let request =
            self.client.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        request.body(body.to_owned()).send().await.unwrap()
    }

    async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let response = self.send(path, body).await;
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn chat(&self) -> Response {
        self.send("/chat", &json!({ "message": QUESTION }).to_string()).await
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The name and the data of each event.
fn events(body: &str) -> Vec<(&str, Value)> {
    let parts = body.split("\n\n").filter_map(|event| event.strip_prefix("event: ")?.split_once("\ndata: "));
    parts.map(|(name, data)| (name, serde_json::from_str(data).unwrap())).collect()
}

#[tokio::test]
async fn a_chat_is_streamed_and_measured_to_its_end() {
    for provider in Provider::ALL {
        let metrics = metrics();
        let (_model, agent) = simulated(provider, Faults::none()).await;
        let service = Service::start(agent).await;
        let response = service.chat().await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let body = response.text().await.unwrap();
        let events = events(&body);
        let (last, tokens) = events.split_last().unwrap();
        assert!(tokens.len() > 3 && tokens.iter().all(|(name, _)| *name == "token"), "{provider}: {body}");
        let text: String = tokens.iter().filter_map(|(_, data)| data["text"].as_str()).collect();
        assert!(text.contains("observability.md"), "{provider}: {text}");

        let seen = metrics.snapshot();
        let sum = |name: &str, labels: &[(&str, &str)]| seen.sum(name, labels).unwrap_or(0.0);
        assert_eq!((last.0, &last.1["tools"]), ("done", &json!(["search_docs"])), "{provider}");
        assert_eq!(last.1["tokens"], sum("agent_llm_tokens_total", &[]) as u64, "{provider}");
        let cached = sum("agent_llm_token_details_total", &[("kind", "cache_read")]);
        assert_eq!(last.1["cached_tokens"], cached as u64, "{provider}");
        assert!(cached > 0.0, "{provider}");
        until("the stream's end", || {
            metrics
                .snapshot()
                .sum("agent_http_stream_duration_seconds_count", &[])
                .filter(|count| *count == 1.0)
        })
        .await;
        assert_metrics!(metrics, {
            agent_tasks_total { task_type = "chat", status = "success" } == 1,
            agent_llm_calls_total { status = "success" } == 3,
            agent_llm_calls_total == 3,
            agent_llm_time_to_first_token_seconds_count == 1,
            agent_llm_time_per_output_token_seconds_count == 1,
            agent_llm_usage_missing_total == 0,
            agent_llm_calls_in_progress == 0,
            agent_active_tasks == 0,
            agent_steps_per_task_sum { task_type = "chat" } == 2,
            agent_reasoning_duration_seconds_count { task_type = "chat" } == 1,
        });
    }
}

#[tokio::test]
async fn who_leaves_a_chat_cancels_it_and_what_was_used_until_then_counts() {
    for provider in Provider::ALL {
        let metrics = metrics();
        let (_model, agent) = simulated(provider, Faults::none()).await;
        let mut parts = agent.chat(QUESTION).await.unwrap();
        let before = metrics.snapshot();
        assert!(matches!(parts.next().await, Some(Ok(Part::Text(_)))));
        assert_metrics!(metrics, { agent_active_tasks == 1, agent_llm_calls_in_progress == 1 });
        drop(parts);
        assert_metrics!(metrics, {
            agent_active_tasks == 0,
            agent_llm_calls_in_progress == 0,
            agent_tasks_total { task_type = "chat", status = "cancelled" } == 1,
            agent_llm_calls_total { status = "cancelled" } == 1,
            agent_llm_time_to_first_token_seconds_count == 1,
        });
        // OpenAI tells the usage at the end only; the others tell the input with the first event.
        let since = metrics.snapshot().since(&before);
        let told = if provider == Provider::OpenAi { (0.0, 1.0) } else { (1.0, 0.0) };
        let missing = since.growth("agent_llm_usage_missing_total", &[]);
        assert_eq!((since.growth("agent_llm_input_tokens_count", &[]), missing), told, "{provider}");
        assert_eq!(since.growth("agent_cost_usd_total", &[]) > 0.0, told.0 > 0.0, "{provider}");
        let [ledger, counted] = ["agent_task_tokens_sum", "agent_llm_tokens_total"]
            .map(|name| metrics.snapshot().sum(name, &[]).unwrap());
        assert_eq!(ledger, counted, "{provider}: the ledger has all");
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_cancels_its_chat() {
    let metrics = metrics();
    let faults = Faults { gap: Duration::from_millis(100), ..Faults::none() };
    let (_model, agent) = simulated(Provider::Anthropic, faults).await;
    let service = Service::start(agent).await;
    let mut response = service.chat().await;
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: token\n"), "{first:?}");
    drop(response);
    let cancelled = [("task_type", "chat"), ("status", "cancelled")];
    until("cancelled", || {
        metrics.snapshot().get("agent_tasks_total", &cancelled).filter(|count| *count == 1.0)
    })
    .await;
    assert_metrics!(metrics, {
        agent_llm_calls_total { status = "cancelled" } == 1,
        agent_active_tasks == 0,
        agent_http_requests_total { endpoint = "/chat", status_code = "200" } == 1,
    });
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_an_error() {
    for provider in Provider::ALL {
        let metrics = metrics();
        let (_model, agent) = simulated(provider, Faults { broken: 1.0, ..Faults::none() }).await;
        let service = Service::start(agent).await;
        let body = service.chat().await.text().await.unwrap();
        let (name, data) = events(&body).pop().unwrap();
        assert_eq!(
            (name, &data["message"]),
            ("error", &json!("the model's answer can't be used: it broke off"))
        );
        assert_metrics!(metrics, {
            agent_tasks_total { task_type = "chat", status = "failure" } == 1,
            agent_llm_calls_total { status = "error" } == 1,
            agent_llm_attempts_total { outcome = "success" } == 3,
        });
        // Before the answer has begun, it's the status of the response that tells.
        let (_model, agent) = simulated(provider, Faults { unavailable: 1.0, ..Faults::none() }).await;
        assert_eq!(Service::start(agent).await.chat().await.status(), 502, "{provider}");
    }
}

#[tokio::test]
async fn the_service_answers_and_is_measured() {
    let registered = metrics();
    let (_model, agent) = simulated(Provider::Gemini, Faults::none()).await;
    let service = Service::start(agent).await;
    let (status, answer) =
        service.post("/tasks", r#"{"task_type": "search", "prompt": " What is 6 * 7? "}"#).await;
    assert_eq!((status, &answer["tools"]), (200, &json!(["calculator"])));
    assert_eq!(service.post("/feedback", r#"{"score": 5}"#).await.0, 204);
    assert_eq!(service.post("/feedback", r#"{"score": 4, "task_type": "coding"}"#).await.0, 204);
    assert_metrics!(registered, {
        agent_user_satisfaction_score_sum == 9,
        agent_response_quality_score_sum { task_type = "coding" } == 4,
        agent_response_quality_score_count == 1,
        agent_task_distinct_tools_sum { task_type = "search" } == 1,
    });

    let get = async |path: &str| {
        let response = service.client.get(format!("{}{path}", service.base)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert!(get("/tasks").await.1.contains("What is 6 * 7?"));
    assert!(get("/").await.1.contains("</html>"));
    assert_eq!(get("/nowhere").await.0, 404);
    let (status, metrics) = get("/metrics").await;
    assert_eq!(status, 200);
    for family in
        ["agent_tasks_total", "agent_llm_calls_total", "agent_tool_calls_total", "agent_http_requests_total"]
    {
        assert!(metrics.contains(family), "{family} in {metrics}");
    }
}

#[tokio::test]
async fn bad_input_is_told_what_is_allowed() {
    let _metrics = metrics();
    let (_model, agent) = simulated(Provider::Gemini, Faults::none()).await;
    let service = Service::start(agent).await;
    let long = json!({ "task_type": "search", "prompt": "x".repeat(4_001) }).to_string();
    let huge = json!({ "task_type": "search", "prompt": "x".repeat(100_000) }).to_string();
    let long_message = json!({ "message": "x".repeat(4_001) }).to_string();
    for (path, body, wanted) in [
        ("/tasks", "{", 400),
        ("/tasks", "{}", 422),
        ("/tasks", r#"{"task_type": "cooking", "prompt": "bread"}"#, 422),
        ("/tasks", r#"{"task_type": "search", "prompt": "  "}"#, 422),
        ("/tasks", r#"{"task_type": "search", "prompt": "x", "more": 1}"#, 422),
        ("/tasks", &long, 422),
        ("/tasks", &huge, 413),
        ("/chat", "{", 400),
        ("/chat", r#"{"prompt": "x"}"#, 422),
        ("/chat", r#"{"message": ""}"#, 422),
        ("/chat", &long_message, 422),
        ("/feedback", r#"{"score": 6}"#, 422),
        ("/feedback", r#"{"score": "good"}"#, 422),
        ("/feedback", r#"{"score": 5, "task_type": "cooking"}"#, 422),
    ] {
        let (status, answer) = service.post(path, body).await;
        assert_eq!(status, wanted, "{path} {body:.60} {answer}");
        assert!(answer["error"]["message"].is_string() && answer["error"]["allowed"].is_object(), "{answer}");
    }
}

#[tokio::test]
async fn an_unreachable_model_is_an_answer_of_the_service() {
    let _metrics = metrics();
    // Bound and given back: nobody listens there.
    let free: SocketAddr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let service = Service::start(agent(Provider::Gemini, format!("http://{free}"), LONG, QUICK)).await;
    let (status, answer) =
        service.post("/tasks", r#"{"task_type": "search", "prompt": "What is axum?"}"#).await;
    assert_eq!(status, 502);
    assert!(
        answer["error"]["message"].as_str().unwrap().starts_with("can't reach the model's service"),
        "{answer}"
    );
}
