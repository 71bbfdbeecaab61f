//! Dashboards and the metrics reference, read as Grafana, its linter and Prometheus read them.

mod colours;
mod dashboards;
mod linter;
mod panels;
mod query;
mod reference;
mod script;
mod types;
