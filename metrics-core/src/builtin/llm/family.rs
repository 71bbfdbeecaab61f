//! The families of LLM calls: names, help, labels, bounds.

use super::Shared;
use crate::name::MetricKind;
use crate::sample::{FamilyInfo, Number};

/// Seconds: the seed's bounds, and above them what long generations take.
pub(super) const DURATION: [f64; 11] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0];
pub(super) const SEED_DURATION: usize = 7;
/// Tokens: the seed's bounds, and above them what long contexts hold.
pub(super) const INPUT: [f64; 12] = [
    100.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0, 100_000.0, 200_000.0, 500_000.0,
    1_000_000.0,
];
pub(super) const SEED_INPUT: usize = 8;
pub(super) const OUTPUT: [f64; 13] = [
    50.0, 100.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0, 100_000.0, 200_000.0,
    500_000.0, 1_000_000.0,
];
pub(super) const SEED_OUTPUT: usize = 7;

/// Seconds: the bounds of OpenTelemetry's `gen_ai.server.time_to_first_token`, and above them what long queues take.
pub(super) const FIRST_TOKEN: [f64; 18] =
    [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0];
/// Seconds: the bounds of OpenTelemetry's `gen_ai.server.time_per_output_token`.
pub(super) const PER_OUTPUT_TOKEN: [f64; 13] =
    [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5];

/// Families by their place in [`Llm::infos`].
#[derive(Clone, Copy)]
pub(super) enum Family {
    Calls,
    Duration,
    InputTokens,
    OutputTokens,
    Tokens,
    InProgress,
    Details,
    Unpriced,
    UsageMissing,
    UsageAnomalies,
    Orphans,
    Finish,
    Attempts,
    RetryWait,
    FailedAttemptCost,
    RateLimits,
    ServedModel,
    FirstToken,
    PerOutputToken,
    CacheSavings,
    PriceTable,
    PriceTableTime,
    CostUsd,
    CostCents,
}

impl Family {
    pub(super) const ALL: [Self; 24] = [
        Self::Calls,
        Self::Duration,
        Self::InputTokens,
        Self::OutputTokens,
        Self::Tokens,
        Self::InProgress,
        Self::Details,
        Self::Unpriced,
        Self::UsageMissing,
        Self::UsageAnomalies,
        Self::Orphans,
        Self::Finish,
        Self::Attempts,
        Self::RetryWait,
        Self::FailedAttemptCost,
        Self::RateLimits,
        Self::ServedModel,
        Self::FirstToken,
        Self::PerOutputToken,
        Self::CacheSavings,
        Self::PriceTable,
        Self::PriceTableTime,
        Self::CostUsd,
        Self::CostCents,
    ];

    #[allow(clippy::too_many_lines)] // A table.
    pub(super) fn info(self, shared: &Shared) -> FamilyInfo {
        let of = |kind, name, help, labels: &[&'static str]| FamilyInfo::new(kind, name, help, labels);
        let by_status: &[_] = if shared.calls.by_status() { &["model", "status"] } else { &["model"] };
        match self {
            Self::Calls => of(
                MetricKind::Counter,
                "agent_llm_calls_total",
                "LLM calls that ended.",
                &["model", "status"],
            ),
            Self::Duration => of(
                MetricKind::Histogram,
                "agent_llm_call_duration_seconds",
                "Time from an LLM call's start to its end.",
                by_status,
            )
            .with_buckets(shared.calls.bounds.values()),
            Self::InputTokens => of(
                MetricKind::Histogram,
                "agent_llm_input_tokens",
                "Input tokens of a call, cached ones included.",
                &["model"],
            )
            .with_buckets(shared.input.bounds.values()),
            Self::OutputTokens => of(
                MetricKind::Histogram,
                "agent_llm_output_tokens",
                "Output tokens of a call, reasoning included.",
                &["model"],
            )
            .with_buckets(shared.output.bounds.values()),
            Self::Tokens => of(
                MetricKind::Counter,
                "agent_llm_tokens_total",
                "Tokens used, by direction.",
                &["model", "direction"],
            ),
            Self::InProgress => {
                of(MetricKind::Gauge, "agent_llm_calls_in_progress", "LLM calls that run now.", &["model"])
            }
            Self::Details => of(
                MetricKind::Counter,
                "agent_llm_token_details_total",
                "Parts of the input or output tokens; not to be added to them.",
                &["model", "kind"],
            ),
            Self::Unpriced => of(
                MetricKind::Counter,
                "agent_llm_unpriced_tokens_total",
                "Tokens of models without a price: what they cost is in no cost metric.",
                &["model", "direction"],
            ),
            Self::UsageMissing => of(
                MetricKind::Counter,
                "agent_llm_usage_missing_total",
                "Successful LLM calls that did not tell their usage.",
                &["model"],
            ),
            Self::UsageAnomalies => of(
                MetricKind::Counter,
                "agent_llm_usage_anomalies_total",
                "Usages whose parts exceed their whole, whose total is another, or that no call can have; parts are cut to size.",
                &["model", "kind"],
            ),
            Self::Orphans => of(
                MetricKind::Counter,
                "agent_llm_orphan_calls_total",
                "LLM calls outside of any task: a spawned future without `.in_current_task()`, most often.",
                &["model"],
            ),
            Self::Finish => of(
                MetricKind::Counter,
                "agent_llm_finish_total",
                "Why models stopped, in their providers' words.",
                &["model", "reason"],
            ),
            Self::Attempts => of(
                MetricKind::Counter,
                "agent_llm_attempts_total",
                "Requests that were sent for LLM calls, where they are seen one by one.",
                &["model", "outcome"],
            ),
            Self::RetryWait => of(
                MetricKind::Counter,
                "agent_llm_retry_wait_seconds_total",
                "Time that LLM calls waited before they tried again.",
                &["model"],
            ),
            Self::FailedAttemptCost => of(
                MetricKind::Counter,
                "agent_llm_failed_attempt_cost_usd_total",
                "USD of attempts that failed, a part of agent_cost_usd_total.",
                &["model"],
            ),
            Self::RateLimits => of(
                MetricKind::Gauge,
                "agent_llm_ratelimit_remaining",
                "What is left of a provider's rate limit, as the last response told it.",
                &["model", "kind"],
            ),
            Self::ServedModel => of(
                MetricKind::Counter,
                "agent_llm_served_model_total",
                "Calls that another model answered than the one that was asked.",
                &["model", "served_model"],
            ),
            Self::FirstToken => of(
                MetricKind::Histogram,
                "agent_llm_time_to_first_token_seconds",
                "Time from a streamed call's start to its first item.",
                &["model"],
            )
            .with_buckets(shared.first_token.bounds.values()),
            Self::PerOutputToken => of(
                MetricKind::Histogram,
                "agent_llm_time_per_output_token_seconds",
                "Time of a streamed call behind its first item, by output token.",
                &["model"],
            )
            .with_buckets(shared.per_output_token.bounds.values()),
            Self::CacheSavings => of(
                MetricKind::Counter,
                "agent_llm_cache_savings_usd_total",
                "USD that input read from a cache would have cost on top.",
                &["model"],
            ),
            Self::PriceTable => of(
                MetricKind::Info,
                "agent_llm_price_table_info",
                "Where the prices come from.",
                &["version", "date"],
            ),
            Self::PriceTableTime => of(
                MetricKind::Gauge,
                "agent_llm_price_table_timestamp_seconds",
                "When the prices' day began, in UTC; absent where nobody said which day it is.",
                &[],
            ),
            Self::CostUsd => {
                of(MetricKind::Counter, "agent_cost_usd_total", "USD spent.", &["model", "cost_type"])
            }
            Self::CostCents => of(
                MetricKind::Unknown,
                "agent_cost_total_cents",
                "US cents spent; the older name of agent_cost_usd_total, times 100.",
                &["model", "cost_type"],
            ),
        }
    }
}

impl Family {
    /// Whether its series are those of calls, which the dimensions tell apart.
    pub(super) fn is_by_call(self) -> bool {
        !matches!(self, Self::RateLimits | Self::PriceTable | Self::PriceTableTime)
    }

    pub(super) fn money(self, usd: f64) -> Number {
        Number::Float(if matches!(self, Self::CostCents) { usd * 100.0 } else { usd })
    }
}
