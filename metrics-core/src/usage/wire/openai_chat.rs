//! OpenAI's Chat Completions API, which many other servers implement.

use super::shape::{Shape, at};
use crate::status::Status;
use crate::usage::Usage;

/// "Chat Completions", "Streaming" and "Error codes" in OpenAI's API reference. The codes that begin
/// with `content_` are sent by Azure and by the image endpoints.
pub(super) const SHAPE: Shape = Shape {
    counts: &[
        at(Usage::input, &["prompt_tokens"]),
        at(Usage::output, &["completion_tokens"]),
        at(Usage::cache_read, &["prompt_tokens_details.cached_tokens"]),
        at(Usage::cache_write, &["prompt_tokens_details.cache_write_tokens"]),
        at(Usage::reasoning, &["completion_tokens_details.reasoning_tokens"]),
        at(Usage::audio_input, &["prompt_tokens_details.audio_tokens"]),
        at(Usage::audio_output, &["completion_tokens_details.audio_tokens"]),
        at(Usage::image_input, &["prompt_tokens_details.image_tokens"]),
    ],
    total: &["total_tokens"],
    finish: &["choices[].finish_reason"],
    codes: &["error.code", "error.type", "choices[].finish_reason"],
    words: WORDS,
    marks: &[
        ("choices[].message.refusal", Status::ContentFiltered),
        ("choices[].delta.refusal", Status::ContentFiltered),
        ("error", Status::Error),
    ],
    messages: &["error.message"],
    too_long: TOO_LONG,
    ..Shape::EMPTY
};

/// The statuses of OpenAI's error codes, error types and finish reasons, in both of its APIs.
pub(super) const WORDS: &[(&str, Status)] = &[
    ("content_filter", Status::ContentFiltered),
    ("content_policy_violation", Status::ContentFiltered),
    ("image_content_policy_violation", Status::ContentFiltered),
    ("bio_policy", Status::ContentFiltered),
    ("misalignment_policy_violation", Status::ContentFiltered),
    ("context_length_exceeded", Status::ContextOverflow),
    ("rate_limit_exceeded", Status::RateLimited),
    ("rate_limit_error", Status::RateLimited),
    ("insufficient_quota", Status::RateLimited),
    ("server_error", Status::Unavailable),
    ("service_unavailable_error", Status::Unavailable),
    ("vector_store_timeout", Status::Timeout),
    ("failed", Status::Error),
    ("cancelled", Status::Cancelled),
    ("invalid_api_key", Status::Rejected),
    ("invalid_prompt", Status::Rejected),
    ("model_not_found", Status::Rejected),
    ("authentication_error", Status::Rejected),
    ("permission_error", Status::Rejected),
    ("not_found_error", Status::Rejected),
    ("invalid_request_error", Status::Rejected),
];

/// Phrases of messages about an input that is too long. Not every server that implements OpenAI's format sets the code.
pub(super) const TOO_LONG: &[&str] =
    &["maximum context length is", "exceeds the context window", "exceeds the available context size"];
