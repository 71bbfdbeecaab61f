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
mod values;

use crate::name::MetricKind;
use crate::sample::LabelValues;

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
    /// The values of each label, in the order of `labels`. Labels beyond its end may have any value.
    pub values: &'a [LabelValues],
    /// The bucket bounds of a histogram, if they are known.
    pub bounds: &'a [f64],
}

impl<'a> FamilyShape<'a> {
    /// Creates a family whose label values and bucket bounds are unknown.
    pub const fn new(name: &'a str, kind: MetricKind, labels: &'a [&'a str]) -> Self {
        Self { name, kind, labels, values: &[], bounds: &[] }
    }
}

/// The families and labels that a query may name.
#[derive(Clone, Copy)]
pub(crate) struct QueryScope<'a> {
    pub(crate) families: &'a [&'a [FamilyShape<'a>]],
    /// The labels that every series may have besides those of its family.
    pub(crate) extra: &'a [&'a str],
    /// The metrics of other programs that may be named, with any labels; a `*` at the end stands for any end.
    pub(crate) others: &'a [&'a str],
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
    FamilyShape::new("ALERTS", MetricKind::Info, &[]),
    FamilyShape::new("ALERTS_FOR_STATE", MetricKind::Info, &[]),
];

/// The labels that Prometheus adds to every series.
const TARGET: &[&str] = &["job", "instance"];

/// Further labels of targets, which service discovery or the settings of Prometheus add. They are allowed on every series, but
/// are not proposed in errors.
const DISCOVERED: &[&str] = &[
    "namespace",
    "cluster",
    "environment",
    "env",
    "region",
    "zone",
    "service",
    "team",
    "tenant",
    "container",
    "node",
    "pod",
];

const fn gauge(name: &'static str) -> FamilyShape<'static> {
    FamilyShape::new(name, MetricKind::Gauge, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &[FamilyShape<'static>] = &[
        FamilyShape::new("support_documents_total", MetricKind::Counter, &["index"]),
        FamilyShape::new("support_wait", MetricKind::Summary, &[]),
    ];

    fn error(query: &str) -> Option<String> {
        let scope = QueryScope {
            families: &[BUILTIN, USERS],
            extra: &["tier"],
            others: &["node_*"],
            any_recorded: true,
        };
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
            ("é + up", "expected an expression\n  é + up\n  ^"),
            (
                "vector(1) + disk_load1",
                "unknown metric `disk_load1`\n  vector(1) + disk_load1\n              ^^^^^^^^^^",
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
    fn queries_that_can_never_match_or_run_are_refused() {
        for (query, wrong, message) in [
            (
                "rate(agent_tasks_total{status=\"sucess\"}[5m])",
                "sucess",
                "`sucess` is no value of `status`, expected one of `success`, `failure`, `timeout`, `cancelled`, `panicked`; did \
                 you mean `success`?",
            ),
            ("rate(agent_tasks_total{status!=\"canceled\"}[5m])", "canceled", "did you mean `cancelled`?"),
            (
                "rate(agent_tasks_total{status!~\"success|eror\"}[5m])",
                "eror",
                "`eror` is no value of `status`",
            ),
            (
                "rate(agent_task_duration_seconds_bucket{le=\"0.3\"}[5m])",
                "0.3",
                "`0.3` is no bucket bound of `agent_task_duration_seconds`",
            ),
            (
                "histogram_quantile(0.9, sum by (model) (rate(agent_llm_call_duration_seconds_bucket[5m])))",
                "histogram_quantile",
                "`histogram_quantile` needs the label `le` of the buckets",
            ),
            (
                "sum(rate(agent_active_tasks[5m]))",
                "agent_active_tasks",
                "`rate` of `agent_active_tasks`, which is a gauge and not a counter; use `delta`, `deriv` or `avg_over_time`",
            ),
            ("limitk(5, agent_active_tasks)", "limitk", "Prometheus 2.42 has no function `limitk`"),
            ("mad_over_time(agent_active_tasks[5m])", "mad_over_time", "Prometheus 2.42 has no function"),
            ("rate(agent_tasks_total[300])", "300", "`300` has no unit of time, such as `5m`"),
        ] {
            let error = error(query).unwrap_or_else(|| panic!("{query} is accepted"));
            assert!(error.contains(message), "{query}: {error}");
            let from = query.find(wrong).expect("it is there");
            let mark = format!("\n  {}{}", " ".repeat(from), "^".repeat(wrong.len()));
            assert!(error.ends_with(&mark), "{query}: {error}");
        }
    }

    #[test]
    fn values_that_can_match_are_accepted() {
        for query in [
            "rate(agent_tasks_total{status=\"success\", task_type=\"anything\"}[5m])",
            "rate(agent_tasks_total{status=~\"success|time.*|$status\", task_type!~\"a|b\"}[5m])",
            "rate(agent_tasks_total{status=\"\"}[5m]) + rate(agent_tasks_total{status=\"$status\"}[5m])",
            "rate(agent_task_duration_seconds_bucket{le=\"5.0\"}[5m]) + rate(agent_task_duration_seconds_bucket{le=\"5\"}[5m])",
            "rate(agent_task_duration_seconds_bucket{le=\"+Inf\"}[5m]) + rate(agent_task_cost_usd_bucket{le=\"0.001\"}[5m])",
            "histogram_quantile(0.9, sum without (instance) (rate(agent_llm_call_duration_seconds_bucket[5m])))",
            "histogram_quantile(0.9, job:buckets:rate5m) + node_load1{anything=\"x\"} + node_cpu_seconds_total",
            "sum by (namespace) (agent_active_tasks{cluster=\"a\"}) + on (pod) up",
            "max_over_time(rate(agent_tasks_total[5m])[1h:]) + deriv(agent_active_tasks[1h])",
            "rate(agent_tasks_total[$interval]) + changes(agent_active_tasks[1h30m])",
        ] {
            assert_eq!(error(query), None, "{query}");
        }
    }

    #[test]
    fn recording_rules_are_known_where_they_are_listed() {
        let scope = QueryScope { families: &[BUILTIN], extra: &[], others: &[], any_recorded: false };
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
