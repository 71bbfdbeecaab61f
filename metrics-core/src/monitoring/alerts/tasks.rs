//! Alerts on tasks: failures, hanging tasks, missing traffic.

use super::conditions::{
    Contributors, DAY, HOUR, MINUTE, grown_by, increase, indented, percent, share_above, words,
};
use crate::monitoring::rule::Alert;
use crate::monitoring::severity::Severity;
use crate::monitoring::{Settings, number, outcomes};

const TASKS: &str = "agent_tasks_total";

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    vec![
        completion_rate(settings),
        task_type(settings),
        active_tasks(settings),
        hung(settings),
        no_success(settings),
        no_traffic(settings),
    ]
}

fn completion_rate(settings: &Settings) -> Alert {
    const NAME: &str = "AgentLowCompletionRate";
    let limit = settings.thresholds.completion_ratio;
    let seconds = settings.window(NAME, HOUR);
    let series = outcomes::CALLS.of(TASKS);
    let recent = settings.time((5 * MINUTE).min(seconds));
    // Not in place of the long window, since a few tasks would be too few to tell.
    let recovered = format!(
        "{}\n/ (\n  {} >= {}\n)\n>= {}",
        increase("job", &format!("{TASKS}{{{}}}", outcomes::SUCCESS), &recent),
        increase("job", &series[1], &recent),
        number(settings.thresholds.minimum_calls),
        number(limit)
    );
    let query = format!(
        "{}\nunless on (job) (\n{}\n)",
        share_above("job", &series, &settings.time(seconds), 1.0 - limit, settings),
        indented(&recovered)
    );
    let contributors = Contributors { of: &["job"], window: settings.time(seconds), settings };
    let most = contributors
        .counted(&series[0], &[("task type", "task_type"), ("instance", "instance"), ("status", "status")]);
    Alert::new(NAME, Severity::Critical, 15 * MINUTE, query)
        .window(seconds)
        .text(
            "Tasks of {{ $labels.job }} fail",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the tasks of {{{{ $labels.job }}}} that ended in the last {} failed; at \
                 most {} should.{most}",
                words(seconds),
                percent(1.0 - limit)
            ),
        )
        .means(
            "Too many of the tasks that ended in the window failed, over all replicas and without cancelled tasks. The ratio is \
             computed from counters, so restarts and added replicas don't affect it. The alert ends when the tasks of the last \
             5 minutes succeed, if they are enough to tell.",
        )
        .dashboard("agent-tasks", &[])
        .first("sum", format!("increase({}[1h])", series[0]), ["task_type", "status", "instance"])
        .look(&[
            "`timeout` indicates slow models or tools, `panicked` a bug, `failure` an error of a model, a tool or another dependency.",
            "Failing models (`AgentLlmErrors`, `AgentRateLimited`) or tools (`AgentToolFailures`) at the same time.",
        ])
        .act(&[
            "If one model or tool is the cause, use a fallback or turn it off.",
            "If one task type fails since a deployment, roll back.",
            "If tasks time out, find the slow part before you raise their `timeout`.",
        ])
}

fn task_type(settings: &Settings) -> Alert {
    const NAME: &str = "AgentTaskTypeFailures";
    let limit = 1.0 - settings.thresholds.completion_ratio;
    let seconds = settings.window(NAME, 30 * MINUTE);
    let series = outcomes::CALLS.of(TASKS);
    let query = share_above("job, task_type", &series, &settings.time(seconds), limit, settings);
    let contributors = Contributors { of: &["job", "task_type"], window: settings.time(seconds), settings };
    let most = contributors.counted(&series[0], &[("instance", "instance"), ("status", "status")]);
    Alert::new(NAME, Severity::Warning, 10 * MINUTE, query)
        .window(seconds)
        .text(
            "{{ $labels.task_type }} tasks of {{ $labels.job }} fail",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the {{{{ $labels.task_type }}}} tasks of {{{{ $labels.job }}}} that ended in \
                 the last {} failed; at most {} should.{most}",
                words(seconds),
                percent(limit)
            ),
        )
        .means(
            "Too many tasks of one type fail. The completion rate over all task types may still look good, if there are few tasks \
             of this type.",
        )
        .dashboard("agent-tasks", &["task_type"])
        .first("sum", format!("increase({}[1h])", series[0]), ["task_type", "status", "instance"])
        .look(&[
            "The models and tools that only this task type uses.",
            "`timeout` indicates slow models or tools, `panicked` a bug, `failure` an error of a model, a tool or another dependency.",
        ])
        .act(&[
            "Run such a task by hand and read its error.",
            "If the failures began with a deployment, roll back.",
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
        .dashboard("agent-tasks", &["instance"])
        .first("sum", "agent_active_tasks", ["instance"])
        .look(&[
            "All replicas, or an uneven load: compare the instances.",
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
        .dashboard("agent-tasks", &["instance", "task_type"])
        .first("max", "agent_task_oldest_in_flight_seconds", ["task_type", "instance"])
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

/// Compares counters, not the time of the last success: the clock of an instance may be wrong.
fn no_success(settings: &Settings) -> Alert {
    let seconds = settings.window("AgentNoTaskSuccess", settings.thresholds.no_success_seconds as u64);
    let time = settings.time(seconds);
    let by = "job, task_type";
    let all = format!("{TASKS}{{{}}}", outcomes::CALLS.all);
    let success = grown_by(by, &format!("{TASKS}{{{}}}", outcomes::SUCCESS), &time, settings);
    let query = format!(
        "{} >= {}\nunless on (job, task_type) (\n{} > 0\n)",
        grown_by(by, &all, &time, settings),
        number(settings.thresholds.minimum_calls),
        indented(&success)
    );
    let contributors = Contributors { of: &["job", "task_type"], window: time, settings };
    let [bad, _] = outcomes::CALLS.of(TASKS);
    let most = contributors.counted(&bad, &[("status", "status")]);
    Alert::new("AgentNoTaskSuccess", Severity::Critical, 5 * MINUTE, query)
        .window(seconds)
        .text(
            "No {{ $labels.task_type }} task of {{ $labels.job }} succeeds",
            format!(
                "{{{{ $value | humanize }}}} {{{{ $labels.task_type }}}} tasks of {{{{ $labels.job }}}} ended in the last \
                 {}, and none of them succeeded.{most}",
                words(seconds)
            ),
        )
        .means(
            "Tasks of this type run and end, but none has succeeded for this time. The completion rate over all task types may still \
             look good.",
        )
        .dashboard("agent-tasks", &["task_type"])
        .first("sum", format!("increase({all}[1h])"), ["task_type", "status", "instance"])
        .look(&[
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
///
/// An agent that is usually idle at this time of the day, or of the week, is not reported: the hour after this time had little
/// traffic yesterday, and a week ago if there is a history of it.
fn no_traffic(settings: &Settings) -> Alert {
    const NAME: &str = "AgentNoTraffic";
    let seconds = settings.window(NAME, 15 * MINUTE);
    let (recent, usual) = (settings.time(seconds), settings.time(6 * HOUR));
    // An hour with less than a quarter of the mean of the last six hours.
    let hour = |days: u64| {
        let (hour, offset) = (settings.time(HOUR), settings.time(days * DAY - HOUR));
        format!("sum by (job) (increase({TASKS}[{hour}] offset {offset}))")
    };
    let quarter = format!("{} / 24", increase("job", TASKS, &usual));
    let query = format!(
        "{} >= {}\nunless on (job)\n{} > 0\nunless on (job) (\n  {} < {quarter}\n  unless on (job)\n  {} >= {quarter}\n)",
        increase("job", TASKS, &usual),
        number(settings.thresholds.usual_tasks),
        increase("job", TASKS, &recent),
        hour(1),
        hour(7),
    );
    Alert::new(NAME, Severity::Warning, 5 * MINUTE, query)
        .window(seconds)
        .text(
            "{{ $labels.job }} completes no tasks",
            format!(
                "No task of {{{{ $labels.job }}}} has ended for {}; {{{{ $value | humanize }}}} ended in the last 6 hours.",
                words(seconds)
            ),
        )
        .means(
            "Tasks ended in the last hours, but now none ends, in any status. An agent that was idle at this time yesterday and a \
             week ago doesn't fire this alert.",
        )
        .dashboard("agent-tasks", &[])
        .first("sum", format!("rate({TASKS}[5m])"), ["task_type", "instance"])
        .look(&[
            "Incoming requests: `sum(rate(agent_http_requests_total[5m]))`.",
            "Tasks that don't end: `agent_active_tasks` above 0, `AgentTaskHung`.",
        ])
        .act(&[
            "No requests: fix the load balancer, the queue or the cron job in front of the agents.",
            "Requests but no tasks: requests are refused before a task starts. Check their status codes.",
            "If this is normal, raise `thresholds.usual_tasks`, or switch the alert off: `settings.alert(\"AgentNoTraffic\").enabled = false`.",
        ])
}
