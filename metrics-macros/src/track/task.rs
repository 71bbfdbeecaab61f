//! `#[track_task]`: a task of an agent.

use proc_macro2::TokenStream;
use syn::Expr;

use super::dimensions::{DIMENSIONS, Dimensions};
use super::label::CallLabel;
use super::shared::{BUDGET, BaseKeys, SharedKeys};
use super::signature::Function;
use super::{CheckedBudgets, Naming, Plan, Preset, Subject};
use crate::diagnostics::Errors;
use crate::slot::Slot;

/// The key of the label.
const KEY: &str = "task_type";

/// The parsed keys.
pub(crate) struct Task {
    label: Slot<CallLabel>,
    budget: Slot<Expr>,
    dimensions: Slot<Dimensions>,
    shared: SharedKeys,
}

impl Preset for Task {
    const NAME: &'static str = "track_task";
    const NAMING: Naming = Naming::Item(KEY);

    fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let mut label = Slot::new(KEY).mistaken_for(&["kind", "label", "name", "task", "task_name", "type"]);
        let mut budget = Slot::new(BUDGET);
        let mut dimensions = Slot::new(DIMENSIONS);
        let keys = [&mut label as _, &mut budget as _, &mut dimensions as _];
        let shared = SharedKeys::parse(args, keys, errors);
        Self { label, budget, dimensions, shared }
    }

    fn base_keys(&self) -> &BaseKeys {
        &self.shared.base
    }

    fn validate(self, function: &Function, errors: &mut Errors) -> Option<Plan> {
        let Self { label, budget, dimensions, shared } = self;
        let label = label.into_value().unwrap_or_else(|| CallLabel::from_function_name(function));
        let plan = shared.validate(function, errors, |status| Subject::Task { label, status });
        let checked_budgets = budget.into_value().map(CheckedBudgets::Given);
        Some(Plan { dimensions: dimensions.into_value(), checked_budgets, ..plan })
    }
}
