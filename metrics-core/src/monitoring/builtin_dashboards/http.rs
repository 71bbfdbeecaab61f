//! HTTP requests answered by the agents.

use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::monitoring::{Settings, outcomes};

pub(super) fn dashboard(settings: &Settings) -> Dashboard {
    let limits = &settings.thresholds;
    let about = "HTTP requests answered by the agents: rate, status codes and latency.";
    Dashboard::new("agent-http", "Agents: HTTP", about)
        .row(
            "Requests",
            [
                Panel::lines("Request rate by status code", "HTTP requests per second, by status code.")
                    .shorthand(
                        "sum by (status_code) (rate(agent_http_requests_total{..}[..]))",
                        "{{status_code}}",
                    )
                    .unit("reqps")
                    .stacked(),
                Panel::lines(
                    "Request rate by endpoint",
                    "HTTP requests per second, by method and path template.",
                )
                .shorthand(
                    "sum by (method, endpoint) (rate(agent_http_requests_total{..}[..]))",
                    "{{method}} {{endpoint}}",
                )
                .unit("reqps")
                .stacked(),
                Panel::lines(
                    "Errors by endpoint",
                    "The share of an endpoint's requests answered with a 5xx status.",
                )
                .share_by("endpoint", "agent_http_requests_total", "..", &outcomes::HTTP)
                .unit("percentunit")
                .bad_above(limits.http_error_ratio),
            ],
        )
        .row(
            "Latency",
            [
                Panel::lines("Latency P50 / P95 / P99", "The duration of HTTP requests, up to the end of the response body.")
                    .percentiles("agent_http_request_duration_seconds", "{..}")
                    .unit("s")
                    .bad_above(limits.http_latency_seconds)
                    .width(6),
                Panel::lines(
                    "Latency by endpoint",
                    "The chosen percentile of the duration of an endpoint's requests.",
                )
                .percentile_by("endpoint", "agent_http_request_duration_seconds", "{..}")
                .unit("s")
                .bad_above(limits.http_latency_seconds)
                    .width(6),
                Panel::heatmap("Distribution of latency", "The number of HTTP requests by duration.")
                    .buckets("agent_http_request_duration_seconds", "{..}")
                    .unit("s")
                    .width(6),
                Panel::lines("Requests in flight", "HTTP requests in flight now, by endpoint.")
                    .shorthand("sum by (endpoint) (agent_http_requests_in_progress{..})", "{{endpoint}}")
                    .stacked()
                    .width(6),
            ],
        )
        .row(
            "Client errors and event streams",
            [
                Panel::lines(
                    "Client errors",
                    "The share of requests answered with a 4xx status, by status code. Status 499 means that the client closed the connection.",
                )
                .shorthand(
                    "sum by (status_code) (rate(agent_http_requests_total{.., status_code=~\"4..\"}[..])) \
                         / on () group_left () (sum(rate(agent_http_requests_total{..}[..])) > 0)",
                    "{{status_code}}",
                )
                .unit("percentunit")
                .no_value("None"),
                Panel::lines("Event streams", "Event streams that ended per minute, by endpoint.")
                    .shorthand(
                        "sum by (endpoint) (rate(agent_http_stream_duration_seconds_count{..}[..])) * 60",
                        "{{endpoint}}",
                    )
                    .unit("count:streams/min")
                    .no_value("No event streams")
                    .stacked(),
                Panel::lines("Duration of event streams", "The time for which event streams were open.")
                    .percentiles("agent_http_stream_duration_seconds", "{..}")
                    .unit("s")
                    .no_value("No event streams"),
            ],
        )
}
