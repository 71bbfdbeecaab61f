//! `#[track_llm]`: a call of a language model.

use proc_macro2::{Span, TokenStream};

use super::label::Label;
use super::reader::Usage;
use super::shared::{Place, Shared};
use super::signature::Function;
use super::{Model, Naming, Plan, Preset, Subject};
use crate::args::Name;
use crate::diagnostics::Errors;
use crate::slot::Slot;

/// The key of the label.
const KEY: &str = "model";

/// The keys as they were written.
pub(crate) struct Llm {
    model: Slot<Label>,
    usage: Slot<Usage>,
    provider: Slot<Name>,
    operation: Slot<Name>,
    shared: Shared,
}

impl Preset for Llm {
    const NAME: &'static str = "track_llm";
    const NAMING: Naming = Naming::Given(KEY);

    fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let (mut model, mut usage) = (Slot::new(KEY), Slot::new("usage"));
        let (mut provider, mut operation) = (Slot::new("provider"), Slot::new("operation"));
        let own = [&mut model as _, &mut usage as _, &mut provider as _, &mut operation as _];
        let shared = Shared::parse(args, own, errors);
        Self { model, usage, provider, operation, shared }
    }

    fn place(&self) -> &Place {
        &self.shared.place
    }

    fn validate(self, function: &Function, errors: &mut Errors) -> Option<Plan> {
        let Self { model, usage, provider, operation, shared } = self;
        let label = model.require(Span::call_site(), errors);
        let usage = usage.into_value().unwrap_or(Usage::ByType);
        let text = |slot: Slot<Name>| slot.into_value().map(|Name(text)| text);
        let model = Model { provider: text(provider), operation: text(operation) };
        let label = label.unwrap_or_else(|| Label::default_of(function));
        Some(shared.validate(function, errors, |kind| Subject::Llm { label, kind, usage, model }))
    }
}
