//! Instances that replace the global instance where a test runs; see [`testing`](crate::testing).
//!
//! The stand-ins of a thread or of a runtime are kept in the order in which they were added, each with a number, since they
//! may be removed in any order.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(feature = "tokio")]
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use super::site::start_at_zero;
use crate::instance::AgentMetrics;

type Standing = Vec<(u64, &'static AgentMetrics)>;

thread_local! {
    static OF_THREAD: RefCell<Standing> = const { RefCell::new(Vec::new()) };
}

/// The stand-ins of runtimes: the threads of a runtime record where the test that runs on it does.
#[cfg(feature = "tokio")]
static OF_RUNTIMES: RwLock<Option<HashMap<tokio::runtime::Id, Standing>>> = RwLock::new(None);

/// Returns the instance that replaces the global instance on this thread.
pub(crate) fn current() -> Option<&'static AgentMetrics> {
    let last = |standing: &Standing| standing.last().map(|(_, metrics)| *metrics);
    let of_thread = OF_THREAD.try_with(|standing| last(&standing.borrow())).ok().flatten();
    #[cfg(feature = "tokio")]
    let of_runtime = || {
        let runtimes = OF_RUNTIMES.read().unwrap_or_else(PoisonError::into_inner);
        let runtimes = runtimes.as_ref()?;
        runtimes.get(&tokio::runtime::Handle::try_current().ok()?.id()).and_then(last)
    };
    #[cfg(not(feature = "tokio"))]
    let of_runtime = || None;
    of_thread.or_else(of_runtime)
}

/// Replaces the global instance on a thread, or on the threads of a runtime, until it is dropped.
pub(crate) struct StandIn {
    number: u64,
    target: Target,
}

#[derive(Clone, Copy)]
enum Target {
    Thread,
    #[cfg(feature = "tokio")]
    Runtime(tokio::runtime::Id),
}

impl StandIn {
    /// Replaces the global instance on this thread.
    pub(crate) fn on_thread(metrics: &'static AgentMetrics) -> Self {
        let stand_in = Self::add(Target::Thread, metrics);
        start_at_zero(metrics);
        stand_in
    }

    /// Replaces the global instance on the threads of a runtime.
    #[cfg(feature = "tokio")]
    pub(crate) fn on_runtime(runtime: &tokio::runtime::Handle, metrics: &'static AgentMetrics) -> Self {
        Self::add(Target::Runtime(runtime.id()), metrics)
    }

    fn add(target: Target, metrics: &'static AgentMetrics) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        target.change(|standing| standing.push((number, metrics)));
        Self { number, target }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.target.change(|standing| standing.retain(|(number, _)| *number != self.number));
    }
}

impl Target {
    fn change(self, change: impl FnOnce(&mut Standing)) {
        match self {
            Self::Thread => {
                let _ = OF_THREAD.try_with(|standing| change(&mut standing.borrow_mut()));
            }
            #[cfg(feature = "tokio")]
            Self::Runtime(id) => {
                let mut runtimes = OF_RUNTIMES.write().unwrap_or_else(PoisonError::into_inner);
                let runtimes = runtimes.get_or_insert_default();
                let standing = runtimes.entry(id).or_default();
                change(standing);
                if standing.is_empty() {
                    runtimes.remove(&id);
                }
            }
        }
    }
}
