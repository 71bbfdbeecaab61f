//! Which instance stands in for the global where a test runs; see [`testing`](crate::testing).

use std::cell::Cell;
#[cfg(feature = "tokio")]
use std::collections::HashMap;
#[cfg(feature = "tokio")]
use std::sync::{PoisonError, RwLock};

use super::global::start_at_zero;
use crate::instance::AgentMetrics;

thread_local! {
    static OF_THREAD: Cell<Option<&'static AgentMetrics>> = const { Cell::new(None) };
}

/// Threads of a runtime record where the test does that made the runtime.
#[cfg(feature = "tokio")]
static OF_RUNTIMES: RwLock<Option<HashMap<tokio::runtime::Id, &'static AgentMetrics>>> = RwLock::new(None);

/// The instance that stands in for the global here.
pub(crate) fn current() -> Option<&'static AgentMetrics> {
    OF_THREAD.try_with(Cell::get).ok().flatten().or_else(of_runtime)
}

#[cfg(feature = "tokio")]
fn of_runtime() -> Option<&'static AgentMetrics> {
    let runtimes = OF_RUNTIMES.read().unwrap_or_else(PoisonError::into_inner);
    let id = runtimes.as_ref().and_then(|_| tokio::runtime::Handle::try_current().ok())?.id();
    runtimes.as_ref()?.get(&id).copied()
}

#[cfg(not(feature = "tokio"))]
fn of_runtime() -> Option<&'static AgentMetrics> {
    None
}

/// Lets an instance stand in on this thread and, until it is dropped, on the runtime around it.
pub(crate) struct StandIn {
    before: Option<&'static AgentMetrics>,
    #[cfg(feature = "tokio")]
    runtime: Option<(tokio::runtime::Id, Option<&'static AgentMetrics>)>,
}

impl StandIn {
    /// On this thread and the runtime around it.
    pub(crate) fn on_runtime(metrics: &'static AgentMetrics) -> Self {
        #[allow(unused_mut)] // Without tokio there is no runtime to set.
        let mut stand_in = Self::on_thread(metrics);
        #[cfg(feature = "tokio")]
        if let Ok(handle) = tokio::runtime::Handle::try_current() {
            stand_in.runtime = Some((handle.id(), set_of_runtime(handle.id(), Some(metrics))));
        }
        start_at_zero(metrics);
        stand_in
    }

    /// On this thread.
    pub(crate) fn on_thread(metrics: &'static AgentMetrics) -> Self {
        Self {
            before: OF_THREAD.replace(Some(metrics)),
            #[cfg(feature = "tokio")]
            runtime: None,
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        OF_THREAD.set(self.before);
        #[cfg(feature = "tokio")]
        if let Some((id, before)) = self.runtime {
            set_of_runtime(id, before);
        }
    }
}

#[cfg(feature = "tokio")]
fn set_of_runtime(
    id: tokio::runtime::Id,
    metrics: Option<&'static AgentMetrics>,
) -> Option<&'static AgentMetrics> {
    let mut runtimes = OF_RUNTIMES.write().unwrap_or_else(PoisonError::into_inner);
    let runtimes = runtimes.get_or_insert_default();
    match metrics {
        Some(metrics) => runtimes.insert(id, metrics),
        None => runtimes.remove(&id),
    }
}
