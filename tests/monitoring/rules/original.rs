//! The faults of hand-written rules, each shown on such rules and absent from the generated ones.

use std::path::{Path, PathBuf};
use std::process::Command;

use agent_metrics_monitoring_tests::{Case, Firing, folder, run, test_rules, written};
use agent_metrics_tests::{missing, on_path};

use crate::cases::of;

/// Hand-written rules for the same families.
const HAND_WRITTEN: &str = r#"
groups:
  - name: hand-written
    rules:
      - {alert: HandWrittenErrorRate, for: 5m, expr: 'sum(rate(agent_http_requests_total{status_code=~"5.."}[5m])) / sum(rate(agent_http_requests_total[5m])) > 0.05'}
      - {alert: HandWrittenErrorsNotZero, expr: 'sum(rate(agent_http_requests_total{status_code=~"5.."}[5m])) / sum(rate(agent_http_requests_total[5m])) != 0'}
      - {alert: HandWrittenLatency, for: 5m, expr: 'histogram_quantile(0.95, rate(agent_http_request_duration_seconds_bucket[5m])) > 10'}
      - {alert: HandWrittenTokens, for: 15m, expr: 'rate(agent_llm_tokens_total[1h]) > 100000'}
      - {alert: HandWrittenCompletion, for: 15m, expr: 'agent_task_completion_rate{window="1h"} < 0.8'}
      - {alert: HandWrittenUnpriced, expr: 'increase(agent_llm_unpriced_tokens_total[1h]) > 0'}
      - {record: 'hand_written:errors:ratio', expr: 'sum(rate(agent_http_requests_total{status_code=~"5.."}[5m])) / sum(rate(agent_http_requests_total[5m]))', labels: {window: 5m}}
      - {record: 'hand_written:errors:ratio', expr: 'sum(rate(agent_http_requests_total{status_code=~"5.."}[1h])) / sum(rate(agent_http_requests_total[1h]))', labels: {window: 1h}}
      - {alert: HandWrittenTwoWindows, expr: 'hand_written:errors:ratio{window="5m"} > 0.01 and hand_written:errors:ratio{window="1h"} > 0.01'}
      - {alert: HandWrittenNinetyPercent, expr: 'hand_written:errors:ratio{window="1h"} > 14.4 * (1 - 0.90)'}
"#;

/// Runs a case on the hand-written rules and on the generated rules that it needs: the alert of a name, and the series that
/// a rule file records.
fn check(name: &str, alert: &str, recorded: Option<&str>, case: Case) {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let made = written(&format!("{name}-made"), |_| {}).join("prometheus/rules");
    let folder = folder(name);
    let hand_written = folder.join("hand-written.yml");
    std::fs::write(&hand_written, HAND_WRITTEN).expect("a file");
    let alone = folder.join("alert.yml");
    let alerts = std::fs::read_to_string(made.join("alerts.yml")).expect("made");
    std::fs::write(&alone, crate::mutants::alone(&alerts, alert)).expect("a file");
    let recorded = recorded.map(|file| made.join(format!("{file}.yml")));
    let files = [hand_written, alone].into_iter().chain(recorded).collect::<Vec<PathBuf>>();
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let (passed, said) = test_rules(&promtool, &folder, &files, &[case]);
    assert!(passed, "{said}");
}

/// Expects that an alert fires or not, whatever its text.
fn firing(case: Case, alert: &str, at: &str, fires: bool) -> Case {
    let query = format!("count(ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}}) > bool 0");
    let samples: &[(&str, f64)] = if fires { &[("{}", 1.0)] } else { &[] };
    case.value(query, at, samples)
}

fn requests(instance: &str, endpoint: &str, code: u16) -> String {
    of(instance, "agent_http_requests_total", &format!("endpoint=\"{endpoint}\",status_code=\"{code}\""))
}

#[test]
fn a_surge_of_tokens_is_reported_that_a_rate_compared_with_an_hourly_limit_misses() {
    let series = of("a", "agent_llm_tokens_total", "model=\"m\",direction=\"input\"");
    let case = Case::new("2,000,000 tokens an hour, after 30,000").series(series, "0+500x120 60000+33333x60");
    let case = firing(case, "HandWrittenTokens", "130m", false);
    check(
        "hand-written-tokens",
        "AgentTokenSurge",
        Some("recording"),
        firing(case, "AgentTokenSurge", "130m", true),
    );
}

#[test]
fn the_error_ratio_is_zero_if_no_error_ever_occurred() {
    let case = Case::new("no error has ever been")
        .series(requests("a", "/", 200), "0+100x60")
        .value("hand_written:errors:ratio", "30m", &[])
        .value(
            "job:agent_http_request_errors:ratio_rate5m",
            "30m",
            &[(r#"job:agent_http_request_errors:ratio_rate5m{job="agent"}"#, 0.0)],
        );
    check("hand-written-never", "AgentHighErrorRate", Some("recording"), case);
}

#[test]
fn without_traffic_the_error_ratio_is_absent_and_no_alert_fires() {
    let case = Case::new("no requests")
        .series(requests("a", "/", 200), "100x60")
        .series(requests("a", "/", 500), "1x60")
        // NaN is not equal to itself.
        .value(
            "count(hand_written:errors:ratio{window=\"5m\"} != hand_written:errors:ratio{window=\"5m\"})",
            "30m",
            &[("{}", 1.0)],
        )
        .value("job:agent_http_request_errors:ratio_rate5m", "30m", &[]);
    let case = firing(case, "HandWrittenErrorsNotZero", "30m", true);
    check(
        "hand-written-idle",
        "AgentHighErrorRate",
        Some("recording"),
        firing(case, "AgentHighErrorRate", "30m", false),
    );
}

#[test]
fn a_single_failed_request_does_not_fire_an_alert() {
    let case = Case::new("one request in ten minutes, which fails")
        .every("15s")
        .series(requests("a", "/", 500), "0x40 1x200")
        .series(requests("a", "/", 200), "0x240");
    // Within the five minutes in which the window sees it, the ratio is 1.
    let case = case.value(
        "hand_written:errors:ratio{window=\"5m\"}",
        "12m",
        &[(r#"hand_written:errors:ratio{window="5m"}"#, 1.0)],
    );
    let case = firing(case, "HandWrittenErrorsNotZero", "12m", true);
    check(
        "hand-written-single",
        "AgentHighErrorRate",
        None,
        firing(case, "AgentHighErrorRate", "16m", false),
    );
}

#[test]
fn few_failed_requests_do_not_fire_an_alert() {
    let case = Case::new("a request every other minute").series(requests("a", "/", 500), "0+0.5x60");
    let case = firing(case, "HandWrittenErrorRate", "30m", true);
    check("hand-written-few", "AgentHighErrorRate", None, firing(case, "AgentHighErrorRate", "30m", false));
}

#[test]
fn the_first_value_of_a_new_series_is_counted() {
    let series = of("a", "agent_llm_unpriced_tokens_total", "model=\"m\",direction=\"input\"");
    let case = Case::new("one call of a model without a price")
        .series(of("a", "up", ""), "1x140")
        .series(series, "_x80 1200x60");
    let case = firing(case, "HandWrittenUnpriced", "100m", false);
    check(
        "hand-written-born",
        "AgentUnpricedTokens",
        None,
        firing(case, "AgentUnpricedTokens", "100m", true),
    );
}

#[test]
fn both_windows_of_a_burn_rate_are_compared() {
    let case = Case::new("20 % of the requests fail")
        .series(requests("a", "/", 200), "0+80x120")
        .series(requests("a", "/", 500), "0+20x120");
    let case = firing(case, "HandWrittenTwoWindows", "90m", false);
    check(
        "hand-written-windows",
        "AgentErrorBudgetBurn",
        Some("slo"),
        firing(case, "AgentErrorBudgetBurn", "90m", true),
    );
}

#[test]
fn an_alert_that_no_ratio_can_reach_is_not_generated() {
    let case = Case::new("all fail").series(requests("a", "/", 500), "0+100x120");
    check(
        "hand-written-ninety",
        "AgentHighErrorRate",
        None,
        firing(case, "HandWrittenNinetyPercent", "90m", false),
    );
    let monitoring = agent_metrics_monitoring_tests::monitoring().with(|settings| {
        settings.slo.objectives = vec![agent_metrics::monitoring::Objective::http().availability(90.0)];
    });
    let error = monitoring.files().expect_err("14.4 * 0.1 is above 1").to_string();
    assert!(error.contains("these windows would work: 6h/30m (factor 6)"), "{error}");
}

#[test]
fn the_configuration_names_the_history_that_objectives_need() {
    let config = written("hand-written-retention", |_| {}).join("prometheus/prometheus.yml");
    let config = std::fs::read_to_string(config).expect("made");
    assert!(config.contains("--storage.tsdb.retention.time=35d"), "{config}");
}

#[test]
fn one_rare_slow_endpoint_does_not_fire_the_latency_alert() {
    let bucket = |endpoint: &str, le: &str| {
        of("a", "agent_http_request_duration_seconds_bucket", &format!("endpoint=\"{endpoint}\",le=\"{le}\""))
    };
    let count = |endpoint: &str| {
        of("a", "agent_http_request_duration_seconds_count", &format!("endpoint=\"{endpoint}\""))
    };
    let case = Case::new("1000 fast requests and a slow one per minute")
        .series(bucket("/", "10.0"), "0+1000x60")
        .series(bucket("/", "30.0"), "0+1000x60")
        .series(bucket("/", "+Inf"), "0+1000x60")
        .series(count("/"), "0+1000x60")
        .series(bucket("/report", "10.0"), "0x60")
        .series(bucket("/report", "30.0"), "0+1x60")
        .series(bucket("/report", "+Inf"), "0+1x60")
        .series(count("/report"), "0+1x60");
    let case = firing(case, "HandWrittenLatency", "30m", true);
    check("hand-written-latency", "AgentHighLatency", None, firing(case, "AgentHighLatency", "30m", false));
}

#[test]
fn an_idle_replica_does_not_weigh_as_much_as_a_busy_one() {
    let tasks = |instance: &str, status: &str| {
        of(instance, "agent_tasks_total", &format!("task_type=\"search\",status=\"{status}\""))
    };
    let case = Case::new("a busy replica succeeds, and another had one task, which failed")
        .series(tasks("a", "success"), "0+100x120")
        .series(tasks("b", "failure"), "0x10 1x110")
        .series(of("a", "agent_task_completion_rate", "window=\"1h\""), "1x120")
        .series(of("b", "agent_task_completion_rate", "window=\"1h\""), "_x10 0x110");
    let case = firing(case, "HandWrittenCompletion", "40m", true);
    check(
        "hand-written-completion",
        "AgentLowCompletionRate",
        None,
        firing(case, "AgentLowCompletionRate", "40m", false),
    );
}

/// The hand-written relabelling drops the static target and replaces the host by the port.
#[test]
fn hand_written_relabelling_loses_fixed_targets_and_hosts() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let folder = folder("hand-written-targets");
    let pods = r#"[{"targets": ["10.0.0.7:8080"], "labels": {
        "__meta_kubernetes_pod_annotation_prometheus_io_scrape": "true", "__meta_kubernetes_pod_annotation_prometheus_io_port": "9185"}}]"#;
    std::fs::write(folder.join("pods.json"), pods).expect("a file");
    let found = |discovery: &str| {
        let config = format!("scrape_configs:\n  - job_name: hand-written\n    {discovery}\n{RELABELLING}");
        std::fs::write(folder.join("prometheus.yml"), config).expect("a file");
        let mut check = Command::new(&promtool);
        check
            .args(["check", "service-discovery", "--timeout=3s"])
            .arg(folder.join("prometheus.yml"))
            .arg("hand-written");
        let (passed, said) = run(&mut check);
        assert!(passed, "{said}");
        crate::checks::targets(&said)[0]["labels"]["__address__"].as_str().map(str::to_owned)
    };
    // Ours: `checks::pods_become_targets` and `checks::fixed_targets_stay_and_files_become_targets_of_the_same_job`.
    assert_eq!(found("static_configs: [{targets: ['agent-api:8080']}]"), None);
    assert_eq!(found("file_sd_configs: [{files: [pods.json]}]").as_deref(), Some("9185:8080"));
}

const RELABELLING: &str = r"
    relabel_configs:
      - {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], action: keep, regex: true}
      - {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_port], action: replace, target_label: __address__, regex: (.+), replacement: '${1}:8080'}
";

#[test]
fn the_description_of_a_firing_alert_has_the_current_value_and_the_largest_contributors() {
    let tasks =
        |status: &str| of("a", "agent_tasks_total", &format!("task_type=\"search\",status=\"{status}\""));
    let firing = Firing {
        labels: &[("severity", "critical"), ("job", "agent")],
        summary: "Tasks of agent fail",
        description: "66.67% of the tasks of agent that ended in the last hour failed; at most 20 % should. Most: task type search. Most: instance a. Most: status failure.",
    };
    let case = Case::new("two of three tasks fail")
        .series(tasks("success"), "0+1x90")
        .series(tasks("failure"), "0+2x90")
        .fires("AgentLowCompletionRate", "60m", &firing);
    check("hand-written-words", "AgentLowCompletionRate", None, case);
}
