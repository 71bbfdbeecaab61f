//! Cases for `promtool test rules`: series, and the alerts and values that the rules must produce from them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::run;

/// Series over time, with the alerts and values that are expected at given times.
#[derive(Clone, Debug)]
pub struct Case {
    name: String,
    interval: &'static str,
    /// The time between two evaluations, if not that between two samples.
    evaluation: Option<&'static str>,
    series: Vec<Value>,
    alerts: Vec<(String, Value)>,
    values: Vec<Value>,
}

/// A firing alert: its labels except `alertname`, and its annotations.
#[derive(Clone, Copy, Debug)]
pub struct Firing<'a> {
    /// `[("severity", "critical"), ..]`
    pub labels: &'a [(&'a str, &'a str)],
    /// The annotation `summary`.
    pub summary: &'a str,
    /// The annotation `description`.
    pub description: &'a str,
}

impl Case {
    /// Creates a case with one sample per minute.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            interval: "1m",
            evaluation: None,
            series: Vec::new(),
            alerts: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Sets the time between two samples.
    #[must_use]
    pub fn every(mut self, interval: &'static str) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the time between two evaluations of the rules.
    #[must_use]
    pub fn evaluated_every(mut self, interval: &'static str) -> Self {
        self.evaluation = Some(interval);
        self
    }

    /// Adds a series, with its values in promtool's notation: `0+10x60` starts at 0 and grows by 10 sixty times.
    #[must_use]
    pub fn series(mut self, series: impl Into<String>, values: impl Into<String>) -> Self {
        self.series.push(json!({ "series": series.into(), "values": values.into() }));
        self
    }

    /// Expects one firing alert at a time.
    #[must_use]
    pub fn fires(self, alert: &str, at: &str, firing: &Firing) -> Self {
        self.fire(alert, at, &[firing])
    }

    /// Expects several firing alerts of one name at a time.
    #[must_use]
    pub fn fire(mut self, alert: &str, at: &str, firing: &[&Firing]) -> Self {
        let alerts = firing.iter().map(|Firing { labels, summary, description }| {
            let labels: BTreeMap<_, _> = labels.iter().copied().collect();
            json!({
                "exp_labels": labels,
                "exp_annotations": { "summary": summary, "description": description },
            })
        });
        let alerts: Vec<_> = alerts.collect();
        self.alerts
            .push((alert.to_owned(), json!({ "alertname": alert, "eval_time": at, "exp_alerts": alerts })));
        self
    }

    /// Expects that an alert does not fire at a time.
    #[must_use]
    pub fn silent(self, alert: &str, at: &str) -> Self {
        self.fire(alert, at, &[])
    }

    /// Expects the samples of a query at a time.
    #[must_use]
    pub fn value(mut self, query: impl Into<String>, at: &str, samples: &[(&str, f64)]) -> Self {
        let samples: Vec<_> =
            samples.iter().map(|(labels, value)| json!({ "labels": labels, "value": value })).collect();
        self.values.push(json!({ "expr": query.into(), "eval_time": at, "exp_samples": samples }));
        self
    }

    /// Returns true if the case has an expectation for an alert.
    pub fn is_about(&self, alert: &str) -> bool {
        self.alerts.iter().any(|(name, _)| name == alert)
    }

    /// Returns true if the case expects that an alert fires at some time.
    pub fn has_firing(&self, alert: &str) -> bool {
        self.of(alert).any(|fires| fires)
    }

    /// Returns true if the case expects that an alert does not fire at some time.
    pub fn has_silent(&self, alert: &str) -> bool {
        self.of(alert).any(|fires| !fires)
    }

    fn of(&self, alert: &str) -> impl Iterator<Item = bool> {
        let about = self.alerts.iter().filter(move |(name, _)| name == alert);
        about.map(|(_, test)| test["exp_alerts"].as_array().is_some_and(|alerts| !alerts.is_empty()))
    }

    /// Returns the case with the expectations for one alert only.
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

/// Runs cases on rule files, which are evaluated at the interval of the samples. Returns whether all cases passed, and the
/// output of promtool.
///
/// # Panics
/// Panics if promtool can't be run.
pub fn test_rules(promtool: &Path, folder: &Path, rules: &[&Path], cases: &[Case]) -> (bool, String) {
    let evaluation = |case: &Case| case.evaluation.unwrap_or(case.interval);
    let intervals: BTreeSet<_> = cases.iter().map(evaluation).collect();
    let mut all = (true, String::new());
    for interval in intervals {
        let of_interval = cases.iter().filter(|case| evaluation(case) == interval);
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
