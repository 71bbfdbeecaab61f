//! Dashboards, read as Grafana, its linter and Prometheus read them.

mod answers;
mod dashboards;
mod linter;
mod query;
mod script;
mod types;
