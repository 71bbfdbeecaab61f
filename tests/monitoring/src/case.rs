//! Cases for `promtool test rules`: series, and what the rules make of them at some time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::run;

/// Series over time, and what must come of them.
#[derive(Clone, Debug)]
pub struct Case {
    name: String,
    interval: &'static str,
    series: Vec<Value>,
    alerts: Vec<(String, Value)>,
    values: Vec<Value>,
}

/// An alert that fires: its labels but for `alertname`, and what it says.
#[derive(Debug)]
pub struct Firing<'a> {
    /// `[("severity", "critical"), ..]`
    pub labels: &'a [(&'a str, &'a str)],
    /// The annotation `summary`.
    pub summary: &'a str,
    /// The annotation `description`.
    pub description: &'a str,
}

impl Case {
    /// A case with a sample a minute.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            interval: "1m",
            series: Vec::new(),
            alerts: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Another time between two samples.
    #[must_use]
    pub fn every(mut self, interval: &'static str) -> Self {
        self.interval = interval;
        self
    }

    /// A series, with its values in promtool's notation: `0+10x60` starts at 0 and gains 10 sixty times.
    #[must_use]
    pub fn series(mut self, series: impl Into<String>, values: impl Into<String>) -> Self {
        self.series.push(json!({ "series": series.into(), "values": values.into() }));
        self
    }

    /// The alert fires then, once.
    #[must_use]
    pub fn fires(self, alert: &str, at: &str, firing: &Firing) -> Self {
        self.fire(alert, at, &[firing])
    }

    /// The alert fires then, so often.
    #[must_use]
    pub fn fire(mut self, alert: &str, at: &str, firing: &[&Firing]) -> Self {
        let runbook = format!("runbooks/{alert}.md");
        let alerts = firing.iter().map(|Firing { labels, summary, description }| {
            let labels: BTreeMap<_, _> = labels.iter().copied().collect();
            json!({
                "exp_labels": labels,
                "exp_annotations": { "summary": summary, "description": description, "runbook_url": runbook },
            })
        });
        let alerts: Vec<_> = alerts.collect();
        self.alerts
            .push((alert.to_owned(), json!({ "alertname": alert, "eval_time": at, "exp_alerts": alerts })));
        self
    }

    /// The alert doesn't fire then.
    #[must_use]
    pub fn silent(self, alert: &str, at: &str) -> Self {
        self.fire(alert, at, &[])
    }

    /// A query has these samples then.
    #[must_use]
    pub fn value(mut self, query: impl Into<String>, at: &str, samples: &[(&str, f64)]) -> Self {
        let samples: Vec<_> =
            samples.iter().map(|(labels, value)| json!({ "labels": labels, "value": value })).collect();
        self.values.push(json!({ "expr": query.into(), "eval_time": at, "exp_samples": samples }));
        self
    }

    /// Whether it says anything about an alert.
    pub fn is_about(&self, alert: &str) -> bool {
        self.alerts.iter().any(|(name, _)| name == alert)
    }

    /// Whether the alert fires at some time of it.
    pub fn has_firing(&self, alert: &str) -> bool {
        self.of(alert).any(|fires| fires)
    }

    /// Whether the alert is silent at some time of it.
    pub fn has_silent(&self, alert: &str) -> bool {
        self.of(alert).any(|fires| !fires)
    }

    fn of(&self, alert: &str) -> impl Iterator<Item = bool> {
        let about = self.alerts.iter().filter(move |(name, _)| name == alert);
        about.map(|(_, test)| test["exp_alerts"].as_array().is_some_and(|alerts| !alerts.is_empty()))
    }

    /// The case with what it says of one alert only.
    #[must_use]
    pub fn only(&self, alert: &str) -> Self {
        let mut only = self.clone();
        only.alerts.retain(|(name, _)| name == alert);
        only.values.clear();
        only
    }

    fn test(&self) -> Value {
        let alerts: Vec<_> = self.alerts.iter().map(|(_, test)| test).collect();
        json!({
            "name": self.name,
            "interval": self.interval,
            "input_series": self.series,
            "alert_rule_test": alerts,
            "promql_expr_test": self.values,
        })
    }
}

/// Runs cases on files of rules, which are evaluated as often as there are samples: whether all came out, and what promtool
/// said.
///
/// # Panics
/// When promtool can't be run.
pub fn test_rules(promtool: &Path, folder: &Path, rules: &[&Path], cases: &[Case]) -> (bool, String) {
    let intervals: BTreeSet<_> = cases.iter().map(|case| case.interval).collect();
    let mut all = (true, String::new());
    for interval in intervals {
        let of_interval = cases.iter().filter(|case| case.interval == interval);
        let tests = json!({
            "rule_files": rules,
            "evaluation_interval": interval,
            "tests": of_interval.map(Case::test).collect::<Vec<_>>(),
        });
        let file = folder.join(format!("tests-{interval}.yml"));
        std::fs::write(&file, tests.to_string()).expect("a file");
        let (passed, said) = run(Command::new(promtool).args(["test", "rules"]).arg(file));
        all = (all.0 && passed, all.1 + &said);
    }
    all
}
