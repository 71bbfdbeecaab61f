//! anthropic-sdk-rs.

use agent_metrics::classify::error_status;
use agent_metrics::usage::wire::WireFormat;
use agent_metrics::{Classify, Status, TokenUsage, Usage, assert_metrics, retry, testing, track_llm};
use anthropic_sdk::types::messages::{
    Message, MessageCreateParams, MessageParam, RawMessageStreamEvent as Event,
};
use anthropic_sdk::{Anthropic, ClientOptions, Error};
use futures_util::{Stream, StreamExt as _};

use crate::golden::{check_whole, events, facts_of_stream, golden};
use crate::server::{Answer, Server};

#[test]
fn messages_report_the_same_facts_as_their_json() {
    for body in [
        golden!("anthropic/plain.json"),
        golden!("anthropic/cached.json"),
        golden!("anthropic/reasoning.json"),
        golden!("anthropic/tool_use.json"),
        golden!("anthropic/blocked.json"),
        golden!("anthropic/window_full.json"),
        golden!("anthropic/compaction.json"),
        golden!("anthropic/lifetimes.json"),
        golden!("anthropic/us_only.json"),
        golden!("anthropic/web_search.json"),
    ] {
        check_whole::<Message>(WireFormat::Anthropic, body);
    }
    let cached: Message = serde_json::from_str(golden!("anthropic/cached.json")).expect("a message");
    let usage = Usage::new(21 + 556 + 188_086, 393).cache_read(188_086).cache_write(556);
    assert_eq!(cached.token_usage(), Some(usage.cache_write_long(100)), "the input includes the cache");
    let without: Message = serde_json::from_str(r#"{"id": "msg_1"}"#).expect("a message");
    assert_eq!((without.token_usage(), without.served_model(), without.finish_reason()), (None, None, None));
}

fn client(address: &str) -> Anthropic {
    Anthropic::new(ClientOptions {
        api_key: Some("none".to_owned()),
        auth_token: None,
        base_url: Some(format!("http://{address}")),
        timeout: None,
        max_retries: Some(0),
        default_headers: <_>::default(),
    })
    .expect("a client")
}

fn request() -> MessageCreateParams {
    MessageCreateParams {
        model: "claude-opus-4-8".to_owned(),
        max_tokens: 100,
        messages: vec![MessageParam::user("Does it rain?")],
        ..MessageCreateParams::default()
    }
}

#[track_llm(model = "claude-opus-4-8", provider = "anthropic")]
async fn ask(client: &Anthropic) -> Result<Message, Error> {
    retry(|| client.messages.create(request(), None)).attempts(3).waits(<_>::default(), <_>::default()).await
}

#[tokio::test]
async fn attempts_of_retry_are_counted() {
    let metrics = testing::isolated();
    let server = Server::start([
        Answer::new(529, golden!("anthropic/error.json")),
        Answer::new(200, golden!("anthropic/cached.json")),
    ]);
    ask(&client(&server.address)).await.expect("the second attempt is answered");
    assert_metrics!(metrics, {
        agent_llm_attempts_total { model = "claude-opus-4-8", outcome = "unavailable" } == 1,
        agent_llm_attempts_total { model = "claude-opus-4-8", outcome = "success" } == 1,
        agent_llm_calls_total { model = "claude-opus-4-8", status = "success" } == 1,
        agent_llm_calls_total { model = "claude-opus-4-8" } == 1,
        agent_llm_input_tokens_sum { model = "claude-opus-4-8" } == 188_663,
        agent_llm_token_details_total { model = "claude-opus-4-8", kind = "cache_read" } == 188_086,
        agent_llm_token_details_total { model = "claude-opus-4-8", kind = "cache_write" } == 556,
        agent_llm_finish_total { model = "claude-opus-4-8", reason = "end_turn" } == 1,
    });
}

#[track_llm(model = "claude-opus-4-8", stream)]
async fn stream(client: &Anthropic) -> Result<impl Stream<Item = Result<Event, Error>> + use<>, Error> {
    client.messages.create_stream(request(), None).await
}

#[tokio::test]
async fn the_facts_of_all_events_of_a_stream_are_combined() {
    for body in [
        golden!("anthropic/stream.sse"),
        golden!("anthropic/cumulative.sse"),
        golden!("anthropic/all_cached_in_delta.sse"),
        golden!("anthropic/start_split_delta_whole.sse"),
        golden!("anthropic/start_whole_delta_split.sse"),
        golden!("anthropic/zero_beside_cache.sse"),
        golden!("anthropic/zero_in_delta.sse"),
    ] {
        let metrics = testing::isolated();
        let server = Server::start([Answer::new(200, body)]);
        let items: Vec<_> = stream(&client(&server.address)).await.expect("it begins").collect().await;
        assert!(items.iter().all(Result::is_ok), "{items:?}");
        let facts = facts_of_stream(WireFormat::Anthropic, body);
        let usage = facts.usage.expect("the golden has a usage");
        let reason = facts.finish_reason.expect("it ends");
        assert_metrics!(metrics, {
            agent_llm_calls_total { model = "claude-opus-4-8", status = "success" } == 1,
            agent_llm_input_tokens_sum { model = "claude-opus-4-8" } == usage.input.unwrap_or(0) as f64,
            agent_llm_output_tokens_sum { model = "claude-opus-4-8" } == usage.output.unwrap_or(0) as f64,
            agent_llm_token_details_total { model = "claude-opus-4-8", kind = "cache_read" }
                == usage.cache_read.unwrap_or(0) as f64,
            agent_llm_finish_total { model = "claude-opus-4-8", reason = reason.as_str() } == 1,
            agent_llm_usage_missing_total { model = "claude-opus-4-8" } == 0,
            agent_llm_usage_anomalies_total { model = "claude-opus-4-8" } == 0,
        });
    }
}

#[tokio::test]
async fn a_broken_stream_keeps_the_usage_reported_so_far() {
    let metrics = testing::isolated();
    let body = golden!("anthropic/broken.sse");
    let first = events(golden!("anthropic/stream.sse")).next().expect("an event");
    let cut = format!("event: message_start\ndata: {first}\n\n");
    let server = Server::start([Answer::new(200, body), Answer::Broken(cut)]);
    let client = client(&server.address);
    for _ in 0..2 {
        let mut items = stream(&client).await.expect("it begins");
        while items.next().await.is_some_and(|item| item.is_ok()) {}
    }
    assert_metrics!(metrics, {
        agent_llm_calls_total { model = "claude-opus-4-8", status = "unavailable" } == 2,
        // The output that the start of a stream reports is not final.
        agent_llm_usage_missing_total { model = "claude-opus-4-8", part = "output" } == 2,
        agent_llm_usage_missing_total { model = "claude-opus-4-8" } == 2,
        agent_llm_input_tokens_count { model = "claude-opus-4-8" } == 2,
    });
}

#[tokio::test]
async fn errors_are_classified_directly_and_inside_error_reports() {
    let error =
        |kind: &str| format!(r#"{{"type": "error", "error": {{"type": "{kind}", "message": ".."}}}}"#);
    let server = Server::start([
        Answer::new(400, golden!("anthropic/too_long.json")),
        Answer::new(400, &error("invalid_request_error")),
        Answer::new(429, &error("rate_limit_error")),
        Answer::new(529, &error("overloaded_error")),
        Answer::new(503, "<html>"),
        Answer::new(200, "<html>"),
    ]);
    let client = client(&server.address);
    for expected in [
        Status::ContextOverflow,
        Status::Rejected,
        Status::RateLimited,
        Status::Unavailable,
        Status::Unavailable,
        Status::Error,
    ] {
        let error = client.messages.create(request(), None).await.expect_err("it fails");
        assert_eq!(error.classify(), expected, "{error}");
        let report = eyre::Report::from(error).wrap_err("while asking");
        assert_eq!(error_status(report.as_ref()), expected, "{report:#}");
    }
    let refused = self::client(&Server::refusing_address());
    let error = refused.messages.create(request(), None).await.expect_err("the connection is refused");
    assert_eq!(error.classify(), Status::Unavailable);
    assert_eq!((Error::Timeout.classify(), Error::Aborted.classify()), (Status::Timeout, Status::Cancelled));
}
