//! The global instance. Its first use freezes its configuration.

use std::convert::Infallible;
use std::panic::Location;
use std::sync::OnceLock;

use super::site::{Site, start_at_zero};
#[cfg(feature = "testing")]
use super::stand_in::current as stand_in;
use super::{Cached, CallLabel};
use crate::builtin::{Bundle, LabelText, find};
use crate::error::{BuildError, Fault, RegisterError};
use crate::instance::AgentMetrics;

struct Global {
    metrics: AgentMetrics,
    first_use: String,
}

static GLOBAL: OnceLock<Global> = OnceLock::new();

/// Only tests replace the global instance.
#[cfg(not(feature = "testing"))]
const fn stand_in() -> Option<&'static AgentMetrics> {
    None
}

/// Returns the global instance, in which attributes record unless they name another.
///
/// The first use freezes its configuration: without an earlier [`install`](crate::Builder::install) it has the defaults.
#[track_caller]
pub fn global() -> &'static AgentMetrics {
    let caller = Location::caller();
    stand_in().unwrap_or_else(|| global_or(|| caller.to_string()))
}

/// Returns the global instance for a tracked function, which may be its first use.
#[inline]
fn global_for(site: &Site) -> &'static AgentMetrics {
    match GLOBAL.get() {
        Some(global) => &global.metrics,
        None => global_or(|| site.info().to_string()),
    }
}

/// Returns the series of a label in the global instance, for a tracked function that caches them.
#[inline]
pub(super) fn resolve<S: Bundle>(site: &Site, cached: &Cached<S>, label: CallLabel<'_>) -> &'static S {
    match stand_in() {
        Some(metrics) => find(metrics.families_ref(), label.value()),
        None => cached.resolve(label, |text| find_in_global(site, label.value_of(text))),
    }
}

#[inline(never)]
fn find_in_global<S: Bundle>(site: &Site, value: LabelText<'_>) -> &'static S {
    find(global_for(site).families_ref(), value)
}

/// A call family or a struct of metrics that is registered in the global instance at its first use.
pub(crate) struct InGlobal<T: 'static>(OnceLock<T>);

impl<T: Clone + Send + Sync> InGlobal<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Registers the value if this is the first use. If that fails, the fault hook gets the error, and the value records
    /// without being exposed.
    #[inline]
    #[track_caller]
    pub(crate) fn get(
        &'static self,
        register: fn(&AgentMetrics) -> Result<T, RegisterError>,
        detached: fn(&AgentMetrics) -> T,
    ) -> &'static T {
        match (stand_in(), self.0.get()) {
            (None, Some(there)) => there,
            (None, None) => self.first(register, detached),
            (Some(metrics), _) => in_stand_in(metrics, register, detached),
        }
    }

    #[cold]
    #[track_caller]
    fn first(
        &'static self,
        register: fn(&AgentMetrics) -> Result<T, RegisterError>,
        detached: fn(&AgentMetrics) -> T,
    ) -> &'static T {
        let global = global();
        // The fault hook may use this value, so it is called after the value is stored.
        let mut fault = None;
        let there = self.0.get_or_init(|| {
            global.extension(|| register(global)).unwrap_or_else(|error| {
                fault = Some(Fault::NotRegistered(error));
                detached(global)
            })
        });
        if let Some(fault) = fault {
            global.families_ref().faults.report(&fault);
        }
        there
    }
}

/// Registers a value in a stand-in instance, which is never dropped, and neither is the value.
#[cold]
fn in_stand_in<T: Clone + Send + Sync>(
    metrics: &AgentMetrics,
    register: fn(&AgentMetrics) -> Result<T, RegisterError>,
    detached: fn(&AgentMetrics) -> T,
) -> &'static T {
    let leak = |value: T| -> &'static T { Box::leak(Box::new(value)) };
    if let Some(there) = metrics.found::<&'static T>() {
        return there;
    }
    match metrics.extension(|| register(metrics)) {
        Err(error) => metrics.keep_refused(leak(detached(metrics)), error),
        Ok(value) => {
            let leaked: Result<&'static T, Infallible> = metrics.extension(|| Ok(leak(value)));
            leaked.unwrap_or_else(|never| match never {})
        }
    }
}

#[cold]
fn global_or(first_use: impl FnOnce() -> String) -> &'static AgentMetrics {
    if let Some(global) = GLOBAL.get() {
        return &global.metrics;
    }
    let made =
        GLOBAL.get_or_init(|| Global { metrics: AgentMetrics::with_defaults(), first_use: first_use() });
    start_at_zero(&made.metrics);
    &made.metrics
}

/// Returns an error if the global instance is already in use.
pub(crate) fn check_unused() -> Result<(), BuildError> {
    match GLOBAL.get() {
        None => Ok(()),
        Some(global) => Err(BuildError::AlreadyInUse { first_use: global.first_use.clone() }),
    }
}

pub(crate) fn install(metrics: AgentMetrics, first_use: String) -> Result<&'static AgentMetrics, BuildError> {
    if let Err(late) = GLOBAL.set(Global { metrics, first_use }) {
        // Another thread used the global instance since the check. What was registered in the user's registry is removed.
        late.metrics.withdraw();
        check_unused()?;
    }
    let metrics = global();
    start_at_zero(metrics);
    Ok(metrics)
}

/// Returns the global instance if `metrics` is a handle to it.
pub(super) fn as_global(metrics: &AgentMetrics) -> Option<&'static AgentMetrics> {
    let global = &GLOBAL.get()?.metrics;
    global.is(metrics).then_some(global)
}
