//! Settings of alerts: switched off, regraded, with other waits, windows and labels; and wrong settings.

use std::time::Duration;

use agent_metrics::monitoring::{File, Settings, Severity};
use agent_metrics_monitoring_tests::{Case, Firing, folder, monitoring, test_rules};
use agent_metrics_tests::{missing, on_path};

use crate::mutants::alone;

fn generated(change: impl FnOnce(&mut Settings)) -> Vec<File> {
    monitoring().with(change).files().unwrap_or_else(|error| panic!("{error}"))
}

fn refused(change: impl FnOnce(&mut Settings)) -> String {
    monitoring().with(change).files().expect_err("the settings are wrong").to_string()
}

fn content<'a>(files: &'a [File], path: &str) -> &'a str {
    &files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}")).content
}

#[test]
fn an_alert_can_be_switched_off() {
    let files = generated(|settings| settings.alert("AgentNoTraffic").enabled = false);
    let rules = content(&files, "prometheus/rules/alerts.yml");
    assert!(!rules.contains("AgentNoTraffic") && rules.contains("AgentTaskHung"), "{rules}");
    assert!(files.iter().all(|file| file.path != "runbooks/AgentNoTraffic.md"));
}

#[test]
fn the_severity_the_wait_and_the_window_of_an_alert_are_settings() {
    let files = generated(|settings| {
        let alert = settings.alert("AgentToolFailures");
        alert.severity = Some(Severity::Critical);
        alert.wait = Some(Duration::from_secs(120));
        alert.window = Some(Duration::from_secs(1800));
        settings.alert("AgentErrorBudgetBurn").severity = Some(Severity::Info);
    });
    let rule = alone(content(&files, "prometheus/rules/alerts.yml"), "AgentToolFailures");
    for part in
        ["for: 2m\n", "severity: critical\n", "keep_firing_for: 5m\n", "[30m]", "in the last 30 minutes"]
    {
        assert!(rule.contains(part), "{part}: {rule}");
    }
    assert!(!rule.contains("[15m]"), "{rule}");
    let objectives = content(&files, "prometheus/rules/slo.yml");
    assert!(!objectives.contains("severity: critical"), "{objectives}");
}

#[test]
fn limits_that_depend_on_the_size_of_the_fleet_have_no_default() {
    let rules =
        |change: fn(&mut Settings)| content(&generated(change), "prometheus/rules/alerts.yml").to_owned();
    let default = rules(|_| {});
    assert!(
        !default.contains("AgentHighCost\n") && !default.contains("AgentHighTokenConsumption"),
        "{default}"
    );
    let limited = rules(|settings| settings.thresholds.cost_per_hour_usd = Some(25.0));
    assert!(limited.contains("increase(agent_cost_usd_total[1h])) > 25"), "{limited}");
}

#[test]
fn alerts_have_absolute_links_only_if_the_settings_have_addresses() {
    let rules = |files: &[File]| content(files, "prometheus/rules/alerts.yml").to_owned();
    let default = rules(&generated(|_| {}));
    assert!(!default.contains("runbook_url") && !default.contains("dashboard_url"), "{default}");
    let files = generated(|settings| {
        settings.runbooks = Some("https://wiki.example.com/runbooks".to_owned());
        settings.grafana = Some("https://grafana.example.com/".to_owned());
    });
    let linked = rules(&files);
    assert!(linked.contains("https://wiki.example.com/runbooks/AgentHighErrorRate.md"), "{linked}");
    let dashboard =
        "https://grafana.example.com/d/agent-llm?var-job={{ $labels.job }}&var-model={{ $labels.model }}";
    assert!(linked.contains(dashboard), "{linked}");
    let page = content(&files, "runbooks/AgentLlmErrors.md");
    assert!(
        page.contains("(<https://grafana.example.com/d/agent-llm?var-job=agent&var-model=<model>>)"),
        "{page}"
    );
}

/// Two namespaces with one job each: the alert names the namespace that fails.
#[test]
fn rules_keep_labels_of_targets() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let files = generated(|settings| settings.keep_labels = vec!["namespace".to_owned()]);
    let folder = folder("kept-labels");
    let file = folder.join("rules.yml");
    let rules = alone(content(&files, "prometheus/rules/alerts.yml"), "AgentToolFailures");
    std::fs::write(&file, rules).expect("a file");
    let calls = |namespace: &str, status: &str| {
        format!(
            "agent_tool_calls_total{{job=\"agent\",instance=\"a\",namespace=\"{namespace}\",tool_name=\"t\",status=\"{status}\"}}"
        )
    };
    let fails = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("namespace", "west"), ("tool_name", "t")],
        summary: "Calls of the tool t fail",
        description: "50% of the calls of t by agent in the last 15 minutes failed; the limit is 20 %. Most: instance a. Most: status error.",
    };
    let case = Case::new("one of two namespaces fails")
        .series(calls("east", "success"), "0+90x60")
        .series(calls("west", "success"), "0+5x60")
        .series(calls("west", "error"), "0+5x60")
        .fires("AgentToolFailures", "30m", &fails);
    let (passed, said) = test_rules(&promtool, &folder, &[&file], &[case]);
    assert!(passed, "{said}");
    for name in ["recording", "alerts", "slo", "capacity"] {
        let rules = content(&files, &format!("prometheus/rules/{name}.yml"));
        for line in rules.lines().filter(|line| line.contains("by (job")) {
            assert!(line.contains("by (job, namespace"), "{name}: {line}");
        }
    }
}

#[test]
fn an_unknown_alert_is_refused_with_the_nearest_name() {
    assert_eq!(
        refused(|settings| settings.alert("AgentNoTrafic").enabled = false),
        "`alerts`: there is no alert `AgentNoTrafic`; did you mean `AgentNoTraffic`?"
    );
    assert_eq!(
        refused(|settings| settings.alert("Other").enabled = false),
        "`alerts`: there is no alert `Other`; `runbooks/README.md` lists all alerts"
    );
    // An alert that another setting leaves out is known.
    generated(|settings| settings.alert("AgentHighCost").enabled = false);
}

#[test]
fn times_of_alerts_out_of_range_are_refused() {
    assert_eq!(
        refused(|settings| settings.alert("AgentToolFailures").window = Some(Duration::from_secs(30))),
        "invalid value 30 s for `alerts[\"AgentToolFailures\"].window`: expected whole seconds and at least 60 s, because a window \
         needs four scrapes"
    );
    assert_eq!(
        refused(|settings| settings.alert("AgentTargetDown").window = Some(Duration::from_secs(300))),
        "invalid value 300 s for `alerts[\"AgentTargetDown\"].window`: expected no value, because this alert has no window"
    );
    assert_eq!(
        refused(|settings| settings.alert("AgentTargetDown").wait = Some(Duration::from_millis(1500))),
        "invalid value 1.5 s for `alerts[\"AgentTargetDown\"].wait`: expected whole seconds"
    );
}

#[test]
fn a_kept_label_that_no_series_has_is_refused() {
    let error = refused(|settings| settings.keep_labels = vec!["colour".to_owned()]);
    assert!(
        error.starts_with("invalid label `colour` in `keep_labels`: expected a label that every series has. Allowed are namespace, cluster,"),
        "{error}"
    );
    let error = refused(|settings| settings.keep_labels = vec!["model".to_owned()]);
    assert!(error.contains("this one belongs to some families only"), "{error}");
}

#[test]
fn limits_and_addresses_out_of_range_are_refused() {
    assert_eq!(
        refused(|settings| settings.thresholds.cost_per_hour_usd = Some(-1.0)),
        "invalid value -1 for `thresholds.cost_per_hour_usd`: expected a number of at least 0"
    );
    assert_eq!(
        refused(|settings| settings.runbooks = Some("runbooks/".to_owned())),
        "invalid value `runbooks/` for `runbooks`: expected an address that begins with `https://` or `http://`, or `None`"
    );
}
