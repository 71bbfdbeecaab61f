//! The data that a scrape reads: family descriptions, numbers, histograms and exemplars, and the visitor that receives
//! them.

mod bounds;
mod exemplar;
mod family_info;
mod histogram;
mod native;
mod number;
mod visitor;

pub(crate) use bounds::{Bounds, bound_text};
pub(crate) use exemplar::{Exemplar, ReadExemplars};
pub use family_info::{FamilyGroup, FamilyInfo, LabelValues, OtelName};
pub(crate) use histogram::HistogramSample;
pub(crate) use native::{BucketRange, NativeCounts};
pub(crate) use number::{MAX_EXACT_INTEGER, Number, is_valid_amount};
pub(crate) use visitor::{Source, Visitor};
