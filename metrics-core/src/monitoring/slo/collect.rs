//! All objectives of a program, from its attributes and from code, each checked.

use std::collections::BTreeMap;

use super::objective::{Calls, Objective};
use crate::catalogue::{Catalogue, FamilyInfo, LatencyObjective, Slo};
use crate::metric::bound_text;
use crate::monitoring::{BurnWindow, MonitoringError, Settings, number};

/// An objective that can be watched.
#[derive(Debug)]
pub(super) struct Watched {
    /// `task-search-availability`.
    pub(super) name: String,
    pub(super) calls: Calls,
    pub(super) kind: Kind,
    /// In percent.
    pub(super) percent: f64,
    pub(super) windows: Vec<BurnWindow>,
}

/// What is bad of a call.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Kind {
    /// That it fails.
    Availability,
    /// That it takes longer than a bucket bound says, however it ends: one that is given up after that was too slow
    /// for who gave it up.
    Latency { le: String, seconds: f64 },
}

/// Where an objective is stated and what it says, for who states another.
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
        // What is written in percent is compared as it is written.
        self.watched.kind == other.watched.kind
            && number(self.watched.percent) == number(other.watched.percent)
    }
}

impl Watched {
    /// The share of calls that may be bad.
    pub(super) fn budget(&self) -> f64 {
        (100.0 - self.percent) / 100.0
    }
}

/// How many times faster than the period allows the budget goes, when so much of it goes in the long window.
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
        MonitoringError::UnknownMetric {
            asset: format!("objective `{slo}`"),
            nearest: nearest(catalogue, &name),
            metric: name,
        }
    })
}

/// The family whose name begins most alike.
fn nearest(catalogue: &Catalogue, name: &str) -> Option<String> {
    let alike =
        |other: &str| other.bytes().zip(name.bytes()).take_while(|(left, right)| left == right).count();
    let names = catalogue.families.iter().map(|family| &family.name);
    names.max_by_key(|other| alike(other)).filter(|other| alike(other) > 2).cloned()
}

/// Between two bounds a histogram can't tell which calls took longer.
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

/// The windows whose alerts can fire: no more than all calls can be bad.
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
