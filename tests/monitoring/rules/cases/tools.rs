use agent_metrics_monitoring_tests::{Case, Firing};

use super::of;

fn calls(instance: &str, tool: &str, status: &str) -> String {
    of(instance, "agent_tool_calls_total", &format!("tool_name=\"{tool}\",status=\"{status}\""))
}

pub fn cases() -> Vec<Case> {
    const ALERT: &str = "AgentToolFailures";
    let fails = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("tool_name", "web_search")],
        summary: "Calls of the tool web_search fail",
        description: "30% of the calls of web_search by agent in the last 15 minutes failed; the limit is 20 %.",
    };
    vec![
        Case::new("one tool fails often, and others don't")
            .series(calls("a", "web_search", "success"), "0+4x60")
            .series(calls("b", "web_search", "success"), "0+3x60")
            .series(calls("a", "web_search", "error"), "0+1x60")
            .series(calls("b", "web_search", "timeout"), "0+2x60")
            .series(calls("b", "web_search", "cancelled"), "0+30x60")
            .series(calls("a", "calculator", "success"), "0+100x60")
            .silent(ALERT, "10m")
            .fires(ALERT, "30m", &fails),
        Case::new("one call in ten fails, and half are given up")
            .series(calls("a", "web_search", "success"), "0+9x60")
            .series(calls("a", "web_search", "error"), "0+1x60")
            .series(calls("a", "web_search", "cancelled"), "0+10x60")
            .silent(ALERT, "40m"),
        Case::new("two or three of a dozen fail")
            .series(calls("a", "web_search", "success"), "0+0.6x60")
            .series(calls("a", "web_search", "error"), "0+0.18x60")
            .silent(ALERT, "40m"),
        Case::new("three calls, and all fail")
            .series(calls("a", "web_search", "error"), "0x10 0+1x3 3x60")
            .silent(ALERT, "26m"),
        Case::new("few calls, and all fail")
            .series(calls("a", "web_search", "error"), "0+0.5x60")
            .silent(ALERT, "40m"),
        Case::new("no calls")
            .series(calls("a", "web_search", "success"), "1x60")
            .series(calls("a", "web_search", "error"), "9x60")
            .silent(ALERT, "40m"),
    ]
}
