//! Errors of registering metric families.

use std::fmt;

/// The error of registering families. None of the batch is registered then.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum RegisterError {
    /// A family of that name is already registered.
    Duplicate {
        /// The name of both families.
        name: String,
        /// The labels of the refused family.
        labels: Vec<String>,
        /// The labels of the registered family.
        existing_labels: Vec<String>,
    },
    /// A family of another name has a sample or, in OpenMetrics, a family name that the family would have, too: a gauge
    /// `x_count` beside a histogram `x`, or a gauge `x` beside a counter `x_total`.
    NameCollision {
        /// The name of the refused family.
        family: String,
        /// The name of the registered family.
        existing: String,
        /// The name that both have.
        name: String,
    },
    /// A constant label of the registry has the name of a label of the family.
    LabelCollision {
        /// The name of the constant label.
        label: String,
        /// The name of the family with such a label.
        family: String,
    },
    /// A name, a label or a list of bucket bounds is not allowed by the exposition formats.
    Invalid {
        /// The name of the family.
        family: String,
        /// The reason.
        why: &'static str,
    },
    /// The `prometheus` registry refused the family.
    Registry {
        /// The name of the family.
        family: String,
        /// The labels of the family.
        labels: Vec<String>,
        /// The message of the registry.
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
            Self::NameCollision { family, existing, name } => write!(
                f,
                "family `{family}` collides with family `{existing}`, since both would expose `{name}`; use another name"
            ),
            Self::LabelCollision { label, family } => write!(
                f,
                "constant label `{label}` collides with a label of family `{family}`; give the constant label another name"
            ),
            Self::Invalid { family, why } => write!(f, "family `{family}`: {why}"),
            Self::Registry { family, labels, message } => write!(
                f,
                "family `{family}` with labels [{}] was refused by the registry, \
                 which may hold a family of that name with other labels: {message}",
                labels.join(", ")
            ),
        }
    }
}

impl std::error::Error for RegisterError {}
