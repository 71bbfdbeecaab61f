//! Alerts, each with a severity, a wait and a runbook. Alerts on ratios and percentiles require a minimum of traffic.

mod alertmanager;
mod conditions;
mod cost;
mod health;
mod http;
mod instances;
mod llm;
mod pages;
mod tasks;
mod tools;
mod user_defined;

pub(super) use alertmanager::config as alertmanager;
pub(super) use pages::files as runbooks;

use super::rule::{Alert, Group, Rule};
use super::{MonitoringError, Settings, number};
use crate::catalogue::Catalogue;

pub(super) fn groups(catalogue: &Catalogue, settings: &Settings) -> Result<Vec<Group>, MonitoringError> {
    check_latencies(catalogue, settings)?;
    let group = |name: &str, alerts: Vec<Alert>| {
        let mut group = Group::new(name);
        group.rules.extend(alerts.into_iter().map(|alert| Rule::Alert(Box::new(alert))));
        group
    };
    Ok(vec![
        group("agent-health-alerts", health::alerts(settings)),
        group("agent-http-alerts", http::alerts(settings)),
        group("agent-instance-alerts", instances::alerts(settings)),
        group("agent-task-alerts", tasks::alerts(settings)),
        group("agent-llm-alerts", llm::alerts(settings)),
        group("agent-tool-alerts", tools::alerts(settings)),
        group("agent-cost-alerts", cost::alerts(settings)),
        group("agent-own-family-alerts", user_defined::alerts(catalogue, settings)),
    ])
}

/// Returns the names of alerts that other settings may leave out.
pub(super) fn optional() -> Vec<&'static str> {
    cost::OPTIONAL.into_iter().chain(health::SCRAPED).chain(["AgentObjectiveWithoutData"]).collect()
}

/// Refuses latency limits at or above the last bucket bound, since no quantile is above it and the alert could never fire.
fn check_latencies(catalogue: &Catalogue, settings: &Settings) -> Result<(), MonitoringError> {
    let thresholds = &settings.thresholds;
    for (name, field, given) in [
        (
            "agent_http_request_duration_seconds",
            "thresholds.http_latency_seconds",
            thresholds.http_latency_seconds,
        ),
        ("agent_llm_call_duration_seconds", "thresholds.llm_latency_seconds", thresholds.llm_latency_seconds),
        (
            "agent_llm_time_to_first_token_seconds",
            "thresholds.first_token_seconds",
            thresholds.first_token_seconds,
        ),
    ] {
        let family = catalogue.families.iter().find(|family| family.name == name);
        let last = family.and_then(|family| family.buckets.last());
        if let Some(last) = last.filter(|last| given >= **last) {
            let expected = format!(
                "less than {} s, the last bucket bound of `{name}`, since no quantile is above it",
                number(*last)
            );
            return Err(MonitoringError::Setting { field, given: number(given), expected });
        }
    }
    Ok(())
}
