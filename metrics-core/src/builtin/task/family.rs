//! The table of the families of tasks.

use crate::builtin::completion::WINDOW_NAMES;
use crate::builtin::declaration::{Buckets, BuiltinFamily, BuiltinLabel, Setting, builtin_families};
use crate::status::TASK;

pub(crate) const TASK_TYPE: BuiltinLabel = BuiltinLabel::open("task_type");
const STATUS: BuiltinLabel = BuiltinLabel::closed("status", TASK.names);
/// A successful task wastes no money.
const UNSUCCESSFUL_STATUS: BuiltinLabel = BuiltinLabel::closed("status", TASK.names.split_at(1).1);
const DIRECTION: BuiltinLabel = BuiltinLabel::closed("direction", &["input", "output"]);
const WINDOW: BuiltinLabel = BuiltinLabel::closed("window", &WINDOW_NAMES);

/// In seconds: the original bounds, and above them those for long tasks.
const DURATION: Buckets =
    Buckets::new(&[1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0]).compact(8);
const STEPS: Buckets = Buckets::new(&[1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0]);
/// In tokens: the bounds for one call, and above them those for the sum of many.
const TOKENS: Buckets = Buckets::new(&[100.0, 500.0, 1e3, 5e3, 1e4, 5e4, 1e5, 2.5e5, 5e5, 1e6, 5e6, 2.5e7]);
/// In USD.
const COST: Buckets =
    Buckets::new(&[0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 25.0, 100.0]);
const TOOL_CALLS: Buckets = Buckets::new(&[0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
const DISTINCT_TOOLS: Buckets = Buckets::new(&[0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0]);
/// In seconds from the creation of a future to its first poll: microseconds on an idle runtime, seconds behind a queue.
const QUEUE: Buckets =
    Buckets::new(&[0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0]);

builtin_families! {
    /// The families of tasks.
    pub(crate) enum TaskFamily in Tasks {
        Ended => BuiltinFamily::counter("agent_tasks_total", "Tasks that ended, by status.")
            .labels_and_dimensions(&[TASK_TYPE, STATUS]),
        Duration => BuiltinFamily::histogram(
            "agent_task_duration_seconds",
            "Time from a task's start to its end.",
            DURATION,
        )
        .labels_and_dimensions(&[TASK_TYPE, STATUS.only_with(Setting::DurationByStatus)]),
        Steps => BuiltinFamily::histogram("agent_steps_per_task", "Steps of a task.", STEPS)
            .labels_and_dimensions(&[TASK_TYPE]),
        Active => BuiltinFamily::gauge(
            "agent_active_tasks",
            "Tasks in flight, not counting tasks inside other tasks.",
        ),
        CompletionRate => BuiltinFamily::gauge(
            "agent_task_completion_rate",
            "Share of successful tasks among those that ended in the rolling window, not counting cancelled ones.",
        )
        .labels(&[WINDOW]),
        Tokens => BuiltinFamily::histogram(
            "agent_task_tokens",
            "Tokens used by a task, including the tasks inside it, by direction.",
            TOKENS,
        )
        .labels_and_dimensions(&[TASK_TYPE, DIRECTION]),
        Cost => BuiltinFamily::histogram(
            "agent_task_cost_usd",
            "Cost of a task in USD, including the tasks inside it.",
            COST,
        )
        .labels_and_dimensions(&[TASK_TYPE]),
        OwnCost => BuiltinFamily::counter(
            "agent_task_own_cost_usd_total",
            "Cost of ended tasks in USD, not counting the tasks inside them.",
        )
        .labels_and_dimensions(&[TASK_TYPE]),
        ToolCalls => BuiltinFamily::histogram(
            "agent_task_tool_calls",
            "Tool calls of a task, including the tasks inside it.",
            TOOL_CALLS,
        )
        .labels_and_dimensions(&[TASK_TYPE]),
        DistinctTools => BuiltinFamily::histogram(
            "agent_task_distinct_tools",
            "Number of different tools that a task called, including the tasks inside it.",
            DISTINCT_TOOLS,
        )
        .labels_and_dimensions(&[TASK_TYPE]),
        WastedCost => BuiltinFamily::counter(
            "agent_task_wasted_cost_usd_total",
            "Cost of unsuccessful tasks in USD, by status, not counting the tasks inside them.",
        )
        .labels_and_dimensions(&[TASK_TYPE, UNSUCCESSFUL_STATUS]),
        LateCost => BuiltinFamily::counter(
            "agent_task_late_cost_usd_total",
            "Cost in USD that was recorded after the end of its task.",
        )
        .labels_and_dimensions(&[TASK_TYPE]),
        OldestInFlight => BuiltinFamily::gauge(
            "agent_task_oldest_in_flight_seconds",
            "Age of the oldest task in flight; absent if there is none.",
        )
        .labels_and_dimensions(&[TASK_TYPE]),
        LastSuccess => BuiltinFamily::gauge(
            "agent_task_last_success_timestamp_seconds",
            "Unix time of the last successful task; absent before the first.",
        )
        .labels_and_dimensions(&[TASK_TYPE]),
        Queue => BuiltinFamily::histogram(
            "agent_task_queue_duration_seconds",
            "Time from the creation of a task's future to its first poll.",
            QUEUE,
        )
        .labels_and_dimensions(&[TASK_TYPE])
        .only_with(Setting::TaskQueueDuration),
    }
}
