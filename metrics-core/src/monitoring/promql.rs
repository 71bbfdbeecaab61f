//! The names that generated queries may use: families of the catalogue, and recorded series.

use std::collections::BTreeSet;

use super::MonitoringError;
use super::query::PromqlQuery;
use crate::catalogue::Catalogue;
use crate::promql::{FamilyShape, QueryErrorKind, QueryScope, check};
use crate::sample::FamilyInfo;

/// The families of a catalogue, with the names of their samples in queries.
pub(crate) struct Names<'a> {
    known: Vec<FamilyShape<'a>>,
    /// The metrics of other programs.
    others: Vec<&'a str>,
}

impl<'a> Names<'a> {
    pub(crate) fn of(catalogue: &'a Catalogue) -> Self {
        let known = |family: &'a FamilyInfo| FamilyShape {
            name: &family.name,
            kind: family.kind,
            labels: &family.labels,
            // The values of a dimension lack the one of calls without a value. They come after the other labels.
            values: &family.values[..family
                .labels
                .iter()
                .position(|label| catalogue.dimensions.iter().any(|dimension| dimension.name == *label))
                .unwrap_or(family.values.len())],
            bounds: &family.buckets,
        };
        Self { known: catalogue.families.iter().map(known).collect(), others: Vec::new() }
    }

    /// Allows metrics of other programs, such as `node_*`, with any labels.
    pub(crate) fn with_others(self, others: &'a [String]) -> Self {
        Self { others: others.iter().map(String::as_str).collect(), ..self }
    }

    /// Refuses a query with a syntax error, or one that names a metric or a label that no series has. Recorded series are not
    /// checked here.
    pub(crate) fn check(&self, asset: &str, query: &PromqlQuery) -> Result<(), MonitoringError> {
        let scope =
            QueryScope { families: &[&self.known], extra: &[], others: &self.others, any_recorded: true };
        let (asset, query) = (asset.to_owned(), query.text());
        check(query, &scope).map_err(|error| match error.what() {
            QueryErrorKind::Metric { nearest } => MonitoringError::UnknownMetric {
                asset,
                metric: error.found(query).to_owned(),
                nearest: nearest.text(),
            },
            QueryErrorKind::Label { metric, labels } => MonitoringError::UnknownLabel {
                asset,
                metric: metric.to_owned(),
                label: error.found(query).to_owned(),
                known: labels.listed().map(str::to_owned).collect(),
            },
            _ => MonitoringError::Query { asset, query: query.to_owned(), why: error.text(query) },
        })
    }

    /// Returns `true` if a family has samples of this name.
    pub(crate) fn has(&self, sample: &str) -> bool {
        self.family_of(sample).is_some()
    }

    /// Returns the families whose samples a query selects.
    pub(crate) fn families_of(&self, query: &PromqlQuery) -> BTreeSet<&'a str> {
        query.samples().filter_map(|sample| self.family_of(sample)).collect()
    }

    /// Returns the family of a sample name.
    pub(crate) fn family_of(&self, sample: &str) -> Option<&'a str> {
        let is_of = |known: &&FamilyShape<'a>| {
            let rest = sample.strip_prefix(known.name);
            rest.is_some_and(|rest| matches!(rest, "" | "_bucket" | "_sum" | "_count"))
        };
        self.known.iter().find(is_of).map(|known| known.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_series_can_have_is_refused() {
        let catalogue = crate::instance::AgentMetrics::builder().build().unwrap().catalogue();
        let names = Names::of(&catalogue);
        let said = |query: &str| names.check("panel `X`", &query.into()).unwrap_err().to_string();
        assert_eq!(
            said("rate(agent_task_total[5m])"),
            "panel `X`: there is no metric `agent_task_total`; did you mean `agent_tasks_total`?"
        );
        assert_eq!(
            said("agent_active_tasks{task=\"x\"}"),
            "panel `X`: `agent_active_tasks` has no label `task`; it has job, instance"
        );
        assert!(said("agent_tasks_total{status=\"sucess\"}").contains("`sucess` is no value of `status`"));
        assert!(said("node_load1").contains("no metric `node_load1`"));
        let others = ["node_*".to_owned()];
        let with_others = Names::of(&catalogue).with_others(&others);
        assert!(with_others.check("panel", &"node_load1{x=\"a\"}".into()).is_ok());
        assert!(said("sum by (x) (agent_active_tasks)").contains("unknown label `x` in `by`"));
        assert!(said("sum(agent_active_tasks").contains("expected `)`"));
        assert!(names.check("panel", &"slo:sli_error:ratio_rate5m{slo=\"a\"}".into()).is_ok());
    }

    #[test]
    fn families_are_found_in_queries() {
        let catalogue = crate::instance::AgentMetrics::builder().build().unwrap().catalogue();
        let query =
            PromqlQuery::from("rate(agent_task_duration_seconds_bucket[5m]) / agent_tasks_total / up");
        let found = Names::of(&catalogue).families_of(&query);
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            ["agent_task_duration_seconds", "agent_tasks_total"]
        );
    }
}
