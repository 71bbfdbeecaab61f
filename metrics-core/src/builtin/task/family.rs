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
        Ended => BuiltinFamily::counter("agent_tasks_total", "Tasks that ended.")
            .labels_and_dimensions(&[TASK_TYPE, STATUS]),
        Duration => BuiltinFamily::histogram(
            "agent_task_duration_seconds",
            "Time from a task's start to its end.",
            DURATION,
        )
        .labels_and_dimensions(&[TASK_TYPE, STATUS.only_with(Setting::DurationByStatus)]),
        Steps => BuiltinFamily::histogram("agent_steps_per_task", "Steps that a task took.", STEPS)
            .labels_and_dimensions(&[TASK_TYPE]),
        Active => BuiltinFamily::gauge(
            "agent_active_tasks",
            "Tasks that run now, those inside of other tasks aside.",
        ),
        CompletionRate => BuiltinFamily::gauge(
            "agent_task_completion_rate",
            "Share of the tasks that ended in the rolling window, cancelled ones aside, that succeeded.",
        )
        .labels(&[WINDOW]),
        Tokens => BuiltinFamily::histogram(
            "agent_task_tokens",
            "Tokens that a task used, with the tasks in it.",
            TOKENS,
        )
        .labels_and_dimensions(&[TASK_TYPE, DIRECTION]),
        Cost => BuiltinFamily::histogram(
            "agent_task_cost_usd",
            "USD that a task cost, with the tasks in it.",
            COST,
        )
        .labels_and_dimensions(&[TASK_TYPE]),
        ToolCalls => BuiltinFamily::histogram(
            "agent_task_tool_calls",
            "Tool calls of a task, with the tasks in it.",
            TOOL_CALLS,
        )
        .labels_and_dimensions(&[TASK_TYPE]),
        DistinctTools => BuiltinFamily::histogram(
            "agent_task_distinct_tools",
            "Different tools that a task called, with the tasks in it.",
            DISTINCT_TOOLS,
        )
        .labels_and_dimensions(&[TASK_TYPE]),
        WastedCost => BuiltinFamily::counter(
            "agent_task_wasted_cost_usd_total",
            "USD that tasks spent which didn't succeed, without those of the tasks in them.",
        )
        .labels_and_dimensions(&[TASK_TYPE, UNSUCCESSFUL_STATUS]),
        LateCost => BuiltinFamily::counter(
            "agent_task_late_cost_usd_total",
            "USD spent for a task after its end.",
        )
        .labels_and_dimensions(&[TASK_TYPE]),
        OldestInFlight => BuiltinFamily::gauge(
            "agent_task_oldest_in_flight_seconds",
            "How long the oldest task has run that runs now; absent where none does.",
        )
        .labels_and_dimensions(&[TASK_TYPE]),
        LastSuccess => BuiltinFamily::gauge(
            "agent_task_last_success_timestamp_seconds",
            "When a task last succeeded, in Unix time to a tenth of a second; absent before the first.",
        )
        .labels_and_dimensions(&[TASK_TYPE]),
        Queue => BuiltinFamily::histogram(
            "agent_task_queue_duration_seconds",
            "Time from the making of a task's future to its first poll.",
            QUEUE,
        )
        .labels_and_dimensions(&[TASK_TYPE])
        .only_with(Setting::TaskQueueDuration),
    }
}
