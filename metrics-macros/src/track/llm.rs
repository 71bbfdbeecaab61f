//! `#[track_llm]`: a call of a language model.

use proc_macro2::{Span, TokenStream};

use super::dimensions::{DIMENSIONS, Dimensions};
use super::label::CallLabel;
use super::reader::UsageSource;
use super::shared::{BUDGET, BaseKeys, SharedKeys};
use super::signature::Function;
use super::{CheckedBudgets, Model, Naming, Plan, Preset, Subject};
use crate::args::{Flag, Given, Name};
use crate::diagnostics::Errors;
use crate::slot::{Fill, Slot};

/// The key of the label.
const KEY: &str = "model";

/// The parsed keys.
pub(crate) struct Llm {
    model: Slot<CallLabel>,
    usage: Slot<UsageSource>,
    provider: Slot<Given<Name>>,
    operation: Slot<Given<Name>>,
    budget: Slot<Flag>,
    dimensions: Slot<Dimensions>,
    shared: SharedKeys,
}

impl Preset for Llm {
    const NAME: &'static str = "track_llm";
    const NAMING: Naming = Naming::Given(KEY);

    fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let mut model = Slot::new(KEY).mistaken_for(&["label", "llm", "model_name", "name"]);
        let mut usage = Slot::new("usage");
        let (mut provider, mut operation) = (Slot::new("provider"), Slot::new("operation"));
        let (mut budget, mut dimensions) = (Slot::new(BUDGET), Slot::new(DIMENSIONS));
        let keys: [&mut dyn Fill; 6] =
            [&mut model, &mut usage, &mut provider, &mut operation, &mut budget, &mut dimensions];
        let shared = SharedKeys::parse(args, keys, errors);
        Self { model, usage, provider, operation, budget, dimensions, shared }
    }

    fn base_keys(&self) -> &BaseKeys {
        &self.shared.base
    }

    fn validate(self, function: &Function, errors: &mut Errors) -> Option<Plan> {
        let Self { model, usage, provider, operation, budget, dimensions, shared } = self;
        let label = model.require(Span::call_site(), errors);
        let usage = usage.into_value().unwrap_or(UsageSource::ResponseType);
        let model = Box::new(Model { provider: provider.into_value(), operation: operation.into_value() });
        let label = label.unwrap_or_else(|| CallLabel::from_function_name(function));
        let plan = shared.validate(function, errors, |status| Subject::Llm { label, status, usage, model });
        let checked_budgets = budget.into_value().map(|Flag(span)| CheckedBudgets::Enclosing(span));
        Some(Plan { dimensions: dimensions.into_value(), checked_budgets, ..plan })
    }
}
