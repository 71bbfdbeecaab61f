//! The kinds of metric, one a file, each with its storage.

mod bounds;
mod calls;
mod counter;
mod gauge;
mod histogram;
mod info;
mod number;
mod summary;

pub(crate) use bounds::{Bounds, bound_text};
pub(crate) use calls::{CallShape, in_flight};
pub(crate) use counter::{Amount, Whole};
pub use counter::{Counter, CounterSeries, FloatCounter, FloatCounterSeries};
pub(crate) use gauge::Level;
pub use gauge::{Gauge, GaugeSeries};
pub(crate) use histogram::HistogramShape;
pub use histogram::{Histogram, HistogramSeries};
pub use info::{Info, InvalidFact};
pub(crate) use number::{LARGEST_WHOLE, Number, is_amount};
pub(crate) use summary::SumAndCount;
pub use summary::{Summary, SummarySeries};
