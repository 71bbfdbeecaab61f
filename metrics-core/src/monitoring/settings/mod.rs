//! What can be set: where the agents are, how long to wait, from which number on to wake someone.

mod thresholds;

use std::time::Duration;

pub use thresholds::Thresholds;

use self::thresholds::Range;
use super::MonitoringError;
use super::dashboard::Dashboard;
use super::slo::Objective;
use super::text::time_text;

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
    /// Whether Prometheus scrapes the agents: yes. Where they only push, to a Pushgateway or by OTLP, nothing is `up`: no alert
    /// asks for it then.
    pub scraped: bool,
    /// Between two scrapes: 15 s. No more than 75 s, so that each window of 5 minutes has four.
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
    pub min_history_days: u32,
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
            scraped: true,
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
        Self { tasks_per_replica: 50.0, monthly_budget_usd: None, min_history_days: 7 }
    }
}

impl Settings {
    /// A negative threshold, a share above 1, a duration of 0.
    pub(super) fn check(&self) -> Result<(), MonitoringError> {
        self.thresholds.check()?;
        let seconds = |duration: Duration| duration.as_secs_f64();
        Range::Scrapes.check("scrape_interval", seconds(self.scrape_interval))?;
        Range::Positive.check("evaluation_interval", seconds(self.evaluation_interval))?;
        Range::Positive.check("slo.period_days", f64::from(self.slo.period_days))?;
        Range::Positive.check("capacity.tasks_per_replica", self.capacity.tasks_per_replica)?;
        Range::Positive.check("capacity.min_history_days", f64::from(self.capacity.min_history_days))?;
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
        assert!(
            error.contains("`thresholds.tool_error_ratio`: expected a share from 0 to less than 1"),
            "{error}"
        );
    }

    #[test]
    fn a_threshold_that_no_share_can_cross_is_refused() {
        let refused = |thresholds: Thresholds| {
            let settings = Settings { thresholds, ..Settings::default() };
            settings.check().expect_err("it can't be crossed").to_string()
        };
        assert_eq!(
            refused(Thresholds { http_error_ratio: 1.0, ..Thresholds::default() }),
            "invalid value 1 for `thresholds.http_error_ratio`: expected a share from 0 to less than 1: none is above 1"
        );
        assert_eq!(
            refused(Thresholds { completion_ratio: 0.0, ..Thresholds::default() }),
            "invalid value 0 for `thresholds.completion_ratio`: expected a share above 0 and no more than 1: none is below 0"
        );
    }

    #[test]
    fn scrapes_are_close_enough_for_the_shortest_window() {
        let settings = Settings { scrape_interval: Duration::from_secs(120), ..Settings::default() };
        let error = settings.check().expect_err("two scrapes in five minutes").to_string();
        assert!(
            error.starts_with(
                "invalid value 120 for `scrape_interval`: expected more than 0 s and at most 75 s"
            ),
            "{error}"
        );
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
