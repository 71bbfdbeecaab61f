//! Objectives that are declared in code.

use std::time::Duration;

use crate::catalogue::{SiteInfo, SiteKind, Slo};
use crate::monitoring::MonitoringError;

/// A service level objective for some calls: their success rate and their latency.
#[derive(Clone, PartialEq, Debug)]
pub struct Objective {
    pub(super) calls: Calls,
    pub(super) slo: Slo,
    /// `true` for a default objective, which any other for the same calls replaces.
    pub(super) is_default: bool,
}

/// The calls of an objective.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Calls {
    /// Returns the counter of calls by status.
    pub(super) group: Group,
    /// The label that selects the calls, with its value; `None` for all calls of the group.
    pub(super) label: Option<(&'static str, String)>,
}

/// The calls that one family counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Group {
    Http,
    Tasks,
    Tools,
    Llm,
    /// A user-defined call family, by name.
    General(String),
}

impl Calls {
    /// Returns the calls of a tracked function.
    pub(super) fn of_site(site: &SiteInfo) -> Result<Self, MonitoringError> {
        let group = match (site.kind, site.family) {
            (SiteKind::Task, _) => Group::Tasks,
            (SiteKind::Tool, _) => Group::Tools,
            (SiteKind::Llm, _) => Group::Llm,
            // All calls of the family: which of them are the function's own, no label says.
            (_, family) => {
                return Ok(Self {
                    group: Group::General(family.unwrap_or_default().to_owned()),
                    label: None,
                });
            }
        };
        let no_label = || MonitoringError::NoLabel {
            site: site.to_string(),
            label: site.kind.label().unwrap_or_default(),
        };
        let (label, value) = site.label.ok_or_else(no_label)?;
        Ok(Self { group, label: Some((label, value.to_owned())) })
    }

    /// Returns a name of the calls, such as `http` or `task-search`.
    pub(super) fn name(&self) -> String {
        let group = match &self.group {
            Group::Http => "http",
            Group::Tasks => "task",
            Group::Tools => "tool",
            Group::Llm => "model",
            Group::General(family) => family,
        };
        self.label.as_ref().map_or_else(|| group.to_owned(), |(_, value)| format!("{group}-{value}"))
    }

    /// Returns the counter of calls by status.
    pub(super) fn counter(&self) -> String {
        match &self.group {
            Group::Http => "agent_http_requests_total".to_owned(),
            Group::Tasks => "agent_tasks_total".to_owned(),
            Group::Tools => "agent_tool_calls_total".to_owned(),
            Group::Llm => "agent_llm_calls_total".to_owned(),
            Group::General(family) => format!("{family}_calls_total"),
        }
    }

    /// Returns the histogram of durations.
    pub(super) fn histogram(&self) -> String {
        match &self.group {
            Group::Http => "agent_http_request_duration_seconds".to_owned(),
            Group::Tasks => "agent_task_duration_seconds".to_owned(),
            Group::Tools => "agent_tool_call_duration_seconds".to_owned(),
            Group::Llm => "agent_llm_call_duration_seconds".to_owned(),
            Group::General(family) => format!("{family}_call_duration_seconds"),
        }
    }

    /// Returns the matchers of failed calls and of counted ones. Calls cancelled by their caller are neither.
    pub(super) fn statuses(&self) -> [&'static str; 2] {
        match self.group {
            Group::Http => ["status_code=~\"5..\"", "status_code!=\"499\""],
            _ => ["status!~\"success|cancelled\"", "status!=\"cancelled\""],
        }
    }

    /// Returns a series of the calls with an additional matcher, if any.
    pub(super) fn series(&self, name: &str, matcher: &str) -> String {
        let own = self.label.as_ref().map(|(label, value)| format!("{label}=\"{}\"", escaped(value)));
        let matchers: Vec<_> =
            own.into_iter().chain((!matcher.is_empty()).then(|| matcher.to_owned())).collect();
        if matchers.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", matchers.join(",")) }
    }
}

/// Escapes a label value for a query.
pub(super) fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

impl Objective {
    fn of(group: Group, label: Option<(&'static str, String)>) -> Self {
        Self { calls: Calls { group, label }, slo: Slo::new(), is_default: false }
    }

    pub(crate) fn into_default(mut self) -> Self {
        self.is_default = true;
        self
    }

    /// Creates an objective for all HTTP requests.
    pub fn http() -> Self {
        Self::of(Group::Http, None)
    }

    /// Creates an objective for the HTTP requests of one endpoint.
    pub fn endpoint(endpoint: impl Into<String>) -> Self {
        Self::of(Group::Http, Some(("endpoint", endpoint.into())))
    }

    /// Creates an objective for all tasks.
    pub fn tasks() -> Self {
        Self::of(Group::Tasks, None)
    }

    /// Creates an objective for the tasks of one type.
    pub fn task_type(task_type: impl Into<String>) -> Self {
        Self::of(Group::Tasks, Some(("task_type", task_type.into())))
    }

    /// Creates an objective for the calls of one tool.
    pub fn tool(tool_name: impl Into<String>) -> Self {
        Self::of(Group::Tools, Some(("tool_name", tool_name.into())))
    }

    /// Creates an objective for the calls of one model.
    pub fn model(model: impl Into<String>) -> Self {
        Self::of(Group::Llm, Some(("model", model.into())))
    }

    /// Creates an objective for a user-defined call family, such as `#[calls(name = "retrieval")]`.
    pub fn calls(family: impl Into<String>) -> Self {
        Self::of(Group::General(family.into()), None)
    }

    /// Sets the share of calls that succeed, in percent, above 0 and below 100.
    #[must_use]
    pub fn availability(mut self, percent: f64) -> Self {
        self.slo = self.slo.availability(percent);
        self
    }

    /// Sets the share of calls that take at most `limit`, in percent, above 0 and below 100.
    #[must_use]
    pub fn latency(mut self, limit: Duration, percentile: f64) -> Self {
        self.slo = self.slo.latency(limit, percentile);
        self
    }
}
