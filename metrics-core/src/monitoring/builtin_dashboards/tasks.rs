//! Tasks and the tools that they call.

use super::breakdowns;
use super::queries::recorded;
use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::monitoring::prometheus::names;
use crate::monitoring::{Settings, outcomes};

pub(super) fn dashboard(settings: &Settings) -> Dashboard {
    let about = "Tasks by type and status, their duration, tokens and cost, and the tools that they call.";
    Dashboard::new("agent-tasks", "Agents: tasks and tools", about)
        .row("Task types", [breakdowns::task_types_in_detail(settings)])
        .row("Tasks", ended(settings))
        .row("Distributions", distributions())
        .row("In flight", in_flight(settings))
        .row("Steps, tokens and cost of a task", resources())
        .row("Tools", [breakdowns::tools(settings).width(24)].into_iter().chain(tools(settings)))
        .row("Users, caches and memory", application())
}

fn ended(settings: &Settings) -> [Panel; 6] {
    [
        Panel::lines("Tasks", "Tasks that ended per minute, by task type.")
            .shorthand("sum by (task_type) (rate(agent_tasks_total{..task_type}[..])) * 60", "{{task_type}}")
            .unit("count:tasks/min")
            .stacked(),
        Panel::lines("Tasks by status", "Tasks that ended per minute, by status.")
            .shorthand("sum by (status) (rate(agent_tasks_total{..task_type}[..])) * 60", "{{status}}")
            .unit("count:tasks/min")
            .stacked(),
        Panel::lines("Completion rate by type", "The share of tasks that succeeded. Cancelled tasks do not count.")
            .shorthand(
                &format!(
                    "sum by (task_type) (rate(agent_tasks_total{{..task_type, {}}}[..])) \
                     / (sum by (task_type) (rate(agent_tasks_total{{..task_type, {}}}[..])) > 0)",
                    outcomes::SUCCESS,
                    outcomes::CALLS.all
                ),
                "{{task_type}}",
            )
            .unit("percentunit")
            .bad_below(settings.thresholds.completion_ratio),
        Panel::lines("Duration P50 / P95 / P99", "The duration of tasks, whatever their status.")
            .percentiles("agent_task_duration_seconds", "{..task_type}")
            .unit("s"),
        Panel::lines("Duration by type", "The chosen percentile of the duration of tasks, by task type.")
            .percentile_by("task_type", "agent_task_duration_seconds", "{..task_type}")
            .unit("s"),
        Panel::lines(
            "Completion rate over an hour, a day and a week",
            "The share of tasks that succeeded, over longer windows and all instances of a job. Cancelled tasks do not count.",
        )
        .query(recorded(names::COMPLETION_1H), "{{job}} 1h")
        .query(recorded(names::COMPLETION_1D), "{{job}} 1d")
        .query(recorded(names::COMPLETION_7D), "{{job}} 7d")
        .unit("percentunit")
        .no_value("No task ended")
        .bad_below(settings.thresholds.completion_ratio),
    ]
}

fn distributions() -> [Panel; 3] {
    [
        Panel::heatmap("Distribution of durations", "The number of tasks by duration.")
            .buckets("agent_task_duration_seconds", "{..task_type}")
            .unit("s"),
        Panel::heatmap(
            "Distribution of tokens",
            "The number of tasks by tokens, input and output separately.",
        )
        .buckets("agent_task_tokens", "{..task_type}")
        .unit("count:tok"),
        Panel::heatmap("Distribution of cost", "The number of tasks by cost in USD.")
            .buckets("agent_task_cost_usd", "{..task_type}")
            .unit("currencyUSD"),
    ]
}

fn in_flight(settings: &Settings) -> [Panel; 4] {
    let limits = &settings.thresholds;
    [
        Panel::lines("Active tasks", "Tasks in flight now, by instance.")
            .shorthand("sum by (instance) (agent_active_tasks{..})", "{{instance}}")
            .no_value("No agent is scraped")
            .bad_above(limits.active_tasks)
            .width(6),
        Panel::lines(
            "Oldest task in flight",
            "The age of the oldest task in flight, by task type. It grows while a task hangs.",
        )
        .shorthand("max by (task_type) (agent_task_oldest_in_flight_seconds{..task_type})", "{{task_type}}")
        .unit("s")
        .no_value("No task in flight")
        .bad_above(limits.hung_task_seconds)
        .width(6),
        Panel::lines("Time since the last success", "The time since a task last succeeded, by task type.")
            .shorthand(
                "time() - max by (task_type) (agent_task_last_success_timestamp_seconds{..task_type})",
                "{{task_type}}",
            )
            .unit("s")
            .no_value("No success yet")
            .bad_above(limits.no_success_seconds)
            .width(6),
        Panel::lines(
            "Queue time",
            "The chosen percentile of the time between the creation and the start of a task. Measured only if the program enables it.",
        )
        .percentile_by("task_type", "agent_task_queue_duration_seconds", "{..task_type}")
        .unit("s")
        .no_value("Not measured")
        .width(6),
    ]
}

fn resources() -> [Panel; 6] {
    [
        Panel::lines("Steps", "The number of steps of a task.")
            .percentiles("agent_steps_per_task", "{..task_type}"),
        Panel::lines("Tokens", "The mean number of tokens that a task used, by task type and direction.")
            .shorthand(
                "sum by (task_type, direction) (rate(agent_task_tokens_sum{..task_type}[..])) \
                 / (sum by (task_type, direction) (rate(agent_task_tokens_count{..task_type}[..])) > 0)",
                "{{task_type}} {{direction}}",
            )
            .unit("count:tok"),
        Panel::lines("Cost P50 / P95 / P99", "The cost of a task in USD, including the tasks inside it.")
            .percentiles("agent_task_cost_usd", "{..task_type}")
            .unit("currencyUSD"),
        Panel::lines("Tool calls per task", "The number of tool calls of a task.")
            .percentiles("agent_task_tool_calls", "{..task_type}"),
        Panel::lines("Distinct tools", "The number of different tools that a task called.")
            .percentiles("agent_task_distinct_tools", "{..task_type}"),
        Panel::lines(
            "Cost of unsuccessful tasks",
            "The cost per hour of tasks that did not succeed, in USD, by task type.",
        )
        .shorthand(
            "sum by (task_type) (rate(agent_task_wasted_cost_usd_total{..task_type}[..])) * 3600",
            "{{task_type}}",
        )
        .unit("currencyUSD")
        .stacked(),
    ]
}

fn tools(settings: &Settings) -> [Panel; 4] {
    [
        Panel::lines("Tool calls", "Tool calls that ended per minute, by tool.")
            .shorthand(
                "sum by (tool_name) (rate(agent_tool_calls_total{..tool_name}[..])) * 60",
                "{{tool_name}}",
            )
            .unit("count:calls/min")
            .stacked()
            .width(6),
        Panel::lines(
            "Failure ratio by tool",
            "The share of a tool's calls that failed. Cancelled calls do not count.",
        )
        .share_by("tool_name", "agent_tool_calls_total", "..tool_name", &outcomes::CALLS)
        .unit("percentunit")
        .bad_above(settings.thresholds.tool_error_ratio)
        .width(6),
        Panel::lines("Duration by tool", "The chosen percentile of the duration of a tool's calls.")
            .percentile_by("tool_name", "agent_tool_call_duration_seconds", "{..tool_name}")
            .unit("s")
            .width(6),
        Panel::lines("Tool calls in flight", "Tool calls in flight now, by tool.")
            .shorthand("sum by (tool_name) (agent_tool_calls_in_progress{..tool_name})", "{{tool_name}}")
            .stacked()
            .width(6),
    ]
}

fn application() -> [Panel; 3] {
    [
        Panel::lines("User satisfaction", "The mean of the scores given by users, from 1 to 5.")
            .shorthand(
                "sum(rate(agent_user_satisfaction_score_sum{..}[..])) / (sum(rate(agent_user_satisfaction_score_count{..}[..])) > 0)",
                "score",
            )
            .no_value("No scores"),
        Panel::lines("Cache hit rate", "The share of cache look-ups that found an entry.")
            .shorthand(
                "sum(rate(agent_cache_total{.., result=\"hit\"}[..])) / (sum(rate(agent_cache_total{..}[..])) > 0)",
                "hits",
            )
            .unit("percentunit")
            .no_value("No look-ups"),
        Panel::lines("Memory entries", "Entries in the memories of the agents, by memory type.")
            .shorthand("sum by (memory_type) (agent_memory_entries{..})", "{{memory_type}}")
            .no_value("No memory entries reported"),
    ]
}
