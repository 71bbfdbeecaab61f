//! The files in the programs that they are for: Prometheus evaluates the rules, Alertmanager shows the alerts.

mod dead_provider;
mod end_to_end;
mod example;
mod misbehaving;
mod servers;
mod target;
