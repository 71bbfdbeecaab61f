//! `docs/original-system.md` compares the alerts, panels and configuration keys of the hand-written system that this crate
//! replaces with the generated ones. The table is made from the generated files, so that it cannot name an alert or a panel
//! that no longer exists.

use std::fmt::Write as _;
use std::time::Duration;

use agent_metrics::monitoring::{File, Settings};
use agent_metrics_monitoring_tests::{monitoring, root};

/// The variable that makes the test write the document instead of comparing it.
const UPDATE: &str = "UPDATE_DOCS";

/// An alert, a panel or a configuration key of the original system.
struct Row {
    name: &'static str,
    original: &'static str,
    current: Current,
    reason: &'static str,
}

/// The counterpart of a row in the generated files.
enum Current {
    /// An alert, by name.
    Alert(&'static str),
    /// A panel, by the uid of its dashboard and its title.
    Panel(&'static str, &'static str),
    Text(&'static str),
    /// A text made from the default settings.
    Setting(fn(&Settings) -> String),
}

use Current::{Alert, Panel, Setting, Text};

const fn row(name: &'static str, original: &'static str, current: Current, reason: &'static str) -> Row {
    Row { name, original, current, reason }
}

const ALERTS: [Row; 5] = [
    row(
        "HighErrorRate",
        "sum(rate(agent_http_requests_total{status_code=~\"5..\"}[5m])) / sum(rate(agent_http_requests_total[5m])) > 0.05, for 5m, critical",
        Alert("AgentHighErrorRate"),
        "The ratio is computed per job, so that the errors of one service are not hidden by the traffic of another. The alert needs a minimum of requests and of errors: with one request, one error would be 100 %.",
    ),
    row(
        "HighLatency",
        "histogram_quantile(0.95, rate(agent_http_request_duration_seconds_bucket[5m])) > 10, for 5m, warning",
        Alert("AgentHighLatency"),
        "Buckets are added up before the quantile is taken. The original rule computes a quantile for each replica, method and endpoint, so that one slow request to a rare endpoint fires it.",
    ),
    row(
        "HighTokenConsumption",
        "rate(agent_llm_tokens_total[1h]) > 100000, for 15m, warning",
        Alert("AgentTokenSurge"),
        "The text of the original alert says 100,000 tokens per hour, but its query compares tokens per second, for each model, direction and replica. It does not fire at two million tokens per hour. A fixed limit does not suit every fleet: the generated alert compares with the usual consumption, and `thresholds.tokens_per_hour` adds a fixed limit.",
    ),
    row(
        "LowCompletionRate",
        "agent_task_completion_rate{window=\"1h\"} < 0.8, for 15m, critical",
        Alert("AgentLowCompletionRate"),
        "The ratio is computed from counters over all replicas. The gauge starts again at each restart and exists once per replica, and a mean of ratios gives an idle replica the weight of a busy one. The alert needs a minimum of tasks, and cancelled tasks do not count. It ends soon after the tasks succeed again.",
    ),
    row(
        "HighActiveTasks",
        "agent_active_tasks > 50, for 5m, warning",
        Alert("AgentHighActiveTasks"),
        "The limit is the same; it is stated that it applies to one process.",
    ),
];

const PANELS: [Row; 7] = [
    row(
        "Request Rate",
        "sum(rate(agent_http_requests_total[5m])) by (status_code)",
        Panel("agent-overview", "Request rate"),
        "`$__rate_interval` replaces a fixed window, which has no data when zoomed in and skips samples when zoomed out. The panel has a unit and follows the variables for job and instance.",
    ),
    row(
        "Latencia P50 / P95 / P99",
        "histogram_quantile(0.95, rate(agent_http_request_duration_seconds_bucket[5m])) and two like it",
        Panel("agent-overview", "HTTP latency P50 / P95 / P99"),
        "Buckets are added up by `le` before the quantile is taken; otherwise the panel has a line for each replica, method and endpoint.",
    ),
    row(
        "Tokens por Minuto",
        "sum(rate(agent_llm_tokens_total[5m])) by (direction) * 60",
        Panel("agent-overview", "Tokens per minute"),
        "The panel has a unit and follows the variables.",
    ),
    row(
        "Task Completion Rate",
        "agent_task_completion_rate{window='1h'}",
        Panel("agent-overview", "Completion rate"),
        "The rate is computed from counters over all replicas. The panel shows \"No task ended\" instead of NaN.",
    ),
    row(
        "Costo Acumulado (USD/hora)",
        "sum(rate(agent_cost_total_cents[1h])) * 3600 / 100",
        Panel("agent-overview", "Cost, last hour"),
        "The original query names a series that does not exist, because its client library exposes the counter as `agent_cost_cents_total`. The title called a rate an accumulated cost.",
    ),
    row(
        "Tool Calls por Herramienta",
        "sum(agent_tool_calls_total) by (tool_name)",
        Panel("agent-overview", "Tools"),
        "A table shows the calls, failures and durations of each tool in the displayed time range. A raw counter counts since the start of each process and falls at a restart.",
    ),
    row(
        "Tareas Activas",
        "agent_active_tasks",
        Panel("agent-overview", "Active tasks"),
        "The value is the sum over all replicas.",
    ),
];

const KEYS: [Row; 17] = [
    row(
        "global.scrape_interval",
        "15s",
        Setting(|settings| time_text(settings.scrape_interval)),
        "The same default.",
    ),
    row(
        "global.evaluation_interval",
        "15s",
        Setting(|settings| time_text(settings.evaluation_interval)),
        "No rule uses a window below five minutes, so half as many evaluations suffice.",
    ),
    row(
        "rule_files",
        "alert_rules.yml",
        Text("rules/*.yml"),
        "Recording rules, alerts, objectives and forecasts have a file each.",
    ),
    row(
        "alerting",
        "none",
        Setting(|settings| format!("{}, and a configuration for it", settings.alertmanagers.join(", "))),
        "Without an Alertmanager, no notification is sent when an alert fires.",
    ),
    row(
        "job_name",
        "gemini-agent",
        Setting(|settings| format!("{0}, {0}-files, {0}-kubernetes", settings.job)),
        "Each way of discovery is a job of its own, because their relabelling rules differ. All targets get one value of the label `job`.",
    ),
    row(
        "metrics_path",
        "/metrics",
        Setting(|settings| settings.metrics_path.clone()),
        "The same default; the PodMonitor contains it too.",
    ),
    row(
        "scrape_interval of the job",
        "10s",
        Setting(|settings| time_text(settings.scrape_interval)),
        "All targets have one interval, so that a window of `[5m]` holds the same number of samples everywhere.",
    ),
    row(
        "static_configs.targets",
        "agent-api:8080",
        Setting(|settings| settings.targets.join(", ")),
        "The settings contain the addresses.",
    ),
    row(
        "static_configs.labels.environment",
        "production",
        Text("agent_app_info{environment=..}"),
        "The program reports its environment. A label in the scrape configuration would be wrong in a copy of the file.",
    ),
    row(
        "kubernetes_sd_configs",
        "role: pod, namespace gemini-agents",
        Setting(|settings| format!("role: pod, namespace {}", settings.kubernetes.namespace)),
        "Kubernetes discovery has its own file, prometheus-kubernetes.yml, because a Prometheus built without Kubernetes support rejects a file that contains it.",
    ),
    row(
        "relabel_configs: keep",
        "annotation prometheus.io/scrape = true",
        Text("the same, for pods only"),
        "The original rule also applies to static targets, which have no annotation, so that they are dropped.",
    ),
    row(
        "relabel_configs: port",
        "__address__ from (.+) of the annotation, replaced by ${1}:8080",
        Text("__address__ and the annotation, replaced by $1:$2"),
        "The original rule puts the annotated port in the place of the host: `9185:8080`.",
    ),
    row(
        "further relabelling",
        "none",
        Text("pod phase, path, scheme, namespace, pod, node"),
        "Pods that have ended are not scraped, and series carry the namespace, pod and node.",
    ),
    row(
        "storage retention",
        "none (15 days)",
        Setting(|settings| format!("--storage.tsdb.retention.time={}d", settings.slo.period_days + 5)),
        "An objective over 30 days needs 30 days of history.",
    ),
    row(
        "dashboard file",
        "{\"dashboard\": {..}}",
        Text("the dashboard itself"),
        "The envelope is understood by Grafana's HTTP API only. A provisioned file with an envelope has no title and is rejected.",
    ),
    row(
        "dashboard data source",
        "none",
        Text("a variable `datasource`"),
        "The dashboard works with a data source of any name, provisioned or imported.",
    ),
    row(
        "error budget, exercise 2",
        "99.9 % availability, p95 < 5 s, error rate < 1 %, budget tracking",
        Text("http-availability, http-latency, task-availability in rules/slo.yml"),
        "Alerts on the burn rate of the error budget, over four pairs of windows.",
    ),
];

/// Returns a length of time as Prometheus writes it.
fn time_text(length: Duration) -> String {
    format!("{}s", length.as_secs())
}

fn document(files: &[File], settings: &Settings) -> String {
    let mut text = "# Comparison with the original system\n\n\
        This crate replaces a hand-written monitoring set-up for agents in Python. The tables list each alert, panel and \
        configuration key of that set-up, its counterpart in the generated files, and the reason for each difference. A test \
        makes the tables from the generated files.\n"
        .to_owned();
    for (title, rows) in [("Alerts", &ALERTS[..]), ("Panels", &PANELS), ("Configuration", &KEYS)] {
        let _ = write!(
            text,
            "\n## {title}\n\n| name | original | generated | reason for the difference |\n|---|---|---|---|\n"
        );
        for Row { name, original, current, reason } in rows {
            let current = current.text(files, settings);
            let _ = writeln!(text, "| {name} | {} | {current} | {reason} |", code(original));
        }
    }
    text
}

impl Current {
    fn text(&self, files: &[File], settings: &Settings) -> String {
        match self {
            Alert(name) => {
                let (query, severity) = alert(files, name);
                format!("[`{name}`](../deploy/runbooks/{name}.md): {}, {severity}", code(&query))
            }
            Panel(uid, title) => {
                let queries: Vec<_> = panel(files, uid, title).iter().map(|query| code(query)).collect();
                format!("\"{title}\" in `{uid}`: {}", queries.join("<br>"))
            }
            Text(text) => code(text),
            Setting(text) => code(&text(settings)),
        }
    }
}

fn content<'a>(files: &'a [File], path: &str) -> &'a str {
    &files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}")).content
}

/// Returns the query and the severity of an alert.
fn alert(files: &[File], name: &str) -> (String, String) {
    let rules = content(files, "prometheus/rules/alerts.yml");
    let begin = format!("- alert: {name}\n");
    let (_, rule) = rules.split_once(&begin).unwrap_or_else(|| panic!("no alert {name}"));
    let rule = rule.split("- alert: ").next().unwrap_or(rule);
    let (_, query) = rule.split_once("expr: ").expect("a query");
    let (query, _) = query.split_once("\n        for: ").expect("a wait behind the query");
    let severity = rule.lines().find_map(|line| line.trim().strip_prefix("severity: ")).expect("a severity");
    (query.strip_prefix("|-").unwrap_or(query).to_owned(), severity.to_owned())
}

/// Returns the queries of a panel.
fn panel(files: &[File], uid: &str, title: &str) -> Vec<String> {
    let dashboard = content(files, &format!("grafana/dashboards/{uid}.json"));
    let dashboard: serde_json::Value = serde_json::from_str(dashboard).expect("JSON");
    let shown = dashboard["panels"].as_array().expect("panels");
    // A collapsed row has its panels in it.
    let collapsed = shown.iter().filter_map(|row| row["panels"].as_array()).flatten();
    let mut panels = shown.iter().chain(collapsed);
    let panel = panels.find(|panel| panel["type"] != "row" && panel["title"] == title);
    let panel = panel.unwrap_or_else(|| panic!("no panel `{title}` in {uid}"));
    let targets = panel["targets"].as_array().expect("targets");
    targets.iter().map(|target| target["expr"].as_str().expect("a query").to_owned()).collect()
}

/// Returns code for one line of a table.
fn code(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    if line.contains('`') { format!("`` {line} ``") } else { format!("`{line}`") }
}

#[test]
fn the_comparison_with_the_original_system_matches_the_generated_files() {
    let files = monitoring().files().unwrap_or_else(|error| panic!("{error}"));
    let made = document(&files, &Settings::default());
    let path = root().join("docs/original-system.md");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &made).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "docs/original-system.md is stale: run `{UPDATE}=1 cargo test -p agent-metrics-monitoring-tests --test rules`"
    );
}
