//! The page that says what is in the folder and how to use it.

use super::{File, Settings};

pub(super) fn file(settings: &Settings) -> File {
    let days = settings.slo.period_days;
    let retention = days + 5;
    let content = format!(
        "\
# Monitoring

Made from the catalogue of a program by `agent_metrics::monitoring`: change the settings and make it anew, rather than these files.

| | what | how |
|---|---|---|
| `prometheus/` | configuration, recording rules, alerts, objectives, forecasts | `prometheus --config.file=prometheus.yml --storage.tsdb.retention.time={retention}d` |
| `prometheus/prometheus-kubernetes.yml` | the same where Prometheus finds pods itself | in a cluster, without the operator |
| `vmalert/` | the rules for vmalert 1.79, without `keep_firing_for` | `vmalert -rule='rules/*.yml' ..` |
| `alertmanager/` | routes by severity, and what is not said because another alert says more | fill in the receivers |
| `runbooks/` | a page for each alert | put them on a server, and its address into `settings.runbooks`: `runbook_url` is a link then, and not a path |
| `grafana/` | dashboards, provisioned or imported from the same file | `grafana/provisioning` |
| `kubernetes/` | PodMonitor, PrometheusRule, dashboards for Grafana's sidecar | `kubectl apply --server-side -k kubernetes/` |

* **Job:** rules and dashboards expect `job=\"{job}\"`, which each way of discovery gives.
* **History:** objectives over {days} days need {retention} days of it; Prometheus keeps 15 unless told otherwise.
* **Forecasts** are absent before there are {least} whole days; `job:agent_history:days` says how many there are.
* **Thresholds** are fields of `settings.thresholds`; each alert's page has its rule.
",
        job = settings.job,
        least = settings.capacity.min_history_days,
    );
    File::new("README.md", content)
}
