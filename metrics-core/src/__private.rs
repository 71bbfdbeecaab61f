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
pub use crate::promql::{BUILTIN, Described, Known, check_query};
pub use crate::recorder::{
    BudgetCheck, CallLabel, DowncastTag, EnclosingBudgets, FnOutput, FromBudgetSpent, Global, GlobalFamily,
    IgnoreOutput, InnerError, LabelExpr, OutputTag, Site, SiteRef, StatusAndCost, StatusAndUsage,
    StatusByType, UnrecordedCall, ViaDowncast, ViaInnerAsDynError, ViaInnerClassify, ViaInnerError,
    ViaNoDowncast, family_call, llm, make_future, step, task, tool, track_call, track_future,
    with_budget_check, with_timeout,
};
pub use crate::recorder::{box_stream, track_opening, track_stream, try_track_opening, try_track_stream};

/// The traits by which a reader is found, each set without names of its own.
pub mod by_type {
    pub use crate::recorder::{
        ViaAnyValue as _, ViaAsDynError as _, ViaClassifyError as _, ViaClassifyOk as _,
        ViaClassifyValue as _, ViaFuture as _, ViaNoFailure as _, ViaResult as _, ViaResultFuture as _,
        ViaStdError as _,
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
    pub use crate::recorder::{ViaInvalidLabel as _, ViaLabelValue as _, ViaStr as _};
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
