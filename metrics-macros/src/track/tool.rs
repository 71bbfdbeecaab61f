//! `#[track_tool]`: a tool that an agent calls.

use proc_macro2::TokenStream;

use super::label::Label;
use super::shared::{Place, Shared};
use super::signature::Function;
use super::{Naming, Plan, Preset, Subject};
use crate::args::Callback;
use crate::diagnostics::Errors;
use crate::slot::Slot;

/// The key of the label.
const KEY: &str = "tool_name";

/// The keys as they were written.
pub(crate) struct Tool {
    name: Slot<Label>,
    cost: Slot<Callback>,
    shared: Shared,
}

impl Preset for Tool {
    const NAME: &'static str = "track_tool";
    const NAMING: Naming = Naming::Item(KEY);

    fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let (mut name, mut cost) = (Slot::new(KEY), Slot::new("cost"));
        let shared = Shared::parse(args, [&mut name as _, &mut cost as _], errors);
        Self { name, cost, shared }
    }

    fn place(&self) -> &Place {
        &self.shared.place
    }

    fn validate(self, function: &Function, errors: &mut Errors) -> Option<Plan> {
        let Self { name, cost, shared } = self;
        let cost = cost.into_value().map(|Callback(read)| read);
        let label = name.into_value().unwrap_or_else(|| Label::default_of(function));
        Some(shared.validate(function, errors, |kind| Subject::Tool { label, kind, cost }))
    }
}
