//! genai.

use agent_metrics::classify::error_status;
use agent_metrics::usage::wire::WireFormat;
use agent_metrics::{Classify, Status, TokenUsage, Usage, assert_metrics, retry, testing, track_llm};
use futures_util::{Stream, StreamExt as _};
use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatResponse, ChatStreamEvent, Usage as ChatUsage};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};

use crate::golden::{completed, golden};
use crate::server::{Answer, Server};

#[test]
fn a_count_that_is_not_reported_is_unknown() {
    let bare: ChatUsage = serde_json::from_str("{}").expect("a usage");
    assert_eq!(bare.token_usage(), None);
    let all: ChatUsage = serde_json::from_str(
        r#"{"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 60, "cache_creation_tokens": 30, "audio_tokens": 5,
                "cache_creation_details": {"ephemeral_5m_tokens": 20, "ephemeral_1h_tokens": 10}},
            "completion_tokens_details": {"reasoning_tokens": 40, "audio_tokens": 0}}"#,
    )
    .expect("a usage");
    let expected = Usage::new(100, 50).cache_read(60).cache_write(30).cache_write_long(10);
    assert_eq!(all.token_usage(), Some(expected.audio_input(5).reasoning(40)));
    let negative: ChatUsage = serde_json::from_str(r#"{"prompt_tokens": -1}"#).expect("a usage");
    assert_eq!(negative.token_usage(), None, "a negative count is not a usage");
}

/// Creates a client that sends the requests for every model to the server, in the format of `adapter`.
fn client(address: &str, adapter: AdapterKind) -> Client {
    let address = address.to_owned();
    let resolve = move |target: ServiceTarget| -> Result<ServiceTarget, genai::resolver::Error> {
        let endpoint = Endpoint::from_owned(format!("http://{address}/v1/"));
        let model = ModelIden::new(adapter, target.model.model_name);
        Ok(ServiceTarget { endpoint, auth: AuthData::from_single("none"), model })
    };
    Client::builder().with_service_target_resolver_fn(resolve).build().expect("a client")
}

fn request() -> ChatRequest {
    ChatRequest::new(vec![ChatMessage::user("Does it rain?")])
}

#[track_llm(model = model)]
async fn ask(client: &Client, model: &str) -> Result<ChatResponse, genai::Error> {
    retry(|| client.exec_chat(model, request(), None)).await
}

#[tokio::test(start_paused = true)]
async fn chats_of_several_providers_record_the_same_families() {
    let metrics = testing::isolated();
    let openai = Server::start([
        Answer::new(429, golden!("openai_chat/error.json")).with("retry-after", "7"),
        Answer::new(200, golden!("openai_chat/cached.json")),
    ]);
    ask(&client(&openai.address, AdapterKind::OpenAI), "gpt-5.4").await.expect("it is answered");
    let anthropic = Server::start([Answer::new(200, golden!("anthropic/cached.json"))]);
    ask(&client(&anthropic.address, AdapterKind::Anthropic), "claude").await.expect("it is answered");
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "rate_limited" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "success" } == 1,
        agent_llm_retry_wait_seconds_total { model = "gpt-5.4" } == 7,
        agent_llm_input_tokens_sum { model = "gpt-5.4" } == 2006,
        agent_llm_token_details_total { model = "gpt-5.4", kind = "cache_read" } == 1920,
        agent_llm_served_model_total { model = "gpt-5.4", served_model = "gpt-5.4-2026-03-05" } == 1,
        agent_llm_finish_total { model = "gpt-5.4", reason = "stop" } == 1,
        agent_llm_input_tokens_sum { model = "claude" } == 188_663,
        agent_llm_output_tokens_sum { model = "claude" } == 393,
        agent_llm_token_details_total { model = "claude", kind = "cache_write" } == 556,
        agent_llm_finish_total { model = "claude", reason = "end_turn" } == 1,
    });
}

#[tokio::test]
async fn usages_of_imitators_are_read_through_the_client() {
    for body in [
        golden!("openai_chat/bridge_only_reasoning.json"),
        golden!("openai_chat/bridge_without_details.json"),
        golden!("openai_chat/gateway_cache_beside.json"),
        golden!("openai_chat/xai_reasoning_beside.json"),
        golden!("openai_chat/xai_reasoning_within.json"),
    ] {
        let metrics = testing::isolated();
        let server = Server::start([Answer::new(200, &completed(body))]);
        ask(&client(&server.address, AdapterKind::OpenAI), "gpt-5.4").await.expect("it is answered");
        let usage = WireFormat::OpenAiChat.facts_of_slice(body.as_bytes()).usage.expect("a usage");
        assert_metrics!(metrics, {
            agent_llm_input_tokens_sum { model = "gpt-5.4" } == usage.input.unwrap_or(0) as f64,
            agent_llm_output_tokens_sum { model = "gpt-5.4" } == usage.output.unwrap_or(0) as f64,
            agent_llm_usage_missing_total { model = "gpt-5.4" } == 0,
        });
    }
}

#[track_llm(model = "gpt-5.4", stream)]
async fn stream(
    client: &Client,
) -> Result<impl Stream<Item = genai::Result<ChatStreamEvent>> + use<>, genai::Error> {
    let options = ChatOptions::default().with_capture_usage(true);
    Ok(client.exec_chat_stream("gpt-5.4", request(), Some(&options)).await?.stream)
}

#[tokio::test]
async fn the_end_of_a_stream_reports_the_usage() {
    let metrics = testing::isolated();
    let server = Server::start([Answer::new(200, golden!("openai_chat/stream.sse"))]);
    let items: Vec<_> =
        stream(&client(&server.address, AdapterKind::OpenAI)).await.expect("it begins").collect().await;
    assert!(items.iter().all(Result::is_ok), "{items:?}");
    assert_metrics!(metrics, {
        agent_llm_calls_total { model = "gpt-5.4", status = "success" } == 1,
        agent_llm_input_tokens_count { model = "gpt-5.4" } == 1,
        agent_llm_usage_missing_total { model = "gpt-5.4" } == 0,
        agent_llm_finish_total { model = "gpt-5.4", reason = "stop" } == 1,
    });
}

#[tokio::test]
async fn errors_are_classified_directly_and_inside_error_reports() {
    let server = Server::start([
        Answer::new(400, golden!("openai_chat/too_long.json")),
        Answer::new(400, golden!("anthropic/too_long.json")),
        Answer::new(400, r#"{"error": {"type": "invalid_request_error", "message": ".."}}"#),
        Answer::new(429, "{}"),
        Answer::new(503, "<html>"),
    ]);
    let client = client(&server.address, AdapterKind::OpenAI);
    for expected in [
        Status::ContextOverflow,
        Status::ContextOverflow,
        Status::Rejected,
        Status::RateLimited,
        Status::Unavailable,
    ] {
        let error = client.exec_chat("m", request(), None).await.expect_err("it fails");
        assert_eq!(error.classify(), expected, "{error}");
        let error = anyhow::Error::from(error).context("while asking");
        assert_eq!(error_status(error.as_ref()), expected, "{error:#}");
    }
    let refused = self::client(&Server::refusing_address(), AdapterKind::OpenAI);
    let error = refused.exec_chat("m", request(), None).await.expect_err("the connection is refused");
    assert_eq!(error.classify(), Status::Unavailable, "{error}");
}
