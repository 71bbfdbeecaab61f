//! Cohere's Chat API, version 2, and its Embed API.

use super::shape::{Numbers, Shape, at};
use crate::status::Status;
use crate::usage::Usage;

/// "Chat" (v2), "Embed", "Streaming" and "Errors" in Cohere's API documentation. Billed tokens
/// are counted, and processed tokens only if no billed tokens are reported. The two differ by the text that Cohere adds
/// to a prompt, so `cached_tokens`, which counts processed tokens, may exceed the billed input. A response doesn't name
/// its model, and an error has a message but no code.
pub(super) const SHAPE: Shape = Shape {
    bodies: &["", "delta"],
    usage: &["usage", "meta"],
    no_output: &["embeddings"],
    counts: &[
        at(Usage::input, &["billed_units.input_tokens", "tokens.input_tokens"]),
        at(Usage::output, &["billed_units.output_tokens", "tokens.output_tokens"]),
        at(Usage::cache_read, &["cached_tokens"]),
    ],
    numbers: Numbers::Rounded,
    model: &[],
    finish: &["finish_reason"],
    codes: &["finish_reason"],
    words: &[
        ("ERROR", Status::Error),
        ("TIMEOUT", Status::Timeout),
        ("ERROR_TOXIC", Status::ContentFiltered),
        ("ERROR_LIMIT", Status::ContextOverflow),
        ("USER_CANCEL", Status::Cancelled),
    ],
    http: &[(498, Status::ContentFiltered), (499, Status::Cancelled)],
    // A text only in an error: in a successful response `message` is an object.
    messages: &["message", "error"],
    too_long: &["too many tokens"],
    ..Shape::EMPTY
};
