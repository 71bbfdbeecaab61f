//! OpenTelemetry's GenAI conventions: names, units, buckets and attributes match the published tables.

use std::collections::BTreeMap;

use agent_metrics::{
    AgentMetrics, Classify, LabelValue, Profile, Status, StreamExt as _, TokenUsage, Usage, track_llm,
    track_task, track_tool,
};
use agent_metrics_tests::{Samples, samples};
use futures_util::StreamExt as _;

#[derive(Debug, Classify)]
enum ModelError {
    #[classify(rate_limited)]
    Busy,
    Odd,
}

struct Reply(Usage);

impl TokenUsage for Reply {
    fn token_usage(&self) -> Option<Usage> {
        Some(self.0)
    }

    fn served_model(&self) -> Option<&str> {
        Some("gpt-5-2025-08-07")
    }
}

#[track_llm(model = "gpt-5", provider = "openai", metrics = metrics)]
async fn chat(metrics: &AgentMetrics, fails: Option<ModelError>) -> Result<Reply, ModelError> {
    let usage = Usage::new(1000, 80).cache_read(900).cache_write(50).reasoning(30).audio_input(100);
    fails.map_or(Ok(Reply(usage)), Err)
}

#[track_llm(model = "embed-3", provider = "openai", operation = "embeddings", metrics = metrics, usage = |()| Usage::default().input(64))]
async fn embed(metrics: &AgentMetrics) {}

#[track_tool(metrics = metrics)]
async fn search(metrics: &AgentMetrics, fails: bool) -> Result<(), ModelError> {
    if fails { Err(ModelError::Odd) } else { Ok(()) }
}

#[track_task(task_type = "inner", metrics = metrics)]
async fn inner(metrics: &AgentMetrics) {
    let _ = search(metrics, false).await;
}

#[track_task(task_type = "support", metrics = metrics)]
async fn support(metrics: &AgentMetrics) {
    let _ = chat(metrics, None).await;
    let _ = chat(metrics, Some(ModelError::Busy)).await;
    let _ = chat(metrics, Some(ModelError::Odd)).await;
    embed(metrics).await;
    let _ = search(metrics, true).await;
    inner(metrics).await;
}

async fn recorded(profiles: &[Profile]) -> (AgentMetrics, Samples) {
    let mut builder = AgentMetrics::builder();
    for profile in profiles {
        builder = builder.profile(*profile);
    }
    let metrics = builder.build().expect("valid");
    support(&metrics).await;
    let stream = futures_util::stream::iter(["a", "b", "c"]);
    let stream = stream.tracked_llm(&metrics, "by-hand", |part, facts| {
        if *part == "c" {
            facts.set_response(&Usage::new(5, 3));
        }
    });
    assert_eq!(stream.count().await, 3);
    let samples = samples(&metrics);
    (metrics, samples)
}

const D: &[f64] = &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const T: &[f64] = &[
    1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262_144.0, 1_048_576.0, 4_194_304.0,
    16_777_216.0, 67_108_864.0,
];
const A: &[f64] = &[0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6];
const C: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// Family, type, buckets, and the attributes beyond those of every call.
type Table = &'static [(&'static str, &'static str, &'static [f64], &'static [&'static str])];

const COMMON: [&str; 4] =
    ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_response_model"];

const V1_41: Table = &[
    ("gen_ai_client_token_usage", "histogram", T, &["gen_ai_token_type"]),
    ("gen_ai_client_operation_duration_seconds", "histogram", D, &["error_type"]),
    ("gen_ai_client_operation_time_to_first_chunk_seconds", "histogram", D, &[]),
    ("gen_ai_client_operation_time_per_output_chunk_seconds", "histogram", D, &[]),
];

const V0_1: Table = &[
    ("gen_ai_client_inference_duration_seconds", "histogram", D, &["error_type"]),
    ("gen_ai_client_operation_duration_seconds", "histogram", D, &["error_type"]),
    ("gen_ai_client_inference_time_to_first_chunk_seconds", "histogram", D, &[]),
    ("gen_ai_client_inference_time_per_output_chunk_seconds", "histogram", D, &[]),
    ("gen_ai_client_inference_usage_input_tokens_total", "counter", &[], &["gen_ai_token_modality"]),
    ("gen_ai_client_inference_usage_output_tokens_total", "counter", &[], &["gen_ai_token_modality"]),
    (
        "gen_ai_client_inference_usage_cache_read_input_tokens_total",
        "counter",
        &[],
        &["gen_ai_token_modality"],
    ),
    (
        "gen_ai_client_inference_usage_cache_write_input_tokens_total",
        "counter",
        &[],
        &["gen_ai_token_modality"],
    ),
    (
        "gen_ai_client_inference_usage_reasoning_output_tokens_total",
        "counter",
        &[],
        &["gen_ai_token_modality"],
    ),
    ("gen_ai_client_inference_operation_input_tokens", "histogram", T, &["error_type"]),
    ("gen_ai_client_inference_operation_output_tokens", "histogram", T, &["error_type"]),
];

/// Families whose attributes differ from those of every call.
const V0_1_OTHERS: Table = &[
    ("gen_ai_invoke_agent_duration_seconds", "histogram", A, &["gen_ai_agent_name", "error_type"]),
    ("gen_ai_invoke_agent_inference_calls", "histogram", C, &["gen_ai_agent_name"]),
    ("gen_ai_invoke_agent_tool_calls", "histogram", C, &["gen_ai_agent_name"]),
    (
        "gen_ai_execute_tool_duration_seconds",
        "histogram",
        D,
        &["gen_ai_tool_name", "gen_ai_agent_name", "error_type"],
    ),
];

/// The catalogue and the exposition match the tables exactly.
fn check(metrics: &AgentMetrics, samples: &Samples, tables: &[(Table, bool)]) {
    let mut expected = BTreeMap::new();
    for (table, is_common) in tables {
        for (name, kind, buckets, more) in *table {
            let common: &[&str] = if *is_common { &COMMON } else { &[] };
            expected.insert(*name, (*kind, *buckets, [common, more].concat()));
        }
    }
    let known: Vec<_> =
        metrics.families().into_iter().filter(|family| family.name.starts_with("gen_ai_")).collect();
    assert_eq!(known.len(), expected.len(), "{known:?}");
    for family in known {
        let (kind, buckets, labels) = &expected[&*family.name];
        assert_eq!(family.buckets, *buckets, "{}", family.name);
        assert_eq!(family.labels, *labels, "{}", family.name);
        assert_eq!(samples.kind(&family.name), Some(*kind), "{}", family.name);
        let shown = samples.label_names(&family.name);
        assert!(!shown.is_empty(), "{} has no samples", family.name);
        for label in shown.iter().filter(|label| *label != "le") {
            assert!(labels.contains(&label.as_str()), "{} has {label}", family.name);
        }
    }
}

const CHAT: [(&str, &str); 3] = [
    ("gen_ai_operation_name", "chat"),
    ("gen_ai_provider_name", "openai"),
    ("gen_ai_request_model", "gpt-5"),
];

fn of_chat(samples: &Samples, name: &str, more: (&str, &str)) -> f64 {
    let [a, b, c] = CHAT;
    samples.sum(name, &[a, b, c, more])
}

#[tokio::test]
async fn the_names_of_v1_41_are_those_of_its_table() {
    let (metrics, samples) = recorded(&[Profile::OtelGenAi1_41]).await;
    check(&metrics, &samples, &[(V1_41, true)]);
    let served = ("gen_ai_response_model", "gpt-5-2025-08-07");
    assert_eq!(of_chat(&samples, "gen_ai_client_operation_duration_seconds_count", served), 1.0);
    for (error, calls) in [("rate_limited", 1.0), ("_OTHER", 1.0), ("timeout", 0.0)] {
        let failed = ("error_type", error);
        assert_eq!(
            of_chat(&samples, "gen_ai_client_operation_duration_seconds_count", failed),
            calls,
            "{error}"
        );
    }
    for (kind, tokens) in [("input", 1000.0), ("output", 80.0)] {
        assert_eq!(of_chat(&samples, "gen_ai_client_token_usage_sum", ("gen_ai_token_type", kind)), tokens);
    }
    let embeddings = [("gen_ai_operation_name", "embeddings")];
    assert_eq!(samples.sum("gen_ai_client_operation_duration_seconds_count", &embeddings), 1.0);
    assert_eq!(samples.sum("gen_ai_client_token_usage_sum", &embeddings), 64.0);
    let by_hand = [("gen_ai_request_model", "by-hand"), ("gen_ai_provider_name", "_OTHER")];
    assert_eq!(samples.sum("gen_ai_client_operation_time_to_first_chunk_seconds_count", &by_hand), 1.0);
    assert_eq!(samples.sum("gen_ai_client_operation_time_per_output_chunk_seconds_count", &by_hand), 2.0);
}

#[tokio::test]
async fn the_names_of_v0_1_are_those_of_its_table() {
    let (metrics, samples) = recorded(&[Profile::OtelGenAi0_1]).await;
    check(&metrics, &samples, &[(V0_1, true), (V0_1_OTHERS, false)]);
    let tokens = |name: &str, modality| {
        let name = format!("gen_ai_client_inference_usage_{name}_tokens_total");
        of_chat(&samples, &name, ("gen_ai_token_modality", modality))
    };
    assert_eq!(
        [tokens("input", "audio"), tokens("input", "text"), tokens("input", "unknown")],
        [100.0, 900.0, 0.0]
    );
    assert_eq!([tokens("output", "unknown"), tokens("output", "text")], [80.0, 0.0]);
    assert_eq!(
        ["cache_read_input", "cache_write_input", "reasoning_output"].map(|name| tokens(name, "unknown")),
        [900.0, 50.0, 30.0]
    );
    let failed = ("error_type", "rate_limited");
    assert_eq!(of_chat(&samples, "gen_ai_client_inference_duration_seconds_count", failed), 1.0);
    assert_eq!(of_chat(&samples, "gen_ai_client_inference_operation_input_tokens_count", failed), 0.0);
    // A call that is no inference has a duration and no tokens.
    let embeddings = [("gen_ai_operation_name", "embeddings")];
    assert_eq!(samples.sum("gen_ai_client_operation_duration_seconds_count", &embeddings), 1.0);
    assert_eq!(samples.sum("gen_ai_client_operation_duration_seconds_count", &[]), 1.0);
    assert_eq!(samples.sum("gen_ai_client_inference_duration_seconds_count", &embeddings), 0.0);
    // The calls of an agent, without those of nested agents.
    let agent = [("gen_ai_agent_name", "support")];
    assert_eq!(samples.sum("gen_ai_invoke_agent_duration_seconds_count", &agent), 1.0);
    assert_eq!(
        samples.sum("gen_ai_invoke_agent_inference_calls_sum", &agent),
        3.0,
        "an embedding is no inference"
    );
    assert_eq!(samples.sum("gen_ai_invoke_agent_tool_calls_sum", &agent), 1.0);
    let tool = |more| {
        samples.sum("gen_ai_execute_tool_duration_seconds_count", &[("gen_ai_tool_name", "search"), more])
    };
    assert_eq!([tool(("gen_ai_agent_name", "support")), tool(("gen_ai_agent_name", "inner"))], [1.0, 1.0]);
    assert_eq!(tool(("error_type", "_OTHER")), 1.0);
}

/// Exposed families with their names and units in the tables of the conventions.
const OTEL: [(&str, &str, &str); 18] = [
    ("gen_ai_client_token_usage", "gen_ai.client.token.usage", "{token}"),
    ("gen_ai_client_operation_duration_seconds", "gen_ai.client.operation.duration", "s"),
    (
        "gen_ai_client_operation_time_to_first_chunk_seconds",
        "gen_ai.client.operation.time_to_first_chunk",
        "s",
    ),
    (
        "gen_ai_client_operation_time_per_output_chunk_seconds",
        "gen_ai.client.operation.time_per_output_chunk",
        "s",
    ),
    ("gen_ai_client_inference_duration_seconds", "gen_ai.client.inference.duration", "s"),
    (
        "gen_ai_client_inference_time_to_first_chunk_seconds",
        "gen_ai.client.inference.time_to_first_chunk",
        "s",
    ),
    (
        "gen_ai_client_inference_time_per_output_chunk_seconds",
        "gen_ai.client.inference.time_per_output_chunk",
        "s",
    ),
    (
        "gen_ai_client_inference_usage_input_tokens_total",
        "gen_ai.client.inference.usage.input_tokens",
        "{token}",
    ),
    (
        "gen_ai_client_inference_usage_output_tokens_total",
        "gen_ai.client.inference.usage.output_tokens",
        "{token}",
    ),
    (
        "gen_ai_client_inference_usage_cache_read_input_tokens_total",
        "gen_ai.client.inference.usage.cache_read.input_tokens",
        "{token}",
    ),
    (
        "gen_ai_client_inference_usage_cache_write_input_tokens_total",
        "gen_ai.client.inference.usage.cache_write.input_tokens",
        "{token}",
    ),
    (
        "gen_ai_client_inference_usage_reasoning_output_tokens_total",
        "gen_ai.client.inference.usage.reasoning.output_tokens",
        "{token}",
    ),
    (
        "gen_ai_client_inference_operation_input_tokens",
        "gen_ai.client.inference.operation.input_tokens",
        "{token}",
    ),
    (
        "gen_ai_client_inference_operation_output_tokens",
        "gen_ai.client.inference.operation.output_tokens",
        "{token}",
    ),
    ("gen_ai_invoke_agent_duration_seconds", "gen_ai.invoke_agent.duration", "s"),
    ("gen_ai_invoke_agent_inference_calls", "gen_ai.invoke_agent.inference_calls", "{inference_call}"),
    ("gen_ai_invoke_agent_tool_calls", "gen_ai.invoke_agent.tool_calls", "{tool_call}"),
    ("gen_ai_execute_tool_duration_seconds", "gen_ai.execute_tool.duration", "s"),
];

#[test]
fn profile_families_have_the_names_and_units_of_the_conventions() {
    let builder = AgentMetrics::builder().profile(Profile::OtelGenAi1_41).profile(Profile::OtelGenAi0_1);
    let families = builder.build().expect("valid").families();
    let (of_profiles, others): (Vec<_>, Vec<_>) =
        families.iter().partition(|family| family.name.starts_with("gen_ai_"));
    let mut names: Vec<_> = of_profiles
        .iter()
        .map(|family| {
            let otel = family.otel.unwrap_or_else(|| panic!("{}", family.name));
            (&*family.name, otel.name, otel.unit)
        })
        .collect();
    let mut expected = OTEL;
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert!(others.iter().all(|family| family.otel.is_none()));
}

#[tokio::test]
async fn both_profiles_are_exposed_beside_the_built_in_names() {
    let (metrics, samples) = recorded(&[Profile::OtelGenAi1_41, Profile::OtelGenAi0_1]).await;
    check(&metrics, &samples, &[(V1_41, true), (V0_1, true), (V0_1_OTHERS, false)]);
    assert_eq!(samples.sum("agent_llm_calls_total", &[]), 5.0);
    assert_eq!(samples.sum("gen_ai_client_operation_duration_seconds_count", &[]), 5.0, "of all operations");
    assert_eq!(samples.sum("gen_ai_client_inference_duration_seconds_count", &[]), 4.0);
}

#[tokio::test]
async fn profiles_are_opt_in_and_can_replace_the_built_in_names() {
    let (metrics, _) = recorded(&[]).await;
    assert!(!metrics.to_text().contains("gen_ai_"));
    let alone = AgentMetrics::builder()
        .profile(Profile::OtelGenAi0_1)
        .without_builtin_names()
        .build()
        .expect("valid");
    support(&alone).await;
    alone.track_tool("by_hand").finish(Status::Timeout);
    let samples = agent_metrics_tests::samples(&alone);
    for hidden in ["agent_llm_calls_total", "agent_tasks_total", "agent_tool_calls_total"] {
        assert_eq!(samples.kind(hidden), None, "{hidden}");
    }
    let timed_out = [("gen_ai_tool_name", "by_hand"), ("error_type", "timeout")];
    assert_eq!(samples.sum("gen_ai_execute_tool_duration_seconds_count", &timed_out), 1.0);
    let http = alone.families().into_iter().find(|family| family.name == "agent_http_requests_total");
    assert!(http.is_some(), "the conventions have none for these");
}

#[derive(Clone, Copy, LabelValue)]
enum Tier {
    Free,
    Paid,
}

#[track_llm(model = "m", provider = "groq", metrics = metrics, usage = in_body, dimensions(Tier::Free))]
async fn asks_for_free(metrics: &AgentMetrics) {}

const PROVIDER: &str = "groq";

#[track_llm(model = "m", provider = PROVIDER, metrics = metrics, usage = in_body)]
async fn asks(metrics: &AgentMetrics) {}

#[track_task(metrics = metrics, dimensions(Tier::Paid))]
async fn pays(metrics: &AgentMetrics) {
    asks(metrics).await;
    asks_for_free(metrics).await;
    drop(asks(metrics)); // never polled
}

#[tokio::test]
async fn dimensions_apply_while_a_profile_is_exposed() {
    let builder = AgentMetrics::builder().profile(Profile::OtelGenAi0_1).dimension::<Tier>("tier");
    let metrics = builder.build().expect("valid");
    pays(&metrics).await;
    let samples = agent_metrics_tests::samples(&metrics);
    let calls = |tier| samples.sum("agent_llm_calls_total", &[("tier", tier)]);
    assert_eq!([calls("free"), calls("paid"), calls("__none__")], [1.0, 1.0, 0.0]);
    let groq = [("gen_ai_provider_name", "groq")];
    assert_eq!(samples.sum("gen_ai_client_inference_duration_seconds_count", &groq), 2.0);
}

#[track_llm(model = "m", provider = provider, operation = operation, metrics = metrics, usage = |()| Usage::new(1, 1))]
fn configured(metrics: &AgentMetrics, provider: &str, operation: &str) {}

#[test]
fn expressions_give_the_provider_and_the_operation_of_each_call() {
    let builder = AgentMetrics::builder().profile(Profile::OtelGenAi0_1);
    let metrics = builder.build().expect("valid");
    for (provider, operation) in [("openai", "chat"), ("openai", "embeddings"), ("groq", "chat")] {
        configured(&metrics, provider, operation);
    }
    let samples = agent_metrics_tests::samples(&metrics);
    let calls =
        |label, value| samples.sum("gen_ai_client_operation_duration_seconds_count", &[(label, value)]);
    assert_eq!(calls("gen_ai_operation_name", "embeddings"), 1.0);
    let chats = |provider| {
        let labels = [("gen_ai_provider_name", provider)];
        samples.sum("gen_ai_client_inference_duration_seconds_count", &labels)
    };
    assert_eq!((chats("openai"), chats("groq")), (1.0, 1.0));
}

#[tokio::test]
async fn no_two_profile_series_collide_and_none_is_lost() {
    let builder = AgentMetrics::builder().profile(Profile::OtelGenAi0_1).profile(Profile::OtelGenAi1_41);
    let metrics = builder.build().expect("valid");
    let long = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
    for (model, served) in [("m\u{1f}x", ""), ("m", "x"), ("m", "\u{1f}x"), (long, long)] {
        let mut call = metrics.track_llm(model);
        call.facts().set_model(served);
        call.facts().set_provider("aws.bedrock");
        call.usage(&Usage::new(10, 1));
        call.finish(Status::Success);
    }
    for name in ["a\u{1f}b", &"t".repeat(100)] {
        metrics.track_tool(name).finish(Status::Success);
    }
    // The parser refuses duplicate series.
    let samples = agent_metrics_tests::samples(&metrics);
    let bedrock = [("gen_ai_provider_name", "aws.bedrock"), ("gen_ai_operation_name", "chat")];
    assert_eq!(samples.sum("gen_ai_client_inference_duration_seconds_count", &bedrock), 4.0);
    assert_eq!(samples.sum("gen_ai_client_inference_usage_input_tokens_total", &bedrock), 40.0);
    let long = [("gen_ai_request_model", long), ("gen_ai_response_model", long)];
    assert_eq!(samples.sum("gen_ai_client_operation_duration_seconds_count", &long), 1.0);
    assert_eq!(samples.sum("gen_ai_execute_tool_duration_seconds_count", &[]), 2.0);
}

#[test]
fn hiding_the_built_in_names_without_a_profile_is_refused() {
    let refused =
        AgentMetrics::builder().without_builtin_names().build().expect_err("nothing would be exposed");
    assert_eq!(
        refused.to_string(),
        "`without_builtin_names()` needs a `profile(..)`; without one no call is exposed"
    );
}
