//! `#[track_tool]`: a tool that an agent calls.

use proc_macro2::TokenStream;

use super::dimensions::{DIMENSIONS, Dimensions};
use super::label::CallLabel;
use super::shared::{BUDGET, BaseKeys, SharedKeys};
use super::signature::Function;
use super::{CheckedBudgets, Naming, Plan, Preset, Subject};
use crate::args::{Callback, Flag};
use crate::diagnostics::Errors;
use crate::slot::Slot;

/// The key of the label.
const KEY: &str = "tool_name";

/// The parsed keys.
pub(crate) struct Tool {
    name: Slot<CallLabel>,
    cost: Slot<Callback>,
    budget: Slot<Flag>,
    dimensions: Slot<Dimensions>,
    shared: SharedKeys,
}

impl Preset for Tool {
    const NAME: &'static str = "track_tool";
    const NAMING: Naming = Naming::Item(KEY);

    fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let mut name = Slot::new(KEY).mistaken_for(&["label", "name", "tool"]);
        let mut cost = Slot::new("cost");
        let (mut budget, mut dimensions) = (Slot::new(BUDGET), Slot::new(DIMENSIONS));
        let keys = [&mut name as _, &mut cost as _, &mut budget as _, &mut dimensions as _];
        let shared = SharedKeys::parse(args, keys, errors);
        Self { name, cost, budget, dimensions, shared }
    }

    fn base_keys(&self) -> &BaseKeys {
        &self.shared.base
    }

    fn validate(self, function: &Function, errors: &mut Errors) -> Option<Plan> {
        let Self { name, cost, budget, dimensions, shared } = self;
        let cost = cost.into_value().map(|Callback(read)| read);
        let label = name.into_value().unwrap_or_else(|| CallLabel::from_function_name(function));
        let plan = shared.validate(function, errors, |status| Subject::Tool { label, status, cost });
        let checked_budgets = budget.into_value().map(|Flag(span)| CheckedBudgets::Enclosing(span));
        Some(Plan { dimensions: dimensions.into_value(), checked_budgets, ..plan })
    }
}
