//! Mistral's Chat Completion API.

use super::shape::{Shape, at, seconds};
use crate::status::Status;
use crate::usage::Usage;

/// "Chat Completion" and "Prompt caching" in Mistral's API documentation. It documents
/// only the HTTP status codes of errors; the error types listed here are those that the API is known to send.
pub(super) const SHAPE: Shape = Shape {
    counts: &[
        at(Usage::input, &["prompt_tokens"]),
        at(Usage::output, &["completion_tokens"]),
        at(
            Usage::cache_read,
            &["prompt_tokens_details|prompt_token_details.cached_tokens", "num_cached_tokens"],
        ),
        at(Usage::reasoning, &["completion_tokens_details.reasoning_tokens"]),
        seconds(Usage::audio_seconds, &["prompt_audio_seconds"]),
    ],
    total: &["total_tokens"],
    reconciled: true,
    no_output: &["data"],
    part_of_stream: &["choices[].delta"],
    tiers: &["service_tier"],
    finish: &["choices[].finish_reason"],
    codes: &["type", "error.type", "choices[].finish_reason", "error.code", "code"],
    words: &[
        ("model_length", Status::ContextOverflow),
        ("error", Status::Error),
        ("rate_limited", Status::RateLimited),
        ("service_tier_capacity_exceeded", Status::RateLimited),
        ("internal_server_error", Status::Unavailable),
        ("invalid_model", Status::Rejected),
        ("invalid_request_error", Status::Rejected),
        ("invalid_request_prompt", Status::Rejected),
        ("invalid_request_message_order", Status::Rejected),
    ],
    // A request that doesn't fit the schema, or has no key, is answered with a `detail`.
    marks: &[("detail", Status::Rejected), ("error", Status::Error)],
    messages: &["message", "error.message"],
    too_long: &["too large for model", "maximum context length"],
    ..Shape::EMPTY
};
