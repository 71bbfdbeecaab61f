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
            "HTTP requests to {{ $labels.job }} fail with 5xx",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the requests to {{{{ $labels.job }}}} in the last 5 minutes were \
                 answered with 5xx; the limit is {}.",
                percent(limit)
            ),
        )
        .means(
            "Users get errors. The share of requests with a status of 500 or above, including panics of handlers, is above the \
             limit. Requests that the client cancelled (499) don't count.",
        )
        .look(&[
            "Errors by endpoint: `sum by (endpoint, status_code) (rate(agent_http_requests_total{status_code=~\"5..\"}[5m]))`.",
            "Failing tasks, models or tools: `AgentLowCompletionRate`, `AgentLlmErrors` and `AgentToolFailures` fire as well then.",
            "The time of the first errors and of the last deployment: the labels of `agent_app_info` change with the version.",
        ])
        .act(&[
            "If the errors began with a deployment, roll it back first and find the cause afterwards.",
            "If a provider or a tool is down, switch to a fallback model, or turn the tool off.",
            "If one endpoint is the source, read its logs of that time. A `500` without a log entry is a panic.",
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
                "5 % of the requests to {{{{ $labels.job }}}} take {{{{ $value | humanizeDuration }}}} or longer; \
                 the limit is {} s.",
                number(limit)
            ),
        )
        .means(
            "The 95th percentile of request durations over all replicas is above the limit. A request lasts until the last byte of \
             its response, an event stream until its head. The value is interpolated between two bucket bounds.",
        )
        .look(&[
            "Durations by endpoint: `histogram_quantile(0.95, sum by (endpoint, le) (rate(agent_http_request_duration_seconds_bucket[5m])))`.",
            "Slow models (`job_model:agent_llm_call_duration_seconds:p95_5m`) or slow tools (`job_tool_name:agent_tool_call_duration_seconds:p95_5m`).",
            "Overloaded processes: `AgentHighActiveTasks`. Steps per task: `agent_steps_per_task`.",
        ])
        .act(&[
            "If a model is slow, use another one or lower its `max_tokens`. Set a `timeout` on the attribute, so that one call can't block a task.",
            "If too many tasks run at the same time, add replicas: `job:agent_replicas:needed` has the number.",
            "If tasks take more steps than before, check recent changes of prompts and tools.",
        ])
}
