//! What exists, as data: families with their names, labels and units, and tracked functions.

use std::time::Duration;

use crate::label::Domain;
use crate::name::Kind;
use crate::status::{LLM, TASK, TOOL};
use crate::usage::{ANOMALIES, RateLimits};

/// Everything that an instance can show, as data: what dashboards, alerts and references are made from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Catalogue {
    /// The families, by name: the agent's own and those of the user's that are registered.
    pub families: Vec<FamilyInfo>,
    /// The tracked functions that are linked into the program, by file and line.
    pub sites: Vec<SiteInfo>,
    /// What tasks, calls of models, tools and costs are told apart by besides their own labels.
    pub dimensions: Vec<DimensionInfo>,
}

/// A label of the families of tasks, models, tools and costs, by [`Builder::dimension`](crate::Builder::dimension).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct DimensionInfo {
    /// The label's name.
    pub name: &'static str,
    /// Its values, without the `__none__` of calls to which nobody gave one.
    pub values: &'static [&'static str],
}

/// What the runtime knows of a family.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FamilyInfo {
    /// The full name, as in the text exposition.
    pub name: String,
    /// What it measures, in a sentence.
    pub help: String,
    /// What kind of metric it is.
    pub kind: Kind,
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
        kind: Kind,
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

fn unit_of(kind: Kind, name: &str) -> Option<&'static str> {
    let name = if kind == Kind::Counter { name.strip_suffix("_total").unwrap_or(name) } else { name };
    UNITS.into_iter().find(|unit| name.strip_suffix(unit).is_some_and(|before| before.ends_with('_')))
}

/// Which attribute a tracked function carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SiteKind {
    /// `#[track_task]`
    Task,
    /// `#[track_tool]`
    Tool,
    /// `#[track_llm]`
    Llm,
    /// `#[track_step]`
    Step,
    /// `#[track(..)]`
    General,
}

impl SiteKind {
    /// The label that tells its calls from others of the kind.
    pub(crate) fn label(self) -> Option<&'static str> {
        match self {
            Self::Task => Some("task_type"),
            Self::Tool => Some("tool_name"),
            Self::Llm => Some("model"),
            Self::Step | Self::General => None,
        }
    }
}

/// A tracked function: where it stands in the source, and what is known of its calls before the first.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct SiteInfo {
    /// Which attribute.
    pub kind: SiteKind,
    /// The function's name.
    pub function: &'static str,
    /// The module's path.
    pub module: &'static str,
    /// The file, as rustc was given it.
    pub file: &'static str,
    /// The attribute's line.
    pub line: u32,
    /// The label that all its calls have, with its value; `None` where it is only known at the call.
    pub label: Option<(&'static str, &'static str)>,
    /// The name of its call family, for `#[track(..)]`.
    pub family: Option<&'static str>,
    /// The provider of its model, in OpenTelemetry's words (`openai`, `gcp.gemini`, ..), if it was given.
    pub provider: Option<&'static str>,
    /// What its model is asked for, in OpenTelemetry's words: `chat` unless it was given.
    pub operation: Option<&'static str>,
    /// What it is held to.
    pub slo: Option<Slo>,
}

impl SiteInfo {
    /// The counter in which its calls are counted by status; steps have none.
    pub fn counter(&self) -> Option<String> {
        match self.kind {
            SiteKind::Task => Some("agent_tasks_total".to_owned()),
            SiteKind::Tool => Some("agent_tool_calls_total".to_owned()),
            SiteKind::Llm => Some("agent_llm_calls_total".to_owned()),
            SiteKind::Step => None,
            SiteKind::General => self.family.map(|family| format!("{family}_calls_total")),
        }
    }
}

impl std::fmt::Display for SiteInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}::{} ({}:{})", self.module, self.function, self.file, self.line)
    }
}

/// A service level objective: how often calls succeed, and how fast they are.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
#[non_exhaustive]
pub struct Slo {
    /// The share of calls that succeed, in percent, above 0 and below 100.
    pub availability: Option<f64>,
    /// How long calls take.
    pub latency: Option<LatencyObjective>,
}

/// So many of the calls take at most so long.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct LatencyObjective {
    /// The longest they take.
    pub limit: Duration,
    /// How many of them, in percent, above 0 and below 100.
    pub percentile: f64,
}

impl Slo {
    /// No objective.
    pub const fn new() -> Self {
        Self { availability: None, latency: None }
    }

    /// So many percent of the calls succeed.
    #[must_use]
    pub const fn availability(mut self, percent: f64) -> Self {
        self.availability = Some(percent);
        self
    }

    /// So many percent of the calls take at most `limit`.
    #[must_use]
    pub const fn latency(mut self, limit: Duration, percentile: f64) -> Self {
        self.latency = Some(LatencyObjective { limit, percentile });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_come_from_names() {
        assert_eq!(unit_of(Kind::Histogram, "agent_task_duration_seconds"), Some("seconds"));
        assert_eq!(unit_of(Kind::Counter, "agent_cost_usd_total"), Some("usd"));
        assert_eq!(unit_of(Kind::Gauge, "seconds"), None);
        assert_eq!(unit_of(Kind::Counter, "agent_tasks_total"), None);
    }
}
