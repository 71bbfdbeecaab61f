//! The names of recorded series, in the form level:metric:operations. Rules, forecasts and dashboards use these constants.

// HTTP.
pub(crate) const HTTP_RATE: &str = "job_endpoint_status_code:agent_http_requests:rate5m";
pub(crate) const HTTP_ERRORS: &str = "job:agent_http_request_errors:ratio_rate5m";
pub(crate) const HTTP_BUCKETS: &str = "job_endpoint_le:agent_http_request_duration_seconds_bucket:rate5m";
pub(crate) const HTTP_P50: &str = "job:agent_http_request_duration_seconds:p50_5m";
pub(crate) const HTTP_P95: &str = "job:agent_http_request_duration_seconds:p95_5m";
pub(crate) const HTTP_P99: &str = "job:agent_http_request_duration_seconds:p99_5m";

// Tasks. Completion is success by all that ended, cancelled ones aside.
pub(crate) const TASK_RATE: &str = "job_task_type_status:agent_tasks:rate5m";
pub(crate) const COMPLETION_5M: &str = "job_task_type:agent_task_completion:ratio_rate5m";
pub(crate) const COMPLETION_1H: &str = "job:agent_task_completion:ratio_rate1h";
pub(crate) const COMPLETION_1D: &str = "job:agent_task_completion:ratio_rate1d";
pub(crate) const COMPLETION_7D: &str = "job:agent_task_completion:ratio_rate7d";
pub(crate) const ACTIVE_TASKS: &str = "job:agent_active_tasks:sum";
pub(crate) const TASK_BUCKETS: &str = "job_task_type_le:agent_task_duration_seconds_bucket:rate5m";
pub(crate) const TASK_P95: &str = "job_task_type:agent_task_duration_seconds:p95_5m";
pub(crate) const TASK_COST: &str = "job_task_type:agent_task_cost_usd:mean1h";

// LLM calls, tokens, money.
pub(crate) const LLM_RATE: &str = "job_model_status:agent_llm_calls:rate5m";
pub(crate) const LLM_ERRORS: &str = "job_model:agent_llm_call_errors:ratio_rate5m";
pub(crate) const LLM_BUCKETS: &str = "job_model_le:agent_llm_call_duration_seconds_bucket:rate5m";
pub(crate) const LLM_P95: &str = "job_model:agent_llm_call_duration_seconds:p95_5m";
pub(crate) const FIRST_TOKEN_P95: &str = "job_model:agent_llm_time_to_first_token_seconds:p95_5m";
pub(crate) const TOKEN_RATE: &str = "job_model_direction:agent_llm_tokens:rate5m";
pub(crate) const JOB_TOKEN_RATE: &str = "job:agent_llm_tokens:rate5m";
pub(crate) const TOKENS_1H: &str = "job:agent_llm_tokens:increase1h";
pub(crate) const COST_RATE: &str = "job_model_cost_type:agent_cost_usd:rate5m";
pub(crate) const JOB_COST_RATE: &str = "job:agent_cost_usd:rate5m";
pub(crate) const COST_1H: &str = "job:agent_cost_usd:increase1h";

// Tools.
pub(crate) const TOOL_RATE: &str = "job_tool_name_status:agent_tool_calls:rate5m";
pub(crate) const TOOL_ERRORS: &str = "job_tool_name:agent_tool_call_errors:ratio_rate5m";
pub(crate) const TOOL_BUCKETS: &str = "job_tool_name_le:agent_tool_call_duration_seconds_bucket:rate5m";
pub(crate) const TOOL_P95: &str = "job_tool_name:agent_tool_call_duration_seconds:p95_5m";

// Objectives, with the labels `slo` and `job`.
/// The prefix of the error ratios; the window follows, as in `slo:sli_error:ratio_rate1h`.
pub(crate) const SLO_ERRORS: &str = "slo:sli_error:ratio_rate";
pub(crate) const SLO_BAD: &str = "slo:sli_bad:rate5m";
pub(crate) const SLO_TOTAL: &str = "slo:sli_total:rate5m";
pub(crate) const SLO_OBJECTIVE: &str = "slo:objective:ratio";
pub(crate) const SLO_BUDGET: &str = "slo:error_budget:ratio";
/// The current burn rate: 1 spends the error budget exactly in its period.
pub(crate) const SLO_BURN_RATE: &str = "slo:burn_rate:ratio_rate1h";
pub(crate) const SLO_BURNT: &str = "slo:error_budget_burnt:ratio";
pub(crate) const SLO_REMAINING: &str = "slo:error_budget_remaining:ratio";

// Forecasts, for `tokens` and `cost`; see `monitoring/capacity.rs`.
/// The days until the end of the month; without labels.
pub(crate) const MONTH_LEFT: &str = "agent_month:left:days";
/// The whole days since the agent was first seen, up to 14.
pub(crate) const HISTORY: &str = "job:agent_history:days";
pub(crate) const TOKENS_5M: &str = "job:agent_llm_tokens:increase5m";
pub(crate) const TOKENS_MONTH: &str = "job_month:agent_llm_tokens:increase5m";
pub(crate) const TOKENS_1D: &str = "job:agent_llm_tokens:increase1d";
pub(crate) const TOKENS_TO_DATE: &str = "job:agent_llm_tokens:month_to_date";
pub(crate) const TOKENS_GROWTH: &str = "job:agent_llm_tokens:week_growth";
pub(crate) const TOKENS_GROWTH_ERROR: &str = "job:agent_llm_tokens:week_growth_error";
pub(crate) const TOKENS_TREND: &str = "job:agent_llm_tokens:month_trend";
pub(crate) const TOKENS_FORECAST: &str = "job:agent_llm_tokens:month_forecast";
pub(crate) const TOKENS_MARGIN: &str = "job:agent_llm_tokens:month_forecast_margin";
pub(crate) const TOKENS_LOW: &str = "job:agent_llm_tokens:month_forecast_low";
pub(crate) const TOKENS_HIGH: &str = "job:agent_llm_tokens:month_forecast_high";
pub(crate) const COST_5M: &str = "job:agent_cost_usd:increase5m";
pub(crate) const COST_MONTH: &str = "job_month:agent_cost_usd:increase5m";
pub(crate) const COST_1D: &str = "job:agent_cost_usd:increase1d";
pub(crate) const COST_TO_DATE: &str = "job:agent_cost_usd:month_to_date";
pub(crate) const COST_GROWTH: &str = "job:agent_cost_usd:week_growth";
pub(crate) const COST_GROWTH_ERROR: &str = "job:agent_cost_usd:week_growth_error";
pub(crate) const COST_TREND: &str = "job:agent_cost_usd:month_trend";
pub(crate) const COST_FORECAST: &str = "job:agent_cost_usd:month_forecast";
pub(crate) const COST_MARGIN: &str = "job:agent_cost_usd:month_forecast_margin";
pub(crate) const COST_LOW: &str = "job:agent_cost_usd:month_forecast_low";
pub(crate) const COST_HIGH: &str = "job:agent_cost_usd:month_forecast_high";
/// The days until a budget of the program is spent, by `instance` and `budget`.
pub(crate) const BUDGET_DAYS: &str = "job_instance_budget:agent_budget_usd:days_left";
/// The days until the monthly budget of the settings is spent.
pub(crate) const MONTH_BUDGET_DAYS: &str = "job:agent_month_budget_usd:days_left";
pub(crate) const CONCURRENCY: &str = "job:agent_tasks:concurrency1h";
pub(crate) const CONCURRENCY_PEAK: &str = "job:agent_tasks:concurrency_peak7d";
pub(crate) const REPLICAS_RUNNING: &str = "job:agent_replicas:running";
pub(crate) const REPLICAS_NEEDED: &str = "job:agent_replicas:needed";
pub(crate) const SERIES: &str = "job:agent_series:sum";
pub(crate) const SERIES_FORECAST: &str = "job:agent_series:forecast30d";
