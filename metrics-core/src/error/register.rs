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
