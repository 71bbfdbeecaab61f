//! async-openai.

use agent_metrics::classify::error_status;
use agent_metrics::integrations::tower::AttemptLayer;
use agent_metrics::usage::wire::WireFormat;
use agent_metrics::{
    Call, Classify, Status, StreamExt as _, TokenUsage, Usage, assert_metrics, retry, testing, track_llm,
};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::{ApiError, OpenAIError};
use async_openai::middleware::ReqwestService;
use async_openai::middleware::retry::{OpenAIRetryLayer, SimpleRetryPolicy};
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, CompletionUsage, CreateChatCompletionRequest,
    CreateChatCompletionRequestArgs, CreateChatCompletionResponse, CreateChatCompletionStreamResponse,
};
use async_openai::types::embeddings::CreateEmbeddingResponse;
use async_openai::types::responses::{Response, ResponseStreamEvent};
use futures_util::{Stream, StreamExt as _};
use tower::ServiceBuilder;

use crate::golden::{check_whole, completed, events, facts_of_stream, golden};
use crate::server::{Answer, Server};

#[test]
fn chat_completions_report_the_same_facts_as_their_json() {
    for body in [
        golden!("openai_chat/plain.json"),
        golden!("openai_chat/cached.json"),
        golden!("openai_chat/reasoning.json"),
        golden!("openai_chat/audio.json"),
        golden!("openai_chat/tool_use.json"),
        golden!("openai_chat/blocked.json"),
        golden!("openai_chat/refused.json"),
    ] {
        check_whole::<CreateChatCompletionResponse>(WireFormat::OpenAiChat, body);
    }
}

#[test]
fn a_count_that_is_not_reported_is_unknown() {
    let bare = r#"{"prompt_tokens": 2006, "completion_tokens": 300, "total_tokens": 2306}"#;
    let bare: CompletionUsage = serde_json::from_str(bare).expect("a usage");
    assert_eq!(bare.token_usage(), Some(Usage::new(2006, 300)));
    let negative = r#"{"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": -4}}"#;
    let negative: CompletionUsage = serde_json::from_str(negative).expect("a usage");
    assert_eq!(negative.token_usage(), Some(Usage::new(1, 1).cache_read(0)));
    let metrics = testing::isolated();
    let mut call = metrics.track_llm("m");
    call.usage(&negative);
    call.finish(Status::Success);
    assert_metrics!(metrics, { agent_llm_usage_anomalies_total { model = "m", kind = "negative" } == 1 });
    let without: CreateChatCompletionResponse = serde_json::from_str(
        r#"{"id": "", "object": "", "created": 0, "model": "", "choices": [], "usage": null}"#,
    )
    .expect("a response");
    assert_eq!((without.token_usage(), without.served_model(), without.finish_reason()), (None, None, None));
}

#[test]
fn responses_report_the_same_facts_as_their_json() {
    for body in [
        golden!("openai_responses/plain.json"),
        golden!("openai_responses/reasoning.json"),
        golden!("openai_responses/tool_use.json"),
        golden!("openai_responses/cut_short.json"),
        golden!("openai_responses/blocked.json"),
        golden!("openai_responses/refused.json"),
        golden!("openai_responses/failed.json"),
    ] {
        check_whole::<Response>(WireFormat::OpenAiResponses, body);
    }
    // The crate omits the lifetime of cache writes.
    let cached: Response = serde_json::from_str(golden!("openai_responses/cached.json")).expect("a response");
    let usage = Usage::new(3000, 40).cache_read(2048).cache_write(900).reasoning(0);
    assert_eq!(cached.token_usage(), Some(usage));
}

#[tokio::test]
async fn streamed_chunks_record_the_facts_of_the_stream() {
    let metrics = testing::isolated();
    let body = golden!("openai_chat/stream.sse");
    let facts = facts_of_stream(WireFormat::OpenAiChat, body);
    let chunks = events(body).map(|data| serde_json::from_str(data).expect("a chunk"));
    let stream = futures_util::stream::iter(chunks.collect::<Vec<CreateChatCompletionStreamResponse>>());
    let stream = stream.tracked_llm(&metrics, "streamed", |chunk, facts| facts.set_response(chunk));
    assert!(stream.count().await > 2);
    let usage = facts.usage.expect("the golden has a usage");
    let snapshot = metrics.snapshot();
    let sum = |name: &str| snapshot.sum(name, &[("model", "streamed")]);
    assert_eq!(sum("agent_llm_input_tokens_sum"), usage.input.map(|tokens| tokens as f64));
    assert_eq!(sum("agent_llm_output_tokens_sum"), usage.output.map(|tokens| tokens as f64));
    let reason = facts.finish_reason.expect("it ends");
    assert_metrics!(metrics, {
        agent_llm_finish_total { model = "streamed", reason = reason.as_str() } == 1,
        agent_llm_calls_total { model = "streamed", status = "success" } == 1,
    });
}

#[test]
fn the_last_events_of_a_response_report_its_facts() {
    for body in [golden!("openai_responses/stream.sse"), golden!("openai_responses/broken.sse")] {
        let facts = facts_of_stream(WireFormat::OpenAiResponses, body);
        let typed: Vec<ResponseStreamEvent> =
            events(body).map(|data| serde_json::from_str(data).expect("an event")).collect();
        let last = |read: fn(&ResponseStreamEvent) -> Option<&str>| typed.iter().rev().find_map(read);
        assert_eq!(typed.iter().rev().find_map(TokenUsage::token_usage), facts.usage, "{body}");
        assert_eq!(last(TokenUsage::finish_reason), facts.finish_reason.as_deref(), "{body}");
        assert_eq!(last(TokenUsage::served_model), facts.served_model.as_deref(), "{body}");
        let failure = typed.iter().map(Classify::classify).find(|status| *status != Status::Success);
        assert_eq!(failure.unwrap_or(Status::Success), facts.status, "{body}");
    }
}

fn request() -> CreateChatCompletionRequest {
    let prompt = ChatCompletionRequestUserMessage::from("Does it rain?");
    CreateChatCompletionRequestArgs::default()
        .model("gpt-5.4")
        .messages([prompt.into()])
        .build()
        .expect("a request")
}

/// Creates a client with the attempt layer below its retry layer.
fn client(address: &str, retries: usize) -> Client<OpenAIConfig> {
    let service = ServiceBuilder::new()
        .layer(OpenAIRetryLayer::new(retries))
        .layer(AttemptLayer)
        .service(ReqwestService::new(reqwest::Client::new()));
    Client::with_config(config(address)).with_http_service(service)
}

fn config(address: &str) -> OpenAIConfig {
    OpenAIConfig::new().with_api_base(format!("http://{address}")).with_api_key("none")
}

#[track_llm(model = "gpt-5.4", provider = "openai")]
async fn ask(client: &Client<OpenAIConfig>) -> Result<CreateChatCompletionResponse, OpenAIError> {
    client.chat().create(request()).await
}

#[tokio::test]
async fn the_attempt_layer_counts_the_retries_of_the_client() {
    let metrics = testing::isolated();
    let server = Server::start([
        Answer::new(503, "{}").with("retry-after", "0"),
        Answer::new(429, golden!("openai_chat/error.json"))
            .with("retry-after", "0")
            .with("x-ratelimit-remaining-requests", "0"),
        Answer::new(200, golden!("openai_chat/cached.json")).with("x-ratelimit-remaining-requests", "59"),
    ]);
    let reply = ask(&client(&server.address, 3)).await.expect("the third attempt is answered");
    assert_eq!(reply.model, "gpt-5.4-2026-03-05");
    assert_metrics!(metrics, {
        agent_llm_calls_total { model = "gpt-5.4", status = "success" } == 1,
        agent_llm_calls_total { model = "gpt-5.4" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "unavailable" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "rate_limited" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "success" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4" } == 3,
        agent_llm_retry_wait_seconds_total { model = "gpt-5.4" } > 0,
        agent_llm_ratelimit_remaining { model = "gpt-5.4", kind = "requests" } == 59,
        agent_llm_input_tokens_sum { model = "gpt-5.4" } == 2006,
        agent_llm_output_tokens_sum { model = "gpt-5.4" } == 300,
        agent_llm_token_details_total { model = "gpt-5.4", kind = "cache_read" } == 1920,
        agent_llm_token_details_total { model = "gpt-5.4", kind = "cache_write" } == 64,
        agent_llm_finish_total { model = "gpt-5.4", reason = "stop" } == 1,
        agent_llm_served_model_total { model = "gpt-5.4", served_model = "gpt-5.4-2026-03-05" } == 1,
    });
}

#[tokio::test]
async fn the_attempt_layer_counts_retries_of_towers_retry_layer() {
    let metrics = testing::isolated();
    let server = Server::start([
        Answer::new(503, "{}").with("retry-after", "0"),
        Answer::new(503, "{}").with("retry-after", "0"),
        Answer::new(200, golden!("openai_chat/plain.json")),
    ]);
    let service = ServiceBuilder::new()
        .retry(SimpleRetryPolicy::default())
        .layer(AttemptLayer)
        .service(ReqwestService::new(reqwest::Client::new()));
    let client = Client::with_config(config(&server.address)).with_http_service(service);
    ask(&client).await.expect("the third attempt is answered");
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "unavailable" } == 2,
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "success" } == 1,
        agent_llm_retry_wait_seconds_total { model = "gpt-5.4" } > 0,
    });
}

#[tokio::test]
async fn a_failed_request_adds_no_retry_wait_to_the_next_request() {
    let metrics = testing::isolated();
    let refused = || Answer::new(503, "{}");
    let server = Server::start([refused(), refused()]);
    let client = client(&server.address, 0);
    for _ in 0..2 {
        assert_eq!(ask(&client).await.expect_err("it is down").classify(), Status::Unavailable);
    }
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "unavailable" } == 2,
        agent_llm_retry_wait_seconds_total { model = "gpt-5.4" } == 0,
    });
}

#[tokio::test]
async fn a_dropped_attempt_is_counted_as_cancelled() {
    let metrics = testing::isolated();
    let server = Server::start([Answer::Never]);
    let client = client(&server.address, 0);
    let mut asked = Box::pin(ask(&client));
    let came = tokio::task::spawn_blocking(move || {
        server.request();
        server
    });
    tokio::select! {
        answer = &mut asked => panic!("there is no response: {answer:?}"),
        _ = came => drop(asked),
    }
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "cancelled" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4" } == 1,
        agent_llm_calls_total { model = "gpt-5.4", status = "cancelled" } == 1,
    });
}

#[tokio::test]
async fn errors_are_classified_directly_and_inside_error_reports() {
    let server = Server::start([
        Answer::new(400, golden!("openai_chat/too_long.json")),
        Answer::new(
            401,
            r#"{"error": {"message": "..", "type": "invalid_request_error", "code": "invalid_api_key"}}"#,
        ),
        Answer::new(429, golden!("openai_chat/error.json")),
        Answer::new(502, "<html>"),
        Answer::new(504, "<html>"),
        Answer::new(200, "<html>"),
    ]);
    let client = client(&server.address, 0);
    for expected in [
        Status::ContextOverflow,
        Status::Rejected,
        Status::RateLimited,
        Status::Unavailable,
        Status::Timeout,
        Status::Error,
    ] {
        let error = client.chat().create(request()).await.expect_err("it fails");
        assert_eq!(error.classify(), expected, "{error}");
        let error = anyhow::Error::from(error).context("while asking");
        assert_eq!(error_status(error.as_ref()), expected, "{error:#}");
    }
    let error = self::client(&Server::refusing_address(), 0)
        .chat()
        .create(request())
        .await
        .expect_err("the connection is refused");
    let error: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert_eq!(error.classify(), Status::Unavailable);
    let odd = ApiError { message: "..".into(), ..ApiError::default() };
    assert_eq!(odd.classify(), Status::Error);
}

type Chunk = Result<CreateChatCompletionStreamResponse, OpenAIError>;

#[track_llm(model = "gpt-5.4", stream)]
async fn stream(client: &Client<OpenAIConfig>) -> Result<impl Stream<Item = Chunk> + use<>, OpenAIError> {
    client.chat().create_stream(request()).await
}

#[tokio::test]
async fn a_stream_is_one_attempt_and_one_call() {
    let metrics = testing::isolated();
    let body = golden!("openai_chat/stream.sse");
    let cut = body.split_inclusive("\n\n").next().expect("a first event").to_owned();
    let server = Server::start([Answer::new(200, body), Answer::Broken(cut)]);
    let client = client(&server.address, 0);
    let items: Vec<_> = stream(&client).await.expect("it begins").collect().await;
    assert!(items.len() > 2 && items.iter().all(Result::is_ok));
    let usage = facts_of_stream(WireFormat::OpenAiChat, body).usage.expect("the golden has a usage");
    assert_metrics!(metrics, {
        agent_llm_calls_total { model = "gpt-5.4", status = "success" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "success" } == 1,
        agent_llm_input_tokens_sum { model = "gpt-5.4" } == usage.input.unwrap_or(0) as f64,
        agent_llm_time_to_first_token_seconds_count { model = "gpt-5.4" } == 1,
        agent_llm_usage_missing_total { model = "gpt-5.4" } == 0,
    });
    let mut broken = stream(&client).await.expect("it begins");
    while let Some(item) = broken.next().await {
        if item.is_err() {
            break;
        }
    }
    drop(broken);
    assert_metrics!(metrics, {
        agent_llm_calls_total { model = "gpt-5.4", status = "unavailable" } == 1,
        agent_llm_usage_missing_total { model = "gpt-5.4" } == 1,
    });
}

#[tokio::test]
async fn the_attempt_layer_does_nothing_outside_a_call() {
    let metrics = testing::isolated();
    let server = Server::start([Answer::new(200, golden!("openai_chat/plain.json"))]);
    client(&server.address, 0).chat().create(request()).await.expect("it is answered");
    assert_eq!(metrics.snapshot().sum("agent_llm_attempts_total", &[]), None);
    Call::current().usage(&Usage::new(1, 1));
}

#[test]
fn an_embedding_reports_its_input_and_no_output() {
    for body in [golden!("openai_chat/embedding.json"), golden!("mistral/embedding.json")] {
        let typed: CreateEmbeddingResponse = serde_json::from_str(body).expect("a response");
        let facts = WireFormat::OpenAiChat.facts_of_slice(body.as_bytes());
        assert_eq!((typed.token_usage(), typed.served_model()), (facts.usage, facts.served_model.as_deref()));
        assert_eq!(typed.token_usage().expect("a usage").output, Some(0));
    }
}

#[tokio::test]
async fn usages_of_imitators_are_read_through_the_client() {
    let metrics = testing::isolated();
    let (mut input, mut output) = (0, 0);
    for body in [
        golden!("openai_chat/bridge_only_reasoning.json"),
        golden!("openai_chat/bridge_without_details.json"),
        golden!("openai_chat/cached_audio.json"),
        golden!("openai_chat/deepseek_cache.json"),
        golden!("openai_chat/flex.json"),
        golden!("openai_chat/gateway_cache_beside.json"),
        golden!("openai_chat/openrouter_cache_write.json"),
        golden!("openai_chat/xai_reasoning_beside.json"),
        golden!("openai_chat/xai_reasoning_within.json"),
    ] {
        let server = Server::start([Answer::new(200, &completed(body))]);
        let reply = ask(&client(&server.address, 0)).await.unwrap_or_else(|error| panic!("{error}: {body}"));
        let facts = WireFormat::OpenAiChat.facts_of_slice(body.as_bytes());
        assert_eq!(reply.service_tier(), facts.service_tier, "{body}");
        let usage = facts.usage.expect("the golden has a usage");
        (input, output) = (input + usage.input.unwrap_or(0), output + usage.output.unwrap_or(0));
        assert_metrics!(metrics, {
            agent_llm_input_tokens_sum { model = "gpt-5.4" } == input as f64,
            agent_llm_output_tokens_sum { model = "gpt-5.4" } == output as f64,
            agent_llm_usage_missing_total { model = "gpt-5.4" } == 0,
        });
    }
    // That one reports no part that explains its total.
    assert_metrics!(metrics, { agent_llm_usage_anomalies_total { model = "gpt-5.4" } == 1 });
}

#[track_llm(model = "gpt-5.4")]
async fn persist(client: &Client<OpenAIConfig>) -> Result<CreateChatCompletionResponse, OpenAIError> {
    retry(|| async { client.chat().create(request()).await }).await
}

#[tokio::test(start_paused = true)]
async fn errors_without_openais_body_keep_their_status_and_are_retried_and_counted_once() {
    let metrics = testing::isolated();
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let server = Server::start([
        Answer::new(429, "Slow down").with("retry-after", "7"),
        Answer::new(429, r#"{"error": {"code": 429, "message": ".."}}"#)
            .with("retry-after", "Sun, 06 Nov 1994 08:49:50 GMT")
            .with("date", date),
        Answer::new(503, "<html>").with("retry-after", "2"),
        Answer::new(200, golden!("openai_chat/plain.json")),
    ]);
    persist(&client(&server.address, 0)).await.expect("the fourth attempt is answered");
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "rate_limited" } == 2,
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "unavailable" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "success" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4" } == 4,
        agent_llm_retry_wait_seconds_total { model = "gpt-5.4" } == 7 + 13 + 2,
        agent_llm_calls_total { model = "gpt-5.4", status = "success" } == 1,
    });
    for (code, body, status) in [
        (402, r#"{"error": {"code": 402, "message": "Insufficient credits"}}"#, "rejected"),
        (402, "<html>", "rejected"),
        (400, golden!("openai_chat/xai_too_long.json"), "context_overflow"),
    ] {
        let metrics = testing::isolated();
        let server = Server::start([Answer::new(code, body)]);
        persist(&client(&server.address, 0)).await.expect_err("it is not retried");
        assert_metrics!(metrics, {
            agent_llm_attempts_total { model = "gpt-5.4", outcome = "rejected" } == 1,
            agent_llm_attempts_total { model = "gpt-5.4" } == 1,
            agent_llm_calls_total { model = "gpt-5.4", status = status } == 1,
        });
    }
    // The status of the call is that of its response also without `retry`.
    let metrics = testing::isolated();
    let server = Server::start([Answer::new(429, "Slow down")]);
    ask(&client(&server.address, 0)).await.expect_err("it fails");
    assert_metrics!(metrics, { agent_llm_calls_total { model = "gpt-5.4", status = "rate_limited" } == 1 });
}

#[tokio::test]
async fn an_attempt_that_is_dropped_below_retry_is_counted_once() {
    let metrics = testing::isolated();
    let server = Server::start([Answer::Never]);
    let client = client(&server.address, 0);
    let mut call = Box::pin(persist(&client));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    // Polled until the request is in flight: then the server has it.
    while server.try_request().is_none() {
        assert!(call.as_mut().poll(&mut context).is_pending());
        tokio::task::yield_now().await;
    }
    drop(call);
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "gpt-5.4", outcome = "cancelled" } == 1,
        agent_llm_attempts_total { model = "gpt-5.4" } == 1,
        agent_llm_usage_missing_total { model = "gpt-5.4", part = "all" } == 1,
    });
}
