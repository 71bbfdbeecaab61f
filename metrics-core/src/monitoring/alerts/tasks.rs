//! Alerts on tasks: failures, hanging tasks, missing traffic.

use super::conditions::{HOUR, MINUTE, increase, percent};
use crate::monitoring::rule::{Alert, Severity};
use crate::monitoring::{Settings, number, outcomes};

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    vec![
        completion_rate(settings),
        active_tasks(settings),
        hung(settings),
        no_success(settings),
        no_traffic(settings),
    ]
}

fn completion_rate(settings: &Settings) -> Alert {
    let (limit, hour) = (settings.thresholds.completion_ratio, settings.time(HOUR));
    let of = |matcher: &str| increase("job", &format!("agent_tasks_total{{{matcher}}}"), &hour);
    let (done, all) = (of(outcomes::SUCCESS), of(outcomes::CALLS.all));
    let query = format!(
        "(\n  {done}\n  /\n  {all}\n) < {}\nand {all} >= {}\nand ({all} - {done}) >= {}",
        number(limit),
        number(settings.thresholds.minimum_calls),
        number(settings.thresholds.minimum_failures)
    );
    Alert::new("AgentLowCompletionRate", Severity::Critical, 15 * MINUTE, query)
        .text(
            "Tasks of {{ $labels.job }} fail",
            format!(
                "Of the tasks of {{{{ $labels.job }}}} that ended in the last hour, {{{{ $value | humanizePercentage }}}} \
                 succeeded; at least {} should.",
                percent(limit)
            ),
        )
        .means(
            "Too few of the tasks that ended in the last hour succeeded, over all replicas and without cancelled tasks. The ratio is \
             computed from counters, so restarts and added replicas don't affect it.",
        )
        .look(&[
            "Tasks by type and status: `sum by (task_type, status) (increase(agent_tasks_total[1h]))`.",
            "`timeout` indicates slow models or tools, `panicked` a bug, `failure` an error of a model, a tool or another dependency.",
            "Failing models (`AgentLlmErrors`, `AgentRateLimited`) or tools (`AgentToolFailures`) at the same time.",
        ])
        .act(&[
            "If one model or tool is the cause, use a fallback or turn it off.",
            "If one task type fails since a deployment, roll back.",
            "If tasks time out, find the slow part before you raise their `timeout`.",
        ])
}

fn active_tasks(settings: &Settings) -> Alert {
    let limit = settings.thresholds.active_tasks;
    let query = format!("sum by (job, instance) (agent_active_tasks) > {}", number(limit));
    Alert::new("AgentHighActiveTasks", Severity::Warning, 5 * MINUTE, query)
        .text(
            "{{ $labels.instance }} runs more tasks than the limit",
            format!(
                "{{{{ $labels.instance }}}} of {{{{ $labels.job }}}} runs {{{{ $value | humanize }}}} tasks at the same time; \
                 the limit is {}.",
                number(limit)
            ),
        )
        .means(
            "One process has more tasks in flight than the limit. Nested tasks don't count. The limit applies to a process, not to \
             the fleet, so it doesn't change when replicas are added.",
        )
        .look(&[
            "All replicas, or an uneven load: `sum by (instance) (agent_active_tasks)`.",
            "More tasks (`rate(agent_tasks_total[5m])`) or longer ones (`job_task_type:agent_task_duration_seconds:p95_5m`).",
            "Tasks that never end: `AgentTaskHung`.",
        ])
        .act(&[
            "More load: add replicas; `job:agent_replicas:needed` has the number.",
            "Longer tasks: find out what they wait for. Often it is a slow or rate-limited model.",
            "Uneven load: check the load balancer. For long tasks use least-connections instead of round-robin.",
        ])
}

fn hung(settings: &Settings) -> Alert {
    let limit = settings.thresholds.hung_task_seconds;
    let query = format!(
        "max by (job, instance, task_type) (agent_task_oldest_in_flight_seconds) > {}",
        number(limit)
    );
    Alert::new("AgentTaskHung", Severity::Warning, 5 * MINUTE, query)
        .text(
            "A {{ $labels.task_type }} task on {{ $labels.instance }} hangs",
            format!(
                "The oldest {{{{ $labels.task_type }}}} task on {{{{ $labels.instance }}}} runs for \
                 {{{{ $value | humanizeDuration }}}}; the limit is {} s.",
                number(limit)
            ),
        )
        .means(
            "A task has been in flight for longer than the limit. Duration histograms don't include it, since they count only tasks \
             that have ended.",
        )
        .look(&[
            "Calls that it waits for: `agent_llm_calls_in_progress` and `agent_tool_calls_in_progress` on that instance.",
            "The number of tasks in flight: `agent_active_tasks`.",
            "The log of the instance at the time when the task started.",
        ])
        .act(&[
            "Restart the instance if nothing else helps. Its tasks then end as `cancelled`.",
            "Set a `timeout` on the function that hangs.",
            "If tasks of this type normally take that long, raise `thresholds.hung_task_seconds`.",
        ])
}

/// Includes instances that have ended: their tasks are in the window, so the time of their last success must be as well.
fn no_success(settings: &Settings) -> Alert {
    let seconds = settings.thresholds.no_success_seconds / f64::from(settings.rehearsal);
    let window = settings.time(settings.thresholds.no_success_seconds as u64);
    let query = format!(
        "{} >= {}\nunless on (job, task_type)\nmax by (job, task_type) (\n  \
         max_over_time(agent_task_last_success_timestamp_seconds[{window}])\n) > time() - {}",
        increase("job, task_type", "agent_tasks_total{status!=\"cancelled\"}", &window),
        number(settings.thresholds.minimum_calls),
        number(seconds)
    );
    Alert::new("AgentNoTaskSuccess", Severity::Critical, 5 * MINUTE, query)
        .text(
            "No {{ $labels.task_type }} task of {{ $labels.job }} succeeds",
            format!(
                "{{{{ $value | humanize }}}} {{{{ $labels.task_type }}}} tasks of {{{{ $labels.job }}}} ended in the last \
                 {window}, and none of them succeeded."
            ),
        )
        .means(
            "Tasks of this type run and end, but none has succeeded for this time. The completion rate over all task types may still \
             look good.",
        )
        .look(&[
            "Tasks by status: `sum by (status) (increase(agent_tasks_total{task_type=\"..\"}[1h]))`.",
            "The time of the last success: `max by (task_type) (agent_task_last_success_timestamp_seconds)`.",
            "The models and tools that only this task type uses.",
        ])
        .act(&[
            "Run such a task by hand and read its error.",
            "Look for an expired key, a retired model, or a tool with a changed interface.",
            "Roll back if the failures began with a deployment.",
        ])
}

/// Uses `unless`, since there is no series for the recent window when the instances have ended.
fn no_traffic(settings: &Settings) -> Alert {
    let (window, usual) = (settings.time(15 * MINUTE), settings.time(6 * HOUR));
    let query = format!(
        "{} >= {}\nunless on (job)\n{} > 0",
        increase("job", "agent_tasks_total", &usual),
        number(settings.thresholds.usual_tasks),
        increase("job", "agent_tasks_total", &window)
    );
    Alert::new("AgentNoTraffic", Severity::Warning, 5 * MINUTE, query)
        .text(
            "{{ $labels.job }} completes no tasks",
            format!(
                "No task of {{{{ $labels.job }}}} has ended for {window}; there were {} or more in the last {usual}.",
                number(settings.thresholds.usual_tasks)
            ),
        )
        .means(
            "Tasks ended in the last hours, but now none ends, in any status. An agent that is usually idle doesn't fire this \
             alert.",
        )
        .look(&[
            "Incoming requests: `sum(rate(agent_http_requests_total[5m]))`.",
            "Tasks that don't end: `agent_active_tasks` above 0, `AgentTaskHung`.",
            "The load balancer, the queue or the cron job in front of the agents.",
        ])
        .act(&[
            "No requests: fix the load balancer, the queue or the cron job in front of the agents.",
            "Requests but no tasks: requests are refused before a task starts. Check their status codes.",
            "If this is normal at night or on holidays, raise `thresholds.usual_tasks`.",
        ])
}
