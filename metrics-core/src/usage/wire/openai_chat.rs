//! OpenAI's Chat Completions API, which many other servers implement.

use super::shape::{Count, Shape, at, seconds};
use crate::status::Status;
use crate::usage::Usage;

/// "Chat Completions", "Streaming", "Embeddings", "Images", "Transcriptions", "Batch" and "Error codes" in OpenAI's API
/// reference. The codes that begin with `content_` are sent by Azure and by the image endpoints. Moonshot puts a stream's
/// usage in its last choice, Groq in an object of its own.
pub(super) const SHAPE: Shape = Shape {
    bodies: &["", "response.body"],
    usage: &["usage", "choices[].usage", "x_groq.usage"],
    counts: COUNTS,
    total: &["total_tokens"],
    reconciled: true,
    no_output: &["data"],
    part_of_stream: &["choices[].delta"],
    tiers: &["service_tier"],
    batch: Some("custom_id"),
    finish: &["choices[].finish_reason"],
    codes: &["error.code", "error.type", "choices[].error.code", "choices[].finish_reason", "code", "type"],
    words: WORDS,
    marks: &[
        ("choices[].message.refusal", Status::ContentFiltered),
        ("choices[].delta.refusal", Status::ContentFiltered),
        // OpenRouter names the reasons for which a prompt was blocked.
        ("error.metadata.reasons", Status::ContentFiltered),
        ("error", Status::Error),
        ("choices[].error", Status::Error),
    ],
    // xAI's error is a text; older versions of vLLM put the message at the top level.
    messages: &["error.message", "error", "choices[].error.message", "message", "detail"],
    too_long: TOO_LONG,
    ..Shape::EMPTY
};

/// Returns the path of a detail of the input, whose object has several spellings.
macro_rules! of_input {
    ($field:literal) => {
        concat!(
            "prompt_tokens_details|input_tokens_details|input_token_details|prompt_token_details.",
            $field
        )
    };
}

/// Returns the path of a detail of the output, whose object has several spellings.
macro_rules! of_output {
    ($field:literal) => {
        concat!(
            "completion_tokens_details|output_tokens_details|output_token_details|completion_token_details.",
            $field
        )
    };
}

/// The counts of OpenAI's APIs: Chat Completions (`prompt_tokens`), and Responses, Realtime, images and transcriptions
/// (`input_tokens`). Imitators mix the spellings. DeepSeek reports cached tokens as `prompt_cache_hit_tokens`, and gateways
/// to Anthropic keep its names; the input includes both.
pub(super) const COUNTS: &[Count] = &[
    at(Usage::input, &["prompt_tokens", "input_tokens"]),
    at(Usage::output, &["completion_tokens", "output_tokens"]),
    at(
        Usage::cache_read,
        &[of_input!("cached_tokens"), "prompt_cache_hit_tokens", "cache_read_input_tokens", "cached_tokens"],
    ),
    at(Usage::cache_read_audio, &[of_input!("cached_tokens_details.audio_tokens")]),
    at(
        Usage::cache_write,
        &[of_input!("cache_write_tokens"), of_input!("cache_creation_tokens"), "cache_creation_input_tokens"],
    ),
    at(
        Usage::cache_write_long,
        &[
            // The default lifetime is half an hour.
            of_input!("cache_write_tokens_details.ttl_12h_tokens"),
            "cache_creation.ephemeral_1h_input_tokens",
        ],
    ),
    at(Usage::reasoning, &[of_output!("reasoning_tokens"), "reasoning_tokens"]),
    at(Usage::audio_input, &[of_input!("audio_tokens")]),
    at(Usage::audio_output, &[of_output!("audio_tokens")]),
    at(Usage::image_input, &[of_input!("image_tokens")]),
    at(Usage::image_output, &[of_output!("image_tokens")]),
    // Perplexity; gateways to Anthropic; xAI.
    at(
        Usage::web_searches,
        &[
            "num_search_queries",
            "server_tool_use.web_search_requests",
            "server_side_tool_usage_details.web_search_calls",
        ],
    ),
    // Transcriptions by models that are billed by the length of audio, and Mistral.
    seconds(Usage::audio_seconds, &["seconds", "prompt_audio_seconds"]),
];

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
    ("exceeded_current_quota_error", Status::RateLimited),
    ("exceed_context_size_error", Status::ContextOverflow),
    ("batch_expired", Status::Timeout),
    ("batch_cancelled", Status::Cancelled),
];

/// Phrases of messages about an input that is too long. Not every server that implements OpenAI's format sets the code.
pub(super) const TOO_LONG: &[&str] = &[
    "maximum context length",
    "maximum prompt length",
    "maximum model length",
    "exceeds the context window",
    "context window exceeds",
    "context window limit",
    "exceeds the available context size",
    "exceeded model token limit",
    "longer than the model's context length",
    "model's context length is only",
    "greater than the context length",
    "exceeds the context length",
    "exceed context limit",
    "context length exceeded",
    "range of input length should be",
    "prompt exceeds max length",
    "prompt is too long",
    "input is too long",
    "reduce the length of the messages",
    "exceeds the maximum number of tokens",
    "input tokens exceed",
    "`inputs` tokens + `max_new_tokens` must be",
];
