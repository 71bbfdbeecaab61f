//! Alerts on calls of models.

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
            "Many calls of {{ $labels.model }} fail",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} in the last \
                 5 minutes failed; the limit is {}.",
                percent(limit)
            ),
        )
        .means(
            "A share of the calls of one model that is above the limit ended in `error`, `timeout`, `unavailable`, `rejected`, \
             `context_overflow` or `panicked`. Those that were asked to slow down have an alert of their own, and answers that \
             a filter blocked are the content's fault.",
        )
        .look(&[
            "Which status: `sum by (status) (rate(agent_llm_calls_total{model=\"..\"}[5m]))`.",
            "`unavailable`: the provider's status page. `rejected`: a key, a quota or a request that it no longer takes. `context_overflow`: prompts that grew.",
            "Whether other models of that provider fail as well.",
        ])
        .act(&[
            "Switch to the fallback model; `agent_llm_served_model_total` shows who answers.",
            "`rejected` since a deployment: roll back. Without one: look at the account and the key.",
            "`context_overflow`: shorten what is kept of a conversation, or use a model with a longer context.",
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
            "{{ $labels.model }} answers slowly",
            format!(
                "One in twenty calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} takes {{{{ $value | humanizeDuration }}}} \
                 or longer; the limit is {} s.",
                number(limit)
            ),
        )
        .means("The 95th percentile of a model's calls, over all replicas and from the first byte asked to the last one read, is above the limit.")
        .look(&[
            "Whether it starts late or writes slowly: `agent_llm_time_to_first_token_seconds` and `agent_llm_time_per_output_token_seconds`.",
            "Whether answers grew: `agent_llm_output_tokens`, and `agent_llm_token_details_total{kind=\"reasoning\"}`.",
            "Whether calls wait for their turn: `agent_llm_calls_in_progress`, `AgentRateLimited`.",
        ])
        .act(&[
            "Late start: the provider is loaded; use another region or model.",
            "Longer answers: limit the output tokens or the reasoning effort.",
            "Set a `timeout` on the attribute, so that slow calls end as `timeout` and are tried elsewhere.",
        ])
}

fn rate_limited(settings: &Settings) -> Alert {
    let limit = settings.thresholds.rate_limited_ratio;
    let series = outcomes::RATE_LIMITED.of(CALLS);
    let query = share_above("job, model", &series, &settings.time(15 * MINUTE), limit, settings);
    Alert::new("AgentRateLimited", Severity::Warning, 10 * MINUTE, query)
        .text(
            "{{ $labels.model }} asks {{ $labels.job }} to slow down",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} in the last \
                 15 minutes were refused for their number; the limit is {}.",
                percent(limit)
            ),
        )
        .means("The provider answers calls with 429: more requests or tokens a minute are asked for than the account may have.")
        .look(&[
            "What is left by the provider's own word: `agent_llm_ratelimit_remaining`.",
            "Whether requests or tokens are the limit: `job_model_direction:agent_llm_tokens:rate5m` beside the account's.",
            "How long calls wait to be tried again: `rate(agent_llm_retry_wait_seconds_total[5m])`.",
        ])
        .act(&[
            "Ask for a higher limit, or spread the calls over models and accounts.",
            "See that retries wait as long as `Retry-After` says: those that don't make it worse.",
            "Let fewer tasks run at once.",
        ])
}

fn usage_missing(settings: &Settings) -> Alert {
    let limit = settings.thresholds.usage_missing_ratio;
    let series = ["agent_llm_usage_missing_total", "agent_llm_calls_total{status=\"success\"}"];
    let query = share_above("job, model", &series, &settings.time(HOUR), limit, settings);
    Alert::new("AgentUsageMissing", Severity::Warning, 15 * MINUTE, query)
        .text(
            "{{ $labels.model }} doesn't tell how many tokens it used",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the successful calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} in \
                 the last hour told no usage; the limit is {}. Tokens and cost are too low by that.",
                percent(limit)
            ),
        )
        .means(
            "Calls succeeded without a usage. They are in no token or cost metric: what you pay is more than what you see.",
        )
        .look(&[
            "Whether they are streams: some providers send the usage only when asked, as by `stream_options.include_usage`.",
            "Whether streams are dropped before their end, where the usage comes.",
            "Whether a proxy or a new version of the client leaves it out.",
        ])
        .act(&[
            "Ask for the usage in streams.",
            "Report it by hand where the client drops it: `Call::current().usage(..)`.",
            "Until then take the provider's bill for the truth.",
        ])
}
