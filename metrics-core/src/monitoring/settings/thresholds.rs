//! From which number on to wake someone, and what numbers may be.

use crate::monitoring::MonitoringError;
use crate::monitoring::text::number;

/// From which numbers on alerts fire. Ratios are shares of 1.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Thresholds {
    /// Calls in the window below which a ratio says nothing: 10.
    pub minimum_calls: f64,
    /// Failures in the window below which a share of failures wakes nobody, however few calls there were: 3.
    pub minimum_failures: f64,
    /// HTTP requests answered with 5xx: 0.05.
    pub http_error_ratio: f64,
    /// The 95th percentile of HTTP requests, in seconds: 10.
    pub http_latency_seconds: f64,
    /// Calls of a model that failed, those that were asked to slow down aside: 0.1.
    pub llm_error_ratio: f64,
    /// The 95th percentile of a model's calls, in seconds: 60.
    pub llm_latency_seconds: f64,
    /// Calls of a model that were asked to slow down: 0.05.
    pub rate_limited_ratio: f64,
    /// Tokens an hour: 100,000.
    pub tokens_per_hour: f64,
    /// Tasks that succeed, cancelled ones aside, below which it is too few: 0.8.
    pub completion_ratio: f64,
    /// Tasks at once in one process: 50.
    pub active_tasks: f64,
    /// The age of the oldest task that still runs, in seconds: 3,600.
    pub hung_task_seconds: f64,
    /// The time without a task that succeeds while others fail, in seconds: 3,600.
    pub no_success_seconds: f64,
    /// Calls of a tool that failed: 0.2.
    pub tool_error_ratio: f64,
    /// USD an hour: 10.
    pub cost_per_hour_usd: f64,
    /// USD a task, on average over an hour: 0.5.
    pub cost_per_task_usd: f64,
    /// The part of a budget that is spent: 0.9.
    pub budget_used_ratio: f64,
    /// Tokens an hour of models without a price: 0.
    pub unpriced_tokens_per_hour: f64,
    /// Successful calls of a model that didn't tell their usage: 0.05.
    pub usage_missing_ratio: f64,
    /// The age of the price table, in days: 90.
    pub price_table_days: f64,
    /// Tasks in six hours from which on a quarter of an hour without any is odd: 100.
    pub usual_tasks: f64,
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
            tokens_per_hour: 100_000.0,
            completion_ratio: 0.8,
            active_tasks: 50.0,
            hung_task_seconds: 3600.0,
            no_success_seconds: 3600.0,
            tool_error_ratio: 0.2,
            cost_per_hour_usd: 10.0,
            cost_per_task_usd: 0.5,
            budget_used_ratio: 0.9,
            unpriced_tokens_per_hour: 0.0,
            usage_missing_ratio: 0.05,
            price_table_days: 90.0,
            usual_tasks: 100.0,
        }
    }
}

/// What a number may be.
#[derive(Clone, Copy)]
pub(super) enum Range {
    Amount,
    Positive,
    /// Seconds between two scrapes: the shortest window of the rules, 5 minutes, must have four.
    Scrapes,
    Ratio,
    /// A share that another must exceed.
    Exceeded,
    /// A share that another must fall below.
    Undercut,
}

impl Range {
    pub(super) fn check(self, field: &'static str, given: f64) -> Result<(), MonitoringError> {
        let (fine, expected) = match self {
            Self::Amount => (given >= 0.0 && given.is_finite(), "a number that isn't negative"),
            Self::Positive => (given > 0.0 && given.is_finite(), "a number above 0"),
            Self::Scrapes => (
                given > 0.0 && given <= 75.0,
                "more than 0 s and at most 75 s: a window of 5 minutes needs four scrapes",
            ),
            Self::Ratio => ((0.0..=1.0).contains(&given), "a share from 0 to 1"),
            Self::Exceeded => ((0.0..1.0).contains(&given), "a share from 0 to less than 1: none is above 1"),
            Self::Undercut => {
                (given > 0.0 && given <= 1.0, "a share above 0 and no more than 1: none is below 0")
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
        // Without `..`, so that a new one can't be forgotten here.
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
        } = *self;
        for (field, given, range) in [
            ("thresholds.minimum_calls", minimum_calls, Range::Amount),
            ("thresholds.minimum_failures", minimum_failures, Range::Amount),
            ("thresholds.http_error_ratio", http_error_ratio, Range::Exceeded),
            ("thresholds.http_latency_seconds", http_latency_seconds, Range::Amount),
            ("thresholds.llm_error_ratio", llm_error_ratio, Range::Exceeded),
            ("thresholds.llm_latency_seconds", llm_latency_seconds, Range::Amount),
            ("thresholds.rate_limited_ratio", rate_limited_ratio, Range::Exceeded),
            ("thresholds.tokens_per_hour", tokens_per_hour, Range::Amount),
            ("thresholds.completion_ratio", completion_ratio, Range::Undercut),
            ("thresholds.active_tasks", active_tasks, Range::Amount),
            ("thresholds.hung_task_seconds", hung_task_seconds, Range::Amount),
            ("thresholds.no_success_seconds", no_success_seconds, Range::Positive),
            ("thresholds.tool_error_ratio", tool_error_ratio, Range::Exceeded),
            ("thresholds.cost_per_hour_usd", cost_per_hour_usd, Range::Amount),
            ("thresholds.cost_per_task_usd", cost_per_task_usd, Range::Amount),
            ("thresholds.budget_used_ratio", budget_used_ratio, Range::Ratio),
            ("thresholds.unpriced_tokens_per_hour", unpriced_tokens_per_hour, Range::Amount),
            ("thresholds.usage_missing_ratio", usage_missing_ratio, Range::Exceeded),
            ("thresholds.price_table_days", price_table_days, Range::Amount),
            ("thresholds.usual_tasks", usual_tasks, Range::Amount),
        ] {
            range.check(field, given)?;
        }
        Ok(())
    }
}
