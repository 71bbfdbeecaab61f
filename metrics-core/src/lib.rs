#![cfg_attr(all(feature = "axum", feature = "tokio"), doc = include_str!("../README.md"))]
#![cfg_attr(
    not(all(feature = "axum", feature = "tokio")),
    doc = "Attributes that turn async agent functions into correct, bounded, compile-time checked Prometheus metrics."
)]

// The derives name the crate by its own name, here as elsewhere.
extern crate self as agent_metrics;

mod builder;
mod builtin;
mod catalogue;
mod classify;
mod clock;
mod error;
mod exposition;
mod family;
mod faults;
mod instance;
pub mod integrations;
mod label;
mod metric;
#[cfg(feature = "monitoring")]
pub mod monitoring;
mod name;
mod pricing;
#[cfg(any(feature = "promql", feature = "monitoring"))]
mod promql;
#[cfg(feature = "_push")]
pub mod push;
mod recorder;
mod registry;
mod sample;
#[cfg(feature = "serve")]
mod serve;
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
pub use builtin::{Attempt, Budget, CallFacts, DimensionValue, Profile, TaskTotals};
pub use catalogue::{
    Catalogue, DimensionInfo, FamilyGroup, FamilyInfo, LabelValues, LatencyObjective, OtelName, SiteInfo,
    SiteKind, Slo,
};
pub use classify::{Classify, error_status, register_classifier};
pub use error::{BudgetSpent, BuildError, Fault, InvalidBudget, RegisterError, TimedOut};
pub use exposition::{Chunks, Exposition};
pub use family::Metric;
pub use instance::AgentMetrics;
pub use label::{Bounded, LabelSet, LabelValue};
#[cfg(feature = "tracing-opentelemetry")]
pub use metric::active_trace;
pub use metric::{
    Counter, CounterSeries, FloatCounter, FloatCounterSeries, Gauge, GaugeSeries, Histogram, HistogramSeries,
    Info, InvalidFact, NativeHistograms, Summary, SummarySeries, TraceContext,
};
pub use name::MetricKind;
pub use pricing::{Cost, Price, PriceTable, Rates};
#[cfg(feature = "toml")]
pub use pricing::{PriceError, PriceMistake};
pub use recorder::{
    Call, CallFamily, CallGuard, CallLabels, CompletionWindow, FutureExt, InTask, InvalidRate, LiveFacts,
    LlmGuard, RequestGuard, TaskGuard, TaskHandle, ToolGuard, check_budgets, current_task, duplicate_names,
    global, sites,
};
#[cfg(feature = "stream")]
pub use recorder::{LlmStream, StreamExt, Streamed, TaskStream};
#[cfg(feature = "retry")]
pub use recorder::{Retry, retry};
#[cfg(feature = "tokio")]
pub use recorder::{Timeout, timeout};
#[cfg(feature = "serve")]
pub use serve::{Exporter, ServeError, Serving, serve};
pub use status::Status;
#[doc(inline)]
pub use usage::{TokenUsage, Usage};
