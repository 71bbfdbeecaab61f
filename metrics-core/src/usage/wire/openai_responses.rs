//! OpenAI's Responses API and Realtime API.

use super::openai_chat::{COUNTS, TOO_LONG, WORDS};
use super::shape::{Searches, Shape};
use crate::status::Status;

/// "Responses", "Streaming events", "Realtime" (`response.done`), "Images" and "Batch" in OpenAI's API reference.
pub(super) const SHAPE: Shape = Shape {
    bodies: &["", "response", "response.body"],
    counts: COUNTS,
    total: &["total_tokens"],
    reconciled: true,
    searches: Searches::Items("output[type=web_search_call]"),
    tiers: &["service_tier"],
    batch: Some("custom_id"),
    finish: &["incomplete_details.reason", "status_details.reason", "status"],
    unfinished: &["queued", "in_progress"],
    // An error event has its code at the top level.
    codes: &[
        "error.code",
        "error.type",
        "status_details.error.code",
        "status_details.error.type",
        "incomplete_details.reason",
        "status_details.reason",
        "code",
        "status",
    ],
    words: WORDS,
    marks: &[
        ("output[].content[type=refusal]", Status::ContentFiltered),
        // The stream's event with the whole refusal.
        ("refusal", Status::ContentFiltered),
        ("error", Status::Error),
    ],
    messages: &["error.message", "status_details.error.message", "message", "error", "detail"],
    too_long: TOO_LONG,
    ..Shape::EMPTY
};
