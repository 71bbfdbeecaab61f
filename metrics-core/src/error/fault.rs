//! Faults at run time, as reported to the fault hook.

use std::fmt;

#[cfg(feature = "_push")]
use super::PushError;
use super::{BudgetSpent, RegisterError};

/// A fault at run time that must not affect the caller of a tracked function. It is reported to the hook of
/// [`Builder::on_fault`](crate::Builder::on_fault).
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// A user-defined closure panicked, such as an attribute's `status` or `usage`; the call was recorded without its value.
    CallbackPanicked {
        /// The message of the panic.
        message: String,
    },
    /// The families of a struct with `derive(Metrics)` or `derive(CallLabels)` could not be registered in the global
    /// instance; they record but are not exposed.
    NotRegistered(RegisterError),
    /// A family of a foreign collector was left out of an exposition, since a sample of it has the name of a sample of another
    /// family. Reported once for each family.
    FamilySkipped {
        /// The name of the family that was left out.
        family: String,
        /// The name of the sample.
        sample: String,
        /// The name of the family that has the sample.
        existing: String,
    },
    /// A response reported an impossible usage, whose parts were reduced to their whole if they exceeded it; or a call reported
    /// the usage of a call directly inside it, which is recorded once. Reported once for each model and kind.
    UsageAnomaly {
        /// The requested model.
        model: String,
        /// The kind of anomaly, as in the label `kind` of `agent_llm_usage_anomalies_total`.
        kind: &'static str,
    },
    /// A budget that tasks spend from has no series. Reported once for each name.
    BudgetNotShown {
        /// The name of the budget.
        budget: String,
        /// The reason and the remedy.
        why: &'static str,
    },
    /// The spent share of a budget passed [`warn_at`](crate::Budget::warn_at). Reported each time the share passes it.
    BudgetNearlySpent(BudgetSpent),
    /// A call of a model without a price was charged to a budget, so that the spent amount is unknown. Reported once for each
    /// budget.
    BudgetUnpriced {
        /// The name of the budget.
        budget: String,
        /// The model.
        model: String,
        /// Whether the budget now refuses calls; see [`Budget::on_unpriced`](crate::Budget::on_unpriced).
        refuses: bool,
    },
    /// A call has a value of a dimension that its instance doesn't have. Reported once.
    UnknownDimension {
        /// The name of the enum.
        set: &'static str,
    },
    /// Two tracked functions have the same tool name or task type, so that they share their series; see
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
    /// A push failed. Reported once, and again when the reason changes or when a push has succeeded in between.
    #[cfg(feature = "_push")]
    NotPushed {
        /// The name of the push, as in the label `target` of `agent_metrics_pushes_total`.
        target: String,
        /// The error.
        error: PushError,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallbackPanicked { message } => write!(f, "a user-defined closure panicked: {message}"),
            Self::NotRegistered(error) => write!(f, "metrics are recorded but not exposed: {error}"),
            Self::FamilySkipped { family, sample, existing } => write!(
                f,
                "family `{family}` of another collector is not exposed, since `{sample}` is a sample of family `{existing}`: \
                 rename one of them"
            ),
            Self::UsageAnomaly { model, kind: "nested_call" } => write!(
                f,
                "an LLM call of model `{model}` reported the usage of another one directly inside it, which is recorded once: \
                 measure one of the two functions, or put `#[track_step]` between them if they are two requests"
            ),
            Self::UsageAnomaly { model, kind } => {
                write!(f, "a response of model `{model}` reported an impossible usage: {kind}")
            }
            Self::BudgetNotShown { budget, why } => write!(f, "budget `{budget}` is not exposed: {why}"),
            Self::BudgetNearlySpent(BudgetSpent { budget, limit_usd, spent_usd, .. }) => {
                write!(f, "budget `{budget}` is nearly spent: {spent_usd:.4} of {limit_usd} USD")
            }
            Self::BudgetUnpriced { budget, model, refuses } => {
                let consequence =
                    if *refuses { "the budget refuses calls" } else { "the call counts as free" };
                write!(
                    f,
                    "model `{model}`, called under budget `{budget}`, has no price: {consequence} until it is in the price table"
                )
            }
            Self::UnknownDimension { set } => write!(
                f,
                "a call has a `{set}`, which is not a dimension of its instance: add `.dimension::<{set}>(\"..\")` to the builder"
            ),
            Self::DuplicateName { label, value, first, second } => {
                write!(f, "{first} and {second} both have {label}={value:?}: rename one of them")
            }
            #[cfg(feature = "_push")]
            Self::NotPushed { target, error } => write!(f, "push `{target}`: {error}"),
        }
    }
}
