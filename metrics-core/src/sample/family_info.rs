//! The description of a metric family: name, help, kind, unit, labels.

use crate::label::Domain;
use crate::name::MetricKind;
use crate::status::{LLM, TASK, TOOL};
use crate::usage::{ANOMALIES, RateLimits};

/// What the runtime knows of a family.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FamilyInfo {
    /// The full name, as in the text exposition.
    pub name: String,
    /// What it measures, in a sentence.
    pub help: String,
    /// What kind of metric it is.
    pub kind: MetricKind,
    /// The unit that ends the name, if any (`seconds`, `usd`, ..).
    pub unit: Option<&'static str>,
    /// Its labels, without `le`.
    pub labels: Vec<&'static str>,
    /// What each of them can be, in their order.
    pub values: Vec<LabelValues>,
    /// A histogram's bucket bounds, without `+Inf`.
    pub buckets: Vec<f64>,
    /// What OpenTelemetry calls it, if it is one of a [`Profile`](crate::Profile).
    pub otel: Option<OtelName>,
}

/// A family of OpenTelemetry's conventions, as it is told over OTLP. Its attributes have dots where its labels have
/// underscores (`gen_ai.provider.name`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct OtelName {
    /// Such as `gen_ai.client.operation.duration`.
    pub name: &'static str,
    /// As UCUM writes it: `s`, `{token}`.
    pub unit: &'static str,
}

/// What a label can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LabelValues {
    /// One of these.
    Closed(&'static [&'static str]),
    /// Whatever turns up, up to so many different ones.
    Capped(usize),
    /// Whatever is set, one at a time.
    Open,
}

impl FamilyInfo {
    pub(crate) fn new(
        kind: MetricKind,
        name: impl Into<String>,
        help: impl Into<String>,
        labels: &[&'static str],
    ) -> Self {
        let name = name.into();
        let unit = unit_of(kind, &name);
        let values = labels.iter().map(|label| own_values(&name, label)).collect();
        Self {
            unit,
            name,
            help: help.into(),
            kind,
            labels: labels.to_vec(),
            values,
            buckets: Vec::new(),
            otel: None,
        }
    }

    /// With what the first labels can be.
    pub(crate) fn with_domains(mut self, domains: &[Domain]) -> Self {
        for (values, domain) in self.values.iter_mut().zip(domains) {
            *values = match *domain {
                Domain::Closed(texts) => LabelValues::Closed(texts),
                Domain::Bounded(cap) => LabelValues::Capped(cap),
            };
        }
        self
    }

    /// With the caps that a label of that name has, where it has one.
    pub(crate) fn with_caps(mut self, cap_of: impl Fn(&str) -> Option<usize>) -> Self {
        for (label, values) in self.labels.iter().zip(&mut self.values) {
            if let (LabelValues::Open, Some(cap)) = (*values, cap_of(label)) {
                *values = LabelValues::Capped(cap);
            }
        }
        self
    }

    /// With more labels.
    pub(crate) fn with_labels(mut self, more: impl IntoIterator<Item = &'static str>) -> Self {
        self.labels.extend(more);
        self.values.resize(self.labels.len(), LabelValues::Open);
        self
    }

    pub(crate) fn with_otel(mut self, name: &'static str, unit: &'static str) -> Self {
        self.otel = Some(OtelName { name, unit });
        self
    }

    pub(crate) fn with_buckets(mut self, bounds: &[f64]) -> Self {
        self.buckets = bounds.to_vec();
        self
    }
}

/// What the labels of the agent's own families can be. A test compares it with what the example exposes.
fn own_values(family: &str, label: &str) -> LabelValues {
    let is_of = |group: &str| family.starts_with(group);
    LabelValues::Closed(match label {
        // Money isn't spent in vain on what succeeds.
        "status" if is_of("agent_task_wasted") => &TASK.names[1..],
        "status" if is_of("agent_task") => TASK.names,
        "status" if is_of("agent_llm") => LLM.names,
        "status" => TOOL.names,
        "outcome" => LLM.names,
        "direction" => &["input", "output"],
        "cost_type" => &["input", "output", "tool"],
        "kind" if is_of("agent_llm_token_details") => &["cache_read", "cache_write", "reasoning", "audio"],
        "kind" if is_of("agent_llm_usage_anomalies") => &ANOMALIES,
        "kind" if is_of("agent_llm_ratelimit") => &RateLimits::KINDS,
        "window" => &["1h", "24h", "7d"],
        "result" => &["hit", "miss"],
        "method" => {
            &["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "OTHER"]
        }
        // Of three digits.
        "status_code" => return LabelValues::Capped(900),
        _ => return LabelValues::Open,
    })
}

/// Units in which families are named; OpenMetrics states them in a line of their own.
const UNITS: [&str; 6] = ["seconds", "usd", "bytes", "ratio", "tokens", "celsius"];

fn unit_of(kind: MetricKind, name: &str) -> Option<&'static str> {
    let name = if kind == MetricKind::Counter { name.strip_suffix("_total").unwrap_or(name) } else { name };
    UNITS.into_iter().find(|unit| name.strip_suffix(unit).is_some_and(|before| before.ends_with('_')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_come_from_names() {
        assert_eq!(unit_of(MetricKind::Histogram, "agent_task_duration_seconds"), Some("seconds"));
        assert_eq!(unit_of(MetricKind::Counter, "agent_cost_usd_total"), Some("usd"));
        assert_eq!(unit_of(MetricKind::Gauge, "seconds"), None);
        assert_eq!(unit_of(MetricKind::Counter, "agent_tasks_total"), None);
    }
}
