use agent_metrics_monitoring_tests::{Case, Firing};

use super::of;

fn calls(instance: &str, status: &str) -> String {
    of(instance, "agent_llm_calls_total", &format!("model=\"m\",status=\"{status}\""))
}

pub fn cases() -> Vec<Case> {
    [
        down(),
        errors(),
        errors_of_all(),
        latency(),
        first_token(),
        rate_limited(),
        truncated(),
        filtered(),
        fallback(),
        usage_missing(),
    ]
    .concat()
}

fn errors() -> Vec<Case> {
    const ALERT: &str = "AgentLlmErrors";
    let fails = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("model", "m")],
        summary: "Calls of m fail",
        description: "20% of the calls of m by agent in the last 5 minutes failed; the limit is 10 %. Most: instance a. Most: status unavailable.",
    };
    vec![
        Case::new("20 % of the calls of a model fail")
            .series(calls("a", "success"), "0+8x60")
            .series(calls("a", "unavailable"), "0+1x60")
            .series(calls("b", "timeout"), "0+1x60")
            .series(calls("b", "cancelled"), "0+30x60")
            .silent(ALERT, "5m")
            .fires(ALERT, "12m", &fails),
        Case::new(
            "half of the calls are rate limited, filtered or cancelled, which are no failures of this kind",
        )
        .series(calls("a", "success"), "0+10x60")
        .series(calls("a", "rate_limited"), "0+4x60")
        .series(calls("a", "content_filtered"), "0+4x60")
        .series(calls("a", "cancelled"), "0+4x60")
        .silent(ALERT, "30m"),
        Case::new("few calls, all of which fail").series(calls("a", "error"), "0+1x60").silent(ALERT, "30m"),
        Case::new("two of twelve calls fail")
            .series(calls("a", "success"), "0+2x60")
            .series(calls("a", "error"), "0+0.4x60")
            .silent(ALERT, "30m"),
        Case::new("a single call, which fails").series(calls("a", "error"), "0x5 1x60").silent(ALERT, "12m"),
        Case::new("a restart")
            .series(calls("a", "success"), "0+95x20 0+95x40")
            .series(calls("a", "error"), "0+5x20 0+5x40")
            .silent(ALERT, "23m"),
        Case::new("counters that do not grow")
            .series(calls("a", "success"), "1x60")
            .series(calls("a", "error"), "9x60")
            .silent(ALERT, "30m"),
    ]
}

fn of_model(model: &str, status: &str) -> String {
    of("a", "agent_llm_calls_total", &format!("model=\"{model}\",status=\"{status}\""))
}

fn down() -> Vec<Case> {
    const ALERT: &str = "AgentModelDown";
    let firing = |description| Firing {
        labels: &[("severity", "critical"), ("job", "agent"), ("model", "m")],
        summary: "m is down",
        description,
    };
    vec![
        Case::new("a model that half of the calls use is down from minute 10 on")
            .series(of_model("m", "success"), "0+10x10 100x50")
            .series(of_model("m", "unavailable"), "0x10 0+10x50")
            .series(of_model("other", "success"), "0+10x60")
            .silent(ALERT, "11m")
            .silent(ALERT, "12m")
            .fires(ALERT, "13m", &firing(
                "100% of the calls of m by agent in the last 2 minutes failed; the limit is 50 %. Most: status unavailable.",
            )),
        Case::new("a model is down, most of its calls are cancelled, and another instance calls another model")
            .series(of_model("m", "unavailable"), "0+10x60")
            .series(of_model("m", "cancelled"), "0+30x60")
            .series(of("b", "agent_llm_calls_total", "model=\"other\",status=\"success\""), "0+10x60")
            .fires(ALERT, "13m", &firing(
                "100% of the calls of m by agent in the last 2 minutes failed; the limit is 50 %. Most: status unavailable.",
            )),
        Case::new("half of the calls fail, not more")
            .series(calls("a", "success"), "0+10x60")
            .series(calls("a", "unavailable"), "0+10x60")
            .silent(ALERT, "30m"),
        Case::new("a model with 10 % of the calls is down")
            .series(of_model("m", "unavailable"), "0+10x60")
            .series(of_model("other", "success"), "0+90x60")
            .series(of_model("m", "cancelled"), "0+90x60")
            .silent(ALERT, "30m")
            .fires("AgentLlmErrors", "30m", &Firing {
                labels: &[("severity", "warning"), ("job", "agent"), ("model", "m")],
                summary: "Calls of m fail",
                description: "100% of the calls of m by agent in the last 5 minutes failed; the limit is 10 %. Most: instance a. Most: status unavailable.",
            }),
        Case::new("all calls are rate limited, filtered or cancelled")
            .series(calls("a", "rate_limited"), "0+10x60")
            .series(calls("a", "content_filtered"), "0+10x60")
            .series(calls("a", "cancelled"), "0+10x60")
            .silent(ALERT, "30m"),
        Case::new("the first failures of a series, on six instances")
            .series(of("a", "up", ""), "1x60")
            .series(calls("a", "error"), "_x10 8+8x50")
            .fires(ALERT, "12m", &firing(
                "100% of the calls of m by agent in the last 2 minutes failed; the limit is 50 %. Most: status error.",
            )),
        Case::new("few calls, all of which fail").series(calls("a", "error"), "0+4x60").silent(ALERT, "30m"),
        Case::new("two of ten calls fail in each window")
            .series(calls("a", "error"), "0+1x60")
            .series(of_model("n", "error"), "0+20x60")
            .silent(ALERT, "1m"),
        Case::new("as many failures in one minute as successes in another")
            .series(calls("a", "success"), "0+10x60")
            .series(calls("a", "error"), "0x10 10x50")
            .silent(ALERT, "14m"),
    ]
}

/// 200 models, each with too few calls for an alert of its own.
fn errors_of_all() -> Vec<Case> {
    const ALERT: &str = "AgentLlmErrorsAllModels";
    let mut case = Case::new("200 models with 8 failing calls each in 5 minutes");
    for model in 0..200 {
        let growth = if model == 7 { "0+1.8x30" } else { "0+1.6x30" };
        case = case.series(of_model(&format!("m{model}"), "unavailable"), growth);
    }
    let fails = Firing {
        labels: &[("severity", "warning"), ("job", "agent")],
        summary: "LLM calls of agent fail",
        description: "100% of the LLM calls of agent in the last 5 minutes failed, over all models; the limit is 10 %. Most: model m7. Most: instance a. Most: status unavailable.",
    };
    vec![
        case.silent("AgentLlmErrors", "12m").silent(ALERT, "5m").fires(ALERT, "12m", &fails),
        Case::new("8 % of the calls fail, and many are rate limited")
            .series(of_model("m", "success"), "0+92x60")
            .series(of_model("m", "error"), "0+5x60")
            .series(of_model("n", "error"), "0+3x60")
            .series(of_model("n", "rate_limited"), "0+20x60")
            .series(of_model("n", "content_filtered"), "0+20x60")
            .silent(ALERT, "30m"),
        Case::new("few calls of all models, all of which fail")
            .series(of_model("m", "error"), "0+0.9x60")
            .series(of_model("n", "error"), "0+0.9x60")
            .silent(ALERT, "30m"),
        Case::new("two failures in 5 minutes")
            .series(of_model("m", "success"), "0+2x60")
            .series(of_model("n", "error"), "0+0.4x60")
            .silent(ALERT, "30m"),
        Case::new("most calls are cancelled, and two of ten others fail")
            .series(of_model("m", "cancelled"), "0+100x60")
            .series(of_model("m", "success"), "0+8x60")
            .series(of_model("m", "error"), "0+2x60")
            .silent(ALERT, "4m"),
        Case::new("counters that do not grow")
            .series(of_model("m", "error"), "9x60")
            .silent(ALERT, "30m"),
        Case::new("12 % of the calls fail, besides cancelled ones")
            .series(of_model("m", "cancelled"), "0+100x60")
            .series(of_model("m", "success"), "0+22x60")
            .series(of_model("n", "error"), "0+3x60")
            .fires(ALERT, "20m", &Firing {
                labels: &[("severity", "warning"), ("job", "agent")],
                summary: "LLM calls of agent fail",
                description: "12% of the LLM calls of agent in the last 5 minutes failed, over all models; the limit is 10 %. Most: model n. Most: instance a. Most: status error.",
            }),
    ]
}

fn first_token() -> Vec<Case> {
    const ALERT: &str = "AgentSlowFirstToken";
    let bucket = |le: &str| {
        of("a", "agent_llm_time_to_first_token_seconds_bucket", &format!("model=\"m\",le=\"{le}\""))
    };
    let count = of("a", "agent_llm_time_to_first_token_seconds_count", "model=\"m\"");
    let slow = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("model", "m")],
        summary: "m begins to answer late",
        description: "5 % of the streamed calls of m by agent wait 20s or longer for the first token; the limit is 10 s. Slowest: instance a.",
    };
    vec![
        Case::new("10 % of the calls wait 10 to 30 seconds for the first token")
            .series(bucket("10.0"), "0+9x60")
            .series(bucket("30.0"), "0+10x60")
            .series(bucket("+Inf"), "0+10x60")
            .series(count.clone(), "0+10x60")
            .silent(ALERT, "10m")
            .fires(ALERT, "20m", &slow),
        Case::new("all calls begin within five seconds")
            .series(bucket("2.5"), "0+5x60")
            .series(bucket("5.0"), "0+10x60")
            .series(bucket("+Inf"), "0+10x60")
            .series(count.clone(), "0+10x60")
            .silent(ALERT, "30m"),
        Case::new("few calls, all of which begin late")
            .series(bucket("10.0"), "0x60")
            .series(bucket("30.0"), "0+1x60")
            .series(bucket("+Inf"), "0+1x60")
            .series(count, "0+1x60")
            .silent(ALERT, "30m"),
    ]
}

fn truncated() -> Vec<Case> {
    const ALERT: &str = "AgentAnswersTruncated";
    let finish =
        |reason: &str| of("a", "agent_llm_finish_total", &format!("model=\"m\",reason=\"{reason}\""));
    let cut = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("model", "m")],
        summary: "Answers of m are cut off",
        description: "20% of the answers of m to agent in the last hour ended at the token limit; the limit is 10 %. Most: instance a.",
    };
    vec![
        Case::new("20 % of the answers end at the token limit, in the spelling of three providers")
            .series(finish("stop"), "0+7x120")
            .series(finish("tool_calls"), "0+1x120")
            .series(finish("length"), "0+1x120")
            .series(finish("MAX_TOKENS"), "0+0.5x120")
            .series(finish("max_output_tokens"), "0+0.5x120")
            .silent(ALERT, "15m")
            .fires(ALERT, "60m", &cut),
        Case::new("20 % of the answers of an hour ended at the token limit, all in its first half")
            .series(finish("stop"), "0+8x120")
            .series(finish("length"), "0+4x30 120x90")
            .fires(ALERT, "60m", &cut),
        Case::new("5 % of the answers end at the token limit")
            .series(finish("stop"), "0+19x120")
            .series(finish("length"), "0+1x120")
            .silent(ALERT, "60m"),
        Case::new("few answers, all of which end at the token limit")
            .series(finish("length"), "0+0.15x120")
            .silent(ALERT, "60m"),
        Case::new("two of fifteen answers end at the token limit")
            .series(finish("stop"), "0+0.2x120")
            .series(finish("length"), "0+0.04x120")
            .silent(ALERT, "60m"),
    ]
}

fn filtered() -> Vec<Case> {
    const ALERT: &str = "AgentAnswersFiltered";
    let firing = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("model", "m")],
        summary: "Answers of m are filtered",
        description: "10% of the calls of m by agent in the last hour were stopped by the provider's content filter; the limit is 5 %. Most: instance a.",
    };
    vec![
        Case::new("10 % of the answers are filtered")
            .series(calls("a", "success"), "0+8x120")
            .series(calls("a", "error"), "0+1x120")
            .series(calls("a", "content_filtered"), "0+1x120")
            .series(calls("a", "cancelled"), "0+30x120")
            .silent(ALERT, "15m")
            .fires(ALERT, "60m", &firing),
        Case::new("10 % of the answers of an hour were filtered, all in its first half")
            .series(calls("a", "success"), "0+18x120")
            .series(calls("a", "content_filtered"), "0+4x30 120x90")
            .fires(ALERT, "60m", &firing),
        Case::new("2 % of the answers are filtered")
            .series(calls("a", "success"), "0+48x120")
            .series(calls("a", "error"), "0+10x120")
            .series(calls("a", "content_filtered"), "0+1x120")
            .silent(ALERT, "60m"),
        Case::new("few calls, all of which are filtered")
            .series(calls("a", "content_filtered"), "0+0.15x120")
            .silent(ALERT, "60m"),
        Case::new("two of fifteen answers are filtered")
            .series(calls("a", "success"), "0+0.2x120")
            .series(calls("a", "content_filtered"), "0+0.04x120")
            .silent(ALERT, "60m"),
    ]
}

fn fallback() -> Vec<Case> {
    const ALERT: &str = "AgentModelFallback";
    let served = of("a", "agent_llm_served_model_total", "model=\"m\",served_model=\"small\"");
    let firing = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("model", "m")],
        summary: "Another model answers for m",
        description: "20% of the calls of m by agent in the last 15 minutes were answered by another model; the limit is 10 %. Most: served model small.",
    };
    vec![
        Case::new("another model answers 20 % of the successful calls")
            .series(calls("a", "success"), "0+10x60")
            .series(calls("a", "error"), "0+30x60")
            .series(served.clone(), "0+2x60")
            .silent(ALERT, "10m")
            .fires(ALERT, "30m", &firing),
        Case::new("another model answers 5 % of the calls")
            .series(calls("a", "success"), "0+20x60")
            .series(served.clone(), "0+1x60")
            .silent(ALERT, "30m"),
        Case::new("few calls, all of which another model answers")
            .series(calls("a", "success"), "0+0.5x60")
            .series(served.clone(), "0+0.5x60")
            .silent(ALERT, "40m"),
        Case::new("another model answers two of fifteen calls")
            .series(calls("a", "success"), "0+1x60")
            .series(served, "0+0.14x60")
            .silent(ALERT, "40m"),
    ]
}

fn latency() -> Vec<Case> {
    const ALERT: &str = "AgentLlmLatency";
    let bucket =
        |le: &str| of("a", "agent_llm_call_duration_seconds_bucket", &format!("model=\"m\",le=\"{le}\""));
    let count = of("a", "agent_llm_call_duration_seconds_count", "model=\"m\"");
    let slow = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("model", "m")],
        summary: "m is slow",
        description: "5 % of the calls of m by agent take 1m 30s or longer; the limit is 60 s. Slowest: instance a.",
    };
    vec![
        Case::new("10 % of the calls take one to two minutes")
            .series(bucket("60.0"), "0+9x60")
            .series(bucket("120.0"), "0+10x60")
            .series(bucket("+Inf"), "0+10x60")
            .series(count.clone(), "0+10x60")
            .silent(ALERT, "10m")
            .fires(ALERT, "20m", &slow),
        Case::new("all calls take half a minute")
            .series(bucket("30.0"), "0+10x60")
            .series(bucket("60.0"), "0+10x60")
            .series(bucket("+Inf"), "0+10x60")
            .series(count.clone(), "0+10x60")
            .silent(ALERT, "30m"),
        Case::new("few calls, all of which are slow")
            .series(bucket("60.0"), "0x60")
            .series(bucket("120.0"), "0+1x60")
            .series(bucket("+Inf"), "0+1x60")
            .series(count, "0+1x60")
            .silent(ALERT, "30m"),
    ]
}

fn rate_limited() -> Vec<Case> {
    const ALERT: &str = "AgentRateLimited";
    let limited = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("model", "m")],
        summary: "m limits the rate of agent",
        description: "10% of the calls of m by agent in the last 15 minutes were rate limited; the limit is 5 %. Most: instance a.",
    };
    vec![
        Case::new("10 % of the calls are rate limited")
            .series(calls("a", "success"), "0+9x60")
            .series(calls("a", "rate_limited"), "0+1x60")
            .series(calls("a", "cancelled"), "0+30x60")
            .silent(ALERT, "10m")
            .fires(ALERT, "30m", &limited),
        Case::new("2 % of the calls are rate limited, and more fail in other ways")
            .series(calls("a", "success"), "0+38x60")
            .series(calls("a", "error"), "0+11x60")
            .series(calls("a", "rate_limited"), "0+1x60")
            .silent(ALERT, "40m"),
        Case::new("one rate-limited call in 15 minutes")
            .series(calls("a", "success"), "0+1x60")
            .series(calls("a", "rate_limited"), "0x20 1x40")
            .silent(ALERT, "32m"),
        Case::new("few calls, all of which are rate limited")
            .series(calls("a", "rate_limited"), "0+0.5x60")
            .silent(ALERT, "40m"),
    ]
}

fn usage_missing() -> Vec<Case> {
    const ALERT: &str = "AgentUsageMissing";
    let missing = of("a", "agent_llm_usage_missing_total", "model=\"m\",part=\"all\"");
    let silent = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("model", "m")],
        summary: "Calls of m report no or only a part of their token usage",
        description: "50% of the calls of m by agent that succeeded or were given up in the last hour reported no usage or only a part; the limit is 5 %. Tokens and costs are too low. Most: part all. Most: instance a.",
    };
    vec![
        Case::new("half of the calls report no usage")
            .series(calls("a", "success"), "0+1x120")
            .series(calls("a", "error"), "0+8x120")
            .series(missing.clone(), "0+0.5x120")
            .silent(ALERT, "15m")
            .fires(ALERT, "40m", &silent),
        Case::new("2 % of the calls report no usage")
            .series(calls("a", "success"), "0+50x120")
            .series(missing.clone(), "0+1x120")
            .silent(ALERT, "60m"),
        Case::new("one of twelve calls reports no usage")
            .series(calls("a", "success"), "0+0.2x120")
            .series(missing.clone(), "0x60 1x60")
            .silent(ALERT, "80m"),
        Case::new("five calls, none of which reports its usage")
            .series(calls("a", "success"), "0x10 0+1x5 5x100")
            .series(missing, "0x10 0+1x5 5x100")
            .silent(ALERT, "40m"),
    ]
}
