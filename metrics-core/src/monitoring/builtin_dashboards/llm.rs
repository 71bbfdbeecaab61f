//! Models: calls, tokens, and what they cost.

use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::monitoring::{Settings, outcomes};

pub(super) fn dashboard(settings: &Settings) -> Dashboard {
    let about = "Calls of models, the tokens they use, and the money that goes.";
    let dashboard = Dashboard::new("agent-llm", "Agents: models and cost", about);
    let dashboard =
        calls(dashboard, settings).row("Streams and endings", streams()).row("Attempts", attempts());
    money(dashboard.row("Tokens", tokens(settings)), settings).row("What is amiss", amiss())
}

fn calls(dashboard: Dashboard, settings: &Settings) -> Dashboard {
    let limits = &settings.thresholds;
    dashboard.row(
        "Calls",
        [
            Panel::lines("Calls", "Calls that ended, by model.")
                .shorthand("sum by (model) (rate(agent_llm_calls_total{..model}[..])) * 60", "{{model}}")
                .unit("count:calls/min")
                .stacked(),
            Panel::lines("Failures by status", "Calls that didn't succeed, by how they ended.")
                .shorthand(
                    "sum by (status) (rate(agent_llm_calls_total{..model, status!=\"success\"}[..])) * 60",
                    "{{status}}",
                )
                .unit("count:calls/min")
                .stacked(),
            Panel::lines(
                "Share that fails",
                "Failed calls, rate limits and filtered answers aside, and those that were rate limited; cancelled ones don't count.",
            )
            .share("agent_llm_calls_total", "..model", &outcomes::LLM, "failed")
            .share("agent_llm_calls_total", "..model", &outcomes::RATE_LIMITED, "rate limited")
            .unit("percentunit")
            .bad_above(limits.llm_error_ratio),
            Panel::lines("Duration P50 / P95 / P99", "How long calls take, however they end.")
                .percentiles("agent_llm_call_duration_seconds", "{..model}")
                .unit("s")
                .bad_above(limits.llm_latency_seconds),
            Panel::lines("Duration P95 by model", "95 % of a model's calls end within this.")
                .quantile("0.95", "agent_llm_call_duration_seconds", "{..model}", "model", "{{model}}")
                .unit("s")
                .bad_above(limits.llm_latency_seconds),
            Panel::lines("Calls at once", "Calls that run now, by model.")
                .shorthand("sum by (model) (agent_llm_calls_in_progress{..model})", "{{model}}")
                .stacked(),
        ],
    )
}

fn streams() -> [Panel; 3] {
    [
        Panel::lines("Time to the first token", "95 % of streamed calls give their first item within this.")
            .quantile("0.95", "agent_llm_time_to_first_token_seconds", "{..model}", "model", "{{model}}")
            .unit("s")
            .no_value("No streams"),
        Panel::lines(
            "Time per output token",
            "95 % of streamed calls take at most this for a token behind the first.",
        )
        .quantile("0.95", "agent_llm_time_per_output_token_seconds", "{..model}", "model", "{{model}}")
        .unit("s")
        .no_value("No streams"),
        Panel::lines("Why models stopped", "Calls by the reason that the provider gave.")
            .shorthand("sum by (reason) (rate(agent_llm_finish_total{..model}[..])) * 60", "{{reason}}")
            .unit("count:calls/min")
            .no_value("No reasons given")
            .stacked(),
    ]
}

fn attempts() -> [Panel; 4] {
    [
        Panel::lines("Attempts by outcome", "Attempts of calls, where they are seen one by one.")
            .shorthand("sum by (outcome) (rate(agent_llm_attempts_total{..model}[..])) * 60", "{{outcome}}")
            .unit("count:attempts/min")
            .width(6)
            .no_value("No attempts seen")
            .stacked(),
        Panel::lines(
            "Waiting between attempts",
            "Seconds of waiting that a second brings: 1 is one call that always waits.",
        )
        .shorthand("sum by (model) (rate(agent_llm_retry_wait_seconds_total{..model}[..]))", "{{model}}")
        .unit("percentunit")
        .no_value("No attempts seen")
        .width(6),
        Panel::lines(
            "Cost of failed attempts",
            "USD an hour of attempts that came to nothing, where a provider bills them.",
        )
        .shorthand(
            "sum by (model) (rate(agent_llm_failed_attempt_cost_usd_total{..model}[..])) * 3600",
            "{{model}}",
        )
        .unit("currencyUSD")
        .no_value("No attempts seen")
        .stacked()
        .width(6),
        Panel::lines("Left of the rate limit", "What the provider said is left, the least of all instances.")
            .shorthand("min by (model, kind) (agent_llm_ratelimit_remaining{..model})", "{{model}} {{kind}}")
            .no_value("The provider doesn't say")
            .width(6),
    ]
}

fn tokens(settings: &Settings) -> [Panel; 6] {
    [
        Panel::lines("Tokens a minute", "Tokens used, by direction.")
            .shorthand("sum by (direction) (rate(agent_llm_tokens_total{..model}[..])) * 60", "{{direction}}")
            .unit("count:tok/min")
            .stacked(),
        Panel::lines("Tokens a minute by model", "Tokens used, by model.")
            .shorthand("sum by (model) (rate(agent_llm_tokens_total{..model}[..])) * 60", "{{model}}")
            .unit("count:tok/min")
            .stacked(),
        Panel::lines("Tokens in an hour", "Tokens of the hour before, all models.")
            .shorthand("sum(increase(agent_llm_tokens_total{..model}[1h]))", "tokens")
            .unit("count:tok")
            .bad_above(settings.thresholds.tokens_per_hour),
        Panel::lines("Input tokens of a call", "How long prompts are, cached tokens included.")
            .percentiles("agent_llm_input_tokens", "{..model}")
            .unit("count:tok"),
        Panel::lines("Output tokens of a call", "How long answers are, reasoning included.")
            .percentiles("agent_llm_output_tokens", "{..model}")
            .unit("count:tok"),
        Panel::lines(
            "Parts of the tokens",
            "Cached, reasoning and audio tokens: parts of the above, not more of them.",
        )
        .shorthand("sum by (kind) (rate(agent_llm_token_details_total{..model}[..])) * 60", "{{kind}}")
        .unit("count:tok/min"),
    ]
}

fn money(dashboard: Dashboard, settings: &Settings) -> Dashboard {
    let limits = &settings.thresholds;
    dashboard.row(
        "Money",
        [
            Panel::lines("Cost an hour by model", "USD an hour at the present rate; of tools under `none`.")
                .shorthand("sum by (model) (rate(agent_cost_usd_total{..}[..])) * 3600", "{{model}}")
                .unit("currencyUSD")
                .stacked()
                .bad_above(limits.cost_per_hour_usd),
            Panel::lines("Cost an hour by type", "USD an hour at the present rate, for input, output and tools.")
                .shorthand("sum by (cost_type) (rate(agent_cost_usd_total{..}[..])) * 3600", "{{cost_type}}")
                .unit("currencyUSD")
                .stacked(),
            Panel::lines("Cost of a task", "USD that tasks took on average, by type, with the tasks in them.")
                .shorthand(
                    "sum by (task_type) (rate(agent_task_cost_usd_sum{..}[..])) \
                     / (sum by (task_type) (rate(agent_task_cost_usd_count{..}[..])) > 0)",
                    "{{task_type}}",
                )
                .unit("currencyUSD")
                .bad_above(limits.cost_per_task_usd),
            Panel::lines("Spent in vain", "USD an hour of tasks that didn't succeed, by how they ended, and what was spent after a task's end.")
                .shorthand("sum by (status) (rate(agent_task_wasted_cost_usd_total{..}[..])) * 3600", "{{status}}")
                .shorthand("sum(rate(agent_task_late_cost_usd_total{..}[..])) * 3600", "late")
                .unit("currencyUSD")
                .stacked(),
            Panel::lines("Saved by caches", "USD an hour that input read from a cache would have cost on top.")
                .shorthand("sum by (model) (rate(agent_llm_cache_savings_usd_total{..model}[..])) * 3600", "{{model}}")
                .unit("currencyUSD")
                .stacked(),
            Panel::table("Prices", "Which price table is in force.")
                .shorthand("count by (version, date) (agent_llm_price_table_info{..})", "{{version}}")
                .no_value("No agent")
                .width(8),
        ],
    )
}

fn amiss() -> [Panel; 5] {
    [
        Panel::lines("Tokens without a price", "Tokens a minute of models that have no price: what they cost is in no cost metric.")
            .shorthand("sum by (model) (rate(agent_llm_unpriced_tokens_total{..model}[..])) * 60 > 0", "{{model}}")
            .unit("count:tok/min")
            .no_value("None"),
        Panel::lines("Usage that wasn't told", "Successful calls a minute without usage, and usages that no call can have.")
            .shorthand("sum by (model) (rate(agent_llm_usage_missing_total{..model}[..])) * 60", "{{model}}")
            .shorthand("sum by (kind) (rate(agent_llm_usage_anomalies_total{..model}[..])) * 60", "{{kind}}")
            .unit("count:calls/min")
            .no_value("None"),
        Panel::lines("Calls outside of tasks", "Calls a minute that belong to no task: a future spawned without `.in_current_task()`, most often.")
            .shorthand("sum by (model) (rate(agent_llm_orphan_calls_total{..model}[..])) * 60", "{{model}}")
            .unit("count:calls/min")
            .no_value("None"),
        Panel::lines("Answered by another model", "Calls a minute that another model answered than the one that was asked.")
            .shorthand("sum by (model, served_model) (rate(agent_llm_served_model_total{..model}[..])) * 60", "{{model}} by {{served_model}}")
            .unit("count:calls/min")
            .no_value("None"),
        Panel::lines("Past a label's cap", "Values a minute that count under `__other__`, since their label has as many as it may.")
            .shorthand("sum by (family, label) (rate(agent_metrics_label_overflow_total{..}[..])) * 60 > 0", "{{family}} {{label}}")
            .unit("count:values/min")
            .no_value("None"),
    ]
}
