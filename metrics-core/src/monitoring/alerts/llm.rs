//! Alerts on LLM calls.

use super::conditions::{
    Contributors, HOUR, MINUTE, increase, indented, percent, percentile_above, share_above, words,
};
use crate::monitoring::rule::Alert;
use crate::monitoring::severity::Severity;
use crate::monitoring::{Settings, number, outcomes};

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    vec![
        down(settings),
        errors(settings),
        errors_of_all(settings),
        latency(settings),
        first_token(settings),
        rate_limited(settings),
        truncated(settings),
        filtered(settings),
        fallback(settings),
        usage_missing(settings),
    ]
}

const CALLS: &str = "agent_llm_calls_total";
const BY_MODEL: &str = "job, model";
const DASHBOARD: &str = "agent-llm";

fn contributors(settings: &Settings, seconds: u64) -> Contributors<'_> {
    Contributors { of: &["job", "model"], window: settings.time(seconds), settings }
}

/// Has a shorter window and wait than the alerts on what follows from a model that is down, so that it inhibits them in time.
fn down(settings: &Settings) -> Alert {
    const NAME: &str = "AgentModelDown";
    let limits = &settings.thresholds;
    let scrapes = (settings.scrape_interval * 4).as_secs_f64().ceil() as u64;
    let seconds = settings.window(NAME, scrapes.max(2 * MINUTE));
    let time = settings.time(seconds);
    let series = outcomes::LLM.of(CALLS);
    let of_all = format!(
        "{}\n/ on (job) group_left ()\n{}\n>= {}",
        increase(BY_MODEL, &series[1], &time),
        increase("job", &series[1], &time),
        number(limits.model_down_share)
    );
    let query = format!(
        "{}\nand on (job, model) (\n{}\n)",
        share_above(BY_MODEL, &series, &time, limits.model_down_ratio, settings),
        indented(&of_all)
    );
    let most = contributors(settings, seconds).counted(&series[0], &[("status", "status")]);
    Alert::new(NAME, Severity::Critical, MINUTE / 2, query)
        .window(seconds)
        .text(
            "{{ $labels.model }} is down",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} in the last \
                 {} failed; the limit is {}.{most}",
                words(seconds),
                percent(limits.model_down_ratio)
            ),
        )
        .means(
            "Most calls of a model that the agents depend on fail. Failing tasks and requests follow from it: their alerts are \
             inhibited while this one fires.",
        )
        .dashboard(DASHBOARD, &["model"])
        .first("sum", format!("rate({}[5m])", series[0]), ["model", "status", "instance"])
        .look(&[
            "The provider's status page. Other models of the same provider.",
            "`unavailable` or `timeout`: the provider or the network. `rejected`: an invalid key or a quota.",
        ])
        .act(&[
            "Switch to a fallback model of another provider.",
            "`rejected` since a deployment: roll back. Otherwise check the account and the key.",
            "If there is no fallback, tell the users; tasks succeed again when the provider does.",
        ])
        .close("The calls of the model succeed again. Check afterwards that no alert that was inhibited is still firing.")
}

fn errors(settings: &Settings) -> Alert {
    const NAME: &str = "AgentLlmErrors";
    let limit = settings.thresholds.llm_error_ratio;
    let seconds = settings.window(NAME, 5 * MINUTE);
    let series = outcomes::LLM.of(CALLS);
    let query = share_above(BY_MODEL, &series, &settings.time(seconds), limit, settings);
    let most = contributors(settings, seconds)
        .counted(&series[0], &[("instance", "instance"), ("status", "status")]);
    Alert::new(NAME, Severity::Warning, 5 * MINUTE, query)
        .window(seconds)
        .text(
            "Calls of {{ $labels.model }} fail",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} in the last \
                 {} failed; the limit is {}.{most}",
                words(seconds),
                percent(limit)
            ),
        )
        .means(
            "The share of calls of one model that ended in `error`, `timeout`, `unavailable`, `rejected`, `context_overflow` or \
             `panicked` is above the limit. Rate-limited calls have an alert of their own (`AgentRateLimited`), and so have filtered \
             answers (`AgentAnswersFiltered`).",
        )
        .dashboard(DASHBOARD, &["model"])
        .first("sum", format!("rate({}[5m])", series[0]), ["model", "status", "instance"])
        .look(&[
            "`unavailable`: the provider's status page. `rejected`: an invalid key, a quota, or a request that the provider no longer accepts. `context_overflow`: prompts that grew.",
            "Other models of the same provider.",
        ])
        .act(&[
            "Switch to a fallback model; `agent_llm_served_model_total` shows the model that answers.",
            "`rejected` since a deployment: roll back. Otherwise check the account and the key.",
            "`context_overflow`: shorten conversations, or use a model with a longer context.",
        ])
}

fn errors_of_all(settings: &Settings) -> Alert {
    const NAME: &str = "AgentLlmErrorsAllModels";
    let limit = settings.thresholds.llm_error_ratio;
    let seconds = settings.window(NAME, 5 * MINUTE);
    let series = outcomes::LLM.of(CALLS);
    let query = share_above("job", &series, &settings.time(seconds), limit, settings);
    let contributors = Contributors { of: &["job"], window: settings.time(seconds), settings };
    let most = contributors
        .counted(&series[0], &[("model", "model"), ("instance", "instance"), ("status", "status")]);
    Alert::new(NAME, Severity::Warning, 5 * MINUTE, query)
        .window(seconds)
        .text(
            "LLM calls of {{ $labels.job }} fail",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the LLM calls of {{{{ $labels.job }}}} in the last {} failed, over all \
                 models; the limit is {}.{most}",
                words(seconds),
                percent(limit)
            ),
        )
        .means(
            "The share of failed calls over all models is above the limit. With many models, each may have too few calls for an \
             alert of its own (`AgentLlmErrors`).",
        )
        .dashboard(DASHBOARD, &[])
        .first("sum", format!("rate({}[5m])", series[0]), ["model", "status", "instance"])
        .look(&[
            "One model, or all models: all models indicate the network, a proxy or the account.",
            "`rejected`: an invalid key or a quota. `unavailable`: the provider's status page.",
        ])
        .act(&[
            "Restore the network, the proxy or the account, or switch to another provider.",
            "If the failures began with a deployment, roll back.",
        ])
}

fn latency(settings: &Settings) -> Alert {
    const NAME: &str = "AgentLlmLatency";
    let limit = settings.thresholds.llm_latency_seconds;
    let seconds = settings.window(NAME, 5 * MINUTE);
    let family = "agent_llm_call_duration_seconds";
    let query = percentile_above(BY_MODEL, family, &settings.time(seconds), limit, settings);
    let slowest = contributors(settings, seconds).slowest(family, &[("instance", "instance")]);
    Alert::new(NAME, Severity::Warning, 10 * MINUTE, query)
        .window(seconds)
        .text(
            "{{ $labels.model }} is slow",
            format!(
                "5 % of the calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} take {{{{ $value | humanizeDuration }}}} \
                 or longer; the limit is {} s.{slowest}",
                number(limit)
            ),
        )
        .means("The 95th percentile of the duration of a model's calls, over all replicas and from the request to the end of the response, is above the limit.")
        .dashboard(DASHBOARD, &["model"])
        .first("p95", family, ["model", "instance"])
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

fn first_token(settings: &Settings) -> Alert {
    const NAME: &str = "AgentSlowFirstToken";
    let limit = settings.thresholds.first_token_seconds;
    let seconds = settings.window(NAME, 5 * MINUTE);
    let family = "agent_llm_time_to_first_token_seconds";
    let query = percentile_above(BY_MODEL, family, &settings.time(seconds), limit, settings);
    let slowest = contributors(settings, seconds).slowest(family, &[("instance", "instance")]);
    Alert::new(NAME, Severity::Warning, 10 * MINUTE, query)
        .window(seconds)
        .text(
            "{{ $labels.model }} begins to answer late",
            format!(
                "5 % of the streamed calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} wait {{{{ $value | humanizeDuration }}}} \
                 or longer for the first token; the limit is {} s.{slowest}",
                number(limit)
            ),
        )
        .means("The 95th percentile of the time from a streamed call to its first token is above the limit. Users see nothing during this time.")
        .dashboard(DASHBOARD, &["model"])
        .first("p95", family, ["model", "instance"])
        .look(&[
            "Longer prompts: `agent_llm_input_tokens`. A lower hit rate of the prompt cache: `agent_llm_cache_savings_usd_total`.",
            "Other models of the same provider. Retries: `rate(agent_llm_retry_wait_seconds_total[5m])`.",
        ])
        .act(&[
            "The provider is overloaded: use another region or model.",
            "Longer prompts: shorten the context, or keep its beginning constant so that the provider can cache it.",
        ])
}

fn rate_limited(settings: &Settings) -> Alert {
    const NAME: &str = "AgentRateLimited";
    let limit = settings.thresholds.rate_limited_ratio;
    let seconds = settings.window(NAME, 15 * MINUTE);
    let series = outcomes::RATE_LIMITED.of(CALLS);
    let query = share_above(BY_MODEL, &series, &settings.time(seconds), limit, settings);
    let most = contributors(settings, seconds).counted(&series[0], &[("instance", "instance")]);
    Alert::new(NAME, Severity::Warning, 10 * MINUTE, query)
        .window(seconds)
        .text(
            "{{ $labels.model }} limits the rate of {{ $labels.job }}",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} in the last \
                 {} were rate limited; the limit is {}.{most}",
                words(seconds),
                percent(limit)
            ),
        )
        .means("The provider answers with HTTP 429: the account uses more requests or tokens per minute than it is allowed to.")
        .dashboard(DASHBOARD, &["model"])
        .first("sum", format!("rate({}[5m])", series[0]), ["model", "instance"])
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

fn truncated(settings: &Settings) -> Alert {
    const NAME: &str = "AgentAnswersTruncated";
    let limit = settings.thresholds.truncated_ratio;
    let seconds = settings.window(NAME, HOUR);
    let family = "agent_llm_finish_total";
    // The names of OpenAI, Anthropic and Gemini, in any spelling.
    let cut = format!("{family}{{reason=~\"(?i:length|max_tokens|max_output_tokens)\"}}");
    let query = share_above(BY_MODEL, &[&*cut, family], &settings.time(seconds), limit, settings);
    let most = contributors(settings, seconds).counted(&cut, &[("instance", "instance")]);
    Alert::new(NAME, Severity::Warning, 15 * MINUTE, query)
        .window(seconds)
        .text(
            "Answers of {{ $labels.model }} are cut off",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the answers of {{{{ $labels.model }}}} to {{{{ $labels.job }}}} in the last \
                 {} ended at the token limit; the limit is {}.{most}",
                words(seconds),
                percent(limit)
            ),
        )
        .means("The model stopped because it reached the maximum number of output tokens. Such answers are incomplete, but the calls count as successful.")
        .dashboard(DASHBOARD, &["model"])
        .first("sum", format!("rate({family}[5m])"), ["model", "reason", "instance"])
        .look(&[
            "The length of answers: `agent_llm_output_tokens`. Reasoning counts as well: `agent_llm_token_details_total{kind=\"reasoning\"}`.",
            "Changes of `max_tokens`, of prompts or of the model.",
        ])
        .act(&[
            "Raise `max_tokens`, or ask for shorter answers.",
            "Lower the reasoning effort if reasoning uses up the limit.",
        ])
}

fn filtered(settings: &Settings) -> Alert {
    const NAME: &str = "AgentAnswersFiltered";
    let limit = settings.thresholds.filtered_ratio;
    let seconds = settings.window(NAME, HOUR);
    let series =
        [format!("{CALLS}{{status=\"content_filtered\"}}"), format!("{CALLS}{{{}}}", outcomes::LLM.all)];
    let query = share_above(BY_MODEL, &series, &settings.time(seconds), limit, settings);
    let most = contributors(settings, seconds).counted(&series[0], &[("instance", "instance")]);
    Alert::new(NAME, Severity::Warning, 15 * MINUTE, query)
        .window(seconds)
        .text(
            "Answers of {{ $labels.model }} are filtered",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} in the last \
                 {} were stopped by the provider's content filter; the limit is {}.{most}",
                words(seconds),
                percent(limit)
            ),
        )
        .means("The provider's content filter blocked the prompt or the answer. The user got no answer, or a part of one.")
        .dashboard(DASHBOARD, &["model"])
        .first("sum", format!("rate({}[5m])", series[0]), ["model", "instance"])
        .look(&[
            "The task types that use this model, and their prompts of that time.",
            "A change of the model or of its safety settings.",
        ])
        .act(&[
            "If users try to abuse the agent, limit or block them.",
            "If harmless prompts are blocked, change the safety settings or the prompt, or use another model.",
        ])
}

fn fallback(settings: &Settings) -> Alert {
    const NAME: &str = "AgentModelFallback";
    let limit = settings.thresholds.fallback_ratio;
    let seconds = settings.window(NAME, 15 * MINUTE);
    let other = "agent_llm_served_model_total";
    let success = format!("{CALLS}{{{}}}", outcomes::SUCCESS);
    let query = share_above(BY_MODEL, &[other, &*success], &settings.time(seconds), limit, settings);
    let most = contributors(settings, seconds).counted(other, &[("served model", "served_model")]);
    Alert::new(NAME, Severity::Warning, 10 * MINUTE, query)
        .window(seconds)
        .text(
            "Another model answers for {{ $labels.model }}",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} in the last \
                 {} were answered by another model; the limit is {}.{most}",
                words(seconds),
                percent(limit)
            ),
        )
        .means("A router or the provider answered with another model than the requested one. Quality, latency and cost may differ.")
        .dashboard(DASHBOARD, &["model"])
        .first("sum", format!("rate({other}[5m])"), ["model", "served_model", "instance"])
        .look(&[
            "Failures of the requested model: `AgentModelDown`, `AgentLlmErrors`, `AgentRateLimited`.",
            "The cost of the other model: `job_model_cost_type:agent_cost_usd:rate5m`.",
        ])
        .act(&[
            "If the requested model fails, treat that first; the fallback works as intended.",
            "If the provider retired the model, request its successor by name.",
        ])
}

fn usage_missing(settings: &Settings) -> Alert {
    const NAME: &str = "AgentUsageMissing";
    let limit = settings.thresholds.usage_missing_ratio;
    let seconds = settings.window(NAME, HOUR);
    // The calls that the provider has processed, or may have.
    let calls = "agent_llm_calls_total{status=~\"success|timeout|cancelled\"}";
    let series = ["agent_llm_usage_missing_total", calls];
    let query = share_above(BY_MODEL, &series, &settings.time(seconds), limit, settings);
    let most =
        contributors(settings, seconds).counted(series[0], &[("part", "part"), ("instance", "instance")]);
    Alert::new(NAME, Severity::Warning, 15 * MINUTE, query)
        .window(seconds)
        .text(
            "Calls of {{ $labels.model }} report no or only a part of their token usage",
            format!(
                "{{{{ $value | humanizePercentage }}}} of the calls of {{{{ $labels.model }}}} by {{{{ $labels.job }}}} that succeeded or were \
                 given up in the last {} reported no usage or only a part; the limit is {}. Tokens and costs are too low.{most}",
                words(seconds),
                percent(limit)
            ),
        )
        .means(
            "Calls did not report their token usage, or only the input or the output of it, which the label `part` of `agent_llm_usage_missing_total` shows. What is missing is in no token or cost metric, so the real cost is higher than the displayed one.",
        )
        .dashboard(DASHBOARD, &["model"])
        .first("sum", format!("rate({}[5m])", series[0]), ["model", "instance"])
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
