//! What a builder can't be asked for.

use crate::builtin::{Dimension, MAX_POINTS, Settings};
use crate::error::BuildError;
use crate::name;
use crate::storage::STORAGE_CELLS;

/// The most values of one label. Their table alone takes 16 bytes each, used or not.
const MOST_VALUES: usize = 1 << 20;

pub(super) fn check_limits(settings: &Settings) -> Result<(), BuildError> {
    let limits = [
        ("max_task_types", settings.task_types),
        ("max_models", settings.models),
        ("max_tools", settings.tools),
        ("max_endpoints", settings.endpoints),
        ("known_tools", settings.known_tools.as_ref().map_or(0, Vec::len)),
    ];
    match limits.into_iter().find(|(_, given)| *given > MOST_VALUES) {
        Some((limit, given)) => Err(BuildError::Limit { limit, given, most: MOST_VALUES }),
        None => Ok(()),
    }
}

/// Combinations of the dimensions unless the builder is told otherwise.
pub(super) const DIMENSION_BUDGET: usize = 64;

/// More would multiply every series past what anybody looks at.
const MOST_DIMENSIONS: usize = 2;

/// The labels that the families of tasks, models, tools and costs have themselves, or that formats write.
const TAKEN: [&str; 14] = [
    "task_type",
    "model",
    "tool_name",
    "status",
    "direction",
    "kind",
    "reason",
    "served_model",
    "outcome",
    "cost_type",
    "window",
    "budget",
    "le",
    "quantile",
];

pub(super) fn check_dimensions(dimensions: &[Dimension]) -> Result<(), BuildError> {
    for (place, dimension) in dimensions.iter().enumerate() {
        let name = dimension.name;
        let refuse = |why| Err(BuildError::Dimension { name, why });
        if let Err(fault) = name::label_name(name) {
            return refuse(fault.0);
        }
        if TAKEN.contains(&name) {
            return refuse("a label of the agent's own families has that name; choose another");
        }
        let before = &dimensions[..place];
        if before.iter().any(|other| other.name == name) {
            return refuse("given twice");
        }
        // A value is found by its type.
        if before.iter().any(|other| other.is_of_the_set_of(dimension)) {
            return refuse("its enum is a dimension already; use another enum");
        }
        if place == MOST_DIMENSIONS {
            return refuse("there are two already, and no room for a third");
        }
    }
    Ok(())
}

pub(super) fn check_dimension_budget(combinations: usize, budget: usize) -> Result<(), BuildError> {
    let budget = budget.min(MAX_POINTS);
    if combinations > budget { Err(BuildError::DimensionBudget { combinations, budget }) } else { Ok(()) }
}

pub(super) fn check_names(settings: &Settings) -> Result<(), BuildError> {
    let exposes = settings.builtin_names || !settings.profiles.is_empty();
    if exposes { Ok(()) } else { Err(BuildError::NoFamilyNames) }
}

/// A quarter of the room that all instances share.
const MOST_WORDS: usize = STORAGE_CELLS / 4;

/// Only dimensions can make them so many.
pub(super) fn check_room(settings: &Settings) -> Result<(), BuildError> {
    let words = settings.most_words();
    if settings.dimensions.size() > 1 && words > MOST_WORDS {
        return Err(BuildError::TooManySeries { words, most: MOST_WORDS });
    }
    Ok(())
}
