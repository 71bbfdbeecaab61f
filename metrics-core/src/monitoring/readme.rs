//! The page that describes the generated folder.

use super::folder::File;
use super::settings::Settings;

pub(super) fn file(settings: &Settings) -> File {
    let days = settings.slo.period_days;
    let retention = days + 5;
    let content = format!(
        "\
# Monitoring

Generated from the catalogue of a program by `agent_metrics::monitoring`. Do not edit these files: change the settings and generate the files again.

| path | contents | use |
|---|---|---|
| `prometheus/` | configuration, recording rules, alerts, objectives, forecasts | `prometheus --config.file=prometheus.yml --storage.tsdb.retention.time={retention}d` |
| `prometheus/prometheus-kubernetes.yml` | configuration for a Prometheus that discovers pods itself | in a cluster without the Prometheus operator |
| `vmalert/` | the rules for vmalert 1.79, without `keep_firing_for` | `vmalert -rule='rules/*.yml' ..` |
| `alertmanager/` | routes by severity, and inhibition rules for alerts that another alert covers | fill in the receivers |
| `runbooks/` | a page for each alert | put them on a web server and set `settings.runbooks` to its address, so that `runbook_url` is a link |
| `grafana/` | dashboards, for provisioning and for import | `grafana/provisioning` |
| `kubernetes/` | PodMonitor, PrometheusRule, dashboards for Grafana's sidecar | `kubectl apply --server-side -k kubernetes/` |
| `metrics.md` | the metrics reference: every family with its labels, number of series and an example query | |

* **Job:** rules and dashboards expect the label `job=\"{job}\"`. Every generated scrape configuration sets it.
* **History:** objectives over {days} days need {retention} days of history. The default retention of Prometheus is 15 days.
* **Forecasts** need {min} full days of history. The series `job:agent_history:days` shows how many days there are.
* **Thresholds** are fields of `settings.thresholds`. The page of each alert contains its rule.
",
        job = settings.job,
        min = settings.capacity.min_history_days,
    );
    File::new("README.md", content)
}
