//! `#[track_step]`: one step of a task.

use proc_macro2::TokenStream;

use super::bound::ErrorBound;
use super::docs;
use super::shared::BaseKeys;
use super::signature::Function;
use super::{Naming, Plan, Preset, Subject};
use crate::args::{BoolLiteral, crate_path, entries};
use crate::diagnostics::Errors;
use crate::slot::{Slot, fill};

/// The parsed keys.
pub(crate) struct Step {
    base: BaseKeys,
    docs: Slot<BoolLiteral>,
}

impl Preset for Step {
    const NAME: &'static str = "track_step";
    const NAMING: Naming = Naming::Nothing;

    fn parse(args: TokenStream, errors: &mut Errors) -> Self {
        let (mut base, mut docs) = (BaseKeys::new(), Slot::new("docs"));
        let BaseKeys { krate, last } = &mut base;
        fill(&entries(args, errors), &mut [krate, &mut docs, last], errors);
        Self { base, docs }
    }

    fn base_keys(&self) -> &BaseKeys {
        &self.base
    }

    fn validate(self, _: &Function, _: &mut Errors) -> Option<Plan> {
        Some(Plan {
            krate: crate_path(self.base.krate.into_value()),
            metrics: None,
            timeout: None,
            slo: None,
            stream: None,
            streaming: None,
            docs: self.docs.into_value().map_or_else(docs::enabled_by_default, |BoolLiteral(docs)| docs),
            dimensions: None,
            checked_budgets: None,
            error_bound: ErrorBound::Unknown,
            subject: Subject::Step,
        })
    }
}
