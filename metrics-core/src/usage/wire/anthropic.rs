//! Anthropic's Messages API.

use super::openai_chat::TOO_LONG;
use super::shape::{Shape, at, with};
use crate::status::Status;
use crate::usage::Usage;

/// "Messages", "Streaming messages", "Compaction", "Message Batches", "Handling stop reasons" and "Errors" in Anthropic's API
/// documentation. Its `input_tokens` exclude tokens read from or written to the cache, and with compaction the bill is
/// the sum of the `iterations`, of which the other counts include only those that are part of the conversation.
pub(super) const SHAPE: Shape = Shape {
    bodies: &["", "message", "result.message", "result", "result.error"],
    counts: &[
        with(
            Usage::input,
            &["input_tokens"],
            &[&["cache_read_input_tokens"], &["cache_creation_input_tokens"]],
        ),
        at(Usage::output, &["output_tokens"]),
        at(Usage::cache_read, &["cache_read_input_tokens"]),
        at(Usage::cache_write, &["cache_creation_input_tokens"]),
        at(Usage::cache_write_long, &["cache_creation.ephemeral_1h_input_tokens"]),
        at(Usage::reasoning, &["output_tokens_details.thinking_tokens"]),
        at(Usage::web_searches, &["server_tool_use.web_search_requests"]),
    ],
    iterations: Some("iterations[]"),
    part_of_stream: &["role"],
    tiers: &["usage.service_tier", "usage.speed", "usage.inference_geo"],
    batch: Some("custom_id"),
    finish: &["stop_reason", "delta.stop_reason"],
    codes: &["error.type", "stop_reason", "delta.stop_reason", "type", "error.code"],
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
        // The results of a batch's requests.
        ("canceled", Status::Cancelled),
        ("expired", Status::Timeout),
        ("errored", Status::Error),
    ],
    marks: &[("error", Status::Error)],
    messages: &["error.message"],
    too_long: TOO_LONG,
    ..Shape::EMPTY
};
