//! Every alert, with series that make it fire and series that do not. The same cases run on rules with a mistake, which they
//! must detect. The variable `ALERT` selects alerts whose name contains its value.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use agent_metrics_monitoring_tests::{Case, folder, test_rules, written};
use agent_metrics_tests::{missing, on_path};

use crate::cases;
use crate::mutants::{alerts, alone, mutants, survivors};

fn rules(folder: &Path) -> PathBuf {
    folder.join("prometheus/rules/alerts.yml")
}

fn recording(folder: &Path) -> PathBuf {
    folder.join("prometheus/rules/recording.yml")
}

/// Writes the files, with the limits that have no default.
fn with_limits(name: &str) -> PathBuf {
    written(name, |settings| {
        settings.thresholds.tokens_per_hour = Some(100_000.0);
        settings.thresholds.cost_per_hour_usd = Some(10.0);
    })
}

#[test]
fn every_alert_has_a_case_that_fires_and_one_that_does_not() {
    let folder = with_limits("alert-names");
    let text = std::fs::read_to_string(rules(&folder)).expect("made");
    let cases = cases::all();
    let names: Vec<_> = alerts(&text).map(|alert| alert.name).collect();
    assert!(names.len() >= 22, "{names:?}");
    for name in names {
        assert!(cases.iter().any(|case| case.has_firing(name)), "{name} has no case that fires");
        // The watchdog always fires.
        let may_be_silent = name != "AgentWatchdog";
        assert!(
            !may_be_silent || cases.iter().any(|case| case.has_silent(name)),
            "{name} has no case that doesn't"
        );
    }
}

/// Agents that only push have no series `up`: an alert on it would fire forever and inhibit all others.
#[test]
fn agents_that_only_push_have_no_alerts_on_scrapes() {
    let folder = written("pushed", |settings| settings.scraped = false);
    let text = std::fs::read_to_string(rules(&folder)).expect("made");
    assert!(
        alerts(&text)
            .all(|alert| !["AgentTargetDown", "AgentTargetFlapping", "AgentNoTargets"].contains(&alert.name)),
        "{text}"
    );
    assert!(!text.contains("up{") && !text.contains("(up["), "{text}");
    let config = std::fs::read_to_string(folder.join("prometheus/prometheus.yml")).expect("made");
    assert!(config.contains("scrape_configs: []"), "{config}");
}

/// Returns the other rule files that an alert needs.
fn needed(folder: &Path, rules: &str) -> Vec<PathBuf> {
    let is_recorded = rules.contains("avg_over_time(job:");
    is_recorded.then(|| recording(folder)).into_iter().collect()
}

/// Returns the cases about an alert, without their expectations for other alerts.
fn cases_about(alert: &str) -> Vec<Case> {
    let all = cases::all();
    all.iter().filter(|case| case.is_about(alert)).map(|case| case.only(alert)).collect()
}

/// Each alert is tested in a file without the other rules, since promtool evaluates all rules of a file for each case.
#[test]
fn alerts_fire_when_they_should_and_only_then() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let made = with_limits("alerts");
    let text = std::fs::read_to_string(rules(&made)).expect("made");
    let chosen = std::env::var("ALERT").unwrap_or_default();
    let names: BTreeSet<_> = alerts(&text).map(|alert| alert.name).collect();
    let mut failed = String::new();
    for name in names.into_iter().filter(|name| name.contains(&chosen)) {
        let folder = folder(&format!("alerts-{name}"));
        let file = folder.join("rules.yml");
        let rules = alone(&text, name);
        std::fs::write(&file, &rules).expect("a file");
        let others = needed(&made, &rules);
        let files: Vec<&Path> = others.iter().map(PathBuf::as_path).chain([&*file]).collect();
        let (passed, said) = test_rules(&promtool, &folder, &files, &cases_about(name));
        if !passed {
            failed += &said;
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

/// The cases detect each mistake that one could make in a rule.
#[test]
fn mistakes_in_the_rules_are_found() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let made = with_limits("mutants-made");
    let text = std::fs::read_to_string(rules(&made)).expect("made");
    let chosen = std::env::var("ALERT").unwrap_or_default();
    let (mut count, mut survived) = (0, Vec::new());
    for alert in alerts(&text).filter(|alert| alert.name.contains(&chosen)) {
        let all = mutants(&text, &alert);
        count += all.len();
        let others = needed(&made, &alone(&text, alert.name));
        let others: Vec<&Path> = others.iter().map(PathBuf::as_path).collect();
        let cases = cases_about(alert.name);
        survived.extend(survivors(&promtool, &folder("mutants"), &others, &all, |_| &cases));
    }
    assert!(count > 150 || !chosen.is_empty(), "{count} mutants");
    assert!(
        survived.is_empty(),
        "{} of {count} mistakes were not found:\n{}",
        survived.len(),
        survived.join("\n")
    );
}
