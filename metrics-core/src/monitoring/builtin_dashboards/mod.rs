//! The built-in dashboards, and the selection of those for which a program has the families.

mod breakdowns;
mod capacity;
mod http;
mod llm;
mod overview;
mod queries;
mod slo;
mod tasks;
mod user_defined;

pub(super) use user_defined::example_query;

use super::dashboard::{Dashboard, Target};
use super::promql::Names;
use super::{MonitoringError, Settings};
use crate::catalogue::Catalogue;

/// Returns the built-in dashboards, then those of the settings. Built-in queries for families that the catalogue does not
/// have are left out.
pub(super) fn dashboards(
    catalogue: &Catalogue,
    settings: &Settings,
    names: &Names<'_>,
) -> Result<Vec<Dashboard>, MonitoringError> {
    let builtin = [
        overview::dashboard(settings),
        llm::dashboard(settings),
        tasks::dashboard(settings),
        http::dashboard(settings),
        slo::dashboard(settings),
        capacity::dashboard(settings),
        user_defined::dashboard(catalogue),
    ];
    let has_families = |target: &Target| target.query.builtin_samples().all(|sample| names.has(sample));
    let mut all: Vec<_> =
        builtin.into_iter().map(|dashboard| dashboard.retain_queries(has_families)).collect();
    all.retain(|dashboard| !dashboard.rows.is_empty());
    for target in all.iter_mut().flat_map(Dashboard::targets_mut) {
        target.query = queries::narrowed(target.query.text(), catalogue).into();
    }
    all.extend(settings.dashboards.iter().cloned());
    check_uids(&all)?;
    for dashboard in &all {
        dashboard.check_panels()?;
        for (panel, query) in dashboard.queries() {
            names.check(&format!("dashboard `{}`, panel `{panel}`", dashboard.title), query)?;
        }
    }
    Ok(all)
}

/// Returns an error for an invalid uid, or for two dashboards with one uid: Grafana would silently replace the first by the
/// second.
fn check_uids(dashboards: &[Dashboard]) -> Result<(), MonitoringError> {
    for (at, second) in dashboards.iter().enumerate() {
        if !is_uid(&second.uid) {
            return Err(MonitoringError::Setting {
                field: "dashboards.uid",
                given: second.uid.clone(),
                expected: "1 to 40 letters, digits, `-` and `_`".to_owned(),
            });
        }
        if let Some(first) = dashboards[..at].iter().find(|first| first.uid == second.uid) {
            let dashboards = [first.title.clone(), second.title.clone()];
            return Err(MonitoringError::DuplicateUid { uid: second.uid.clone(), dashboards });
        }
    }
    Ok(())
}

/// Applies Grafana's rule for uids; the uid is also the name of the dashboard's file.
fn is_uid(uid: &str) -> bool {
    (1..=40).contains(&uid.len()) && uid.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::super::dashboard::Panel;
    use super::*;

    /// The uids of the dashboards of a program without user-defined families, and of one in the settings.
    fn uids(added: Dashboard) -> Result<Vec<String>, String> {
        let catalogue = crate::instance::AgentMetrics::builder().build().unwrap().catalogue();
        let settings = Settings { dashboards: vec![added], ..Settings::default() };
        let all = dashboards(&catalogue, &settings, &Names::of(&catalogue));
        let all = all.map_err(|error| error.to_string())?;
        Ok(all.into_iter().map(|dashboard| dashboard.uid).collect())
    }

    fn with_query(uid: &str, query: &str) -> Dashboard {
        Dashboard::new(uid, "Added", "A description.")
            .row("Row", [Panel::lines("Line", "A line.").query(query, "")])
    }

    #[test]
    fn a_program_without_user_defined_families_has_no_dashboard_for_them() {
        assert_eq!(
            uids(with_query("added", "up")).unwrap(),
            [
                "agent-overview",
                "agent-llm",
                "agent-tasks",
                "agent-http",
                "agent-slo",
                "agent-capacity",
                "added"
            ]
        );
    }

    #[test]
    fn two_dashboards_with_one_uid_are_refused() {
        let error = uids(with_query("agent-llm", "up")).unwrap_err();
        assert!(error.contains("`Agents: models and cost` and `Added`"), "{error}");
        assert!(error.contains("`agent-llm`"), "{error}");
        let error = uids(with_query("../added", "up")).unwrap_err();
        assert!(error.contains("invalid value ../added for `dashboards.uid`"), "{error}");
    }

    #[test]
    fn a_panel_without_a_query_is_refused() {
        let empty =
            Dashboard::new("added", "Added", "Empty.").row("Row", [Panel::stat("Number", "A number.")]);
        assert_eq!(
            uids(empty).unwrap_err(),
            "dashboard `Added`, panel `Number`: it has no query; add one with `.query(..)`"
        );
    }

    #[test]
    fn a_query_that_names_an_unknown_metric_is_refused() {
        let error = uids(with_query("added", "rate(agent_task_total[5m])")).unwrap_err();
        assert!(
            error.starts_with("dashboard `Added`, panel `Line`: ") && error.contains("agent_tasks_total"),
            "{error}"
        );
    }
}
