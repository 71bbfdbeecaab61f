//! Errors of building and installing an instance.

use std::fmt;

use super::RegisterError;

/// The error of building or installing an [`AgentMetrics`](crate::AgentMetrics).
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The built-in families collide with the registry or its constant labels.
    Register(RegisterError),
    /// A constant label is invalid.
    ConstLabel {
        /// The given name.
        label: String,
        /// The reason.
        why: &'static str,
    },
    /// A limit of the builder is out of range.
    Limit {
        /// The name of the builder's method.
        limit: &'static str,
        /// The given value.
        given: usize,
        /// The largest allowed value.
        max: usize,
    },
    /// The name or the enum of a dimension is not allowed.
    Dimension {
        /// The given name.
        name: &'static str,
        /// The reason.
        why: &'static str,
    },
    /// The dimensions have more combinations than the dimension budget allows. Each combination multiplies the series of
    /// every task type, model and tool.
    DimensionBudget {
        /// The number of combinations, counting `__none__` as one value of each dimension.
        combinations: usize,
        /// The allowed number.
        budget: usize,
    },
    /// The series of all task types, models and tools with all combinations of dimension values could need too much memory.
    TooManySeries {
        /// The size they could reach for each recording thread, in bytes.
        bytes_per_thread: usize,
        /// The largest size that is accepted, in bytes.
        max_bytes_per_thread: usize,
    },
    /// [`without_builtin_names`](crate::Builder::without_builtin_names) is set without a profile, so that no call would be exposed.
    NoFamilyNames,
    /// The settings of native histograms are out of range.
    NativeHistograms {
        /// The reason, with the allowed range.
        why: &'static str,
    },
    /// The global instance is already in use; its records would be lost.
    AlreadyInUse {
        /// The tracked function or the line of the first use.
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
            Self::Limit { limit, given, max } => {
                write!(f, "`{limit}({given})`: the maximum is {max}")
            }
            Self::TooManySeries { bytes_per_thread, max_bytes_per_thread } => write!(
                f,
                "the series of all task types, models and tools with all dimensions could need {bytes_per_thread} bytes for \
                 each recording thread, and at most {max_bytes_per_thread} are possible; use smaller enums, or lower \
                 `max_task_types`, `max_models` and `max_tools`"
            ),
            Self::NoFamilyNames => {
                f.write_str("`without_builtin_names()` needs a `profile(..)`; without one no call is exposed")
            }
            Self::Dimension { name, why } => write!(f, "dimension `{name}`: {why}"),
            Self::DimensionBudget { combinations, budget } => write!(
                f,
                "the dimensions have {combinations} combinations, counting `__none__`, and the dimension budget is {budget}; \
                 use smaller enums or one dimension, or raise it with `dimension_budget(..)`"
            ),
            Self::NativeHistograms { why } => write!(f, "native histograms: {why}"),
            Self::AlreadyInUse { first_use } => write!(
                f,
                "the global instance is in use since {first_use}; call `install()` before that, at the start of `main`"
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
