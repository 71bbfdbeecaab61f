//! Tools for tests of tracked functions: isolated instances, assertions and snapshots. Needs the feature `testing`.
//!
//! [`isolated`] returns an instance that replaces the global instance for one test, so that tests that run concurrently
//! don't see each other's metrics. [`assert_metrics!`](crate::assert_metrics) compares recorded values, and a
//! [`Snapshot`] shows what a piece of code has changed.
//!
//! ```
//! use agent_metrics::{assert_metrics, testing, track_tool};
//!
//! #[track_tool]
//! fn look_up(word: &str) -> Result<usize, std::num::ParseIntError> {
//!     word.parse()
//! }
//!
//! let metrics = testing::isolated();
//! assert!(look_up("7").is_ok() && look_up("seven").is_err());
//! assert_metrics!(metrics, {
//!     agent_tool_calls_total { tool_name = "look_up", status = "success" } == 1,
//!     agent_tool_calls_total { tool_name = "look_up" } == 2,
//!     agent_tool_calls_in_progress == 0,
//! });
//! ```
//!
//! The instance replaces the global one on the thread that created it and, with the feature `tokio`, on every thread of
//! the runtime in which it was created, and therefore across `.await` and in spawned tasks. It is bound to threads, not to
//! futures: if two futures that run on one thread each create an instance, each sees the other's. An instance uses about
//! 100 KiB, which are not freed before the process ends.

mod assertion;
mod snapshot;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::builder::Builder;
use crate::error::BuildError;
use crate::instance::AgentMetrics;
use crate::recorder::stand_in::StandIn;

pub use assertion::{Assertion, Relation, check};
pub use snapshot::{Difference, Snapshot};

/// An instance that replaces the global instance until this is dropped. It dereferences to [`AgentMetrics`].
///
/// The instance itself is never freed, since handles to its series may still be in use.
#[must_use = "the instance replaces the global instance only until this is dropped"]
pub struct Isolated {
    metrics: &'static AgentMetrics,
    _on_thread: StandIn,
    #[cfg(feature = "tokio")]
    _on_runtime: Option<StandIn>,
    /// Prevents that it is dropped on another thread than the one on which it replaces the global instance.
    not_send: PhantomData<*const ()>,
}

/// Creates an instance with the default configuration that replaces the global instance for this test; see
/// [the module](self) for the threads on which it does.
pub fn isolated() -> Isolated {
    replace_global(AgentMetrics::with_defaults())
}

/// Creates an instance with the configuration of a builder that replaces the global instance for this test.
///
/// # Errors
/// Returns the errors of [`Builder::build`].
pub fn isolated_by(builder: Builder) -> Result<Isolated, BuildError> {
    Ok(replace_global(builder.build()?))
}

/// Replaces the global instance by this one on the current thread and runtime.
fn replace_global(metrics: AgentMetrics) -> Isolated {
    let metrics: &'static AgentMetrics = Box::leak(Box::new(metrics));
    #[cfg(feature = "tokio")]
    let runtime = tokio::runtime::Handle::try_current().ok();
    Isolated {
        metrics,
        _on_thread: StandIn::on_thread(metrics),
        #[cfg(feature = "tokio")]
        _on_runtime: runtime.map(|runtime| StandIn::on_runtime(&runtime, metrics)),
        not_send: PhantomData,
    }
}

impl Isolated {
    /// Returns a handle with which other threads can use the instance in place of the global one.
    ///
    /// ```
    /// use agent_metrics::{assert_metrics, testing};
    ///
    /// let metrics = testing::isolated();
    /// let handle = metrics.handle();
    /// std::thread::spawn(move || handle.run(|| agent_metrics::global().record_cache_result(true)))
    ///     .join()
    ///     .expect("the thread does not panic");
    /// assert_metrics!(metrics, { agent_cache_total { result = "hit" } == 1 });
    /// ```
    pub fn handle(&self) -> Handle {
        Handle(self.metrics)
    }

    /// Replaces the global instance on the threads of another runtime, until the returned guard is dropped. On the runtime
    /// in which the instance was created, if any, it replaces the global one without this call.
    #[cfg(feature = "tokio")]
    pub fn on_runtime(&self, runtime: &tokio::runtime::Handle) -> OnRuntime {
        OnRuntime { _stand_in: StandIn::on_runtime(runtime, self.metrics) }
    }

    /// Returns the current samples of the instance.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.metrics)
    }
}

/// A guard of [`Isolated::on_runtime`]: dropping it restores the previous instance on the threads of the runtime.
#[cfg(feature = "tokio")]
#[must_use = "the instance replaces the global instance only until this is dropped"]
pub struct OnRuntime {
    _stand_in: StandIn,
}

#[cfg(feature = "tokio")]
impl fmt::Debug for OnRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnRuntime").finish_non_exhaustive()
    }
}

impl fmt::Debug for Isolated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Isolated").field("metrics", self.metrics).finish_non_exhaustive()
    }
}

impl Deref for Isolated {
    type Target = AgentMetrics;

    fn deref(&self) -> &AgentMetrics {
        self.metrics
    }
}

impl AsRef<AgentMetrics> for Isolated {
    fn as_ref(&self) -> &AgentMetrics {
        self.metrics
    }
}

/// A handle to an [`Isolated`] instance, for threads that don't belong to a tokio runtime.
#[derive(Clone, Copy, Debug)]
pub struct Handle(&'static AgentMetrics);

impl Handle {
    /// Runs `body` with the instance in place of the global one on the current thread.
    pub fn run<T>(self, body: impl FnOnce() -> T) -> T {
        let _stand_in = StandIn::on_thread(self.0);
        body()
    }
}
