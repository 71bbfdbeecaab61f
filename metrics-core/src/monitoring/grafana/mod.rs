//! Grafana: dashboards, and the files by which it takes them up.
//!
//! A dashboard is a bare object with a variable for its data source, so that one file serves both ways in: provisioning,
//! which knows neither `{"dashboard": ..}` nor `${DS_PROMETHEUS}`, and the import dialog.

mod capacity;
mod dashboard;
mod http;
mod json;
mod llm;
mod overview;
mod own;
mod panel;
mod slo;
mod tasks;

pub use dashboard::Dashboard;
pub(super) use own::question;
pub use panel::Panel;

use super::promql::Names;
use super::settings::time_text;
use super::{File, MonitoringError, Settings};
use crate::catalogue::Catalogue;

/// Where the dashboards are, within the folder.
const FOLDER: &str = "grafana/dashboards";

/// The dashboards as files, and those by which Grafana takes them up.
pub(super) fn files(dashboards: &[Dashboard], names: &Names<'_>, settings: &Settings) -> Vec<File> {
    let file = |dashboard: &Dashboard| {
        File::new(format!("{FOLDER}/{}.json", dashboard.uid), json::dashboard(dashboard, names))
    };
    provisioning(settings).into_iter().chain(dashboards.iter().map(file)).collect()
}

/// All dashboards, the user's own last. What asks for a family that the program doesn't have is left out.
pub(super) fn dashboards(
    catalogue: &Catalogue,
    settings: &Settings,
    names: &Names<'_>,
) -> Result<Vec<Dashboard>, MonitoringError> {
    let ours = [
        overview::dashboard(settings),
        llm::dashboard(settings),
        tasks::dashboard(settings),
        http::dashboard(settings),
        slo::dashboard(settings),
        capacity::dashboard(settings),
        own::dashboard(catalogue),
    ];
    let mut all: Vec<_> =
        ours.into_iter().map(|dashboard| dashboard.only_with(|sample| names.has(sample))).collect();
    all.retain(|dashboard| !dashboard.is_empty());
    all.extend(settings.dashboards.iter().cloned());
    check_uids(&all)?;
    for dashboard in &all {
        dashboard.check_panels()?;
        for (panel, query) in dashboard.queries() {
            names.check(&format!("dashboard `{}`, panel `{panel}`", dashboard.title), query)?;
        }
    }
    Ok(all)
}

/// The second of two dashboards with one uid would replace the first, without a word.
fn check_uids(dashboards: &[Dashboard]) -> Result<(), MonitoringError> {
    for (at, second) in dashboards.iter().enumerate() {
        if !is_uid(&second.uid) {
            return Err(MonitoringError::Setting {
                field: "dashboards.uid",
                given: second.uid.clone(),
                expected: "1 to 40 letters, digits, `-` and `_`".to_owned(),
            });
        }
        if let Some(first) = dashboards[..at].iter().find(|first| first.uid == second.uid) {
            let dashboards = [first.title.clone(), second.title.clone()];
            return Err(MonitoringError::DuplicateUid { uid: second.uid.clone(), dashboards });
        }
    }
    Ok(())
}

/// Grafana's own rule; the uid is the name of the file, too.
fn is_uid(uid: &str) -> bool {
    (1..=40).contains(&uid.len()) && uid.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn provisioning(settings: &Settings) -> Vec<File> {
    let dashboards = "\
# For /etc/grafana/provisioning/dashboards/; the dashboards are read from `path`.
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
# For /etc/grafana/provisioning/datasources/. `timeInterval` is the scrape interval, which `$__rate_interval` needs to know.
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
",
        time_text(settings.scrape_interval.as_millis() as u64)
    );
    vec![
        File::new("grafana/provisioning/dashboards/agent-metrics.yml", dashboards),
        File::new("grafana/provisioning/datasources/prometheus.yml", data_sources),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(change: impl FnOnce(&mut Settings)) -> Result<Vec<File>, String> {
        let catalogue = crate::instance::AgentMetrics::builder().build().unwrap().catalogue();
        let mut settings = Settings::default();
        change(&mut settings);
        let names = Names::of(&catalogue);
        let all = dashboards(&catalogue, &settings, &names).map_err(|error| error.to_string())?;
        Ok(files(&all, &names, &settings))
    }

    fn mine(uid: &str, query: &str) -> Dashboard {
        Dashboard::new(uid, "Mine", "Mine.").row("Row", [Panel::lines("Line", "A line.").query(query, "")])
    }

    #[test]
    fn every_dashboard_is_a_file_of_its_uid() {
        let files = made(|settings| settings.dashboards.push(mine("mine", "up"))).unwrap();
        for name in [
            "agent-overview",
            "agent-llm",
            "agent-tasks",
            "agent-http",
            "agent-slo",
            "agent-capacity",
            "mine",
        ] {
            let path = format!("{FOLDER}/{name}.json");
            let file = files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"));
            let value: serde_json::Value = serde_json::from_str(&file.content).unwrap();
            assert_eq!(value["uid"], name);
            assert!(value.get("dashboard").is_none() && value.get("__inputs").is_none(), "a bare object");
        }
        assert!(
            files.iter().all(|file| !file.path.ends_with("agent-own.json")),
            "there are no families of one's own"
        );
    }

    #[test]
    fn two_dashboards_with_one_uid_are_refused() {
        let error = made(|settings| settings.dashboards.push(mine("agent-llm", "up"))).unwrap_err();
        assert_eq!(
            error,
            "the dashboards `Agents: models and cost` and `Mine` have one uid, `agent-llm`: give one of them another"
        );
        let error = made(|settings| settings.dashboards.push(mine("../mine", "up"))).unwrap_err();
        assert!(error.contains("invalid value ../mine for `dashboards.uid`"), "{error}");
    }

    #[test]
    fn a_panel_without_a_query_is_refused() {
        let empty = Dashboard::new("mine", "Mine", "Mine.").row("Row", [Panel::stat("Number", "A number.")]);
        let error = made(|settings| settings.dashboards.push(empty)).unwrap_err();
        assert!(
            error.contains("dashboard `Mine`, panel `Number`: no query, give it one with `.query(..)`"),
            "{error}"
        );
    }

    #[test]
    fn a_query_that_names_what_is_not_there_is_refused() {
        let error = made(|settings| settings.dashboards.push(mine("mine", "rate(agent_task_total[5m])")))
            .unwrap_err();
        assert_eq!(
            error,
            "dashboard `Mine`, panel `Line`: there is no metric `agent_task_total`; did you mean `agent_tasks_total`?"
        );
    }
}
