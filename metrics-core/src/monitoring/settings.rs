//! What can be set: where the agents are, how long to wait, and from which number on to wake someone.

use std::fmt::Write as _;
use std::time::Duration;

use super::grafana::Dashboard;
use super::slo::Objective;
use super::{MonitoringError, number};

/// How the files are made; each field has a default.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The `job` label of the agent's targets: `agent`.
    pub job: String,
    /// Addresses to scrape, as `host:port`: `agent:9185`.
    pub targets: Vec<String>,
    /// Files that list more of them, as globs beside `prometheus.yml`: `targets/*.json`.
    pub target_files: Vec<String>,
    /// The path of the exposition: `/metrics`.
    pub metrics_path: String,
    /// Between two scrapes: 15 s.
    pub scrape_interval: Duration,
    /// Between two evaluations of the rules: 30 s.
    pub evaluation_interval: Duration,
    /// Addresses of Alertmanagers: `alertmanager:9093`.
    pub alertmanagers: Vec<String>,
    /// What stands before a runbook's file name in an alert's `runbook_url`: `runbooks/`.
    pub runbooks: String,
    /// Where the agents run in Kubernetes.
    pub kubernetes: Kubernetes,
    /// From which numbers on alerts fire.
    pub thresholds: Thresholds,
    /// Objectives, and the windows over which they are watched.
    pub slo: SloSettings,
    /// What forecasts reckon with.
    pub capacity: Capacity,
    /// Dashboards of your own, beside those that are made.
    pub dashboards: Vec<Dashboard>,
    /// Divides every window and every wait of the rules, so that a rehearsal takes minutes: 1.
    pub rehearsal: u32,
}

/// Where the agents run in Kubernetes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Kubernetes {
    /// The namespace of the agents: `agents`.
    pub namespace: String,
    /// The value of the label `app.kubernetes.io/name` of their pods: `agent`.
    pub app: String,
    /// The name of the port that serves the exposition: `metrics`.
    pub port: String,
    /// Labels by which the operator finds monitors and rules: `release = prometheus`, as in kube-prometheus-stack.
    pub labels: Vec<(String, String)>,
}

/// From which numbers on alerts fire. Ratios are shares of 1.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Thresholds {
    /// Calls in the window below which a ratio says nothing: 10.
    pub minimum_calls: f64,
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
    /// The age of the price table, in days, told to the month: 90.
    pub price_table_days: f64,
    /// Tasks in six hours from which on a quarter of an hour without any is odd: 100.
    pub usual_tasks: f64,
}

/// Objectives, and the windows over which they are watched.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SloSettings {
    /// Those stated here, beside those of attributes. The default: HTTP requests answered without 5xx 99.9 %, 95 % of them
    /// within 5 s, and tasks that succeed 99 %.
    pub objectives: Vec<Objective>,
    /// The days over which a budget for failures lasts: 30.
    pub period_days: u32,
    /// The windows of alerts, those of the SRE workbook: 2 % of the budget in 1 h, 5 % in 6 h, 10 % in 1 d, 10 % in 3 d.
    pub windows: Vec<BurnWindow>,
    /// Leave out windows that could never fire, rather than to refuse the objective: no.
    pub leave_out_unreachable: bool,
}

/// A pair of windows: an alert fires when so much of the budget went in the long one, and still goes in the short one.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct BurnWindow {
    /// The share of the period's budget, of 1.
    pub budget_share: f64,
    /// In which it went.
    pub long: Duration,
    /// Which tells that it still goes.
    pub short: Duration,
    /// How long both must say so.
    pub wait: Duration,
    /// Whether to wake someone, or to write a ticket.
    pub critical: bool,
}

/// What forecasts reckon with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Capacity {
    /// Tasks that one process does well at once: 50.
    pub tasks_per_replica: f64,
    /// USD a month that may be spent; without it no day is foretold on which they are gone.
    pub monthly_budget_usd: Option<f64>,
    /// Whole days of history without which nothing is foretold: 7.
    pub least_history_days: u32,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl BurnWindow {
    /// So much of the budget in the long window; for `critical`, someone is woken.
    pub const fn new(
        budget_share: f64,
        long: Duration,
        short: Duration,
        wait: Duration,
        critical: bool,
    ) -> Self {
        Self { budget_share, long, short, wait, critical }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            job: "agent".to_owned(),
            targets: vec!["agent:9185".to_owned()],
            target_files: vec!["targets/*.json".to_owned()],
            metrics_path: "/metrics".to_owned(),
            scrape_interval: Duration::from_secs(15),
            evaluation_interval: Duration::from_secs(30),
            alertmanagers: vec!["alertmanager:9093".to_owned()],
            runbooks: "runbooks/".to_owned(),
            kubernetes: Kubernetes::default(),
            thresholds: Thresholds::default(),
            slo: SloSettings::default(),
            capacity: Capacity::default(),
            dashboards: Vec::new(),
            rehearsal: 1,
        }
    }
}

impl Default for Kubernetes {
    fn default() -> Self {
        Self {
            namespace: "agents".to_owned(),
            app: "agent".to_owned(),
            port: "metrics".to_owned(),
            labels: vec![("release".to_owned(), "prometheus".to_owned())],
        }
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            minimum_calls: 10.0,
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

impl Default for SloSettings {
    fn default() -> Self {
        let window = |share, long, short, wait, critical| {
            BurnWindow::new(
                share,
                Duration::from_secs(long),
                Duration::from_secs(short),
                Duration::from_secs(wait),
                critical,
            )
        };
        Self {
            objectives: vec![
                Objective::http().availability(99.9).latency(Duration::from_secs(5), 95.0).into_default(),
                Objective::tasks().availability(99.0).into_default(),
            ],
            period_days: 30,
            windows: vec![
                window(0.02, HOUR, 5 * MINUTE, 2 * MINUTE, true),
                window(0.05, 6 * HOUR, 30 * MINUTE, 15 * MINUTE, true),
                window(0.1, DAY, 2 * HOUR, HOUR, false),
                window(0.1, 3 * DAY, 6 * HOUR, 3 * HOUR, false),
            ],
            leave_out_unreachable: false,
        }
    }
}

impl Default for Capacity {
    fn default() -> Self {
        Self { tasks_per_replica: 50.0, monthly_budget_usd: None, least_history_days: 7 }
    }
}

/// What a number may be.
#[derive(Clone, Copy)]
enum Range {
    Amount,
    Positive,
    Ratio,
}

impl Range {
    fn check(self, field: &'static str, given: f64) -> Result<(), MonitoringError> {
        let (fine, expected) = match self {
            Self::Amount => (given >= 0.0 && given.is_finite(), "a number that isn't negative"),
            Self::Positive => (given > 0.0 && given.is_finite(), "a number above 0"),
            Self::Ratio => ((0.0..=1.0).contains(&given), "a share from 0 to 1"),
        };
        if fine { Ok(()) } else { Err(MonitoringError::Setting { field, given: number(given), expected }) }
    }
}

impl Settings {
    /// A negative threshold, a share above 1, a duration of 0.
    pub(super) fn check(&self) -> Result<(), MonitoringError> {
        self.thresholds.check()?;
        let seconds = |duration: Duration| duration.as_secs_f64();
        Range::Positive.check("scrape_interval", seconds(self.scrape_interval))?;
        Range::Positive.check("evaluation_interval", seconds(self.evaluation_interval))?;
        Range::Positive.check("slo.period_days", f64::from(self.slo.period_days))?;
        Range::Positive.check("capacity.tasks_per_replica", self.capacity.tasks_per_replica)?;
        Range::Positive.check("capacity.least_history_days", f64::from(self.capacity.least_history_days))?;
        Range::Positive.check("rehearsal", f64::from(self.rehearsal))?;
        if let Some(budget) = self.capacity.monthly_budget_usd {
            Range::Amount.check("capacity.monthly_budget_usd", budget)?;
        }
        for window in &self.slo.windows {
            Range::Ratio.check("slo.windows.budget_share", window.budget_share)?;
            Range::Positive.check("slo.windows.long", seconds(window.long))?;
            Range::Positive.check("slo.windows.short", seconds(window.short))?;
        }
        Ok(())
    }

    /// A length of time of the rules, as PromQL writes it, shortened for a rehearsal.
    pub(super) fn time(&self, seconds: u64) -> String {
        let millis = seconds * 1000 / u64::from(self.rehearsal);
        time_text(millis.max(1000))
    }
}

/// `90s` is `1m30s`: the largest units that Prometheus has, without weeks and years.
pub(super) fn time_text(mut millis: u64) -> String {
    let mut text = String::new();
    for (unit, size) in [("d", DAY * 1000), ("h", HOUR * 1000), ("m", MINUTE * 1000), ("s", 1000), ("ms", 1)]
    {
        if millis >= size {
            let _ = write!(text, "{}{unit}", millis / size);
            millis %= size;
        }
    }
    text
}

impl Thresholds {
    fn check(&self) -> Result<(), MonitoringError> {
        // Without `..`, so that a new one can't be forgotten here.
        let Self {
            minimum_calls,
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
            ("thresholds.http_error_ratio", http_error_ratio, Range::Ratio),
            ("thresholds.http_latency_seconds", http_latency_seconds, Range::Amount),
            ("thresholds.llm_error_ratio", llm_error_ratio, Range::Ratio),
            ("thresholds.llm_latency_seconds", llm_latency_seconds, Range::Amount),
            ("thresholds.rate_limited_ratio", rate_limited_ratio, Range::Ratio),
            ("thresholds.tokens_per_hour", tokens_per_hour, Range::Amount),
            ("thresholds.completion_ratio", completion_ratio, Range::Ratio),
            ("thresholds.active_tasks", active_tasks, Range::Amount),
            ("thresholds.hung_task_seconds", hung_task_seconds, Range::Amount),
            ("thresholds.no_success_seconds", no_success_seconds, Range::Positive),
            ("thresholds.tool_error_ratio", tool_error_ratio, Range::Ratio),
            ("thresholds.cost_per_hour_usd", cost_per_hour_usd, Range::Amount),
            ("thresholds.cost_per_task_usd", cost_per_task_usd, Range::Amount),
            ("thresholds.budget_used_ratio", budget_used_ratio, Range::Ratio),
            ("thresholds.unpriced_tokens_per_hour", unpriced_tokens_per_hour, Range::Amount),
            ("thresholds.usage_missing_ratio", usage_missing_ratio, Range::Ratio),
            ("thresholds.price_table_days", price_table_days, Range::Amount),
            ("thresholds.usual_tasks", usual_tasks, Range::Amount),
        ] {
            range.check(field, given)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_threshold_is_named() {
        let mut settings = Settings::default();
        settings.check().expect("the defaults are in range");
        settings.thresholds.active_tasks = -1.0;
        let error = settings.check().expect_err("it is negative").to_string();
        assert_eq!(
            error,
            "invalid value -1 for `thresholds.active_tasks`: expected a number that isn't negative"
        );
        settings.thresholds = Thresholds { tool_error_ratio: 20.0, ..Thresholds::default() };
        let error = settings.check().expect_err("it isn't a share").to_string();
        assert!(error.contains("`thresholds.tool_error_ratio`: expected a share from 0 to 1"), "{error}");
    }

    #[test]
    fn times_are_written_as_prometheus_reads_them() {
        let mut settings = Settings::default();
        let texts = [300, 3600, 5400, 86_400, 259_200].map(|seconds| settings.time(seconds));
        assert_eq!(texts, ["5m", "1h", "1h30m", "1d", "3d"]);
        settings.rehearsal = 60;
        assert_eq!([300, 3600, 10].map(|seconds| settings.time(seconds)), ["5s", "1m", "1s"]);
    }
}
