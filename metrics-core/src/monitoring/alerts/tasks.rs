//! Alerts on tasks: whether they succeed, hang, or come at all.

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
            "Too few tasks of {{ $labels.job }} succeed",
            format!(
                "Of the tasks of {{{{ $labels.job }}}} that ended in the last hour, {{{{ $value | humanizePercentage }}}} \
                 succeeded; at least {} should.",
                percent(limit)
            ),
        )
        .means(
            "Of all tasks that ended in the last hour in all replicas, cancelled ones aside, too few succeeded. It is \
             reckoned from counters, so that a restart or a replica more changes nothing.",
        )
        .look(&[
            "Which kind of task, and how they end: `sum by (task_type, status) (increase(agent_tasks_total[1h]))`.",
            "`timeout` points at slow models or tools, `panicked` at a bug, `failure` at whatever the task calls.",
            "Whether models (`AgentLlmErrors`, `AgentRateLimited`) or tools (`AgentToolFailures`) fail at the same time.",
        ])
        .act(&[
            "If one model or tool is behind it, fall back to another or turn it off.",
            "If it is one kind of task since a deployment, roll back.",
            "If tasks run out of time, raise their `timeout` only after you know what takes it.",
        ])
}

fn active_tasks(settings: &Settings) -> Alert {
    let limit = settings.thresholds.active_tasks;
    let query = format!("sum by (job, instance) (agent_active_tasks) > {}", number(limit));
    Alert::new("AgentHighActiveTasks", Severity::Warning, 5 * MINUTE, query)
        .text(
            "{{ $labels.instance }} runs many tasks at once",
            format!(
                "{{{{ $labels.instance }}}} of {{{{ $labels.job }}}} runs {{{{ $value | humanize }}}} tasks at once; \
                 the limit is {}.",
                number(limit)
            ),
        )
        .means(
            "One process has more tasks under way than it does well. Tasks within tasks don't count. The limit is for a \
             process, not for the fleet, so it needs no change when replicas are added.",
        )
        .look(&[
            "Whether all replicas are full, or the load is spread badly: `sum by (instance) (agent_active_tasks)`.",
            "Whether more come in (`rate(agent_tasks_total[5m])`) or each takes longer (`job_task_type:agent_task_duration_seconds:p95_5m`).",
            "Whether some never end: `AgentTaskHung`.",
        ])
        .act(&[
            "More load: add replicas; `job:agent_replicas:needed` says how many.",
            "Longer tasks: see what they wait for, most often a model that is slow or rate limited.",
            "Bad spread: look at the load balancer; long tasks want least-connections, not round-robin.",
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
            "A {{ $labels.task_type }} task on {{ $labels.instance }} doesn't end",
            format!(
                "The oldest {{{{ $labels.task_type }}}} task on {{{{ $labels.instance }}}} runs for \
                 {{{{ $value | humanizeDuration }}}}; the limit is {} s.",
                number(limit)
            ),
        )
        .means(
            "A task started long ago and has not ended. It is in no duration histogram yet, since those count what has \
             ended; this gauge shows it before that.",
        )
        .look(&[
            "What it waits for: `agent_llm_calls_in_progress` and `agent_tool_calls_in_progress` on that instance.",
            "Whether it is one or many: `agent_active_tasks`.",
            "The log of that instance at the time when the task began.",
        ])
        .act(&[
            "Restart the instance if it does nothing else; its tasks then end as `cancelled`.",
            "Give the function that hangs a `timeout`, so that it ends by itself next time.",
            "If tasks of this kind do take that long, raise `thresholds.hung_task_seconds`.",
        ])
}

/// Instances that are gone count: their tasks are in the window, and so must be when they last succeeded.
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
            "No {{ $labels.task_type }} task of {{ $labels.job }} succeeds any more",
            format!(
                "{{{{ $value | humanize }}}} {{{{ $labels.task_type }}}} tasks of {{{{ $labels.job }}}} ended in the last \
                 {window}, and none of them in success."
            ),
        )
        .means(
            "Tasks of this kind are tried and end, but none has succeeded for the time given. That may be one kind among \
             many, so that the completion rate of all still looks well.",
        )
        .look(&[
            "How they end: `sum by (status) (increase(agent_tasks_total{task_type=\"..\"}[1h]))`.",
            "When the last one succeeded: `max by (task_type) (agent_task_last_success_timestamp_seconds)`.",
            "The models and tools that only this kind of task uses.",
        ])
        .act(&[
            "Do one by hand and read its error.",
            "Look for an expired key, a model that was withdrawn, or a tool whose interface changed: these fail always.",
            "Roll back if it began with a deployment.",
        ])
}

/// "Nothing in the last minutes" is no series at all where the instances that had some are gone, hence `unless`.
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
            "No task of {{ $labels.job }} ends any more",
            format!(
                "No task of {{{{ $labels.job }}}} has ended for {window}, though there were {} or more in the last {usual}.",
                number(settings.thresholds.usual_tasks)
            ),
        )
        .means(
            "The agents are up and scraped, and did their usual work in the last hours, but now no task ends, in whatever \
             status. An agent that is idle by its nature doesn't fire this.",
        )
        .look(&[
            "Whether requests still come: `sum(rate(agent_http_requests_total[5m]))`.",
            "Whether tasks run and don't end: `agent_active_tasks` above 0, `AgentTaskHung`.",
            "The load balancer, the queue or the cron job that gives the agents work.",
        ])
        .act(&[
            "No requests: mend what is before the agents.",
            "Requests but no tasks: they are refused before a task starts; look at their status codes.",
            "If it is night or a holiday, raise `thresholds.usual_tasks` above what is usual then.",
        ])
}
