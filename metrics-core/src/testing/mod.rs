//! Tests of code that carries the attributes: a registry of their own, and what was recorded in it.
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
//! The instance stands in for the global on this thread and, with the feature `tokio`, on every thread
//! of the runtime in which it was made, so that it holds across `.await` and in spawned tasks. Tests
//! that run beside it have theirs. It is a thing of threads, not of futures: two instances in futures that
//! take turns on one thread would take each other's place. Each instance takes some 100 KiB for the life of
//! the process.

mod assertion;
mod snapshot;

use std::marker::PhantomData;
use std::ops::Deref;

use crate::recorder::stand_in::StandIn;
use crate::{AgentMetrics, BuildError, Builder};

pub use assertion::{Assertion, Relation, check};
pub use snapshot::{Difference, Snapshot};

/// An instance that stands in for the global until this is dropped.
///
/// The instance itself lives as long as the process, since what was recorded in it may still be held.
#[must_use = "the instance stands in for the global until this is dropped"]
pub struct Isolated {
    metrics: &'static AgentMetrics,
    _on_thread: StandIn,
    #[cfg(feature = "tokio")]
    _on_runtime: Option<StandIn>,
    /// It belongs to the thread on which it was made.
    not_send: PhantomData<*const ()>,
}

/// An instance with the defaults that stands in for the global here.
pub fn isolated() -> Isolated {
    stand_in(AgentMetrics::with_defaults())
}

/// The same, set up by a builder.
///
/// # Errors
/// As [`Builder::build`].
pub fn isolated_by(builder: Builder) -> Result<Isolated, BuildError> {
    Ok(stand_in(builder.build()?))
}

fn stand_in(metrics: AgentMetrics) -> Isolated {
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
    /// Runs something on this thread, which may be another than the test's, with the instance standing
    /// in for the global.
    pub fn handle(&self) -> Handle {
        Handle(self.metrics)
    }

    /// Lets the instance stand in on the threads of a runtime that was made after it, until what is given
    /// back is dropped. On the runtime in which it was made it does so by itself.
    #[cfg(feature = "tokio")]
    #[must_use = "the instance stands in until this is dropped"]
    pub fn on_runtime(&self, runtime: &tokio::runtime::Handle) -> OnRuntime {
        OnRuntime { _stand_in: StandIn::on_runtime(runtime, self.metrics) }
    }

    /// What it holds now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(self.metrics)
    }
}

/// See [`Isolated::on_runtime`].
#[cfg(feature = "tokio")]
pub struct OnRuntime {
    _stand_in: StandIn,
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

/// Takes an [`Isolated`] instance to threads that no runtime started.
#[derive(Clone, Copy)]
pub struct Handle(&'static AgentMetrics);

impl Handle {
    /// Runs `body` with the instance standing in for the global on this thread.
    pub fn run<T>(self, body: impl FnOnce() -> T) -> T {
        let _stand_in = StandIn::on_thread(self.0);
        body()
    }
}
