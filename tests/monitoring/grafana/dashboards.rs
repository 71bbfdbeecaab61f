//! The dashboards of a program with user-defined families.

use std::path::PathBuf;

use agent_metrics::catalogue::{Catalogue, FamilyInfo};
use agent_metrics::monitoring::{File, Monitoring};
use agent_metrics::{AgentMetrics, Counter, Gauge, Histogram, LabelSet, LabelValue, Metrics, Summary};
use agent_metrics_monitoring_tests::folder;
use serde_json::Value;

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
    Code,
}

#[derive(Clone, Copy, LabelSet)]
struct ByIndex {
    index: Index,
}

#[derive(Metrics)]
#[metrics(namespace = "support")]
struct Support {
    /// Documents found.
    documents_total: Counter<ByIndex>,
    /// Time until the answer was complete.
    answer_seconds: Histogram<ByIndex>,
    /// Documents in the queue.
    waiting: Gauge,
    /// Size of documents.
    document_bytes: Summary,
}

/// Returns the catalogue of a program with these families.
fn catalogue() -> Catalogue {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let support = Support::register(&metrics).expect("the names are free");
    for index in [Index::Docs, Index::Code] {
        support.documents_total.with(ByIndex { index }).inc();
        support.answer_seconds.with(ByIndex { index }).observe(0.1);
    }
    support.waiting.with(()).set(3.0);
    support.document_bytes.with(()).observe(10.0);
    metrics.catalogue()
}

/// Returns the families of that program.
pub fn families() -> Vec<FamilyInfo> {
    catalogue().families
}

/// Returns all files.
pub fn files() -> Vec<File> {
    Monitoring::for_catalogue(catalogue()).files().unwrap_or_else(|error| panic!("{error}"))
}

/// Returns the dashboards, by uid.
pub fn dashboards() -> Vec<(String, Value)> {
    dashboards_in(&files())
}

/// Returns the dashboards among some files.
pub fn dashboards_in(files: &[File]) -> Vec<(String, Value)> {
    let read = |file: &File| {
        let name = file.path.strip_prefix("grafana/dashboards/")?.strip_suffix(".json")?.to_owned();
        Some((name, serde_json::from_str(&file.content).expect("JSON")))
    };
    files.iter().filter_map(read).collect()
}

/// Returns the panels of a dashboard, those in collapsed rows too, without the rows.
pub fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    everything(dashboard).filter(|panel| panel["type"] != "row")
}

/// Returns the rows and the panels of a dashboard, those in collapsed rows too.
pub fn everything(dashboard: &Value) -> impl Iterator<Item = &Value> {
    let outer = dashboard["panels"].as_array().expect("panels");
    outer.iter().flat_map(|panel| [panel].into_iter().chain(panel["panels"].as_array().into_iter().flatten()))
}

/// Writes dashboards to a folder and returns it.
pub fn written(name: &str, dashboards: &[(String, Value)]) -> PathBuf {
    let folder = folder(name);
    for (name, dashboard) in dashboards {
        std::fs::write(folder.join(format!("{name}.json")), dashboard.to_string()).expect("a file");
    }
    folder
}
