//! HTTP requests that the agents answer.

use crate::monitoring::dashboard::{Dashboard, Panel};
use crate::monitoring::{Settings, outcomes};

pub(super) fn dashboard(settings: &Settings) -> Dashboard {
    let limits = &settings.thresholds;
    let about = "Requests that the agents answer: how many, how, and how fast.";
    Dashboard::new("agent-http", "Agents: HTTP", about)
        .row(
            "Requests",
            [
                Panel::lines("Request rate by status code", "Requests answered, by status code.")
                    .shorthand(
                        "sum by (status_code) (rate(agent_http_requests_total{..}[..]))",
                        "{{status_code}}",
                    )
                    .unit("reqps")
                    .stacked(),
                Panel::lines(
                    "Request rate by endpoint",
                    "Requests answered, by method and template of the path.",
                )
                .shorthand(
                    "sum by (method, endpoint) (rate(agent_http_requests_total{..}[..]))",
                    "{{method}} {{endpoint}}",
                )
                .unit("reqps")
                .stacked(),
                Panel::lines(
                    "Errors by endpoint",
                    "Share of an endpoint's requests that were answered with 5xx.",
                )
                .share_by("endpoint", "agent_http_requests_total", "..", &outcomes::HTTP)
                .unit("percentunit")
                .bad_above(limits.http_error_ratio),
            ],
        )
        .row(
            "Time",
            [
                Panel::lines("Latency P50 / P95 / P99", "How long requests take, to the end of the answer.")
                    .percentiles("agent_http_request_duration_seconds", "{..}")
                    .unit("s")
                    .bad_above(limits.http_latency_seconds),
                Panel::lines(
                    "Latency P95 by endpoint",
                    "95 % of an endpoint's requests are answered within this.",
                )
                .quantile("0.95", "agent_http_request_duration_seconds", "{..}", "endpoint", "{{endpoint}}")
                .unit("s")
                .bad_above(limits.http_latency_seconds),
                Panel::lines("Requests at once", "Requests that are being answered now, by endpoint.")
                    .shorthand("sum by (endpoint) (agent_http_requests_in_progress{..})", "{{endpoint}}")
                    .stacked(),
            ],
        )
        .row(
            "Mistakes of clients, and event streams",
            [
                Panel::lines(
                    "Refused",
                    "Share of requests that were answered with 4xx; 499 is a client that left.",
                )
                .shorthand(
                    "sum by (status_code) (rate(agent_http_requests_total{.., status_code=~\"4..\"}[..])) \
                         / on () group_left () (sum(rate(agent_http_requests_total{..}[..])) > 0)",
                    "{{status_code}}",
                )
                .unit("percentunit")
                .no_value("None"),
                Panel::lines("Streams", "Event streams that ended, by endpoint.")
                    .shorthand(
                        "sum by (endpoint) (rate(agent_http_stream_duration_seconds_count{..}[..])) * 60",
                        "{{endpoint}}",
                    )
                    .unit("count:streams/min")
                    .no_value("No streams")
                    .stacked(),
                Panel::lines("Life of streams", "How long event streams stay open.")
                    .percentiles("agent_http_stream_duration_seconds", "{..}")
                    .unit("s")
                    .no_value("No streams"),
            ],
        )
}
