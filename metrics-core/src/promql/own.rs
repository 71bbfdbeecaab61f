//! The agent's own families, for checks at compile time. A test compares them with those that an instance has.

use super::Known;
use crate::name::MetricKind::{self, Counter, Gauge, Histogram, Info, Summary, Unknown};

const fn of(kind: MetricKind, name: &'static str, labels: &'static [&'static str]) -> Known<'static> {
    Known { name, kind, labels }
}

/// The attributes of a model's call, in OpenTelemetry's names.
const CALL: &[&str] =
    &["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_response_model"];
const CALL_WITH_ERROR: &[&str] = &[CALL[0], CALL[1], CALL[2], CALL[3], "error_type"];
const CALL_WITH_MODALITY: &[&str] = &[CALL[0], CALL[1], CALL[2], CALL[3], "gen_ai_token_modality"];
const CALL_WITH_TYPE: &[&str] = &[CALL[0], CALL[1], CALL[2], CALL[3], "gen_ai_token_type"];

/// By name. The duration histograms have a `status` too, which `.duration_by_status()` adds; what `.profile(..)` adds comes
/// last.
pub const OWN: &[Known<'static>] = &[
    of(Gauge, "agent_active_tasks", &[]),
    of(Info, "agent_app_info", &[]),
    of(Gauge, "agent_budget_limit_usd", &["budget"]),
    of(Counter, "agent_budget_refused_total", &["budget"]),
    of(Counter, "agent_budget_spent_usd_total", &["budget"]),
    of(Gauge, "agent_budget_used_ratio", &["budget"]),
    of(Counter, "agent_cache_total", &["result"]),
    of(Unknown, "agent_cost_total_cents", &["model", "cost_type"]),
    of(Counter, "agent_cost_usd_total", &["model", "cost_type"]),
    of(Histogram, "agent_http_request_duration_seconds", &["method", "endpoint"]),
    of(Gauge, "agent_http_requests_in_progress", &["method", "endpoint"]),
    of(Counter, "agent_http_requests_total", &["method", "endpoint", "status_code"]),
    of(Histogram, "agent_http_stream_duration_seconds", &["method", "endpoint"]),
    of(Counter, "agent_llm_attempts_total", &["model", "outcome"]),
    of(Counter, "agent_llm_cache_savings_usd_total", &["model"]),
    of(Histogram, "agent_llm_call_duration_seconds", &["model", "status"]),
    of(Gauge, "agent_llm_calls_in_progress", &["model"]),
    of(Counter, "agent_llm_calls_total", &["model", "status"]),
    of(Counter, "agent_llm_failed_attempt_cost_usd_total", &["model"]),
    of(Counter, "agent_llm_finish_total", &["model", "reason"]),
    of(Histogram, "agent_llm_input_tokens", &["model"]),
    of(Counter, "agent_llm_orphan_calls_total", &["model"]),
    of(Histogram, "agent_llm_output_tokens", &["model"]),
    of(Info, "agent_llm_price_table_info", &["version", "date"]),
    of(Gauge, "agent_llm_price_table_timestamp_seconds", &[]),
    of(Gauge, "agent_llm_ratelimit_remaining", &["model", "kind"]),
    of(Counter, "agent_llm_retry_wait_seconds_total", &["model"]),
    of(Counter, "agent_llm_served_model_total", &["model", "served_model"]),
    of(Histogram, "agent_llm_time_per_output_token_seconds", &["model"]),
    of(Histogram, "agent_llm_time_to_first_token_seconds", &["model"]),
    of(Counter, "agent_llm_token_details_total", &["model", "kind"]),
    of(Counter, "agent_llm_tokens_total", &["model", "direction"]),
    of(Counter, "agent_llm_unpriced_tokens_total", &["model", "direction"]),
    of(Counter, "agent_llm_usage_anomalies_total", &["model", "kind"]),
    of(Counter, "agent_llm_usage_missing_total", &["model"]),
    of(Gauge, "agent_memory_entries", &["memory_type"]),
    of(Counter, "agent_metrics_callback_panics_total", &[]),
    of(Counter, "agent_metrics_label_overflow_total", &["family", "label"]),
    of(Counter, "agent_metrics_refused_observations_total", &["family"]),
    of(Summary, "agent_metrics_scrape_duration_seconds", &[]),
    of(Gauge, "agent_metrics_scrape_size_bytes", &[]),
    of(Counter, "agent_metrics_series_without_room_total", &[]),
    of(Histogram, "agent_steps_per_task", &["task_type"]),
    of(Gauge, "agent_task_completion_rate", &["window"]),
    of(Histogram, "agent_task_cost_usd", &["task_type"]),
    of(Histogram, "agent_task_distinct_tools", &["task_type"]),
    of(Histogram, "agent_task_duration_seconds", &["task_type", "status"]),
    of(Gauge, "agent_task_last_success_timestamp_seconds", &["task_type"]),
    of(Counter, "agent_task_late_cost_usd_total", &["task_type"]),
    of(Gauge, "agent_task_oldest_in_flight_seconds", &["task_type"]),
    of(Histogram, "agent_task_queue_duration_seconds", &["task_type"]),
    of(Histogram, "agent_task_tokens", &["task_type", "direction"]),
    of(Histogram, "agent_task_tool_calls", &["task_type"]),
    of(Counter, "agent_task_wasted_cost_usd_total", &["task_type", "status"]),
    of(Counter, "agent_tasks_total", &["task_type", "status"]),
    of(Histogram, "agent_tool_call_duration_seconds", &["tool_name", "status"]),
    of(Gauge, "agent_tool_calls_in_progress", &["tool_name"]),
    of(Counter, "agent_tool_calls_total", &["tool_name", "status"]),
    of(Histogram, "agent_user_satisfaction_score", &[]),
    of(Histogram, "gen_ai_client_inference_duration_seconds", CALL_WITH_ERROR),
    of(Histogram, "gen_ai_client_inference_operation_input_tokens", CALL_WITH_ERROR),
    of(Histogram, "gen_ai_client_inference_operation_output_tokens", CALL_WITH_ERROR),
    of(Histogram, "gen_ai_client_inference_time_per_output_chunk_seconds", CALL),
    of(Histogram, "gen_ai_client_inference_time_to_first_chunk_seconds", CALL),
    of(Counter, "gen_ai_client_inference_usage_cache_read_input_tokens_total", CALL_WITH_MODALITY),
    of(Counter, "gen_ai_client_inference_usage_cache_write_input_tokens_total", CALL_WITH_MODALITY),
    of(Counter, "gen_ai_client_inference_usage_input_tokens_total", CALL_WITH_MODALITY),
    of(Counter, "gen_ai_client_inference_usage_output_tokens_total", CALL_WITH_MODALITY),
    of(Counter, "gen_ai_client_inference_usage_reasoning_output_tokens_total", CALL_WITH_MODALITY),
    of(Histogram, "gen_ai_client_operation_duration_seconds", CALL_WITH_ERROR),
    of(Histogram, "gen_ai_client_operation_time_per_output_chunk_seconds", CALL),
    of(Histogram, "gen_ai_client_operation_time_to_first_chunk_seconds", CALL),
    of(Histogram, "gen_ai_client_token_usage", CALL_WITH_TYPE),
    of(
        Histogram,
        "gen_ai_execute_tool_duration_seconds",
        &["gen_ai_tool_name", "gen_ai_agent_name", "error_type"],
    ),
    of(Histogram, "gen_ai_invoke_agent_duration_seconds", &["gen_ai_agent_name", "error_type"]),
    of(Histogram, "gen_ai_invoke_agent_inference_calls", &["gen_ai_agent_name"]),
    of(Histogram, "gen_ai_invoke_agent_tool_calls", &["gen_ai_agent_name"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_what_an_instance_has() {
        let metrics = crate::instance::AgentMetrics::builder()
            .duration_by_status()
            .task_queue_duration()
            .profile(crate::Profile::OtelGenAi1_41)
            .profile(crate::Profile::OtelGenAi0_1)
            .build()
            .unwrap();
        let line = |kind: MetricKind, name: &str, labels: &[&str]| {
            format!("    of({kind:?}, {name:?}, &{labels:?}),\n")
        };
        let families = metrics.families();
        let has: String = families.iter().map(|one| line(one.kind, &one.name, &one.labels)).collect();
        let table: String = OWN.iter().map(|one| line(one.kind, one.name, one.labels)).collect();
        assert!(table == has, "the table should be:\n{has}");
    }
}
