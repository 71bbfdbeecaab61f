//! A dashboard as it is made: rows of panels, and the variables that its queries name.

use super::panel::Panel;
use crate::monitoring::MonitoringError;

/// A dashboard for Grafana.
///
/// ```
/// use agent_metrics::monitoring::{Dashboard, Monitoring, Panel};
///
/// let searches = r#"sum(rate(agent_tool_calls_total{tool_name="web_search"}[$__rate_interval]))"#;
/// let mine = Dashboard::new("my-agent", "My agent", "What I look at first.")
///     .row("Search", [Panel::lines("Searches", "Calls of the search.").query(searches, "searches").unit("ops")]);
/// let catalogue = agent_metrics::AgentMetrics::builder().build()?.catalogue();
/// let files = Monitoring::for_catalogue(catalogue).with(|settings| settings.dashboards.push(mine)).files()?;
/// assert!(files.iter().any(|file| file.path == "grafana/dashboards/my-agent.json"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Dashboard {
    pub(super) uid: String,
    pub(in crate::monitoring) title: String,
    pub(super) description: String,
    pub(super) rows: Vec<Row>,
    /// How far back it looks at first, as in `6h`.
    pub(super) since: &'static str,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Row {
    pub(super) title: String,
    pub(super) panels: Vec<Panel>,
}

/// Variables by which every dashboard is narrowed down.
pub(super) const TARGET: &[Variable] = &[
    Variable { name: "job", label: "Job", of: "agent_active_tasks", within: "" },
    Variable { name: "instance", label: "Instance", of: "agent_active_tasks", within: "job=~\"$job\"" },
];

const WITHIN: &str = "job=~\"$job\", instance=~\"$instance\"";

/// Those that a dashboard has if a query of it names them.
pub(super) const CHOICES: &[Variable] = &[
    Variable { name: "model", label: "Model", of: "agent_llm_calls_total", within: WITHIN },
    Variable { name: "task_type", label: "Task type", of: "agent_tasks_total", within: WITHIN },
];

/// A label whose values can be chosen from.
#[derive(Clone, Copy)]
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    /// The metric that has them.
    of: &'static str,
    within: &'static str,
}

impl Variable {
    /// What asks for the values.
    pub(super) fn query(self) -> String {
        let Self { name, of, within, .. } = self;
        if within.is_empty() {
            format!("label_values({of}, {name})")
        } else {
            format!("label_values({of}{{{within}}}, {name})")
        }
    }
}

impl Dashboard {
    /// An empty one. Its `uid` is in its address, and the name of its file: letters, digits, `-` and `_`, at most 40.
    pub fn new(uid: impl Into<String>, title: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            uid: uid.into(),
            title: title.into(),
            description: description.into(),
            rows: Vec::new(),
            since: "6h",
        }
    }

    /// A row of panels below those that are there.
    #[must_use]
    pub fn row(mut self, title: impl Into<String>, panels: impl IntoIterator<Item = Panel>) -> Self {
        self.rows.push(Row { title: title.into(), panels: panels.into_iter().collect() });
        self
    }

    pub(crate) fn uid(&self) -> &str {
        &self.uid
    }

    #[must_use]
    pub(super) fn since(mut self, since: &'static str) -> Self {
        self.since = since;
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Without the queries that need a family which isn't there, and what is then empty.
    #[must_use]
    pub(super) fn only_with(mut self, has: impl Fn(&str) -> bool) -> Self {
        for row in &mut self.rows {
            for panel in &mut row.panels {
                panel.targets.retain(|target| target.needs().all(&has));
            }
            row.panels.retain(|panel| !panel.targets.is_empty());
        }
        self.rows.retain(|row| !row.panels.is_empty());
        self
    }

    /// A panel that asks for nothing would show nothing.
    pub(super) fn check_panels(&self) -> Result<(), MonitoringError> {
        let empty = self.rows.iter().flat_map(|row| &row.panels).find(|panel| panel.targets.is_empty());
        empty.map_or(Ok(()), |panel| {
            Err(MonitoringError::Query {
                asset: format!("dashboard `{}`, panel `{}`", self.title, panel.title),
                query: String::new(),
                why: "no query, give it one with `.query(..)`".to_owned(),
            })
        })
    }

    /// Every query, with the title of its panel.
    pub(crate) fn queries(&self) -> impl Iterator<Item = (&str, &str)> {
        let panels = self.rows.iter().flat_map(|row| &row.panels);
        panels.flat_map(|panel| {
            panel.targets.iter().map(|target| (panel.title.as_str(), target.query.as_str()))
        })
    }

    /// The variables that its queries name.
    pub(super) fn variables(&self) -> impl Iterator<Item = Variable> {
        let used = |variable: &&Variable| {
            let name = format!("\"${}\"", variable.name);
            self.queries().any(|(_, query)| query.contains(&name))
        };
        TARGET.iter().chain(CHOICES.iter().filter(used)).copied()
    }
}
