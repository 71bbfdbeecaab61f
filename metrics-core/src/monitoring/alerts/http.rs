//! Alerts on HTTP requests.

use super::conditions::{MINUTE, increase, percent, share_above};
use crate::monitoring::rule::{Alert, Severity};
use crate::monitoring::{Settings, number, outcomes};

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    vec![error_rate(settings), latency(settings)]
}

fn error_rate(settings: &Settings) -> Alert {
    let limit = settings.thresholds.http_error_ratio;
    let series = outcomes::HTTP.of("agent_http_requests_total");
    let query = share_above("job", &series, &settings.time(5 * MINUTE), limit, settings);
    Alert::new("AgentHighErrorRate", Severity::Critical, 5 * MINUTE, query)
        .text(
            "Many HTTP requests to {{ $labels.job }} are answered with 5xx",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the requests to {{{{ $labels.job }}}} in the last 5 minutes were \
                 answered with 5xx; the limit is {}.",
                percent(limit)
            ),
        )
        .means(
            "Users get errors. A share of all requests that is above the limit was answered with a status of 500 or more, \
             those whose handler panicked among them. Requests that the client gave up (499) don't count.",
        )
        .look(&[
            "Which endpoint it is: `sum by (endpoint, status_code) (rate(agent_http_requests_total{status_code=~\"5..\"}[5m]))`.",
            "Whether the tasks behind it fail: `AgentLowCompletionRate`, `AgentLlmErrors`, `AgentToolFailures` fire with it then.",
            "When it began, beside the last deployment: `agent_app_info` changes its labels with the version.",
        ])
        .act(&[
            "If it began with a deployment, roll that back first and look for the reason afterwards.",
            "If a provider or a tool is down, switch to the fallback model, or turn the tool off.",
            "If one endpoint is the source, its logs in that time say why; a `500` without a log is a panic.",
        ])
}

fn latency(settings: &Settings) -> Alert {
    let (limit, window) = (settings.thresholds.http_latency_seconds, settings.time(5 * MINUTE));
    let family = "agent_http_request_duration_seconds";
    let query = format!(
        "histogram_quantile(0.95,\n  sum by (job, le) (rate({family}_bucket[{window}]))\n) > {}\nand {} >= {}",
        number(limit),
        increase("job", &format!("{family}_count"), &window),
        number(settings.thresholds.minimum_calls)
    );
    Alert::new("AgentHighLatency", Severity::Warning, 5 * MINUTE, query)
        .text(
            "HTTP requests to {{ $labels.job }} are slow",
            format!(
                "One in twenty requests to {{{{ $labels.job }}}} takes {{{{ $value | humanizeDuration }}}} or longer; \
                 the limit is {} s.",
                number(limit)
            ),
        )
        .means(
            "The 95th percentile over all replicas, until the response's last byte (of an event stream, its head), is above \
             the limit. The value is interpolated within a bucket: it says between which bounds it lies, not the millisecond.",
        )
        .look(&[
            "Which endpoint: `histogram_quantile(0.95, sum by (endpoint, le) (rate(agent_http_request_duration_seconds_bucket[5m])))`.",
            "Whether models are slow (`job_model:agent_llm_call_duration_seconds:p95_5m`) or tools (`job_tool_name:agent_tool_call_duration_seconds:p95_5m`).",
            "Whether the processes are full: `AgentHighActiveTasks`, and the number of steps a task takes (`agent_steps_per_task`).",
        ])
        .act(&[
            "If a model is slow, use another, or lower its `max_tokens`; set a `timeout` on the attribute so that one call can't hold a task.",
            "If there are too many tasks at once, add replicas (the capacity rules say how many).",
            "If tasks take more steps than they did, look at what changed in the prompt or the tools.",
        ])
}
