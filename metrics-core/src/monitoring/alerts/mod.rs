//! Alerts: each with a severity, a wait and a runbook; those on shares and percentiles with a gate against too little traffic.

mod alertmanager;
mod cost;
mod health;
mod http;
mod llm;
mod own;
mod runbook;
mod tasks;
mod tools;

pub(super) use alertmanager::config as alertmanager;
pub(super) use runbook::{Runbook, files as runbooks};

use super::rule::{Alert, Group, Rule, Severity};
use super::{MonitoringError, Settings, number};
use crate::catalogue::Catalogue;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

pub(super) fn groups(catalogue: &Catalogue, settings: &Settings) -> Result<Vec<Group>, MonitoringError> {
    check_latencies(catalogue, settings)?;
    let group = |name: &str, alerts: Vec<Alert>| {
        let mut group = Group::new(name);
        group.rules.extend(alerts.into_iter().map(|alert| Rule::Alert(Box::new(alert))));
        group
    };
    Ok(vec![
        group("agent-health-alerts", health::alerts(settings)),
        group("agent-http-alerts", http::alerts(settings)),
        group("agent-task-alerts", tasks::alerts(settings)),
        group("agent-llm-alerts", llm::alerts(settings)),
        group("agent-tool-alerts", tools::alerts(settings)),
        group("agent-cost-alerts", cost::alerts(settings)),
        group("agent-own-family-alerts", own::alerts(catalogue, settings)),
    ])
}

/// A quantile is never above the histogram's last bound: an alert above that could never fire.
fn check_latencies(catalogue: &Catalogue, settings: &Settings) -> Result<(), MonitoringError> {
    let thresholds = &settings.thresholds;
    for (name, field, given) in [
        (
            "agent_http_request_duration_seconds",
            "thresholds.http_latency_seconds",
            thresholds.http_latency_seconds,
        ),
        ("agent_llm_call_duration_seconds", "thresholds.llm_latency_seconds", thresholds.llm_latency_seconds),
    ] {
        let family = catalogue.families.iter().find(|family| family.name == name);
        let last = family.and_then(|family| family.buckets.last());
        if let Some(last) = last.filter(|last| given >= **last) {
            let expected = format!(
                "less than {} s, the last bucket bound of `{name}`: no quantile is above it",
                number(*last)
            );
            return Err(MonitoringError::Setting { field, given: number(given), expected });
        }
    }
    Ok(())
}

impl Alert {
    pub(super) fn new(name: impl Into<String>, severity: Severity, wait: u64, query: String) -> Self {
        let name = name.into();
        Self {
            query,
            wait,
            // So that a page isn't taken back by one good minute.
            keep: (severity == Severity::Critical).then_some(5 * MINUTE),
            severity,
            labels: Vec::new(),
            summary: String::new(),
            description: String::new(),
            runbook: Runbook::new(&name),
            name,
        }
    }

    pub(super) fn text(mut self, summary: impl Into<String>, description: impl Into<String>) -> Self {
        (self.summary, self.description) = (summary.into(), description.into());
        self
    }

    pub(super) fn label(mut self, label: &'static str, value: impl Into<String>) -> Self {
        self.labels.push((label, value.into()));
        self
    }

    pub(super) fn means(mut self, means: impl Into<String>) -> Self {
        self.runbook.means = means.into();
        self
    }

    pub(super) fn look(mut self, look: &'static [&'static str]) -> Self {
        self.runbook.look = look;
        self
    }

    pub(super) fn act(mut self, act: &'static [&'static str]) -> Self {
        self.runbook.act = act;
        self
    }
}

/// `sum by (..) (increase(..))`.
fn gained(by: &str, series: &str, window: &str) -> String {
    format!("sum by ({by}) (increase({series}[{window}]))")
}

/// The share of `bad` in `all` above a limit, where there were enough of all to say so, and of the bad ones that it is no
/// single mishap: one in ten is 10 %, whatever the limit.
fn share_above(
    by: &str,
    [bad, all]: &[impl AsRef<str>; 2],
    window: &str,
    limit: f64,
    settings: &Settings,
) -> String {
    let (bad, all) = (gained(by, bad.as_ref(), window), gained(by, all.as_ref(), window));
    let least = number(settings.thresholds.minimum_calls);
    let failures = number(settings.thresholds.minimum_failures);
    format!("(\n  {bad}\n  /\n  {all}\n) > {}\nand {all} >= {least}\nand {bad} >= {failures}", number(limit))
}

/// What a counter gained, one that was born in the window included: `increase()` doesn't see the first value of
/// a series, which is all that there is of a thing that happens once. One that was there the day before was not born
/// but came back: a target that couldn't be reached for a while brings all that it ever counted.
fn gained_or_born(by: &str, series: &str, window: u64, settings: &Settings) -> String {
    let (window, before) = (settings.time(window), settings.time(24 * HOUR));
    format!(
        "sum by ({by}) (\n  ({series} unless last_over_time({series}[{before}] offset {window}))\n  \
         or increase({series}[{window}])\n)"
    )
}

/// A share as people write it: `5 %`.
fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0))
}
