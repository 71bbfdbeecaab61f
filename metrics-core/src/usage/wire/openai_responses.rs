//! OpenAI's Responses API.

use super::openai_chat::{TOO_LONG, WORDS};
use super::shape::{Shape, at};
use crate::status::Status;
use crate::usage::Usage;

/// "Responses" and "Streaming events" in OpenAI's API reference.
pub(super) const SHAPE: Shape = Shape {
    bodies: &["", "response"],
    counts: &[
        at(Usage::input, &["input_tokens"]),
        at(Usage::output, &["output_tokens"]),
        at(Usage::cache_read, &["input_tokens_details.cached_tokens"]),
        at(Usage::cache_write, &["input_tokens_details.cache_write_tokens"]),
        // The default lifetime is half an hour.
        at(Usage::cache_write_long, &["input_tokens_details.cache_write_tokens_details.ttl_12h_tokens"]),
        at(Usage::reasoning, &["output_tokens_details.reasoning_tokens"]),
    ],
    total: &["total_tokens"],
    finish: &["incomplete_details.reason", "status"],
    unfinished: &["queued", "in_progress"],
    // An error event has its code at the top level.
    codes: &["error.code", "error.type", "incomplete_details.reason", "code", "status"],
    words: WORDS,
    marks: &[
        ("output[].content[type=refusal]", Status::ContentFiltered),
        // The stream's event with the whole refusal.
        ("refusal", Status::ContentFiltered),
        ("error", Status::Error),
    ],
    messages: &["error.message", "message"],
    too_long: TOO_LONG,
    ..Shape::EMPTY
};
