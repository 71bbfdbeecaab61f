//! The runbook of an alert, as data.

use super::settings::Settings;

/// The instructions for an alert: its meaning, the first query, the checks, the actions.
#[derive(Clone, Debug)]
pub(crate) struct Runbook {
    /// The name of the alert, which is also the name of the page.
    pub(crate) name: String,
    pub(crate) means: String,
    /// The uid of the dashboard that shows the problem.
    pub(crate) dashboard: &'static str,
    /// The labels of the alert that are variables of that dashboard, besides `job`.
    pub(crate) variables: &'static [&'static str],
    /// The series to add up in the first query, for example a rate of failed calls.
    pub(crate) first: String,
    /// The operator that combines the series, such as `sum` or `max`.
    pub(crate) operator: &'static str,
    /// The labels by which the first query is to be split.
    pub(crate) split: Vec<String>,
    pub(crate) look: &'static [&'static str],
    pub(crate) act: &'static [&'static str],
    /// The condition under which the alert can be closed.
    pub(crate) close: &'static str,
}

impl Runbook {
    /// Returns an empty runbook of an alert.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            means: String::new(),
            dashboard: "agent-overview",
            variables: &[],
            first: String::new(),
            operator: "sum",
            split: Vec::new(),
            look: &[],
            act: &[],
            close: "The alert is resolved, the first query shows the usual value again, and the cause is known.",
        }
    }

    /// Returns the path of the dashboard with its variables set, within Grafana.
    pub(crate) fn dashboard_path(&self, value: impl Fn(&str) -> String) -> String {
        let variables = ["job"].iter().chain(self.variables);
        let variables: Vec<_> = variables.map(|label| format!("var-{label}={}", value(label))).collect();
        format!("/d/{}?{}", self.dashboard, variables.join("&"))
    }

    /// Returns the address of the dashboard, if the settings have the address of Grafana.
    pub(crate) fn dashboard_address(
        &self,
        settings: &Settings,
        value: impl Fn(&str) -> String,
    ) -> Option<String> {
        let grafana = settings.grafana.as_ref()?;
        Some(format!("{}{}", grafana.trim_end_matches('/'), self.dashboard_path(value)))
    }
}
