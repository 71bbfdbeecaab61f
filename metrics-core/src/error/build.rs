//! Errors of building and installing an instance.

use std::fmt;

use super::RegisterError;

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
        /// Cells of storage that they may come to, 8 bytes each for every thread that records.
        words: usize,
        /// How many there may be.
        most: usize,
    },
    /// [`without_builtin_names`](crate::Builder::without_builtin_names) without a profile would expose no call.
    NoFamilyNames,
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
            Self::NoFamilyNames => {
                f.write_str("`without_builtin_names()` needs a `profile(..)`: else no call is exposed")
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
