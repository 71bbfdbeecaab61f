//! Alerts on LLM calls.

use super::conditions::{HOUR, MINUTE, increase, percent, share_above};
use crate::monitoring::rule::{Alert, Severity};
use crate::monitoring::{Settings, number, outcomes};

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    vec![errors(settings), latency(settings), rate_limited(settings), usage_missing(settings)]
}

const CALLS: &str = "agent_llm_calls_total";

fn errors(settings: &Settings) -> Alert {
    let limit = settings.thresholds.llm_error_ratio;
    let series = outcomes::LLM.of(CALLS);
    let query = share_above("job, model", &series, &settings.time(5 * MINUTE), limit, settings);
    Alert::new("AgentLlmErrors", Severity::Warning, 5 * MINUTE, query)
        .text(
            "Calls of {{ $labels.model }} fail",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} in the last \
                 5 minutes failed; the limit is {}.",
                percent(limit)
            ),
        )
        .means(
            "The share of calls of one model that ended in `error`, `timeout`, `unavailable`, `rejected`, `context_overflow` or \
             `panicked` is above the limit. Rate-limited calls have an alert of their own (`AgentRateLimited`), and filtered \
             answers don't count.",
        )
        .look(&[
            "Calls by status: `sum by (status) (rate(agent_llm_calls_total{model=\"..\"}[5m]))`.",
            "`unavailable`: the provider's status page. `rejected`: an invalid key, a quota, or a request that the provider no longer accepts. `context_overflow`: prompts that grew.",
            "Other models of the same provider.",
        ])
        .act(&[
            "Switch to a fallback model; `agent_llm_served_model_total` shows the model that answers.",
            "`rejected` since a deployment: roll back. Otherwise check the account and the key.",
            "`context_overflow`: shorten conversations, or use a model with a longer context.",
        ])
}

fn latency(settings: &Settings) -> Alert {
    let (limit, window) = (settings.thresholds.llm_latency_seconds, settings.time(5 * MINUTE));
    let family = "agent_llm_call_duration_seconds";
    let query = format!(
        "histogram_quantile(0.95,\n  sum by (job, model, le) (rate({family}_bucket[{window}]))\n) > {}\nand {} >= {}",
        number(limit),
        increase("job, model", &format!("{family}_count"), &window),
        number(settings.thresholds.minimum_calls)
    );
    Alert::new("AgentLlmLatency", Severity::Warning, 10 * MINUTE, query)
        .text(
            "{{ $labels.model }} is slow",
            format!(
                "5 % of the calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} take {{{{ $value | humanizeDuration }}}} \
                 or longer; the limit is {} s.",
                number(limit)
            ),
        )
        .means("The 95th percentile of the duration of a model's calls, over all replicas and from the request to the end of the response, is above the limit.")
        .look(&[
            "A late start or slow output: `agent_llm_time_to_first_token_seconds` and `agent_llm_time_per_output_token_seconds`.",
            "Longer answers: `agent_llm_output_tokens`, and `agent_llm_token_details_total{kind=\"reasoning\"}`.",
            "Waiting calls: `agent_llm_calls_in_progress`, `AgentRateLimited`.",
        ])
        .act(&[
            "Late start: the provider is overloaded; use another region or model.",
            "Longer answers: limit the output tokens or the reasoning effort.",
            "Set a `timeout` on the attribute, so that slow calls end as `timeout` and can be retried elsewhere.",
        ])
}

fn rate_limited(settings: &Settings) -> Alert {
    let limit = settings.thresholds.rate_limited_ratio;
    let series = outcomes::RATE_LIMITED.of(CALLS);
    let query = share_above("job, model", &series, &settings.time(15 * MINUTE), limit, settings);
    Alert::new("AgentRateLimited", Severity::Warning, 10 * MINUTE, query)
        .text(
            "{{ $labels.model }} limits the rate of {{ $labels.job }}",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} in the last \
                 15 minutes were rate limited; the limit is {}.",
                percent(limit)
            ),
        )
        .means("The provider answers with HTTP 429: the account uses more requests or tokens per minute than it is allowed to.")
        .look(&[
            "The remaining rate limit, as reported by the provider: `agent_llm_ratelimit_remaining`.",
            "Requests or tokens: compare `job_model_direction:agent_llm_tokens:rate5m` with the limits of the account.",
            "The time that calls wait for a retry: `rate(agent_llm_retry_wait_seconds_total[5m])`.",
        ])
        .act(&[
            "Request a higher limit, or spread the calls over several models and accounts.",
            "Make sure that retries wait for `Retry-After`. Earlier retries make it worse.",
            "Reduce the number of concurrent tasks.",
        ])
}

fn usage_missing(settings: &Settings) -> Alert {
    let limit = settings.thresholds.usage_missing_ratio;
    // The calls that the provider has processed, or may have.
    let calls = "agent_llm_calls_total{status=~\"success|timeout|cancelled\"}";
    let series = ["agent_llm_usage_missing_total", calls];
    let query = share_above("job, model", &series, &settings.time(HOUR), limit, settings);
    Alert::new("AgentUsageMissing", Severity::Warning, 15 * MINUTE, query)
        .text(
            "Calls of {{ $labels.model }} report no or only a part of their token usage",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} that succeeded or were \
                 given up in the last hour reported no usage or only a part; the limit is {}. Tokens and costs are too low.",
                percent(limit)
            ),
        )
        .means(
            "Calls did not report their token usage, or only the input or the output of it, which the label `part` of `agent_llm_usage_missing_total` shows. What is missing is in no token or cost metric, so the real cost is higher than the displayed one.",
        )
        .look(&[
            "Streams: some providers send the usage only on request, for example with `stream_options.include_usage`.",
            "`part`: `output` alone points to streams that end after their start, `input` alone to a server that omits the tokens of a cached prompt.",
            "Streams that are dropped before their end, which has the usage, and calls that time out or are cancelled after the request was sent.",
            "A proxy or a new client version that omits the usage.",
        ])
        .act(&[
            "Request the usage in streams.",
            "If the client drops the usage, report it with `Call::current().usage(..)`.",
            "Until then, rely on the provider's bill.",
        ])
}
