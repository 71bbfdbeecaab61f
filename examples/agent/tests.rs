//! The agent end to end: the service, real HTTP to the simulated model, real tools.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    agent::Agent,
    cli::DEFAULT_SEED,
    gemini::{GeminiError, GeminiModel, ModelConfig, RetryPolicy, http_client},
    server,
    simulated_gemini::{Faults, SimulatedGemini},
    task::{self, TaskKind},
    tools::{Toolbox, library::Library},
};

/// More than anything here takes.
const LONG: Duration = Duration::from_secs(30);
const QUICK: RetryPolicy = RetryPolicy {
    attempts: 2,
    first_wait: Duration::from_millis(1),
    longest_backoff: Duration::from_millis(1),
    longest_asked: Duration::ZERO,
};

fn agent(base_url: String, model: &str, timeout: Duration, retry: RetryPolicy) -> Agent {
    let config = ModelConfig { base_url, model: model.to_owned(), key: None, timeout, retry };
    Agent::new(GeminiModel::new(config).unwrap(), Toolbox::new(Library::built_in()), agent_metrics::global())
}

async fn failure(faults: Faults, timeout: Duration) -> anyhow::Error {
    let model = SimulatedGemini::start(faults, 1).await.unwrap();
    let agent = agent(model.base_url(), "gemini-failing", timeout, QUICK);
    agent.run(TaskKind::Search, "What is axum?").await.unwrap_err()
}

#[tokio::test]
async fn the_answer_comes_from_the_tools() {
    let model = SimulatedGemini::start(Faults::none(), 1).await.unwrap();
    let agent = agent(model.base_url(), "gemini-calm", LONG, QUICK);
    let cases = [
        (TaskKind::Search, "What is 12 * (3 + 4)?", &["calculator"][..], "12 * (3 + 4) = 84"),
        (TaskKind::Search, "What is 1 / 0?", &["calculator"], "division by zero at position 3"),
        (TaskKind::Search, "Summarize python.md", &["summarize_file"], "python.md has"),
        (TaskKind::Analysis, "Compare SQL with NoSQL", &["search_docs", "summarize_file"], "Choose SQL when"),
        (TaskKind::Coding, "Write a function that sorts a list", &["search_docs"], "sorted.sort()"),
        (TaskKind::Coding, "Sort 2 * 500 items", &["search_docs", "calculator"], "sorted.sort()"),
        (TaskKind::Search, "zeppelin", &["search_docs"], "say nothing about it"),
    ];
    for (kind, prompt, tools, wanted) in cases {
        let answer = agent.run(kind, prompt).await.unwrap();
        assert_eq!(answer.tools, tools, "{prompt}");
        assert!(answer.text.contains(wanted), "{prompt}: {}", answer.text);
        assert!(!answer.cached && agent.run(kind, prompt).await.unwrap().cached);
    }
}

#[tokio::test]
async fn with_the_default_seed_the_five_tasks_meet_a_rate_limit_and_succeed() {
    let faults = Faults { median_latency: Duration::ZERO, ..Faults::busy() };
    let model = SimulatedGemini::start(faults, DEFAULT_SEED).await.unwrap();
    let agent = agent(model.base_url(), "gemini-seeded", LONG, RetryPolicy::default());
    for (kind, prompt) in task::OPENING {
        agent.run(kind, prompt).await.unwrap();
    }
    let metrics = agent_metrics::global().to_text();
    let calls = |status: &str| {
        let is_call =
            |line: &&str| line.starts_with("agent_llm_calls_total{") && line.contains("gemini-seeded");
        let mut lines =
            metrics.lines().filter(is_call).filter(|line| line.contains(&format!("status=\"{status}\"")));
        lines.next().and_then(|line| line.rsplit_once(' ')).map_or(0.0, |(_, value)| value.parse().unwrap())
    };
    assert!(calls("rate_limited") >= 1.0, "{metrics}");
    assert!(calls("success") >= 18.0, "{metrics}");
}

#[tokio::test]
async fn failures_of_the_model_are_errors_of_the_task() {
    let of = async |faults| failure(faults, LONG).await.downcast::<GeminiError>().unwrap();
    let limited = of(Faults { rate_limited: 1.0, ..Faults::none() }).await;
    assert!(
        matches!(limited, GeminiError::RateLimited { retry_after: Some(wait), .. } if wait == Duration::from_secs(1))
    );
    let unavailable = of(Faults { unavailable: 1.0, ..Faults::none() }).await;
    assert!(matches!(unavailable, GeminiError::Unavailable { status: 500 | 503, .. }));
    let withheld = of(Faults { withheld: 1.0, ..Faults::none() }).await;
    assert!(matches!(withheld, GeminiError::Withheld { .. }));
    // What was withheld is billed: the only answers of this model that tell a usage.
    let text = agent_metrics::global().to_text();
    let input = r#"agent_llm_input_tokens_count{model="gemini-failing"} "#;
    let counted = text.lines().find_map(|line| line.strip_prefix(input)?.parse().ok());
    assert!(counted.is_some_and(|counted: u64| counted > 0), "{text}");
    let stalled = failure(Faults { stalled: 1.0, ..Faults::none() }, Duration::from_millis(50)).await;
    assert!(matches!(stalled.downcast_ref(), Some(GeminiError::TimedOut)));
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

    async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let request =
            self.client.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        let response = request.body(body.to_owned()).send().await.unwrap();
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[tokio::test]
async fn the_service_answers_and_is_measured() {
    let model = SimulatedGemini::start(Faults::none(), 1).await.unwrap();
    let service = Service::start(agent(model.base_url(), "gemini-served", LONG, QUICK)).await;
    let (status, answer) =
        service.post("/tasks", r#"{"task_type": "search", "prompt": " What is 6 * 7? "}"#).await;
    assert_eq!((status, &answer["tools"]), (200, &json!(["calculator"])));
    assert_eq!(service.post("/feedback", r#"{"score": 5}"#).await.0, 204);
    assert_eq!(service.post("/feedback", r#"{"score": 4, "task_type": "coding"}"#).await.0, 204);
    let text = agent_metrics::global().to_text();
    assert!(text.contains(r#"agent_response_quality_score_sum{task_type="coding"} 4"#), "{text}");

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
    let model = SimulatedGemini::start(Faults::none(), 1).await.unwrap();
    let service = Service::start(agent(model.base_url(), "gemini-served", LONG, QUICK)).await;
    let long = json!({ "task_type": "search", "prompt": "x".repeat(4_001) }).to_string();
    let huge = json!({ "task_type": "search", "prompt": "x".repeat(100_000) }).to_string();
    for (path, body, wanted) in [
        ("/tasks", "{", 400),
        ("/tasks", "{}", 422),
        ("/tasks", r#"{"task_type": "cooking", "prompt": "bread"}"#, 422),
        ("/tasks", r#"{"task_type": "search", "prompt": "  "}"#, 422),
        ("/tasks", r#"{"task_type": "search", "prompt": "x", "more": 1}"#, 422),
        ("/tasks", &long, 422),
        ("/tasks", &huge, 413),
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
    // Bound and given back: nobody listens there.
    let free: SocketAddr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let service = Service::start(agent(format!("http://{free}"), "gemini-gone", LONG, QUICK)).await;
    let (status, answer) =
        service.post("/tasks", r#"{"task_type": "search", "prompt": "What is axum?"}"#).await;
    assert_eq!(status, 502);
    assert!(
        answer["error"]["message"].as_str().unwrap().starts_with("can't reach the model's service"),
        "{answer}"
    );
}
