//! Labels whose values have a bound: closed sets ([`LabelValue`]) and capped ones ([`Bounded`]).

mod bounded;
mod interner;
mod into;
mod rendered;
mod set;
mod value;

pub use bounded::Bounded;
pub(crate) use interner::Interner;
pub use into::into_label;
pub(crate) use rendered::{Labels, RenderedLabels};
pub use set::{Domain, Domains, LabelField, LabelSet, check_budget};
pub(crate) use set::{cardinality, check_labels};
pub use value::LabelValue;

/// The value that stands for all those past a label's cap.
pub(crate) const OTHER: &str = "__other__";

/// The longest text, in bytes, that a capped label keeps.
pub(crate) const MAX_LEN: usize = 127;
