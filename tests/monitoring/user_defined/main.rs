//! A program with user-defined families, and with tracked functions that have objectives.

use std::collections::BTreeMap;

use agent_metrics::monitoring::{Monitoring, Objective};
use agent_metrics::{
    CallLabels, Counter, Histogram, LabelSet, LabelValue, Metrics, track, track_task, track_tool,
};
use agent_metrics_monitoring_tests::{Case, Firing, folder, run, test_rules};
use agent_metrics_tests::{missing, on_path, python_with};

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
    Code,
}

/// Look-ups in an index.
#[derive(Clone, Copy, CallLabels)]
#[calls(name = "retrieval", buckets = [0.01, 0.1, 1.0])]
struct Retrieval {
    index: Index,
}

#[derive(Clone, Copy, LabelSet)]
struct ByIndex {
    index: Index,
}

#[derive(Metrics)]
#[metrics(namespace = "support")]
struct SupportMetrics {
    /// Documents that were found.
    found_documents_total: Counter<ByIndex>,
    /// How well the documents fit.
    #[metric(buckets = [0.1, 0.5, 0.9])]
    fit_ratio: Histogram,
}

#[track(Retrieval, index = Index::Docs, slo(availability = 99, latency = "100ms", percentile = 95))]
fn retrieve() -> Result<(), std::fmt::Error> {
    Ok(())
}

#[track_tool(slo(availability = 99.5))]
fn web_search() -> Result<(), std::fmt::Error> {
    Ok(())
}

#[track_task(task_type = "search", slo(latency = "30s", percentile = 90))]
fn search() -> Result<(), std::fmt::Error> {
    retrieve().and(web_search())
}

fn monitoring() -> Monitoring {
    let metrics = agent_metrics::global();
    let support = SupportMetrics::global();
    support.fit_ratio.with(()).observe(0.5);
    support.found_documents_total.with(ByIndex { index: Index::Code }).add(3);
    search().expect("no failure");
    // An objective of 90 % excludes the fastest window.
    Monitoring::for_catalogue(metrics.catalogue()).with(|settings| settings.slo.leave_out_unreachable = true)
}

fn files() -> BTreeMap<String, String> {
    let files = monitoring().files().unwrap_or_else(|error| panic!("{error}"));
    files.into_iter().map(|file| (file.path, file.content)).collect()
}

#[test]
fn user_defined_families_have_recording_rules_and_alerts() {
    let files = files();
    let recording = &files["prometheus/rules/recording.yml"];
    for record in [
        "job_index_status:retrieval_calls:rate5m",
        "job_index:retrieval_call_duration_seconds:p95_5m",
        "job_index:support_found_documents:rate5m",
        "job:support_fit_ratio:p95_5m",
    ] {
        assert!(recording.contains(&format!("- record: {record}\n")), "{record}: {recording}");
    }
    assert!(files.contains_key("runbooks/AgentRetrievalFailures.md"));
    assert!(files["runbooks/README.md"].contains("AgentRetrievalFailures"));
}

#[test]
fn objectives_in_attributes_have_rules() {
    let slo = &files()["prometheus/rules/slo.yml"];
    for (objective, series) in [
        ("retrieval-availability", "retrieval_calls_total{status!~\"success|cancelled\"}"),
        ("retrieval-latency", "retrieval_call_duration_seconds_bucket{le=\"0.1\"}"),
        (
            "tool-web_search-availability",
            "agent_tool_calls_total{tool_name=\"web_search\",status!~\"success|cancelled\"}",
        ),
        (
            "task-search-latency",
            "agent_task_duration_seconds_bucket{task_type=\"search\",le=~\"30(\\\\.0)?\"}",
        ),
    ] {
        assert!(slo.contains(&format!("slo: {objective}\n")), "{objective}: {slo}");
        assert!(slo.contains(series), "{series}: {slo}");
    }
}

#[test]
fn a_window_that_can_never_fire_is_left_out_only_when_asked_for() {
    let slo = &files()["prometheus/rules/slo.yml"];
    let latency = slo.split("- name: agent-slo-task-search-latency\n").nth(1).expect("a group");
    let latency = latency.split("- name: agent-slo-tool-").next().unwrap_or_default();
    assert_eq!(latency.matches("- alert: AgentErrorBudgetBurn").count(), 3, "{latency}");
    let error = monitoring().with(|settings| settings.slo.leave_out_unreachable = false).files();
    let error = error.expect_err("14.4 * 0.1 is above 1").to_string();
    assert!(
        error.starts_with("objective `task-search-latency`: the alert over 1h/5m would require 144 %"),
        "{error}"
    );
}

#[test]
fn an_objective_in_code_that_contradicts_an_attribute_is_refused() {
    let stated = Objective::tool("web_search").availability(99.0);
    let error = monitoring().with(|settings| settings.slo.objectives.push(stated)).files();
    let error = error.expect_err("two objectives").to_string();
    assert!(
        error.contains(
            "objective `tool-web_search-availability` is declared twice with different targets: 99 % by the settings"
        ),
        "{error}"
    );
    assert!(
        error.contains("99.5 % by user_defined::web_search (tests/monitoring/user_defined/main.rs:"),
        "{error}"
    );
}

#[test]
fn the_alert_on_a_call_family_fires_for_the_label_that_fails() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let folder = folder("user-defined");
    monitoring().write_to(&folder).expect("written");
    let calls = |index: &str, status: &str| {
        format!("retrieval_calls_total{{job=\"agent\",instance=\"a\",index=\"{index}\",status=\"{status}\"}}")
    };
    let fails = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("index", "code")],
        summary: "Calls of retrieval fail",
        description: "50% of the calls of retrieval index code by agent in the last 15 minutes failed; the limit is 20 %. Most: instance a. Most: status error.",
    };
    let case = Case::new("one index of two fails")
        .series(calls("docs", "success"), "0+100x60")
        .series(calls("code", "success"), "0+1x60")
        .series(calls("code", "error"), "0+1x60")
        .series(calls("code", "cancelled"), "0+50x60")
        .silent("AgentRetrievalFailures", "10m")
        .fires("AgentRetrievalFailures", "30m", &fails);
    let few = Case::new("few calls, all of which fail")
        .series(calls("code", "error"), "0+0.5x60")
        .silent("AgentRetrievalFailures", "40m");
    let rules = folder.join("prometheus/rules/alerts.yml");
    let (passed, said) = test_rules(&promtool, &folder, &[&rules], &[case, few]);
    assert!(passed, "{said}");
}

#[test]
fn promtool_accepts_the_rules_of_user_defined_families() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let folder = folder("user-defined-rules");
    monitoring().write_to(&folder).expect("written");
    for name in ["recording", "alerts", "slo", "capacity"] {
        let file = folder.join(format!("prometheus/rules/{name}.yml"));
        let mut check = std::process::Command::new(&promtool);
        let (passed, said) = run(check.args(["check", "rules", "--lint=all", "--lint-fatal"]).arg(file));
        assert!(passed, "{said}");
    }
}

/// A YAML parser other than that of Prometheus reads each file, and the manifests have the fields of their kinds.
#[test]
fn manifests_are_read_by_another_parser() {
    let folder = folder("user-defined-manifests");
    monitoring().write_to(&folder).expect("written");
    let script = format!(
        "import glob, json, os, yaml\n\
         root = {folder:?}\n\
         load = lambda path: yaml.safe_load(open(os.path.join(root, path), encoding='utf-8'))\n\
         files = glob.glob(root + '/**/*.y*ml', recursive=True)\n\
         assert len(files) > 15, files\n\
         for file in files: yaml.safe_load(open(file, encoding='utf-8'))\n\
         monitor = load('kubernetes/podmonitor.yaml')\n\
         assert (monitor['apiVersion'], monitor['kind']) == ('monitoring.coreos.com/v1', 'PodMonitor')\n\
         assert monitor['spec']['selector']['matchLabels'] == {{'app.kubernetes.io/name': 'agent'}}\n\
         endpoint = monitor['spec']['podMetricsEndpoints'][0]\n\
         assert (endpoint['port'], endpoint['path'], endpoint['interval']) == ('metrics', '/metrics', '15s'), endpoint\n\
         assert endpoint['relabelings'] == [{{'targetLabel': 'job', 'replacement': 'agent'}}]\n\
         rule = load('kubernetes/prometheusrule.yaml')\n\
         assert rule['metadata']['labels']['release'] == 'prometheus'\n\
         groups = [group for name in ('recording', 'alerts', 'slo', 'capacity') for group in load(f'prometheus/rules/{{name}}.yml')['groups']]\n\
         assert rule['spec']['groups'] == groups\n\
         base = load('kubernetes/kustomization.yaml')\n\
         there = sorted(os.listdir(root + '/kubernetes'))\n\
         assert sorted(base['resources'] + ['kustomization.yaml']) == there, (base, there)\n\
         boards = [name for name in base['resources'] if name.startswith('dashboard-')]\n\
         assert len(boards) >= 6\n\
         for name in boards:\n\
         \x20   board = load('kubernetes/' + name)\n\
         \x20   assert board['kind'] == 'ConfigMap' and board['metadata']['labels']['grafana_dashboard'] == '1'\n\
         \x20   (key, text), = board['data'].items()\n\
         \x20   assert text == open(f'{{root}}/grafana/dashboards/{{key}}', encoding='utf-8').read()\n\
         \x20   assert len(text) < 1 << 20 and json.loads(text)['title']\n\
         \x20   assert board['metadata']['name'] == board['metadata']['name'].lower()\n",
        folder = folder.display().to_string(),
    );
    python_with("yaml", &script);
}
