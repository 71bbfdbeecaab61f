//! Models: LLM calls, tokens and cost.

use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::monitoring::{Settings, outcomes};

pub(super) fn dashboard(settings: &Settings) -> Dashboard {
    let about = "LLM calls: their status, duration, tokens and cost.";
    let dashboard = Dashboard::new("agent-llm", "Agents: models and cost", about);
    let dashboard = calls(dashboard, settings)
        .row("Streaming and finish reasons", streams())
        .row("Attempts and retries", attempts());
    cost(dashboard.row("Tokens", tokens(settings)), settings).row("Data quality", data_quality())
}

fn calls(dashboard: Dashboard, settings: &Settings) -> Dashboard {
    let limits = &settings.thresholds;
    dashboard.row(
        "Calls",
        [
            Panel::lines("Calls", "LLM calls that ended per minute, by model.")
                .shorthand("sum by (model) (rate(agent_llm_calls_total{..model}[..])) * 60", "{{model}}")
                .unit("count:calls/min")
                .stacked(),
            Panel::lines("Failures by status", "LLM calls per minute that did not succeed, by status.")
                .shorthand(
                    "sum by (status) (rate(agent_llm_calls_total{..model, status!=\"success\"}[..])) * 60",
                    "{{status}}",
                )
                .unit("count:calls/min")
                .stacked(),
            Panel::lines(
                "Failure ratio",
                "The share of LLM calls that failed, without rate-limited and filtered ones, and the share that was rate limited. Cancelled calls do not count.",
            )
            .share("agent_llm_calls_total", "..model", &outcomes::LLM, "failed")
            .share("agent_llm_calls_total", "..model", &outcomes::RATE_LIMITED, "rate limited")
            .unit("percentunit")
            .bad_above(limits.llm_error_ratio),
            Panel::lines("Duration P50 / P95 / P99", "The duration of LLM calls, whatever their status.")
                .percentiles("agent_llm_call_duration_seconds", "{..model}")
                .unit("s")
                .bad_above(limits.llm_latency_seconds),
            Panel::lines("Duration P95 by model", "The 95th percentile of the duration of a model's calls.")
                .quantile("0.95", "agent_llm_call_duration_seconds", "{..model}", "model", "{{model}}")
                .unit("s")
                .bad_above(limits.llm_latency_seconds),
            Panel::lines("Calls in flight", "LLM calls in flight now, by model.")
                .shorthand("sum by (model) (agent_llm_calls_in_progress{..model})", "{{model}}")
                .stacked(),
        ],
    )
}

fn streams() -> [Panel; 3] {
    [
        Panel::lines(
            "Time to first token P95",
            "The 95th percentile of the time until a streamed call yields its first item, by model.",
        )
        .quantile("0.95", "agent_llm_time_to_first_token_seconds", "{..model}", "model", "{{model}}")
        .unit("s")
        .no_value("No streamed calls"),
        Panel::lines(
            "Time per output token P95",
            "The 95th percentile of the time per output token after the first, in streamed calls, by model.",
        )
        .quantile("0.95", "agent_llm_time_per_output_token_seconds", "{..model}", "model", "{{model}}")
        .unit("s")
        .no_value("No streamed calls"),
        Panel::lines(
            "Finish reasons",
            "LLM calls per minute, by the finish reason that the provider reported.",
        )
        .shorthand("sum by (reason) (rate(agent_llm_finish_total{..model}[..])) * 60", "{{reason}}")
        .unit("count:calls/min")
        .no_value("No finish reasons reported")
        .stacked(),
    ]
}

fn attempts() -> [Panel; 4] {
    [
        Panel::lines("Attempts by outcome", "Attempts per minute, by outcome. Only reported if the program's HTTP client records attempts.")
            .shorthand("sum by (outcome) (rate(agent_llm_attempts_total{..model}[..])) * 60", "{{outcome}}")
            .unit("count:attempts/min")
            .width(6)
            .no_value("No attempts recorded")
            .stacked(),
        Panel::lines(
            "Retry wait",
            "Time spent waiting between attempts per second, by model. 100 % corresponds to one call that waits all the time.",
        )
        .shorthand("sum by (model) (rate(agent_llm_retry_wait_seconds_total{..model}[..]))", "{{model}}")
        .unit("percentunit")
        .no_value("No attempts recorded")
        .width(6),
        Panel::lines(
            "Cost of failed attempts",
            "The cost per hour of failed attempts that the provider bills, in USD, by model.",
        )
        .shorthand(
            "sum by (model) (rate(agent_llm_failed_attempt_cost_usd_total{..model}[..])) * 3600",
            "{{model}}",
        )
        .unit("currencyUSD")
        .no_value("No attempts recorded")
        .stacked()
        .width(6),
        Panel::lines("Rate limit remaining", "The remaining requests or tokens that the provider reported, as the minimum over all instances.")
            .shorthand("min by (model, kind) (agent_llm_ratelimit_remaining{..model})", "{{model}} {{kind}}")
            .no_value("Not reported by the provider")
            .width(6),
    ]
}

fn tokens(settings: &Settings) -> [Panel; 6] {
    [
        Panel::lines("Tokens per minute", "Tokens used per minute, by direction.")
            .shorthand("sum by (direction) (rate(agent_llm_tokens_total{..model}[..])) * 60", "{{direction}}")
            .unit("count:tok/min")
            .stacked(),
        Panel::lines("Tokens per minute by model", "Tokens used per minute, by model.")
            .shorthand("sum by (model) (rate(agent_llm_tokens_total{..model}[..])) * 60", "{{model}}")
            .unit("count:tok/min")
            .stacked(),
        Panel::lines("Tokens, last hour", "Tokens used in the last hour by the chosen models.")
            .shorthand("sum(increase(agent_llm_tokens_total{..model}[1h]))", "tokens")
            .unit("count:tok")
            .bad_above(settings.thresholds.tokens_per_hour),
        Panel::lines("Input tokens per call", "The number of input tokens of an LLM call, including cached tokens.")
            .percentiles("agent_llm_input_tokens", "{..model}")
            .unit("count:tok"),
        Panel::lines("Output tokens per call", "The number of output tokens of an LLM call, including reasoning tokens.")
            .percentiles("agent_llm_output_tokens", "{..model}")
            .unit("count:tok"),
        Panel::lines(
            "Token details",
            "Cached, reasoning and audio tokens per minute. They are included in the input and output tokens.",
        )
        .shorthand("sum by (kind) (rate(agent_llm_token_details_total{..model}[..])) * 60", "{{kind}}")
        .unit("count:tok/min"),
    ]
}

fn cost(dashboard: Dashboard, settings: &Settings) -> Dashboard {
    let limits = &settings.thresholds;
    dashboard.row(
        "Cost",
        [
            Panel::lines("Cost per hour by model", "The cost per hour at the current rate, in USD, by model. The cost of tools is shown as `none`.")
                .shorthand("sum by (model) (rate(agent_cost_usd_total{..}[..])) * 3600", "{{model}}")
                .unit("currencyUSD")
                .stacked()
                .bad_above(limits.cost_per_hour_usd),
            Panel::lines("Cost per hour by type", "The cost per hour at the current rate, in USD, of input, output and tools.")
                .shorthand("sum by (cost_type) (rate(agent_cost_usd_total{..}[..])) * 3600", "{{cost_type}}")
                .unit("currencyUSD")
                .stacked(),
            Panel::lines("Cost per task", "The mean cost of a task in USD, including the tasks inside it, by task type.")
                .shorthand(
                    "sum by (task_type) (rate(agent_task_cost_usd_sum{..}[..])) \
                     / (sum by (task_type) (rate(agent_task_cost_usd_count{..}[..])) > 0)",
                    "{{task_type}}",
                )
                .unit("currencyUSD")
                .bad_above(limits.cost_per_task_usd),
            Panel::lines("Cost of unsuccessful tasks", "The cost per hour of tasks that did not succeed, in USD, by status, and the cost recorded after the end of a task (`late`).")
                .shorthand("sum by (status) (rate(agent_task_wasted_cost_usd_total{..}[..])) * 3600", "{{status}}")
                .shorthand("sum(rate(agent_task_late_cost_usd_total{..}[..])) * 3600", "late")
                .unit("currencyUSD")
                .stacked(),
            Panel::lines("Cache savings", "The additional cost per hour, in USD, that cached input tokens would have had at the full price.")
                .shorthand("sum by (model) (rate(agent_llm_cache_savings_usd_total{..model}[..])) * 3600", "{{model}}")
                .unit("currencyUSD")
                .stacked(),
            Panel::table("Price table", "The version and date of the price table in use.")
                .shorthand("count by (version, date) (agent_llm_price_table_info{..})", "{{version}}")
                .no_value("No agent is scraped")
                .width(8),
        ],
    )
}

fn data_quality() -> [Panel; 5] {
    [
        Panel::lines("Tokens without a price", "Tokens per minute of models without a price. Their cost is missing from all cost metrics.")
            .shorthand("sum by (model) (rate(agent_llm_unpriced_tokens_total{..model}[..])) * 60 > 0", "{{model}}")
            .unit("count:tok/min")
            .no_value("None"),
        Panel::lines("Missing or invalid usage", "LLM calls per minute without reported usage or with only a part of it, and calls whose reported usage is contradictory.")
            .shorthand("sum by (model, part) (rate(agent_llm_usage_missing_total{..model}[..])) * 60", "{{model}} {{part}}")
            .shorthand("sum by (kind) (rate(agent_llm_usage_anomalies_total{..model}[..])) * 60", "{{kind}}")
            .unit("count:calls/min")
            .no_value("None"),
        Panel::lines("Calls outside tasks", "LLM calls per minute outside any task. The usual cause is a future that is spawned without `.in_current_task()`.")
            .shorthand("sum by (model) (rate(agent_llm_orphan_calls_total{..model}[..])) * 60", "{{model}}")
            .unit("count:calls/min")
            .no_value("None"),
        Panel::lines("Served by another model", "LLM calls per minute for which the served model differs from the requested model.")
            .shorthand("sum by (model, served_model) (rate(agent_llm_served_model_total{..model}[..])) * 60", "{{model}} by {{served_model}}")
            .unit("count:calls/min")
            .no_value("None"),
        Panel::lines("Label overflow", "Label values per minute that are counted under `__other__` because their label has reached its cap.")
            .shorthand("sum by (family, label) (rate(agent_metrics_label_overflow_total{..}[..])) * 60 > 0", "{{family}} {{label}}")
            .unit("count:values/min")
            .no_value("None"),
    ]
}
