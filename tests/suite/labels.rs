//! Labels: no two tuples share a series, every value survives a scrape, every label set is bounded.

use std::borrow::Cow;
use std::sync::Arc;

use agent_metrics::{
    AgentMetrics, Bounded, CallLabels, Counter, LabelSet, LabelValue, Metrics, track, track_task, track_tool,
};
use agent_metrics_tests::{Samples, python, samples, tools};

#[derive(Clone, Copy, LabelSet)]
struct Pair {
    first: Bounded<8>,
    second: Bounded<8>,
}

#[derive(Metrics)]
#[metrics(namespace = "labels")]
struct Counters {
    /// Pairs seen.
    pairs_total: Counter<Pair>,
}

fn counters() -> (AgentMetrics, Counters) {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let counters = Counters::register(&metrics).expect("a new family");
    (metrics, counters)
}

fn pair(first: &str, second: &str) -> Pair {
    Pair { first: first.into(), second: second.into() }
}

#[test]
fn label_tuples_with_equal_concatenations_have_separate_series() {
    let (metrics, counters) = counters();
    for (first, second) in [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", "")] {
        counters.pairs_total.with(pair(first, second)).inc();
    }
    let samples = Samples::parse(&metrics.to_text());
    for (first, second) in [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", "")] {
        let series = format!("labels_pairs_total{{first=\"{first}\",second=\"{second}\"}}");
        assert_eq!(samples.value(&series), 1.0, "{series}");
    }
}

#[test]
fn unusual_label_values_survive_a_scrape() {
    let (metrics, counters) = counters();
    let odd = ["quote\"", "back\\slash", "line\nfeed", "ünï🦀", "a\",second=\"b", "\\n"];
    for value in odd {
        counters.pairs_total.with(pair(value, "x")).inc();
    }
    let samples = Samples::parse(&metrics.to_text());
    for value in odd {
        assert_eq!(samples.sum("labels_pairs_total", &[("first", value)]), 1.0, "{value:?}");
    }
    for (accept, parser) in [
        (None, "prometheus_client.parser"),
        (Some("application/openmetrics-text"), "prometheus_client.openmetrics.parser"),
    ] {
        let body = metrics.encode(accept, None).body;
        let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{parser}.txt"));
        std::fs::write(&file, body).expect("a file");
        let script = format!(
            "from {parser} import text_string_to_metric_families as read\n\
             text = open({:?}, encoding='utf-8', newline='').read()\n\
             print(*[ascii(s.labels['first']) for f in read(text) for s in f.samples if s.name == 'labels_pairs_total'], sep='\\n')",
            file.display().to_string()
        );
        let Some(read) = python(&script) else { return };
        let ascii =
            python(&format!("print(*map(ascii, {}), sep='\\n')", python_list(&odd))).expect("python again");
        let (mut read, mut expected): (Vec<_>, Vec<_>) = (read.lines().collect(), ascii.lines().collect());
        read.sort_unstable();
        expected.sort_unstable();
        assert_eq!(read, expected, "{parser}");
    }
}

/// Texts as a Python list, by code points.
fn python_list(texts: &[&str]) -> String {
    let text = |text: &&str| {
        let numbers: Vec<_> = text.chars().map(|character| u32::from(character).to_string()).collect();
        format!("''.join(map(chr, [{}]))", numbers.join(","))
    };
    format!("[{}]", texts.iter().map(text).collect::<Vec<_>>().join(","))
}

#[test]
fn values_beyond_the_cap_are_counted_as_other() {
    let (metrics, counters) = counters();
    for n in 0..20 {
        counters.pairs_total.with(pair(&format!("v{n}"), "x")).inc();
    }
    let long = "x".repeat(Bounded::<8>::MAX_LEN + 1);
    counters.pairs_total.with(pair(&long, "x")).inc();
    let samples = Samples::parse(&metrics.to_text());
    assert_eq!(samples.sum("labels_pairs_total", &[("first", "__other__")]), 13.0);
    assert_eq!(samples.sum("labels_pairs_total", &[]), 21.0);
    let overflow = [("family", "labels_pairs_total"), ("label", "first")];
    assert_eq!(samples.sum("agent_metrics_label_overflow_total", &overflow), 13.0);
}

#[test]
fn priced_models_keep_their_series_when_the_label_is_full() {
    use agent_metrics::{Price, PriceTable, Status};
    let prices = PriceTable::empty().with("priced", Price::per_million(1.0, 2.0));
    let metrics = AgentMetrics::builder().prices(prices).max_models(2).build().expect("valid");
    for model in ["a", "b", "c", "priced"] {
        metrics.track_llm(model).finish(Status::Success);
    }
    let samples = Samples::parse(&metrics.to_text());
    assert_eq!(samples.sum("agent_llm_calls_total", &[("model", "priced")]), 1.0);
    assert_eq!(samples.sum("agent_llm_calls_total", &[("model", "__other__")]), 2.0);
}

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
    #[label(name = "source code")]
    Code,
}

#[derive(Clone, Copy, CallLabels)]
#[calls(name = "lookup", in_flight, buckets = [0.5, 1.0])]
struct Lookup {
    index: Index,
    tenant: Bounded<4>,
}

#[track(Lookup, index = index, tenant = tenant, metrics = metrics)]
fn look_up(metrics: &AgentMetrics, index: Index, tenant: impl AsRef<str>) -> u8 {
    1
}

#[track_tool(tool_name = name, metrics = metrics)]
fn named(metrics: &AgentMetrics, name: impl AsRef<str>) {}

#[test]
fn a_bounded_label_takes_any_text() {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    look_up(&metrics, Index::Docs, "acme");
    look_up(&metrics, Index::Docs, String::from("acme"));
    let owned = String::from("acme");
    look_up(&metrics, Index::Code, &owned);
    look_up(&metrics, Index::Code, Cow::Borrowed("acme"));
    look_up(&metrics, Index::Code, Arc::<str>::from("acme"));
    for name in ["a", "a", "b"] {
        named(&metrics, name);
        named(&metrics, String::from(name));
    }
    let samples = Samples::parse(&metrics.to_text());
    let calls = |index| {
        samples.sum("lookup_calls_total", &[("index", index), ("tenant", "acme"), ("status", "success")])
    };
    assert_eq!((calls("docs"), calls("source code")), (2.0, 3.0));
    assert_eq!(samples.bounds("lookup_call_duration_seconds"), [0.5, 1.0]);
    assert_eq!(samples.sum("lookup_calls_in_progress", &[]), 0.0);
    assert_eq!(samples.sum("agent_tool_calls_total", &[("tool_name", "a"), ("status", "success")]), 4.0);
}

#[derive(Clone, Copy, LabelSet)]
struct ByIndex {
    index: Index,
}

#[derive(Metrics)]
#[metrics(namespace = "zero")]
struct AtZero {
    /// Documents.
    documents_total: Counter<ByIndex>,
    /// Pairs.
    pairs_total: Counter<Pair>,
}

#[test]
fn closed_label_sets_start_at_zero_and_bounded_ones_do_not() {
    let metrics = AgentMetrics::builder().build().expect("the defaults are valid");
    let families = AtZero::register(&metrics).expect("new families");
    let samples = Samples::parse(&metrics.to_text());
    assert_eq!(samples.value("zero_documents_total{index=\"docs\"}"), 0.0);
    assert_eq!(samples.value("zero_documents_total{index=\"source code\"}"), 0.0);
    assert_eq!(samples.kind("zero_pairs_total"), None);
    families.documents_total.with(ByIndex { index: Index::Code }).add(3);
    assert_eq!(families.documents_total.with(ByIndex { index: Index::Code }).get(), 3);
    drop(families.pairs_total);
}

#[derive(Clone, Copy, LabelValue)]
enum InCode {
    Calculate,
}

#[track_tool(tool_name = name, metrics = metrics)]
async fn run_tool(metrics: &AgentMetrics, name: &str) {}

#[track_tool(tool_name = tool, metrics = metrics)]
async fn calculate(metrics: &AgentMetrics, tool: InCode) {}

#[track_tool(metrics = metrics)]
async fn fetch_page(metrics: &AgentMetrics) {}

struct Named;

impl Named {
    const NAME: &'static str = "by_constant";

    #[track_tool(tool_name = Self::NAME, metrics = metrics)]
    async fn run(metrics: &AgentMetrics) {}
}

#[track_task(metrics = metrics)]
async fn with_tools(metrics: &AgentMetrics) {
    for made_up in ["rm_rf", "serach", "calculate_all"] {
        run_tool(metrics, made_up).await;
    }
    run_tool(metrics, "search").await;
    run_tool(metrics, "__unknown__").await;
    calculate(metrics, InCode::Calculate).await;
    fetch_page(metrics).await;
    Named::run(metrics).await;
    // The name of a linked function, used at run time before its first call.
    run_tool(metrics, "tool_never_called").await;
}

#[track_tool(metrics = metrics)]
async fn tool_never_called(metrics: &AgentMetrics) {}

#[tokio::test]
async fn unknown_tools_are_counted_as_unknown() {
    drop(tool_never_called(&AgentMetrics::builder().build().expect("valid")));
    let metrics = AgentMetrics::builder().known_tools(["search"]).build().expect("valid");
    with_tools(&metrics).await;
    let samples = samples(&metrics);
    let calls = |name| samples.sum("agent_tool_calls_total", &[("tool_name", name), ("status", "success")]);
    assert_eq!(
        [calls("__unknown__"), calls("search"), calls("calculate"), calls("fetch_page")],
        [4.0, 1.0, 1.0, 1.0]
    );
    assert_eq!([calls("by_constant"), calls("tool_never_called")], [1.0, 1.0]);
    assert_eq!(samples.value("agent_task_distinct_tools_sum{task_type=\"with_tools\"}"), 6.0);
}

#[tokio::test]
async fn an_empty_list_of_known_tools_makes_every_tool_unknown() {
    let metrics = AgentMetrics::builder().known_tools(Vec::<String>::new()).build().expect("valid");
    run_tool(&metrics, "anything").await;
    assert_eq!(tools(&metrics, "__unknown__", "success"), 1.0);
}
