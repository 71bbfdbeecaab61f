//! Dashboards as Grafana reads them, and the files that provision them.
//!
//! A dashboard is written as a bare object with a variable for its data source. Grafana reads this form both from a
//! provisioned file, where an envelope `{"dashboard": ..}` and `${DS_PROMETHEUS}` are not understood, and in the import dialog.

mod colours;
mod json;
mod panel;
mod table;
mod target;
mod variables;

use super::dashboard::Dashboard;
use super::folder::File;
use super::promql::Names;
use super::settings::Settings;
use super::text::duration;
use crate::catalogue::Catalogue;

/// The folder of the dashboards, within the folder of all files.
const FOLDER: &str = "grafana/dashboards";

/// Returns a file for each dashboard, and the files that provision them and the data source.
pub(super) fn files(
    dashboards: &[Dashboard],
    catalogue: &Catalogue,
    names: &Names<'_>,
    settings: &Settings,
) -> Vec<File> {
    let file = |dashboard: &Dashboard| {
        File::new(
            format!("{FOLDER}/{}.json", dashboard.uid),
            json::dashboard(dashboard, catalogue, names, settings),
        )
    };
    provisioning(settings).into_iter().chain(dashboards.iter().map(file)).collect()
}

fn provisioning(settings: &Settings) -> Vec<File> {
    let dashboards = "\
# Copy this file to /etc/grafana/provisioning/dashboards/, and the dashboards to the folder in `path`.
apiVersion: 1
providers:
  - name: agent-metrics
    folder: Agents
    type: file
    allowUiUpdates: false
    updateIntervalSeconds: 30
    options:
      path: /var/lib/grafana/dashboards
";
    let data_sources = format!(
        "\
# Copy this file to /etc/grafana/provisioning/datasources/. `timeInterval` is the scrape interval, from which Grafana derives
# `$__rate_interval`. A click on an exemplar opens its trace in the data source with the uid `tempo`.
apiVersion: 1
datasources:
  - name: Prometheus
    uid: prometheus
    type: prometheus
    access: proxy
    url: http://prometheus:9090
    isDefault: true
    jsonData:
      httpMethod: POST
      timeInterval: {}
      exemplarTraceIdDestinations:
        - name: trace_id
          datasourceUid: tempo
",
        duration(settings.scrape_interval)
    );
    vec![
        File::new("grafana/provisioning/dashboards/agent-metrics.yml", dashboards),
        File::new("grafana/provisioning/datasources/prometheus.yml", data_sources),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitoring::dashboard::Panel;

    #[test]
    fn each_dashboard_is_a_bare_object_in_a_file_named_by_its_uid() {
        let catalogue = crate::instance::AgentMetrics::builder().build().unwrap().catalogue();
        let row = [Panel::lines("Line", "A line.").query("up", "")];
        let dashboards = [Dashboard::new("one", "One", "First.").row("Row", row)];
        let files = files(&dashboards, &catalogue, &Names::of(&catalogue), &Settings::default());
        let file = files.iter().find(|file| file.path == "grafana/dashboards/one.json").expect("a file");
        let value: serde_json::Value = serde_json::from_str(&file.content).unwrap();
        assert_eq!(value["uid"], "one");
        assert!(value.get("dashboard").is_none() && value.get("__inputs").is_none(), "a bare object");
    }
}
