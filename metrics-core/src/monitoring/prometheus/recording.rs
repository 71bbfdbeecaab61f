//! Recording rules: sums, ratios and quantiles over all replicas.

use super::names as n;
use crate::catalogue::Catalogue;
use crate::monitoring::Settings;
use crate::monitoring::family::is_user_defined;
use crate::monitoring::outcomes::{self, Outcomes};
use crate::monitoring::rule::Group;
use crate::name::MetricKind;
use crate::sample::FamilyInfo;

/// A quantile without calls is NaN. The comparison with 0 makes it absent, so that alerts and panels never get a
/// NaN.
const NO_NAN: &str = "Absent without traffic, not NaN.";
/// Without errors there is no series of errors; the ratio is then 0 instead of absent.
const ZERO: &str = "0 where nothing ever failed, absent without traffic.";

pub(super) fn groups(catalogue: &Catalogue, settings: &Settings) -> Vec<Group> {
    vec![
        http(settings),
        tasks(settings),
        completion(settings),
        llm(settings),
        tools(settings),
        own(catalogue, settings),
    ]
}

fn sum_rate(by: &str, series: &str, window: &str) -> String {
    format!("sum by ({by}) (rate({series}[{window}]))")
}

/// Returns the ratio of failed calls to counted ones.
fn ratio(by: &str, rate: &str, outcomes: &Outcomes) -> String {
    let [bad, all] = outcomes.of(rate);
    format!("(\n  sum by ({by}) ({bad})\n  or 0 * sum by ({by}) ({all})\n)\n/\n(sum by ({by}) ({all}) > 0)")
}

fn quantile(of: f64, by: &str, buckets: &str) -> String {
    format!("histogram_quantile({of}, sum by ({by}, le) ({buckets})) >= 0")
}

fn http(settings: &Settings) -> Group {
    let window = settings.time(300);
    let mut group = Group::new("agent-http");
    group.record(n::HTTP_RATE, sum_rate("job, endpoint, status_code", "agent_http_requests_total", &window));
    group.record(n::HTTP_ERRORS, ratio("job", n::HTTP_RATE, &outcomes::HTTP)).note(ZERO);
    group.record(
        n::HTTP_BUCKETS,
        sum_rate("job, endpoint, le", "agent_http_request_duration_seconds_bucket", &window),
    );
    for (name, of) in [(n::HTTP_P50, 0.5), (n::HTTP_P95, 0.95), (n::HTTP_P99, 0.99)] {
        group.record(name, quantile(of, "job", n::HTTP_BUCKETS)).note(NO_NAN);
    }
    group
}

fn tasks(settings: &Settings) -> Group {
    let window = settings.time(300);
    let mut group = Group::new("agent-tasks");
    group.record(n::TASK_RATE, sum_rate("job, task_type, status", "agent_tasks_total", &window));
    group
        .record(n::COMPLETION_5M, completed("job, task_type", n::TASK_RATE))
        .note("Success by all that ended, cancelled ones aside. Absent without traffic.");
    group.record(n::ACTIVE_TASKS, "sum by (job) (agent_active_tasks)");
    group.record(
        n::TASK_BUCKETS,
        sum_rate("job, task_type, le", "agent_task_duration_seconds_bucket", &window),
    );
    group.record(n::TASK_P95, quantile(0.95, "job, task_type", n::TASK_BUCKETS)).note(NO_NAN);
    let hour = settings.time(3600);
    let sum = sum_rate("job, task_type", "agent_task_cost_usd_sum", &hour);
    let count = sum_rate("job, task_type", "agent_task_cost_usd_count", &hour);
    group.record(n::TASK_COST, format!("{sum} / ({count} > 0)"));
    group
}

fn completed(by: &str, rate: &str) -> String {
    let of = |matcher: &str| format!("sum by ({by}) ({rate}{{{matcher}}})");
    format!("{}\n/\n({} > 0)", of(outcomes::SUCCESS), of(outcomes::CALLS.all))
}

/// Rules over long windows, from recorded series: the cost doesn't depend on the number of replicas, and a restart,
/// which resets the gauge of the process, doesn't affect them.
fn completion(settings: &Settings) -> Group {
    let mut group = Group::new("agent-completion");
    group.interval = Some(60);
    let over = |matcher: &str, window: &str| {
        format!("sum by (job) (sum_over_time({}{{{matcher}}}[{window}]))", n::TASK_RATE)
    };
    for (name, seconds) in
        [(n::COMPLETION_1H, 3600), (n::COMPLETION_1D, 86_400), (n::COMPLETION_7D, 7 * 86_400)]
    {
        let window = settings.time(seconds);
        let (done, all) = (over(outcomes::SUCCESS, &window), over(outcomes::CALLS.all, &window));
        let query = format!("{done}\n/\n({all} > 0)");
        group.record(name, query);
    }
    group
}

fn llm(settings: &Settings) -> Group {
    let (window, hour) = (settings.time(300), settings.time(3600));
    let mut group = Group::new("agent-llm");
    group.record(n::LLM_RATE, sum_rate("job, model, status", "agent_llm_calls_total", &window));
    group.record(n::LLM_ERRORS, ratio("job, model", n::LLM_RATE, &outcomes::LLM)).note(ZERO);
    group.record(
        n::LLM_BUCKETS,
        sum_rate("job, model, le", "agent_llm_call_duration_seconds_bucket", &window),
    );
    group.record(n::LLM_P95, quantile(0.95, "job, model", n::LLM_BUCKETS)).note(NO_NAN);
    let first = sum_rate("job, model, le", "agent_llm_time_to_first_token_seconds_bucket", &window);
    group.record(n::FIRST_TOKEN_P95, format!("histogram_quantile(0.95, {first}) >= 0")).note(NO_NAN);
    group.record(n::TOKEN_RATE, sum_rate("job, model, direction", "agent_llm_tokens_total", &window));
    group.record(n::JOB_TOKEN_RATE, format!("sum by (job) ({})", n::TOKEN_RATE));
    group.record(n::TOKENS_1H, format!("sum by (job) (increase(agent_llm_tokens_total[{hour}]))"));
    group.record(n::COST_RATE, sum_rate("job, model, cost_type", "agent_cost_usd_total", &window));
    group.record(n::JOB_COST_RATE, format!("sum by (job) ({})", n::COST_RATE));
    group.record(n::COST_1H, format!("sum by (job) (increase(agent_cost_usd_total[{hour}]))"));
    group
}

fn tools(settings: &Settings) -> Group {
    let window = settings.time(300);
    let mut group = Group::new("agent-tools");
    group.record(n::TOOL_RATE, sum_rate("job, tool_name, status", "agent_tool_calls_total", &window));
    group.record(n::TOOL_ERRORS, ratio("job, tool_name", n::TOOL_RATE, &outcomes::CALLS)).note(ZERO);
    group.record(
        n::TOOL_BUCKETS,
        sum_rate("job, tool_name, le", "agent_tool_call_duration_seconds_bucket", &window),
    );
    group.record(n::TOOL_P95, quantile(0.95, "job, tool_name", n::TOOL_BUCKETS)).note(NO_NAN);
    group
}

/// Rules of user-defined families: ratios of calls, rates of counters, 95th percentiles of histograms.
fn own(catalogue: &Catalogue, settings: &Settings) -> Group {
    let window = settings.time(300);
    let mut group = Group::new("agent-own-families");
    for family in catalogue.families.iter().filter(|family| is_user_defined(family)) {
        let FamilyInfo { name, kind, labels, .. } = family;
        let by: Vec<_> = ["job"].into_iter().chain(labels.iter().copied()).collect();
        let (level, by) = (by.join("_"), by.join(", "));
        match kind {
            MetricKind::Counter => {
                let base = name.strip_suffix("_total").unwrap_or(name);
                group.record(format!("{level}:{base}:rate5m"), sum_rate(&by, name, &window));
            }
            MetricKind::Histogram => {
                let buckets = sum_rate(&format!("{by}, le"), &format!("{name}_bucket"), &window);
                group
                    .record(
                        format!("{level}:{name}:p95_5m"),
                        format!("histogram_quantile(0.95, {buckets}) >= 0"),
                    )
                    .note(NO_NAN);
            }
            _ => {}
        }
    }
    group
}
