//! What exists, as data: families with their names, labels and units, and tracked functions.

use crate::name::Kind;

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
    /// A histogram's bucket bounds, without `+Inf`.
    pub buckets: Vec<f64>,
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
        Self { unit, name, help: help.into(), kind, labels: labels.to_vec(), buckets: Vec::new() }
    }

    pub(crate) fn with_buckets(mut self, bounds: &[f64]) -> Self {
        self.buckets = bounds.to_vec();
        self
    }
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

/// Where a tracked function stands in the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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
}

impl std::fmt::Display for SiteInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}::{} ({}:{})", self.module, self.function, self.file, self.line)
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
