//! Dashboards and the metrics reference, read as Grafana, its linter and Prometheus read them.

mod answers;
mod dashboards;
mod linter;
mod query;
mod reference;
mod script;
mod types;
