//! The kinds of metric, one a file, each with its storage.

mod calls;
mod counter;
mod exemplar_slots;
mod exemplify;
mod exponential;
mod gauge;
mod histogram;
mod histogram_cells;
mod histogram_options;
mod info;
mod native;
mod native_windows;
mod series_table;
mod stored;
mod summary;

pub(crate) use calls::{CallShape, in_flight};
pub(crate) use counter::{Amount, Whole};
pub use counter::{Counter, CounterSeries, FloatCounter, FloatCounterSeries};
pub(crate) use exemplify::Exemplify;
pub use exemplify::TraceContext;
#[cfg(feature = "tracing-opentelemetry")]
pub use exemplify::active_trace;
#[cfg(feature = "otlp")]
pub(crate) use exponential::halved;
pub(crate) use gauge::Level;
pub use gauge::{Gauge, GaugeSeries};
pub(crate) use histogram::HistogramShape;
pub use histogram::{Histogram, HistogramSeries};
pub(crate) use histogram_cells::HistogramCells;
pub(crate) use histogram_options::HistogramOptions;
pub use info::{Info, InvalidFact};
pub use native::NativeHistograms;
pub(crate) use native::NativeShape;
pub(crate) use series_table::{SeriesTable, Slot};
pub(crate) use stored::{Shape, Stored, ZERO_COUNTERS, ZERO_HISTOGRAMS};
pub(crate) use summary::SumAndCount;
pub use summary::{Summary, SummarySeries};
