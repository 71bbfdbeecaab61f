//! Labels with a limited number of values: closed labels ([`LabelValue`]) and bounded labels ([`Bounded`]).

mod bounded;
mod interner;
mod into;
mod rendered;
mod set;
mod value;

pub use bounded::Bounded;
pub(crate) use interner::Interner;
pub use into::{into_label, literal_label};
pub(crate) use rendered::{Labels, RenderedLabels};
pub use set::{Domain, Domains, LabelField, LabelSet, check_budget};
pub(crate) use set::{cardinality, check_labels};
pub use value::LabelValue;

/// The value under which a bounded label counts all values past its cap.
pub(crate) const OTHER: &str = "__other__";

/// The maximum length, in bytes, of a value of a bounded label.
pub(crate) const MAX_LEN: usize = 127;
