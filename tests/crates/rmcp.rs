//! rmcp.

use agent_metrics::classify::error_status;
use agent_metrics::{Classify, Status, assert_metrics, testing, track_tool};
use rmcp::model::{CallToolResult, ContentBlock};
use rmcp::{ErrorData, ServiceError};

fn result(json: &str) -> CallToolResult {
    serde_json::from_str(json).expect("a result")
}

#[track_tool]
async fn by_itself(failed: bool) -> CallToolResult {
    let content = vec![ContentBlock::text("..")];
    if failed { CallToolResult::error(content) } else { CallToolResult::success(content) }
}

#[track_tool]
async fn in_a_result(json: &str) -> Result<CallToolResult, ServiceError> {
    Ok(result(json))
}

#[track_tool]
async fn that_fails(error: ServiceError) -> anyhow::Result<CallToolResult> {
    Err(anyhow::Error::from(error).context("while calling the tool"))
}

#[tokio::test]
async fn a_tool_result_with_is_error_is_counted_as_an_error() {
    let metrics = testing::isolated();
    by_itself(true).await;
    by_itself(false).await;
    for json in [
        r#"{"content": [{"type": "text", "text": "no such city"}], "isError": true}"#,
        r#"{"content": [], "isError": false}"#,
        r#"{"content": []}"#,
    ] {
        in_a_result(json).await.expect("an answer");
    }
    for error in [
        ServiceError::Timeout { timeout: std::time::Duration::from_secs(1) },
        ServiceError::Cancelled { reason: None },
        ServiceError::McpError(ErrorData::invalid_params("..", None)),
        ServiceError::TransportClosed,
    ] {
        that_fails(error).await.expect_err("it fails");
    }
    assert_metrics!(metrics, {
        agent_tool_calls_total { tool_name = "by_itself", status = "error" } == 1,
        agent_tool_calls_total { tool_name = "by_itself", status = "success" } == 1,
        agent_tool_calls_total { tool_name = "in_a_result", status = "error" } == 1,
        agent_tool_calls_total { tool_name = "in_a_result", status = "success" } == 2,
        agent_tool_calls_total { tool_name = "that_fails", status = "timeout" } == 1,
        agent_tool_calls_total { tool_name = "that_fails", status = "cancelled" } == 1,
        agent_tool_calls_total { tool_name = "that_fails", status = "error" } == 2,
    });
}

#[test]
fn refused_requests_are_rejected_and_failed_ones_are_errors() {
    for (error, expected) in [
        (ErrorData::invalid_request("..", None), Status::Rejected),
        (ErrorData::resource_not_found("..", None), Status::Rejected),
        (ErrorData::internal_error("..", None), Status::Error),
    ] {
        assert_eq!(error.classify(), expected, "{error}");
        let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(error);
        assert_eq!(error_status(&*boxed), expected);
    }
    assert_eq!(ServiceError::TransportClosed.classify(), Status::Unavailable);
}
