//! Rules, alerts and configurations, read by the programs that run them.

mod alerts;
mod capacity;
mod cases;
mod checks;
mod comparison;
mod golden;
mod mutants;
mod original;
mod recording;
mod settings;
mod slo;
