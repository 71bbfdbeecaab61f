//! The table of the families of LLM calls and costs.

use crate::builtin::declaration::{Buckets, BuiltinFamily, BuiltinLabel, Setting, builtin_families};
use crate::sample::FamilyGroup;
use crate::status::LLM;
use crate::usage::{ANOMALIES, RateLimits};

pub(crate) const MODEL: BuiltinLabel = BuiltinLabel::open("model");
const STATUS: BuiltinLabel = BuiltinLabel::closed("status", LLM.names);
pub(super) const OUTCOME: BuiltinLabel = BuiltinLabel::closed("outcome", LLM.names);
const DIRECTION: BuiltinLabel = BuiltinLabel::closed("direction", &["input", "output"]);
pub(super) const DETAIL_KIND: BuiltinLabel = BuiltinLabel::closed("kind", &DETAIL_KINDS);
pub(super) const ANOMALY_KIND: BuiltinLabel = BuiltinLabel::closed("kind", &ANOMALIES);
pub(super) const MISSING_PART: BuiltinLabel = BuiltinLabel::closed("part", &MISSING_PARTS);
pub(super) const LIMIT_KIND: BuiltinLabel = BuiltinLabel::closed("kind", &RateLimits::KINDS);
pub(crate) const COST_TYPE: BuiltinLabel = BuiltinLabel::closed("cost_type", &["input", "output", "tool"]);
pub(crate) const REASON: BuiltinLabel = BuiltinLabel::open("reason");
pub(crate) const SERVED_MODEL: BuiltinLabel = BuiltinLabel::open("served_model");
pub(crate) const VERSION: BuiltinLabel = BuiltinLabel::open("version");
pub(crate) const DATE: BuiltinLabel = BuiltinLabel::open("date");

/// The parts of a usage that may be unknown while the other is known, and the whole.
pub(super) const MISSING_PARTS: [&str; 3] = ["input", "output", "all"];

/// The parts of a call's tokens that are counted by themselves.
pub(super) const DETAIL_KINDS: [&str; 4] = ["cache_read", "cache_write", "reasoning", "audio"];

/// In seconds: the original bounds, and above them those for long generations.
const DURATION: Buckets =
    Buckets::new(&[0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0]).compact(7);
/// In tokens: the original bounds, and above them those for long contexts.
const INPUT: Buckets = Buckets::new(&[
    100.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0, 100_000.0, 200_000.0, 500_000.0,
    1_000_000.0,
])
.compact(8);
const OUTPUT: Buckets = Buckets::new(&[
    50.0, 100.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0, 100_000.0, 200_000.0,
    500_000.0, 1_000_000.0,
])
.compact(7);
/// In seconds: the bounds of OpenTelemetry's `gen_ai.server.time_to_first_token`, and above them those for long queues.
const FIRST_TOKEN: Buckets = Buckets::new(&[
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0, 60.0,
]);
/// In seconds: the bounds of OpenTelemetry's `gen_ai.server.time_per_output_token`.
const PER_OUTPUT_TOKEN: Buckets =
    Buckets::new(&[0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5]);

builtin_families! {
    /// The families of LLM calls and costs.
    pub(crate) enum LlmFamily in LlmCalls {
        Ended => BuiltinFamily::counter("agent_llm_calls_total", "LLM calls that ended, by status.")
            .labels_and_dimensions(&[MODEL, STATUS]),
        Duration => BuiltinFamily::histogram(
            "agent_llm_call_duration_seconds",
            "Time from an LLM call's start to its end.",
            DURATION,
        )
        .labels_and_dimensions(&[MODEL, STATUS.only_with(Setting::DurationByStatus)]),
        InputTokens => BuiltinFamily::histogram(
            "agent_llm_input_tokens",
            "Input tokens of an LLM call, including cached ones.",
            INPUT,
        )
        .labels_and_dimensions(&[MODEL]),
        OutputTokens => BuiltinFamily::histogram(
            "agent_llm_output_tokens",
            "Output tokens of an LLM call, including reasoning.",
            OUTPUT,
        )
        .labels_and_dimensions(&[MODEL]),
        Tokens => BuiltinFamily::counter("agent_llm_tokens_total", "Tokens used by LLM calls, by direction.")
            .labels_and_dimensions(&[MODEL, DIRECTION]),
        InProgress => BuiltinFamily::gauge("agent_llm_calls_in_progress", "LLM calls in flight.")
            .labels_and_dimensions(&[MODEL]),
        Details => BuiltinFamily::counter(
            "agent_llm_token_details_total",
            "Tokens of LLM calls by kind; they are part of the input and output tokens.",
        )
        .labels_and_dimensions(&[MODEL, DETAIL_KIND]),
        Unpriced => BuiltinFamily::counter(
            "agent_llm_unpriced_tokens_total",
            "Tokens of models without a price, whose cost is in no cost metric.",
        )
        .labels_and_dimensions(&[MODEL, DIRECTION]),
        UsageMissing => BuiltinFamily::counter(
            "agent_llm_usage_missing_total",
            "LLM calls whose usage is unknown, by the part that is missing: input or output alone, or all.",
        )
        .labels_and_dimensions(&[MODEL, MISSING_PART]),
        UsageAnomalies => BuiltinFamily::counter(
            "agent_llm_usage_anomalies_total",
            "Reported usages that were corrected or left out, by kind: inconsistent or impossible ones, and those that a call inside recorded.",
        )
        .labels_and_dimensions(&[MODEL, ANOMALY_KIND]),
        Orphans => BuiltinFamily::counter(
            "agent_llm_orphan_calls_total",
            "LLM calls outside any task, most often in a spawned future without `.in_current_task()`.",
        )
        .labels_and_dimensions(&[MODEL]),
        Finish => BuiltinFamily::counter(
            "agent_llm_finish_total",
            "LLM calls by the finish reason that the provider reported.",
        )
        .labels_and_dimensions(&[MODEL, REASON]),
        Attempts => BuiltinFamily::counter(
            "agent_llm_attempts_total",
            "Requests sent for LLM calls, by outcome, where a client reports each attempt.",
        )
        .labels_and_dimensions(&[MODEL, OUTCOME]),
        RetryWait => BuiltinFamily::counter(
            "agent_llm_retry_wait_seconds_total",
            "Time that LLM calls waited before retries.",
        )
        .labels_and_dimensions(&[MODEL]),
        FailedAttemptCost => BuiltinFamily::counter(
            "agent_llm_failed_attempt_cost_usd_total",
            "Cost of failed attempts in USD, a part of agent_cost_usd_total.",
        )
        .labels_and_dimensions(&[MODEL]),
        RateLimits => BuiltinFamily::gauge(
            "agent_llm_ratelimit_remaining",
            "Remaining amount of a provider's rate limit, as reported by the last response.",
        )
        .labels(&[MODEL, LIMIT_KIND]),
        ServedModel => BuiltinFamily::counter(
            "agent_llm_served_model_total",
            "LLM calls answered by another model than the requested one.",
        )
        .labels_and_dimensions(&[MODEL, SERVED_MODEL]),
        FirstToken => BuiltinFamily::histogram(
            "agent_llm_time_to_first_token_seconds",
            "Time from the start of a streamed LLM call to its first item.",
            FIRST_TOKEN,
        )
        .labels_and_dimensions(&[MODEL]),
        PerOutputToken => BuiltinFamily::histogram(
            "agent_llm_time_per_output_token_seconds",
            "Time per output token of a streamed LLM call, after its first item.",
            PER_OUTPUT_TOKEN,
        )
        .labels_and_dimensions(&[MODEL]),
        CacheSavings => BuiltinFamily::counter(
            "agent_llm_cache_savings_usd_total",
            "USD saved by input tokens read from a cache.",
        )
        .labels_and_dimensions(&[MODEL]),
        PriceTable => BuiltinFamily::info_metric(
            "agent_llm_price_table_info",
            "Version and date of the price table in use.",
        )
        .labels(&[VERSION, DATE]),
        PriceTableTime => BuiltinFamily::gauge(
            "agent_llm_price_table_timestamp_seconds",
            "Unix time of the start of the price table's date in UTC; absent for a table without a date.",
        ),
        CostUsd => BuiltinFamily::counter("agent_cost_usd_total", "Cost of LLM calls and tools in USD.")
            .labels_and_dimensions(&[MODEL, COST_TYPE])
            .in_group(FamilyGroup::Costs),
        OutsideTasks => BuiltinFamily::counter(
            "agent_cost_outside_tasks_usd_total",
            "Cost of LLM calls and tools outside any task in USD, a part of agent_cost_usd_total.",
        )
        .labels_and_dimensions(&[MODEL])
        .in_group(FamilyGroup::Costs),
        CostCents => BuiltinFamily::unknown(
            "agent_cost_total_cents",
            "Cost of LLM calls and tools in US cents; an older name of agent_cost_usd_total.",
        )
        .labels_and_dimensions(&[MODEL, COST_TYPE])
        .in_group(FamilyGroup::Costs)
        .only_with(Setting::Cents),
    }
}
