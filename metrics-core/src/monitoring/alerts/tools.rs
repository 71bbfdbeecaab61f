//! Alerts on tools.

use super::conditions::{MINUTE, percent, share_above};
use crate::monitoring::rule::{Alert, Severity};
use crate::monitoring::{Settings, outcomes};

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    let limit = settings.thresholds.tool_error_ratio;
    let series = outcomes::CALLS.of("agent_tool_calls_total");
    let query = share_above("job, tool_name", &series, &settings.time(15 * MINUTE), limit, settings);
    let alert = Alert::new("AgentToolFailures", Severity::Warning, 10 * MINUTE, query)
        .text(
            "Calls of the tool {{ $labels.tool_name }} fail",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.tool_name }}}} by {{{{ $labels.job }}}} in the last \
                 15 minutes failed; the limit is {}.",
                percent(limit)
            ),
        )
        .means(
            "The share of calls of one tool that ended in `error`, `timeout` or `panicked` is above the limit. Agents work around \
             a failing tool: tasks may still succeed, with more steps, more tokens and worse answers.",
        )
        .look(&[
            "Calls by status: `sum by (status) (rate(agent_tool_calls_total{tool_name=\"..\"}[5m]))`.",
            "More steps or higher costs of tasks: `agent_steps_per_task`, `job_task_type:agent_task_cost_usd:mean1h`.",
            "The service that the tool uses.",
        ])
        .act(&[
            "Fix or restart the service that the tool uses.",
            "If the model passes invalid arguments, improve the description of the tool.",
            "Remove the tool from the model's list while it is broken.",
        ]);
    vec![alert]
}
