//! The table of the families of OpenTelemetry's GenAI conventions.
//!
//! The families of v1.41 are in `docs/gen-ai/gen-ai-metrics.md` of open-telemetry/semantic-conventions at that version, the
//! families of 0.1.0 in the repository semantic-conventions-genai. OpenTelemetry's exporter for Prometheus rewrites their
//! names, and so does this table: dots become underscores, the unit `s` becomes `_seconds`, counters end in `_total`, and
//! units in braces such as `{token}` add nothing.

#[cfg(feature = "otlp")]
use std::borrow::Cow;

use super::profile::Profile;
use crate::builtin::declaration::{Buckets, BuiltinFamily, BuiltinLabel, Setting, builtin_families};
use crate::status::LLM;

pub(super) const MODALITIES: [&str; 4] = ["unknown", "text", "image", "audio"];

/// The families of version 1.41 only, of version 0.1.0 only, and of both.
const V1_41: Setting = Setting::Profile(&[Profile::OtelGenAi1_41]);
const V0_1: Setting = Setting::Profile(&[Profile::OtelGenAi0_1]);
const BOTH: Setting = Setting::Profile(&[Profile::OtelGenAi1_41, Profile::OtelGenAi0_1]);

/// The duration of an operation, in seconds.
const DURATION: Buckets =
    Buckets::new(&[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]);
/// In tokens.
const TOKENS: Buckets = Buckets::new(&[
    1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0,
    16_777_216.0, 67_108_864.0,
]);
/// The duration of an agent's invocation, in seconds.
const AGENT_DURATION: Buckets =
    Buckets::new(&[0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6]);
/// The number of calls that an agent makes.
const CALLS: Buckets = Buckets::new(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]);

pub(super) const OPERATION: BuiltinLabel = BuiltinLabel::open("gen_ai_operation_name");
pub(super) const PROVIDER: BuiltinLabel = BuiltinLabel::open("gen_ai_provider_name");
pub(super) const REQUEST_MODEL: BuiltinLabel = BuiltinLabel::open("gen_ai_request_model");
pub(super) const RESPONSE_MODEL: BuiltinLabel = BuiltinLabel::open("gen_ai_response_model");
pub(super) const AGENT: BuiltinLabel = BuiltinLabel::open("gen_ai_agent_name");
pub(super) const TOOL: BuiltinLabel = BuiltinLabel::open("gen_ai_tool_name");
pub(super) const ERROR: BuiltinLabel = BuiltinLabel::closed("error_type", &ERROR_TYPES);
pub(super) const TOKEN_TYPE: BuiltinLabel = BuiltinLabel::closed("gen_ai_token_type", &["input", "output"]);
pub(super) const MODALITY: BuiltinLabel = BuiltinLabel::closed("gen_ai_token_modality", &MODALITIES);

/// The labels of an LLM call.
const CALL: &[BuiltinLabel] = &[OPERATION, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL];
const CALL_AND_ERROR: &[BuiltinLabel] = &[OPERATION, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL, ERROR];
const CALL_AND_TOKEN_TYPE: &[BuiltinLabel] =
    &[OPERATION, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL, TOKEN_TYPE];
const CALL_AND_MODALITY: &[BuiltinLabel] = &[OPERATION, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL, MODALITY];

/// The value of `error.type` for an error without a name.
pub(super) const UNNAMED_ERROR: &str = "_OTHER";

/// The values of `error.type`: the names of unsuccessful statuses, `error` as the conventions write it.
pub(super) const ERROR_TYPES: [&str; LLM.names.len() - 1] = {
    let mut types = [UNNAMED_ERROR; LLM.names.len() - 1];
    let mut at = 1;
    while at < types.len() {
        types[at] = LLM.names[at + 1];
        at += 1;
    }
    types
};

const SECONDS: &str = "s";
const TOKEN: &str = "{token}";

/// The number of bytes that a unit and `suffix` add to a name.
const fn added_len(unit: &str, suffix: &str) -> usize {
    let unit = if matches!(unit.as_bytes(), b"s") { "_seconds" } else { "" };
    unit.len() + suffix.len()
}

/// The name of a family as Prometheus sees it.
const fn exposed_name<const LEN: usize>(name: &str, unit: &str, suffix: &str) -> [u8; LEN] {
    let unit = if matches!(unit.as_bytes(), b"s") { "_seconds" } else { "" };
    let parts = [name.as_bytes(), unit.as_bytes(), suffix.as_bytes()];
    let mut exposed = [0; LEN];
    let (mut len, mut part) = (0, 0);
    while part < parts.len() {
        let mut at = 0;
        while at < parts[part].len() {
            let byte = parts[part][at];
            exposed[len] = if byte == b'.' { b'_' } else { byte };
            len += 1;
            at += 1;
        }
        part += 1;
    }
    exposed
}

macro_rules! exposed_name {
    ($name:literal, $unit:expr, $suffix:literal) => {{
        const BYTES: &[u8] =
            &exposed_name::<{ $name.len() + added_len($unit, $suffix) }>($name, $unit, $suffix);
        match std::str::from_utf8(BYTES) {
            Ok(name) => name,
            Err(_) => panic!("a name is ASCII"),
        }
    }};
}

/// A family by its name and unit in the conventions.
macro_rules! otel {
    (histogram, $name:literal, $unit:expr, $help:literal, $buckets:expr) => {
        BuiltinFamily::histogram(exposed_name!($name, $unit, ""), $help, $buckets).otel($name, $unit)
    };
    (counter, $name:literal, $unit:expr, $help:literal) => {
        BuiltinFamily::counter(exposed_name!($name, $unit, "_total"), $help).otel($name, $unit)
    };
}

builtin_families! {
    /// The families of all profiles.
    pub(crate) enum OtelFamily in OpenTelemetry {
        TokenUsage => otel!(
            histogram,
            "gen_ai.client.token.usage",
            TOKEN,
            "Number of input and output tokens used.",
            TOKENS
        )
        .labels(CALL_AND_TOKEN_TYPE)
        .only_with(V1_41),
        // In version 0.1.0 of operations that are no inference, such as embeddings.
        OperationDuration => otel!(
            histogram,
            "gen_ai.client.operation.duration",
            SECONDS,
            "GenAI operation duration.",
            DURATION
        )
        .labels(CALL_AND_ERROR)
        .only_with(BOTH),
        OperationFirstChunk => otel!(
            histogram,
            "gen_ai.client.operation.time_to_first_chunk",
            SECONDS,
            "Time to receive the first chunk in response to a request.",
            DURATION
        )
        .labels(CALL)
        .only_with(V1_41),
        OperationPerChunk => otel!(
            histogram,
            "gen_ai.client.operation.time_per_output_chunk",
            SECONDS,
            "Time per output chunk, recorded for each chunk received after the first one.",
            DURATION
        )
        .labels(CALL)
        .only_with(V1_41),
        InferenceDuration => otel!(
            histogram,
            "gen_ai.client.inference.duration",
            SECONDS,
            "Inference duration.",
            DURATION
        )
        .labels(CALL_AND_ERROR)
        .only_with(V0_1),
        InferenceFirstChunk => otel!(
            histogram,
            "gen_ai.client.inference.time_to_first_chunk",
            SECONDS,
            "Time to receive the first chunk in response to a request.",
            DURATION
        )
        .labels(CALL)
        .only_with(V0_1),
        InferencePerChunk => otel!(
            histogram,
            "gen_ai.client.inference.time_per_output_chunk",
            SECONDS,
            "Time per output chunk, recorded for each chunk received after the first one.",
            DURATION
        )
        .labels(CALL)
        .only_with(V0_1),
        InputTokens => otel!(
            counter,
            "gen_ai.client.inference.usage.input_tokens",
            TOKEN,
            "Number of input tokens used, cached ones included."
        )
        .labels(CALL_AND_MODALITY)
        .only_with(V0_1),
        OutputTokens => otel!(
            counter,
            "gen_ai.client.inference.usage.output_tokens",
            TOKEN,
            "Number of output tokens used, reasoning included."
        )
        .labels(CALL_AND_MODALITY)
        .only_with(V0_1),
        CacheReadTokens => otel!(
            counter,
            "gen_ai.client.inference.usage.cache_read.input_tokens",
            TOKEN,
            "Input tokens read from a cache, a part of the input tokens."
        )
        .labels(CALL_AND_MODALITY)
        .only_with(V0_1),
        CacheWriteTokens => otel!(
            counter,
            "gen_ai.client.inference.usage.cache_write.input_tokens",
            TOKEN,
            "Input tokens written to a cache, a part of the input tokens."
        )
        .labels(CALL_AND_MODALITY)
        .only_with(V0_1),
        ReasoningTokens => otel!(
            counter,
            "gen_ai.client.inference.usage.reasoning.output_tokens",
            TOKEN,
            "Output tokens spent on reasoning, a part of the output tokens."
        )
        .labels(CALL_AND_MODALITY)
        .only_with(V0_1),
        CallInputTokens => otel!(
            histogram,
            "gen_ai.client.inference.operation.input_tokens",
            TOKEN,
            "Number of input tokens of one inference.",
            TOKENS
        )
        .labels(CALL_AND_ERROR)
        .only_with(V0_1),
        CallOutputTokens => otel!(
            histogram,
            "gen_ai.client.inference.operation.output_tokens",
            TOKEN,
            "Number of output tokens of one inference.",
            TOKENS
        )
        .labels(CALL_AND_ERROR)
        .only_with(V0_1),
        AgentDuration => otel!(
            histogram,
            "gen_ai.invoke_agent.duration",
            SECONDS,
            "Duration of an invocation of an agent.",
            AGENT_DURATION
        )
        .labels(&[AGENT, ERROR])
        .only_with(V0_1),
        AgentInferences => otel!(
            histogram,
            "gen_ai.invoke_agent.inference_calls",
            "{inference_call}",
            "Inference calls of one invocation of an agent.",
            CALLS
        )
        .labels(&[AGENT])
        .only_with(V0_1),
        AgentTools => otel!(
            histogram,
            "gen_ai.invoke_agent.tool_calls",
            "{tool_call}",
            "Tool calls of one invocation of an agent.",
            CALLS
        )
        .labels(&[AGENT])
        .only_with(V0_1),
        ToolDuration => otel!(
            histogram,
            "gen_ai.execute_tool.duration",
            SECONDS,
            "Duration of a tool's execution.",
            DURATION
        )
        .labels(&[TOOL, AGENT, ERROR])
        .only_with(V0_1),
    }
}

/// Returns the attribute's name for a label of these families: `gen_ai.provider.name` for `gen_ai_provider_name`.
///
/// Apart from `gen_ai` itself, no part of an attribute's name has an underscore. Other labels, such as those of a registry,
/// keep their names.
#[cfg(feature = "otlp")]
pub(crate) fn attribute_name(label: &str) -> Cow<'_, str> {
    match label.strip_prefix("gen_ai_") {
        Some(rest) => Cow::Owned(format!("gen_ai.{}", rest.replace('_', "."))),
        None if label == ERROR.name => Cow::Borrowed("error.type"),
        None => Cow::Borrowed(label),
    }
}
