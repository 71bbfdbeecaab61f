//! Errors of registering metric families.

use std::fmt;

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
