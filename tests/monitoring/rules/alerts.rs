//! Every alert, on series that make it fire and on series that don't; and the same cases on rules with a mistake in them,
//! which they must find.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use agent_metrics_monitoring_tests::{Case, folder, test_rules, written};
use agent_metrics_tests::{missing, on_path};

use crate::cases;
use crate::mutants::{alerts, mutants, survivors};

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

/// What only pushes is never `up`: an alert on that would fire for ever, and inhibit all others.
#[test]
fn what_is_not_scraped_need_not_be_up() {
    let folder = written("pushed", |settings| settings.scraped = false);
    let text = std::fs::read_to_string(rules(&folder)).expect("made");
    assert!(
        alerts(&text).all(|alert| !["AgentTargetDown", "AgentNoTargets"].contains(&alert.name)),
        "{text}"
    );
    assert!(!text.contains("up{"), "{text}");
    let config = std::fs::read_to_string(folder.join("prometheus/prometheus.yml")).expect("made");
    assert!(config.contains("scrape_configs: []"), "{config}");
}

#[test]
fn alerts_fire_when_they_should_and_only_then() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let folder = written("alerts", |_| {});
    let (passed, said) = test_rules(&promtool, &folder, &[&rules(&folder)], &cases::all());
    assert!(passed, "{said}");
}

/// What the cases are worth: each mistake that one could make in a rule is found by one of them.
#[test]
fn mistakes_in_the_rules_are_found() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let made = written("mutants-made", |_| {});
    let text = std::fs::read_to_string(rules(&made)).expect("made");
    let all: Vec<_> = alerts(&text).flat_map(|alert| mutants(&alert)).collect();
    let cases: BTreeMap<_, Vec<Case>> = alerts(&text)
        .map(|alert| {
            let all = cases::all();
            let about = all.iter().filter(|case| case.is_about(alert.name));
            (alert.name.to_owned(), about.map(|case| case.only(alert.name)).collect())
        })
        .collect();
    let survivors = survivors(&promtool, &folder("mutants"), &all, |mutant| &cases[&mutant.alert]);
    assert!(all.len() > 150, "{} mutants", all.len());
    assert!(
        survivors.is_empty(),
        "{} of {} mistakes were not found:\n{}",
        survivors.len(),
        all.len(),
        survivors.join("\n")
    );
}
