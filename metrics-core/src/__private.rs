//! The items that generated code names. This module is not part of the public API: it changes without notice, and only the
//! macros of the same version may use it.

pub use inventory::submit;

pub use crate::builtin::DimensionValue;
pub use crate::catalogue::{SiteKind, Slo};
pub use crate::classify::Derived as Classifier;
pub use crate::label::{Domain, Domains, LabelField, check_budget, into_label, literal_label};
#[cfg(feature = "promql")]
pub use crate::name::MetricKind;
pub use crate::name::{check_buckets, check_call_labels, check_call_name, check_label_name};
#[cfg(feature = "promql")]
pub use crate::promql::{BUILTIN, DescribesFamilies, FamilyShape, check_query};
pub use crate::recorder::{
    BudgetCheck, CallLabel, DowncastTag, EnclosingBudgets, FnOutput, Global, GlobalFamily, IgnoreOutput,
    InnerError, LabelExpr, OutputTag, Site, SiteRef, StatusAndCost, StatusAndUsage, StatusByType,
    UnrecordedCall, ViaDowncast, ViaInnerAsDynError, ViaInnerClassify, ViaInnerError, ViaInnerStaticError,
    ViaNoDowncast, family_call, llm, make_future, refused, returned, step, task, tool, track_call,
    track_future, with_budget_check, with_timeout,
};
#[cfg(feature = "stream")]
pub use futures_core::Stream;

#[cfg(not(feature = "stream"))]
pub use crate::recorder::Stream;
pub use crate::recorder::{box_stream, track_opening, track_stream, try_track_opening, try_track_stream};

macro_rules! by_type {
    ($($(#[$doc:meta])* $module:ident: $($more:ident)*;)*) => {$(
        $(#[$doc])*
        pub mod $module {
            pub use crate::recorder::{
                ViaAnyValue as _, ViaAsDynError as _, ViaClassifyError as _, ViaClassifyOk as _,
                ViaClassifyValue as _, ViaFuture as _, ViaNoFailure as _, ViaResult as _,
                ViaResultFuture as _, $($more as _),*
            };
        }
    )*};
}

by_type! {
    /// The traits that select the reader of a status by type, imported without their names.
    by_type: ViaStdError;
    /// The same traits for a type that names a lifetime other than `'static`.
    by_borrowed_type: ViaBorrowedBox ViaStdError;
    /// The same traits for a `Result` whose error has a generic type that is bounded by `'static`.
    by_static_type: ViaStaticError;
}

/// The traits that select the reader of a response's usage, imported without their names.
pub mod by_usage {
    pub use crate::recorder::{ViaResultUsage as _, ViaUsage as _};
}

/// The traits that select the value and the conversion of a `usage` closure, imported without their names.
pub mod by_usage_closure {
    pub use crate::recorder::{ViaClosureUsage as _, ViaNoUsage as _, ViaResultValue as _, ViaValue as _};
}

/// The traits that select the value and the conversion of a `cost` closure, imported without their names.
pub mod by_cost {
    pub use crate::recorder::{ViaCost as _, ViaNoCost as _, ViaResultValue as _, ViaValue as _};
}

/// The traits that select the output of a call that timed out, imported without their names.
pub mod by_timeout {
    pub use crate::recorder::{ViaNoTimedOut as _, ViaTimedOut as _};
}

/// The traits that select the output of a call whose budget is spent, imported without their names.
pub mod by_budget {
    pub use crate::recorder::{ViaBudgetSpent as _, ViaNoBudgetSpent as _};
}

/// The traits that select the reader of a label by type, imported without their names.
pub mod by_label {
    pub use crate::recorder::{
        ViaInvalidLabel as _, ViaLabelReference as _, ViaLabelValue as _, ViaStr as _,
    };
}

pub use crate::family::Spec;
pub use crate::instance::registration::{Batch, MetricsStruct};
pub use crate::recorder::GlobalMetrics;

use crate::builtin::Budget;
use crate::family::Metric;
use crate::instance::AgentMetrics;

/// Rejects, at compile time, a name that is invalid for a metric of this kind.
///
/// # Panics
/// When the name is invalid; in a `const` that is a compile error at the caller.
#[track_caller]
pub const fn check_metric_name<M: Metric>(name: &str) {
    crate::name::check_metric_name(M::KIND, name);
}

/// Rejects, at compile time, labels that a metric of this kind adds itself.
///
/// # Panics
/// When a label is reserved; in a `const` that is a compile error at the caller.
#[track_caller]
pub const fn check_metric_labels<M: Metric>() {
    crate::name::check_reserved_labels(M::KIND, M::LABELS);
}

/// Rejects, at compile time, a unit that is not at the end of the name.
///
/// # Panics
/// When the name does not end with the unit; in a `const` that is a compile error at the caller.
#[track_caller]
pub const fn check_unit<M: Metric>(name: &str, unit: &str) {
    crate::name::check_unit(M::KIND, name, unit);
}

/// Returns the budget that a `budget = ..` key names, also through references.
#[inline]
pub fn budget(budget: &Budget) -> Budget {
    budget.clone()
}

/// Rejects, at compile time, native buckets of a metric without buckets.
///
/// # Panics
/// When the metric is not a histogram; in a `const` that is a compile error at the caller.
#[track_caller]
pub const fn check_native<M: Metric>() {
    crate::name::check_native(M::KIND);
}

/// Describes a family with a metric's kind and labels, for the check of queries.
#[cfg(feature = "promql")]
pub const fn known<M: Metric>(name: &'static str) -> FamilyShape<'static> {
    FamilyShape::new(name, M::KIND, M::LABELS)
}

/// Returns the instance that a `metrics = ..` key names.
#[inline]
pub fn metrics<M: AsRef<AgentMetrics> + ?Sized>(metrics: &M) -> &AgentMetrics {
    metrics.as_ref()
}
