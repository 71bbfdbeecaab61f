//! Every panel's query is executed on a real Prometheus that has scraped the main example under a scripted load.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use agent_metrics::monitoring::Monitoring;
use agent_metrics::{AgentMetrics, Catalogue, Histogram, LabelSet, LabelValue, LabelValues, Metrics};
use agent_metrics_monitoring_tests::{folder, root};
use agent_metrics_tests::{Program, get, missing, on_path, until};
use serde_json::Value;

use crate::dashboards::{of, panels};
use crate::reference::{queries, reference};
use crate::script::{
    Event, INPUT_TOKENS, INPUT_USD, Load, Notes, OUTPUT_TOKENS, OUTPUT_USD, ask, model, now, post,
};

/// What `$__rate_interval` is here, in seconds: so long the load is even before anything is asked.
const WINDOW: f64 = 40.0;

/// Panels that may have no data, by dashboard and title, and why.
const MAY_BE_EMPTY: [(&str, &str, &str); 28] = [
    ("agent-llm", "Time to the first token", "nothing is streamed"),
    ("agent-llm", "Time per output token", "nothing is streamed"),
    ("agent-llm", "Why models stopped", "the example may not tell"),
    ("agent-llm", "Attempts by outcome", "attempts are seen only through a retry helper or a layer"),
    ("agent-llm", "Waiting between attempts", "as above"),
    ("agent-llm", "Cost of failed attempts", "as above"),
    ("agent-llm", "Left of the rate limit", "this model doesn't say"),
    ("agent-llm", "Tokens without a price", "the model has one"),
    ("agent-llm", "Answered by another model", "it is the one that was asked"),
    ("agent-llm", "Past a label's cap", "no label is full"),
    ("agent-tasks", "Oldest task under way", "between two tasks nothing runs"),
    ("agent-tasks", "Time in the queue", "it is measured only when asked for"),
    ("agent-tasks", "Satisfaction", "scores are given now and then"),
    ("agent-http", "Refused", "the script makes no mistakes"),
    ("agent-http", "Streams", "nothing is streamed"),
    ("agent-http", "Life of streams", "nothing is streamed"),
    ("agent-slo", "Used", "the example may have no budget"),
    ("agent-slo", "Spent an hour", "as above"),
    ("agent-slo", "Refused", "as above"),
    ("agent-slo", "Limits", "as above"),
    ("agent-capacity", "Days of history", "there is less than a day"),
    ("agent-capacity", "Replicas needed", "too little history"),
    ("agent-capacity", "Replicas", "as above; those that run are in a panel of their own"),
    ("agent-capacity", "Tokens by the month's end", "too little history"),
    ("agent-capacity", "Cost by the month's end", "too little history"),
    ("agent-capacity", "Days until a budget of the program is gone", "too little history"),
    ("agent-capacity", "Series", "the forecast has too little history"),
    ("agent-own", "Agent response quality score", "scores are given now and then"),
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

/// The example's binary.
fn built() -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(["build", "--quiet", "-p", "agent-metrics-examples", "--bin", "agent", "--message-format=json"])
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let messages = String::from_utf8_lossy(&built.stdout).into_owned();
    let mut paths = messages.lines().filter_map(|line| {
        let (path, _) = line.split_once("\"executable\":\"")?.1.split_once('"')?;
        Some(PathBuf::from(path))
    });
    paths.next_back().expect("the path of the binary")
}

fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

/// Prometheus, scraping the example every second, with the rules that belong to the dashboards.
fn prometheus(program: &Path, monitoring: &Monitoring, target: &str) -> (Program, String) {
    let folder = folder("answers");
    monitoring.write_to(&folder).unwrap_or_else(|error| panic!("{error}"));
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: ['prometheus/rules/*.yml']\n\
         scrape_configs:\n- {{job_name: agent, static_configs: [{{targets: ['{target}']}}]}}\n"
    );
    let file = folder.join("answers.yml");
    std::fs::write(&file, config).expect("a file");
    let listen = free_address();
    let mut command = Command::new(program);
    command
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={listen}"));
    (Program::start(&mut command), listen)
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
    let Some(program) = on_path("prometheus") else { return missing("prometheus") };
    let catalogue = catalogue();
    let monitoring = Monitoring::for_catalogue(catalogue.clone()).with(|settings| {
        settings.evaluation_interval = Duration::from_secs(1);
        // Minutes for hours: the rules have something to say before the test is over.
        settings.rehearsal = 60;
    });
    let files = monitoring.files().unwrap_or_else(|error| panic!("{error}"));
    let dashboards = of(&files);

    let notes = Notes::default();
    let base = format!("http://{}", model(&notes));
    let address = free_address();
    let mut command = Command::new(built());
    command
        .args(["--addr", &address, "--load", "0", "--model", "gemini-2.0-flash", "--base-url", &base])
        .env_remove("GEMINI_API_KEY");
    let _agent = Program::start(&mut command);
    until("the agent serves", || get(&address, "/metrics", "").filter(|(head, _)| head.contains(" 200 ")));
    let (_prometheus, listen) = prometheus(&program, &monitoring, &address);
    until("it is scraped", || {
        ask(&listen, "agent_active_tasks", now()).ok().filter(|found| !found.is_empty())
    });

    let begun = now();
    let load = Load::on(&address, &notes);
    assert_eq!(post(&address, "/feedback", r#"{"score": 5, "task_type": "search"}"#), Some(204));
    // From the first answers on, an even load for longer than the window.
    until("the load is even", || (now() > begun + 4.0).then_some(()));
    until("the window is full", || (now() > begun + WINDOW + 6.0).then_some(()));
    let at = now() - 1.0;
    let asked = Asked { listen: &listen, at, dashboards: &dashboards };
    until("it is evaluated", || asked.has("agent-slo", "Error budget left").then_some(()));
    drop(load);

    check_headlines(&asked, &notes);
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
    let answered = a_second(&|event| matches!(event, Event::Answered(_)));
    let failed = a_second(&|event| event == Event::Answered(502));
    let calls = a_second(&|event| matches!(event, Event::Called { .. }));
    let searches = happened(&|event| event == Event::Called { tool: true });
    assert!(answered > 1.0 && failed > 0.2, "the script does its work: {answered}, {failed}");
    let usd = INPUT_TOKENS * INPUT_USD + OUTPUT_TOKENS * OUTPUT_USD;
    for (title, label, series, expected) in [
        ("Tasks a minute", "", "tasks", answered * 60.0),
        ("HTTP errors", "", "5xx", failed / answered),
        ("Request rate", "status_code", "200", answered - failed),
        ("Request rate", "status_code", "502", failed),
        ("Failures", "", "tasks", failed / answered),
        ("Failures", "", "HTTP requests", failed / answered),
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
    let completion = 1.0
        - since(&|event| event == Event::Answered(502)) / since(&|event| matches!(event, Event::Answered(_)));
    let shown = asked.values("agent-overview", "Completion", "")["completion"];
    assert!(
        (shown / completion - 1.0).abs() < 0.05,
        "completion: shown {shown}, the script's was {completion}"
    );
    let tools = asked.values("agent-overview", "Tool calls by tool", "tool_name")["search_docs"];
    assert!(tools >= searches * 0.95, "tool calls: shown {tools}, the script saw {searches} and more");
}

/// Every query is one that Prometheus takes, and has an answer, but for the panels of a short list.
fn check_all(asked: &Asked<'_>) {
    let (mut empty, mut queries) = (Vec::new(), 0);
    for (uid, dashboard) in asked.dashboards {
        for panel in panels(dashboard) {
            let title = panel["title"].as_str().expect("a title");
            let may_be = MAY_BE_EMPTY.iter().any(|(of, name, _)| of == uid && *name == title);
            for target in panel["targets"].as_array().expect("targets") {
                queries += 1;
                let query = sent(target["expr"].as_str().expect("a query"));
                match ask(asked.listen, &query, asked.at) {
                    Ok(found) if found.is_empty() && !may_be => {
                        empty.push(format!("{uid}: {title}: {query}"));
                    }
                    Ok(found) => assert!(
                        found.iter().all(|(_, value)| !value.is_infinite()),
                        "{uid}: {title}: {query}: {found:?}"
                    ),
                    Err(error) => panic!("{uid}: {title}: {query}: {error}"),
                }
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
