//! The values of the page agree with those of a real Prometheus that scrapes the same program and runs the PromQL that the page
//! shows.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use agent_metrics::serve::Exporter;
use agent_metrics::{AgentMetrics, Status, Usage};
use agent_metrics_tests::{get, missing, prometheus, until};
use serde_json::Value;

/// Works at a steady pace until `stop` is set.
fn work(metrics: &AgentMetrics, stop: &AtomicBool) {
    let mut number = 0_u64;
    let begin = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let status = if number.is_multiple_of(5) { Status::Error } else { Status::Success };
        metrics.track_request("GET", "/tasks/{id}").finish(200);
        metrics.track_tool(if number.is_multiple_of(2) { "web_search" } else { "calculator" }).finish(status);
        let mut call = metrics.track_llm(if number.is_multiple_of(3) { "gpt-4o" } else { "gpt-4o-mini" });
        call.usage(&Usage::new(900, 100 + number % 7));
        call.finish(status);
        let task = metrics.track_task("chat");
        thread::sleep(Duration::from_millis(2));
        task.finish(status);
        number += 1;
        thread::sleep((begin + Duration::from_millis(20 * number)).saturating_duration_since(Instant::now()));
    }
}

fn json(address: &str, path: &str) -> Value {
    let (head, body) = get(address, path, "").expect("an answer");
    assert!(head.contains(" 200 "), "{path}: {head}");
    serde_json::from_slice(&body).expect("JSON")
}

/// Runs a query in Prometheus. Returns the values by the values of their labels.
fn query(prometheus: &str, promql: &str) -> BTreeMap<String, f64> {
    let encoded = promql.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    let answer = json(prometheus, &format!("/api/v1/query?query={encoded}"));
    assert_eq!(answer["status"], "success", "{promql}: {answer}");
    let series = answer["data"]["result"].as_array().expect("a vector");
    let named = series.iter().map(|series| {
        let labels = series["metric"].as_object().expect("labels").values();
        let name = labels.map(|value| value.as_str().expect("text")).collect::<Vec<_>>().join(", ");
        (name, series["value"][1].as_str().expect("a value").parse().expect("a number"))
    });
    named.filter(|(_, value): &(String, f64)| !value.is_nan()).collect()
}

/// The queries of all panels: the panel, the name of the query, its PromQL.
fn queries(history: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let boards = history["boards"].as_array().expect("boards").iter();
    let panels = boards.flat_map(|board| {
        board["stats"]
            .as_array()
            .into_iter()
            .flatten()
            .chain(board["charts"].as_array().into_iter().flatten())
    });
    let queries = panels.filter(|panel| panel["view"] != "heat").flat_map(|panel| {
        let queries = panel["queries"].as_array().expect("queries").iter();
        queries.map(|query| (text(&panel["id"]), text(&query["name"]), text(&query["promql"])))
    });
    queries.collect()
}

/// Compares the values of every query for which `is_compared` returns the permitted difference.
fn compare(address: &str, server: &str, permitted: impl Fn(&str) -> Option<f64>) -> Result<usize, String> {
    let history = json(address, "/data/history?range=15m");
    let mut compared = 0;
    for (panel, name, promql) in queries(&history) {
        let Some(permitted) = permitted(&promql) else { continue };
        let expected = query(server, &promql);
        let shown = history["event"]["values"][&panel].as_object().expect("a panel");
        for (series, expected) in expected {
            let line = if series.is_empty() { name.clone() } else { series };
            // A line that was never above 0 is not shown.
            let value = shown.get(&line).map_or(Some(0.0), Value::as_f64);
            let difference = value.map_or(f64::INFINITY, |value| (value - expected).abs());
            if difference > permitted * expected.abs() + 1e-12 {
                return Err(format!(
                    "{panel}, {line}: {value:?}, but Prometheus has {expected} for {promql}"
                ));
            }
            compared += 1;
        }
    }
    Ok(compared)
}

#[test]
fn the_values_of_the_panels_are_those_of_their_promql() {
    let metrics = AgentMetrics::builder().build().expect("valid settings");
    let exporter = Exporter::new(&metrics).live_page().start("127.0.0.1:0").expect("a free port");
    let address = exporter.address().to_string();
    let folder = std::env::temp_dir().join(format!("agent-metrics-live-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let config = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: agent\n  static_configs: [{{targets: ['{address}']}}]\n"
    );
    fs::write(folder.join("prometheus.yml"), config).expect("a file");
    let Some((_server, server)) = prometheus(&folder, &[]) else { return missing("prometheus") };

    let held = metrics.track_task("held");
    // Every series begins in a scrape, as Prometheus sees no increase before the first one.
    metrics.track_task("chat").finish(Status::Success);
    let stop = Arc::new(AtomicBool::new(false));
    let worker = thread::spawn({
        let (metrics, stop) = (metrics.clone(), stop.clone());
        move || work(&metrics, &stop)
    });
    let begin = Instant::now();
    // The windows of the rates have passed when both have a minute of samples.
    until("Prometheus has a minute", || (begin.elapsed() > Duration::from_secs(45)).then_some(()));
    until("Prometheus has a minute and more", || (begin.elapsed() > Duration::from_secs(80)).then_some(()));
    let mut failure = String::new();
    let compared = (0..5).find_map(|_| {
        let is_relative = |promql: &str| promql.contains("> 0)") || promql.contains("histogram_quantile");
        let permitted = |promql: &str| {
            (promql.contains("[1m]") || promql.contains("[5m]") && is_relative(promql)).then_some(0.02)
        };
        // A machine that is busy at the moment of a scrape delays it; the next ones are compared then.
        match compare(&address, &server, permitted) {
            Ok(compared) => Some(compared),
            Err(error) => {
                failure = error;
                thread::sleep(Duration::from_secs(2));
                None
            }
        }
    });
    let compared = compared.unwrap_or_else(|| panic!("{failure}"));
    assert!(compared >= 25, "only {compared} values were compared");

    stop.store(true, Ordering::Relaxed);
    worker.join().expect("the work ends");
    thread::sleep(Duration::from_secs(3));
    let exactly = |promql: &str| (!promql.contains('[')).then_some(1e-12);
    let compared = compare(&address, &server, exactly).unwrap_or_else(|error| panic!("{error}"));
    assert!(compared >= 5, "only {compared} values were compared");
    held.finish(Status::Success);
    fs::remove_dir_all(&folder).expect("the folder is removed");
}
