//! The overview: the current state, the four golden signals, tokens and cost.

use super::breakdowns;
use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::monitoring::{Settings, Thresholds, outcomes};

pub(super) fn dashboard(settings: &Settings) -> Dashboard {
    let about = "The health of the agents: traffic, errors, latency, saturation, tokens and cost.";
    let limits = &settings.thresholds;
    Dashboard::new("agent-overview", "Agents: overview", about)
        .row("Current state", now(limits))
        .row("Traffic and errors", traffic())
        .row(
            "Breakdown",
            [
                breakdowns::task_types(settings),
                breakdowns::models(settings),
                breakdowns::tools(settings),
                breakdowns::instances(settings),
            ],
        )
        .row("Latency and saturation", latency(limits))
        .row("Tokens, cost and versions", tokens(limits))
}

fn now(limits: &Thresholds) -> [Panel; 6] {
    [
        Panel::stat("Tasks per minute", "Tasks that ended per minute.")
            .shorthand("sum(rate(agent_tasks_total{..}[..])) * 60", "tasks")
            .unit("count:tasks/min"),
        Panel::gauge("Completion rate", "The share of tasks that succeeded in the last hour. Cancelled tasks do not count.")
            .shorthand(
                &format!(
                    "sum(increase(agent_tasks_total{{.., {}}}[1h])) / (sum(increase(agent_tasks_total{{.., {}}}[1h])) > 0)",
                    outcomes::SUCCESS,
                    outcomes::CALLS.all
                ),
                "completion",
            )
            .no_value("No task ended")
            .bad_below(limits.completion_ratio),
        Panel::stat("HTTP errors", "The share of HTTP requests answered with a 5xx status.")
            .share("agent_http_requests_total", "..", &outcomes::HTTP, "5xx")
            .unit("percentunit")
            .bad_above(limits.http_error_ratio),
        Panel::stat("HTTP latency", "The 95th percentile of the duration of HTTP requests.")
            .quantile("0.95", "agent_http_request_duration_seconds", "{..}", "", "p95")
            .unit("s")
            .bad_above(limits.http_latency_seconds),
        Panel::stat("Cost, last hour", "The cost of LLM calls and tool calls in the last hour, in USD.")
            .shorthand("sum(increase(agent_cost_usd_total{..}[1h]))", "USD")
            .unit("currencyUSD")
            .no_value("No calls")
            .bad_above(limits.cost_per_hour_usd),
        Panel::stat("Active tasks", "Tasks in flight now, over all instances.")
            .shorthand("sum(agent_active_tasks{..})", "tasks")
            .no_value("No agent is scraped"),
    ]
}

fn traffic() -> [Panel; 3] {
    [
        Panel::lines("Request rate", "HTTP requests per second, by status code.")
            .shorthand("sum by (status_code) (rate(agent_http_requests_total{..}[..]))", "{{status_code}}")
            .unit("reqps")
            .stacked(),
        Panel::lines("Tasks", "Tasks that ended per minute, by task type.")
            .shorthand("sum by (task_type) (rate(agent_tasks_total{..task_type}[..])) * 60", "{{task_type}}")
            .unit("count:tasks/min")
            .stacked(),
        Panel::lines(
            "Failure ratio",
            "The share of tasks, LLM calls, tool calls and HTTP requests that failed. Cancelled ones do not count.",
        )
        .share("agent_tasks_total", "..", &outcomes::CALLS, "tasks")
        .share("agent_llm_calls_total", "..", &outcomes::LLM, "LLM calls")
        .share("agent_tool_calls_total", "..", &outcomes::CALLS, "tool calls")
        .share("agent_http_requests_total", "..", &outcomes::HTTP, "HTTP requests")
        .unit("percentunit"),
    ]
}

fn latency(limits: &Thresholds) -> [Panel; 3] {
    [
        Panel::lines(
            "HTTP latency P50 / P95 / P99",
            "The duration of HTTP requests, up to the end of the response body.",
        )
        .percentiles("agent_http_request_duration_seconds", "{..}")
        .unit("s")
        .bad_above(limits.http_latency_seconds),
        Panel::lines("Task duration P50 / P95 / P99", "The duration of tasks, whatever their status.")
            .percentiles("agent_task_duration_seconds", "{..task_type}")
            .unit("s"),
        Panel::lines("In flight", "Tasks, LLM calls, tool calls and HTTP requests in flight now.")
            .shorthand("sum(agent_active_tasks{..})", "tasks")
            .shorthand("sum(agent_llm_calls_in_progress{..})", "LLM calls")
            .shorthand("sum(agent_tool_calls_in_progress{..})", "tool calls")
            .shorthand("sum(agent_http_requests_in_progress{..})", "HTTP requests")
            .no_value("No agent is scraped"),
    ]
}

fn tokens(limits: &Thresholds) -> [Panel; 3] {
    [
        Panel::lines("Tokens per minute", "Tokens used per minute, by direction.")
            .shorthand("sum by (direction) (rate(agent_llm_tokens_total{..model}[..])) * 60", "{{direction}}")
            .unit("count:tok/min")
            .stacked(),
        Panel::lines(
            "Cost per hour",
            "The cost per hour at the current rate, by model. The cost of tools is shown as `none`.",
        )
        .shorthand("sum by (model) (rate(agent_cost_usd_total{..}[..])) * 3600", "{{model}}")
        .unit("currencyUSD")
        .stacked()
        .bad_above(limits.cost_per_hour_usd),
        breakdowns::versions(),
    ]
}
