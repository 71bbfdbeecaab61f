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
            "The tool {{ $labels.tool_name }} often fails",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.tool_name }}}} by {{{{ $labels.job }}}} in the last \
                 15 minutes failed; the limit is {}.",
                percent(limit)
            ),
        )
        .means(
            "A tool ends in `error`, `timeout` or `panicked` more often than it may. Agents work around a tool that fails: \
             tasks may still succeed, with more steps, more tokens and worse answers.",
        )
        .look(&[
            "Which status: `sum by (status) (rate(agent_tool_calls_total{tool_name=\"..\"}[5m]))`.",
            "Whether tasks take more steps or cost more since: `agent_steps_per_task`, `job_task_type:agent_task_cost_usd:mean1h`.",
            "What the tool talks to.",
        ])
        .act(&[
            "Mend or restart what the tool talks to.",
            "If the model gives it arguments that it can't take, say more in the tool's description.",
            "Turn the tool off while it is broken: a model that doesn't know of it doesn't try.",
        ]);
    vec![alert]
}
