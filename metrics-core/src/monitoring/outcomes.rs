//! The matchers of failed and of counted calls for each group. Alerts, recording rules and panels share them, so that they
//! agree.

/// The matchers of a group's counter.
pub(super) struct Outcomes {
    /// The matcher of failed calls.
    pub(super) bad: &'static str,
    /// The matcher of counted calls, without those that their caller cancelled.
    pub(super) all: &'static str,
}

/// The matchers of tasks, tools and user-defined call families.
pub(super) const CALLS: Outcomes =
    Outcomes { bad: "status!~\"success|cancelled\"", all: "status!=\"cancelled\"" };

/// The matchers of LLM calls. Rate-limited calls have matchers of their own, and filtered answers are no failures.
pub(super) const LLM: Outcomes =
    Outcomes { bad: "status!~\"success|cancelled|rate_limited|content_filtered\"", all: CALLS.all };

/// The matchers of rate-limited LLM calls.
pub(super) const RATE_LIMITED: Outcomes = Outcomes { bad: "status=\"rate_limited\"", all: LLM.all };

/// The matchers of HTTP requests; 499 is a client that disconnected.
pub(super) const HTTP: Outcomes = Outcomes { bad: "status_code=~\"5..\"", all: "status_code!=\"499\"" };

/// The matcher of successful calls.
pub(super) const SUCCESS: &str = "status=\"success\"";

impl Outcomes {
    /// Returns the series of failed calls and of counted ones.
    pub(super) fn of(&self, series: &str) -> [String; 2] {
        [self.bad, self.all].map(|matcher| format!("{series}{{{matcher}}}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::monitoring::prometheus::names as n;
    use crate::monitoring::promql::Names;
    use crate::monitoring::rule::Rule;
    use crate::monitoring::{Settings, builtin_dashboards, prometheus};

    /// Returns the status matchers in a query.
    fn endings(query: &str) -> BTreeSet<&str> {
        let parts = query.split(['{', '}', ',']).map(str::trim);
        parts.filter(|part| part.starts_with("status") && part.contains('"')).collect()
    }

    #[test]
    fn an_alert_its_recording_rule_and_its_panels_use_the_same_matchers() {
        let catalogue =
            crate::instance::AgentMetrics::builder().build().expect("the defaults are valid").catalogue();
        let settings = Settings::default();
        let rules = prometheus::rules(&catalogue, &settings).expect("valid");
        let rules: Vec<_> =
            rules.iter().flat_map(|rules| &rules.groups).flat_map(|group| &group.rules).collect();
        let rule = |name: &str| {
            let is_it = |rule: &&&Rule| match rule {
                Rule::Alert(alert) => alert.name == name,
                Rule::Record(record) => record.name == name,
            };
            rules.iter().find(is_it).unwrap_or_else(|| panic!("no {name}")).query().text()
        };
        let boards =
            builtin_dashboards::dashboards(&catalogue, &settings, &Names::of(&catalogue)).expect("valid");
        // The queries of a panel about a counter.
        let panel = |uid: &str, title: &str, counter: &str| -> Vec<&str> {
            let board = boards.iter().find(|board| board.uid == uid).expect("the dashboard");
            let queries =
                board.queries().filter(|(panel, query)| *panel == title && query.text().contains(counter));
            queries.map(|(_, query)| query.text()).collect()
        };
        let completion = Outcomes { bad: SUCCESS, all: CALLS.all };
        for (outcomes, counter, asked_by, panels) in [
            (
                &HTTP,
                "agent_http_requests_total",
                ["AgentHighErrorRate", n::HTTP_ERRORS].as_slice(),
                [
                    ("agent-http", "Errors by endpoint"),
                    ("agent-overview", "HTTP errors"),
                    ("agent-overview", "Failure ratio"),
                ]
                .as_slice(),
            ),
            (
                &LLM,
                "agent_llm_calls_total",
                &["AgentLlmErrors", n::LLM_ERRORS],
                &[("agent-llm", "Failure ratio"), ("agent-overview", "Failure ratio")],
            ),
            (
                &RATE_LIMITED,
                "agent_llm_calls_total",
                &["AgentRateLimited"],
                &[("agent-llm", "Failure ratio")],
            ),
            (
                &CALLS,
                "agent_tool_calls_total",
                &["AgentToolFailures", n::TOOL_ERRORS],
                &[("agent-tasks", "Failure ratio by tool"), ("agent-overview", "Failure ratio")],
            ),
            (&CALLS, "agent_tasks_total", &["AgentTaskTypeFailures"], &[("agent-overview", "Failure ratio")]),
            (
                &completion,
                "agent_tasks_total",
                &[n::COMPLETION_5M, n::COMPLETION_1H, n::COMPLETION_1D, n::COMPLETION_7D],
                &[("agent-overview", "Completion rate"), ("agent-tasks", "Completion rate by type")],
            ),
        ] {
            let expected = BTreeSet::from([outcomes.bad, outcomes.all]);
            for name in asked_by {
                assert_eq!(endings(rule(name)), expected, "{name}");
            }
            for (uid, title) in panels {
                let queries = panel(uid, title, counter);
                assert!(
                    queries.iter().any(|query| endings(query) == expected),
                    "{uid}: {title} asks for something else than {expected:?}: {queries:?}"
                );
            }
        }
    }
}
