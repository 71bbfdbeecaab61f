//! The rules on a real Prometheus that scrapes the main example.

use std::time::Duration;

use agent_metrics_monitoring_tests::written;
use agent_metrics_tests::{example, missing, prometheus, until};
use serde_json::Value;

use crate::servers::{RETENTION, api, query, within};

/// Rules whose series need more than a test has: days of history, budgets, streams, failures.
const MAY_BE_EMPTY: [&str; 6] =
    ["month_forecast", "days_left", "forecast30d", "replicas:needed", "time_to_first_token", "week_growth"];

#[test]
fn every_rule_is_evaluated_and_what_can_be_recorded_is() {
    let (_agent, target) = example(&["--load", "8"]);
    let made = written("example", |settings| {
        settings.targets = vec![target];
        settings.scrape_interval = Duration::from_secs(1);
        settings.evaluation_interval = Duration::from_secs(1);
        // Windows of seconds, so that a day of history is there in minutes.
        settings.rehearsal = 60;
    });
    let Some((_prometheus, address)) = prometheus(&made.join("prometheus"), &[RETENTION]) else {
        return missing("prometheus");
    };
    until("the target is up", || query(&address, "up{job=\"agent\"} == 1").filter(|found| !found.is_empty()));

    let rules = || -> Option<Vec<Value>> {
        let answer = api(&address, "/api/v1/rules")?;
        let groups = answer["data"]["groups"].as_array()?;
        Some(groups.iter().filter_map(|group| group["rules"].as_array()).flatten().cloned().collect())
    };
    let all = within(
        Duration::from_secs(90),
        || "all rules evaluated".to_owned(),
        || rules().filter(|rules| rules.len() > 100 && rules.iter().all(|rule| rule["health"] == "ok")),
    );
    let mut recorded: Vec<String> = all
        .iter()
        .filter(|rule| rule["type"] == "recording")
        .filter_map(|rule| rule["name"].as_str().map(str::to_owned))
        .collect();
    recorded.retain(|name| !MAY_BE_EMPTY.iter().any(|part| name.contains(part)));
    // A day's increase and what is counted from it need a day, which is 24 minutes here.
    recorded.retain(|name| !name.ends_with(":increase1d") && !name.ends_with("history:days"));
    recorded.sort();
    recorded.dedup();
    assert!(recorded.len() > 50, "{recorded:?}");
    let empty = |name: &String| query(&address, name).is_none_or(|samples| samples.is_empty());
    within(
        Duration::from_secs(150),
        || format!("{:?}", recorded.iter().filter(|name| empty(name)).collect::<Vec<_>>()),
        || (!recorded.iter().any(empty)).then_some(()),
    );
    // What is recorded agrees with what it is made from.
    let ratio = query(&address, "job:agent_task_completion:ratio_rate1h{job=\"agent\"}").expect("recorded");
    assert!(ratio.len() == 1 && (0.0..=1.0).contains(&ratio[0].1), "{ratio:?}");
    // What isn't equal to itself is no number.
    let named = r#"label_replace({__name__=~".+:.+"}, "name", "$1", "__name__", "(.+)")"#;
    let not_a_number = query(&address, &format!("{named} != {named}")).expect("an answer");
    assert!(not_a_number.is_empty(), "{not_a_number:?}");
    // Nothing is wrong with the example that a rule could not tell of: no rule has failed since.
    let failed: Vec<_> =
        rules().expect("rules").into_iter().filter(|rule| rule["lastError"].is_string()).collect();
    assert!(failed.iter().all(|rule| rule["lastError"] == ""), "{failed:?}");
}
