//! Queries that are checked as the program is compiled.
#![deny(warnings)]

use agent_metrics as renamed;
use agent_metrics::{Bounded, CallLabels, Counter, Histogram, LabelSet, LabelValue, Metrics, promql};

#[derive(Clone, Copy, LabelValue)]
enum Index {
    Docs,
}

#[derive(Clone, Copy, LabelSet)]
struct ByIndex {
    index: Index,
    tenant: Bounded<8>,
}

#[derive(Metrics)]
#[metrics(namespace = "support")]
struct Support {
    /// Documents found.
    documents_total: Counter<ByIndex>,
    /// How sure the agent is.
    certainty: Histogram<ByIndex>,
}

mod calls {
    use super::{CallLabels, Index};

    #[derive(Clone, Copy, CallLabels)]
    #[calls(name = "lookup", in_flight)]
    pub(crate) struct Lookup {
        pub(crate) index: Index,
    }
}

const FAILED: &str = promql!("sum by (task_type) (rate(agent_tasks_total{status!=\"success\"}[5m]))");
static SLOW: &str = promql!(
    "histogram_quantile(0.95, sum by (le, model) (rate(agent_llm_call_duration_seconds_bucket{job=~\"$job\"}[$__rate_interval])))"
);

macro_rules! passed_on {
    ($query:literal) => {
        promql!($query)
    };
}

#[test]
fn a_query_is_its_text() {
    assert!(FAILED.starts_with("sum by (task_type)") && SLOW.contains("$__rate_interval"));
    assert_eq!(promql!("up"), "up");
    assert_eq!(passed_on!("up"), "up");
    assert_eq!(promql!(r#"up{job="a"}"#), "up{job=\"a\"}");
}

#[test]
fn families_of_ones_own_are_named() {
    let queries = [
        promql!("sum by (index) (rate(support_documents_total[5m]))", Support),
        promql!("histogram_quantile(0.5, sum by (le, tenant) (rate(support_certainty_bucket[5m])))", Support),
        promql!("lookup_calls_in_progress / on (index) lookup_calls_total{status=\"error\"}", calls::Lookup),
        promql!("rate(lookup_call_duration_seconds_sum[5m]) + support_certainty_sum", calls::Lookup, Support),
        promql!("sum by (tenant) (agent_active_tasks)", labels = ["tenant"], crate = renamed),
        promql!("sum by (namespace) (agent_active_tasks{cluster=\"a\"})"),
        promql!(
            "sum(agent_active_tasks) / sum(node_load1) * sum(disk_free)",
            other_metrics = ["node_*", "disk_free"]
        ),
    ];
    assert!(queries.iter().all(|query| !query.is_empty()));
    // What they name is what is registered.
    let metrics = agent_metrics::AgentMetrics::builder().build().expect("the defaults are valid");
    let support = Support::register(&metrics).expect("the names are free");
    support.documents_total.with(ByIndex { index: Index::Docs, tenant: "a".into() }).inc();
    support.certainty.with(ByIndex { index: Index::Docs, tenant: "a".into() }).observe(1.0);
    let text = metrics.to_text();
    assert!(text.contains("support_documents_total{index=\"docs\",tenant=\"a\"} 1"), "{text}");
    assert!(text.contains("support_certainty_bucket{"), "{text}");
}

#[test]
fn mistakes_are_explained() {
    // The expected words are those of one compiler.
    let rustc = std::process::Command::new("rustc").arg("--version").output().expect("rustc runs");
    let rustc = String::from_utf8(rustc.stdout).expect("UTF-8");
    assert!(
        rustc.starts_with("rustc 1.95."),
        "the toolchain is pinned in rust-toolchain.toml, this is {rustc}"
    );
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
