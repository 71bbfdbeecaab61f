//! Every alert, on series that make it fire and on series that don't; and the same cases on rules with a mistake in them,
//! which they must find.

use std::path::{Path, PathBuf};

use agent_metrics_monitoring_tests::{Case, folder, test_rules, written};
use agent_metrics_tests::{missing, on_path};

use crate::cases;
use crate::mutants::{alerts, mutants};

fn rules(folder: &Path) -> PathBuf {
    folder.join("prometheus/rules/alerts.yml")
}

#[test]
fn every_alert_has_a_case_that_fires_and_one_that_does_not() {
    let folder = written("alert-names", |_| {});
    let text = std::fs::read_to_string(rules(&folder)).expect("made");
    let cases = cases::all();
    let names: Vec<_> = alerts(&text).map(|alert| alert.name).collect();
    assert!(names.len() >= 22, "{names:?}");
    for name in names {
        assert!(cases.iter().any(|case| case.has_firing(name)), "{name} has no case that fires");
        assert!(cases.iter().any(|case| case.has_silent(name)), "{name} has no case that doesn't");
    }
}

#[test]
fn alerts_fire_when_they_should_and_only_then() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let folder = written("alerts", |_| {});
    let (fine, said) = test_rules(&promtool, &folder, &[&rules(&folder)], &cases::all());
    assert!(fine, "{said}");
}

/// What the cases are worth: each mistake that one could make in a rule is found by one of them.
#[test]
fn mistakes_in_the_rules_are_found() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let made = written("mutants-made", |_| {});
    let text = std::fs::read_to_string(rules(&made)).expect("made");
    let folder = folder("mutants");
    let file = folder.join("rules.yml");
    let (mut tried, mut survivors) = (0, Vec::new());
    for alert in alerts(&text) {
        let cases: Vec<Case> = cases::all()
            .iter()
            .filter(|case| case.is_about(alert.name))
            .map(|case| case.only(alert.name))
            .collect();
        for mutant in mutants(&alert) {
            std::fs::write(&file, &mutant.rules).expect("a file");
            tried += 1;
            let (survived, said) = test_rules(&promtool, &folder, &[&file], &cases);
            assert!(survived || said.contains("FAILED"), "{}: {said}", mutant.what);
            // A mutant must be a rule, or it shows nothing.
            assert!(
                !said.contains("parse error") && !said.contains("could not parse"),
                "{}: {said}",
                mutant.what
            );
            if survived {
                survivors.push(format!("{}: {}", alert.name, mutant.what));
            }
        }
    }
    assert!(tried > 80, "{tried} mutants");
    assert!(
        survivors.is_empty(),
        "{} of {tried} mistakes were not found:\n{}",
        survivors.len(),
        survivors.join("\n")
    );
}
