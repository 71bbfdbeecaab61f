//! Anthropic's Messages API.

use super::shape::{Merge, Shape, at, with};
use crate::status::Status;
use crate::usage::Usage;

/// "Messages", "Streaming messages", "Handling stop reasons" and "Errors" in Anthropic's API
/// documentation. Its `input_tokens` exclude tokens read from or written to the cache. The tokens of a compaction,
/// which a beta reports among its `iterations`, are in none of Anthropic's totals and are not counted here either.
pub(super) const SHAPE: Shape = Shape {
    bodies: &["", "message"],
    counts: &[
        with(Usage::input, &["input_tokens"], &["cache_read_input_tokens", "cache_creation_input_tokens"]),
        at(Usage::output, &["output_tokens"]),
        at(Usage::cache_read, &["cache_read_input_tokens"]),
        at(Usage::cache_write, &["cache_creation_input_tokens"]),
        at(Usage::cache_write_long, &["cache_creation.ephemeral_1h_input_tokens"]),
        at(Usage::reasoning, &["output_tokens_details.thinking_tokens"]),
    ],
    merge: Merge::Largest,
    finish: &["stop_reason", "delta.stop_reason"],
    codes: &["error.type", "stop_reason", "delta.stop_reason"],
    words: &[
        ("refusal", Status::ContentFiltered),
        ("model_context_window_exceeded", Status::ContextOverflow),
        ("rate_limit_error", Status::RateLimited),
        ("overloaded_error", Status::Unavailable),
        ("api_error", Status::Unavailable),
        ("timeout_error", Status::Timeout),
        ("invalid_request_error", Status::Rejected),
        ("authentication_error", Status::Rejected),
        ("billing_error", Status::Rejected),
        ("permission_error", Status::Rejected),
        ("not_found_error", Status::Rejected),
        ("conflict_error", Status::Rejected),
        ("request_too_large", Status::Rejected),
    ],
    marks: &[("error", Status::Error)],
    messages: &["error.message"],
    too_long: &["prompt is too long", "exceed context limit"],
    ..Shape::EMPTY
};
