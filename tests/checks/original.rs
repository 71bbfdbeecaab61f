//! Every family of the original system exists with its name, type, labels and buckets.

use std::time::Duration;

use agent_metrics::{AgentMetrics, Price, PriceTable, Status, Usage};
use agent_metrics_tests::{Samples, python};

/// The name, the type in text 0.0.4, the labels without `le`, and the bucket bounds.
type Row = (&'static str, &'static str, &'static [&'static str], &'static [f64]);

const SEED: &[Row] = &[
    ("agent_http_requests_total", "counter", &["method", "endpoint", "status_code"], &[]),
    (
        "agent_http_request_duration_seconds",
        "histogram",
        &["method", "endpoint"],
        &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0],
    ),
    ("agent_http_requests_in_progress", "gauge", &["method", "endpoint"], &[]),
    ("agent_tasks_total", "counter", &["task_type", "status"], &[]),
    (
        "agent_task_duration_seconds",
        "histogram",
        &["task_type"],
        &[1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0],
    ),
    ("agent_steps_per_task", "histogram", &["task_type"], &[1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0]),
    ("agent_active_tasks", "gauge", &[], &[]),
    ("agent_llm_calls_total", "counter", &["model", "status"], &[]),
    ("agent_llm_call_duration_seconds", "histogram", &["model"], &[0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0]),
    (
        "agent_llm_input_tokens",
        "histogram",
        &["model"],
        &[100.0, 500.0, 1000.0, 2000.0, 5000.0, 10000.0, 20000.0, 50000.0],
    ),
    (
        "agent_llm_output_tokens",
        "histogram",
        &["model"],
        &[50.0, 100.0, 500.0, 1000.0, 2000.0, 5000.0, 10000.0],
    ),
    ("agent_llm_tokens_total", "counter", &["model", "direction"], &[]),
    ("agent_tool_calls_total", "counter", &["tool_name", "status"], &[]),
    (
        "agent_tool_call_duration_seconds",
        "histogram",
        &["tool_name"],
        &[0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0],
    ),
    // The original system declares a counter with a name that OpenMetrics doesn't allow; see `DEVIATIONS`.
    ("agent_cost_total_cents", "untyped", &["model", "cost_type"], &[]),
    ("agent_user_satisfaction_score", "histogram", &[], &[1.0, 2.0, 3.0, 4.0, 5.0]),
    ("agent_task_completion_rate", "gauge", &["window"], &[]),
    ("agent_app_info", "gauge", &["version", "model", "environment"], &[]),
    ("agent_memory_entries", "gauge", &["memory_type"], &[]),
    ("agent_cache_total", "counter", &["result"], &[]),
];

/// The events of one script, recorded by hand.
fn record(metrics: &AgentMetrics) {
    let flash = "gemini-2.0-flash";
    metrics
        .set_app_info(&[("version", "1.0.0"), ("model", flash), ("environment", "production")])
        .expect("valid names");
    metrics.track_request("GET", "/tasks").finish(200);
    metrics.track_request("POST", "/tasks").finish(500);
    metrics.track_task("search").finish(Status::Success);
    metrics.track_task("search").finish(Status::Error);
    metrics.record_llm_call(flash, Usage::new(1200, 300), Duration::from_millis(1500), Status::Success);
    metrics.record_llm_call(flash, None, Duration::from_secs(25), Status::Error);
    metrics.record_tool_call("search", Duration::from_millis(30), Status::Success);
    metrics.record_tool_call("search", Duration::from_secs(2), Status::Error);
    metrics.record_agent_steps("search", 4);
    metrics.record_cache_result(true);
    metrics.record_cache_result(false);
    metrics.record_cache_result(false);
    metrics
        .update_completion_rate(agent_metrics::recording::CompletionWindow::OneHour, 0.75)
        .expect("a rate between 0 and 1");
    metrics.record_user_satisfaction(4.0);
    metrics.set_memory_entries("episodic", 12);
}

/// The price of `gemini-2.0-flash` in the original system, in USD per million tokens of input and output. The model's real
/// price is in the bundled table.
const ORIGINAL_PRICE: [f64; 2] = [0.075, 0.30];

fn instance() -> AgentMetrics {
    let [input, output] = ORIGINAL_PRICE;
    let prices = PriceTable::bundled().with("gemini-2.0-flash", Price::per_million(input, output));
    AgentMetrics::builder().prices(prices).compact_buckets().build().expect("the defaults are valid")
}

#[test]
fn every_original_family_keeps_name_type_and_labels() {
    let metrics = instance();
    record(&metrics);
    let samples = Samples::parse(&metrics.to_text());
    for (name, kind, labels, buckets) in SEED {
        assert_eq!(samples.kind(name), Some(*kind), "{name}");
        let mut seen: Vec<_> = samples.label_names(name).into_iter().filter(|label| label != "le").collect();
        let mut expected: Vec<_> = labels.iter().map(|label| (*label).to_owned()).collect();
        seen.sort();
        expected.sort();
        assert_eq!(seen, expected, "{name}");
        assert_eq!(samples.bounds(name), *buckets, "{name}");
    }
}

#[test]
fn the_default_buckets_include_every_original_bound() {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    record(&metrics);
    let samples = Samples::parse(&metrics.to_text());
    for (name, _, _, buckets) in SEED {
        let bounds = samples.bounds(name);
        assert!(buckets.iter().all(|bound| bounds.contains(bound)), "{name}: {bounds:?}");
    }
    for (name, most) in [
        ("agent_llm_call_duration_seconds", 600.0),
        ("agent_tool_call_duration_seconds", 300.0),
        ("agent_task_duration_seconds", 3600.0),
        ("agent_llm_input_tokens", 1e6),
        ("agent_llm_output_tokens", 1e6),
    ] {
        assert_eq!(samples.bounds(name).last(), Some(&most), "{name}");
    }
}

/// Samples that deviate from the original system, with the reason.
const DEVIATIONS: &[(&str, &str)] = &[
    ("_created", "creation times are not exposed"),
    ("agent_cost_total_cents_total", "Python appends `_total`; ours keeps the declared name, untyped"),
    ("agent_llm_input_tokens", "a failed call observes no tokens; the seed observes 0"),
    ("agent_llm_output_tokens", "a failed call observes no tokens; the seed observes 0"),
    ("agent_http_request_duration_seconds_sum", "measured, not given"),
    ("agent_task_duration_seconds_sum", "measured, not given"),
];

/// The same events in Python's `prometheus_client`, which prints one sample per line: name, sorted labels, value.
const PYTHON: &str = r"
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
r = CollectorRegistry()
def h(name, labels, buckets): return Histogram(name, name, labels, buckets=buckets, registry=r)
def c(name, labels): return Counter(name, name, labels, registry=r)
def g(name, labels=()): return Gauge(name, name, labels, registry=r)
requests, latency, busy = c('agent_http_requests', ['method', 'endpoint', 'status_code']), h('agent_http_request_duration_seconds', ['method', 'endpoint'], [.1, .25, .5, 1, 2.5, 5, 10, 30, 60]), g('agent_http_requests_in_progress', ['method', 'endpoint'])
tasks, duration, steps, active = c('agent_tasks', ['task_type', 'status']), h('agent_task_duration_seconds', ['task_type'], [1, 5, 10, 30, 60, 120, 300, 600]), h('agent_steps_per_task', ['task_type'], [1, 2, 3, 5, 8, 10, 15, 20, 30]), g('agent_active_tasks')
calls, call_time = c('agent_llm_calls', ['model', 'status']), h('agent_llm_call_duration_seconds', ['model'], [.5, 1, 2, 5, 10, 20, 30])
tokens_in, tokens_out, tokens = h('agent_llm_input_tokens', ['model'], [100, 500, 1000, 2000, 5000, 10000, 20000, 50000]), h('agent_llm_output_tokens', ['model'], [50, 100, 500, 1000, 2000, 5000, 10000]), c('agent_llm_tokens', ['model', 'direction'])
tools, tool_time = c('agent_tool_calls', ['tool_name', 'status']), h('agent_tool_call_duration_seconds', ['tool_name'], [.01, .05, .1, .5, 1, 5, 10])
cost, score, rate, memory, cache = c('agent_cost_total_cents', ['model', 'cost_type']), h('agent_user_satisfaction_score', [], [1, 2, 3, 4, 5]), g('agent_task_completion_rate', ['window']), g('agent_memory_entries', ['memory_type']), c('agent_cache', ['result'])
flash = 'gemini-2.0-flash'
Info('agent_app', 'app', registry=r).info({'version': '1.0.0', 'model': flash, 'environment': 'production'})
for method, code in [('GET', 200), ('POST', 500)]:
    busy.labels(method, '/tasks').inc(); requests.labels(method, '/tasks', code).inc(); latency.labels(method, '/tasks').observe(0); busy.labels(method, '/tasks').dec()
for status in ['success', 'failure']:
    active.inc(); tasks.labels('search', status).inc(); duration.labels('search').observe(0); active.dec()
for i, o, seconds, status in [(1200, 300, 1.5, 'success'), (0, 0, 25, 'error')]:
    calls.labels(flash, status).inc(); call_time.labels(flash).observe(seconds); tokens_in.labels(flash).observe(i); tokens_out.labels(flash).observe(o)
    tokens.labels(flash, 'input').inc(i); tokens.labels(flash, 'output').inc(o)
    cost.labels(flash, 'input').inc(i * 0.075 / 1e6 * 100); cost.labels(flash, 'output').inc(o * 0.30 / 1e6 * 100)
for seconds, status in [(.03, 'success'), (2, 'error')]:
    tools.labels('search', status).inc(); tool_time.labels('search').observe(seconds)
steps.labels('search').observe(4); score.observe(4); rate.labels('1h').set(.75); memory.labels('episodic').set(12)
for result in ['hit', 'miss', 'miss']: cache.labels(result).inc()
print(generate_latest(r).decode())
";

#[test]
fn the_same_events_give_the_original_samples() {
    let Some(theirs) = python(PYTHON) else { return };
    let theirs = Samples::parse(&theirs);
    let metrics = instance();
    record(&metrics);
    let ours = Samples::parse(&metrics.to_text());
    let mut compared = 0;
    for (series, value) in theirs.iter() {
        if DEVIATIONS.iter().any(|(part, _)| series.contains(part)) {
            continue;
        }
        let found = ours.get(series).unwrap_or_else(|| panic!("{series} {value} is missing"));
        assert!((found - value).abs() <= value.abs() * 1e-9, "{series}: {found}, the seed says {value}");
        compared += 1;
    }
    assert!(compared >= 90, "only {compared} samples were compared");
    // The declared deviations with their exact values.
    assert_eq!(ours.get("agent_llm_input_tokens_count{model=\"gemini-2.0-flash\"}"), Some(1.0));
    let cents = "{cost_type=\"input\",model=\"gemini-2.0-flash\"}";
    assert_eq!(
        ours.get(&format!("agent_cost_total_cents{cents}")).map(|cents| (cents * 1e9).round()),
        theirs.get(&format!("agent_cost_total_cents_total{cents}")).map(|cents| (cents * 1e9).round())
    );
}
