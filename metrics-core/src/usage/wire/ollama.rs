//! Ollama's Chat and Generate APIs.

use super::shape::{Shape, at};
use crate::usage::Usage;

/// "Generate a chat message", "Generate a response" and "Errors" in Ollama's API documentation. An
/// error is a message without a code; only the HTTP status code distinguishes kinds of errors.
pub(super) const SHAPE: Shape = Shape {
    usage: "",
    counts: &[at(Usage::input, &["prompt_eval_count"]), at(Usage::output, &["eval_count"])],
    finish: &["done_reason"],
    messages: &["error"],
    too_long: &[
        "exceeds the context length",
        "exceeds maximum context length",
        "exceeds the available context size",
    ],
    ..Shape::EMPTY
};
