//! Every alert travels once from what the example does to Alertmanager, in minutes: the rules' windows and waits are divided
//! by 60, and so are the thresholds that are times.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use agent_metrics_monitoring_tests::written;
use agent_metrics_tests::{free_address, missing, prometheus};
use serde_json::Value;

use crate::misbehaving::examples;
use crate::servers::{RETENTION, alertmanager, api, within};
use crate::target::{good, odd, quiet};

const REHEARSAL: u32 = 60;
/// What the example can't be brought to do within minutes, or what nobody does: other targets do it.
const OF_OTHERS: [&str; 5] =
    ["AgentLabelOverflow", "AgentNoTargets", "AgentNoTraffic", "AgentPriceTableOld", "AgentTaskHung"];

/// The alerts that need a fleet, a special model or a surge. The rule tests cover them; `dead_provider` covers `AgentModelDown`.
const RULE_TESTS_ONLY: [&str; 14] = [
    "AgentModelDown",
    "AgentInstanceFailing",
    "AgentTaskTypeFailures",
    "AgentLlmErrorsAllModels",
    "AgentSlowFirstToken",
    "AgentAnswersTruncated",
    "AgentAnswersFiltered",
    "AgentModelFallback",
    "AgentUnknownTools",
    "AgentTargetFlapping",
    "AgentTokenSurge",
    "AgentCostSurge",
    "AgentObjectiveWithoutData",
    "AgentWatchdog",
];

/// The names of the alerts in a folder of rules, with the windows that tell those of one name apart.
fn all_alerts(rules: &Path) -> BTreeSet<(String, String)> {
    let files = std::fs::read_dir(rules).expect("rules").map(|entry| entry.expect("an entry").path());
    let text: String = files.map(|file| std::fs::read_to_string(file).expect("rules")).collect();
    let value = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.trim_start().strip_prefix(key));
        line.map(|value| value.trim_matches('"').to_owned())
    };
    let alerts = text.split("- alert: ").skip(1);
    alerts
        .map(|alert| {
            let name = alert.lines().next().unwrap_or_default().to_owned();
            let windows = value(alert.split("\n\n").next().unwrap_or_default(), "long: ").unwrap_or_default();
            (name, windows)
        })
        .collect()
}

#[test]
fn every_alert_reaches_alertmanager() {
    let alertmanager_address = free_address();
    let examples = examples();
    // Nothing listens at the last address.
    let dead = free_address();
    let targets = examples.iter().map(|(_, address)| address.clone()).chain([dead]).collect();
    let made = written("end-to-end", |settings| {
        settings.rehearsal = REHEARSAL;
        settings.targets = targets;
        settings.scrape_interval = Duration::from_secs(1);
        settings.evaluation_interval = Duration::from_millis(500);
        settings.alertmanagers = vec![alertmanager_address.clone()];
        settings.thresholds.hung_task_seconds /= f64::from(REHEARSAL);
        // The example limits a call to 15 s, and runs at most 64 tasks at once.
        settings.thresholds.llm_latency_seconds = 5.0;
        settings.thresholds.tokens_per_hour = Some(100_000.0);
        settings.thresholds.cost_per_hour_usd = Some(10.0);
        settings.thresholds.active_tasks = 10.0;
    });
    let folder = made.join("prometheus");
    let mut expected = all_alerts(&folder.join("rules"));
    // It needs a full storage, in which no other instance of the process could record.
    expected.retain(|(name, _)| name != "AgentSeriesWithoutRoom" && !RULE_TESTS_ONLY.contains(&&**name));
    assert!(expected.len() >= 26, "{expected:?}");
    // A job without targets, and three more agents.
    let ghost = written("end-to-end-ghost", |settings| {
        settings.rehearsal = REHEARSAL;
        settings.job = "ghost".to_owned();
    });
    std::fs::copy(ghost.join("prometheus/rules/alerts.yml"), folder.join("rules/ghost.yml")).expect("copied");
    let config = std::fs::read_to_string(folder.join("prometheus.yml")).expect("made");
    let job = |name: &str, address: &str| {
        format!("\n  - job_name: {name}\n    static_configs: [{{targets: ['{address}']}}]\n")
    };
    let others = [("odd", odd()), ("quiet", quiet()), ("good", good())];
    let others: String = others.iter().map(|(name, address)| job(name, address)).collect();
    let config = config + &others;
    std::fs::write(folder.join("prometheus.yml"), config).expect("a file");

    let config = made.join("alertmanager/alertmanager.yml");
    let Some(_alertmanager) = alertmanager(&config, &alertmanager_address) else {
        return missing("prometheus-alertmanager");
    };
    let Some((_prometheus, _)) = prometheus(&folder, &[RETENTION]) else { return missing("prometheus") };

    let mut seen: BTreeMap<(String, String), Value> = BTreeMap::new();
    let mut misfired = BTreeSet::new();
    within(
        Duration::from_secs(540),
        || format!("{expected:?}"),
        || {
            for alert in api(&alertmanager_address, "/api/v2/alerts")?.as_array()? {
                let label = |name: &str| alert["labels"][name].as_str().unwrap_or_default().to_owned();
                if label("job") == "good" {
                    misfired.insert(alert["annotations"].to_string());
                }
                // An alert that the example can cause must come from the example.
                if label("job") == "agent" || OF_OTHERS.contains(&&*label("alertname")) {
                    seen.insert((label("alertname"), label("long")), alert.clone());
                }
            }
            let missing: Vec<_> = expected.iter().filter(|alert| !seen.contains_key(*alert)).collect();
            eprintln!("{} of {} alerts; not yet: {missing:?}", seen.len(), expected.len());
            missing.is_empty().then_some(())
        },
    );
    assert!(misfired.is_empty(), "{misfired:?}");
    for ((name, _), alert) in &seen {
        let annotation = |name: &str| alert["annotations"][name].as_str().unwrap_or_default();
        assert!(!annotation("summary").is_empty(), "{alert}");
        // Prometheus writes these texts where a template has no value.
        let description = annotation("description");
        assert!(!description.contains("<no value>") && !description.contains("error expanding"), "{alert}");
        assert!(made.join(format!("runbooks/{name}.md")).is_file(), "{name}: {alert}");
    }
    // Who is told that a budget is spent need not be told that it nearly was.
    within(
        Duration::from_secs(60),
        || "inhibited".to_owned(),
        || {
            let alerts = api(&alertmanager_address, "/api/v2/alerts")?;
            let state = |name: &str, budget: &str| {
                let is_it = |alert: &&Value| {
                    alert["labels"]["alertname"] == name && alert["labels"]["budget"] == budget
                };
                alerts.as_array()?.iter().find(is_it)?["status"]["state"].as_str().map(str::to_owned)
            };
            let near = |budget: &str| state("AgentBudgetNearlySpent", budget);
            (near("tasks")? == "suppressed" && near("nearly")? == "active").then_some(())
        },
    );
}
