//! Gemini's `generateContent` API, of the Gemini API and of Vertex AI.

use super::shape::{Searches, Shape, any, at, with};
use crate::status::Status;
use crate::usage::Usage;

/// `GenerateContentResponse` (`UsageMetadata`, `FinishReason`, `BlockReason`), "Embeddings", "Live API" and "Batch API" in
/// the Gemini API reference and Vertex AI's, and Google's API error model. A count of 0 is left out of the JSON. Grounding
/// with Google Search is billed by the query from Gemini 3 on, and by the prompt before.
pub(super) const SHAPE: Shape = Shape {
    bodies: &["", "response"],
    usage: &["usageMetadata", ""],
    counts: &[
        with(
            Usage::input,
            // The second is Vertex AI's count of an embedding.
            &["promptTokenCount", "predictions[].embeddings.statistics.token_count"],
            &[&["toolUsePromptTokenCount"]],
        ),
        any(Usage::output, &[&["candidatesTokenCount", "responseTokenCount"], &["thoughtsTokenCount"]]),
        at(Usage::cache_read, &["cachedContentTokenCount"]),
        at(Usage::cache_read_audio, &["cacheTokensDetails[modality=AUDIO].tokenCount"]),
        at(Usage::reasoning, &["thoughtsTokenCount"]),
        any(
            Usage::audio_input,
            &[
                &["promptTokensDetails[modality=AUDIO].tokenCount"],
                &["toolUsePromptTokensDetails[modality=AUDIO].tokenCount"],
            ],
        ),
        any(
            Usage::image_input,
            &[
                &["promptTokensDetails[modality=IMAGE].tokenCount"],
                &["toolUsePromptTokensDetails[modality=IMAGE].tokenCount"],
            ],
        ),
        at(
            Usage::audio_output,
            &[
                "candidatesTokensDetails[modality=AUDIO].tokenCount",
                "responseTokensDetails[modality=AUDIO].tokenCount",
            ],
        ),
        at(
            Usage::image_output,
            &[
                "candidatesTokensDetails[modality=IMAGE].tokenCount",
                "responseTokensDetails[modality=IMAGE].tokenCount",
            ],
        ),
    ],
    total: &["totalTokenCount"],
    searches: Searches::Queries {
        path: "candidates[].groundingMetadata.webSearchQueries[]",
        by_prompt: &["gemini-1", "gemini-2"],
    },
    no_output: &["embedding", "embeddings", "predictions[].embeddings"],
    part_of_stream: &["candidates[]"],
    tiers: &["usageMetadata.trafficType", "usageMetadata.serviceTier"],
    batch: Some("key"),
    model: &["modelVersion"],
    finish: &["candidates[].finishReason", "promptFeedback.blockReason"],
    unfinished: &["FINISH_REASON_UNSPECIFIED"],
    codes: &["error.status", "candidates[].finishReason"],
    words: &[
        ("SAFETY", Status::ContentFiltered),
        ("RECITATION", Status::ContentFiltered),
        ("LANGUAGE", Status::ContentFiltered),
        ("BLOCKLIST", Status::ContentFiltered),
        ("PROHIBITED_CONTENT", Status::ContentFiltered),
        ("SPII", Status::ContentFiltered),
        ("MODEL_ARMOR", Status::ContentFiltered),
        ("ESCALATION", Status::ContentFiltered),
        ("IMAGE_SAFETY", Status::ContentFiltered),
        ("IMAGE_PROHIBITED_CONTENT", Status::ContentFiltered),
        ("IMAGE_RECITATION", Status::ContentFiltered),
        ("PUP_LIMITED_DISABLED", Status::Rejected),
        ("OTHER", Status::Error),
        ("IMAGE_OTHER", Status::Error),
        ("NO_IMAGE", Status::Error),
        ("MALFORMED_FUNCTION_CALL", Status::Error),
        ("MALFORMED_RESPONSE", Status::Error),
        ("UNEXPECTED_TOOL_CALL", Status::Error),
        ("TOO_MANY_TOOL_CALLS", Status::Error),
        ("MISSING_THOUGHT_SIGNATURE", Status::Error),
        ("RESOURCE_EXHAUSTED", Status::RateLimited),
        ("UNAVAILABLE", Status::Unavailable),
        ("INTERNAL", Status::Unavailable),
        ("DEADLINE_EXCEEDED", Status::Timeout),
        ("CANCELLED", Status::Cancelled),
        ("INVALID_ARGUMENT", Status::Rejected),
        ("FAILED_PRECONDITION", Status::Rejected),
        ("OUT_OF_RANGE", Status::Rejected),
        ("UNAUTHENTICATED", Status::Rejected),
        ("PERMISSION_DENIED", Status::Rejected),
        ("NOT_FOUND", Status::Rejected),
    ],
    marks: &[("promptFeedback.blockReason", Status::ContentFiltered), ("error", Status::Error)],
    messages: &["error.message"],
    too_long: &["exceeds the maximum number of tokens"],
    ..Shape::EMPTY
};
