//! The settings of the generated files.

mod alerts;
mod thresholds;

use std::collections::BTreeMap;
use std::time::Duration;

pub use alerts::AlertSettings;
pub use thresholds::Thresholds;

use self::thresholds::Range;
use super::MonitoringError;
use super::dashboard::Dashboard;
use super::slo::Objective;
use super::text::time_text;

/// The settings of the generated files. Each field has a default.
///
/// ```
/// use agent_metrics::monitoring::Settings;
///
/// let mut settings = Settings::default();
/// settings.job = "support-agent".to_owned();
/// settings.targets = vec!["10.0.0.7:9185".to_owned(), "10.0.0.8:9185".to_owned()];
/// settings.thresholds.cost_per_hour_usd = Some(25.0);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The value of the label `job` of all agents. The default is `agent`.
    pub job: String,
    /// The addresses to scrape, as `host:port`. The default is `agent:9185`.
    pub targets: Vec<String>,
    /// Files that list further addresses, as globs relative to `prometheus.yml`. The default is `targets/*.json`.
    pub target_files: Vec<String>,
    /// The path of the exposition. The default is `/metrics`.
    pub metrics_path: String,
    /// True if Prometheus scrapes the agents, which is the default. Set it to false if the agents only push: then there is no
    /// scrape configuration, and no alert uses the series `up`.
    pub scraped: bool,
    /// The time between two scrapes, at most 75 s, so that each window of 5 minutes contains four scrapes. The default is 15 s.
    pub scrape_interval: Duration,
    /// The time between two evaluations of the rules. The default is 30 s.
    pub evaluation_interval: Duration,
    /// The addresses of the Alertmanagers. The default is `alertmanager:9093`.
    pub alertmanagers: Vec<String>,
    /// The address of the folder `runbooks/` on a web server, such as `https://wiki.example.com/runbooks/`. Alerts then have the
    /// annotation `runbook_url`. The default is `None`: alerts have no such annotation.
    pub runbooks: Option<String>,
    /// The address of Grafana, such as `https://grafana.example.com`. Alerts then have the annotation `dashboard_url`, and
    /// runbooks link to the dashboards. The default is `None`.
    pub grafana: Option<String>,
    /// Labels besides `job` that rules keep, such as `namespace` or `cluster`: labels that Prometheus adds to all targets, or
    /// dimensions of the program. Rules then compute each value for each combination of these labels. The default is none.
    pub keep_labels: Vec<String>,
    /// The settings of single alerts, by name; see [`alert`](Self::alert).
    pub alerts: BTreeMap<String, AlertSettings>,
    /// The location of the agents in Kubernetes.
    pub kubernetes: Kubernetes,
    /// The values beyond which alerts fire.
    pub thresholds: Thresholds,
    /// The objectives, and the windows of their alerts.
    pub slo: SloSettings,
    /// The parameters of the forecasts.
    pub capacity: Capacity,
    /// The metrics of other programs that the queries of these dashboards may name, such as `node_load1`; `node_*` stands for all
    /// that begin with `node_`. The default is empty: only the metrics of the program, and those that Prometheus itself writes, such
    /// as `up`.
    pub other_metrics: Vec<String>,
    /// Dashboards that are added to the built-in ones.
    pub dashboards: Vec<Dashboard>,
    /// The number by which all windows and waits of the rules are divided, so that alerts can be tried out within minutes. The
    /// default is 1.
    pub rehearsal: u32,
}

/// The location of the agents in Kubernetes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Kubernetes {
    /// The namespace of the agents. The default is `agents`.
    pub namespace: String,
    /// The value of the label `app.kubernetes.io/name` of their pods. The default is `agent`.
    pub app: String,
    /// The name of the port that serves the exposition. The default is `metrics`.
    pub port: String,
    /// The labels by which the Prometheus operator selects monitors and rules. The default is `release = prometheus`, as in
    /// kube-prometheus-stack.
    pub labels: Vec<(String, String)>,
}

/// The objectives, and the windows of their alerts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SloSettings {
    /// Objectives besides those in the attributes of tracked functions. The default: 99.9 % of the HTTP requests are answered
    /// without a 5xx status, 95 % of them within 5 s, and 99 % of the tasks succeed.
    pub objectives: Vec<Objective>,
    /// The period of the error budgets, in days. The default is 30.
    pub period_days: u32,
    /// The windows of the alerts on burn rates. The default is taken from Google's *Site Reliability Workbook*, chapter 5: 2 % of
    /// the error budget in 1 h, 5 % in 6 h, 10 % in 1 d, 10 % in 3 d.
    pub windows: Vec<BurnWindow>,
    /// If true, windows whose alert could never fire are left out. If false, which is the default, they are an error.
    pub leave_out_unreachable: bool,
}

/// A pair of windows of an alert on a burn rate. The alert fires if `budget_share` of the error budget was spent in the long
/// window, and is still being spent at that rate in the short window.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct BurnWindow {
    /// The share of the period's error budget, from 0 to 1.
    pub budget_share: f64,
    /// The window in which the share was spent.
    pub long: Duration,
    /// The window that shows whether the budget is still being spent, so that the alert ends soon after the problem does.
    pub short: Duration,
    /// The time for which both conditions must hold before the alert fires.
    pub wait: Duration,
    /// If true, the severity is `critical`; otherwise it is `warning`.
    pub critical: bool,
}

/// The parameters of the forecasts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Capacity {
    /// The number of concurrent tasks that one process can handle. The default is 50.
    pub tasks_per_replica: f64,
    /// The budget for a month, in USD. Without it there is no forecast of the day on which it is spent.
    pub monthly_budget_usd: Option<f64>,
    /// The full days of history that a forecast needs. The default is 1; the interval of such an early estimate is wide.
    pub min_history_days: u32,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl BurnWindow {
    /// Creates a pair of windows; see the fields for the meaning of the arguments.
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
            runbooks: None,
            grafana: None,
            keep_labels: Vec::new(),
            alerts: BTreeMap::new(),
            kubernetes: Kubernetes::default(),
            thresholds: Thresholds::default(),
            slo: SloSettings::default(),
            capacity: Capacity::default(),
            other_metrics: Vec::new(),
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
        Self { tasks_per_replica: 50.0, monthly_budget_usd: None, min_history_days: 1 }
    }
}

impl Settings {
    /// Returns the settings of an alert, which are created with the defaults when they are first used.
    ///
    /// ```
    /// use agent_metrics::monitoring::Settings;
    ///
    /// let mut settings = Settings::default();
    /// settings.alert("AgentNoTraffic").enabled = false;
    /// ```
    pub fn alert(&mut self, name: impl Into<String>) -> &mut AlertSettings {
        self.alerts.entry(name.into()).or_default()
    }

    /// Returns the window of an alert in seconds: the one in its settings or the given default.
    pub(super) fn window(&self, alert: &str, default: u64) -> u64 {
        let chosen = self.alerts.get(alert).and_then(|alert| alert.window);
        chosen.map_or(default, |window| window.as_secs())
    }

    /// Returns an error if a number or an address is out of range.
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
        for (field, address) in [("runbooks", &self.runbooks), ("grafana", &self.grafana)] {
            let is_absolute = |text: &&String| text.starts_with("http://") || text.starts_with("https://");
            if let Some(given) = address.as_ref().filter(|text| !is_absolute(text)) {
                return Err(MonitoringError::Setting {
                    field,
                    given: format!("`{given}`"),
                    expected: "an address that begins with `https://` or `http://`, or `None`".to_owned(),
                });
            }
        }
        for window in &self.slo.windows {
            Range::Ratio.check("slo.windows.budget_share", window.budget_share)?;
            Range::Positive.check("slo.windows.long", seconds(window.long))?;
            Range::Positive.check("slo.windows.short", seconds(window.short))?;
        }
        Ok(())
    }

    /// Returns a window or a wait of the rules as PromQL writes it, divided by `rehearsal`, but at least one second.
    pub(super) fn time(&self, seconds: u64) -> String {
        let millis = seconds * 1000 / u64::from(self.rehearsal);
        time_text(millis.max(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_out_of_range_is_reported_with_its_field() {
        let mut settings = Settings::default();
        settings.check().expect("the defaults are in range");
        settings.thresholds.active_tasks = -1.0;
        let error = settings.check().expect_err("it is negative").to_string();
        assert_eq!(error, "invalid value -1 for `thresholds.active_tasks`: expected a number of at least 0");
        settings.thresholds = Thresholds { tool_error_ratio: 20.0, ..Thresholds::default() };
        let error = settings.check().expect_err("it is no ratio").to_string();
        assert!(
            error.contains("`thresholds.tool_error_ratio`: expected a ratio of at least 0 and less than 1"),
            "{error}"
        );
    }

    #[test]
    fn a_threshold_that_no_ratio_can_cross_is_refused() {
        let refused = |thresholds: Thresholds| {
            let settings = Settings { thresholds, ..Settings::default() };
            settings.check().expect_err("it can't be crossed").to_string()
        };
        assert_eq!(
            refused(Thresholds { http_error_ratio: 1.0, ..Thresholds::default() }),
            "invalid value 1 for `thresholds.http_error_ratio`: expected a ratio of at least 0 and less than 1, because no ratio exceeds 1"
        );
        assert_eq!(
            refused(Thresholds { completion_ratio: 0.0, ..Thresholds::default() }),
            "invalid value 0 for `thresholds.completion_ratio`: expected a ratio above 0 and at most 1, because no ratio is below 0"
        );
    }

    #[test]
    fn a_scrape_interval_too_long_for_the_shortest_window_is_refused() {
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
    fn windows_are_divided_by_the_rehearsal_factor() {
        let mut settings = Settings::default();
        let texts = [300, 3600, 5400, 86_400, 259_200].map(|seconds| settings.time(seconds));
        assert_eq!(texts, ["5m", "1h", "1h30m", "1d", "3d"]);
        settings.rehearsal = 60;
        assert_eq!([300, 3600, 10].map(|seconds| settings.time(seconds)), ["5s", "1m", "1s"]);
    }
}
