//! The service: its answers, and what it says to who asks wrongly.

use std::net::{Ipv4Addr, SocketAddr};

use agent_metrics::assert_metrics;
use serde_json::json;
use tokio::net::TcpListener;

use super::{LONG, QUICK, Service, agent, metrics, simulated};
use crate::{model::Provider, simulated::Faults};

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
async fn bad_input_is_refused_with_the_allowed_values() {
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
    // Bound and released, so that nothing listens there.
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
