//! The check of queries against families. An unknown metric or label is reported with the most similar existing
//! one.
//!
//! The same parser serves `promql!`, where it runs at compile time, and the files generated from a catalogue. Therefore it
//! is `const`, allocates nothing, and checks while it reads. It understands the part of the grammar that names and labels
//! need, and leaves types and functions to a parser of the whole language.

#[cfg(any(feature = "promql", test))]
mod builtin;
mod check;
mod error;
mod labels;
mod reader;
mod resolve;
mod text;

use crate::name::MetricKind;

#[cfg(any(feature = "promql", test))]
pub use builtin::BUILTIN;
#[cfg(feature = "monitoring")]
pub(crate) use check::check;
#[cfg(feature = "promql")]
pub use check::check_query;
#[cfg(feature = "monitoring")]
pub(crate) use error::QueryErrorKind;

/// The name, the kind and the labels of a family, as a query uses them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FamilyShape<'a> {
    /// The full name.
    pub name: &'a str,
    /// The kind, which determines the names of the samples.
    pub kind: MetricKind,
    /// The labels; an info without declared labels may have any.
    pub labels: &'a [&'a str],
}

/// The families and labels that a query may name.
#[derive(Clone, Copy)]
pub(crate) struct QueryScope<'a> {
    pub(crate) families: &'a [&'a [FamilyShape<'a>]],
    /// The labels that every series may have besides those of its family.
    pub(crate) extra: &'a [&'a str],
    /// `true` if an unknown name with a colon counts as a recording rule, with any labels.
    pub(crate) any_recorded: bool,
}

/// A struct with families that `promql!` can check a query against.
#[cfg(feature = "promql")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no families",
    label = "no struct of metrics",
    note = "behind its query, `promql!` takes structs with `derive(Metrics)` or `derive(CallLabels)`"
)]
pub trait DescribesFamilies {
    /// The families of the struct.
    const FAMILIES: &'static [FamilyShape<'static>];
}

/// The series that Prometheus itself writes for each target and alert.
const PROMETHEUS: &[FamilyShape<'static>] = &[
    gauge("up"),
    gauge("scrape_duration_seconds"),
    gauge("scrape_samples_scraped"),
    gauge("scrape_samples_post_metric_relabeling"),
    gauge("scrape_series_added"),
    // The labels of this series are those of the alert's expression.
    FamilyShape { name: "ALERTS", kind: MetricKind::Info, labels: &[] },
    FamilyShape { name: "ALERTS_FOR_STATE", kind: MetricKind::Info, labels: &[] },
];

/// The labels that Prometheus adds to every series.
const TARGET: &[&str] = &["job", "instance"];

const fn gauge(name: &'static str) -> FamilyShape<'static> {
    FamilyShape { name, kind: MetricKind::Gauge, labels: &[] }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &[FamilyShape<'static>] = &[
        FamilyShape { name: "support_documents_total", kind: MetricKind::Counter, labels: &["index"] },
        FamilyShape { name: "support_wait", kind: MetricKind::Summary, labels: &[] },
    ];

    fn error(query: &str) -> Option<String> {
        let scope = QueryScope { families: &[BUILTIN, USERS], extra: &["tier"], any_recorded: true };
        check::check(query, &scope).err().map(|error| error.say(query).as_str().to_owned())
    }

    #[test]
    fn right_queries_are_right() {
        for query in [
            "up",
            "sum(rate(agent_tasks_total[5m]))",
            "sum by (task_type, status) (rate(agent_tasks_total{job=~\"$job\", tier=\"gold\"}[$__rate_interval]))",
            "SUM (rate(agent_tasks_total[5m])) BY (task_type)",
            "histogram_quantile(0.95, sum by (le, model) (rate(agent_llm_call_duration_seconds_bucket[5m])))",
            "histogram_quantile(0.95, sum by (model) (rate(agent_llm_call_duration_seconds[5m])))",
            "1 - (sum(agent_task_duration_seconds_count) or vector(0)) / (sum(agent_tasks_total) > 0)",
            "sum without (instance) (agent_active_tasks) > bool 50 and on() (vector(1) == 1)",
            "agent_llm_calls_total * on (job) group_left (version) agent_app_info{environment!~\"a|b\"}",
            "label_replace(agent_tasks_total, \"kind\", \"$1\", \"task_type\", \"(.*)\") * ignoring (kind) group_right agent_tasks_total",
            "sum by (kind) (label_replace(agent_tasks_total, 'kind', '$1', `task_type`, '(.*)'))",
            "count by (n) (count_values(\"n\", agent_active_tasks))",
            "max_over_time(rate(agent_tasks_total[5m])[1h:1m] offset 1d)",
            "topk(5, sum by (tool_name) (increase(agent_tool_calls_total[1d]))) # the busiest",
            "agent:tasks:rate5m{anything=\"x\"} @ end() - agent_active_tasks @ 1609746000 ^ -1e-3",
            "{__name__=~\"agent_.*\", whatever=\"x\"}",
            "support_wait_sum / support_wait_count + support_wait{quantile=\"0.5\"}",
            "sum by ($by) (rate(agent_tasks_total{task_type=~\"a\\\"b\"}[5m])) / $scale + Inf",
            "ALERTS{alertname=\"X\"} or absent(agent_active_tasks{job=\"x\"}) or time() - 0x1f",
        ] {
            assert_eq!(error(query), None, "{query}");
        }
    }

    #[test]
    fn wrong_names_are_shown_with_the_nearest_right_one() {
        for (query, said) in [
            (
                "sum(rate(agent_task_total[5m]))",
                "unknown metric `agent_task_total`; did you mean `agent_tasks_total`?\n  \
                 sum(rate(agent_task_total[5m]))\n           ^^^^^^^^^^^^^^^^",
            ),
            (
                "agent_tasks",
                "unknown metric `agent_tasks`; did you mean `agent_tasks_total`?\n  agent_tasks\n  ^^^^^^^^^^^",
            ),
            (
                "agent_task_duration_second_buckets",
                "unknown metric `agent_task_duration_second_buckets`; did you mean `agent_task_duration_seconds_bucket`?\n  \
                 agent_task_duration_second_buckets\n  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
            ),
            ("é + node_load1", "expected an expression\n  é + node_load1\n  ^"),
            (
                "vector(1) + node_load1",
                "unknown metric `node_load1`\n  vector(1) + node_load1\n              ^^^^^^^^^^",
            ),
            (
                "rate(support_documents_total{indx=\"a\"}[5m])",
                "unknown label `indx` of `support_documents_total`, expected one of `index`, `job`, `instance`, `tier`; \
                 did you mean `index`?\n  rate(support_documents_total{indx=\"a\"}[5m])\n                               ^^^^",
            ),
            (
                "sum by (le,\n modle) (agent_llm_call_duration_seconds_bucket)",
                "unknown label `modle` in `by`, expected one of `model`, `status`, `le`, `job`, `instance`, `tier`; did \
                 you mean `model`?\n   modle) (agent_llm_call_duration_seconds_bucket)\n   ^^^^^",
            ),
            (
                "sum by (model) (sum(agent_llm_calls_total))",
                "unknown label `model` in `by`, which has no labels\n  \
                 sum by (model) (sum(agent_llm_calls_total))\n          ^^^^^",
            ),
            (
                "sum by (le) (histogram_quantile(0.5, agent_task_tokens_bucket))",
                "unknown label `le` in `by`, expected one of `task_type`, `direction`, `job`, `instance`, `tier`\n  \
                 sum by (le) (histogram_quantile(0.5, agent_task_tokens_bucket))\n          ^^",
            ),
            (
                "agent_active_tasks + on (modle) agent_llm_calls_total",
                "unknown label `modle` in `on`, expected one of `job`, `instance`, `tier`, `model`, `status`; did you \
                 mean `model`?\n  agent_active_tasks + on (modle) agent_llm_calls_total\n                           ^^^^^",
            ),
            (
                "rate(agent_task_tokens[5m])",
                "histogram `agent_task_tokens` has no sample of this name outside of `histogram_quantile(..)` and its \
                 like, expected its `_bucket`, `_sum` or `_count`\n  rate(agent_task_tokens[5m])\n       ^^^^^^^^^^^^^^^^^",
            ),
            (
                "sum(agent_active_tasks",
                "expected `)` or `,`\n  sum(agent_active_tasks\n                        ^",
            ),
            ("up up", "expected an operator or the end\n  up up\n     ^"),
            ("up{job=\"a", "expected the end of the string\n  up{job=\"a\n           ^"),
            ("up[5m", "expected `]`\n  up[5m\n       ^"),
        ] {
            assert_eq!(error(query).as_deref(), Some(said), "{query}");
        }
    }

    #[test]
    fn recording_rules_are_known_where_they_are_listed() {
        let scope = QueryScope { families: &[BUILTIN], extra: &[], any_recorded: false };
        assert!(check::check("agent:tasks:rate5m", &scope).is_err());
    }

    #[test]
    fn no_text_makes_it_panic() {
        let query = "sum by (model) (rate(agent_llm_calls_total{status=~\"a\\\\\"}[5m] offset 1h)) / on() group_left(x) é$v @ end()";
        for from in query.char_indices().map(|(at, _)| at) {
            for to in query.char_indices().map(|(at, _)| at).filter(|to| *to >= from) {
                error(&query[from..to]);
            }
        }
    }
}
