//! Manifests for Kubernetes: what the Prometheus operator and Grafana's sidecar read, and a kustomize base.

use super::prometheus::Rules;
use super::rule::Engine;
use super::text::duration;
use super::yaml::{Map, Yaml};
use super::{File, Settings};

const POD_MONITOR: &str = "\
Scrapes the agents' pods, for the Prometheus operator. It finds pods by the label app.kubernetes.io/name, and in them
the port by its name.";
const RULES: &str = "\
The rules of ../prometheus/rules, for the Prometheus operator. It must have the labels that the operator's ruleSelector
asks for.";
const BASE: &str = "\
A base: use it from an overlay, or `kubectl apply --server-side -k kubernetes/`. Server-side, since dashboards are longer than
the annotation in which kubectl would keep a copy.";
const DASHBOARD: &str =
    "A dashboard, for Grafana's sidecar, which loads what has the label grafana_dashboard.";

/// The manifests, with the dashboards that were made.
pub(super) fn files(rules: &[Rules], dashboards: &[File], settings: &Settings) -> Vec<File> {
    let mut files = vec![
        File::new("kubernetes/podmonitor.yaml", pod_monitor(settings)),
        File::new("kubernetes/prometheusrule.yaml", prometheus_rule(rules, settings)),
    ];
    files.extend(dashboards.iter().filter_map(|file| config_map(file, settings)));
    let resources = files.iter().filter_map(|file| file.path.strip_prefix("kubernetes/"));
    let base = Map::new()
        .text("apiVersion", "kustomize.config.k8s.io/v1beta1")
        .text("kind", "Kustomization")
        .text("namespace", &*settings.kubernetes.namespace)
        .texts("resources", resources);
    let base = base.document(BASE);
    files.push(File::new("kubernetes/kustomization.yaml", base));
    files
}

fn metadata(name: &str, labels: Map, settings: &Settings) -> Map {
    Map::new().text("name", name).text("namespace", &*settings.kubernetes.namespace).map("labels", labels)
}

fn operator_labels(settings: &Settings) -> Map {
    let part_of = Map::new().text("app.kubernetes.io/name", &*settings.kubernetes.app);
    settings.kubernetes.labels.iter().fold(part_of, |map, (label, value)| map.text(label, value))
}

fn pod_monitor(settings: &Settings) -> String {
    let kubernetes = &settings.kubernetes;
    let endpoint = Map::new()
        .text("port", &*kubernetes.port)
        .text("path", &*settings.metrics_path)
        .plain("interval", duration(settings.scrape_interval))
        // The operator would name the job after the monitor and its namespace; rules and dashboards know one job.
        .with(
            "relabelings",
            Yaml::List(vec![Yaml::Map(
                Map::new().text("targetLabel", "job").text("replacement", &*settings.job),
            )]),
        );
    let selector = Map::new().text("app.kubernetes.io/name", &*kubernetes.app);
    Map::new()
        .text("apiVersion", "monitoring.coreos.com/v1")
        .text("kind", "PodMonitor")
        .map("metadata", metadata(&kubernetes.app, operator_labels(settings), settings))
        .map(
            "spec",
            Map::new()
                .map("selector", Map::new().map("matchLabels", selector))
                .with("podMetricsEndpoints", Yaml::List(vec![Yaml::Map(endpoint)])),
        )
        .document(POD_MONITOR)
}

fn prometheus_rule(rules: &[Rules], settings: &Settings) -> String {
    let groups = rules.iter().flat_map(|rules| &rules.groups);
    let groups = groups.map(|group| group.yaml(settings, Engine::Prometheus)).collect();
    Map::new()
        .text("apiVersion", "monitoring.coreos.com/v1")
        .text("kind", "PrometheusRule")
        .map("metadata", metadata(&settings.kubernetes.app, operator_labels(settings), settings))
        .map("spec", Map::new().with("groups", Yaml::Spaced(groups)))
        .document(RULES)
}

/// A `ConfigMap` for each dashboard: together they would be longer than one may be.
fn config_map(file: &File, settings: &Settings) -> Option<File> {
    let name = file.path.strip_prefix("grafana/dashboards/")?.strip_suffix(".json")?;
    if name.contains('/') {
        return None;
    }
    let labels =
        Map::new().text("app.kubernetes.io/name", &*settings.kubernetes.app).text("grafana_dashboard", "1");
    let data = Map::new().with(format!("{name}.json"), Yaml::Block(file.content.clone()));
    let document = Map::new()
        .text("apiVersion", "v1")
        .text("kind", "ConfigMap")
        .map("metadata", metadata(&format!("agent-dashboard-{name}"), labels, settings))
        .map("data", data)
        .document(DASHBOARD);
    Some(File::new(format!("kubernetes/dashboard-{name}.yaml"), document))
}
