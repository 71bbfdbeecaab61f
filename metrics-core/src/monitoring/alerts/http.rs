//! Alerts on HTTP requests.

use super::conditions::{Contributors, MINUTE, percent, percentile_above, share_above, words};
use crate::monitoring::rule::Alert;
use crate::monitoring::severity::Severity;
use crate::monitoring::{Settings, number, outcomes};

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    vec![error_rate(settings), latency(settings)]
}

fn error_rate(settings: &Settings) -> Alert {
    const NAME: &str = "AgentHighErrorRate";
    let limit = settings.thresholds.http_error_ratio;
    let seconds = settings.window(NAME, 5 * MINUTE);
    let series = outcomes::HTTP.of("agent_http_requests_total");
    let query = share_above("job", &series, &settings.time(seconds), limit, settings);
    let contributors = Contributors { of: &["job"], window: settings.time(seconds), settings };
    let most = contributors.counted(&series[0], &[("instance", "instance"), ("endpoint", "endpoint")]);
    Alert::new(NAME, Severity::Critical, 5 * MINUTE, query)
        .window(seconds)
        .text(
            "HTTP requests to {{ $labels.job }} fail with 5xx",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the requests to {{{{ $labels.job }}}} in the last {} were \
                 answered with 5xx; the limit is {}.{most}",
                words(seconds),
                percent(limit)
            ),
        )
        .means(
            "Users get errors. The share of requests with a status of 500 or above, including panics of handlers, is above the \
             limit. Requests that the client cancelled (499) don't count.",
        )
        .dashboard("agent-http", &[])
        .first("sum", format!("rate({}[5m])", series[0]), ["instance", "endpoint", "status_code"])
        .look(&[
            "Failing tasks, models or tools: `AgentModelDown`, `AgentLowCompletionRate` and `AgentToolFailures` fire as well then.",
            "The time of the first errors and of the last deployment: the labels of `agent_app_info` change with the version.",
        ])
        .act(&[
            "If the errors began with a deployment, roll it back first and find the cause afterwards.",
            "If a provider or a tool is down, switch to a fallback model, or turn the tool off.",
            "If one instance is the source, take it out of the load balancer and restart it.",
            "If one endpoint is the source, read its logs of that time. A `500` without a log entry is a panic.",
        ])
}

fn latency(settings: &Settings) -> Alert {
    const NAME: &str = "AgentHighLatency";
    let limit = settings.thresholds.http_latency_seconds;
    let seconds = settings.window(NAME, 5 * MINUTE);
    let family = "agent_http_request_duration_seconds";
    let query = percentile_above("job", family, &settings.time(seconds), limit, settings);
    let contributors = Contributors { of: &["job"], window: settings.time(seconds), settings };
    let slowest = contributors.slowest(family, &[("instance", "instance"), ("endpoint", "endpoint")]);
    Alert::new(NAME, Severity::Warning, 5 * MINUTE, query)
        .window(seconds)
        .text(
            "HTTP requests to {{ $labels.job }} are slow",
            format!(
                "5 % of the requests to {{{{ $labels.job }}}} take {{{{ $value | humanizeDuration }}}} or longer; \
                 the limit is {} s.{slowest}",
                number(limit)
            ),
        )
        .means(
            "The 95th percentile of request durations over all replicas is above the limit. A request lasts until the last byte of \
             its response, an event stream until its head. The value is interpolated between two bucket bounds.",
        )
        .dashboard("agent-http", &[])
        .first("p95", family, ["instance", "endpoint"])
        .look(&[
            "Slow models (`job_model:agent_llm_call_duration_seconds:p95_5m`) or slow tools (`job_tool_name:agent_tool_call_duration_seconds:p95_5m`).",
            "Overloaded processes: `AgentHighActiveTasks`. Steps per task: `agent_steps_per_task`.",
        ])
        .act(&[
            "If a model is slow, use another one or lower its `max_tokens`. Set a `timeout` on the attribute, so that one call can't block a task.",
            "If too many tasks run at the same time, add replicas: `job:agent_replicas:needed` has the number.",
            "If tasks take more steps than before, check recent changes of prompts and tools.",
        ])
}
