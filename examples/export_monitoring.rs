//! Writes what watches an agent into a folder: Prometheus rules, alerts with runbooks, SLOs, manifests and dashboards, with
//! the default settings.
//!
//! A program of your own does the same in three lines, with its own families, objectives and thresholds.

use std::process::ExitCode;

use agent_metrics::AgentMetrics;
use agent_metrics::monitoring::Monitoring;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [folder] = &arguments[..] else {
        eprintln!(
            "Usage: export-monitoring FOLDER\nWrites the files into FOLDER, such as deploy/; other files in it stay."
        );
        return ExitCode::from(2);
    };
    match export(folder) {
        Ok(files) => {
            println!("{files} files in {folder}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("export-monitoring: {error}");
            ExitCode::FAILURE
        }
    }
}

fn export(folder: &str) -> Result<usize, Box<dyn std::error::Error>> {
    let metrics = AgentMetrics::builder().build()?;
    let monitoring = Monitoring::for_catalogue(metrics.catalogue());
    monitoring.write_to(folder)?;
    Ok(monitoring.files()?.len())
}
