//! Alerts on single instances that fail while the fleet as a whole does not.

use super::conditions::{Contributors, MINUTE, indented, percent, share, share_above, words};
use crate::monitoring::outcomes::{self, Outcomes};
use crate::monitoring::rule::Alert;
use crate::monitoring::severity::Severity;
use crate::monitoring::{Settings, number};

/// Calls of which an instance may fail more than the others.
struct Kind {
    /// The value of the label `calls`.
    name: &'static str,
    counter: &'static str,
    outcomes: &'static Outcomes,
    /// The limit of the alert on the whole fleet.
    fleet_limit: f64,
    /// The label whose largest contributor is named.
    label: (&'static str, &'static str),
    dashboard: &'static str,
}

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    let limits = &settings.thresholds;
    [
        Kind {
            name: "HTTP requests",
            counter: "agent_http_requests_total",
            outcomes: &outcomes::HTTP,
            fleet_limit: limits.http_error_ratio,
            label: ("endpoint", "endpoint"),
            dashboard: "agent-http",
        },
        Kind {
            name: "tasks",
            counter: "agent_tasks_total",
            outcomes: &outcomes::CALLS,
            fleet_limit: 1.0 - limits.completion_ratio,
            label: ("task type", "task_type"),
            dashboard: "agent-tasks",
        },
        Kind {
            name: "LLM calls",
            counter: "agent_llm_calls_total",
            outcomes: &outcomes::LLM,
            fleet_limit: limits.llm_error_ratio,
            label: ("model", "model"),
            dashboard: "agent-llm",
        },
    ]
    .iter()
    .map(|kind| failing(kind, settings))
    .collect()
}

fn failing(kind: &Kind, settings: &Settings) -> Alert {
    const NAME: &str = "AgentInstanceFailing";
    let limit = settings.thresholds.instance_error_ratio;
    let seconds = settings.window(NAME, 10 * MINUTE);
    let time = settings.time(seconds);
    let series = kind.outcomes.of(kind.counter);
    let query = format!(
        "{}\nunless on (job) (\n{}\n  > {}\n)",
        share_above("job, instance", &series, &time, limit, settings),
        indented(&share("job", &series, &time)),
        number(kind.fleet_limit)
    );
    let contributors = Contributors { of: &["job", "instance"], window: time, settings };
    let most = contributors.counted(&series[0], &[kind.label]);
    let name = kind.name;
    Alert::new(NAME, Severity::Warning, 5 * MINUTE, query)
        .label("calls", name)
        .window(seconds)
        .text(
            format!("{name} on {{{{ $labels.instance }}}} fail"),
            format!(
                "{{{{ $value | humanizePercentage }}}} of the {name} on {{{{ $labels.instance }}}} of {{{{ $labels.job }}}} in the \
                 last {} failed; the limit for one instance is {}. The fleet as a whole is below its limit.{most}",
                words(seconds),
                percent(limit)
            ),
        )
        .means(
            "One instance fails far more often than the others. In a large fleet the share over all instances stays below its limit, \
             but a part of the users gets errors. When the whole fleet is above its limit, this alert is silent and the alert on the \
             fleet names the instance that contributes most.",
        )
        .dashboard(kind.dashboard, &["instance"])
        .first("sum", format!("rate({}[5m])", series[0]), ["instance", kind.label.1])
        .look(&[
            "The log of the instance at the time of the first failures.",
            "Differences to the other instances: version (`agent_app_info`), node, credentials, network.",
        ])
        .act(&[
            "Take the instance out of the load balancer, then restart it.",
            "If other instances on the same node fail as well, move them to another node.",
        ])
}
