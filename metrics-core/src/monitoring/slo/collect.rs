//! All objectives of a program, from attributes and from code, after validation.

use std::collections::BTreeMap;

use super::objective::{Calls, Objective};
use crate::catalogue::{Catalogue, LatencyObjective, Slo};
use crate::monitoring::promql::Names;
use crate::monitoring::{BurnWindow, MonitoringError, Settings, number};
use crate::sample::{FamilyInfo, bound_text};

/// A validated objective.
#[derive(Debug)]
pub(super) struct Watched {
    /// The name, such as `task-search-availability`.
    pub(super) name: String,
    pub(super) calls: Calls,
    pub(super) kind: Kind,
    /// The target in percent.
    pub(super) percent: f64,
    pub(super) windows: Vec<BurnWindow>,
}

/// The condition that makes a call bad.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Kind {
    /// The call fails.
    Availability,
    /// The call takes longer than a bucket bound, in any status: a call that was cancelled after that time was too slow for its
    /// caller.
    Latency { le: String, seconds: f64 },
}

/// The place and the target of an objective, for the error about a conflicting one.
struct Stated {
    watched: Watched,
    place: String,
    is_default: bool,
}

impl Stated {
    fn text(&self) -> String {
        let Watched { kind, percent, .. } = &self.watched;
        let within = match kind {
            Kind::Availability => String::new(),
            Kind::Latency { seconds, .. } => format!(" within {} s", number(*seconds)),
        };
        format!("{} %{within} by {}", number(*percent), self.place)
    }

    fn says_the_same(&self, other: &Self) -> bool {
        // Percentages are compared as they are written.
        self.watched.kind == other.watched.kind
            && number(self.watched.percent) == number(other.watched.percent)
    }
}

impl Watched {
    /// Returns the share of calls that may be bad.
    pub(super) fn budget(&self) -> f64 {
        (100.0 - self.percent) / 100.0
    }
}

/// Returns the burn rate at which the long window uses a given share of the error budget.
pub(super) fn factor(window: &BurnWindow, settings: &Settings) -> f64 {
    let period = f64::from(settings.slo.period_days) * 86_400.0;
    window.budget_share * period / window.long.as_secs_f64()
}

pub(super) fn objectives(
    catalogue: &Catalogue,
    settings: &Settings,
) -> Result<Vec<Watched>, MonitoringError> {
    let mut stated: BTreeMap<String, Stated> = BTreeMap::new();
    let mut state = |calls: &Calls, slo: Slo, place: &str, is_default: bool| {
        for watched in watched(calls, slo, catalogue, settings)? {
            let new = Stated { watched, place: place.to_owned(), is_default };
            match stated.get(&new.watched.name) {
                Some(known) if known.is_default || known.says_the_same(&new) => {}
                Some(_) if is_default => continue,
                Some(known) => {
                    let slo = new.watched.name.clone();
                    return Err(MonitoringError::Conflict { slo, first: known.text(), second: new.text() });
                }
                None => {}
            }
            stated.insert(new.watched.name.clone(), new);
        }
        Ok(())
    };
    for Objective { calls, slo, is_default } in &settings.slo.objectives {
        state(calls, *slo, "the settings", *is_default)?;
    }
    for site in &catalogue.sites {
        if let Some(slo) = site.slo {
            state(&Calls::of_site(site)?, slo, &site.to_string(), false)?;
        }
    }
    Ok(stated.into_values().map(|stated| stated.watched).collect())
}

fn watched(
    calls: &Calls,
    slo: Slo,
    catalogue: &Catalogue,
    settings: &Settings,
) -> Result<Vec<Watched>, MonitoringError> {
    let mut all = Vec::new();
    if let Some(percent) = slo.availability {
        let name = format!("{}-availability", calls.name());
        family(catalogue, &name, calls.counter())?;
        let windows = windows(&name, percent, settings)?;
        all.push(Watched { name, calls: calls.clone(), kind: Kind::Availability, percent, windows });
    }
    if let Some(LatencyObjective { limit, percentile }) = slo.latency {
        let name = format!("{}-latency", calls.name());
        let histogram = family(catalogue, &name, calls.histogram())?;
        let seconds = limit.as_secs_f64();
        check_bound(&name, histogram, seconds)?;
        let windows = windows(&name, percentile, settings)?;
        let kind = Kind::Latency { le: bound_text(seconds), seconds };
        all.push(Watched { name, calls: calls.clone(), kind, percent: percentile, windows });
    }
    Ok(all)
}

fn family<'a>(catalogue: &'a Catalogue, slo: &str, name: String) -> Result<&'a FamilyInfo, MonitoringError> {
    catalogue.families.iter().find(|family| family.name == name).ok_or_else(|| {
        // The same error as for a query that uses the family, with the nearest name.
        let asset = format!("objective `{slo}`");
        let said = Names::of(catalogue).check(&asset, &name.as_str().into());
        said.err().unwrap_or(MonitoringError::UnknownMetric { asset, metric: name, nearest: None })
    })
}

/// Refuses a limit between two bucket bounds, where the histogram can't count the slower calls.
fn check_bound(slo: &str, family: &FamilyInfo, seconds: f64) -> Result<(), MonitoringError> {
    if family.buckets.contains(&seconds) {
        return Ok(());
    }
    let below = family.buckets.iter().copied().rfind(|bound| *bound < seconds);
    let above = family.buckets.iter().copied().find(|bound| *bound > seconds);
    Err(MonitoringError::NoBound {
        slo: slo.to_owned(),
        family: family.name.clone(),
        seconds,
        neighbours: below.into_iter().chain(above).collect(),
    })
}

/// Returns the windows whose alerts can fire, those that require at most 100 % bad calls.
fn windows(slo: &str, percent: f64, settings: &Settings) -> Result<Vec<BurnWindow>, MonitoringError> {
    if !(percent > 0.0 && percent < 100.0) {
        return Err(MonitoringError::Objective { slo: slo.to_owned(), percent });
    }
    let share = |window: &BurnWindow| factor(window, settings) * (100.0 - percent) / 100.0;
    let can_fire = |window: &&BurnWindow| share(window) < 1.0 - 1e-9;
    let working: Vec<_> = settings.slo.windows.iter().filter(can_fire).copied().collect();
    let Some(never) = settings.slo.windows.iter().find(|window| !can_fire(window)) else {
        return Ok(working);
    };
    if settings.slo.leave_out_unreachable && !working.is_empty() {
        return Ok(working);
    }
    Err(MonitoringError::NeverFires {
        slo: slo.to_owned(),
        share: share(never),
        window: never.text(),
        working: working
            .iter()
            .map(|window| format!("{} (factor {})", window.text(), number(factor(window, settings))))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalogue::{SiteInfo, SiteKind};

    fn catalogue() -> Catalogue {
        crate::instance::AgentMetrics::builder().build().expect("the defaults are valid").catalogue()
    }

    fn site(line: u32, label: Option<(&'static str, &'static str)>, slo: Slo) -> SiteInfo {
        SiteInfo {
            kind: SiteKind::Tool,
            function: "search",
            module: "agent",
            file: "src/agent.rs",
            line,
            label,
            family: None,
            provider: None,
            operation: None,
            slo: Some(slo),
        }
    }

    fn with(objectives: Vec<Objective>) -> Settings {
        let mut settings = Settings::default();
        settings.slo.objectives = objectives;
        settings
    }

    fn names(watched: &[Watched]) -> Vec<&str> {
        watched.iter().map(|watched| &*watched.name).collect()
    }

    fn refused(objective: Objective) -> String {
        objectives(&catalogue(), &with(vec![objective])).expect_err("it is wrong").to_string()
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn objectives_come_from_attributes_and_from_code() {
        let mut catalogue = catalogue();
        let slo = Slo::new().availability(99.5).latency(5 * SECOND, 95.0);
        catalogue.sites = vec![
            site(1, Some(("tool_name", "search")), slo),
            SiteInfo { kind: SiteKind::Llm, ..site(2, Some(("model", "m")), Slo::new().availability(99.0)) },
        ];
        let all = objectives(&catalogue, &with(vec![Objective::endpoint("/tasks").availability(99.9)]))
            .expect("valid");
        assert_eq!(
            names(&all),
            [
                "http-/tasks-availability",
                "model-m-availability",
                "tool-search-availability",
                "tool-search-latency"
            ]
        );
        assert_eq!(all[3].kind, Kind::Latency { le: "5.0".to_owned(), seconds: 5.0 });
    }

    #[test]
    fn a_default_objective_is_replaced_and_equal_objectives_are_merged() {
        let stated = Objective::http().availability(99.5);
        for order in [false, true] {
            let mut settings = Settings::default();
            let at = if order { 0 } else { settings.slo.objectives.len() };
            settings.slo.objectives.insert(at, stated.clone());
            settings.slo.objectives.push(stated.clone());
            let all = objectives(&catalogue(), &settings).expect("valid");
            assert_eq!(names(&all), ["http-availability", "http-latency", "task-availability"]);
            assert_eq!(number(all[0].percent), "99.5");
        }
    }

    #[test]
    fn two_different_objectives_for_one_label_value_are_refused() {
        let mut catalogue = catalogue();
        let held =
            |line, percent| site(line, Some(("tool_name", "search")), Slo::new().availability(percent));
        catalogue.sites = vec![held(1, 99.0), held(2, 99.0)];
        assert_eq!(objectives(&catalogue, &with(Vec::new())).expect("the same twice").len(), 1);
        catalogue.sites = vec![held(1, 99.0), held(2, 98.0)];
        assert_eq!(
            objectives(&catalogue, &with(Vec::new())).expect_err("they differ").to_string(),
            "objective `tool-search-availability` is declared twice with different targets: 99 % by agent::search (src/agent.rs:1), and \
             98 % by agent::search (src/agent.rs:2); declare it once, or give the calls another label"
        );
    }

    #[test]
    fn a_label_that_is_known_only_at_run_time_is_refused() {
        let mut catalogue = catalogue();
        catalogue.sites = vec![site(7, None, Slo::new().availability(99.0))];
        assert_eq!(
            objectives(&catalogue, &with(Vec::new())).expect_err("no label").to_string(),
            "agent::search (src/agent.rs:7) has an objective, but its `tool_name` is known only at run time; \
             give the attribute a constant `tool_name`, or declare the objective in code for each value"
        );
    }

    #[test]
    fn targets_that_cannot_be_met_are_refused() {
        for percent in [100.0, 0.0, -1.0, f64::NAN] {
            let error = refused(Objective::tasks().availability(percent));
            assert!(error.contains("expected more than 0 and less than 100, such as 99.9"), "{error}");
        }
        assert!(refused(Objective::tasks().latency(5 * SECOND, 100.0)).contains("`task-latency`: 100 %"));
    }

    #[test]
    fn an_alert_that_can_never_fire_is_refused_with_the_windows_that_would_work() {
        let ninety = Objective::tool("search").availability(90.0);
        assert_eq!(
            refused(ninety.clone()),
            "objective `tool-search-availability`: the alert over 1h/5m would require 144 % of the calls to fail, so it could never fire; \
             these windows would work: 6h/30m (factor 6), 1d/2h (factor 3), 3d/6h (factor 1); use them with `slo.windows`, \
             or set `slo.leave_out_unreachable`"
        );
        let mut settings = with(vec![ninety]);
        settings.slo.leave_out_unreachable = true;
        let all = objectives(&catalogue(), &settings).expect("three windows are left");
        assert_eq!(all[0].windows.len(), 3);
        // 95 % leaves room for all four: 14.4 * 0.05 = 0.72.
        let all = objectives(&catalogue(), &with(vec![Objective::tool("search").availability(95.0)]))
            .expect("valid");
        assert_eq!(all[0].windows.len(), 4);
        // If no window is left, the setting does not help.
        settings.slo.objectives = vec![Objective::tool("search").availability(0.5)];
        settings.slo.windows.retain(|window| window.critical);
        let error = objectives(&catalogue(), &settings).expect_err("none is left").to_string();
        assert!(error.contains("no window would work; set a higher objective"), "{error}");
    }

    #[test]
    fn a_limit_between_two_bounds_names_the_bound_to_add() {
        assert_eq!(
            refused(Objective::http().latency(3 * SECOND, 95.0)),
            "objective `http-latency`: `agent_http_request_duration_seconds` has no bucket bound at 3 s, so it can't count slower \
             calls; add the bound 3 to its buckets, or use an existing one (2.5 s or 5 s)"
        );
        assert!(refused(Objective::http().latency(90 * SECOND, 95.0)).contains("(60 s)"));
    }

    #[test]
    fn a_missing_family_is_named_with_the_nearest_one() {
        assert_eq!(
            refused(Objective::calls("agent_tol").availability(99.0)),
            "objective `agent_tol-availability`: there is no metric `agent_tol_calls_total`; did you mean `agent_tool_calls_total`?"
        );
    }
}
