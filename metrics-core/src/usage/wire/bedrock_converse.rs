//! Amazon Bedrock's Converse API.

use super::shape::{Shape, at, with};
use crate::status::Status;
use crate::usage::Usage;

/// `Converse`, `ConverseStream` and `TokenUsage` in the Amazon Bedrock API reference. Its
/// `inputTokens` exclude tokens read from or written to the cache. An error's type is in the body as `__type` or `code`
/// (according to botocore's parser of JSON protocols), in boto3's exceptions as `Error.Code`, and is the name of the
/// event in a stream; over HTTP it may be in the header `x-amzn-errortype` only, which is not read.
pub(super) const SHAPE: Shape = Shape {
    bodies: &["", "metadata", "messageStop"],
    counts: &[
        with(Usage::input, &["inputTokens"], &[&["cacheReadInputTokens"], &["cacheWriteInputTokens"]]),
        at(Usage::output, &["outputTokens"]),
        at(Usage::cache_read, &["cacheReadInputTokens"]),
        at(Usage::cache_write, &["cacheWriteInputTokens"]),
        at(Usage::cache_write_long, &["cacheDetails[ttl=1h].inputTokens"]),
    ],
    tiers: &["serviceTier.type"],
    model: &["trace.promptRouter.invokedModelId"],
    finish: &["stopReason"],
    codes: &["__type", "code", "Code", "Error.Code", "stopReason"],
    words: &[
        ("content_filtered", Status::ContentFiltered),
        ("guardrail_intervened", Status::ContentFiltered),
        ("model_context_window_exceeded", Status::ContextOverflow),
        ("malformed_model_output", Status::Error),
        ("malformed_tool_use", Status::Error),
        ("ThrottlingException", Status::RateLimited),
        ("ServiceQuotaExceededException", Status::RateLimited),
        ("ServiceUnavailableException", Status::Unavailable),
        ("InternalServerException", Status::Unavailable),
        ("ModelNotReadyException", Status::Unavailable),
        ("ModelTimeoutException", Status::Timeout),
        ("ModelErrorException", Status::Error),
        ("ValidationException", Status::Rejected),
        ("AccessDeniedException", Status::Rejected),
        ("ResourceNotFoundException", Status::Rejected),
    ],
    marks: &[
        ("throttlingException", Status::RateLimited),
        ("serviceUnavailableException", Status::Unavailable),
        ("internalServerException", Status::Unavailable),
        ("validationException", Status::Rejected),
        ("modelStreamErrorException", Status::Error),
        ("__type", Status::Error),
        ("Error", Status::Error),
    ],
    messages: &["message", "Message", "Error.Message", "validationException.message"],
    too_long: &["input is too long", "prompt is too long"],
    ..Shape::EMPTY
};
