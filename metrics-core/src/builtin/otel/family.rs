//! The families of OpenTelemetry's GenAI conventions: names, help, labels, bounds.
//!
//! Those of v1.41 are in `docs/gen-ai/gen-ai-metrics.md` of open-telemetry/semantic-conventions at that version, those of
//! 0.1.0 in the repository semantic-conventions-genai. Names are as OpenTelemetry's exporter for Prometheus writes them:
//! dots as underscores, `s` as `_seconds`, counters with `_total`, no suffix for `{token}`.

#[cfg(feature = "otlp")]
use std::borrow::Cow;

use crate::name::MetricKind;
use crate::sample::FamilyInfo;

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
    /// Names and units are the conventions' own: what is exposed is made of them.
    #[allow(clippy::too_many_lines)] // A table.
    pub(super) fn info(self) -> FamilyInfo {
        let family = |kind, name: &'static str, unit: &'static str, help: &str, labels: &[&'static str]| {
            FamilyInfo::new(kind, exposed(kind, name, unit), help, labels).with_otel(name, unit)
        };
        let common = |kind, name, unit, help: &str, more: Option<&'static str>| {
            let labels: Vec<_> = COMMON.into_iter().chain(more).collect();
            family(kind, name, unit, help, &labels)
        };
        let seconds = |name, help: &str, more| {
            common(MetricKind::Histogram, name, SECONDS, help, more).with_buckets(&DURATION)
        };
        let tokens = |name, help: &str, more| {
            common(MetricKind::Histogram, name, "{token}", help, more).with_buckets(&TOKENS)
        };
        let counter = |name, help: &str| common(MetricKind::Counter, name, "{token}", help, Some(MODALITY));
        match self {
            Self::TokenUsage => tokens(
                "gen_ai.client.token.usage",
                "Number of input and output tokens used.",
                Some(TOKEN_TYPE),
            ),
            Self::OperationDuration => {
                seconds("gen_ai.client.operation.duration", "GenAI operation duration.", Some(ERROR))
            }
            Self::OperationFirstChunk => seconds(
                "gen_ai.client.operation.time_to_first_chunk",
                "Time to receive the first chunk in response to a request.",
                None,
            ),
            Self::OperationPerChunk => seconds(
                "gen_ai.client.operation.time_per_output_chunk",
                "Time per output chunk, recorded for each chunk received after the first one.",
                None,
            ),
            Self::InferenceDuration => {
                seconds("gen_ai.client.inference.duration", "Inference duration.", Some(ERROR))
            }
            Self::InferenceFirstChunk => seconds(
                "gen_ai.client.inference.time_to_first_chunk",
                "Time to receive the first chunk in response to a request.",
                None,
            ),
            Self::InferencePerChunk => seconds(
                "gen_ai.client.inference.time_per_output_chunk",
                "Time per output chunk, recorded for each chunk received after the first one.",
                None,
            ),
            Self::InputTokens => counter(
                "gen_ai.client.inference.usage.input_tokens",
                "Number of input tokens used, cached ones included.",
            ),
            Self::OutputTokens => counter(
                "gen_ai.client.inference.usage.output_tokens",
                "Number of output tokens used, reasoning included.",
            ),
            Self::CacheReadTokens => counter(
                "gen_ai.client.inference.usage.cache_read.input_tokens",
                "Input tokens read from a cache, a part of the input tokens.",
            ),
            Self::CacheWriteTokens => counter(
                "gen_ai.client.inference.usage.cache_write.input_tokens",
                "Input tokens written to a cache, a part of the input tokens.",
            ),
            Self::ReasoningTokens => counter(
                "gen_ai.client.inference.usage.reasoning.output_tokens",
                "Output tokens spent on reasoning, a part of the output tokens.",
            ),
            Self::CallInputTokens => tokens(
                "gen_ai.client.inference.operation.input_tokens",
                "Number of input tokens of one inference.",
                Some(ERROR),
            ),
            Self::CallOutputTokens => tokens(
                "gen_ai.client.inference.operation.output_tokens",
                "Number of output tokens of one inference.",
                Some(ERROR),
            ),
            Self::AgentDuration => family(
                MetricKind::Histogram,
                "gen_ai.invoke_agent.duration",
                SECONDS,
                "Duration of an invocation of an agent.",
                &[AGENT, ERROR],
            )
            .with_buckets(&AGENT_DURATION),
            Self::AgentInferences => family(
                MetricKind::Histogram,
                "gen_ai.invoke_agent.inference_calls",
                "{inference_call}",
                "Inference calls of one invocation of an agent.",
                &[AGENT],
            )
            .with_buckets(&CALLS),
            Self::AgentTools => family(
                MetricKind::Histogram,
                "gen_ai.invoke_agent.tool_calls",
                "{tool_call}",
                "Tool calls of one invocation of an agent.",
                &[AGENT],
            )
            .with_buckets(&CALLS),
            Self::ToolDuration => family(
                MetricKind::Histogram,
                "gen_ai.execute_tool.duration",
                SECONDS,
                "Duration of a tool's execution.",
                &[TOOL, AGENT, ERROR],
            )
            .with_buckets(&DURATION),
        }
    }
}

const SECONDS: &str = "s";

/// `gen_ai_client_operation_duration_seconds`
fn exposed(kind: MetricKind, name: &str, unit: &str) -> String {
    let unit = if unit == SECONDS { "_seconds" } else { "" };
    let total = if kind == MetricKind::Counter { "_total" } else { "" };
    format!("{}{unit}{total}", name.replace('.', "_"))
}

/// What the conventions call a label of these families: `gen_ai.provider.name`. Beside that of `gen_ai` none of their attributes'
/// names has an underscore; labels that are none of theirs, such as a registry's, are left as they are.
#[cfg(feature = "otlp")]
pub(crate) fn attribute_name(label: &str) -> Cow<'_, str> {
    match label.strip_prefix("gen_ai_") {
        Some(rest) => Cow::Owned(format!("gen_ai.{}", rest.replace('_', "."))),
        None if label == ERROR => Cow::Borrowed("error.type"),
        None => Cow::Borrowed(label),
    }
}
