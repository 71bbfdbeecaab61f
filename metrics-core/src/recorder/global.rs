//! The global metrics, and how their first use freezes them.

use std::panic::Location;
use std::sync::OnceLock;

use super::site::{Site, linked_sites};
use crate::catalogue::SiteKind;
use crate::error::BuildError;
use crate::families::{Bundle, Families, Group, find};
use crate::instance::AgentMetrics;

struct Global {
    metrics: AgentMetrics,
    first_use: String,
}

static GLOBAL: OnceLock<Global> = OnceLock::new();

/// The metrics that attributes record in unless told otherwise.
///
/// The first use freezes them: without an [`install`](crate::Builder::install) before, they are made
/// with the defaults.
#[track_caller]
pub fn global() -> &'static AgentMetrics {
    let caller = Location::caller();
    global_or(|| caller.to_string())
}

/// The global, first used by a tracked function.
#[inline]
fn global_of(site: &Site) -> &'static AgentMetrics {
    match GLOBAL.get() {
        Some(global) => &global.metrics,
        None => global_or(|| site.info().to_string()),
    }
}

/// The bundle of a label value in the global, for a tracked function.
#[inline(never)]
pub(super) fn find_in_global<S: Bundle>(site: &Site, value: &str) -> &'static S {
    find(global_of(site).families_ref(), value)
}

#[cold]
fn global_or(first_use: impl FnOnce() -> String) -> &'static AgentMetrics {
    if let Some(global) = GLOBAL.get() {
        return &global.metrics;
    }
    let made =
        GLOBAL.get_or_init(|| Global { metrics: AgentMetrics::with_defaults(), first_use: first_use() });
    start_sites_at_zero(made.metrics.families_ref());
    &made.metrics
}

/// Refuses when the global is there already.
pub(crate) fn check_unused() -> Result<(), BuildError> {
    match GLOBAL.get() {
        None => Ok(()),
        Some(global) => Err(BuildError::AlreadyInUse { first_use: global.first_use.clone() }),
    }
}

pub(crate) fn install(metrics: AgentMetrics, first_use: String) -> Result<&'static AgentMetrics, BuildError> {
    if let Err(late) = GLOBAL.set(Global { metrics, first_use }) {
        // Used since we asked: what was registered in a registry of the user's is taken back.
        late.metrics.withdraw();
        check_unused()?;
    }
    let metrics = global();
    start_sites_at_zero(metrics.families_ref());
    Ok(metrics)
}

/// This instance as the global, if it is that.
pub(super) fn as_global(metrics: &AgentMetrics) -> Option<&'static AgentMetrics> {
    let global = &GLOBAL.get()?.metrics;
    global.is(metrics).then_some(global)
}

/// Gives every tracked function with a constant label its series, so that they are seen at 0.
fn start_sites_at_zero(families: &Families) {
    for site in linked_sites() {
        site.register_family();
        let Some(label) = site.constant() else { continue };
        match site.info().kind {
            SiteKind::Task => start_at_zero(&*families.tasks, label.text()),
            SiteKind::Tool => start_at_zero(&*families.tools, label.text()),
            SiteKind::Llm => start_at_zero(&*families.llm, label.text()),
            SiteKind::Step | SiteKind::General => {}
        }
    }
}

fn start_at_zero<S>(group: &impl Group<S>, value: &str) {
    group.slot(value);
}
