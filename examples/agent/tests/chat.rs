//! The chat: to its end, left midway, broken off.

use std::time::Duration;

use agent_metrics::assert_metrics;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::{QUESTION, Service, metrics, simulated, until};
use crate::{agent::Part, model::Provider, simulated::Faults};

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
async fn a_client_that_disconnects_cancels_the_chat_and_its_usage_counts() {
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
        // OpenAI reports the usage at the end; the others report the input with the first event, and an output that isn't final.
        let since = metrics.snapshot().since(&before);
        let (inputs, part) = if provider == Provider::OpenAi { (0.0, "all") } else { (1.0, "output") };
        let missing = |labels: &[(&str, &str)]| since.growth("agent_llm_usage_missing_total", labels);
        assert_eq!(since.growth("agent_llm_input_tokens_count", &[]), inputs, "{provider}");
        assert_eq!((missing(&[]), missing(&[("part", part)])), (1.0, 1.0), "{provider}");
        assert_eq!(since.growth("agent_cost_usd_total", &[]) > 0.0, inputs > 0.0, "{provider}");
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
        // Before the answer begins, the status of the response shows the error.
        let (_model, agent) = simulated(provider, Faults { unavailable: 1.0, ..Faults::none() }).await;
        assert_eq!(Service::start(agent).await.chat().await.status(), 502, "{provider}");
    }
}
