//! Faults at run time, as reported to the fault hook.

use std::fmt;

#[cfg(feature = "_push")]
use super::PushError;
use super::{BudgetSpent, RegisterError};

/// A fault at run time that the caller of a tracked function must not notice; see
/// [`Builder::on_fault`](crate::Builder::on_fault).
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// A `status` or `usage` closure of an attribute panicked; the call was recorded without it.
    CallbackPanicked {
        /// The panic's message.
        message: String,
    },
    /// The global instance of a struct with `derive(Metrics)` or `derive(CallLabels)` could not be
    /// registered; it records, but is not exposed.
    NotRegistered(RegisterError),
    /// A response told a usage that no call can have; what exceeds its whole was cut to size. Told once for each model and kind.
    UsageAnomaly {
        /// The model that was asked.
        model: String,
        /// What is wrong, as in `agent_llm_usage_anomalies_total`.
        kind: &'static str,
    },
    /// A budget from which tasks spend has no series of its own; told once for each name.
    BudgetNotShown {
        /// The budget's name.
        budget: String,
        /// Why, and what to do.
        why: &'static str,
    },
    /// More of a budget is spent than [`warn_at`](crate::Budget::warn_at) says; told each time it gets to be more.
    BudgetNearlySpent(BudgetSpent),
    /// A call was given a dimension that its instance doesn't have; told once.
    UnknownDimension {
        /// The enum's name.
        set: &'static str,
    },
    /// Two tools or two tasks have one name, so that their calls can't be told apart; see
    /// [`duplicate_names`](crate::duplicate_names).
    DuplicateName {
        /// The label that both functions set, `task_type` or `tool_name`.
        label: &'static str,
        /// The value that both functions give it.
        value: &'static str,
        /// The first function in the order of file and line, as `module::function (file:line)`.
        first: String,
        /// The second function, in the same form.
        second: String,
    },
    /// What was pushed did not arrive. Told once, and again when the reason is another or pushes have arrived since.
    #[cfg(feature = "_push")]
    NotPushed {
        /// The push's name, as in `agent_metrics_pushes_total`.
        target: String,
        /// Why.
        error: PushError,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallbackPanicked { message } => write!(f, "a callback of an attribute panicked: {message}"),
            Self::NotRegistered(error) => write!(f, "metrics are recorded but not exposed: {error}"),
            Self::UsageAnomaly { model, kind } => {
                write!(f, "a usage of model `{model}` can't be right: {kind}")
            }
            Self::BudgetNotShown { budget, why } => write!(f, "budget `{budget}` is not shown: {why}"),
            Self::BudgetNearlySpent(BudgetSpent { budget, limit_usd, spent_usd, .. }) => {
                write!(f, "budget `{budget}` is nearly spent: {spent_usd:.4} of {limit_usd} USD")
            }
            Self::UnknownDimension { set } => write!(
                f,
                "a call was given a `{set}`, which is no dimension of its metrics: add `.dimension::<{set}>(\"..\")` to the builder"
            ),
            Self::DuplicateName { label, value, first, second } => {
                write!(f, "{first} and {second} both have {label}={value:?}: give one of them another name")
            }
            #[cfg(feature = "_push")]
            Self::NotPushed { target, error } => write!(f, "push `{target}`: {error}"),
        }
    }
}
