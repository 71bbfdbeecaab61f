//! aws-sdk-bedrockruntime, whose types can't be parsed from JSON.

use agent_metrics::classify::error_status;
use agent_metrics::{
    Classify, Status, StreamExt as _, TokenUsage, Usage, assert_metrics, testing, track_llm,
};
use aws_sdk_bedrockruntime::error::{ConnectorError, ErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::converse::{ConverseError, ConverseOutput};
use aws_sdk_bedrockruntime::types::error::{
    InternalServerException, ModelTimeoutException, ThrottlingException, ValidationException,
};
use aws_sdk_bedrockruntime::types::{
    CacheDetail, CacheTtl, ConverseStreamMetadataEvent, ConverseStreamOutput, ConverseTrace,
    MessageStopEvent, PromptRouterTrace, StopReason, TokenUsage as ConverseUsage,
};

fn usage() -> aws_sdk_bedrockruntime::types::builders::TokenUsageBuilder {
    ConverseUsage::builder().input_tokens(3).output_tokens(550).total_tokens(553)
}

fn detail(ttl: CacheTtl, tokens: i32) -> CacheDetail {
    CacheDetail::builder().ttl(ttl).input_tokens(tokens).build().expect("all fields are set")
}

#[test]
fn the_input_includes_the_cache_and_unreported_counts_are_unknown() {
    let bare = usage().build().expect("all fields are set");
    assert_eq!(bare.token_usage(), Some(Usage::new(3, 550)));
    let cached = usage()
        .cache_read_input_tokens(1000)
        .cache_write_input_tokens(12_304)
        .cache_details(detail(CacheTtl::OneHour, 304))
        .cache_details(detail(CacheTtl::FiveMinutes, 12_000))
        .build()
        .expect("all fields are set");
    let expected = Usage::new(13_307, 550).cache_read(1000).cache_write(12_304).cache_write_long(304);
    assert_eq!(cached.token_usage(), Some(expected));
}

fn output(reason: StopReason) -> ConverseOutput {
    let router = PromptRouterTrace::builder().invoked_model_id("amazon.nova-lite").build();
    let trace = ConverseTrace::builder().prompt_router(router).build();
    let usage = usage().build().expect("all fields are set");
    ConverseOutput::builder()
        .stop_reason(reason)
        .usage(usage)
        .trace(trace)
        .build()
        .expect("all fields are set")
}

type Failed = SdkError<ConverseError, ()>;
type ConverseResult = Result<ConverseOutput, Failed>;

#[track_llm(model = "router", provider = "aws.bedrock")]
async fn converse(result: ConverseResult) -> ConverseResult {
    result
}

#[tokio::test]
async fn converse_outputs_are_counted_by_status_and_finish_reason() {
    let metrics = testing::isolated();
    for reason in
        [StopReason::EndTurn, StopReason::GuardrailIntervened, StopReason::ModelContextWindowExceeded]
    {
        converse(Ok(output(reason))).await.expect("an output");
    }
    assert_metrics!(metrics, {
        agent_llm_calls_total { model = "router", status = "success" } == 1,
        agent_llm_calls_total { model = "router", status = "content_filtered" } == 1,
        agent_llm_calls_total { model = "router", status = "context_overflow" } == 1,
        agent_llm_finish_total { model = "router", reason = "guardrail_intervened" } == 1,
        agent_llm_served_model_total { model = "router", served_model = "amazon.nova-lite" } == 3,
        agent_llm_output_tokens_sum { model = "router" } == 1650,
    });
}

#[tokio::test]
async fn the_finish_reason_and_the_usage_come_from_different_events() {
    let metrics = testing::isolated();
    let stop =
        MessageStopEvent::builder().stop_reason(StopReason::MaxTokens).build().expect("all fields are set");
    let usage = usage().cache_read_input_tokens(7).build().expect("all fields are set");
    let metadata = ConverseStreamMetadataEvent::builder().usage(usage).build();
    let events = [ConverseStreamOutput::MessageStop(stop), ConverseStreamOutput::Metadata(metadata)];
    let stream = futures_util::stream::iter(events)
        .tracked_llm(&metrics, "nova", |event, facts| facts.set_response(event));
    assert_eq!(futures_util::StreamExt::count(stream).await, 2);
    assert_metrics!(metrics, {
        agent_llm_input_tokens_sum { model = "nova" } == 10,
        agent_llm_output_tokens_sum { model = "nova" } == 550,
        agent_llm_token_details_total { model = "nova", kind = "cache_read" } == 7,
        agent_llm_finish_total { model = "nova", reason = "max_tokens" } == 1,
    });
}

fn meta(code: &str, message: &str) -> ErrorMetadata {
    ErrorMetadata::builder().code(code).message(message).build()
}

#[test]
fn errors_are_classified_directly_and_inside_error_reports() {
    let throttled = ThrottlingException::builder().meta(meta("ThrottlingException", "..")).build();
    let internal = InternalServerException::builder().meta(meta("InternalServerException", "..")).build();
    let slow = ModelTimeoutException::builder().meta(meta("ModelTimeoutException", "..")).build();
    let invalid = ValidationException::builder().meta(meta("ValidationException", "..")).build();
    let message = "Input is too long for requested model.";
    let long =
        ValidationException::builder().message(message).meta(meta("ValidationException", message)).build();
    for (error, expected) in [
        (ConverseError::ThrottlingException(throttled), Status::RateLimited),
        (ConverseError::InternalServerException(internal), Status::Unavailable),
        (ConverseError::ModelTimeoutException(slow), Status::Timeout),
        (ConverseError::ValidationException(invalid), Status::Rejected),
        (ConverseError::ValidationException(long), Status::ContextOverflow),
        (ConverseError::generic(ErrorMetadata::builder().build()), Status::Error),
    ] {
        let error = Failed::service_error(error, ());
        assert_eq!(error.classify(), expected, "{error:?}");
        let error = anyhow::Error::from(error).context("while asking");
        assert_eq!(error_status(error.as_ref()), expected, "{error:#}");
    }
    assert_eq!(Failed::timeout_error("..").classify(), Status::Timeout);
    assert_eq!(Failed::dispatch_failure(ConnectorError::timeout("..".into())).classify(), Status::Timeout);
    assert_eq!(Failed::dispatch_failure(ConnectorError::io("..".into())).classify(), Status::Unavailable);
    assert_eq!(Failed::dispatch_failure(ConnectorError::user("..".into())).classify(), Status::Error);
    assert_eq!(Failed::construction_failure("..").classify(), Status::Error);
}
