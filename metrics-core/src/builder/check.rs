//! Checks of the builder's settings.

use crate::builtin::{CELL_BYTES, Dimension, MAX_POINTS, Settings, reserved_label_names};
use crate::error::BuildError;
use crate::name;
use crate::storage::STORAGE_CELLS;

/// The largest number of values of one label. Each takes 16 bytes in a table, used or not.
const MAX_VALUES: usize = 1 << 20;

pub(super) fn check_limits(settings: &Settings) -> Result<(), BuildError> {
    let limits = [
        ("max_task_types", settings.task_types),
        ("max_models", settings.models),
        ("max_tools", settings.tools),
        ("max_endpoints", settings.endpoints),
        ("known_tools", settings.known_tools.as_ref().map_or(0, Vec::len)),
    ];
    match limits.into_iter().find(|(_, given)| *given > MAX_VALUES) {
        Some((limit, given)) => Err(BuildError::Limit { limit, given, max: MAX_VALUES }),
        None => Ok(()),
    }
}

/// The default of `dimension_budget(..)`.
pub(super) const DIMENSION_BUDGET: usize = 64;

/// The largest number of dimensions. Each one multiplies every series.
const MAX_DIMENSIONS: usize = 2;

pub(super) fn check_dimensions(dimensions: &[Dimension]) -> Result<(), BuildError> {
    for (at, dimension) in dimensions.iter().enumerate() {
        let name = dimension.name;
        let refuse = |why| Err(BuildError::Dimension { name, why });
        if let Err(fault) = name::label_name(name) {
            return refuse(fault.0);
        }
        if reserved_label_names().any(|reserved| reserved == name) {
            return refuse("a label of a built-in family has that name; choose another");
        }
        let before = &dimensions[..at];
        if before.iter().any(|other| other.name == name) {
            return refuse("given twice");
        }
        // The type of a value identifies its dimension.
        if before.iter().any(|other| other.has_same_type(dimension)) {
            return refuse("its enum is a dimension already; use another enum");
        }
        if at == MAX_DIMENSIONS {
            return refuse("an instance has at most two dimensions");
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

/// The largest size of the built-in series: a quarter of the storage that all instances of a process share.
const MAX_BYTES_PER_THREAD: usize = STORAGE_CELLS / 4 * CELL_BYTES;

/// Checks that the series of task types, models and tools fit into the storage. Without dimensions they always do, since each
/// limit is checked by itself.
pub(super) fn check_storage(settings: &Settings) -> Result<(), BuildError> {
    let bytes_per_thread = settings.max_bytes_per_thread();
    if settings.dimensions.size() > 1 && bytes_per_thread > MAX_BYTES_PER_THREAD {
        return Err(BuildError::TooManySeries {
            bytes_per_thread,
            max_bytes_per_thread: MAX_BYTES_PER_THREAD,
        });
    }
    Ok(())
}
