//! A query as a value: its text, and the names of the metrics that it selects.

use std::fmt;

use crate::name::MetricKind;
use crate::promql::{FamilyShape, QueryErrorKind, QueryScope, check};

/// A query in PromQL with the metrics that it selects. Alerts, recorded series and panel targets hold one.
///
/// The names come from the parser that checks queries. Therefore text in quotes, labels and functions are never taken for a
/// metric, and nothing else in the crate reads the text of a query.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PromqlQuery {
    text: String,
    /// The names of selected samples and recorded series, in order and without repetitions.
    metrics: Vec<String>,
}

impl PromqlQuery {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the selected samples of families, such as `agent_tasks_total`. The series that Prometheus itself writes, such
    /// as `up`, are not among them.
    pub(crate) fn samples(&self) -> impl Iterator<Item = &str> {
        self.metrics.iter().map(String::as_str).filter(|name| !is_recorded(name))
    }

    /// Returns the selected series of recording rules, such as `job:agent_tasks:rate5m`.
    pub(crate) fn recorded(&self) -> impl Iterator<Item = &str> {
        self.metrics.iter().map(String::as_str).filter(|name| is_recorded(name))
    }

    /// Returns the selected samples of built-in families, which begin with `agent_`.
    pub(crate) fn builtin_samples(&self) -> impl Iterator<Item = &str> {
        self.samples().filter(|sample| sample.starts_with("agent_"))
    }
}

/// Returns `true` for a name with a colon, which only recording rules may have.
fn is_recorded(name: &str) -> bool {
    name.contains(':')
}

impl<T: Into<String>> From<T> for PromqlQuery {
    fn from(text: T) -> Self {
        let text = text.into();
        Self { metrics: metrics(&text), text }
    }
}

impl fmt::Display for PromqlQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Returns the names of the metrics in a query, up to a syntax error. The check against a catalogue reports the error later.
fn metrics(query: &str) -> Vec<String> {
    let mut known: Vec<FamilyShape<'_>> = Vec::new();
    loop {
        // The check stops at the first name that is not known yet. An info without labels may have any.
        let scope = QueryScope { families: &[&known], extra: &[], others: &[], any_recorded: false };
        let name = match check(query, &scope) {
            Err(error) if matches!(error.what(), QueryErrorKind::Metric { .. }) => error.found(query),
            _ => return known.iter().map(|family| family.name.to_owned()).collect(),
        };
        known.push(FamilyShape::new(name, MetricKind::Info, &[]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(text: &str) -> Vec<String> {
        PromqlQuery::from(text).metrics
    }

    #[test]
    fn the_metrics_of_a_query_are_its_selectors() {
        assert_eq!(
            metrics(
                "rate(agent_task_duration_seconds_bucket{x=\"a\"}[5m]) / agent_tasks_total / up + agent:tasks:rate5m - agent_tasks_total"
            ),
            ["agent_task_duration_seconds_bucket", "agent_tasks_total", "agent:tasks:rate5m"]
        );
    }

    #[test]
    fn text_in_quotes_labels_functions_and_ranges_are_no_metrics() {
        for query in [
            "sum by (agent_label) (agent_a{x=\"agent_b\", y=~'agent:c:rate5m', z=`agent_d`})",
            "label_replace(agent_a, \"agent_b\", \"job:agent_c:sum\", \"agent_d\", \"\\\"agent_e\")",
            "max_over_time(agent_a[1h:5m]) # agent_b and job:agent_c:sum",
            "agent_a offset 5m and on (agent_b) (vector(1) > bool 0)",
        ] {
            assert_eq!(metrics(query), ["agent_a"], "{query}");
        }
    }

    #[test]
    fn samples_of_families_and_recorded_series_are_separate() {
        let query = PromqlQuery::from("agent_tasks_total / job:agent_tasks:rate5m + other_total");
        assert_eq!(query.samples().collect::<Vec<_>>(), ["agent_tasks_total", "other_total"]);
        assert_eq!(query.builtin_samples().collect::<Vec<_>>(), ["agent_tasks_total"]);
        assert_eq!(query.recorded().collect::<Vec<_>>(), ["job:agent_tasks:rate5m"]);
    }
}
