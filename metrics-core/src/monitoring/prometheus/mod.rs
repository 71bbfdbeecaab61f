//! The files of Prometheus: its configuration and its rules.

mod config;
pub(crate) mod names;
mod recording;

use super::promql::Names;
use super::rule::{Engine, Group, document, keep_known, keep_labels};
use super::{File, MonitoringError, Settings, alert_settings, alerts, capacity, slo};
use crate::catalogue::Catalogue;

/// A rule file: its name, its comment, its groups.
pub(super) struct Rules {
    pub(super) name: &'static str,
    comment: &'static str,
    pub(super) groups: Vec<Group>,
}

/// Returns all rules for the families of the catalogue, in the order of their dependencies.
pub(super) fn rules(catalogue: &Catalogue, settings: &Settings) -> Result<Vec<Rules>, MonitoringError> {
    let mut all = all_rules(catalogue, settings)?;
    let groups = all.iter_mut().flat_map(|rules| &mut rules.groups);
    alert_settings::apply(groups, &alerts::optional(), settings)?;
    keep_known(all.iter_mut().map(|rules| &mut rules.groups), catalogue);
    let names = Names::of(catalogue);
    for rule in all.iter().flat_map(|rules| &rules.groups).flat_map(|group| &group.rules) {
        names.check(&rule.asset(), rule.query())?;
    }
    keep_labels(all.iter_mut().flat_map(|rules| &mut rules.groups), catalogue, settings)?;
    Ok(all)
}

fn all_rules(catalogue: &Catalogue, settings: &Settings) -> Result<Vec<Rules>, MonitoringError> {
    Ok(vec![
        Rules {
            name: "recording",
            comment: "Recording rules: sums, ratios and quantiles over all replicas. Names have the form level:metric:operations.",
            groups: recording::groups(catalogue, settings),
        },
        Rules {
            name: "alerts",
            comment: "Alerts. Alerts on ratios and percentiles require a minimum of traffic. Each alert has a page in runbooks/.",
            groups: alerts::groups(catalogue, settings)?,
        },
        Rules {
            name: "slo",
            comment: "Objectives: error ratios over several windows, the remaining error budget, and alerts on its burn rate.\n\
                      Objectives over 30 days need more history than Prometheus keeps by default; see prometheus.yml.",
            groups: slo::groups(catalogue, settings)?,
        },
        Rules {
            name: "capacity",
            comment: "Forecasts. A forecast without enough history is absent; job:agent_history:days has the days of history.",
            groups: capacity::groups(settings),
        },
    ])
}

pub(super) fn files(rules: &[Rules], settings: &Settings) -> Vec<File> {
    let mut files = vec![
        File::new("prometheus/prometheus.yml", config::document(settings)),
        File::new("prometheus/prometheus-kubernetes.yml", config::kubernetes_document(settings)),
        // Empty: the deployment writes the targets.
        File::new("prometheus/targets/agents.json", "[]\n"),
    ];
    for Rules { name, comment, groups } in rules {
        let made = |note: &str, engine| document(&format!("{comment}{note}"), groups, settings, engine);
        files.push(File::new(format!("prometheus/rules/{name}.yml"), made("", Engine::Prometheus)));
        let note = "\nFor vmalert 1.79, which does not support keep_firing_for.";
        files.push(File::new(format!("vmalert/rules/{name}.yml"), made(note, Engine::Vmalert)));
    }
    files
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::builtin_dashboards;
    use super::super::dashboard::Dashboard;
    use super::super::rule::Rule;
    use super::*;

    fn made(rules: &[Rules]) -> Vec<Rule> {
        let groups = rules.iter().flat_map(|rules| &rules.groups);
        groups.flat_map(|group| &group.rules).cloned().collect()
    }

    /// A rule is removed when its family is missing or when it names an unknown recorded series. With the built-in families
    /// neither happens.
    #[test]
    fn no_rule_for_a_builtin_family_is_left_out() {
        let catalogue =
            crate::instance::AgentMetrics::builder().build().expect("the defaults are valid").catalogue();
        let mut settings = Settings::default();
        settings.capacity.monthly_budget_usd = Some(100.0);
        let assets = |rules: Vec<Rules>| made(&rules).iter().map(Rule::asset).collect::<Vec<_>>();
        let all = assets(all_rules(&catalogue, &settings).expect("valid"));
        assert!(all.len() > 120, "{all:?}");
        assert_eq!(assets(rules(&catalogue, &settings).expect("valid")), all);
    }

    #[test]
    fn dashboards_use_only_series_that_are_recorded() {
        let catalogue =
            crate::instance::AgentMetrics::builder().build().expect("the defaults are valid").catalogue();
        let mut settings = Settings::default();
        settings.capacity.monthly_budget_usd = Some(100.0);
        let all = all_rules(&catalogue, &settings).expect("valid");
        let recorded: BTreeSet<String> = all
            .iter()
            .flat_map(|rules| &rules.groups)
            .flat_map(|group| &group.rules)
            .filter_map(|rule| match rule {
                Rule::Record(record) => Some(record.name.clone()),
                Rule::Alert(_) => None,
            })
            .collect();
        let boards =
            builtin_dashboards::dashboards(&catalogue, &settings, &Names::of(&catalogue)).expect("valid");
        let queries = boards.iter().flat_map(Dashboard::queries);
        for (panel, name) in
            queries.flat_map(|(panel, query)| query.recorded().map(move |name| (panel, name)))
        {
            assert!(recorded.contains(name), "{panel}: {name} is recorded nowhere");
        }
    }

    /// No query can name a family that doesn't exist.
    #[test]
    fn a_missing_family_removes_its_rules() {
        let mut catalogue =
            crate::instance::AgentMetrics::builder().build().expect("the defaults are valid").catalogue();
        catalogue.families.retain(|family| !family.name.contains("budget"));
        let rules = rules(&catalogue, &Settings::default()).expect("valid");
        let left = made(&rules);
        assert!(left.iter().all(|rule| !rule.query().text().contains("agent_budget")));
        assert!(left.iter().any(|rule| rule.asset() == "alert `AgentCostSurge`"));
    }
}
