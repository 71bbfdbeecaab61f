//! The generated files, checked by promtool, amtool and vmalert.

use std::path::Path;
use std::process::Command;

use agent_metrics_monitoring_tests::{folder, run, written};
use agent_metrics_tests::{missing, on_path};
use serde_json::Value;

fn rule_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(folder).expect("rules").map(|entry| entry.expect("an entry").path());
    let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "yml")).collect();
    assert_eq!(files.len(), 4, "{files:?}");
    files
}

#[test]
fn promtool_accepts_the_configuration_and_the_rules() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let folder = written("promtool", |_| {});
    let config = folder.join("prometheus/prometheus.yml");
    let (passed, said) = run(Command::new(&promtool).args(["check", "config"]).arg(config));
    assert!(passed, "{said}");
    assert_eq!(said.matches("SUCCESS").count(), 6, "{said}");
    for file in rule_files(&folder.join("prometheus/rules")) {
        let mut check = Command::new(&promtool);
        let (passed, said) = run(check.args(["check", "rules", "--lint=all", "--lint-fatal"]).arg(file));
        assert!(passed, "{said}");
    }
}

#[test]
fn amtool_accepts_the_routes_and_sends_by_severity() {
    let Some(amtool) = on_path("amtool") else { return missing("amtool") };
    let folder = written("amtool", |_| {});
    let file = folder.join("alertmanager/alertmanager.yml");
    let (passed, said) = run(Command::new(&amtool).arg("check-config").arg(&file));
    assert!(passed && said.contains("6 inhibit rules"), "{said}");
    let mut test = Command::new(&amtool);
    test.args(["config", "routes", "test"]).arg(format!("--config.file={}", file.display()));
    let (passed, said) = run(test.args(["alertname=AgentWatchdog", "severity=info"]));
    assert!(passed && said.lines().next() == Some("watchdog"), "{said}");
    for (severity, receiver) in
        [("critical", "page"), ("warning", "ticket"), ("info", "log"), ("odd", "ticket")]
    {
        let mut test = Command::new(&amtool);
        test.args(["config", "routes", "test"]).arg(format!("--config.file={}", file.display()));
        let (passed, said) = run(test.arg(format!("severity={severity}")));
        assert!(passed && said.lines().next() == Some(receiver), "{severity}: {said}");
    }
}

#[test]
fn vmalert_accepts_the_variant_without_keep_firing_for() {
    let Some(vmalert) = on_path("vmalert") else { return missing("vmalert") };
    let folder = written("vmalert", |_| {});
    let dry_run = |rules: &str| {
        let rules = folder.join(rules).join("*.yml");
        run(Command::new(&vmalert).arg("-dryRun").arg(format!("-rule={}", rules.display())))
    };
    let (passed, said) = dry_run("vmalert/rules");
    assert!(passed, "{said}");
    // The variant is needed: it refuses the other one.
    let (passed, said) = dry_run("prometheus/rules");
    assert!(!passed && said.contains("keep_firing_for"), "{said}");
}

/// Recorded targets: what Kubernetes' discovery says of pods, and what becomes of them.
const PODS: &str = r#"[
  {"targets": ["10.0.0.7:8080"], "labels": {
    "__meta_kubernetes_namespace": "agents", "__meta_kubernetes_pod_name": "agent-7", "__meta_kubernetes_pod_node_name": "node-1",
    "__meta_kubernetes_pod_phase": "Running", "__meta_kubernetes_pod_annotation_prometheus_io_scrape": "true",
    "__meta_kubernetes_pod_annotation_prometheus_io_port": "9185", "__meta_kubernetes_pod_annotation_prometheus_io_path": "/m"}},
  {"targets": ["[fd00::7]:8080"], "labels": {
    "__meta_kubernetes_namespace": "agents", "__meta_kubernetes_pod_name": "agent-v6", "__meta_kubernetes_pod_node_name": "node-1",
    "__meta_kubernetes_pod_phase": "Running", "__meta_kubernetes_pod_annotation_prometheus_io_scrape": "true",
    "__meta_kubernetes_pod_annotation_prometheus_io_port": "9185", "__meta_kubernetes_pod_annotation_prometheus_io_scheme": "https"}},
  {"targets": ["10.0.0.8:9185"], "labels": {
    "__meta_kubernetes_namespace": "agents", "__meta_kubernetes_pod_name": "agent-8", "__meta_kubernetes_pod_node_name": "node-2",
    "__meta_kubernetes_pod_phase": "Running", "__meta_kubernetes_pod_annotation_prometheus_io_scrape": "true"}},
  {"targets": ["10.0.0.9:8080"], "labels": {
    "__meta_kubernetes_namespace": "agents", "__meta_kubernetes_pod_name": "other", "__meta_kubernetes_pod_phase": "Running"}},
  {"targets": ["10.0.0.10:8080"], "labels": {
    "__meta_kubernetes_namespace": "agents", "__meta_kubernetes_pod_name": "done", "__meta_kubernetes_pod_phase": "Succeeded",
    "__meta_kubernetes_pod_annotation_prometheus_io_scrape": "true"}}
]"#;

/// What promtool found, before it says more.
pub fn targets(said: &str) -> Vec<Value> {
    let mut values = serde_json::Deserializer::from_str(said).into_iter();
    values.next().and_then(Result::ok).unwrap_or_else(|| panic!("no targets: {said}"))
}

/// Debian's build has no Kubernetes: the recorded targets come from a file, through the same relabelling.
#[test]
fn pods_become_targets() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let made = written("discovery", |_| {});
    let config = std::fs::read_to_string(made.join("prometheus/prometheus-kubernetes.yml")).expect("made");
    let (before, rest) = config.split_once("    kubernetes_sd_configs:\n").expect("pods are discovered");
    let (discovery, after) = rest.split_once("    relabel_configs:\n").expect("and relabelled");
    assert!(discovery.contains("role: pod") && discovery.contains("- agents"), "{discovery}");
    let folder = folder("discovered");
    let pods = folder.join("pods.json");
    std::fs::write(&pods, PODS).expect("a file");
    let file = folder.join("prometheus.yml");
    let from_file = format!("    file_sd_configs:\n      - files: ['{}']\n", pods.display());
    std::fs::write(
        &file,
        format!("{before}{from_file}    relabel_configs:\n{after}").replace("rules/*.yml", "*.rules"),
    )
    .expect("a file");

    let mut check = Command::new(promtool);
    check.args(["check", "service-discovery", "--timeout=3s"]).arg(&file).arg("agent-kubernetes");
    let (passed, said) = run(&mut check);
    assert!(passed, "{said}");
    let found = targets(&said);
    let labels = |pod: &str| {
        let of = |target: &&Value| target["discoveredLabels"]["__meta_kubernetes_pod_name"] == pod;
        found.iter().find(of).unwrap_or_else(|| panic!("no {pod}: {said}"))["labels"].clone()
    };
    let target = labels("agent-7");
    assert_eq!(target["__address__"], "10.0.0.7:9185");
    assert_eq!(target["__metrics_path__"], "/m");
    assert_eq!((&target["job"], &target["pod"]), (&"agent".into(), &"agent-7".into()));
    assert_eq!((&target["namespace"], &target["node"]), (&"agents".into(), &"node-1".into()));
    let target = labels("agent-v6");
    assert_eq!((&target["__address__"], &target["__scheme__"]), (&"[fd00::7]:9185".into(), &"https".into()));
    let target = labels("agent-8");
    assert_eq!(
        (&target["__address__"], &target["__metrics_path__"]),
        (&"10.0.0.8:9185".into(), &"/metrics".into())
    );
    for dropped in ["other", "done"] {
        assert!(labels(dropped).as_object().is_none_or(serde_json::Map::is_empty), "{dropped}: {said}");
    }
}

#[test]
fn fixed_targets_stay_and_files_become_targets_of_the_same_job() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let made = written("files", |_| {});
    let listed = r#"[{"targets": ["10.1.1.1:9185"], "labels": {"zone": "a"}}]"#;
    std::fs::write(made.join("prometheus/targets/agents.json"), listed).expect("a file");
    for (job, address) in [("agent", "agent:9185"), ("agent-files", "10.1.1.1:9185")] {
        let mut check = Command::new(&promtool);
        check.args(["check", "service-discovery", "--timeout=3s"]);
        let (passed, said) = run(check.arg(made.join("prometheus/prometheus.yml")).arg(job));
        assert!(passed, "{said}");
        let found = targets(&said);
        assert_eq!(found.len(), 1, "{said}");
        assert_eq!(found[0]["labels"]["__address__"], address);
        assert_eq!(found[0]["labels"]["job"], "agent");
    }
}

/// The rules in the manifest are the rules of the files.
#[test]
fn the_operator_gets_the_same_rules() {
    let Some(promtool) = on_path("promtool") else { return missing("promtool") };
    let made = written("operator", |_| {});
    let manifest = std::fs::read_to_string(made.join("kubernetes/prometheusrule.yaml")).expect("made");
    let (head, spec) = manifest.split_once("\nspec:\n").expect("a spec");
    assert!(head.contains("kind: PrometheusRule") && head.contains("release: prometheus"), "{head}");
    let rules: Vec<_> = spec.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
    let rules = rules.join("\n");
    let file = folder("operator-rules").join("rules.yml");
    std::fs::write(&file, &rules).expect("a file");
    let (passed, said) =
        run(Command::new(promtool).args(["check", "rules", "--lint=all", "--lint-fatal"]).arg(file));
    assert!(passed, "{said}");
    let groups = |text: &str| text.lines().filter(|line| line.starts_with("  - name: ")).count();
    let files = rule_files(&made.join("prometheus/rules"));
    let in_files: usize =
        files.iter().map(|file| groups(&std::fs::read_to_string(file).expect("rules"))).sum();
    assert_eq!(groups(&rules), in_files);
    let base = std::fs::read_to_string(made.join("kubernetes/kustomization.yaml")).expect("made");
    for resource in ["podmonitor.yaml", "prometheusrule.yaml"] {
        assert!(base.contains(&format!("  - {resource}\n")), "{base}");
        assert!(made.join("kubernetes").join(resource).is_file());
    }
}
