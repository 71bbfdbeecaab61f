//! Every panel's query is executed on a real Prometheus that has scraped the main example under a scripted load.

use std::collections::BTreeMap;
use std::time::Duration;

use agent_metrics::monitoring::Monitoring;
use agent_metrics::{AgentMetrics, Catalogue, Histogram, LabelSet, LabelValue, LabelValues, Metrics};
use agent_metrics_monitoring_tests::folder;
use agent_metrics_tests::{example, get, missing, prometheus, until};
use serde_json::Value;

use crate::dashboards::{of, panels};
use crate::reference::{queries, reference};
use crate::script::{
    Event, INPUT_TOKENS, INPUT_USD, Load, Notes, OUTPUT_TOKENS, OUTPUT_USD, ask, now, scripted,
};

/// What `$__rate_interval` is here, in seconds: so long the load is even before anything is asked.
const WINDOW: f64 = 40.0;

/// Panels with a query that has no answer, by dashboard and title, and why.
const EMPTY: [(&str, &str, &str); 11] = [
    ("agent-llm", "Tokens without a price", "the model has one"),
    ("agent-llm", "Answered by another model", "it is the one that was asked"),
    ("agent-llm", "Past a label's cap", "no label is full"),
    ("agent-tasks", "Time in the queue", "it is measured only when asked for"),
    ("agent-capacity", "Days of history", "there is less than a day"),
    ("agent-capacity", "Replicas needed", "too little history"),
    ("agent-capacity", "Replicas", "as above; those that run are in a panel of their own"),
    ("agent-capacity", "Tokens by the month's end", "too little history"),
    ("agent-capacity", "Cost by the month's end", "too little history"),
    ("agent-capacity", "Days until a budget of the program is gone", "there is less than a day"),
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

/// As the example has them.
#[derive(Metrics)]
#[metrics(namespace = "agent")]
struct Insight {
    /// Time from a task's start to its first tool call.
    reasoning_duration_seconds: Histogram<ByTask>,
    /// Scores that users gave to answers, 1 to 5.
    response_quality_score: Histogram<ByTask>,
}

/// What the example can show.
fn catalogue() -> Catalogue {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let insight = Insight::register(&metrics).expect("the names are free");
    for task_type in [TaskType::Search, TaskType::Analysis, TaskType::Coding] {
        insight.reasoning_duration_seconds.with(ByTask { task_type }).observe(0.0);
        insight.response_quality_score.with(ByTask { task_type }).observe(5.0);
    }
    metrics.catalogue()
}

/// A query as Grafana sends it when everything is chosen.
fn sent(query: &str) -> String {
    ["job", "instance", "model", "task_type"]
        .iter()
        .fold(query.to_owned(), |query, name| query.replace(&format!("\"${name}\""), "\".+\""))
        .replace("$__rate_interval", &format!("{WINDOW}s"))
        .replace("$__range", "1m")
}

#[test]
fn panels_show_what_happened() {
    let catalogue = catalogue();
    let monitoring = Monitoring::for_catalogue(catalogue.clone()).with(|settings| {
        settings.evaluation_interval = Duration::from_secs(1);
        // Minutes for hours: the rules have something to say before the test is over.
        settings.rehearsal = 60;
    });
    let files = monitoring.files().unwrap_or_else(|error| panic!("{error}"));
    let dashboards = of(&files);

    let notes = Notes::default();
    let base = scripted(&notes);
    let (_agent, address) = example(&["--load", "0", "--model", "gemini-2.0-flash", "--base-url", &base]);
    // Prometheus scrapes it every second, with the rules that belong to the dashboards.
    let folder = folder("answers");
    monitoring.write_to(&folder).unwrap_or_else(|error| panic!("{error}"));
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: ['prometheus/rules/*.yml']\n\
         scrape_configs:\n- {{job_name: agent, static_configs: [{{targets: ['{address}']}}]}}\n"
    );
    std::fs::write(folder.join("prometheus.yml"), config).expect("a file");
    let Some((_prometheus, listen)) = prometheus(&folder, &[]) else { return missing("prometheus") };
    until("it is scraped", || {
        ask(&listen, "agent_active_tasks", now()).ok().filter(|found| !found.is_empty())
    });

    let begun = now();
    let load = Load::on(&address, &notes);
    // From the first answers on, an even load for longer than the window.
    until("the load is even", || (now() > begun + 4.0).then_some(()));
    until("the window is full", || (now() > begun + WINDOW + 6.0).then_some(()));
    let at = now() - 1.0;
    let asked = Asked { listen: &listen, at, dashboards: &dashboards };
    until("it is evaluated", || asked.has("agent-slo", "Error budget left").then_some(()));
    drop(load);

    check_headlines(&asked, &notes);
    check_latency(&asked, &notes, &catalogue);
    check_active(&asked, &notes);
    check_all(&asked);
    for query in queries(reference(&files)) {
        ask(&listen, query, at).unwrap_or_else(|error| panic!("{query}: {error}"));
    }
    check_label_values(&catalogue, &address);
}

/// What is asked, of whom, and when.
struct Asked<'a> {
    listen: &'a str,
    at: f64,
    dashboards: &'a [(String, Value)],
}

impl Asked<'_> {
    fn panel(&self, uid: &str, title: &str) -> &Value {
        let (_, dashboard) = self.dashboards.iter().find(|(found, _)| found == uid).expect("the dashboard");
        panels(dashboard).find(|panel| panel["title"] == title).unwrap_or_else(|| panic!("no `{title}`"))
    }

    /// The answers to a panel's queries, by the value of a label, or by the query's own legend.
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

    fn has(&self, uid: &str, title: &str) -> bool {
        !self.values(uid, title, "slo").is_empty()
    }
}

/// The headline panels say what the script did, within 5 %.
fn check_headlines(asked: &Asked<'_>, notes: &Notes) {
    let happened = |is_one: &dyn Fn(Event) -> bool| notes.count(asked.at - WINDOW, asked.at, is_one);
    let a_second = |is_one: &dyn Fn(Event) -> bool| happened(is_one) / WINDOW;
    let requests = a_second(&|event| matches!(event, Event::Answered { .. }));
    let with =
        |code: u16| a_second(&|event| matches!(event, Event::Answered { status, .. } if status == code));
    let tasks = a_second(&is_task);
    let failed = with(502);
    let calls = a_second(&|event| matches!(event, Event::Called { .. }));
    assert!(requests > 1.0 && failed > 0.2, "the script does its work: {requests}, {failed}");
    let usd = INPUT_TOKENS * INPUT_USD + OUTPUT_TOKENS * OUTPUT_USD;
    for (title, label, series, expected) in [
        ("Tasks a minute", "", "tasks", tasks * 60.0),
        ("HTTP errors", "", "5xx", failed / requests),
        ("Request rate", "status_code", "200", with(200)),
        ("Request rate", "status_code", "422", with(422)),
        ("Request rate", "status_code", "502", failed),
        ("Failures", "", "tasks", failed / tasks),
        ("Failures", "", "HTTP requests", failed / requests),
        ("Tokens a minute", "direction", "input", calls * 60.0 * INPUT_TOKENS),
        ("Tokens a minute", "direction", "output", calls * 60.0 * OUTPUT_TOKENS),
        ("Cost an hour", "model", "gemini-2.0-flash", calls * 3600.0 * usd),
    ] {
        let values = asked.values("agent-overview", title, label);
        let shown = *values.get(series).unwrap_or_else(|| panic!("{title}: no `{series}` in {values:?}"));
        eprintln!("{title} {series}: shown {shown:.5}, the script did {expected:.5}");
        assert!(
            (shown / expected - 1.0).abs() < 0.05,
            "{title} {series}: shown {shown}, the script did {expected}"
        );
    }
    // Over more than the window: all since the first scrape, and what was asked within a minute.
    let since = |is_one: &dyn Fn(Event) -> bool| notes.count(asked.at - 3600.0, asked.at, is_one);
    let completion =
        1.0 - since(&|event| matches!(event, Event::Answered { status: 502, .. })) / since(&is_task);
    let shown = asked.values("agent-overview", "Completion", "")["completion"];
    assert!(
        (shown / completion - 1.0).abs() < 0.05,
        "completion: shown {shown}, the script's was {completion}"
    );
    // All of it is younger than that minute; what the opening called was there before the first scrape.
    let searches = since(&|event| event == Event::Called { tool: true });
    let shown = asked.values("agent-overview", "Tool calls by tool", "tool_name")["search_docs"];
    assert!(
        (searches * 0.9..searches * 1.1).contains(&shown),
        "tool calls: shown {shown}, the script saw {searches}"
    );
}

fn is_task(event: Event) -> bool {
    matches!(event, Event::Answered { task: true, .. })
}

/// A quantile is shown as a value between two bounds of the histogram: those around what the visitors waited.
fn check_latency(asked: &Asked<'_>, notes: &Notes, catalogue: &Catalogue) {
    let mut waits: Vec<_> = notes
        .between(asked.at - WINDOW, asked.at)
        .into_iter()
        // Of a chat only the head counts, which the visitor doesn't see come.
        .filter_map(|event| if let Event::Answered { seconds, .. } = event { Some(seconds) } else { None })
        .collect();
    waits.sort_by(f64::total_cmp);
    let waited = waits[waits.len() * 95 / 100];
    let name = "agent_http_request_duration_seconds";
    let bounds = &catalogue.families.iter().find(|family| family.name == name).expect("the family").buckets;
    // What was waited for the connection as well is no part of the request.
    let low = bounds.iter().copied().filter(|bound| *bound < waited * 0.8).fold(0.0, f64::max);
    let high = bounds.iter().copied().filter(|bound| *bound >= waited).fold(f64::INFINITY, f64::min);
    let shown = asked.values("agent-overview", "HTTP latency", "")["p95"];
    eprintln!("HTTP latency: shown {shown:.3} s, the visitors waited {waited:.3} s");
    assert!(
        (low..=high).contains(&shown),
        "latency: shown {shown}, not within {low} to {high}, as {waited} is"
    );
}

/// The tasks under way are those that visitors wait for, at some moment of the last two seconds: the last scrape's.
fn check_active(asked: &Asked<'_>, notes: &Notes) {
    let under_way =
        |at: f64| notes.count(0.0, at, |event| event == Event::Began) - notes.count(0.0, at, is_task);
    let moments: Vec<_> = (0..40).map(|step| under_way(asked.at - f64::from(step) * 0.05)).collect();
    let least = moments.iter().copied().fold(f64::INFINITY, f64::min) - 1.0;
    let most = moments.iter().copied().fold(0.0, f64::max) + 1.0;
    let shown = asked.values("agent-overview", "Active tasks", "")["tasks"];
    eprintln!("Active tasks: shown {shown}, the visitors waited for {least} to {most}");
    assert!(shown >= 1.0 && (least..=most).contains(&shown), "active tasks: {shown} of {least} to {most}");
}

/// Every query is one that Prometheus takes, and has an answer, but for the panels of a short list, which have none.
fn check_all(asked: &Asked<'_>) {
    let (mut empty, mut answered, mut queries) = (Vec::new(), Vec::new(), 0);
    for (uid, dashboard) in asked.dashboards {
        for panel in panels(dashboard) {
            let title = panel["title"].as_str().expect("a title");
            let is_listed = EMPTY.iter().any(|(of, name, _)| of == uid && *name == title);
            let mut has_all = true;
            for target in panel["targets"].as_array().expect("targets") {
                queries += 1;
                let query = sent(target["expr"].as_str().expect("a query"));
                match ask(asked.listen, &query, asked.at) {
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
                answered.push(format!("{uid}: {title}"));
            }
        }
        let variables = dashboard["templating"]["list"].as_array().expect("variables");
        for variable in variables.iter().filter(|variable| variable["type"] == "query") {
            let asked_for = variable["query"]["query"].as_str().expect("a query");
            let (of, label) =
                asked_for["label_values(".len()..].trim_end_matches(')').rsplit_once(", ").expect("both");
            let found =
                ask(asked.listen, &sent(of), asked.at).unwrap_or_else(|error| panic!("{asked_for}: {error}"));
            assert!(
                found.iter().any(|(labels, _)| labels[label].is_string()),
                "{uid}: {asked_for} finds nothing"
            );
        }
    }
    eprintln!("{queries} queries");
    assert!(empty.is_empty(), "no answer to:\n{}", empty.join("\n"));
    assert!(answered.is_empty(), "listed as empty, and have an answer: {answered:?}");
}

/// What the catalogue says that labels can be is what they are.
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
                    "`{label}` isn't of {known:?}: {line}"
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "{checked} values");
}
