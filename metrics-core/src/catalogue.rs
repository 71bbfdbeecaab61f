//! Data about an instance: its families with names, labels and units, and the tracked functions of the program.

use std::time::Duration;

use crate::builtin::{FamilyId as _, LlmFamily, MODEL, TASK_TYPE, TOOL_NAME, TaskFamily, ToolFamily};
pub use crate::name::MetricKind;
pub use crate::sample::{FamilyGroup, FamilyInfo, LabelValues, OtelName};

/// The families, tracked functions and dimensions of an instance, from which dashboards, alerts and references are generated.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Catalogue {
    /// The built-in families and the registered user-defined ones, sorted by name.
    pub families: Vec<FamilyInfo>,
    /// The tracked functions that are linked into the program, sorted by file and line.
    pub sites: Vec<SiteInfo>,
    /// The labels that the user added to tasks, LLM calls, tools and costs.
    pub dimensions: Vec<DimensionInfo>,
}

/// A label that [`Builder::dimension`](crate::Builder::dimension) added to the families of tasks, LLM calls, tools and costs.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct DimensionInfo {
    /// The name of the label.
    pub name: &'static str,
    /// The possible values, without the `__none__` of calls that have no value.
    pub values: &'static [&'static str],
}

/// The attribute of a tracked function.
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
    /// The label that distinguishes the calls of one kind.
    pub(crate) fn label(self) -> Option<&'static str> {
        match self {
            Self::Task => Some(TASK_TYPE.name),
            Self::Tool => Some(TOOL_NAME.name),
            Self::Llm => Some(MODEL.name),
            Self::Step | Self::General => None,
        }
    }
}

/// A tracked function: its position in the source, and the facts about its calls that are known before the first one.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct SiteInfo {
    /// The attribute.
    pub kind: SiteKind,
    /// The name of the function.
    pub function: &'static str,
    /// The path of the module.
    pub module: &'static str,
    /// The path of the file, as it was given to rustc.
    pub file: &'static str,
    /// The line of the attribute.
    pub line: u32,
    /// The label of all its calls, with its value; `None` where the value is only known at the call.
    pub label: Option<(&'static str, &'static str)>,
    /// The name of the call family, for `#[track(..)]`.
    pub family: Option<&'static str>,
    /// The provider of the model as OpenTelemetry names it (`openai`, `gcp.gemini`, ..), if the attribute states one.
    pub provider: Option<&'static str>,
    /// The operation as OpenTelemetry names it; `None` means `chat`.
    pub operation: Option<&'static str>,
    /// The objective of its calls.
    pub slo: Option<Slo>,
}

impl SiteInfo {
    /// Returns the name of the counter of its calls by status; steps have none.
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

/// A service level objective: the required shares of successful and of fast calls.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
#[non_exhaustive]
pub struct Slo {
    /// The required share of successful calls, in percent, above 0 and below 100.
    pub availability: Option<f64>,
    /// The required share of fast calls.
    pub latency: Option<LatencyObjective>,
}

/// A latency objective: at least `percentile` percent of the calls take at most `limit`.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct LatencyObjective {
    /// The duration that counts as fast.
    pub limit: Duration,
    /// The required share of calls within the limit, in percent, above 0 and below 100.
    pub percentile: f64,
}

impl Slo {
    /// No objective.
    pub const fn new() -> Self {
        Self { availability: None, latency: None }
    }

    /// Requires that `percent` of the calls succeed.
    #[must_use]
    pub const fn availability(mut self, percent: f64) -> Self {
        self.availability = Some(percent);
        self
    }

    /// Requires that `percentile` percent of the calls take at most `limit`.
    #[must_use]
    pub const fn latency(mut self, limit: Duration, percentile: f64) -> Self {
        self.latency = Some(LatencyObjective { limit, percentile });
        self
    }
}
