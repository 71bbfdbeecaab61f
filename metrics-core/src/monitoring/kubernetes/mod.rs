//! Manifests for Kubernetes: for the Prometheus operator and for Grafana's sidecar, in a kustomize base.

use super::prometheus::Rules;
use super::rule::Engine;
use super::text::duration;
use super::yaml::{Map, Yaml};
use super::{File, Settings};

const POD_MONITOR: &str = "\
Makes the Prometheus operator scrape the pods of the agents. The operator selects pods by the label
app.kubernetes.io/name and the port by its name.";
const RULES: &str = "\
The rules of ../prometheus/rules, for the Prometheus operator. The labels of this object must match the operator's
ruleSelector.";
const BASE: &str = "\
A kustomize base. Use it from an overlay, or run `kubectl apply --server-side -k kubernetes/`. A client-side apply fails,
because it stores a copy of each object in an annotation, and the dashboards are too long for one.";
const DASHBOARD: &str =
    "A dashboard for Grafana's sidecar, which loads every ConfigMap with the label grafana_dashboard.";

/// Returns the manifests; `dashboards` are the files of the dashboards.
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
    let app = Map::new().text("app.kubernetes.io/name", &*settings.kubernetes.app);
    settings.kubernetes.labels.iter().fold(app, |map, (label, value)| map.text(label, value))
}

fn pod_monitor(settings: &Settings) -> String {
    let kubernetes = &settings.kubernetes;
    let endpoint = Map::new()
        .text("port", &*kubernetes.port)
        .text("path", &*settings.metrics_path)
        .plain("interval", duration(settings.scrape_interval))
        // By default the operator names the job after the monitor and its namespace. Rules and dashboards expect the job of
        // the settings.
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

/// Returns a `ConfigMap` for one dashboard. All dashboards together would exceed the size limit of a `ConfigMap`.
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
