//! The rules on a real Prometheus that scrapes the main example.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use agent_metrics_monitoring_tests::{root, written};
use agent_metrics_tests::{Program, get, missing, until};
use serde_json::Value;

use crate::servers::{api, free_address, prometheus, query, within};

/// Rules whose series need more than a test has: days of history, budgets, streams, failures.
const MAY_BE_EMPTY: [&str; 5] =
    ["month_forecast", "days_left", "forecast30d", "replicas:needed", "time_to_first_token"];

/// The example under a load of its own, on a port that it was given.
fn agent() -> (Program, String) {
    let built = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["build", "--quiet", "-p", "agent-metrics-examples", "--bin", "agent", "--message-format=json"])
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let messages = String::from_utf8_lossy(&built.stdout).into_owned();
    let binary = messages
        .lines()
        .filter_map(|line| line.split_once("\"executable\":\"")?.1.split_once('"'))
        .map(|(path, _)| PathBuf::from(path))
        .next_back()
        .expect("the path of the binary");
    let address = free_address();
    let mut command = Command::new(binary);
    command.args(["--addr", &address, "--load", "8"]).env_remove("GEMINI_API_KEY");
    let agent = Program::start(&mut command);
    until("the agent serves", || get(&address, "/metrics", "").filter(|(head, _)| head.contains(" 200 ")));
    (agent, address)
}

#[test]
fn every_rule_is_evaluated_and_what_can_be_recorded_is() {
    let (_agent, target) = agent();
    let address = free_address();
    let made = written("example", |settings| {
        settings.targets = vec![target];
        settings.scrape_interval = Duration::from_secs(1);
        settings.evaluation_interval = Duration::from_secs(1);
        // Windows of seconds, so that a day of history is there in minutes.
        settings.rehearsal = 60;
    });
    let Some(_prometheus) = prometheus(&made.join("prometheus"), &address) else {
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
