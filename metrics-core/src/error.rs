//! What can go wrong when metrics are set up. Recording and exposing cannot fail.

use std::fmt;

use crate::catalogue::SiteInfo;
use crate::families::BudgetSpent;

/// Why families were not registered. Nothing of the batch was.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum RegisterError {
    /// A family of that name is there already.
    Duplicate {
        /// The name both want.
        name: String,
        /// The labels of the family that was refused.
        labels: Vec<String>,
        /// The labels of the one that is there.
        existing_labels: Vec<String>,
    },
    /// A label that the registry adds to every sample is one of the family's own.
    LabelCollision {
        /// The constant label.
        label: String,
        /// The family that has a label of that name.
        family: String,
    },
    /// A name, a label or a list of buckets that no format could carry.
    Invalid {
        /// The family.
        family: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The `prometheus` registry refused it.
    Registry {
        /// The family.
        family: String,
        /// Its labels.
        labels: Vec<String>,
        /// The registry's own words.
        message: String,
    },
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { name, labels, existing_labels } => write!(
                f,
                "family `{name}` with labels [{}] is already registered with labels [{}]; \
                 use another name, or register it once and share the handle",
                labels.join(", "),
                existing_labels.join(", ")
            ),
            Self::LabelCollision { label, family } => write!(
                f,
                "constant label `{label}` collides with a label of family `{family}`; give the constant label another name"
            ),
            Self::Invalid { family, why } => write!(f, "family `{family}`: {why}"),
            Self::Registry { family, labels, message } => write!(
                f,
                "family `{family}` with labels [{}] was refused by the registry, \
                 which may hold one of that name with other labels: {message}",
                labels.join(", ")
            ),
        }
    }
}

impl std::error::Error for RegisterError {}

/// Why an [`AgentMetrics`](crate::AgentMetrics) was not built or installed.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The agent's own families do not go with the registry or its constant labels.
    Register(RegisterError),
    /// A constant label's name is invalid.
    ConstLabel {
        /// The name as given.
        label: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A limit given to the builder is larger than there could be series for.
    Limit {
        /// The builder's method.
        limit: &'static str,
        /// What it was given.
        given: usize,
        /// The most that it takes.
        most: usize,
    },
    /// A dimension's name or set can't be one.
    Dimension {
        /// The name as given.
        name: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The dimensions have more combinations than they may; each multiplies the series of every task, model and tool.
    DimensionBudget {
        /// How many combinations, those without a value among them.
        combinations: usize,
        /// How many there may be.
        budget: usize,
    },
    /// The families' series would have no room: task types, models and tools, times the dimensions' combinations.
    TooManySeries {
        /// Words of storage that they may come to, 8 bytes each for every thread that records.
        words: usize,
        /// How many there may be.
        most: usize,
    },
    /// [`without_own_names`](crate::Builder::without_own_names) without a profile would expose no call.
    NoNames,
    /// Native histograms can't be as they were asked for.
    NativeHistograms {
        /// What is wrong, and what would be right.
        why: &'static str,
    },
    /// The global was used or installed before; what it recorded would be lost.
    AlreadyInUse {
        /// The tracked function or the line that used it first.
        first_use: String,
    },
}

impl From<RegisterError> for BuildError {
    fn from(error: RegisterError) -> Self {
        Self::Register(error)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(error) => error.fmt(f),
            Self::ConstLabel { label, why } => write!(f, "constant label `{label}`: {why}"),
            Self::Limit { limit, given, most } => {
                write!(f, "`{limit}({given})`: there is room for at most {most}")
            }
            Self::TooManySeries { words, most } => write!(
                f,
                "the dimensions times task types, models and tools may come to {words} words of series, and there is room \
                 for {most}; use smaller enums, or lower `max_task_types`, `max_models`, and `max_tools`"
            ),
            Self::NoNames => {
                f.write_str("`without_own_names()` needs a `profile(..)`: else no call is exposed")
            }
            Self::Dimension { name, why } => write!(f, "dimension `{name}`: {why}"),
            Self::DimensionBudget { combinations, budget } => write!(
                f,
                "the dimensions have {combinations} combinations, `__none__` for each among them, and may have {budget}; \
                 use smaller enums or one dimension, or raise it with `dimension_budget(..)`"
            ),
            Self::NativeHistograms { why } => write!(f, "native histograms: {why}"),
            Self::AlreadyInUse { first_use } => write!(
                f,
                "the global metrics are in use since {first_use}; call `install()` before that, at the start of `main`"
            ),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Register(error) => Some(error),
            _ => None,
        }
    }
}

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
    /// [`shared_names`](crate::shared_names).
    SharedName {
        /// The first of the two, by file and line.
        first: Box<SiteInfo>,
        /// The other.
        second: Box<SiteInfo>,
    },
    /// What was pushed did not arrive. Told once, and again when the reason is another or pushes have arrived since.
    #[cfg(feature = "_push")]
    NotPushed {
        /// The push's name, as in `agent_metrics_pushes_total`.
        target: String,
        /// Why.
        error: crate::push::PushError,
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
            Self::SharedName { first, second } => {
                let (label, value) = first.label.unwrap_or_default();
                write!(f, "{first} and {second} both have {label}={value:?}: give one of them another name")
            }
            #[cfg(feature = "_push")]
            Self::NotPushed { target, error } => write!(f, "push `{target}`: {error}"),
        }
    }
}
