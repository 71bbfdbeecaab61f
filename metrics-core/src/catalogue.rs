//! What exists, as data: families with their names, labels and units, and tracked functions.

use std::time::Duration;

use crate::builtin::{FamilyId as _, LlmFamily, MODEL, TASK_TYPE, TOOL_NAME, TaskFamily, ToolFamily};
pub use crate::sample::{FamilyGroup, FamilyInfo, LabelValues, OtelName};

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
            Self::Task => Some(TASK_TYPE.name),
            Self::Tool => Some(TOOL_NAME.name),
            Self::Llm => Some(MODEL.name),
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
            SiteKind::Task => Some(TaskFamily::Ended.name().to_owned()),
            SiteKind::Tool => Some(ToolFamily::Ended.name().to_owned()),
            SiteKind::Llm => Some(LlmFamily::Ended.name().to_owned()),
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
