//! For every alert: series that make it fire, and series that don't.

mod cost;
mod health;
mod http;
mod llm;
mod tasks;
mod tools;

use agent_metrics_monitoring_tests::Case;

pub fn all() -> Vec<Case> {
    [health::cases(), http::cases(), tasks::cases(), llm::cases(), tools::cases(), cost::cases()].concat()
}

/// A series of one process.
pub fn of(instance: &str, name: &str, labels: &str) -> String {
    let comma = if labels.is_empty() { "" } else { "," };
    format!("{name}{{job=\"agent\",instance=\"{instance}\"{comma}{labels}}}")
}
