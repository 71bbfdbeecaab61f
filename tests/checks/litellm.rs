//! The bundled prices agree with a second public table, that of `litellm`, except for the differences listed here.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use agent_metrics::pricing::PriceQuery;
use agent_metrics::usage::ServiceTier;
use agent_metrics::{Price, PriceTable};
use serde_json::Value;

/// An extract of the table, written by `tools/litellm_prices.py`.
const TABLE: &str = include_str!("litellm-prices.json");

/// 23 November 2026, 12:00 UTC: the day of the extract and of the bundled data.
const NOON: u64 = 1_795_435_200;

/// Prices in the extract, with the service tier and the part of the price here.
type Part = fn(&Price) -> f64;
const PARTS: [(&str, ServiceTier, Part); 7] = [
    ("input", ServiceTier::STANDARD, |price| price.rates(0).input),
    ("output", ServiceTier::STANDARD, |price| price.rates(0).output),
    ("cache_read", ServiceTier::STANDARD, |price| price.rates(0).cache_read),
    ("cache_write", ServiceTier::STANDARD, |price| price.rates(0).cache_write),
    ("flex_output", ServiceTier::FLEX, |price| price.rates(0).output),
    ("priority_output", ServiceTier::PRIORITY, |price| price.rates(0).output),
    ("batch_output", ServiceTier::BATCH, |price| price.rates(0).output),
];

/// Differences with their reasons: a model, and for each part the price here and the one there.
const DIFFERENCES: &[(&str, &[&str])] = &[
    (
        "litellm has the price of the peak hours for the whole day, and a price for cache writes, which DeepSeek doesn't report",
        &[
            "deepseek-flash input 0.15 0.3 output 0.6 1.2 cache_read 0.003 0.006 cache_write 0.15 0",
            "deepseek-v4-flash input 0.15 0.3 output 0.6 1.2 cache_read 0.003 0.006 cache_write 0.15 0",
            "deepseek-v4-flash-vision-exp input 0.15 0.3 output 0.6 1.2 cache_read 0.003 0.006 cache_write 0.15 0",
            "deepseek-v4-pro input 0.66 1.32 output 1.98 3.96 cache_read 0.022 0.044 cache_write 0.66 0",
            "deepseek/deepseek-flash input 0.15 0.3 output 0.6 1.2 cache_read 0.003 0.006 cache_write 0.15 0",
        ],
    ),
    (
        "Z.AI doesn't report cache writes",
        &[
            "zai/glm-4.6 cache_write 0.6 0",
            "zai/glm-4.7 cache_write 0.6 0",
            "zai/glm-5 cache_write 1 0",
            "zai/glm-5.1 cache_write 1.4 0",
            "zai/glm-5.2 cache_write 1.4 0",
            "zai/glm-5.3 cache_write 1.4 0",
            "zai/glm-5.3-flash cache_write 0.15 0",
        ],
    ),
    (
        "genai-prices has two later price cuts, of 20 and 29 October 2026",
        &[
            "mistral/mistral-large-4 input 0.7 1.36 output 2.1 4.18 cache_read 0.07 0.14",
            "mistral/mistral-large-4-0 input 0.7 1.36 output 2.1 4.18 cache_read 0.07 0.14",
        ],
    ),
    (
        "retired models, or models whose vendor publishes no price of cached tokens: the higher price of input stays",
        &[
            "gemini/gemini-2.5-pro-preview-tts cache_read 1 0.125",
            "gpt-4o-search-preview cache_read 2.5 1.25 batch_output 10 5",
            "gpt-4o-search-preview-2025-03-11 cache_read 2.5 1.25 batch_output 10 5",
            "mistral/devstral-small-latest cache_read 0.1 0.01",
            "mistral/mistral-tiny cache_read 0.25 0.025",
            "mistral/pixtral-large-latest cache_read 2 0.2",
        ],
    ),
    (
        "litellm has the price of 2024",
        &["mistral/open-mistral-nemo input 0.15 0.3 output 0.15 0.3 cache_read 0.15 0.03"],
    ),
    ("genai-prices has no discount on batches for this model yet", &["xai/grok-4.7 batch_output 6 4.8"]),
    (
        "litellm's price is that of a thousand times as many tokens",
        &["embed-multilingual-light-v3.0 input 0.1 100"],
    ),
    (
        "litellm has the price of cached tokens as that of cache writes, or not half the price for a batch",
        &["ft:gpt-4o-2024-08-06 batch_output 7.5 12.5", "ft:gpt-4o-2024-11-20 cache_write 3.75 1.875"],
    ),
    (
        "the price of Groq's page, rounded by litellm",
        &["groq/openai/gpt-oss-safeguard-20b cache_read 0.0375 0.037"],
    ),
];

/// Models of the extract that have no price here, with the reason. A name that ends with `*` stands for all that begin with it.
const UNPRICED: &[(&str, &[&str])] = &[
    (
        "the same name stands for another price at OpenRouter; with the provider `deepseek` or `minimax` these have a price",
        &[
            "deepseek/deepseek-*",
            "minimax/MiniMax-M2",
            "minimax/MiniMax-M2.1*",
            "minimax/MiniMax-M2.5*",
            "minimax/MiniMax-M3",
        ],
    ),
    ("models of other vendors, or retired ones, at Perplexity's own prices", &["perplexity/*"]),
    (
        "retired, internal or experimental names that genai-prices doesn't have",
        &[
            "cerebras/llama*",
            "claude-mythos-5",
            "claude-mythos-5-1",
            "claude-mythos-preview",
            "daybreak-*",
            "gemini-exp-1206",
            "gemini/deep-research-*",
            "gemini/gemini-2.5-computer-use-preview-10-2025",
            "gemini/gemini-gemma-2-*",
            "gpt-5.5-cyber-preview",
            "gpt-6-astra-law",
            "gpt-daybreak-*",
            "mistral/codestral-mamba-latest",
            "mistral/glm-5-2",
            "mistral/ministral-3-8b-2512",
            "mistral/mistral-code-*",
            "mistral/mistral-small",
            "mistral/mistral-vibe-cli-*",
            "mistral/zai-glm-5",
            "mistral/zai-glm-5-2",
            "voyage/voyage-multimodal-3*",
            "xai/grok-4.20-beta*",
            "xai/grok-4.20-experimental-*",
            "xai/grok-4.20-multi-agent-experimental-*",
            "xai/grok-4.20-non-reasoning-gv2",
            "xai/grok-4.20-reasoning-gv2",
            "xai/grok-build-latest",
            "zai/glm-5-code",
            "zai/glm-5v-turbo",
        ],
    ),
];

#[test]
fn every_difference_from_the_prices_of_litellm_has_a_reason() {
    let table = PriceTable::bundled();
    let theirs: Value = serde_json::from_str(TABLE).expect("the extract is valid JSON");
    let models = theirs["models"].as_object().expect("models");
    let reasons: BTreeMap<_, _> = DIFFERENCES
        .iter()
        .flat_map(|(reason, lines)| lines.iter().map(move |line| (*line, *reason)))
        .collect();
    let (mut alike, mut unpriced, mut found) = (0, Vec::new(), Vec::new());
    for (name, prices) in models {
        let query = PriceQuery::new(name).at(UNIX_EPOCH + Duration::from_secs(NOON));
        if table.find(&query).is_none() {
            unpriced.push(name);
            continue;
        }
        let mut line = name.clone();
        for (part, tier, ours) in PARTS {
            let Some(theirs) = prices[part].as_f64() else { continue };
            let ours = ours(&table.find(&query.tier(tier)).expect("a price in every tier"));
            if (ours - theirs).abs() > 1e-9 * theirs.max(1.0) {
                write!(line, " {part} {ours} {theirs}").expect("a string");
            }
        }
        if line == *name { alike += 1 } else { found.push(line) }
    }
    println!("{alike} models alike, {} different, {} without a price here", found.len(), unpriced.len());
    for (line, reason) in &reasons {
        println!("{line}: {reason}");
    }
    let unexplained: Vec<_> = found.iter().filter(|line| !reasons.contains_key(line.as_str())).collect();
    assert!(unexplained.is_empty(), "differences without a reason: {unexplained:#?}");
    let outdated: Vec<_> = reasons.keys().filter(|line| !found.iter().any(|found| found == *line)).collect();
    assert!(outdated.is_empty(), "these differences no longer exist: {outdated:#?}");

    let listed: Vec<_> = UNPRICED.iter().flat_map(|(_, names)| *names).collect();
    let is_named = |listed: &str, name: &str| match listed.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == listed,
    };
    let missing: Vec<_> =
        unpriced.iter().filter(|name| !listed.iter().any(|listed| is_named(listed, name))).collect();
    assert!(missing.is_empty(), "models without a price and without a reason: {missing:#?}");
    let priced: Vec<_> =
        listed.iter().filter(|listed| !unpriced.iter().any(|name| is_named(listed, name))).collect();
    assert!(priced.is_empty(), "these models have a price now: {priced:#?}");
    assert!(alike > 280);
}
