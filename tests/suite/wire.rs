//! Usage read from providers' JSON, compared with an independent reader.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use agent_metrics::usage::wire::{Facts, WireFormat};
use agent_metrics::{AgentMetrics, Status, Usage, track_llm};
use agent_metrics_tests::{build, samples};
use genai_prices::{ExtractRequest, ProviderUsage, UsageKey};

/// The crate's format name, and the other reader's names of provider and API. It doesn't read Ollama.
const FORMATS: [(&str, &str, &str); 7] = [
    ("anthropic", "anthropic", "default"),
    ("bedrock_converse", "aws", "default"),
    ("cohere_v2", "cohere", "default"),
    ("gemini", "google", "default"),
    ("mistral", "mistral", "default"),
    ("openai_chat", "openai", "chat"),
    ("openai_responses", "openai", "responses"),
];

/// Facts that the other reader ignores: the lifetime of OpenAI's cache writes, images in its prompts and answers, Cohere's
/// cache in one of its two readers, the spellings of DeepSeek and of gateways to Anthropic, and an output that is 0 by
/// Gemini's total or since the response is an embedding.
const ONLY_OURS: [(&str, &str); 9] = [
    ("cohere_v2/cached.json", "cache_read_tokens"),
    ("gemini/blocked.json", "output_tokens"),
    ("gemini/embedding.json", "output_tokens"),
    ("gemini/prompt_blocked.json", "output_tokens"),
    ("openai_chat/audio.json", "input_image_tokens"),
    ("openai_chat/deepseek_cache.json", "cache_read_tokens"),
    ("openai_chat/gateway_cache_creation.json", "cache_write_tokens"),
    ("openai_chat/image_output.json", "output_image_tokens"),
    ("openai_responses/cached.json", "cache_write_1h_tokens"),
];

/// Usages that the other reader reads otherwise: it ignores the sum of the iterations, and the total that tells reasoning
/// and cached tokens beside the counts. These are the bodies of bug reports.
const ONLY_OURS_IS_RIGHT: [&str; 6] = [
    "anthropic/compaction.json",
    "openai_chat/bridge_only_reasoning.json",
    "openai_chat/bridge_without_details.json",
    "openai_chat/gateway_cache_beside.json",
    "openai_chat/xai_reasoning_beside.json",
    "openai_chat/xai_ticks.json",
];

fn by_their_names(usage: Usage) -> [(&'static str, Option<u64>); 10] {
    [
        ("input_tokens", usage.input),
        ("output_tokens", usage.output),
        ("cache_read_tokens", usage.cache_read),
        ("cache_write_tokens", usage.cache_write),
        ("cache_write_1h_tokens", usage.cache_write_long),
        ("output_reasoning_tokens", usage.reasoning),
        ("input_audio_tokens", usage.audio_input),
        ("output_audio_tokens", usage.audio_output),
        ("input_image_tokens", usage.image_input),
        ("output_image_tokens", usage.image_output),
    ]
}

fn whole_bodies(format: &str) -> Vec<PathBuf> {
    let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("../metrics-core/src/usage/wire/golden");
    let entries = fs::read_dir(goldens.join(format)).expect("each format has golden files");
    let paths = entries.map(|entry| entry.expect("readable").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect()
}

fn theirs(body: &[u8], provider: &str, api: &str) -> Option<ProviderUsage> {
    let request = ExtractRequest::new(body).with_provider_id(provider).with_api_flavor(api);
    genai_prices::extract_provider_usage(&request).ok()
}

#[test]
fn an_independent_reader_finds_the_same_usage() {
    let mut compared = 0;
    let (mut only_ours, mut different) = (Vec::new(), BTreeSet::new());
    for (name, provider, api) in FORMATS {
        let format: WireFormat = name.parse().expect("a known format");
        for path in whole_bodies(name) {
            let body = fs::read(&path).expect("readable");
            // Without both totals the other reader finds nothing in most formats.
            let Some(theirs) = theirs(&body, provider, api) else { continue };
            let case = format!("{name}/{}", path.file_name().expect("a file").to_string_lossy());
            let facts = format.facts_of_slice(&body);
            for (key, ours) in by_their_names(facts.usage.expect("they found one")) {
                match theirs.usage.get(UsageKey::from(key)) {
                    Some(theirs) if ours == Some(theirs as u64) => {}
                    Some(_) => {
                        different.insert(case.clone());
                    }
                    None if ours.is_some() => only_ours.push((case.clone(), key)),
                    None => {}
                }
            }
            if let Some(model) = theirs.model_ref {
                assert_eq!(facts.served_model, Some(model), "{case}");
            }
            compared += 1;
        }
    }
    assert_eq!(different.iter().collect::<Vec<_>>(), ONLY_OURS_IS_RIGHT);
    let expected = ONLY_OURS.map(|(case, key)| (case.to_owned(), key));
    only_ours.sort();
    assert_eq!(only_ours, expected);
    assert!(compared >= 7 * 4, "only {compared} bodies were compared");
}

/// Bodies of bug reports and what they cost in USD, by the prices of two public tables or by the provider's own bill.
const BILLS: [(&str, &str, f64); 17] = [
    ("anthropic/batch_tier.json", "claude-opus-5", 0.006_25),
    ("anthropic/compaction.json", "claude-sonnet-5", 0.451),
    ("anthropic/lifetimes.json", "claude-sonnet-5", 0.010_72),
    ("anthropic/us_only.json", "claude-opus-5", 0.024_75),
    ("anthropic/web_search.json", "claude-sonnet-5", 0.046),
    ("bedrock_converse/disjoint.json", "claude-sonnet-5", 0.001_935_8),
    ("cohere_v2/embedding.json", "embed-v4.0", 0.0006),
    ("gemini/grounded.json", "gemini-3.1-pro-preview", 0.0312),
    ("gemini/image_output.json", "gemini-3-pro-image-preview", 0.248_776),
    ("mistral/audio.json", "voxtral-small-latest", 0.240_023),
    ("openai_chat/cached_audio.json", "gpt-realtime", 0.006_336),
    ("openai_chat/embedding.json", "text-embedding-3-small", 0.000_16),
    ("openai_chat/flex.json", "gpt-5.4", 0.0275),
    ("openai_chat/gateway_cache_creation.json", "claude-sonnet-5", 0.0244),
    ("openai_chat/image_output.json", "gemini-3-pro-image-preview", 0.137_12),
    ("openai_chat/openrouter_cost.json", "z-ai/glm-5.3", 0.0123),
    ("openai_chat/xai_reasoning_beside.json", "grok-4.20", 0.020_856_2),
];

#[test]
fn a_call_costs_what_the_provider_bills() {
    let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("../metrics-core/src/usage/wire/golden");
    for (path, model, usd) in BILLS {
        let format: WireFormat = path.split('/').next().expect("a folder").parse().expect("a known format");
        let metrics = build();
        let mut call = metrics.track_llm(model);
        call.usage(&format.facts_of_slice(&fs::read(goldens.join(path)).expect("a golden file")));
        call.finish(Status::Success);
        let found = samples(&metrics).sum("agent_cost_usd_total", &[("model", model)]);
        assert!((found - usd).abs() < 1e-9, "{path}: {found} USD for {usd}");
        assert_eq!(samples(&metrics).sum("agent_llm_usage_missing_total", &[]), 0.0, "{path}");
    }
}

#[track_llm(model = "claude", metrics = metrics)]
async fn answer(metrics: &AgentMetrics, body: &str) -> Facts {
    WireFormat::Anthropic.facts_of_slice(body.as_bytes())
}

#[tokio::test]
async fn a_tracked_call_records_the_facts_it_returns() {
    let metrics = build();
    let facts =
        answer(&metrics, r#"{"stop_reason": "refusal", "usage": {"input_tokens": 7, "output_tokens": 2}}"#)
            .await;
    assert_eq!(facts.finish_reason.as_deref(), Some("refusal"));
    let samples = samples(&metrics);
    assert_eq!(samples.sum("agent_llm_calls_total", &[("status", "content_filtered")]), 1.0);
    assert_eq!(samples.sum("agent_llm_tokens_total", &[]), 9.0);
}
