//! What generated code names, and nothing else. No part of the public interface.

pub use inventory::submit;

pub use crate::builtin::DimensionValue;
pub use crate::catalogue::{SiteKind, Slo};
pub use crate::classify::Derived as Classifier;
pub use crate::label::{Domain, Domains, LabelField, check_budget, into_label};
#[cfg(feature = "promql")]
pub use crate::name::MetricKind;
pub use crate::name::{check_buckets, check_call_labels, check_call_name, check_label_name};
#[cfg(feature = "promql")]
pub use crate::promql::{Described, Known, OWN, check_query};
pub use crate::recorder::{
    Arg, Around, ByType, Costly, Down, ErrorRef, FromSpent, Global, GlobalFamily, Label, Llm, Purse, Returns,
    Site, SiteRef, Tag, Uncounted, Unread, ViaClassifiedRef, ViaDowncast, ViaErrorRef, ViaNoDowncast,
    ViaUnknownRef, budgeted, call_by, eager, family_call, limited, llm, step, task, tool, tracked_by,
};
pub use crate::recorder::{boxed, open, stream, try_open, try_stream};

/// The traits by which a reader is found, each set without names of its own.
pub mod by_type {
    pub use crate::recorder::{
        ViaAny as _, ViaChain as _, ViaClassified as _, ViaClassifiedOk as _, ViaClassify as _,
        ViaDynError as _, ViaFuture as _, ViaResult as _, ViaResultFuture as _, ViaSuccess as _,
    };
}

/// See [`by_type`].
pub mod by_usage {
    pub use crate::recorder::{ViaResultUsage as _, ViaResultUsageBy as _, ViaUsage as _, ViaUsageBy as _};
}

/// See [`by_type`].
pub mod by_cost {
    pub use crate::recorder::{ViaCost as _, ViaResultCost as _};
}

/// See [`by_type`].
pub mod by_label {
    pub use crate::recorder::{ViaClosed as _, ViaNoLabel as _, ViaText as _};
}

pub use crate::family::Spec;
pub use crate::instance::registration::{Batch, MetricsStruct};
pub use crate::recorder::GlobalMetrics;

use crate::builtin::Budget;
use crate::family::Metric;
use crate::instance::AgentMetrics;

/// Refuses, at compile time, a name that a metric of this kind cannot carry.
///
/// # Panics
/// When the name is invalid; in a `const` that is a compile error at the caller.
#[track_caller]
pub const fn check_metric_name<M: Metric>(name: &str) {
    crate::name::check_metric_name(M::KIND, name);
}

/// Refuses, at compile time, labels that a metric of this kind writes itself.
///
/// # Panics
/// When one of them is among its own; in a `const` that is a compile error at the caller.
#[track_caller]
pub const fn check_metric_labels<M: Metric>() {
    crate::name::check_reserved_labels(M::KIND, M::LABELS);
}

/// Refuses, at compile time, a unit that is not at the end of the name.
///
/// # Panics
/// When it isn't; in a `const` that is a compile error at the caller.
#[track_caller]
pub const fn check_unit<M: Metric>(name: &str, unit: &str) {
    crate::name::check_unit(M::KIND, name, unit);
}

/// The budget that a `budget = ..` key names, or what leads to it.
#[inline]
pub fn budget(budget: &Budget) -> Budget {
    budget.clone()
}

/// Refuses, at compile time, native buckets of what has no buckets.
///
/// # Panics
/// When it isn't a histogram; in a `const` that is a compile error at the caller.
#[track_caller]
pub const fn check_native<M: Metric>() {
    crate::name::check_native(M::KIND);
}

/// A family of a metric's kind and labels, for the check of queries.
#[cfg(feature = "promql")]
pub const fn known<M: Metric>(name: &'static str) -> Known<'static> {
    Known { name, kind: M::KIND, labels: M::LABELS }
}

/// The instance that a `metrics = ..` key names.
#[inline]
pub fn metrics<M: AsRef<AgentMetrics> + ?Sized>(metrics: &M) -> &AgentMetrics {
    metrics.as_ref()
}
