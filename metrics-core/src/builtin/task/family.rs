//! The families of tasks: names, help, labels, bounds.

use super::Shared;
use crate::name::MetricKind;
use crate::sample::FamilyInfo;

/// Seconds: the seed's bounds, and above them what long tasks take.
pub(super) const DURATION: [f64; 10] = [1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];
pub(super) const SEED_DURATION: usize = 8;
pub(super) const STEPS: [f64; 9] = [1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0];
/// Tokens: those of a call, and above them what many calls add up to.
pub(super) const TOKENS: [f64; 12] = [100.0, 500.0, 1e3, 5e3, 1e4, 5e4, 1e5, 2.5e5, 5e5, 1e6, 5e6, 2.5e7];
/// USD.
pub(super) const COST: [f64; 13] =
    [0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 25.0, 100.0];
pub(super) const TOOL_CALLS: [f64; 9] = [0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0];
pub(super) const DISTINCT_TOOLS: [f64; 7] = [0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0];
/// Seconds from a future's making to its first poll: microseconds on a runtime at ease, seconds behind a queue.
pub(super) const QUEUE: [f64; 12] = [0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0];

/// Families by their place in [`Tasks::infos`](super::Tasks).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Tasks,
    Duration,
    Steps,
    Active,
    CompletionRate,
    Tokens,
    Cost,
    ToolCalls,
    DistinctTools,
    WastedCost,
    LateCost,
    OldestInFlight,
    LastSuccess,
    /// Last, since it is there only if it was asked for.
    Queue,
}

impl Family {
    pub(super) const ALL: [Self; 14] = [
        Self::Tasks,
        Self::Duration,
        Self::Steps,
        Self::Active,
        Self::CompletionRate,
        Self::Tokens,
        Self::Cost,
        Self::ToolCalls,
        Self::DistinctTools,
        Self::WastedCost,
        Self::LateCost,
        Self::OldestInFlight,
        Self::LastSuccess,
        Self::Queue,
    ];

    /// Whether its series are those of task types, which the dimensions tell apart.
    pub(super) fn is_by_type(self) -> bool {
        !matches!(self, Self::Active | Self::CompletionRate)
    }

    pub(super) fn info(self, shared: &Shared) -> FamilyInfo {
        let of_type = |kind, name, help| FamilyInfo::new(kind, name, help, &["task_type"]);
        let by_status = &["task_type", "status"];
        match self {
            Self::Tasks => {
                FamilyInfo::new(MetricKind::Counter, "agent_tasks_total", "Tasks that ended.", by_status)
            }
            Self::Duration => {
                let labels: &[_] = if shared.calls.by_status() { by_status } else { &["task_type"] };
                let help = "Time from a task's start to its end.";
                FamilyInfo::new(MetricKind::Histogram, "agent_task_duration_seconds", help, labels)
                    .with_buckets(shared.calls.bounds.values())
            }
            Self::Steps => of_type(MetricKind::Histogram, "agent_steps_per_task", "Steps that a task took.")
                .with_buckets(&STEPS),
            Self::Active => FamilyInfo::new(
                MetricKind::Gauge,
                "agent_active_tasks",
                "Tasks that run now, those inside of other tasks aside.",
                &[],
            ),
            Self::CompletionRate => FamilyInfo::new(
                MetricKind::Gauge,
                "agent_task_completion_rate",
                "Share of the tasks that ended in the rolling window, cancelled ones aside, that succeeded.",
                &["window"],
            ),
            Self::Tokens => FamilyInfo::new(
                MetricKind::Histogram,
                "agent_task_tokens",
                "Tokens that a task used, with the tasks in it.",
                &["task_type", "direction"],
            )
            .with_buckets(&TOKENS),
            Self::Cost => of_type(
                MetricKind::Histogram,
                "agent_task_cost_usd",
                "USD that a task cost, with the tasks in it.",
            )
            .with_buckets(&COST),
            Self::ToolCalls => of_type(
                MetricKind::Histogram,
                "agent_task_tool_calls",
                "Tool calls of a task, with the tasks in it.",
            )
            .with_buckets(&TOOL_CALLS),
            Self::DistinctTools => of_type(
                MetricKind::Histogram,
                "agent_task_distinct_tools",
                "Different tools that a task called, with the tasks in it.",
            )
            .with_buckets(&DISTINCT_TOOLS),
            Self::WastedCost => FamilyInfo::new(
                MetricKind::Counter,
                "agent_task_wasted_cost_usd_total",
                "USD that tasks spent which didn't succeed, without those of the tasks in them.",
                by_status,
            ),
            Self::LateCost => of_type(
                MetricKind::Counter,
                "agent_task_late_cost_usd_total",
                "USD spent for a task after its end.",
            ),
            Self::OldestInFlight => of_type(
                MetricKind::Gauge,
                "agent_task_oldest_in_flight_seconds",
                "How long the oldest task has run that runs now; absent where none does.",
            ),
            Self::LastSuccess => of_type(
                MetricKind::Gauge,
                "agent_task_last_success_timestamp_seconds",
                "When a task last succeeded, in Unix time to a tenth of a second; absent before the first.",
            ),
            Self::Queue => of_type(
                MetricKind::Histogram,
                "agent_task_queue_duration_seconds",
                "Time from the making of a task's future to its first poll.",
            )
            .with_buckets(&QUEUE),
        }
    }
}
