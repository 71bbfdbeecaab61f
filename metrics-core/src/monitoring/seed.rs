//! The seed's rules, panels and configuration keys: each with its value, ours, and why they differ.
//!
//! Rules, panels and what is set are taken from what was made, so that the table can't tell of a rule that is no longer there.

use std::fmt::Write as _;
use std::time::Duration;

use super::grafana::Dashboard;
use super::rule::Group;
use super::settings::time_text;
use super::{File, Settings};

/// A rule, a panel or a key of the seed.
struct Row {
    what: &'static str,
    value: &'static str,
    ours: Ours,
    why: &'static str,
}

/// What stands for it here.
enum Ours {
    Alert(&'static str),
    /// A dashboard's uid and a panel's title.
    Panel(&'static str, &'static str),
    Text(&'static str),
    /// Of the settings.
    Set(fn(&Settings) -> String),
}

use Ours::{Alert, Panel, Set, Text};

/// As Prometheus writes it.
fn time(length: Duration) -> String {
    time_text(length.as_millis() as u64)
}

const fn row(what: &'static str, value: &'static str, ours: Ours, why: &'static str) -> Row {
    Row { what, value, ours, why }
}

const ALERTS: [Row; 5] = [
    row(
        "HighErrorRate",
        "sum(rate(agent_http_requests_total{status_code=~\"5..\"}[5m])) / sum(rate(agent_http_requests_total[5m])) > 0.05, for 5m, critical",
        Alert("AgentHighErrorRate"),
        "By job, so that one service can't hide in another's traffic. A gate: one request that fails is 100 %, and pages nobody.",
    ),
    row(
        "HighLatency",
        "histogram_quantile(0.95, rate(agent_http_request_duration_seconds_bucket[5m])) > 10, for 5m, warning",
        Alert("AgentHighLatency"),
        "Buckets are added up before the quantile is taken: the seed has one for each replica, method and endpoint, and one slow request to a rare endpoint fires it.",
    ),
    row(
        "HighTokenConsumption",
        "rate(agent_llm_tokens_total[1h]) > 100000, for 15m, warning",
        Alert("AgentHighTokenConsumption"),
        "The text says 100,000 tokens an hour; the query asks for as many a second, of one model, direction and replica. At two million an hour it is silent.",
    ),
    row(
        "LowCompletionRate",
        "agent_task_completion_rate{window=\"1h\"} < 0.8, for 15m, critical",
        Alert("AgentLowCompletionRate"),
        "From counters over all replicas: the gauge forgets at each restart, is one of each replica, and a ratio of ratios weighs an idle replica as a busy one. A gate, and cancelled tasks don't count.",
    ),
    row(
        "HighActiveTasks",
        "agent_active_tasks > 50, for 5m, warning",
        Alert("AgentHighActiveTasks"),
        "The same limit, said to be one process's.",
    ),
];

const PANELS: [Row; 7] = [
    row(
        "Request Rate",
        "sum(rate(agent_http_requests_total[5m])) by (status_code)",
        Panel("agent-overview", "Request rate"),
        "`$__rate_interval` in place of a fixed window, which is empty when zoomed in and blind when zoomed out; a unit; the job and instance of the variables.",
    ),
    row(
        "Latencia P50 / P95 / P99",
        "histogram_quantile(0.95, rate(agent_http_request_duration_seconds_bucket[5m])) and two like it",
        Panel("agent-overview", "HTTP latency P50 / P95 / P99"),
        "Added up by `le` before the quantile, else there is a line for each replica, method and endpoint.",
    ),
    row(
        "Tokens por Minuto",
        "sum(rate(agent_llm_tokens_total[5m])) by (direction) * 60",
        Panel("agent-overview", "Tokens a minute"),
        "A unit, and the variables.",
    ),
    row(
        "Task Completion Rate",
        "agent_task_completion_rate{window='1h'}",
        Panel("agent-overview", "Completion"),
        "Of the fleet, from counters; \"No task ended\" in place of NaN.",
    ),
    row(
        "Costo Acumulado (USD/hora)",
        "sum(rate(agent_cost_total_cents[1h])) * 3600 / 100",
        Panel("agent-overview", "Cost, last hour"),
        "The seed's series never existed: its client exposes the counter as `agent_cost_cents_total`. And it is no accumulated cost but a rate; the title says now what it is.",
    ),
    row(
        "Tool Calls por Herramienta",
        "sum(agent_tool_calls_total) by (tool_name)",
        Panel("agent-overview", "Tool calls by tool"),
        "The calls in the time shown; a raw counter counts since each process began, and falls at a restart.",
    ),
    row(
        "Tareas Activas",
        "agent_active_tasks",
        Panel("agent-overview", "Active tasks"),
        "Added up over the replicas.",
    ),
];

const KEYS: [Row; 17] = [
    row(
        "global.scrape_interval",
        "15s",
        Set(|settings| time(settings.scrape_interval)),
        "The seed's, unless it is set.",
    ),
    row(
        "global.evaluation_interval",
        "15s",
        Set(|settings| time(settings.evaluation_interval)),
        "No rule looks at less than five minutes; half the work.",
    ),
    row(
        "rule_files",
        "alert_rules.yml",
        Text("rules/*.yml"),
        "Recording rules, alerts, objectives and forecasts, a file each.",
    ),
    row(
        "alerting",
        "none",
        Set(|settings| format!("{}, and a configuration for it", settings.alertmanagers.join(", "))),
        "Without it an alert fires, and nobody hears.",
    ),
    row(
        "job_name",
        "gemini-agent",
        Set(|settings| format!("{0}, {0}-files, {0}-kubernetes", settings.job)),
        "A job for each way of discovery, all with one label `job`: one set of relabelling rules can't serve two.",
    ),
    row(
        "metrics_path",
        "/metrics",
        Set(|settings| settings.metrics_path.clone()),
        "The seed's, unless it is set; the manifest says it.",
    ),
    row(
        "scrape_interval of the job",
        "10s",
        Set(|settings| time(settings.scrape_interval)),
        "One interval for all, so that one `[5m]` holds the same number of samples everywhere.",
    ),
    row(
        "static_configs.targets",
        "agent-api:8080",
        Set(|settings| settings.targets.join(", ")),
        "The settings name yours.",
    ),
    row(
        "static_configs.labels.environment",
        "production",
        Text("agent_app_info{environment=..}"),
        "The program knows where it runs; a label in the scrape configuration is forgotten when it is copied.",
    ),
    row(
        "kubernetes_sd_configs",
        "role: pod, namespace gemini-agents",
        Set(|settings| format!("role: pod, namespace {}", settings.kubernetes.namespace)),
        "In prometheus-kubernetes.yml: a build without Kubernetes refuses the whole file.",
    ),
    row(
        "relabel_configs: keep",
        "annotation prometheus.io/scrape = true",
        Text("the same, for pods only"),
        "In the seed it stands over static targets as well, which have no annotation: its own target is dropped.",
    ),
    row(
        "relabel_configs: port",
        "__address__ from (.+) of the annotation, replaced by ${1}:8080",
        Text("__address__ and the annotation, replaced by $1:$2"),
        "The seed makes the annotated port the host: `9185:8080`.",
    ),
    row(
        "further relabelling",
        "none",
        Text("pod phase, path, scheme, namespace, pod, node"),
        "Pods that have ended are no targets, and one wants to know which pod it is.",
    ),
    row(
        "storage retention",
        "none (15 days)",
        Set(|settings| format!("--storage.tsdb.retention.time={}d", settings.slo.period_days + 5)),
        "An objective over 30 days needs as many.",
    ),
    row(
        "dashboard file",
        "{\"dashboard\": {..}}",
        Text("the dashboard itself"),
        "The envelope is for one API only; provisioned, its title is empty and it is refused.",
    ),
    row(
        "dashboard data source",
        "none",
        Text("a variable `datasource`"),
        "Works with whatever the data source is called, provisioned or imported.",
    ),
    row(
        "error budget, exercise 2",
        "99.9 % availability, p95 < 5 s, error rate < 1 %, budget tracking",
        Text("http-availability, http-latency, task-availability in rules/slo.yml"),
        "Alerts on how fast the budget goes, over four pairs of windows.",
    ),
];

pub(super) fn file(groups: &[Group], dashboards: &[Dashboard], settings: &Settings) -> File {
    let mut text = "# From the seed\n\n\
        The rules, panels and configuration keys of the hand-written set-up that this one began with: what each was, what stands \
        for it now, and why they differ.\n"
        .to_owned();
    for (title, rows) in [("Alerts", &ALERTS[..]), ("Panels", &PANELS), ("Configuration", &KEYS)] {
        let _ = write!(text, "\n## {title}\n\n| | the seed's | ours | why |\n|---|---|---|---|\n");
        for Row { what, value, ours, why } in rows {
            let ours = ours.text(groups, dashboards, settings);
            let _ = writeln!(text, "| {what} | {} | {ours} | {why} |", code(value));
        }
    }
    File::new("seed.md", text)
}

impl Ours {
    fn text(&self, groups: &[Group], dashboards: &[Dashboard], settings: &Settings) -> String {
        match self {
            Alert(name) => {
                let alert = groups.iter().flat_map(Group::alerts).find(|alert| alert.name == *name);
                alert.map_or_else(
                    || format!("`{name}`, where its families are there"),
                    |alert| {
                        format!(
                            "[`{name}`](runbooks/{name}.md): {}, {}",
                            code(&alert.query),
                            alert.severity.text()
                        )
                    },
                )
            }
            Panel(uid, title) => {
                let queries = dashboards
                    .iter()
                    .filter(|dashboard| dashboard.uid() == *uid)
                    .flat_map(Dashboard::queries);
                let asked: Vec<_> =
                    queries.filter(|(panel, _)| panel == title).map(|(_, query)| code(query)).collect();
                format!("\"{title}\" in `{uid}`: {}", asked.join("<br>"))
            }
            Text(text) => code(text),
            Set(text) => code(&text(settings)),
        }
    }
}

/// On one line of a table, between backticks.
fn code(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("`{}`", line.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitoring::promql::Names;
    use crate::monitoring::{grafana, prometheus};

    #[test]
    fn what_stands_for_it_is_there() {
        let catalogue =
            crate::instance::AgentMetrics::builder().build().expect("the defaults are valid").catalogue();
        let settings = Settings::default();
        let rules = prometheus::rules(&catalogue, &settings).expect("valid");
        let groups: Vec<_> = rules.into_iter().flat_map(|rules| rules.groups).collect();
        let names = Names::of(&catalogue);
        let dashboards = grafana::dashboards(&catalogue, &settings, &names).expect("valid");
        for Row { what, ours, .. } in ALERTS.iter().chain(&PANELS).chain(&KEYS) {
            let text = ours.text(&groups, &dashboards, &settings);
            assert!(!text.contains("where its families") && !text.ends_with(": "), "{what}: {text}");
        }
    }
}
