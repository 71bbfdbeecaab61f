//! The families of OpenTelemetry's GenAI conventions: names, help, labels, bounds.
//!
//! Those of v1.41 are in `docs/gen-ai/gen-ai-metrics.md` of open-telemetry/semantic-conventions at that version, those of
//! 0.1.0 in the repository semantic-conventions-genai. Names are as OpenTelemetry's exporter for Prometheus writes them:
//! dots as underscores, `s` as `_seconds`, counters with `_total`, no suffix for `{token}`.

use crate::catalogue::FamilyInfo;
use crate::name::Kind;

/// Which names, units, buckets and attributes of OpenTelemetry's GenAI conventions are exposed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Profile {
    /// The conventions of v1.41, the last before they got a repository of their own: what dashboards query today.
    OtelGenAi1_41,
    /// Their first release of their own, 0.1.0.
    OtelGenAi0_1,
}

/// Seconds, of operations.
pub(super) const DURATION: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
/// Tokens.
pub(super) const TOKENS: [f64; 14] = [
    1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0,
    16_777_216.0, 67_108_864.0,
];
/// Seconds, of agents.
pub(super) const AGENT_DURATION: [f64; 13] =
    [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6];
/// Calls that an agent makes.
pub(super) const CALLS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// The families of both profiles.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Family {
    TokenUsage,
    OperationDuration,
    OperationFirstChunk,
    OperationPerChunk,
    InferenceDuration,
    InferenceFirstChunk,
    InferencePerChunk,
    InputTokens,
    OutputTokens,
    CacheReadTokens,
    CacheWriteTokens,
    ReasoningTokens,
    CallInputTokens,
    CallOutputTokens,
    AgentDuration,
    AgentInferences,
    AgentTools,
    ToolDuration,
}

const V1_41: [Family; 4] =
    [Family::TokenUsage, Family::OperationDuration, Family::OperationFirstChunk, Family::OperationPerChunk];

const V0_1: [Family; 15] = [
    Family::InferenceDuration,
    // Of operations that are no inference, such as embeddings.
    Family::OperationDuration,
    Family::InferenceFirstChunk,
    Family::InferencePerChunk,
    Family::InputTokens,
    Family::OutputTokens,
    Family::CacheReadTokens,
    Family::CacheWriteTokens,
    Family::ReasoningTokens,
    Family::CallInputTokens,
    Family::CallOutputTokens,
    Family::AgentDuration,
    Family::AgentInferences,
    Family::AgentTools,
    Family::ToolDuration,
];

impl Profile {
    pub(super) fn families(self) -> &'static [Family] {
        match self {
            Self::OtelGenAi1_41 => &V1_41,
            Self::OtelGenAi0_1 => &V0_1,
        }
    }
}

/// The attributes of every call of a model.
const COMMON: [&str; 4] =
    ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_response_model"];
pub(super) const ERROR: &str = "error_type";
pub(super) const TOKEN_TYPE: &str = "gen_ai_token_type";
pub(super) const MODALITY: &str = "gen_ai_token_modality";
pub(super) const AGENT: &str = "gen_ai_agent_name";
pub(super) const TOOL: &str = "gen_ai_tool_name";

impl Family {
    #[allow(clippy::too_many_lines)] // A table.
    pub(super) fn info(self) -> FamilyInfo {
        let common = |kind, name, help: &str, more: Option<&'static str>| {
            let labels: Vec<_> = COMMON.into_iter().chain(more).collect();
            FamilyInfo::new(kind, name, help, &labels)
        };
        let seconds = |name, help, more| common(Kind::Histogram, name, help, more).with_buckets(&DURATION);
        let tokens = |name, help, more| common(Kind::Histogram, name, help, more).with_buckets(&TOKENS);
        let counter = |name, help| common(Kind::Counter, name, help, Some(MODALITY));
        let of_agent = |name, help, bounds: &[f64], more: &[&'static str]| {
            FamilyInfo::new(Kind::Histogram, name, help, &[&[AGENT], more].concat()).with_buckets(bounds)
        };
        match self {
            Self::TokenUsage => tokens(
                "gen_ai_client_token_usage",
                "Number of input and output tokens used.",
                Some(TOKEN_TYPE),
            ),
            Self::OperationDuration => {
                seconds("gen_ai_client_operation_duration_seconds", "GenAI operation duration.", Some(ERROR))
            }
            Self::OperationFirstChunk => seconds(
                "gen_ai_client_operation_time_to_first_chunk_seconds",
                "Time to receive the first chunk in response to a request.",
                None,
            ),
            Self::OperationPerChunk => seconds(
                "gen_ai_client_operation_time_per_output_chunk_seconds",
                "Time per output chunk, recorded for each chunk received after the first one.",
                None,
            ),
            Self::InferenceDuration => {
                seconds("gen_ai_client_inference_duration_seconds", "Inference duration.", Some(ERROR))
            }
            Self::InferenceFirstChunk => seconds(
                "gen_ai_client_inference_time_to_first_chunk_seconds",
                "Time to receive the first chunk in response to a request.",
                None,
            ),
            Self::InferencePerChunk => seconds(
                "gen_ai_client_inference_time_per_output_chunk_seconds",
                "Time per output chunk, recorded for each chunk received after the first one.",
                None,
            ),
            Self::InputTokens => counter(
                "gen_ai_client_inference_usage_input_tokens_total",
                "Number of input tokens used, cached ones included.",
            ),
            Self::OutputTokens => counter(
                "gen_ai_client_inference_usage_output_tokens_total",
                "Number of output tokens used, reasoning included.",
            ),
            Self::CacheReadTokens => counter(
                "gen_ai_client_inference_usage_cache_read_input_tokens_total",
                "Input tokens read from a cache, a part of the input tokens.",
            ),
            Self::CacheWriteTokens => counter(
                "gen_ai_client_inference_usage_cache_write_input_tokens_total",
                "Input tokens written to a cache, a part of the input tokens.",
            ),
            Self::ReasoningTokens => counter(
                "gen_ai_client_inference_usage_reasoning_output_tokens_total",
                "Output tokens spent on reasoning, a part of the output tokens.",
            ),
            Self::CallInputTokens => tokens(
                "gen_ai_client_inference_operation_input_tokens",
                "Number of input tokens of one inference.",
                Some(ERROR),
            ),
            Self::CallOutputTokens => tokens(
                "gen_ai_client_inference_operation_output_tokens",
                "Number of output tokens of one inference.",
                Some(ERROR),
            ),
            Self::AgentDuration => of_agent(
                "gen_ai_invoke_agent_duration_seconds",
                "Duration of an invocation of an agent.",
                &AGENT_DURATION,
                &[ERROR],
            ),
            Self::AgentInferences => of_agent(
                "gen_ai_invoke_agent_inference_calls",
                "Inference calls of one invocation of an agent.",
                &CALLS,
                &[],
            ),
            Self::AgentTools => of_agent(
                "gen_ai_invoke_agent_tool_calls",
                "Tool calls of one invocation of an agent.",
                &CALLS,
                &[],
            ),
            Self::ToolDuration => FamilyInfo::new(
                Kind::Histogram,
                "gen_ai_execute_tool_duration_seconds",
                "Duration of a tool's execution.",
                &[TOOL, AGENT, ERROR],
            )
            .with_buckets(&DURATION),
        }
    }
}
