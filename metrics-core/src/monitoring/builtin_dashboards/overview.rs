//! The first look: what goes on now, the four golden signals, and where tokens and money go.

use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::monitoring::{Settings, Thresholds, outcomes};

pub(super) fn dashboard(settings: &Settings) -> Dashboard {
    let about = "Whether the agents are well: traffic, errors, latency, saturation, tokens and money.";
    let limits = &settings.thresholds;
    Dashboard::new("agent-overview", "Agents: overview", about)
        .row("Now", now(limits))
        .row("Traffic and errors", traffic())
        .row("Latency and saturation", latency(limits))
        .row("Tokens, money and tools", tokens(limits))
}

fn now(limits: &Thresholds) -> [Panel; 6] {
    [
        Panel::stat("Tasks a minute", "Tasks that ended.")
            .shorthand("sum(rate(agent_tasks_total{..}[..])) * 60", "tasks")
            .unit("count:tasks/min"),
        Panel::gauge("Completion", "Share of the last hour's tasks that succeeded, cancelled ones aside.")
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
        Panel::stat("HTTP errors", "Share of requests that were answered with 5xx.")
            .share("agent_http_requests_total", "..", &outcomes::HTTP, "5xx")
            .unit("percentunit")
            .bad_above(limits.http_error_ratio),
        Panel::stat("HTTP latency", "95 % of requests are answered within this.")
            .quantile("0.95", "agent_http_request_duration_seconds", "{..}", "", "p95")
            .unit("s")
            .bad_above(limits.http_latency_seconds),
        Panel::stat("Cost, last hour", "USD spent on models and tools in the last hour.")
            .shorthand("sum(increase(agent_cost_usd_total{..}[1h]))", "USD")
            .unit("currencyUSD")
            .no_value("No call")
            .bad_above(limits.cost_per_hour_usd),
        Panel::stat("Active tasks", "Tasks that run now, in all instances.")
            .shorthand("sum(agent_active_tasks{..})", "tasks")
            .no_value("No agent"),
    ]
}

fn traffic() -> [Panel; 3] {
    [
        Panel::lines("Request rate", "HTTP requests answered, by status code.")
            .shorthand("sum by (status_code) (rate(agent_http_requests_total{..}[..]))", "{{status_code}}")
            .unit("reqps")
            .stacked(),
        Panel::lines("Tasks", "Tasks that ended, by type.")
            .shorthand("sum by (task_type) (rate(agent_tasks_total{..task_type}[..])) * 60", "{{task_type}}")
            .unit("count:tasks/min")
            .stacked(),
        Panel::lines(
            "Failures",
            "Share of what ended that failed, by kind of call; what its caller gave up doesn't count.",
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
        Panel::lines("HTTP latency P50 / P95 / P99", "How long requests take, to the end of the answer.")
            .percentiles("agent_http_request_duration_seconds", "{..}")
            .unit("s")
            .bad_above(limits.http_latency_seconds),
        Panel::lines("Task duration P50 / P95 / P99", "How long tasks take, however they end.")
            .percentiles("agent_task_duration_seconds", "{..task_type}")
            .unit("s"),
        Panel::lines("At once", "What is under way: tasks, calls of models and tools, HTTP requests.")
            .shorthand("sum(agent_active_tasks{..})", "tasks")
            .shorthand("sum(agent_llm_calls_in_progress{..})", "LLM calls")
            .shorthand("sum(agent_tool_calls_in_progress{..})", "tool calls")
            .shorthand("sum(agent_http_requests_in_progress{..})", "HTTP requests")
            .no_value("No agent"),
    ]
}

fn tokens(limits: &Thresholds) -> [Panel; 3] {
    [
        Panel::lines("Tokens a minute", "Tokens used, by direction.")
            .shorthand("sum by (direction) (rate(agent_llm_tokens_total{..model}[..])) * 60", "{{direction}}")
            .unit("count:tok/min")
            .stacked(),
        Panel::lines("Cost an hour", "USD an hour at the present rate, by model; of tools under `none`.")
            .shorthand("sum by (model) (rate(agent_cost_usd_total{..}[..])) * 3600", "{{model}}")
            .unit("currencyUSD")
            .stacked()
            .bad_above(limits.cost_per_hour_usd),
        Panel::pie("Tool calls by tool", "Calls of each tool in the time shown.")
            .shorthand(
                "sum by (tool_name) (increase(agent_tool_calls_total{..}[$__range])) > 0",
                "{{tool_name}}",
            )
            .unit("short"),
    ]
}
