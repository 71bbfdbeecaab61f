//! The Alertmanager configuration: routes, and inhibition of alerts that follow from others.

use crate::monitoring::Settings;
use crate::monitoring::yaml::{Map, Yaml};

const COMMENT: &str = "\
Alertmanager: routes by severity, and inhibition of alerts that follow from others.
The receivers are empty: add yours as in the comments, then run `amtool check-config alertmanager.yml`.";

#[allow(clippy::too_many_lines)] // One list.
pub(crate) fn config(settings: &Settings) -> String {
    let route = |severity: &str, receiver: &str, repeat: u64| {
        Map::new()
            .texts("matchers", [format!("severity = {severity}")])
            .text("receiver", receiver)
            .plain("repeat_interval", settings.time(repeat))
    };
    let watchdog = Map::new()
        .texts("matchers", ["alertname = AgentWatchdog"])
        .comment("Always fires. Its receiver expects it regularly.")
        .text("receiver", "watchdog")
        .plain("repeat_interval", settings.time(300));
    let routes = [
        watchdog,
        route("critical", "page", 3600).plain("group_wait", settings.time(10)),
        route("warning", "ticket", 12 * 3600),
        route("info", "log", 7 * 86_400),
    ];
    let root = Map::new()
        .text("receiver", "ticket")
        .texts("group_by", ["alertname", "job", "slo"])
        .plain("group_wait", settings.time(30))
        .plain("group_interval", settings.time(300))
        .plain("repeat_interval", settings.time(12 * 3600))
        .with("routes", Yaml::List(routes.map(Yaml::Map).into()));
    let receiver = |name: &str, comment: &str| Yaml::Map(Map::new().text("name", name).comment(comment));
    let inhibit = |comment: &str, source: &[&str], target: &[&str], equal: &[&str]| {
        let texts = |texts: &[&str]| {
            let kept = settings.keep_labels.iter().map(String::as_str);
            // Alerts of different clusters or namespaces do not inhibit each other.
            let kept = kept.filter(|_| texts.first() == Some(&"job"));
            let all = texts.iter().copied().chain(kept);
            Yaml::List(all.map(|text| Yaml::Text(text.into())).collect())
        };
        Yaml::Map(
            Map::new()
                .with("source_matchers", texts(source))
                .comment(comment)
                .with("target_matchers", texts(target))
                .with("equal", texts(equal)),
        )
    };
    Map::new()
        .map("route", root)
        .with(
            "receivers",
            Yaml::List(vec![
                receiver(
                    "page",
                    "Pages the on-call engineer: pagerduty_configs, opsgenie_configs, webhook_configs, ..",
                ),
                receiver("ticket", "Handled during working hours: slack_configs, email_configs, .."),
                receiver("log", "Only stored: webhook_configs, .."),
                receiver(
                    "watchdog",
                    "A service outside of this cluster that raises an alarm when it receives nothing: webhook_configs, ..",
                ),
            ]),
        )
        .with(
            "inhibit_rules",
            Yaml::Spaced(vec![
                inhibit(
                    "Without any scraped instance, only that matters.",
                    &["alertname = AgentNoTargets"],
                    &["alertname =~ \"Agent.+\"", "alertname !~ \"AgentNoTargets|AgentWatchdog\""],
                    &["job"],
                ),
                inhibit(
                    "Failing tasks and requests follow from a model that is down.",
                    &["alertname = AgentModelDown"],
                    &[
                        "alertname =~ \"AgentHighErrorRate|AgentHighLatency|AgentLowCompletionRate|AgentTaskTypeFailures|\
                         AgentNoTaskSuccess|AgentErrorBudgetBurn|AgentInstanceFailing|AgentLlmErrorsAllModels|AgentNoTraffic\"",
                    ],
                    &["job"],
                ),
                inhibit(
                    "A model that is down has failing and slow calls.",
                    &["alertname = AgentModelDown"],
                    &["alertname =~ \"AgentLlmErrors|AgentLlmLatency|AgentSlowFirstToken|AgentModelFallback\""],
                    &["job", "model"],
                ),
                inhibit(
                    "Failing tasks over all types imply failing tasks of one type.",
                    &["alertname = AgentLowCompletionRate"],
                    &["alertname = AgentTaskTypeFailures"],
                    &["job"],
                ),
                inhibit(
                    "A fast burn of an error budget implies the slow one.",
                    &["alertname = AgentErrorBudgetBurn", "severity = critical"],
                    &["alertname = AgentErrorBudgetBurn", "severity = warning"],
                    &["job", "slo"],
                ),
                inhibit(
                    "A spent budget implies a nearly spent one.",
                    &["alertname = AgentBudgetSpent"],
                    &["alertname = AgentBudgetNearlySpent"],
                    &["job", "instance", "budget"],
                ),
            ]),
        )
        .document(COMMENT)
}
