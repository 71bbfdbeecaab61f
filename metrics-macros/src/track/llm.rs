//! `#[track_llm]`: a call of a language model.

use proc_macro2::{Span, TokenStream};
use syn::Path;

use super::label::Label;
use super::reader::Usage;
use super::shared::Shared;
use super::signature::Function;
use super::{Naming, Plan, Preset, Subject};
use crate::diagnostics::Errors;
use crate::slot::Slot;

/// The key of the label.
const KEY: &str = "model";

/// The keys as they were written.
pub(crate) struct Llm {
    model: Slot<Label>,
    usage: Slot<Usage>,
    shared: Shared,
}

impl Preset for Llm {
    const NAME: &'static str = "track_llm";
    const NAMING: Naming = Naming::Given(KEY);

    fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let (mut model, mut usage) = (Slot::new(KEY), Slot::new("usage"));
        let shared = Shared::parse(args, [&mut model as _, &mut usage as _], errors);
        Self { model, usage, shared }
    }

    fn is_last(&self) -> bool {
        self.shared.last.value().is_some()
    }

    fn crate_path(&self) -> Option<&Path> {
        self.shared.krate.value()
    }

    fn validate(self, function: &Function, errors: &mut Errors) -> Option<Plan> {
        let Self { model, usage, shared } = self;
        let label = model.require(Span::call_site(), errors);
        let usage = usage.into_value().unwrap_or(Usage::ByType);
        let label = label.unwrap_or_else(|| Label::default_of(function));
        Some(shared.validate(function, errors, |kind| Subject::Llm { label, kind, usage }))
    }
}
