//! Alerts on tools.

use super::conditions::{Contributors, MINUTE, percent, share_above, words};
use crate::monitoring::rule::Alert;
use crate::monitoring::severity::Severity;
use crate::monitoring::{Settings, outcomes};

/// The name under which calls are counted that name no tool of the program.
const UNKNOWN: &str = "tool_name=\"__unknown__\"";

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    vec![failures(settings), unknown(settings)]
}

fn failures(settings: &Settings) -> Alert {
    const NAME: &str = "AgentToolFailures";
    let limit = settings.thresholds.tool_error_ratio;
    let seconds = settings.window(NAME, 15 * MINUTE);
    let of = |matcher: &str| format!("agent_tool_calls_total{{tool_name!=\"__unknown__\",{matcher}}}");
    let series = [outcomes::CALLS.bad, outcomes::CALLS.all].map(of);
    let query = share_above("job, tool_name", &series, &settings.time(seconds), limit, settings);
    let contributors = Contributors { of: &["job", "tool_name"], window: settings.time(seconds), settings };
    let [bad, _] = outcomes::CALLS.of("agent_tool_calls_total");
    let most = contributors.counted(&bad, &[("instance", "instance"), ("status", "status")]);
    Alert::new(NAME, Severity::Warning, 10 * MINUTE, query)
        .window(seconds)
        .text(
            "Calls of the tool {{ $labels.tool_name }} fail",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.tool_name }}}} by {{{{ $labels.job }}}} in the last \
                 {} failed; the limit is {}.{most}",
                words(seconds),
                percent(limit)
            ),
        )
        .means(
            "The share of calls of one tool that ended in `error`, `timeout` or `panicked` is above the limit. Agents work around \
             a failing tool: tasks may still succeed, with more steps, more tokens and worse answers.",
        )
        .dashboard("agent-tasks", &[])
        .first("sum", format!("rate({}[5m])", series[0]), ["tool_name", "status", "instance"])
        .look(&[
            "More steps or higher costs of tasks: `agent_steps_per_task`, `job_task_type:agent_task_cost_usd:mean1h`.",
            "The service that the tool uses.",
        ])
        .act(&[
            "Fix or restart the service that the tool uses.",
            "If the model passes invalid arguments, improve the description of the tool.",
            "Remove the tool from the model's list while it is broken.",
        ])
}

fn unknown(settings: &Settings) -> Alert {
    const NAME: &str = "AgentUnknownTools";
    let limit = settings.thresholds.unknown_tool_ratio;
    let seconds = settings.window(NAME, 15 * MINUTE);
    let series = [format!("agent_tool_calls_total{{{UNKNOWN}}}"), "agent_tool_calls_total".to_owned()];
    let query = share_above("job", &series, &settings.time(seconds), limit, settings);
    let contributors = Contributors { of: &["job"], window: settings.time(seconds), settings };
    let most = contributors.counted(&series[0], &[("instance", "instance")]);
    Alert::new(NAME, Severity::Warning, 10 * MINUTE, query)
        .window(seconds)
        .text(
            "Models of {{ $labels.job }} call tools that do not exist",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the tool calls of {{{{ $labels.job }}}} in the last {} named a tool that the \
                 program does not have; the limit is {}.{most}",
                words(seconds),
                percent(limit)
            ),
        )
        .means(
            "A model calls tools by names that the program does not have. Such calls fail and are counted under `__unknown__`. They \
             are no failures of a tool: the model invents names, or its prompt mentions a tool that was removed or renamed.",
        )
        .dashboard("agent-tasks", &[])
        .first("sum", format!("rate({}[5m])", series[0]), ["instance"])
        .look(&[
            "The log of the program, which has the names that the model used.",
            "The time of the last change of prompts, tools or models.",
        ])
        .act(&[
            "Restore the old name of the tool, or remove it from the prompt.",
            "If a small model invents names, offer it fewer tools or use another model.",
        ])
}
