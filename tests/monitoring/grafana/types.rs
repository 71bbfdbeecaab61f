//! Grafana's published types: the compiler of TypeScript reads the dashboards as literals of them.

use std::path::Path;
use std::process::Command;

use agent_metrics_monitoring_tests::{root, run};
use agent_metrics_tests::{missing, on_path};
use serde_json::json;

use crate::dashboards::{dashboards, written};

/// What the compiler says of the dashboards in a folder; `None`, said loudly, where it is missing.
fn checked(folder: &Path) -> Option<(bool, String)> {
    let scripts = root().join("tests/monitoring/typescript");
    let Some(node) = on_path("node") else {
        missing("node");
        return None;
    };
    if !scripts.join("node_modules").exists() {
        missing("node_modules, by `npm ci` in tests/monitoring/typescript,");
        return None;
    }
    Some(run(Command::new(node).current_dir(scripts).arg("check.mjs").arg(folder)))
}

#[test]
fn dashboards_are_of_grafanas_types() {
    let all = dashboards();
    let Some((is_fine, said)) = checked(&written("types", &all)) else { return };
    assert!(is_fine && said.contains(&format!("{} dashboards, 0 mistakes", all.len())), "{said}");

    // And what isn't is told: a mutant for each place.
    let whole = &all.iter().find(|(uid, _)| uid == "agent-overview").expect("the overview").1;
    let mutants = [
        ("schemaversion", "", "schemaversion", json!(42)),
        ("links", "/links/0", "keeptime", json!(true)),
        ("variable", "/templating/list/1", "refresh", json!("2")),
        ("kind", "/templating/list/1", "type", json!("querry")),
        ("legend", "/panels/8/options/legend", "displayMode", json!("tabel")),
        ("linewidth", "/panels/8/fieldConfig/defaults/custom", "linewidth", json!(1)),
        ("units", "/panels/8/fieldConfig/defaults", "units", json!("s")),
        ("steps", "/panels/8/fieldConfig/defaults/thresholds", "mode", json!("relative")),
        ("target", "/panels/8/targets/0", "exemplars", json!(true)),
        ("stat", "/panels/1/options", "graphMode", json!("areas")),
        ("place", "/panels/8/gridPos", "w", json!("8")),
    ];
    let mutated = mutants.clone().map(|(name, place, key, value)| {
        let mut dashboard = whole.clone();
        dashboard.pointer_mut(place).unwrap_or_else(|| panic!("no {place}"))[key] = value;
        (name.to_owned(), dashboard)
    });
    let Some((_, said)) = checked(&written("types-mutants", &mutated)) else { return };
    for (name, ..) in mutants {
        assert!(said.lines().any(|line| line.starts_with(&format!("{name}: "))), "`{name}` lives: {said}");
    }
}
