//! The variables of a dashboard: labels whose values are chosen at its top.

use crate::monitoring::dashboard::Dashboard;

/// A label whose values can be chosen at the top of a dashboard.
#[derive(Clone, Copy)]
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    /// The metric whose values of the label are offered.
    metric: &'static str,
    /// Matchers of that metric.
    matchers: &'static str,
}

/// The variables of every dashboard.
const INSTANCES: &[Variable] = &[
    Variable { name: "job", label: "Job", metric: "agent_active_tasks", matchers: "" },
    Variable {
        name: "instance",
        label: "Instance",
        metric: "agent_active_tasks",
        matchers: "{job=~\"$job\"}",
    },
];

const CHOSEN_INSTANCES: &str = "{job=~\"$job\", instance=~\"$instance\"}";

/// The variables that a dashboard has if one of its queries names them.
const OPTIONAL: &[Variable] = &[
    Variable { name: "model", label: "Model", metric: "agent_llm_calls_total", matchers: CHOSEN_INSTANCES },
    Variable {
        name: "task_type",
        label: "Task type",
        metric: "agent_tasks_total",
        matchers: CHOSEN_INSTANCES,
    },
];

impl Variable {
    /// Returns the query for the values that are offered.
    pub(super) fn query(self) -> String {
        let Self { name, metric, matchers, .. } = self;
        format!("label_values({metric}{matchers}, {name})")
    }
}

/// Returns the variables of a dashboard.
pub(super) fn variables(dashboard: &Dashboard) -> impl Iterator<Item = Variable> {
    let is_named = |variable: &&Variable| {
        let name = format!("\"${}\"", variable.name);
        dashboard.queries().any(|(_, query)| query.text().contains(&name))
    };
    INSTANCES.iter().chain(OPTIONAL.iter().filter(is_named)).copied()
}
