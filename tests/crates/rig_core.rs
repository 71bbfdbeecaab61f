//! rig-core.

use std::time::Duration;

use agent_metrics::classify::error_status;
use agent_metrics::integrations::rig_core_0_44::observation;
use agent_metrics::{
    Call, Classify, Price, PriceTable, Status, TokenUsage, Usage, assert_metrics, retry, testing, track_llm,
};
use futures_util::{Stream, StreamExt as _};
use rig_core::completion::{CompletionRequest, CompletionResponse, Usage as CompletionUsage};
use rig_core::operation::Completion;
use rig_core::providers::anthropic::wire::AnthropicConfig;
use rig_core::providers::openai::OpenAIConfig;
use rig_core::streaming::{Item, StreamEvent};
use rig_core::{DynModel, ErrorKind, ErrorReport, ProviderError};

use crate::golden::golden;
use crate::server::{Answer, Server};

#[test]
fn a_count_that_is_not_reported_is_unknown() {
    assert_eq!(CompletionUsage::new().token_usage(), None);
    let all = CompletionUsage::new().input_tokens(100).output_tokens(50).total_tokens(150);
    assert_eq!(all.token_usage(), Some(Usage::new(100, 50)));
    let all = all.cached_input_tokens(60).cache_creation_input_tokens(30).reasoning_tokens(40);
    let expected = Usage::new(100, 50).cache_read(60).cache_write(30).reasoning(40);
    assert_eq!(all.token_usage(), Some(expected));
}

fn openai(address: &str) -> DynModel<Completion> {
    let config = OpenAIConfig::new("none").with_base_url(format!("http://{address}"));
    config.client().chat("gpt-5.4").erase()
}

fn anthropic(address: &str) -> DynModel<Completion> {
    let config = AnthropicConfig::new("none").with_base_url(format!("http://{address}"));
    config.client().completion("claude").erase()
}

fn request() -> CompletionRequest {
    CompletionRequest::new("Does it rain?").max_tokens(100)
}

#[track_llm(model = model.id().unwrap_or("unknown"))]
async fn ask(model: &DynModel<Completion>) -> Result<CompletionResponse, ProviderError> {
    let observation = observation();
    let again = || model.call_observed(request(), observation.clone());
    retry(again).uncounted().waits(Duration::ZERO, Duration::ZERO).await
}

#[tokio::test]
async fn the_witness_counts_every_attempt() {
    let metrics = testing::isolated();
    let server = Server::start([
        Answer::new(503, "{}"),
        Answer::new(429, golden!("openai_chat/error.json")),
        Answer::new(200, golden!("openai_chat/cached.json")),
    ]);
    ask(&openai(&server.address)).await.expect("the third attempt is answered");
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "unavailable" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "rate_limited" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "success" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4" } == 3,
        agent_llm_retry_wait_seconds_total { model = "gpt-5.4" } > 0,
        agent_llm_calls_total { model = "gpt-5.4", status = "success" } == 1,
        agent_llm_input_tokens_sum { model = "gpt-5.4" } == 2006,
        agent_llm_output_tokens_sum { model = "gpt-5.4" } == 300,
        agent_llm_token_details_total { model = "gpt-5.4", kind = "cache_read" } == 1920,
        agent_llm_served_model_total { model = "gpt-5.4", served_model = "gpt-5.4-2026-03-05" } == 1,
        agent_llm_finish_total { model = "gpt-5.4", reason = "stop" } == 1,
    });
}

#[tokio::test]
async fn the_input_of_anthropic_includes_cached_tokens() {
    let metrics = testing::isolated();
    let server = Server::start([Answer::new(200, golden!("anthropic/cached.json"))]);
    ask(&anthropic(&server.address)).await.expect("it is answered");
    assert_metrics!(metrics, {
        agent_llm_input_tokens_sum { model = "claude" } == 188_663,
        agent_llm_input_tokens_count { model = "claude" } == 1,
        agent_llm_token_details_total { model = "claude", kind = "cache_write" } == 556,
        agent_llm_usage_anomalies_total { model = "claude" } == 0,
    });
}

type Part = Result<Item<StreamEvent>, ProviderError>;

#[track_llm(model = "gpt-5.4", usage = in_body)]
async fn text(model: &DynModel<Completion>) -> Result<String, ProviderError> {
    Ok(model.call_observed(request(), observation()).await?.text())
}

#[tokio::test]
async fn the_tokens_of_a_refusal_are_counted_once() {
    let metrics = testing::isolated();
    let blocked = golden!("openai_chat/blocked.json");
    let server = Server::start([Answer::new(200, blocked), Answer::new(200, blocked)]);
    let model = openai(&server.address);
    // One function returns the response, the other one only its text.
    ask(&model).await.expect("an answer");
    text(&model).await.expect("an answer");
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "content_filtered" } == 2,
        agent_llm_calls_total { model = "gpt-5.4", status = "content_filtered" } == 2,
        agent_llm_input_tokens_sum { model = "gpt-5.4" } == 60,
        agent_llm_finish_total { model = "gpt-5.4", reason = "content_filter" } == 2,
    });
}

#[allow(clippy::result_large_err)] // The error type is rig's.
#[track_llm(model = "gpt-5.4", usage = in_body, stream)]
fn stream(model: &DynModel<Completion>) -> Result<impl Stream<Item = Part> + use<>, ProviderError> {
    model.stream_observed(request(), observation())
}

#[tokio::test]
async fn the_witness_records_facts_that_the_items_of_a_stream_lack() {
    let metrics = testing::isolated();
    let server = Server::start([Answer::new(200, golden!("openai_chat/stream.sse"))]);
    let items: Vec<_> = stream(&openai(&server.address)).expect("it begins").collect().await;
    assert!(items.iter().all(Result::is_ok), "{items:?}");
    assert_metrics!(metrics, {
        agent_llm_calls_total { model = "gpt-5.4", status = "success" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "success" } == 1,
        agent_llm_input_tokens_count { model = "gpt-5.4" } == 1,
        agent_llm_usage_missing_total { model = "gpt-5.4" } == 0,
        agent_llm_finish_total { model = "gpt-5.4", reason = "stop" } == 1,
        agent_llm_served_model_total { model = "gpt-5.4", served_model = "gpt-5.4-2026-03-05" } == 1,
    });
}

#[tokio::test]
async fn the_input_of_an_anthropic_stream_includes_cached_tokens() {
    let metrics = testing::isolated();
    let server = Server::start([Answer::new(200, golden!("anthropic/stream.sse"))]);
    let items: Vec<_> = stream(&anthropic(&server.address)).expect("it begins").collect().await;
    assert!(items.iter().all(Result::is_ok), "{items:?}");
    assert_metrics!(metrics, {
        agent_llm_input_tokens_sum { model = "gpt-5.4" } == 1025,
        agent_llm_output_tokens_sum { model = "gpt-5.4" } == 15,
        agent_llm_token_details_total { model = "gpt-5.4", kind = "cache_read" } == 1000,
        agent_llm_finish_total { model = "gpt-5.4", reason = "end_turn" } == 1,
    });
}

#[tokio::test]
async fn a_dropped_attempt_is_counted_with_its_usage() {
    let prices = PriceTable::empty().with("gpt-5.4", Price::per_million(1_000_000.0, 1_000_000.0));
    let builder = agent_metrics::AgentMetrics::builder().prices(prices);
    let metrics = testing::isolated_by(builder).expect("valid");
    // The usage arrives early, then the stream stalls.
    let usage = r#"{"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5.4", "choices":
        [{"index": 0, "delta": {"role": "assistant", "content": "It"}, "finish_reason": null}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}}"#;
    let server = Server::start([Answer::Broken(format!("data: {}\n\n", usage.replace('\n', "")))]);
    let mut items = stream(&openai(&server.address)).expect("it begins");
    items.next().await.expect("a first item").expect("without an error");
    drop(items);
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "cancelled" } == 1,
        agent_llm_calls_total { model = "gpt-5.4", status = "cancelled" } == 1,
        agent_llm_input_tokens_sum { model = "gpt-5.4" } == 7,
        agent_llm_failed_attempt_cost_usd_total { model = "gpt-5.4" } == 8,
        agent_llm_usage_missing_total { model = "gpt-5.4" } == 0,
    });
}

#[tokio::test]
async fn errors_are_classified_directly_and_inside_error_reports() {
    let server = Server::start([
        Answer::new(400, golden!("openai_chat/too_long.json")),
        Answer::new(401, "{}"),
        Answer::new(429, golden!("openai_chat/error.json")).with("retry-after", "4"),
        Answer::new(503, "<html>"),
        Answer::new(504, "<html>"),
    ]);
    let model = openai(&server.address);
    for expected in
        [Status::ContextOverflow, Status::Rejected, Status::RateLimited, Status::Unavailable, Status::Timeout]
    {
        let error = model.call(request()).await.expect_err("it fails");
        assert_eq!(error.classify(), expected, "{error}");
        let requested = (expected == Status::RateLimited).then(|| Duration::from_secs(4));
        assert_eq!(error.retry_after(), requested);
        let error = anyhow::Error::from(error).context("while asking");
        assert_eq!(error_status(error.as_ref()), expected, "{error:#}");
    }
    let error =
        openai(&Server::refusing_address()).call(request()).await.expect_err("the connection is refused");
    assert_eq!(error.classify(), Status::Unavailable, "{error}");
    for (report, expected) in [
        (ErrorReport::new(ErrorKind::Timeout, ".."), Status::Timeout),
        (ErrorReport::new(ErrorKind::Cancelled, ".."), Status::Cancelled),
        (ErrorReport::new(ErrorKind::Provider, "..").refused(), Status::ContentFiltered),
        (ErrorReport::new(ErrorKind::ProviderResponse, "..").with_http_status(529), Status::Unavailable),
        (
            ErrorReport::new(ErrorKind::ProviderResponse, "..").with_code("ThrottlingException"),
            Status::RateLimited,
        ),
        (ErrorReport::new(ErrorKind::Other, ".."), Status::Error),
    ] {
        assert_eq!(report.classify(), expected, "{report:?}");
        assert_eq!(ProviderError::Relayed(Box::new(report)).classify(), expected);
    }
    Call::current().finish_reason("outside of a call nothing is recorded");
}
