//! Ollama's Chat and Generate APIs.

use super::shape::{Shape, at};
use crate::usage::Usage;

/// "Generate a chat message", "Generate a response", "Generate embeddings" and "Errors" in Ollama's API documentation. An
/// error is a message without a code; only the HTTP status code distinguishes kinds of errors.
pub(super) const SHAPE: Shape = Shape {
    usage: &[""],
    counts: &[
        at(Usage::input, &["prompt_eval_count"]),
        at(Usage::output, &["eval_count"]),
        at(Usage::cache_read, &["prompt_eval_cached_count"]),
    ],
    no_output: &["embeddings"],
    finish: &["done_reason"],
    messages: &["error"],
    too_long: &[
        "exceeds the context length",
        "exceeds maximum context length",
        "exceeds the available context size",
    ],
    ..Shape::EMPTY
};
