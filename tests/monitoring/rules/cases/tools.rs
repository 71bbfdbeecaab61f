use agent_metrics_monitoring_tests::{Case, Firing};

use super::of;

fn calls(instance: &str, tool: &str, status: &str) -> String {
    of(instance, "agent_tool_calls_total", &format!("tool_name=\"{tool}\",status=\"{status}\""))
}

pub fn cases() -> Vec<Case> {
    const ALERT: &str = "AgentToolFailures";
    const UNKNOWN: &str = "AgentUnknownTools";
    let fails = Firing {
        labels: &[("severity", "warning"), ("job", "agent"), ("tool_name", "web_search")],
        summary: "Calls of the tool web_search fail",
        description: "30% of the calls of web_search by agent in the last 15 minutes failed; the limit is 20 %. Most: instance b. Most: status timeout.",
    };
    let unknown = Firing {
        labels: &[("severity", "warning"), ("job", "agent")],
        summary: "Models of agent call tools that do not exist",
        description: "10% of the tool calls of agent in the last 15 minutes named a tool that the program does not have; the limit is 5 %. Most: instance a.",
    };
    vec![
        Case::new("30 % of the calls of one tool fail, and another tool works")
            .series(calls("a", "web_search", "success"), "0+4x60")
            .series(calls("b", "web_search", "success"), "0+3x60")
            .series(calls("a", "web_search", "error"), "0+1x60")
            .series(calls("b", "web_search", "timeout"), "0+2x60")
            .series(calls("b", "web_search", "cancelled"), "0+30x60")
            .series(calls("a", "calculator", "success"), "0+100x60")
            .silent(ALERT, "10m")
            .fires(ALERT, "30m", &fails),
        Case::new("10 % of the calls fail, and half are cancelled")
            .series(calls("a", "web_search", "success"), "0+9x60")
            .series(calls("a", "web_search", "error"), "0+1x60")
            .series(calls("a", "web_search", "cancelled"), "0+10x60")
            .silent(ALERT, "40m"),
        Case::new("three of twelve calls fail")
            .series(calls("a", "web_search", "success"), "0+0.6x60")
            .series(calls("a", "web_search", "error"), "0+0.18x60")
            .silent(ALERT, "40m"),
        Case::new("three calls, all of which fail")
            .series(calls("a", "web_search", "error"), "0x10 0+1x3 3x60")
            .silent(ALERT, "26m"),
        Case::new("few calls, all of which fail")
            .series(calls("a", "web_search", "error"), "0+0.5x60")
            .silent(ALERT, "40m"),
        Case::new("counters that do not grow")
            .series(calls("a", "web_search", "success"), "1x60")
            .series(calls("a", "web_search", "error"), "9x60")
            .silent(ALERT, "40m"),
        Case::new("10 % of the tool calls name a tool that does not exist")
            .series(calls("a", "__unknown__", "error"), "0+1x60")
            .series(calls("b", "calculator", "success"), "0+9x60")
            .silent(ALERT, "30m")
            .silent(UNKNOWN, "10m")
            .fires(UNKNOWN, "30m", &unknown),
        Case::new("2 % of the tool calls name a tool that does not exist")
            .series(calls("a", "__unknown__", "error"), "0+1x60")
            .series(calls("b", "calculator", "success"), "0+49x60")
            .silent(UNKNOWN, "30m"),
        Case::new("few tool calls, all of which name a tool that does not exist")
            .series(calls("a", "__unknown__", "error"), "0+0.5x60")
            .silent(UNKNOWN, "40m"),
        Case::new("two of fifteen tool calls name a tool that does not exist")
            .series(calls("a", "__unknown__", "error"), "0+0.14x60")
            .series(calls("b", "calculator", "success"), "0+0.9x60")
            .silent(UNKNOWN, "40m"),
    ]
}
