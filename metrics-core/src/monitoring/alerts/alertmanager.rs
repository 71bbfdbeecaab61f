//! Who is told of an alert, and of which not because another says more.

use crate::monitoring::Settings;
use crate::monitoring::yaml::{Map, Yaml};

const COMMENT: &str = "\
Alertmanager: routes by severity, and what is not said because another alert says more.
The receivers are empty: put yours in, as in the comment of each, then `amtool check-config alertmanager.yml`.";

pub(crate) fn config(settings: &Settings) -> String {
    let route = |severity: &str, receiver: &str, repeat: u64| {
        Map::new()
            .texts("matchers", [format!("severity = {severity}")])
            .text("receiver", receiver)
            .plain("repeat_interval", settings.time(repeat))
    };
    let routes = [
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
        let texts =
            |texts: &[&str]| Yaml::List(texts.iter().map(|text| Yaml::Text((*text).into())).collect());
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
                receiver("page", "Wakes someone: pagerduty_configs, opsgenie_configs, webhook_configs, .."),
                receiver("ticket", "Is looked at in the day: slack_configs, email_configs, .."),
                receiver("log", "Is kept: webhook_configs, .."),
            ]),
        )
        .with(
            "inhibit_rules",
            Yaml::Spaced(vec![
                inhibit(
                    "Where no instance is seen, that is what is to be mended.",
                    &["alertname = AgentNoTargets"],
                    &["alertname =~ \"Agent.+\"", "alertname != AgentNoTargets"],
                    &["job"],
                ),
                inhibit(
                    "An error budget that goes fast needs no ticket that it also goes slowly.",
                    &["alertname = AgentErrorBudgetBurn", "severity = critical"],
                    &["alertname = AgentErrorBudgetBurn", "severity = warning"],
                    &["job", "slo"],
                ),
                inhibit(
                    "A budget that is spent was nearly spent before.",
                    &["alertname = AgentBudgetSpent"],
                    &["alertname = AgentBudgetNearlySpent"],
                    &["job", "instance", "budget"],
                ),
            ]),
        )
        .document(COMMENT)
}
