//! The faults of the hand-written rules that this began with, each shown on those rules and absent from ours.

use std::path::{Path, PathBuf};
use std::process::Command;

use agent_metrics_monitoring_tests::{Case, Firing, folder, run, test_rules, written};
use agent_metrics_tests::{missing, on_path};

use crate::cases::of;

/// The seed's queries, and those that its dashboards and exercises imply, as rules.
const SEED: &str = r#"
groups:
  - name: seed
    rules:
      - {alert: SeedErrorRate, for: 5m, expr: 'sum(rate(agent_http_requests_total{status_code=~"5.."}[5m])) / sum(rate(agent_http_requests_total[5m])) > 0.05'}
      - {alert: SeedErrorsNotZero, expr: 'sum(rate(agent_http_requests_total{status_code=~"5.."}[5m])) / sum(rate(agent_http_requests_total[5m])) != 0'}
      - {alert: SeedLatency, for: 5m, expr: 'histogram_quantile(0.95, rate(agent_http_request_duration_seconds_bucket[5m])) > 10'}
      - {alert: SeedTokens, for: 15m, expr: 'rate(agent_llm_tokens_total[1h]) > 100000'}
      - {alert: SeedCompletion, for: 15m, expr: 'agent_task_completion_rate{window="1h"} < 0.8'}
      - {alert: SeedUnpriced, expr: 'increase(agent_llm_unpriced_tokens_total[1h]) > 0'}
      - {record: 'seed:errors:ratio', expr: 'sum(rate(agent_http_requests_total{status_code=~"5.."}[5m])) / sum(rate(agent_http_requests_total[5m]))', labels: {window: 5m}}
      - {record: 'seed:errors:ratio', expr: 'sum(rate(agent_http_requests_total{status_code=~"5.."}[1h])) / sum(rate(agent_http_requests_total[1h]))', labels: {window: 1h}}
      - {alert: SeedTwoWindows, expr: 'seed:errors:ratio{window="5m"} > 0.01 and seed:errors:ratio{window="1h"} > 0.01'}
      - {alert: SeedNinetyPercent, expr: 'seed:errors:ratio{window="1h"} > 14.4 * (1 - 0.90)'}
"#;

struct Rules {
    folder: PathBuf,
    files: Vec<PathBuf>,
}

fn rules(name: &str) -> Rules {
    let made = written(&format!("{name}-made"), |_| {}).join("prometheus/rules");
    let folder = folder(name);
    let seed = folder.join("seed.yml");
    std::fs::write(&seed, SEED).expect("a file");
    let ours = ["recording", "alerts", "slo"].map(|file| made.join(format!("{file}.yml")));
    Rules { folder, files: [seed].into_iter().chain(ours).collect() }
}

fn check(name: &str, case: Case) {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let rules = rules(name);
    let files: Vec<&Path> = rules.files.iter().map(PathBuf::as_path).collect();
    let (passed, said) = test_rules(&promtool, &rules.folder, &files, &[case]);
    assert!(passed, "{said}");
}

/// Whether an alert fires then, whatever it says.
fn firing(case: Case, alert: &str, at: &str, fires: bool) -> Case {
    let query = format!("count(ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}}) > bool 0");
    let samples: &[(&str, f64)] = if fires { &[("{}", 1.0)] } else { &[] };
    case.value(query, at, samples)
}

fn requests(instance: &str, endpoint: &str, code: u16) -> String {
    of(instance, "agent_http_requests_total", &format!("endpoint=\"{endpoint}\",status_code=\"{code}\""))
}

#[test]
fn two_million_tokens_an_hour_are_many() {
    let series = of("a", "agent_llm_tokens_total", "model=\"m\",direction=\"input\"");
    let case = Case::new("2,000,000 tokens an hour").series(series, "0+33333x180");
    let case = firing(case, "SeedTokens", "150m", false);
    check("seed-tokens", firing(case, "AgentHighTokenConsumption", "150m", true));
}

#[test]
fn no_error_ever_is_a_ratio_of_zero() {
    let case = Case::new("no error has ever been")
        .series(requests("a", "/", 200), "0+100x60")
        .value("seed:errors:ratio", "30m", &[])
        .value(
            "job:agent_http_request_errors:ratio_rate5m",
            "30m",
            &[(r#"job:agent_http_request_errors:ratio_rate5m{job="agent"}"#, 0.0)],
        );
    check("seed-never", case);
}

#[test]
fn no_traffic_is_no_number_and_fires_nothing() {
    let case = Case::new("nobody asks")
        .series(requests("a", "/", 200), "100x60")
        .series(requests("a", "/", 500), "1x60")
        // What isn't equal to itself is no number.
        .value(
            "count(seed:errors:ratio{window=\"5m\"} != seed:errors:ratio{window=\"5m\"})",
            "30m",
            &[("{}", 1.0)],
        )
        .value("job:agent_http_request_errors:ratio_rate5m", "30m", &[]);
    let case = firing(case, "SeedErrorsNotZero", "30m", true);
    check("seed-idle", firing(case, "AgentHighErrorRate", "30m", false));
}

#[test]
fn a_single_request_that_fails_wakes_nobody() {
    let case = Case::new("one request in ten minutes, and it fails")
        .every("15s")
        .series(requests("a", "/", 500), "0x40 1x200")
        .series(requests("a", "/", 200), "0x240");
    // Within the five minutes in which the window sees it, the ratio is 1.
    let case =
        case.value("seed:errors:ratio{window=\"5m\"}", "12m", &[(r#"seed:errors:ratio{window="5m"}"#, 1.0)]);
    let case = firing(case, "SeedErrorsNotZero", "12m", true);
    check("seed-single", firing(case, "AgentHighErrorRate", "16m", false));
}

#[test]
fn few_requests_that_fail_are_no_error_rate() {
    let case = Case::new("a request every other minute").series(requests("a", "/", 500), "0+0.5x60");
    let case = firing(case, "SeedErrorRate", "30m", true);
    check("seed-few", firing(case, "AgentHighErrorRate", "30m", false));
}

#[test]
fn a_counter_that_is_born_with_its_only_value_is_seen() {
    let series = of("a", "agent_llm_unpriced_tokens_total", "model=\"m\",direction=\"input\"");
    let case = Case::new("one call of a model without a price").series(series, "_x80 1200x60");
    let case = firing(case, "SeedUnpriced", "100m", false);
    check("seed-born", firing(case, "AgentUnpricedTokens", "100m", true));
}

#[test]
fn two_windows_are_compared() {
    let case = Case::new("a fifth fails")
        .series(requests("a", "/", 200), "0+80x120")
        .series(requests("a", "/", 500), "0+20x120");
    let case = firing(case, "SeedTwoWindows", "90m", false);
    check("seed-windows", firing(case, "AgentErrorBudgetBurn", "90m", true));
}

#[test]
fn a_factor_that_no_ratio_can_reach_is_not_made() {
    let case = Case::new("all fail").series(requests("a", "/", 500), "0+100x120");
    check("seed-ninety", firing(case, "SeedNinetyPercent", "90m", false));
    let monitoring = agent_metrics_monitoring_tests::monitoring().with(|settings| {
        settings.slo.objectives = vec![agent_metrics::monitoring::Objective::http().availability(90.0)];
    });
    let error = monitoring.files().expect_err("14.4 * 0.1 is above 1").to_string();
    assert!(error.contains("these windows would work: 6h/30m (factor 6)"), "{error}");
}

#[test]
fn thirty_days_of_history_are_asked_for() {
    let config = written("seed-retention", |_| {}).join("prometheus/prometheus.yml");
    let config = std::fs::read_to_string(config).expect("made");
    assert!(config.contains("--storage.tsdb.retention.time=35d"), "{config}");
}

#[test]
fn one_rare_slow_endpoint_is_not_the_service() {
    let bucket = |endpoint: &str, le: &str| {
        of("a", "agent_http_request_duration_seconds_bucket", &format!("endpoint=\"{endpoint}\",le=\"{le}\""))
    };
    let count = |endpoint: &str| {
        of("a", "agent_http_request_duration_seconds_count", &format!("endpoint=\"{endpoint}\""))
    };
    let case = Case::new("a thousand fast requests, and a slow one now and then")
        .series(bucket("/", "10.0"), "0+1000x60")
        .series(bucket("/", "30.0"), "0+1000x60")
        .series(bucket("/", "+Inf"), "0+1000x60")
        .series(count("/"), "0+1000x60")
        .series(bucket("/report", "10.0"), "0x60")
        .series(bucket("/report", "30.0"), "0+1x60")
        .series(bucket("/report", "+Inf"), "0+1x60")
        .series(count("/report"), "0+1x60");
    let case = firing(case, "SeedLatency", "30m", true);
    check("seed-latency", firing(case, "AgentHighLatency", "30m", false));
}

#[test]
fn an_idle_replica_does_not_speak_for_the_fleet() {
    let tasks = |instance: &str, status: &str| {
        of(instance, "agent_tasks_total", &format!("task_type=\"search\",status=\"{status}\""))
    };
    let case = Case::new("a busy replica does well, and another did one task, which failed")
        .series(tasks("a", "success"), "0+100x120")
        .series(tasks("b", "failure"), "0x10 1x110")
        .series(of("a", "agent_task_completion_rate", "window=\"1h\""), "1x120")
        .series(of("b", "agent_task_completion_rate", "window=\"1h\""), "_x10 0x110");
    let case = firing(case, "SeedCompletion", "40m", true);
    check("seed-completion", firing(case, "AgentLowCompletionRate", "40m", false));
}

/// The seed's relabelling stands over its own static target, and makes a port a host.
#[test]
fn fixed_targets_are_kept_and_ports_are_ports() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let folder = folder("seed-targets");
    let pods = r#"[{"targets": ["10.0.0.7:8080"], "labels": {
        "__meta_kubernetes_pod_annotation_prometheus_io_scrape": "true", "__meta_kubernetes_pod_annotation_prometheus_io_port": "9185"}}]"#;
    std::fs::write(folder.join("pods.json"), pods).expect("a file");
    let found = |discovery: &str| {
        let config = format!("scrape_configs:\n  - job_name: seed\n    {discovery}\n{RELABELLING}");
        std::fs::write(folder.join("prometheus.yml"), config).expect("a file");
        let mut check = Command::new(&promtool);
        check
            .args(["check", "service-discovery", "--timeout=3s"])
            .arg(folder.join("prometheus.yml"))
            .arg("seed");
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

/// The lines of ours that the annotations' units come from: a ratio is shown as a share, money in USD.
#[test]
fn a_firing_alert_says_what_it_means() {
    let tasks =
        |status: &str| of("a", "agent_tasks_total", &format!("task_type=\"search\",status=\"{status}\""));
    let says = Firing {
        labels: &[("severity", "critical"), ("job", "agent")],
        summary: "Tasks of agent fail",
        description: "Of the tasks of agent that ended in the last hour, 33.33% succeeded; at least 80 % should.",
    };
    let case = Case::new("two of three fail")
        .series(tasks("success"), "0+1x90")
        .series(tasks("failure"), "0+2x90")
        .fires("AgentLowCompletionRate", "60m", &says);
    check("seed-words", case);
}
