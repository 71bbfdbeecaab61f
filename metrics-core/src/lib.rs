#![cfg_attr(all(feature = "live", feature = "tokio"), doc = include_str!("../README.md"))]
#![cfg_attr(
    not(all(feature = "live", feature = "tokio")),
    doc = "Attributes that turn async agent functions into correct, bounded, compile-time checked Prometheus metrics."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

// The derives name the crate by its own name, here as elsewhere.
extern crate self as agent_metrics;

#[cfg(feature = "serve")]
mod access;
#[cfg(feature = "live")]
mod boards;
mod builder;
mod builtin;
pub mod catalogue;
pub mod classify;
mod clock;
mod error;
mod exposition;
mod family;
mod faults;
mod instance;
pub mod integrations;
mod label;
#[cfg(feature = "live")]
pub mod live;
pub mod metric;
#[cfg(feature = "monitoring")]
pub mod monitoring;
mod name;
pub mod pricing;
#[cfg(any(feature = "promql", feature = "monitoring"))]
mod promql;
#[cfg(feature = "_push")]
pub mod push;
mod recorder;
mod registry;
mod sample;
#[cfg(feature = "serve")]
pub mod serve;
mod status;
mod storage;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
pub mod usage;
pub mod web;

#[doc(hidden)]
pub mod __private;

#[doc(inline)]
pub use agent_metrics_macros::{
    CallLabels, Classify, LabelSet, LabelValue, Metrics, track, track_llm, track_step, track_task, track_tool,
};

#[cfg(feature = "promql")]
#[doc(inline)]
pub use agent_metrics_macros::promql;

pub use builder::Builder;
pub use builtin::{Budget, Profile};
pub use classify::Classify;
pub use error::{BudgetSpent, BuildError, Fault, RegisterError, TimedOut};
pub use exposition::{Chunks, Exposition};
pub use family::Metric;
pub use instance::AgentMetrics;
pub use label::{Bounded, LabelSet, LabelValue};
pub use metric::{Counter, FloatCounter, Gauge, Histogram, Info, Summary};
pub use pricing::{Price, PriceTable};
/// The crate `prometheus`, whose registry holds the families.
pub use prometheus;
#[cfg(feature = "stream")]
pub use recorder::StreamExt;
#[cfg(feature = "retry")]
pub use recorder::retry;
#[cfg(feature = "tokio")]
pub use recorder::timeout;
pub use recorder::{
    Call, CallFamily, CallLabels, FutureExt, check_budgets, current_task, duplicate_names, global,
    reserve_budgets, sites,
};
#[cfg(feature = "serve")]
pub use serve::serve;
pub use status::Status;
#[doc(inline)]
pub use usage::{TokenUsage, Usage};

/// Budgets of tasks, and their errors.
pub mod budget {
    pub use crate::builtin::{Budget, Unpriced};
    pub use crate::error::{BudgetSpent, InvalidBudget, ReserveError};
    pub use crate::recorder::{Reservation, check_budgets, reserve_budgets};
}

/// The futures that functions and extension methods of this crate return.
pub mod future {
    #[cfg(feature = "retry")]
    pub use crate::recorder::Retry;
    #[cfg(feature = "tokio")]
    pub use crate::recorder::Timeout;
    pub use crate::recorder::{FutureExt, InTask};
}

/// The call of a model from inside its function: its facts and its attempts.
pub mod llm {
    pub use crate::builtin::{Attempt, CallFacts};
    pub use crate::recorder::{Call, LiveFacts};
}

/// Recording by hand: the guards of calls in flight, and the arguments and errors of other methods of
/// [`AgentMetrics`].
///
/// A guard records the end of its call when it is finished or dropped. It can be stored in a struct:
///
/// ```
/// use agent_metrics::{AgentMetrics, Status};
/// use agent_metrics::recording::ToolGuard;
///
/// struct Search {
///     call: ToolGuard,
/// }
///
/// impl Search {
///     fn start(metrics: &AgentMetrics) -> Self {
///         Self { call: metrics.track_tool("web_search") }
///     }
///
///     fn complete(self) {
///         self.call.finish(Status::Success);
///     }
/// }
///
/// let metrics = AgentMetrics::builder().build()?;
/// Search::start(&metrics).complete();
/// # Ok::<(), agent_metrics::BuildError>(())
/// ```
pub mod recording {
    pub use crate::recorder::{
        CallGuard, CompletionWindow, InvalidRate, LlmGuard, RequestGuard, TaskGuard, ToolGuard,
    };
}

/// Streams that are tracked until they end.
#[cfg(feature = "stream")]
pub mod stream {
    pub use crate::recorder::{LlmStream, StreamExt, Streamed, TaskStream};
}

/// The running task: its totals, and a handle that spawned work takes along.
pub mod task {
    pub use crate::builtin::{EndedTask, TaskTotals};
    pub use crate::recorder::{TaskHandle, current_task};
}
