//! A dashboard: rows of panels.

use super::panel::{Panel, Target};
use crate::monitoring::MonitoringError;
use crate::monitoring::query::PromqlQuery;

/// A dashboard: rows of [panels](Panel), for [`Settings::dashboards`](crate::monitoring::Settings::dashboards).
///
/// ```
/// use agent_metrics::monitoring::{Dashboard, Monitoring, Panel};
///
/// let rate = r#"sum(rate(agent_tool_calls_total{tool_name="web_search"}[$__rate_interval]))"#;
/// let searches = Panel::lines("Searches", "Calls of the search tool per second.").query(rate, "searches").unit("ops");
/// let dashboard = Dashboard::new("my-agent", "My agent", "The search tool of my agent.").row("Search", [searches]);
///
/// let catalogue = agent_metrics::AgentMetrics::builder().build()?.catalogue();
/// let files = Monitoring::for_catalogue(catalogue).with(|settings| settings.dashboards.push(dashboard)).files()?;
/// assert!(files.iter().any(|file| file.path == "grafana/dashboards/my-agent.json"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Dashboard {
    pub(crate) uid: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) rows: Vec<Row>,
    /// The length of the time range when the dashboard is opened, as in `6h`.
    pub(crate) since: &'static str,
}

/// A titled row of panels.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Row {
    pub(crate) title: String,
    pub(crate) panels: Vec<Panel>,
}

impl Dashboard {
    /// Creates a dashboard without rows.
    ///
    /// The `uid` is part of the dashboard's address in Grafana and the name of its file: 1 to 40 ASCII letters, digits, `-`
    /// and `_`, different from the `uid` of every other dashboard. [`Monitoring::files`](crate::monitoring::Monitoring::files)
    /// returns an error otherwise.
    pub fn new(uid: impl Into<String>, title: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            uid: uid.into(),
            title: title.into(),
            description: description.into(),
            rows: Vec::new(),
            since: "6h",
        }
    }

    /// Adds a row of panels below the existing rows.
    #[must_use]
    pub fn row(mut self, title: impl Into<String>, panels: impl IntoIterator<Item = Panel>) -> Self {
        self.rows.push(Row { title: title.into(), panels: panels.into_iter().collect() });
        self
    }

    #[must_use]
    pub(crate) fn since(mut self, since: &'static str) -> Self {
        self.since = since;
        self
    }

    pub(crate) fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flat_map(|row| &row.panels)
    }

    pub(crate) fn targets_mut(&mut self) -> impl Iterator<Item = &mut Target> {
        self.rows.iter_mut().flat_map(|row| &mut row.panels).flat_map(|panel| &mut panel.targets)
    }

    /// Every query, with the title of its panel.
    pub(crate) fn queries(&self) -> impl Iterator<Item = (&str, &PromqlQuery)> {
        self.panels()
            .flat_map(|panel| panel.targets.iter().map(|target| (panel.title.as_str(), &target.query)))
    }

    /// Removes the queries for which `keep` is false, then the panels without queries and the rows without panels.
    #[must_use]
    pub(crate) fn retain_queries(mut self, keep: impl Fn(&Target) -> bool) -> Self {
        for row in &mut self.rows {
            for panel in &mut row.panels {
                panel.targets.retain(&keep);
            }
            row.panels.retain(|panel| !panel.targets.is_empty());
        }
        self.rows.retain(|row| !row.panels.is_empty());
        self
    }

    /// Returns an error if a panel has no query: Grafana would show an empty panel.
    pub(crate) fn check_panels(&self) -> Result<(), MonitoringError> {
        let empty = self.panels().find(|panel| panel.targets.is_empty());
        empty.map_or(Ok(()), |panel| {
            Err(MonitoringError::Query {
                asset: format!("dashboard `{}`, panel `{}`", self.title, panel.title),
                query: String::new(),
                why: "it has no query; add one with `.query(..)`".to_owned(),
            })
        })
    }
}
