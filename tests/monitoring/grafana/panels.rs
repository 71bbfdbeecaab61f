//! Every panel's query is executed on a real Prometheus that has scraped the main example under a scripted load.

use std::collections::BTreeMap;
use std::time::Duration;

use agent_metrics::catalogue::{Catalogue, LabelValues};
use agent_metrics::monitoring::Monitoring;
use agent_metrics::{AgentMetrics, Histogram, LabelSet, LabelValue, Metrics};
use agent_metrics_monitoring_tests::folder;
use agent_metrics_tests::{example, get, missing, prometheus, until};
use serde_json::Value;

use crate::dashboards::{dashboards_in, panels};
use crate::reference::{queries, reference};
use crate::script::{
    Event, EventLog, INPUT_TOKENS, INPUT_USD, Load, OUTPUT_TOKENS, OUTPUT_USD, ask, now, scripted,
};

/// The value of `$__rate_interval` in seconds. The load is even for this time before the first query.
const WINDOW: f64 = 40.0;

/// Panels with a query without a result, by dashboard and title, with the reason.
const EMPTY: [(&str, &str, &str); 11] = [
    ("agent-llm", "Tokens without a price", "the model has a price"),
    ("agent-llm", "Served by another model", "the requested model serves the calls"),
    ("agent-llm", "Label overflow", "no label reaches its cap"),
    ("agent-tasks", "Queue time", "the program does not enable it"),
    ("agent-capacity", "Days of history", "there is less than a day"),
    ("agent-capacity", "Replicas needed", "too little history"),
    ("agent-capacity", "Replicas", "too little history; another panel shows the running replicas"),
    ("agent-capacity", "Tokens at the end of the month", "too little history"),
    ("agent-capacity", "Cost at the end of the month", "too little history"),
    ("agent-capacity", "Days until a program's budget is spent", "there is less than a day"),
    ("agent-capacity", "Series", "the forecast has too little history"),
];

#[derive(Clone, Copy, LabelValue)]
enum TaskType {
    Search,
    Analysis,
    Coding,
}

#[derive(Clone, Copy, LabelSet)]
struct ByTask {
    task_type: TaskType,
}

/// The user-defined families of the example.
#[derive(Metrics)]
#[metrics(namespace = "agent")]
struct Insight {
    /// Time from a task's start to its first tool call.
    reasoning_duration_seconds: Histogram<ByTask>,
    /// Scores that users gave to answers, 1 to 5.
    response_quality_score: Histogram<ByTask>,
}

/// Returns the catalogue of the example.
fn catalogue() -> Catalogue {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let insight = Insight::register(&metrics).expect("the names are free");
    for task_type in [TaskType::Search, TaskType::Analysis, TaskType::Coding] {
        insight.reasoning_duration_seconds.with(ByTask { task_type }).observe(0.0);
        insight.response_quality_score.with(ByTask { task_type }).observe(5.0);
    }
    metrics.catalogue()
}

/// Returns a query as Grafana sends it when all values of the variables are chosen.
fn sent(query: &str) -> String {
    let all = |query: String, name: &&str| {
        let value = if ["cluster", "namespace"].contains(name) { "\".*\"" } else { "\".+\"" };
        query.replace(&format!("\"${name}\""), value)
    };
    ["job", "instance", "cluster", "namespace", "model", "task_type", "tool_name"]
        .iter()
        .fold(query.to_owned(), all)
        .replace("$percentile", "0.95")
        .replace("$__rate_interval", &format!("{WINDOW}s"))
        .replace("$__range", "1m")
}

#[test]
fn panels_show_the_values_of_a_scripted_load() {
    let catalogue = catalogue();
    let monitoring = Monitoring::for_catalogue(catalogue.clone()).with(|settings| {
        settings.evaluation_interval = Duration::from_secs(1);
        // One minute stands for one hour, so that the rules record values before the test ends.
        settings.rehearsal = 60;
    });
    let files = monitoring.files().unwrap_or_else(|error| panic!("{error}"));
    let dashboards = dashboards_in(&files);

    let log = EventLog::default();
    let base = scripted(&log);
    let (_agent, address) = example(&["--load", "0", "--model", "gemini-2.0-flash", "--base-url", &base]);
    // Prometheus scrapes it every second, with the rules that belong to the dashboards.
    let folder = folder("panels");
    monitoring.write_to(&folder).unwrap_or_else(|error| panic!("{error}"));
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: ['prometheus/rules/*.yml']\n\
         scrape_configs:\n- {{job_name: agent, static_configs: [{{targets: ['{address}']}}]}}\n"
    );
    std::fs::write(folder.join("prometheus.yml"), config).expect("a file");
    let Some((_prometheus, listen)) = prometheus(&folder, &[]) else { return missing("prometheus") };
    until("the example is scraped", || {
        ask(&listen, "agent_active_tasks", now()).ok().filter(|found| !found.is_empty())
    });

    let start = now();
    let load = Load::on(&address, &log);
    // After the first responses, the load stays even for longer than the window.
    until("the load is even", || (now() > start + 4.0).then_some(()));
    until("the window is full", || (now() > start + WINDOW + 6.0).then_some(()));
    let at = now() - 1.0;
    let shown = Shown { listen: &listen, at, dashboards: &dashboards };
    until("the rules are evaluated", || shown.has("agent-slo", "Error budget remaining").then_some(()));
    drop(load);

    check_headlines(&shown, &log);
    check_latency(&shown, &log, &catalogue);
    check_active(&shown, &log);
    check_all(&shown);
    for query in queries(reference(&files)) {
        ask(&listen, query, at).unwrap_or_else(|error| panic!("{query}: {error}"));
    }
    check_label_values(&catalogue, &address);
}

/// The dashboards as Prometheus at `listen` fills them at the time `at`.
struct Shown<'a> {
    listen: &'a str,
    at: f64,
    dashboards: &'a [(String, Value)],
}

impl Shown<'_> {
    fn panel(&self, uid: &str, title: &str) -> &Value {
        let (_, dashboard) = self.dashboards.iter().find(|(found, _)| found == uid).expect("the dashboard");
        panels(dashboard).find(|panel| panel["title"] == title).unwrap_or_else(|| panic!("no `{title}`"))
    }

    /// Returns the values of a panel's queries, by the value of a label, or by the legend if a series does not have the label.
    fn values(&self, uid: &str, title: &str, label: &str) -> BTreeMap<String, f64> {
        let mut values = BTreeMap::new();
        for target in self.panel(uid, title)["targets"].as_array().expect("targets") {
            let query = sent(target["expr"].as_str().expect("a query"));
            let found =
                ask(self.listen, &query, self.at).unwrap_or_else(|error| panic!("{title}: {query}: {error}"));
            for (labels, value) in found {
                let legend = target["legendFormat"].as_str().unwrap_or_default();
                values.insert(labels[label].as_str().unwrap_or(legend).to_owned(), value);
            }
        }
        values
    }

    /// Returns the values of a column of a table, by the value of a label.
    fn column(&self, uid: &str, title: &str, heading: &str, label: &str) -> BTreeMap<String, f64> {
        let targets = self.panel(uid, title)["targets"].as_array().expect("targets");
        let target = targets.iter().find(|target| target["legendFormat"] == heading).expect("the column");
        let query = sent(target["expr"].as_str().expect("a query"));
        let found = ask(self.listen, &query, self.at).unwrap_or_else(|error| panic!("{query}: {error}"));
        found
            .into_iter()
            .map(|(labels, value)| (labels[label].as_str().unwrap_or_default().to_owned(), value))
            .collect()
    }

    fn has(&self, uid: &str, title: &str) -> bool {
        !self.values(uid, title, "slo").is_empty()
    }
}

/// Checks that the panels of the overview show the rates of the script, within 5 %.
fn check_headlines(shown: &Shown<'_>, log: &EventLog) {
    let happened = |is_one: &dyn Fn(Event) -> bool| log.count(shown.at - WINDOW, shown.at, is_one);
    let per_second = |is_one: &dyn Fn(Event) -> bool| happened(is_one) / WINDOW;
    let requests = per_second(&|event| matches!(event, Event::Answered { .. }));
    let with =
        |code: u16| per_second(&|event| matches!(event, Event::Answered { status, .. } if status == code));
    let tasks = per_second(&is_task);
    let failed = with(502);
    let calls = per_second(&|event| matches!(event, Event::Called { .. }));
    assert!(requests > 1.0 && failed > 0.2, "the script runs: {requests}, {failed}");
    let usd = INPUT_TOKENS * INPUT_USD + OUTPUT_TOKENS * OUTPUT_USD;
    for (title, label, series, expected) in [
        ("Tasks per minute", "", "tasks", tasks * 60.0),
        ("HTTP errors", "", "5xx", failed / requests),
        ("Request rate", "status_code", "200", with(200)),
        ("Request rate", "status_code", "422", with(422)),
        ("Request rate", "status_code", "502", failed),
        ("Failure ratio", "", "tasks", failed / tasks),
        ("Failure ratio", "", "HTTP requests", failed / requests),
        ("Tokens per minute", "direction", "input", calls * 60.0 * INPUT_TOKENS),
        ("Tokens per minute", "direction", "output", calls * 60.0 * OUTPUT_TOKENS),
        ("Cost per hour", "model", "gemini-2.0-flash", calls * 3600.0 * usd),
    ] {
        let values = shown.values("agent-overview", title, label);
        let value = *values.get(series).unwrap_or_else(|| panic!("{title}: no `{series}` in {values:?}"));
        eprintln!("{title} {series}: shown {value:.5}, expected {expected:.5}");
        assert!(
            (value / expected - 1.0).abs() < 0.05,
            "{title} {series}: shown {value}, expected {expected}"
        );
    }
    // These panels use more than the window: everything since the first scrape, and the last minute.
    let since = |is_one: &dyn Fn(Event) -> bool| log.count(shown.at - 3600.0, shown.at, is_one);
    let completion =
        1.0 - since(&|event| matches!(event, Event::Answered { status: 502, .. })) / since(&is_task);
    let value = shown.values("agent-overview", "Completion rate", "")["completion"];
    assert!((value / completion - 1.0).abs() < 0.05, "completion: shown {value}, expected {completion}");
    // All calls are younger than that minute. Those at the start happened before the first scrape, so that the panel misses them.
    let searches = since(&|event| event == Event::Called { tool: true });
    let value = shown.column("agent-overview", "Tools", "Calls", "tool_name")["search_docs"];
    assert!(
        (searches * 0.9..searches * 1.1).contains(&value),
        "tool calls: shown {value}, expected {searches}"
    );
}

fn is_task(event: Event) -> bool {
    matches!(event, Event::Answered { task: true, .. })
}

/// Checks that a quantile is shown as a value between the two bucket bounds around the time for which the clients waited.
fn check_latency(shown: &Shown<'_>, log: &EventLog, catalogue: &Catalogue) {
    let mut waits: Vec<_> = log
        .between(shown.at - WINDOW, shown.at)
        .into_iter()
        .filter_map(|event| if let Event::Answered { seconds, .. } = event { Some(seconds) } else { None })
        .collect();
    waits.sort_by(f64::total_cmp);
    let waited = waits[waits.len() * 95 / 100];
    let name = "agent_http_request_duration_seconds";
    let bounds = &catalogue.families.iter().find(|family| family.name == name).expect("the family").buckets;
    // The clients also waited for the connection, which is no part of the request.
    let low = bounds.iter().copied().filter(|bound| *bound < waited * 0.8).fold(0.0, f64::max);
    let high = bounds.iter().copied().filter(|bound| *bound >= waited).fold(f64::INFINITY, f64::min);
    let value = shown.values("agent-overview", "HTTP latency", "")["p95"];
    eprintln!("HTTP latency: shown {value:.3} s, the clients waited {waited:.3} s");
    assert!(
        (low..=high).contains(&value),
        "latency: shown {value}, expected {low} to {high}, the bounds around {waited}"
    );
}

/// Checks that the number of active tasks is the number of tasks for which clients waited at some moment of the last two seconds,
/// in which the last scrape happened.
fn check_active(shown: &Shown<'_>, log: &EventLog) {
    let in_flight = |at: f64| log.count(0.0, at, |event| event == Event::Began) - log.count(0.0, at, is_task);
    let moments: Vec<_> = (0..40).map(|step| in_flight(shown.at - f64::from(step) * 0.05)).collect();
    let min = moments.iter().copied().fold(f64::INFINITY, f64::min) - 1.0;
    let max = moments.iter().copied().fold(0.0, f64::max) + 1.0;
    let value = shown.values("agent-overview", "Active tasks", "")["tasks"];
    eprintln!("Active tasks: shown {value}, expected {min} to {max}");
    assert!(value >= 1.0 && (min..=max).contains(&value), "active tasks: {value}, expected {min} to {max}");
}

/// Checks that Prometheus accepts every query and returns a result, except for the panels in [`EMPTY`], which have none.
fn check_all(shown: &Shown<'_>) {
    let (mut empty, mut filled, mut queries) = (Vec::new(), Vec::new(), 0);
    for (uid, dashboard) in shown.dashboards {
        for panel in panels(dashboard) {
            let title = panel["title"].as_str().expect("a title");
            let is_listed = EMPTY.iter().any(|(dashboard, name, _)| dashboard == uid && *name == title);
            let mut has_all = true;
            for target in panel["targets"].as_array().expect("targets") {
                queries += 1;
                let query = sent(target["expr"].as_str().expect("a query"));
                match ask(shown.listen, &query, shown.at) {
                    Ok(found) if found.is_empty() => {
                        has_all = false;
                        if !is_listed {
                            empty.push(format!("{uid}: {title}: {query}"));
                        }
                    }
                    Ok(found) => assert!(
                        found.iter().all(|(_, value)| !value.is_infinite()),
                        "{uid}: {title}: {query}: {found:?}"
                    ),
                    Err(error) => panic!("{uid}: {title}: {query}: {error}"),
                }
            }
            if is_listed && has_all {
                filled.push(format!("{uid}: {title}"));
            }
        }
        let variables = dashboard["templating"]["list"].as_array().expect("variables");
        for variable in variables.iter().filter(|variable| variable["type"] == "query") {
            let values = variable["query"]["query"].as_str().expect("a query");
            let (selector, label) =
                values["label_values(".len()..].trim_end_matches(')').rsplit_once(", ").expect("both");
            let found = ask(shown.listen, &sent(selector), shown.at)
                .unwrap_or_else(|error| panic!("{values}: {error}"));
            // The target has no further labels.
            let is_absent = ["cluster", "namespace"].contains(&label);
            assert!(
                is_absent != found.iter().any(|(labels, _)| labels[label].is_string()),
                "{uid}: {values} finds nothing"
            );
        }
    }
    eprintln!("{queries} queries");
    assert!(empty.is_empty(), "no result for:\n{}", empty.join("\n"));
    assert!(filled.is_empty(), "listed as empty, but have a result: {filled:?}");
}

/// Checks that the label values of the exposition are those that the catalogue lists.
fn check_label_values(catalogue: &Catalogue, address: &str) {
    let (_, body) = get(address, "/metrics", "").expect("an exposition");
    let text = String::from_utf8(body).expect("UTF-8");
    let mut checked = 0;
    for family in &catalogue.families {
        let lines = text.lines().filter(|line| line.starts_with(&format!("{}{{", family.name)));
        for line in lines {
            for (label, values) in family.labels.iter().zip(&family.values) {
                let LabelValues::Closed(known) = values else { continue };
                let begin = format!("{label}=\"");
                let found =
                    line.split([',', '{']).find_map(|part| part.strip_prefix(&begin)?.split('"').next());
                assert!(
                    found.is_some_and(|found| known.contains(&found)),
                    "`{label}` is not one of {known:?}: {line}"
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "{checked} values");
}
