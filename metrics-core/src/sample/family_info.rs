//! The description of a metric family: name, help, kind, unit, labels.

use crate::label::Domain;
use crate::name::MetricKind;

/// The description of one metric family.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FamilyInfo {
    /// The full name, as in the text exposition.
    pub name: String,
    /// One sentence about the measured quantity, as on the `# HELP` line.
    pub help: String,
    /// The kind of metric.
    pub kind: MetricKind,
    /// The group to which the family belongs.
    pub group: FamilyGroup,
    /// The unit at the end of the name, if any (`seconds`, `usd`, ..).
    pub unit: Option<&'static str>,
    /// The label names, without `le`.
    pub labels: Vec<&'static str>,
    /// The possible values of each label, in the order of `labels`.
    pub values: Vec<LabelValues>,
    /// The bucket bounds of a histogram, without `+Inf`.
    pub buckets: Vec<f64>,
    /// The name in OpenTelemetry's conventions, for a family of a [`Profile`](crate::Profile).
    pub otel: Option<OtelName>,
}

/// The group of a family: the part of the toolkit that records it, or the user's code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FamilyGroup {
    /// Tasks.
    Tasks,
    /// LLM calls, their tokens and the prices in force.
    LlmCalls,
    /// Tool calls.
    Tools,
    /// Costs and budgets.
    Costs,
    /// HTTP requests to the service.
    Http,
    /// Caches, memory, user satisfaction, and facts about the application.
    Application,
    /// LLM calls, agents and tools under the names of OpenTelemetry's conventions.
    OpenTelemetry,
    /// The health of the toolkit itself: scrapes, pushes, refused observations, overflows of labels.
    Health,
    /// Families that the program declares itself.
    UserDefined,
}

/// The name of a family in OpenTelemetry's conventions, under which OTLP sends it. An attribute's name has a dot where the
/// label's has an underscore (`gen_ai.provider.name`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct OtelName {
    /// The name, such as `gen_ai.client.operation.duration`.
    pub name: &'static str,
    /// The unit as UCUM writes it: `s`, `{token}`.
    pub unit: &'static str,
}

/// The possible values of a label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LabelValues {
    /// One of these values.
    Closed(&'static [&'static str]),
    /// Any value, with a series for at most this number of different ones.
    Capped(usize),
    /// Any value.
    Open,
}

impl FamilyInfo {
    /// Returns whether the toolkit declares the family, not the user's program.
    pub fn is_builtin(&self) -> bool {
        self.group != FamilyGroup::UserDefined
    }

    /// A user-defined family whose labels can have any value.
    pub(crate) fn new(
        kind: MetricKind,
        name: impl Into<String>,
        help: impl Into<String>,
        labels: &[&'static str],
    ) -> Self {
        let name = name.into();
        let unit = unit_in(kind, &name);
        Self {
            unit,
            name,
            help: help.into(),
            kind,
            group: FamilyGroup::UserDefined,
            labels: labels.to_vec(),
            values: vec![LabelValues::Open; labels.len()],
            buckets: Vec::new(),
            otel: None,
        }
    }

    /// Sets the possible values of the first labels.
    pub(crate) fn with_domains(mut self, domains: &[Domain]) -> Self {
        for (values, domain) in self.values.iter_mut().zip(domains) {
            *values = match *domain {
                Domain::Closed(texts) => LabelValues::Closed(texts),
                Domain::Bounded(cap) => LabelValues::Capped(cap),
            };
        }
        self
    }

    /// Sets the possible values of one label.
    pub(crate) fn with_values(mut self, label: &str, values: LabelValues) -> Self {
        if let Some(at) = self.labels.iter().position(|name| *name == label) {
            self.values[at] = values;
        }
        self
    }

    /// Sets the cap of each label for whose name `cap` returns one.
    pub(crate) fn with_caps(mut self, cap: impl Fn(&str) -> Option<usize>) -> Self {
        for (label, values) in self.labels.iter().zip(&mut self.values) {
            if let (LabelValues::Open, Some(cap)) = (*values, cap(label)) {
                *values = LabelValues::Capped(cap);
            }
        }
        self
    }

    /// Adds labels that can have any value.
    pub(crate) fn with_labels(mut self, more: impl IntoIterator<Item = &'static str>) -> Self {
        self.labels.extend(more);
        self.values.resize(self.labels.len(), LabelValues::Open);
        self
    }

    pub(crate) fn with_buckets(mut self, bounds: &[f64]) -> Self {
        self.buckets = bounds.to_vec();
        self
    }
}

/// The units that end names of families; OpenMetrics states a unit on a line of its own.
const UNITS: [&str; 6] = ["seconds", "usd", "bytes", "ratio", "tokens", "celsius"];

fn unit_in(kind: MetricKind, name: &str) -> Option<&'static str> {
    let name = if kind == MetricKind::Counter { name.strip_suffix("_total").unwrap_or(name) } else { name };
    UNITS.into_iter().find(|unit| name.strip_suffix(unit).is_some_and(|before| before.ends_with('_')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_come_from_names() {
        assert_eq!(unit_in(MetricKind::Histogram, "agent_task_duration_seconds"), Some("seconds"));
        assert_eq!(unit_in(MetricKind::Counter, "agent_cost_usd_total"), Some("usd"));
        assert_eq!(unit_in(MetricKind::Gauge, "seconds"), None);
        assert_eq!(unit_in(MetricKind::Counter, "agent_tasks_total"), None);
    }
}
