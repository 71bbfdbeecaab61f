//! The thresholds of alerts, and the ranges of numbers in the settings.

use crate::monitoring::MonitoringError;
use crate::monitoring::text::number;

/// The values beyond which alerts fire. Ratios are from 0 to 1.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Thresholds {
    /// The minimum number of calls in the window of an alert on a ratio; with fewer calls the alert does not fire. The default
    /// is 10.
    pub minimum_calls: f64,
    /// The minimum number of failures in the window of an alert on a failure ratio; with fewer failures the alert does not fire.
    /// The default is 3.
    pub minimum_failures: f64,
    /// The maximum ratio of HTTP requests answered with a 5xx status. The default is 0.05.
    pub http_error_ratio: f64,
    /// The maximum of the 95th percentile of the duration of HTTP requests, in seconds. The default is 10.
    pub http_latency_seconds: f64,
    /// The maximum ratio of a model's calls that failed, without rate-limited calls. The default is 0.1.
    pub llm_error_ratio: f64,
    /// The maximum of the 95th percentile of the duration of a model's calls, in seconds. The default is 60.
    pub llm_latency_seconds: f64,
    /// The maximum ratio of a model's calls that were rate limited. The default is 0.05.
    pub rate_limited_ratio: f64,
    /// The maximum number of tokens per hour, for the alert `AgentHighTokenConsumption`. It depends on the size of the fleet, so
    /// there is no default: with `None` the alert is left out. `AgentTokenSurge` compares with the usual consumption instead.
    pub tokens_per_hour: Option<f64>,
    /// The minimum ratio of tasks that succeed; cancelled tasks do not count. The default is 0.8.
    pub completion_ratio: f64,
    /// The maximum number of tasks in flight in one process. The default is 50.
    pub active_tasks: f64,
    /// The maximum age of the oldest task in flight, in seconds. The default is 3,600.
    pub hung_task_seconds: f64,
    /// The maximum time without a successful task while other tasks fail, in seconds. The default is 3,600.
    pub no_success_seconds: f64,
    /// The maximum ratio of a tool's calls that failed. The default is 0.2.
    pub tool_error_ratio: f64,
    /// The maximum cost per hour, in USD, for the alert `AgentHighCost`. It depends on the size of the fleet, so there is no
    /// default: with `None` the alert is left out. `AgentCostSurge` compares with the usual cost instead.
    pub cost_per_hour_usd: Option<f64>,
    /// The factor by which the tokens or the cost of 5 minutes exceed the mean of the last 7 days in a surge. The default is 10.
    pub surge_factor: f64,
    /// The minimum number of tokens in 5 minutes of a surge. The default is 50,000.
    pub surge_tokens: f64,
    /// The minimum cost in 5 minutes of a surge, in USD. The default is 0.2.
    pub surge_cost_usd: f64,
    /// The maximum mean cost of a task over an hour, in USD. The default is 0.5.
    pub cost_per_task_usd: f64,
    /// The ratio of a budget that may be spent before a warning. The default is 0.9.
    pub budget_used_ratio: f64,
    /// The maximum number of tokens per hour of models without a price. The default is 0.
    pub unpriced_tokens_per_hour: f64,
    /// The maximum ratio of a model's successful calls without reported usage. The default is 0.05.
    pub usage_missing_ratio: f64,
    /// The maximum age of the price table, in days. The default is 90.
    pub price_table_days: f64,
    /// The minimum number of tasks in six hours for the alert on missing traffic, which fires after 15 minutes without any task.
    /// The default is 100.
    pub usual_tasks: f64,
    /// The maximum ratio of failed calls of one instance while the fleet as a whole is below its limit. The default is 0.25.
    pub instance_error_ratio: f64,
    /// The ratio of failed calls above which a model counts as down. The default is 0.5.
    pub model_down_ratio: f64,
    /// The minimum share of a model in all calls for the alert on a model that is down. The default is 0.2.
    pub model_down_share: f64,
    /// The maximum of the 95th percentile of a model's time to its first token, in seconds. The default is 10.
    pub first_token_seconds: f64,
    /// The maximum ratio of a model's answers that were cut off at the token limit. The default is 0.1.
    pub truncated_ratio: f64,
    /// The maximum ratio of a model's calls whose answer was filtered. The default is 0.05.
    pub filtered_ratio: f64,
    /// The maximum ratio of a model's successful calls that another model answered. The default is 0.1.
    pub fallback_ratio: f64,
    /// The maximum ratio of tool calls with a name that no tool has. The default is 0.05.
    pub unknown_tool_ratio: f64,
    /// The maximum number of times that a target becomes unreachable or reachable in 30 minutes. The default is 5.
    pub target_changes: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            minimum_calls: 10.0,
            minimum_failures: 3.0,
            http_error_ratio: 0.05,
            http_latency_seconds: 10.0,
            llm_error_ratio: 0.1,
            llm_latency_seconds: 60.0,
            rate_limited_ratio: 0.05,
            tokens_per_hour: None,
            completion_ratio: 0.8,
            active_tasks: 50.0,
            hung_task_seconds: 3600.0,
            no_success_seconds: 3600.0,
            tool_error_ratio: 0.2,
            cost_per_hour_usd: None,
            surge_factor: 10.0,
            surge_tokens: 50_000.0,
            surge_cost_usd: 0.2,
            cost_per_task_usd: 0.5,
            budget_used_ratio: 0.9,
            unpriced_tokens_per_hour: 0.0,
            usage_missing_ratio: 0.05,
            price_table_days: 90.0,
            usual_tasks: 100.0,
            instance_error_ratio: 0.25,
            model_down_ratio: 0.5,
            model_down_share: 0.2,
            first_token_seconds: 10.0,
            truncated_ratio: 0.1,
            filtered_ratio: 0.05,
            fallback_ratio: 0.1,
            unknown_tool_ratio: 0.05,
            target_changes: 5.0,
        }
    }
}

/// The range of a number.
#[derive(Clone, Copy)]
pub(super) enum Range {
    Amount,
    Positive,
    /// Seconds between two scrapes: the shortest window of the rules, 5 minutes, must contain four scrapes.
    Scrapes,
    Ratio,
    /// A ratio that another ratio must be able to exceed.
    Exceeded,
    /// A ratio that another ratio must be able to fall below.
    Undercut,
}

impl Range {
    pub(super) fn check(self, field: &'static str, given: f64) -> Result<(), MonitoringError> {
        let (fine, expected) = match self {
            Self::Amount => (given >= 0.0 && given.is_finite(), "a number of at least 0"),
            Self::Positive => (given > 0.0 && given.is_finite(), "a number above 0"),
            Self::Scrapes => (
                given > 0.0 && given <= 75.0,
                "more than 0 s and at most 75 s, because a window of 5 minutes needs four scrapes",
            ),
            Self::Ratio => ((0.0..=1.0).contains(&given), "a ratio from 0 to 1"),
            Self::Exceeded => (
                (0.0..1.0).contains(&given),
                "a ratio of at least 0 and less than 1, because no ratio exceeds 1",
            ),
            Self::Undercut => {
                (given > 0.0 && given <= 1.0, "a ratio above 0 and at most 1, because no ratio is below 0")
            }
        };
        if fine {
            return Ok(());
        }
        Err(MonitoringError::Setting { field, given: number(given), expected: expected.to_owned() })
    }
}

impl Thresholds {
    pub(super) fn check(&self) -> Result<(), MonitoringError> {
        // Without `..`, so that a new threshold without a check does not compile.
        let Self {
            minimum_calls,
            minimum_failures,
            http_error_ratio,
            http_latency_seconds,
            llm_error_ratio,
            llm_latency_seconds,
            rate_limited_ratio,
            tokens_per_hour,
            completion_ratio,
            active_tasks,
            hung_task_seconds,
            no_success_seconds,
            tool_error_ratio,
            cost_per_hour_usd,
            cost_per_task_usd,
            budget_used_ratio,
            unpriced_tokens_per_hour,
            usage_missing_ratio,
            price_table_days,
            usual_tasks,
            surge_factor,
            surge_tokens,
            surge_cost_usd,
            instance_error_ratio,
            model_down_ratio,
            model_down_share,
            first_token_seconds,
            truncated_ratio,
            filtered_ratio,
            fallback_ratio,
            unknown_tool_ratio,
            target_changes,
        } = *self;
        let limits = [
            ("thresholds.tokens_per_hour", tokens_per_hour),
            ("thresholds.cost_per_hour_usd", cost_per_hour_usd),
        ];
        for (field, given) in limits.into_iter().filter_map(|(field, given)| Some((field, given?))) {
            Range::Amount.check(field, given)?;
        }
        for (field, given, range) in [
            ("thresholds.minimum_calls", minimum_calls, Range::Amount),
            ("thresholds.minimum_failures", minimum_failures, Range::Amount),
            ("thresholds.http_error_ratio", http_error_ratio, Range::Exceeded),
            ("thresholds.http_latency_seconds", http_latency_seconds, Range::Amount),
            ("thresholds.llm_error_ratio", llm_error_ratio, Range::Exceeded),
            ("thresholds.llm_latency_seconds", llm_latency_seconds, Range::Amount),
            ("thresholds.rate_limited_ratio", rate_limited_ratio, Range::Exceeded),
            ("thresholds.completion_ratio", completion_ratio, Range::Undercut),
            ("thresholds.active_tasks", active_tasks, Range::Amount),
            ("thresholds.hung_task_seconds", hung_task_seconds, Range::Amount),
            ("thresholds.no_success_seconds", no_success_seconds, Range::Positive),
            ("thresholds.tool_error_ratio", tool_error_ratio, Range::Exceeded),
            ("thresholds.cost_per_task_usd", cost_per_task_usd, Range::Amount),
            ("thresholds.budget_used_ratio", budget_used_ratio, Range::Ratio),
            ("thresholds.unpriced_tokens_per_hour", unpriced_tokens_per_hour, Range::Amount),
            ("thresholds.usage_missing_ratio", usage_missing_ratio, Range::Exceeded),
            ("thresholds.price_table_days", price_table_days, Range::Amount),
            ("thresholds.usual_tasks", usual_tasks, Range::Amount),
            ("thresholds.surge_factor", surge_factor, Range::Positive),
            ("thresholds.surge_tokens", surge_tokens, Range::Amount),
            ("thresholds.surge_cost_usd", surge_cost_usd, Range::Amount),
            ("thresholds.instance_error_ratio", instance_error_ratio, Range::Exceeded),
            ("thresholds.model_down_ratio", model_down_ratio, Range::Exceeded),
            ("thresholds.model_down_share", model_down_share, Range::Ratio),
            ("thresholds.first_token_seconds", first_token_seconds, Range::Amount),
            ("thresholds.truncated_ratio", truncated_ratio, Range::Exceeded),
            ("thresholds.filtered_ratio", filtered_ratio, Range::Exceeded),
            ("thresholds.fallback_ratio", fallback_ratio, Range::Exceeded),
            ("thresholds.unknown_tool_ratio", unknown_tool_ratio, Range::Exceeded),
            ("thresholds.target_changes", target_changes, Range::Amount),
        ] {
            range.check(field, given)?;
        }
        Ok(())
    }
}
