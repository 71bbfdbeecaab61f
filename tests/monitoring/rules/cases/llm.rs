use agent_metrics_monitoring_tests::{Case, Firing};

use super::of;

fn calls(instance: &str, status: &str) -> String {
    of(instance, "agent_llm_calls_total", &format!("model=\"m\",status=\"{status}\""))
}

pub fn cases() -> Vec<Case> {
    [errors(), latency(), rate_limited(), usage_missing()].concat()
}

fn errors() -> Vec<Case> {
    const ALERT: &str = "AgentLlmErrors";
    let fails = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("model", "m")],
        summary: "Calls of m fail",
        description: "20% of the calls of m by agent in the last 5 minutes failed; the limit is 10 %.",
    };
    vec![
        Case::new("a fifth of a model's calls fails")
            .series(calls("a", "success"), "0+8x60")
            .series(calls("a", "unavailable"), "0+1x60")
            .series(calls("b", "timeout"), "0+1x60")
            .series(calls("b", "cancelled"), "0+30x60")
            .silent(ALERT, "5m")
            .fires(ALERT, "12m", &fails),
        Case::new("half is rate limited, filtered or given up, which is no failure of this kind")
            .series(calls("a", "success"), "0+10x60")
            .series(calls("a", "rate_limited"), "0+4x60")
            .series(calls("a", "content_filtered"), "0+4x60")
            .series(calls("a", "cancelled"), "0+4x60")
            .silent(ALERT, "30m"),
        Case::new("few calls, and all fail").series(calls("a", "error"), "0+1x60").silent(ALERT, "30m"),
        Case::new("one or two of a dozen fail")
            .series(calls("a", "success"), "0+2x60")
            .series(calls("a", "error"), "0+0.4x60")
            .silent(ALERT, "30m"),
        Case::new("a single call, and it fails").series(calls("a", "error"), "0x5 1x60").silent(ALERT, "12m"),
        Case::new("a restart")
            .series(calls("a", "success"), "0+95x20 0+95x40")
            .series(calls("a", "error"), "0+5x20 0+5x40")
            .silent(ALERT, "23m"),
        Case::new("no calls of the model")
            .series(calls("a", "success"), "1x60")
            .series(calls("a", "error"), "9x60")
            .silent(ALERT, "30m"),
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
        description: "5 % of the calls of m by agent take 1m 30s or longer; the limit is 60 s.",
    };
    vec![
        Case::new("a tenth of the calls takes one to two minutes")
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
        Case::new("few calls, and all are slow")
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
        description: "10% of the calls of m by agent in the last 15 minutes were rate limited; the limit is 5 %.",
    };
    vec![
        Case::new("a tenth is rate limited")
            .series(calls("a", "success"), "0+9x60")
            .series(calls("a", "rate_limited"), "0+1x60")
            .series(calls("a", "cancelled"), "0+30x60")
            .silent(ALERT, "10m")
            .fires(ALERT, "30m", &limited),
        Case::new("one in fifty is, and others fail otherwise")
            .series(calls("a", "success"), "0+38x60")
            .series(calls("a", "error"), "0+11x60")
            .series(calls("a", "rate_limited"), "0+1x60")
            .silent(ALERT, "40m"),
        Case::new("one refusal in a quarter of an hour")
            .series(calls("a", "success"), "0+1x60")
            .series(calls("a", "rate_limited"), "0x20 1x40")
            .silent(ALERT, "32m"),
        Case::new("few calls, and all are rate limited")
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
        description: "50% of the calls of m by agent that succeeded or were given up in the last hour reported no usage or only a part; the limit is 5 %. Tokens and costs are too low.",
    };
    vec![
        Case::new("every other call tells no usage")
            .series(calls("a", "success"), "0+1x120")
            .series(calls("a", "error"), "0+8x120")
            .series(missing.clone(), "0+0.5x120")
            .silent(ALERT, "15m")
            .fires(ALERT, "40m", &silent),
        Case::new("one in fifty tells none")
            .series(calls("a", "success"), "0+50x120")
            .series(missing.clone(), "0+1x120")
            .silent(ALERT, "60m"),
        Case::new("one of a dozen tells none")
            .series(calls("a", "success"), "0+0.2x120")
            .series(missing.clone(), "0x60 1x60")
            .silent(ALERT, "80m"),
        Case::new("five calls, and none tells it")
            .series(calls("a", "success"), "0x10 0+1x5 5x100")
            .series(missing, "0x10 0+1x5 5x100")
            .silent(ALERT, "40m"),
    ]
}
