//! The variables of a dashboard: labels whose values are chosen at its top.

use crate::catalogue::Catalogue;
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
    /// True if series may lack the label, so that `All` must also match its absence.
    pub(super) is_optional: bool,
}

/// The variables of every dashboard.
const INSTANCES: &[Variable] = &[
    Variable { name: "job", label: "Job", metric: "agent_active_tasks", matchers: "", is_optional: false },
    Variable {
        name: "instance",
        label: "Instance",
        metric: "agent_active_tasks",
        matchers: "{job=~\"$job\"}",
        is_optional: false,
    },
];

const CHOSEN_INSTANCES: &str = "{job=~\"$job\", instance=~\"$instance\"}";

/// The variables that a dashboard has if one of its queries names them. Targets in Kubernetes or of several clusters have the
/// first two; without them only `All` is offered, which matches every series.
const OPTIONAL: &[Variable] = &[
    Variable {
        name: "cluster",
        label: "Cluster",
        metric: "agent_active_tasks",
        matchers: "{job=~\"$job\"}",
        is_optional: true,
    },
    Variable {
        name: "namespace",
        label: "Namespace",
        metric: "agent_active_tasks",
        matchers: "{job=~\"$job\", cluster=~\"$cluster\"}",
        is_optional: true,
    },
    Variable {
        name: "model",
        label: "Model",
        metric: "agent_llm_calls_total",
        matchers: CHOSEN_INSTANCES,
        is_optional: false,
    },
    Variable {
        name: "task_type",
        label: "Task type",
        metric: "agent_tasks_total",
        matchers: CHOSEN_INSTANCES,
        is_optional: false,
    },
    Variable {
        name: "tool_name",
        label: "Tool",
        metric: "agent_tool_calls_total",
        matchers: CHOSEN_INSTANCES,
        is_optional: false,
    },
];

/// The percentiles that can be chosen, with the argument of `histogram_quantile`.
pub(super) const PERCENTILES: [(&str, &str); 4] =
    [("p50", "0.5"), ("p90", "0.9"), ("p95", "0.95"), ("p99", "0.99")];

impl Variable {
    /// Returns the query for the values that are offered.
    pub(super) fn query(self) -> String {
        let Self { name, metric, matchers, .. } = self;
        format!("label_values({metric}{matchers}, {name})")
    }
}

/// Returns the variables of a dashboard, among them the dimensions of the program.
pub(super) fn variables(dashboard: &Dashboard, catalogue: &Catalogue) -> Vec<Variable> {
    let is_named = |variable: &Variable| {
        let name = format!("\"${}\"", variable.name);
        dashboard.queries().any(|(_, query)| query.text().contains(&name))
    };
    let dimensions = catalogue.dimensions.iter().map(|dimension| Variable {
        name: dimension.name,
        label: dimension.name,
        metric: "agent_tasks_total",
        matchers: CHOSEN_INSTANCES,
        is_optional: false,
    });
    let optional = OPTIONAL.iter().copied().chain(dimensions).filter(is_named);
    INSTANCES.iter().copied().chain(optional).collect()
}

/// Returns true if a query has the percentile that is chosen.
pub(super) fn uses_percentile(dashboard: &Dashboard) -> bool {
    dashboard.queries().any(|(_, query)| query.text().contains("$percentile"))
}
