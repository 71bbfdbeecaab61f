//! Dashboards against Grafana's published types: the TypeScript compiler checks each dashboard as a literal of these types.

use std::path::Path;
use std::process::Command;

use agent_metrics_monitoring_tests::{root, run};
use agent_metrics_tests::{missing, on_path};
use serde_json::json;

use crate::dashboards::{dashboards, written};

/// Returns success and the output of the compiler for the dashboards in a folder, or `None` after a warning if Node.js or the
/// types are missing.
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
fn dashboards_have_grafanas_types_and_mutants_do_not() {
    let all = dashboards();
    let Some((passed, output)) = checked(&written("types", &all)) else { return };
    assert!(passed && output.contains(&format!("{} dashboards, 0 mistakes", all.len())), "{output}");

    // A mutant for each part of a dashboard is found.
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
        ("position", "/panels/8/gridPos", "w", json!("8")),
    ];
    let mutated = mutants.clone().map(|(name, place, key, value)| {
        let mut dashboard = whole.clone();
        dashboard.pointer_mut(place).unwrap_or_else(|| panic!("no {place}"))[key] = value;
        (name.to_owned(), dashboard)
    });
    let Some((_, output)) = checked(&written("types-mutants", &mutated)) else { return };
    for (name, ..) in mutants {
        assert!(
            output.lines().any(|line| line.starts_with(&format!("{name}: "))),
            "the mutant `{name}` is not found: {output}"
        );
    }
}
