//! A provider fails while an agent is busy: one page arrives and names the model, and the alerts that follow are inhibited.

use std::time::{Duration, Instant};

use agent_metrics_monitoring_tests::written;
use agent_metrics_tests::{free_address, missing, prometheus};
use serde_json::Value;

use crate::servers::{RETENTION, alertmanager, api, within};
use crate::target::depends_on_a_provider;

const REHEARSAL: u32 = 20;
/// The time after the page during which no other page may arrive. The waits of all critical alerts end within it.
const AFTER: Duration = Duration::from_secs(75);

fn label<'a>(alert: &'a Value, name: &str) -> &'a str {
    alert["labels"][name].as_str().unwrap_or_default()
}

#[test]
fn a_provider_that_fails_makes_one_page_that_names_the_model() {
    let alertmanager_address = free_address();
    let made = written("dead-provider", |settings| {
        settings.rehearsal = REHEARSAL;
        settings.targets = vec![depends_on_a_provider(Duration::from_secs(40))];
        settings.scrape_interval = Duration::from_secs(1);
        settings.evaluation_interval = Duration::from_millis(500);
        settings.alertmanagers = vec![alertmanager_address.clone()];
    });
    let config = made.join("alertmanager/alertmanager.yml");
    let Some(_alertmanager) = alertmanager(&config, &alertmanager_address) else {
        return missing("prometheus-alertmanager");
    };
    let Some(_prometheus) = prometheus(&made.join("prometheus"), &[RETENTION]) else {
        return missing("prometheus");
    };
    let critical = || -> Option<Vec<Value>> {
        let alerts = api(&alertmanager_address, "/api/v2/alerts")?;
        let alerts = alerts.as_array()?.iter();
        Some(alerts.filter(|alert| label(alert, "severity") == "critical").cloned().collect())
    };
    let pages = || -> Option<Vec<Value>> {
        let all = critical()?.into_iter();
        Some(all.filter(|alert| alert["status"]["state"] == "active").collect())
    };
    let first = within(
        Duration::from_secs(120),
        || "a page".to_owned(),
        || pages().filter(|pages| !pages.is_empty()),
    );
    let is_the_page = |page: &Value| {
        (label(page, "alertname"), label(page, "model")) == ("AgentModelDown", "gemini-2.5-pro")
    };
    assert!(first.len() == 1 && is_the_page(&first[0]), "{first:#?}");
    let description = first[0]["annotations"]["description"].as_str().expect("a description");
    assert!(
        description.contains("gemini-2.5-pro") && description.ends_with("Most: status unavailable."),
        "{description}"
    );
    let since = Instant::now();
    let mut inhibited = Vec::new();
    while since.elapsed() < AFTER {
        for alert in critical().unwrap_or_default() {
            let name = label(&alert, "alertname").to_owned();
            assert!(is_the_page(&alert) || alert["status"]["state"] != "active", "{alert:#?}");
            if !is_the_page(&alert) && !inhibited.contains(&name) {
                inhibited.push(name);
            }
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    // Alerts would have fired without the inhibition.
    for name in ["AgentErrorBudgetBurn", "AgentHighErrorRate", "AgentLowCompletionRate"] {
        assert!(inhibited.iter().any(|inhibited| inhibited == name), "{name}: {inhibited:?}");
    }
}
