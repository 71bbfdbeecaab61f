//! Applies the settings of single alerts to the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::MonitoringError;
use super::rule::{Alert, Group, Rule};
use super::settings::{AlertSettings, Settings};

/// Applies the settings of single alerts to the groups of all files.
///
/// `optional` has the names of alerts that other settings leave out.
pub(super) fn apply<'a>(
    groups: impl Iterator<Item = &'a mut Group>,
    optional: &[&str],
    settings: &Settings,
) -> Result<(), MonitoringError> {
    let mut groups: Vec<_> = groups.collect();
    let windows: BTreeMap<String, bool> = groups
        .iter()
        .flat_map(|group| group.alerts())
        .map(|alert| (alert.name.clone(), alert.window.is_some()))
        .collect();
    let known: BTreeSet<&str> = windows.keys().map(String::as_str).chain(optional.iter().copied()).collect();
    for (name, chosen) in &settings.alerts {
        if !known.contains(&**name) {
            let nearest = nearest(name, &known);
            return Err(MonitoringError::UnknownAlert { alert: name.clone(), nearest });
        }
        check_times(name, chosen, windows.get(name).copied(), settings)?;
    }
    for group in &mut groups {
        group.rules.retain_mut(|rule| match rule {
            Rule::Record(_) => true,
            Rule::Alert(alert) => change(alert, settings),
        });
    }
    Ok(())
}

/// Changes an alert, and returns false if it is left out.
fn change(alert: &mut Alert, settings: &Settings) -> bool {
    let Some(chosen) = settings.alerts.get(&alert.name) else { return true };
    if let Some(severity) = chosen.severity {
        alert.regrade(severity);
    }
    if let Some(wait) = chosen.wait {
        alert.wait = wait.as_secs();
    }
    chosen.enabled
}

fn check_times(
    name: &str,
    chosen: &AlertSettings,
    has_window: Option<bool>,
    settings: &Settings,
) -> Result<(), MonitoringError> {
    let refused = |field: &'static str, given: Duration, expected: String| {
        Err(MonitoringError::AlertSetting {
            alert: name.to_owned(),
            field,
            given: format!("{} s", given.as_secs_f64()),
            expected,
        })
    };
    if let Some(wait) = chosen.wait.filter(|wait| wait.subsec_nanos() > 0) {
        return refused("wait", wait, "whole seconds".to_owned());
    }
    let Some(window) = chosen.window else { return Ok(()) };
    if has_window == Some(false) {
        return refused("window", window, "no value, because this alert has no window".to_owned());
    }
    let least = settings.scrape_interval * 4;
    if window < least || window.subsec_nanos() > 0 {
        let least = least.as_secs_f64().ceil();
        return refused(
            "window",
            window,
            format!("whole seconds and at least {least} s, because a window needs four scrapes"),
        );
    }
    Ok(())
}

/// Returns the known name that has the most letters in common with a name at its beginning and at its end, if these are at
/// least half of it.
fn nearest(name: &str, known: &BTreeSet<&str>) -> Option<String> {
    let common = |known: &str| {
        let begin = name.bytes().zip(known.bytes()).take_while(|(left, right)| left == right).count();
        let end =
            name.bytes().rev().zip(known.bytes().rev()).take_while(|(left, right)| left == right).count();
        // The prefix `Agent` is common to all.
        (begin + end).saturating_sub("Agent".len())
    };
    let best = known.iter().max_by_key(|known| common(known))?;
    (2 * common(best) >= name.len().saturating_sub("Agent".len()).max(1)).then(|| (*best).to_owned())
}
