//! Tasks and the tools they call.

use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::monitoring::{Settings, outcomes};

pub(super) fn dashboard(settings: &Settings) -> Dashboard {
    let about = "Tasks: how many, how they end, how long they take and what they use; and their tools.";
    Dashboard::new("agent-tasks", "Agents: tasks and tools", about)
        .row("Tasks", ended(settings))
        .row("Under way", under_way(settings))
        .row("What a task takes", takes())
        .row("Tools", tools(settings))
        .row("Around the tasks", around())
}

fn ended(settings: &Settings) -> [Panel; 6] {
    [
        Panel::lines("Tasks", "Tasks that ended, by type.")
            .shorthand("sum by (task_type) (rate(agent_tasks_total{..task_type}[..])) * 60", "{{task_type}}")
            .unit("count:tasks/min")
            .stacked(),
        Panel::lines("How tasks end", "Tasks that ended, by status.")
            .shorthand("sum by (status) (rate(agent_tasks_total{..task_type}[..])) * 60", "{{status}}")
            .unit("count:tasks/min")
            .stacked(),
        Panel::lines("Completion by type", "Share of tasks that succeed, cancelled ones aside.")
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
        Panel::lines("Duration P50 / P95 / P99", "How long tasks take, however they end.")
            .percentiles("agent_task_duration_seconds", "{..task_type}")
            .unit("s"),
        Panel::lines("Duration P95 by type", "95 % of the tasks of a type end within this.")
            .quantile("0.95", "agent_task_duration_seconds", "{..task_type}", "task_type", "{{task_type}}")
            .unit("s"),
        Panel::lines(
            "Completion in process",
            "The rate that each instance reckons itself, the mean of all; it starts anew with the process.",
        )
        .shorthand("avg by (window) (agent_task_completion_rate{..})", "{{window}}")
        .unit("percentunit")
        .no_value("No task ended")
        .bad_below(settings.thresholds.completion_ratio),
    ]
}

fn under_way(settings: &Settings) -> [Panel; 4] {
    let limits = &settings.thresholds;
    [
        Panel::lines("Active tasks", "Tasks that run now, by instance.")
            .shorthand("sum by (instance) (agent_active_tasks{..})", "{{instance}}")
            .no_value("No agent")
            .bad_above(limits.active_tasks)
            .width(6),
        Panel::lines(
            "Oldest task under way",
            "How long the oldest task has been running: hangs show before they end.",
        )
        .shorthand("max by (task_type) (agent_task_oldest_in_flight_seconds{..task_type})", "{{task_type}}")
        .unit("s")
        .no_value("Nothing runs")
        .bad_above(limits.hung_task_seconds)
        .width(6),
        Panel::lines("Since the last success", "How long ago a task of the type succeeded.")
            .shorthand(
                "time() - max by (task_type) (agent_task_last_success_timestamp_seconds{..task_type})",
                "{{task_type}}",
            )
            .unit("s")
            .no_value("No success yet")
            .bad_above(limits.no_success_seconds)
            .width(6),
        Panel::lines(
            "Time in the queue",
            "95 % of the tasks begin within this after they were made, where that is measured.",
        )
        .quantile("0.95", "agent_task_queue_duration_seconds", "{..task_type}", "task_type", "{{task_type}}")
        .unit("s")
        .no_value("Not measured")
        .width(6),
    ]
}

fn takes() -> [Panel; 6] {
    [
        Panel::lines("Steps", "Steps that tasks took.").percentiles("agent_steps_per_task", "{..task_type}"),
        Panel::lines("Tokens", "Tokens that tasks used on average, by type and direction.")
            .shorthand(
                "sum by (task_type, direction) (rate(agent_task_tokens_sum{..task_type}[..])) \
                 / (sum by (task_type, direction) (rate(agent_task_tokens_count{..task_type}[..])) > 0)",
                "{{task_type}} {{direction}}",
            )
            .unit("count:tok"),
        Panel::lines("Cost P50 / P95 / P99", "USD that tasks cost, with the tasks in them.")
            .percentiles("agent_task_cost_usd", "{..task_type}")
            .unit("currencyUSD"),
        Panel::lines("Tool calls", "Tool calls of tasks.")
            .percentiles("agent_task_tool_calls", "{..task_type}"),
        Panel::lines("Different tools", "How many different tools tasks called.")
            .percentiles("agent_task_distinct_tools", "{..task_type}"),
        Panel::lines("Spent in vain", "USD an hour of tasks that didn't succeed, by type.")
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
        Panel::lines("Tool calls", "Calls that ended, by tool.")
            .shorthand("sum by (tool_name) (rate(agent_tool_calls_total{..}[..])) * 60", "{{tool_name}}")
            .unit("count:calls/min")
            .stacked()
            .width(6),
        Panel::lines("Share that fails", "Failed calls of a tool, cancelled ones aside.")
            .share_by("tool_name", "agent_tool_calls_total", "..", &outcomes::CALLS)
            .unit("percentunit")
            .bad_above(settings.thresholds.tool_error_ratio)
            .width(6),
        Panel::lines("Duration P95 by tool", "95 % of a tool's calls end within this.")
            .quantile("0.95", "agent_tool_call_duration_seconds", "{..}", "tool_name", "{{tool_name}}")
            .unit("s")
            .width(6),
        Panel::lines("Tools at once", "Calls that run now, by tool.")
            .shorthand("sum by (tool_name) (agent_tool_calls_in_progress{..})", "{{tool_name}}")
            .stacked()
            .width(6),
    ]
}

fn around() -> [Panel; 3] {
    [
        Panel::lines("Satisfaction", "The mean of the scores that users gave, 1 to 5.")
            .shorthand(
                "sum(rate(agent_user_satisfaction_score_sum{..}[..])) / (sum(rate(agent_user_satisfaction_score_count{..}[..])) > 0)",
                "score",
            )
            .no_value("No scores"),
        Panel::lines("Found in the cache", "Share of the look-ups in caches that found something.")
            .shorthand(
                "sum(rate(agent_cache_total{.., result=\"hit\"}[..])) / (sum(rate(agent_cache_total{..}[..])) > 0)",
                "hits",
            )
            .unit("percentunit")
            .no_value("No look-ups"),
        Panel::lines("Memory", "Entries in the agents' memories, by type.")
            .shorthand("sum by (memory_type) (agent_memory_entries{..})", "{{memory_type}}")
            .no_value("No memory"),
    ]
}
