//! The agent end to end: the service, real HTTP to the simulated model of each provider, real tools.

#![expect(clippy::float_cmp, reason = "counts are whole numbers")]

mod chat;
mod providers;
mod service;

use std::{net::Ipv4Addr, time::Duration};

use agent_metrics::{
    AgentMetrics, Budget,
    testing::{Isolated, isolated_by},
};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    agent::Agent,
    cli::BUDGET_WINDOW,
    model::{Model, ModelConfig, Provider, RetryPolicy, http_client},
    server,
    simulated::{Faults, SimulatedModel},
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
        let live = agent_metrics::live::LivePage::new(agent_metrics::global()).unwrap();
        let router = server::router(agent, agent_metrics::global(), &live);
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
