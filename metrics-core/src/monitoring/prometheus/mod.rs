//! What Prometheus reads: its configuration, and the rules that are recorded.

mod config;
pub(crate) mod names;
mod recording;

pub(super) use recording::is_own;

use super::promql::Names;
use super::rule::{Engine, Group, document, keep_known};
use super::{File, MonitoringError, Settings, alerts, capacity, slo};
use crate::catalogue::Catalogue;

/// A file of rules: its name, its comment, its groups.
pub(super) struct Rules {
    pub(super) name: &'static str,
    comment: &'static str,
    pub(super) groups: Vec<Group>,
}

/// All rules that the catalogue has the families for, in the order in which they build on each other.
pub(super) fn rules(catalogue: &Catalogue, settings: &Settings) -> Result<Vec<Rules>, MonitoringError> {
    let mut all = vec![
        Rules {
            name: "recording",
            comment: "Recording rules: what a fleet does, added up over its replicas. Names are level:metric:operations.",
            groups: recording::groups(catalogue, settings),
        },
        Rules {
            name: "alerts",
            comment: "Alerts. Each has a gate against too little traffic, and a runbook beside these files.",
            groups: alerts::groups(catalogue, settings)?,
        },
        Rules {
            name: "slo",
            comment: "Objectives: errors over several windows, what is left of the error budget, and alerts when it goes too fast.\n\
                      Those of 30 days need more history than Prometheus keeps by default; see prometheus.yml.",
            groups: slo::groups(catalogue, settings)?,
        },
        Rules {
            name: "capacity",
            comment: "Forecasts. What needs more history than there is is absent; job:agent_history:days says how much there is.",
            groups: capacity::groups(settings),
        },
    ];
    keep_known(all.iter_mut().map(|rules| &mut rules.groups), catalogue);
    let names = Names::of(catalogue);
    for rule in all.iter().flat_map(|rules| &rules.groups).flat_map(|group| &group.rules) {
        names.check(&rule.asset(), rule.query())?;
    }
    Ok(all)
}

pub(super) fn files(rules: &[Rules], settings: &Settings) -> Vec<File> {
    let mut files = vec![
        File::new("prometheus/prometheus.yml", config::document(settings)),
        File::new("prometheus/prometheus-kubernetes.yml", config::kubernetes_document(settings)),
        // Empty: whatever knows the targets writes it.
        File::new("prometheus/targets/agents.json", "[]\n"),
    ];
    for Rules { name, comment, groups } in rules {
        let made = |note: &str, engine| document(&format!("{comment}{note}"), groups, settings, engine);
        files.push(File::new(format!("prometheus/rules/{name}.yml"), made("", Engine::Prometheus)));
        let note = "\nFor vmalert 1.79, which knows no keep_firing_for.";
        files.push(File::new(format!("vmalert/rules/{name}.yml"), made(note, Engine::Vmalert)));
    }
    files
}
