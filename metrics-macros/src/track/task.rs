//! `#[track_task]`: a task of an agent.

use proc_macro2::TokenStream;

use super::label::Label;
use super::shared::{Place, Shared};
use super::signature::Function;
use super::{Naming, Plan, Preset, Subject};
use crate::diagnostics::Errors;
use crate::slot::Slot;

/// The key of the label.
const KEY: &str = "task_type";

/// The keys as they were written.
pub(crate) struct Task {
    task_type: Slot<Label>,
    shared: Shared,
}

impl Preset for Task {
    const NAME: &'static str = "track_task";
    const NAMING: Naming = Naming::Item(KEY);

    fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let mut task_type = Slot::new(KEY);
        let shared = Shared::parse(args, [&mut task_type as _], errors);
        Self { task_type, shared }
    }

    fn place(&self) -> &Place {
        &self.shared.place
    }

    fn validate(self, function: &Function, errors: &mut Errors) -> Option<Plan> {
        let Self { task_type, shared } = self;
        let label = task_type.into_value().unwrap_or_else(|| Label::default_of(function));
        Some(shared.validate(function, errors, |kind| Subject::Task { label, kind }))
    }
}
