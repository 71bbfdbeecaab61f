//! What calls are held to, stated in code.

use std::time::Duration;

use crate::catalogue::Slo;

/// An objective for some calls: how often they succeed, and how fast they are.
#[derive(Clone, PartialEq, Debug)]
pub struct Objective {
    pub(super) calls: Calls,
    pub(super) slo: Slo,
}

/// Which calls an objective is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Calls {
    /// The counter by status.
    pub(super) group: Group,
    /// The label by which they are told apart, and its value; `None` for all of the group.
    pub(super) label: Option<(&'static str, String)>,
}

/// Calls that are counted in one family.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Group {
    Http,
    Tasks,
    Tools,
    Llm,
    /// A call family of the user's, by name.
    General(String),
}

impl Objective {
    fn of(group: Group, label: Option<(&'static str, String)>) -> Self {
        Self { calls: Calls { group, label }, slo: Slo::new() }
    }

    /// For all HTTP requests.
    pub fn http() -> Self {
        Self::of(Group::Http, None)
    }

    /// For the HTTP requests of one endpoint.
    pub fn endpoint(endpoint: impl Into<String>) -> Self {
        Self::of(Group::Http, Some(("endpoint", endpoint.into())))
    }

    /// For all tasks.
    pub fn tasks() -> Self {
        Self::of(Group::Tasks, None)
    }

    /// For the tasks of one type.
    pub fn task_type(task_type: impl Into<String>) -> Self {
        Self::of(Group::Tasks, Some(("task_type", task_type.into())))
    }

    /// For the calls of one tool.
    pub fn tool(tool_name: impl Into<String>) -> Self {
        Self::of(Group::Tools, Some(("tool_name", tool_name.into())))
    }

    /// For the calls of one model.
    pub fn model(model: impl Into<String>) -> Self {
        Self::of(Group::Llm, Some(("model", model.into())))
    }

    /// For the calls of a family of the user's, as in `#[calls(name = "retrieval")]`.
    pub fn calls(family: impl Into<String>) -> Self {
        Self::of(Group::General(family.into()), None)
    }

    /// So many percent of the calls succeed.
    #[must_use]
    pub fn availability(mut self, percent: f64) -> Self {
        self.slo = self.slo.availability(percent);
        self
    }

    /// So many percent of the calls take at most `limit`.
    #[must_use]
    pub fn latency(mut self, limit: Duration, percentile: f64) -> Self {
        self.slo = self.slo.latency(limit, percentile);
        self
    }
}
