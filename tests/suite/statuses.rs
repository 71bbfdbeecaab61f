//! The status of a call: from its error, its value, or the way it was dropped.

use std::error::Error;
use std::time::Duration;

use agent_metrics::{AgentMetrics, Status, TimedOut, Usage, track_llm, track_task, track_tool};
use agent_metrics_tests::{ToolError, build, samples, tools};

#[track_tool(metrics = metrics)]
fn anyhow_fails(metrics: &AgentMetrics, error: ToolError) -> anyhow::Result<()> {
    Err(anyhow::Error::new(error).context("while looking"))
}

#[track_tool(metrics = metrics)]
fn eyre_fails(metrics: &AgentMetrics) -> Result<(), eyre::Report> {
    Err(eyre::Report::new(ToolError::Slow).wrap_err("while looking"))
}

#[track_tool(metrics = metrics)]
fn boxed_fails(metrics: &AgentMetrics) -> Result<(), Box<dyn Error + Send + Sync>> {
    Err(Box::new(ToolError::Slow))
}

#[track_tool(metrics = metrics)]
fn local_boxed_fails(metrics: &AgentMetrics) -> Result<(), Box<dyn Error>> {
    Err(Box::new(TimedOut::default()))
}

#[track_tool(metrics = metrics)]
fn unknown_fails(metrics: &AgentMetrics) -> Result<(), String> {
    Err("odd".to_owned())
}

#[track_llm(model = "m", metrics = metrics, usage = |()| None)]
fn llm_fails(metrics: &AgentMetrics, error: ToolError) -> anyhow::Result<()> {
    Err(error.into())
}

#[test]
fn errors_are_classified_through_their_chains() {
    let metrics = build();
    let refused = || ToolError::Io(std::io::ErrorKind::ConnectionRefused.into());
    let _ = anyhow_fails(&metrics, ToolError::Slow);
    let _ = anyhow_fails(&metrics, ToolError::Odd);
    let _ =
        (eyre_fails(&metrics), boxed_fails(&metrics), local_boxed_fails(&metrics), unknown_fails(&metrics));
    let _ = llm_fails(&metrics, refused());
    for name in ["anyhow_fails", "eyre_fails", "boxed_fails", "local_boxed_fails"] {
        assert_eq!(tools(&metrics, name, "timeout"), 1.0, "{name}");
    }
    assert_eq!(tools(&metrics, "anyhow_fails", "error"), 1.0);
    assert_eq!(tools(&metrics, "unknown_fails", "error"), 1.0);
    assert_eq!(samples(&metrics).sum("agent_llm_calls_total", &[("status", "unavailable")]), 1.0);
}

#[track_task(task_type = "limited", timeout = "20ms", metrics = metrics)]
async fn limited(metrics: &AgentMetrics) -> anyhow::Result<()> {
    waits(metrics).await;
    Ok(())
}

#[track_tool(metrics = metrics)]
async fn waits(metrics: &AgentMetrics) {
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn timed_out_calls_are_timeout_and_dropped_calls_cancelled() {
    let metrics = build();
    let error = limited(&metrics).await.expect_err("never ready");
    assert!(error.is::<TimedOut>());
    assert_eq!(tools(&metrics, "waits", "timeout"), 1.0, "what was dropped with it");
    let limit = Duration::from_millis(5);
    assert!(agent_metrics::timeout(limit, waits(&metrics)).await.is_err());
    assert_eq!(tools(&metrics, "waits", "timeout"), 2.0);
    assert!(tokio::time::timeout(limit, waits(&metrics)).await.is_err());
    assert_eq!(tools(&metrics, "waits", "cancelled"), 1.0);
    drop(waits(&metrics)); // never polled: never a call
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_tasks_total", &[("status", "timeout")]), 1.0);
    assert_eq!(samples.sum("agent_tool_calls_total", &[]), 3.0);
    assert_eq!(samples.sum("agent_tool_calls_in_progress", &[]), 0.0);
    assert_eq!(samples.value("agent_active_tasks"), 0.0);
}

#[track_tool(metrics = metrics, status = |output: &u8| if *output > 1 { Status::Error } else { Status::Success })]
fn judged(metrics: &AgentMetrics, output: u8) -> u8 {
    output
}

#[track_tool(metrics = metrics, status = |_| panic!("in a callback"))]
fn misjudged(metrics: &AgentMetrics) -> u8 {
    5
}

#[test]
fn a_panic_in_a_callback_does_not_reach_the_caller() {
    let metrics = build();
    assert_eq!((judged(&metrics, 1), judged(&metrics, 2)), (1, 2));
    assert_eq!((tools(&metrics, "judged", "success"), tools(&metrics, "judged", "error")), (1.0, 1.0));
    let before = samples(&metrics).value("agent_metrics_callback_panics_total");
    assert_eq!(misjudged(&metrics), 5);
    assert_eq!(samples(&metrics).value("agent_metrics_callback_panics_total"), before + 1.0);
    assert_eq!(samples(&metrics).sum("agent_tool_calls_total", &[("tool_name", "misjudged")]), 1.0);
}

#[test]
fn a_dropped_guard_is_never_a_success() {
    let metrics = build();
    drop(metrics.track_task("dropped"));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _guard = metrics.track_task("panicked");
        panic!("as it should");
    }));
    assert!(panicked.is_err());
    metrics.track_task("failed").finish_with(&Err::<(), _>(ToolError::Odd));
    let mut call = metrics.track_llm("gemini-2.0-flash");
    call.usage(&Usage::new(1, 2));
    call.usage(&Usage::new(3, 4)); // in place of the first
    call.finish(Status::Success);
    let samples = samples(&metrics);
    for (kind, status) in [("dropped", "cancelled"), ("panicked", "panicked"), ("failed", "failure")] {
        assert_eq!(
            samples.sum("agent_tasks_total", &[("task_type", kind), ("status", status)]),
            1.0,
            "{kind}"
        );
    }
    assert_eq!(samples.sum("agent_llm_tokens_total", &[("direction", "output")]), 4.0);
    assert_eq!(samples.value("agent_active_tasks"), 0.0);
    // Panicked tasks count against the completion rate, cancelled ones don't.
    assert_eq!(samples.value("agent_task_completion_rate{window=\"1h\"}"), 0.0);
}

#[test]
fn durations_by_status_add_up() {
    let metrics = AgentMetrics::builder().duration_by_status().build().expect("valid");
    metrics.record_tool_call("t", Duration::from_millis(30), Status::Success);
    metrics.record_tool_call("t", Duration::from_secs(3), Status::Error);
    let samples = samples(&metrics);
    let sum = |status| samples.sum("agent_tool_call_duration_seconds_sum", &[("status", status)]);
    assert!((sum("success") - 0.03).abs() < 1e-6 && (sum("error") - 3.0).abs() < 1e-6);
    assert_eq!(samples.sum("agent_tool_call_duration_seconds_count", &[]), 2.0);
}

#[track_tool(metrics = metrics)]
async fn answers(metrics: &AgentMetrics, code: u16) -> Result<axum::response::Response, ToolError> {
    let code = axum::http::StatusCode::from_u16(code).expect("a status code");
    Ok(axum::response::IntoResponse::into_response(code))
}

#[track_llm(model = "http", metrics = metrics, usage = |_| None)]
fn asks(metrics: &AgentMetrics, code: u16) -> axum::http::StatusCode {
    axum::http::StatusCode::from_u16(code).expect("a status code")
}

#[tokio::test]
async fn a_return_value_with_a_status_is_classified() {
    let metrics = build();
    for code in [200, 302, 404, 504] {
        let _ = answers(&metrics, code).await;
        asks(&metrics, code);
    }
    let _ = (asks(&metrics, 429), asks(&metrics, 529));
    for (status, calls) in [("success", 2.0), ("error", 1.0), ("timeout", 1.0)] {
        assert_eq!(tools(&metrics, "answers", status), calls, "{status}");
    }
    let samples = samples(&metrics);
    for status in ["rejected", "timeout", "rate_limited", "unavailable"] {
        assert_eq!(samples.sum("agent_llm_calls_total", &[("status", status)]), 1.0, "{status}");
    }
}

#[track_tool(metrics = metrics)]
fn handler(metrics: &AgentMetrics, code: u16) -> impl axum::response::IntoResponse {
    let code = axum::http::StatusCode::from_u16(code).expect("a status code");
    (code, [("x-answer", "1")], "text")
}

#[track_tool(metrics = metrics)]
async fn async_handler(metrics: &AgentMetrics, code: u16) -> impl axum::response::IntoResponse {
    axum::http::StatusCode::from_u16(code).expect("a status code")
}

#[track_tool(metrics = metrics)]
async fn failing_handler(metrics: &AgentMetrics) -> Result<&'static str, (axum::http::StatusCode, String)> {
    Err((axum::http::StatusCode::GATEWAY_TIMEOUT, "late".to_owned()))
}

#[tokio::test]
async fn the_status_code_of_a_hidden_response_is_classified() {
    let metrics = build();
    for code in [200, 500] {
        let _ = handler(&metrics, code);
        let _ = async_handler(&metrics, code).await;
    }
    for tool in ["handler", "async_handler"] {
        assert_eq!(tools(&metrics, tool, "success"), 1.0, "{tool}");
        assert_eq!(tools(&metrics, tool, "error"), 1.0, "{tool}");
    }
    let _ = failing_handler(&metrics).await;
    assert_eq!(tools(&metrics, "failing_handler", "timeout"), 1.0);
}
