//! Queries checked against the families: a metric or a label that no series can have is named, with the nearest one
//! that is right.
//!
//! One reader serves `promql!`, where it runs as the program is compiled, and the assets that are made from a catalogue.
//! That's why it is `const`, allocates nothing, and checks while it reads. It knows what names and labels need of the
//! grammar, and leaves types and functions to a parser of the whole language.

mod builtin;
mod check;
mod labels;
mod meaning;
mod mistake;
mod reader;
mod text;

use crate::name::MetricKind;

pub use builtin::BUILTIN;
#[cfg(feature = "monitoring")]
pub(crate) use check::check;
#[cfg(feature = "promql")]
pub use check::check_query;
#[cfg(feature = "monitoring")]
pub(crate) use mistake::What;

/// A family as a query sees it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Known<'a> {
    /// Its full name.
    pub name: &'a str,
    /// What kind it is, and so which samples it has.
    pub kind: MetricKind,
    /// Its labels; an info without any may have every one.
    pub labels: &'a [&'a str],
}

/// What a query may name.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) families: &'a [&'a [Known<'a>]],
    /// Labels that every series may have besides its family's.
    pub(crate) extra: &'a [&'a str],
    /// Whether a name with a colon that is no family's is taken for a recording rule, with labels of its own.
    pub(crate) any_recorded: bool,
}

/// A struct whose families `promql!` can check a query against.
#[cfg(feature = "promql")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no families",
    label = "no struct of metrics",
    note = "behind its query, `promql!` takes structs with `derive(Metrics)` or `derive(CallLabels)`"
)]
pub trait Described {
    /// Its families.
    const FAMILIES: &'static [Known<'static>];
}

/// What Prometheus itself writes for each target and alert.
const PROMETHEUS: &[Known<'static>] = &[
    gauge("up"),
    gauge("scrape_duration_seconds"),
    gauge("scrape_samples_scraped"),
    gauge("scrape_samples_post_metric_relabeling"),
    gauge("scrape_series_added"),
    // Its labels are those of the alert's expression.
    Known { name: "ALERTS", kind: MetricKind::Info, labels: &[] },
    Known { name: "ALERTS_FOR_STATE", kind: MetricKind::Info, labels: &[] },
];

/// The labels that Prometheus gives every series.
const TARGET: &[&str] = &["job", "instance"];

const fn gauge(name: &'static str) -> Known<'static> {
    Known { name, kind: MetricKind::Gauge, labels: &[] }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &[Known<'static>] = &[
        Known { name: "support_documents_total", kind: MetricKind::Counter, labels: &["index"] },
        Known { name: "support_wait", kind: MetricKind::Summary, labels: &[] },
    ];

    fn mistake(query: &str) -> Option<String> {
        let scope = Scope { families: &[BUILTIN, USERS], extra: &["tier"], any_recorded: true };
        check::check(query, &scope).err().map(|mistake| mistake.say(query).as_str().to_owned())
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
            assert_eq!(mistake(query), None, "{query}");
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
            assert_eq!(mistake(query).as_deref(), Some(said), "{query}");
        }
    }

    #[test]
    fn recording_rules_are_known_where_they_are_listed() {
        let scope = Scope { families: &[BUILTIN], extra: &[], any_recorded: false };
        assert!(check::check("agent:tasks:rate5m", &scope).is_err());
    }

    #[test]
    fn no_text_makes_it_panic() {
        let query = "sum by (model) (rate(agent_llm_calls_total{status=~\"a\\\\\"}[5m] offset 1h)) / on() group_left(x) é$v @ end()";
        for from in query.char_indices().map(|(at, _)| at) {
            for to in query.char_indices().map(|(at, _)| at).filter(|to| *to >= from) {
                mistake(&query[from..to]);
            }
        }
    }
}
