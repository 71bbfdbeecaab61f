//! The provider's own bill for a call.

use serde_json::Value;

use super::path::find;
use super::shape::Shape;
use crate::sample::is_valid_amount;

/// The number of xAI's ticks in one USD.
const TICKS: f64 = 1e10;

/// Paths of the amount in the object with the token counts: OpenRouter ("Usage accounting") and gateways that imitate it,
/// Perplexity, whose amount includes its fees for requests, and `DeepInfra`.
const AMOUNTS: &[&str] = &["cost", "cost.total_cost", "estimated_cost"];

/// Paths of the amount in a body: Vercel's AI Gateway.
const OUTSIDE: &[&str] = &[
    "choices[].message|delta.provider_metadata.gateway.cost",
    "provider_metadata|providerMetadata.gateway.cost",
];

/// Returns what the provider charged for a call in USD, if the body reports it.
pub(super) fn cost_usd(shape: &Shape, body: &Value) -> Option<f64> {
    fn amounts(value: &Value, paths: &[&str]) -> Option<f64> {
        paths.iter().find_map(|path| find(value, path, amount))
    }
    let charged = |usage: &Value| {
        let ticks = find(usage, "cost_in_usd_ticks", amount).map(|ticks| ticks / TICKS);
        let charged = ticks.or_else(|| amounts(usage, AMOUNTS));
        // With the customer's own key at the upstream provider, OpenRouter charges its fee and the provider its price.
        let own_key = find(usage, "is_byok", Value::as_bool);
        let is_further = |price: &f64| own_key.unwrap_or(charged != Some(*price));
        let upstream = find(usage, "cost_details.upstream_inference_cost", amount).filter(is_further);
        match (charged, upstream) {
            (Some(fee), Some(price)) => Some(fee + price),
            (charged, upstream) => charged.or(upstream),
        }
    };
    let usages = shape.usage.iter().filter_map(|path| find(body, path, Some));
    let in_usage = usages.into_iter().find_map(charged);
    in_usage.or_else(|| amounts(body, OUTSIDE)).filter(|usd| is_valid_amount(*usd))
}

/// Reads an amount, which some gateways send as text.
fn amount(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    number.filter(|amount| is_valid_amount(*amount))
}
