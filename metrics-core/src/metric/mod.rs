//! The kinds of metric, one a file, each with its storage.

mod bounds;
mod calls;
mod counter;
mod exemplify;
mod exponential;
mod extras;
mod gauge;
mod histogram;
mod info;
mod native;
mod number;
mod summary;

pub(crate) use bounds::{Bounds, bound_text};
pub(crate) use calls::{CallShape, in_flight};
pub(crate) use counter::{Amount, Whole};
pub use counter::{Counter, CounterSeries, FloatCounter, FloatCounterSeries};
pub(crate) use exemplify::Exemplify;
pub use exemplify::TraceContext;
#[cfg(feature = "tracing-opentelemetry")]
pub use exemplify::active_trace;
#[cfg(feature = "otlp")]
pub(crate) use exponential::halved;
pub(crate) use extras::Extras;
pub(crate) use gauge::Level;
pub use gauge::{Gauge, GaugeSeries};
pub(crate) use histogram::HistogramShape;
pub use histogram::{Histogram, HistogramSeries};
pub use info::{Info, InvalidFact};
pub use native::NativeHistograms;
pub(crate) use native::{NativeCounts, NativeShape};
pub(crate) use number::{LARGEST_WHOLE, Number, is_amount};
pub(crate) use summary::SumAndCount;
pub use summary::{Summary, SummarySeries};
