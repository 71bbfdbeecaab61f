//! The metric types of user-defined families, their series, native histograms and exemplars.
//!
//! A struct with `derive(Metrics)` has a field of one of these types for each family; `with(labels)` returns the series of a
//! label set:
//!
//! ```
//! use agent_metrics::{AgentMetrics, Counter, Histogram, LabelSet, LabelValue, Metrics};
//!
//! #[derive(Clone, Copy, LabelValue)]
//! enum Queue {
//!     Fast,
//!     Slow,
//! }
//!
//! #[derive(Clone, Copy, LabelSet)]
//! struct QueueLabels {
//!     queue: Queue,
//! }
//!
//! #[derive(Metrics)]
//! #[metrics(namespace = "worker")]
//! struct WorkerMetrics {
//!     /// Jobs that were taken from a queue.
//!     jobs_total: Counter<QueueLabels>,
//!     /// Time that jobs waited.
//!     #[metric(buckets = [0.1, 1.0, 10.0])]
//!     wait_seconds: Histogram,
//! }
//!
//! let metrics = AgentMetrics::builder().build()?;
//! let worker = WorkerMetrics::register(&metrics)?;
//! worker.jobs_total.with(QueueLabels { queue: Queue::Fast }).inc();
//! worker.wait_seconds.with(()).observe(0.4);
//! assert!(metrics.to_text().contains(r#"worker_jobs_total{queue="fast"} 1"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// Each metric type has a `Shape`: the number of cells that a series needs, and how they are shown. `user_family` combines a
// shape with a table of series and a description; built-in families use the shapes of calls and histograms directly.

mod calls;
mod counter;
mod exemplar_sampler;
mod exemplar_slots;
mod exponential;
mod gauge;
mod histogram;
mod histogram_cells;
mod histogram_options;
mod info;
mod native;
mod native_windows;
mod series_table;
mod summary;
mod user_family;

pub(crate) use calls::{CallShape, in_flight};
pub use counter::{Counter, CounterSeries, FloatCounter, FloatCounterSeries};
pub(crate) use counter::{FloatCounterShape, IntegerCounterShape};
pub(crate) use exemplar_sampler::ExemplarSampler;
pub use exemplar_sampler::TraceContext;
#[cfg(feature = "tracing-opentelemetry")]
pub use exemplar_sampler::active_trace;
#[cfg(feature = "otlp")]
pub(crate) use exponential::halved;
pub(crate) use gauge::GaugeShape;
pub use gauge::{Gauge, GaugeSeries};
pub(crate) use histogram::HistogramShape;
pub use histogram::{Histogram, HistogramSeries};
pub(crate) use histogram_cells::HistogramCells;
pub(crate) use histogram_options::HistogramOptions;
pub use info::{Info, InvalidFact};
pub use native::NativeHistograms;
pub(crate) use series_table::SeriesTable;
pub(crate) use summary::SummaryShape;
pub use summary::{Summary, SummarySeries};
pub(crate) use user_family::{Shape, UserFamily, ZERO_COUNTERS, ZERO_HISTOGRAMS};
